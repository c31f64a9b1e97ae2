"""The browser group: a chat page over WebSocket, a platform like any other to the bot.

    GET  /group/ID          the page (connectors/pages/group.*)
    GET  /group/ID/ws       frames of JSON: `hello`, `say`, `press` come in; `welcome`, `event`, `ack`, `toast`,
                            `notice` go out
    POST /group/ID/media    a photo or a voice note as the body; its name comes back
    GET  /media/NAME        the file

Who speaks is bound to the socket: the page's cookie names the browser, a token signed for that browser
names the person (every tab is its own), and nothing that a frame says of its sender is believed. What is
said is durable in the inbox and in the log before it is acknowledged; until then the page says it again.
"""

import asyncio
import json
import re
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import ValidationError

from actions.errors import Refused, Unreachable
from actions.message import Attachment, Heard, Joined, Kind, Message, Point, Press, Role
from actions.post import Button, Post
from connectors.bodies import body_of
from connectors.codec import dump, load
from connectors.web_frames import FRAMES, ID, Frame, Hello, Pressed, Said
from connectors.web_log import LARGEST_FILE, Body, Event, Files, WebLog
from connectors.web_tab import Tab

Accept = Callable[[str, str, str, dict[str, Any]], Awaitable[bool]]
MayWork = Callable[[web.Request], bool]

COOKIE = "linli_browser"
COOKIE_SECONDS = 365 * 24 * 3600
LARGEST_FRAME = 64 * 1024  # bytes; 4,096 characters fit, however they are escaped
HEARTBEAT_SECONDS = 25.0
WAIT_MS = 2000  # below the socket timeout of the Redis client
SHOWN_AT_FIRST = 400  # events
MOST_FILES, UPLOAD_SECONDS = 60, 60.0  # uploads a minute, and for how long one may take
OUR_NAMES = ("@邻里", "@linli")

_HEARD: dict[str, type[Heard]] = {"message": Message, "press": Press, "joined": Joined}
_PAGES = Path(__file__).parent / "pages"
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="7" fill="#1d7a5b"/>'
    '<path d="M6 12l6-5 6 5M8 11v6h8v-6" fill="none" stroke="#fff" stroke-width="1.6"/></svg>'
)
_GUARD = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_PAGE_GUARD = _GUARD | {
    "Content-Security-Policy": "default-src 'self'; connect-src 'self' {sockets}; img-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "geolocation=(self), microphone=(self), camera=(self)",
}


class _Clock(Protocol):
    def now(self) -> datetime: ...


class WebChat:
    """See `bot.ports.Chat`. `accept` is the inbox; `key` signs cookies and tokens; `may_work` tells whether
    a request may take the worker's role.
    """

    platform = "web"

    def __init__(
        self,
        log: WebLog,
        accept: Accept,
        home: Path,
        clock: _Clock,
        *,
        may_work: MayWork,
        key: str,
        secure: bool = False,
    ) -> None:
        self._log, self._accept, self._clock = log, accept, clock
        self._may_work, self._secure = may_work, secure
        self._files = Files(home / "media", key)
        self._browsers = URLSafeSerializer(key, salt="linli.browser")
        self._people = URLSafeSerializer(key, salt="linli.person")
        self._known: set[str] = set()
        self._tabs: set[Tab] = set()
        self._uploads: deque[float] = deque(maxlen=MOST_FILES)

    def routes(self) -> list[web.RouteDef]:
        """What a web application has to serve for the page."""
        group = f"/group/{{group:{ID}}}"
        return [
            web.get(group, self._page),
            web.get(f"{group}/ws", self._socket),
            web.post(f"{group}/media", self._take_file),
            web.get("/media/{name}", self._give_file),
            web.get(r"/pages/{name:group\.(?:css|js|svg)}", self._asset),
        ]

    async def close(self) -> None:
        """Send all pages away (they try again); to be called on the application's shutdown."""
        await asyncio.gather(*(tab.socket.close(code=1001) for tab in self._tabs))

    # --- the port -----------------------------------------------------------------------------------

    async def understand(self, raw: dict[str, Any]) -> Heard | None:
        """What `accept` was given, in our words. Raises ValueError for anything else."""
        kind = _HEARD.get(str(raw.get("kind")))
        if kind is None or not isinstance(raw.get("heard"), dict):
            raise ValueError("this is no update of a browser group")
        heard = load(json.dumps(raw["heard"]), kind)
        if not heard.group.startswith("web:"):
            raise ValueError("this is no browser group")
        return heard

    async def post(self, post: Post) -> str:
        """Put a message into the group; a key that was here before gives the id that it got then."""
        group = _own(post.group)
        body: Body = {"role": Role.BOT, "at": self._clock.now().isoformat(), "kind": Kind.TEXT}
        body |= _words(post) | await self._quote(group, post.reply_to)
        body, unshown = await self._log.reserve(group, f"post.{post.key}", body)
        if unshown:
            await self._log.show(group, body["id"])
        return str(body["id"])

    async def edit(self, message: str, post: Post) -> None:
        """Replace our message. One that is too old to be shown is left as it is."""
        group = _own(post.group)
        old = await self._log.message(group, message)
        if old is None:
            if not message.isdecimal() or int(message) > await self._log.last(group):
                raise Refused(f"there is no message {message}")
            return
        if old["role"] != Role.BOT:
            raise Refused(f"message {message} is not ours")
        if any(old.get(name) != value for name, value in _words(post).items()):
            await self._log.replace(group, old | _words(post) | {"edited": True})

    async def answer(self, press: str, text: str) -> None:
        """Show a toast to the person who pressed, where the page is still open."""
        group, person, client_id = ([*press.split("."), "", ""])[:3]
        if client_id:
            await self._log.toast(f"web:{group}", {"to": person, "press": client_id, "text": text})

    async def whisper(
        self,
        person: str,
        text: str,  # noqa: ARG002
        key: str,  # noqa: ARG002
        buttons: tuple[tuple[Button, ...], ...] = (),  # noqa: ARG002
        *,
        silent: bool = False,  # noqa: ARG002
    ) -> str:
        """Raises Refused: a browser group has no private line."""
        raise Refused(f"{person} has no private line")

    async def link(self, token: str, group: str = "") -> str:  # noqa: ARG002
        """Nothing: a browser group has no private line."""
        return ""

    async def workers(self, group: str) -> tuple[tuple[str, str], ...]:
        """The people who last came into the group as grid workers."""
        return await self._log.workers(group)

    async def fetch(self, attachment: Attachment) -> bytes:
        """The content of a file, at most 10 MB."""
        path = await asyncio.to_thread(self._files.path, attachment.ref)
        if path is None:
            raise Refused("there is no such file")
        try:
            return await asyncio.to_thread(path.read_bytes)
        except OSError as error:
            raise Unreachable("the file cannot be read") from error

    async def erase(self, group: str, person: str) -> int:
        """Delete what a person said, with the files, and what only this person was shown."""
        own = person.removeprefix("web:")
        deleted = await self._log.delete(group, lambda body: own in (body.get("person"), body.get("to")))
        await self._log.works(group, person, None)
        refs = [one["ref"] for body in deleted for one in body.get("attachments", ())]
        await asyncio.to_thread(self._files.delete, refs)
        return len(deleted)

    async def prune(self, group: str, before: datetime) -> int:
        """Delete what was said before then."""
        return len(await self._log.delete(group, lambda body: _is_before(body, before)))

    # --- the page -----------------------------------------------------------------------------------

    async def _page(self, request: web.Request) -> web.StreamResponse:
        answer = web.FileResponse(_PAGES / "group.html", headers=_page_guard(request.host))
        if self._browser(request) is None:
            browser = self._browsers.dumps(secrets.token_urlsafe(16))
            secure = request.secure or self._secure
            options: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": secure}
            answer.set_cookie(COOKIE, str(browser), max_age=COOKIE_SECONDS, path="/", **options)
        return answer

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if name == "group.svg":
            return web.Response(text=_ICON, content_type="image/svg+xml", headers=_GUARD)
        return web.FileResponse(_PAGES / name, headers=_GUARD)

    async def _take_file(self, request: web.Request) -> web.StreamResponse:
        self._guest(request)
        if self._too_many_files():
            return web.json_response({"error": "slow"}, status=429, headers={"Retry-After": "60"})
        try:
            content = await body_of(request, LARGEST_FILE, UPLOAD_SECONDS)
            file = await asyncio.to_thread(self._files.keep, content)
        except web.HTTPRequestEntityTooLarge:
            return web.json_response({"error": "large"}, status=413)
        except ValueError:
            return web.json_response({"error": "kind"}, status=415)
        except (Refused, OSError):
            return web.json_response({"error": "full"}, status=507)
        return web.json_response({"ref": file.ref, "kind": file.kind, "mime": file.mime})

    async def _give_file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        file, path = await asyncio.to_thread(lambda: (self._files.find(name), self._files.path(name)))
        if file is None or path is None:
            raise web.HTTPNotFound(text="no such file")
        headers = _GUARD | {
            "Content-Type": file.mime,
            "Content-Disposition": "inline" if file.kind is Kind.PHOTO else "attachment",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Cache-Control": "private, max-age=31536000, immutable",
        }
        return web.FileResponse(path, headers=headers)

    def _too_many_files(self) -> bool:
        """Whether this file is one too many for everybody at this server together; if not, it counts.

        A browser may throw its cookie away and come as somebody new, so the disk needs a limit for all.
        """
        now = asyncio.get_running_loop().time()
        if len(self._uploads) == MOST_FILES and now - self._uploads[0] < 60:
            return True
        self._uploads.append(now)
        return False

    def _guest(self, request: web.Request) -> str:
        """The browser of a request that came from our own page. Raises 403."""
        origin = urlsplit(request.headers.get("Origin", "")).netloc
        browser = self._browser(request)
        if browser is None or origin.lower() != request.host.lower():
            raise web.HTTPForbidden(text="open the group's page first")
        return browser

    def _browser(self, request: web.Request) -> str | None:
        with suppress(BadSignature):
            return str(self._browsers.loads(request.cookies.get(COOKIE, "")))
        return None

    # --- the socket ---------------------------------------------------------------------------------

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        browser = self._guest(request)
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=LARGEST_FRAME)
        await socket.prepare(request)
        group, may_work = f"web:{request.match_info['group']}", self._may_work(request)
        tab = Tab(socket=socket, group=group, browser=browser, may_work=may_work)
        self._tabs.add(tab)
        try:
            async with asyncio.TaskGroup() as tasks:
                telling = tasks.create_task(self._tell(tab))
                async for frame in socket:
                    if frame.type is WSMsgType.TEXT:
                        await self._hear(tab, frame.data)
                telling.cancel()
        finally:
            self._tabs.discard(tab)
        return socket

    async def _tell(self, tab: Tab) -> None:
        await tab.greeted.wait()
        while True:
            try:
                for event in await self._news(tab):
                    await tab.show(event)
            except Unreachable:
                await asyncio.sleep(WAIT_MS / 1000)

    async def _news(self, tab: Tab) -> list[Event]:
        if tab.cursor:
            return await self._log.after(tab.group, tab.cursor, WAIT_MS)
        events = await self._log.recent(tab.group, SHOWN_AT_FIRST)
        tab.cursor = events[-1].cursor if events else "0-0"
        return [event for event in events if event.kind != "toast"]  # toasts are for the moment only

    async def _hear(self, tab: Tab, data: str) -> None:
        try:
            frame = FRAMES.validate_json(data)
        except ValidationError:
            await tab.send("notice", code="malformed", client_id=_client_id(data))
            return
        client_id = "" if isinstance(frame, Hello) else frame.client_id
        if tab.too_fast():
            await tab.send("notice", code="slow", client_id=client_id)
            return
        try:
            await self._take(tab, frame)
        except ValueError:
            await tab.send("notice", code="malformed", client_id=client_id)
        except Unreachable:
            await tab.send("notice", code="trouble", client_id=client_id)

    async def _take(self, tab: Tab, frame: Frame) -> None:
        if isinstance(frame, Hello):
            await self._greet(tab, frame)
        elif not tab.person:
            raise ValueError("hello comes first")
        elif isinstance(frame, Said):
            await self._said(tab, frame)
        else:
            await self._pressed(tab, frame)

    async def _greet(self, tab: Tab, hello: Hello) -> None:
        person = self._person(tab, hello.token) or tab.person or secrets.token_urlsafe(12)
        role = hello.role if tab.may_work else Role.RESIDENT
        await self._log.works(tab.group, f"web:{person}", hello.name if role is Role.WORKER else None)
        tab.person, tab.name, tab.role = person, hello.name, role
        token = self._people.dumps([tab.browser, person])
        await tab.send("welcome", person=person, token=token, name=tab.name, role=role)
        if not tab.greeted.is_set():
            tab.cursor = hello.since
            tab.greeted.set()

    def _person(self, tab: Tab, token: str) -> str:
        """The person of a token that was signed for this browser; "" for any other token."""
        with suppress(BadSignature, ValueError, TypeError):
            browser, person = self._people.loads(token)
            return str(person) if browser == tab.browser else ""
        return ""

    async def _said(self, tab: Tab, said: Said) -> None:
        once = tab.once(said.client_id)
        body, unshown = await self._log.reserve(tab.group, f"say.{once}", await self._body(tab, said))
        if unshown:  # what is shown was accepted before
            await self._join(tab.group)
            await self._accept("web", tab.group, once, _raw("message", _message(tab.group, body)))
            await self._log.show(tab.group, body["id"])
        await tab.send("ack", client_id=said.client_id, id=body["id"])

    async def _body(self, tab: Tab, said: Said) -> Body:
        files = [await asyncio.to_thread(self._files.find, ref) for ref in said.attachments]
        point = said.point.model_dump() if said.point else None
        kept = [file for file in files if file]
        if len(kept) < len(files) or not (said.text.strip() or kept or point):
            raise ValueError("nothing was said, or a file is not here")
        kind = kept[0].kind if kept else Kind.LOCATION if point else Kind.TEXT
        body: Body = {"client_id": said.client_id, "person": tab.person, "name": tab.name, "role": tab.role}
        body |= {"at": self._clock.now().isoformat(), "kind": kind, "text": said.text, "point": point}
        body["attachments"] = [asdict(file) for file in kept]
        return body | await self._quote(tab.group, said.reply_to)

    async def _quote(self, group: str, reply_to: str | None) -> Body:
        """What is kept of the message replied to; an id that never was is forgotten."""
        if reply_to is None:
            return {}
        if quoted := await self._log.message(group, reply_to):
            kept = {name: quoted.get(name, "") for name in ("name", "role", "kind", "text")}
            return {"reply_to": reply_to, "quoted": kept}
        known = reply_to.isdecimal() and int(reply_to) <= await self._log.last(group)
        return {"reply_to": reply_to} if known else {}

    async def _join(self, group: str) -> None:
        """Tell the bot, once, that there is such a group: before the first word that is said in it."""
        if group in self._known or await self._log.known(group):
            self._known.add(group)
            return
        title = group.removeprefix("web:")
        joined = Joined(group, title, self._clock.now(), hears_all=True)
        await self._accept("web", group, f"{title}.joined", _raw("joined", joined))
        await self._log.know(group)
        self._known.add(group)

    async def _pressed(self, tab: Tab, pressed: Pressed) -> None:
        once, now = tab.once(pressed.client_id), self._clock.now()
        press = Press(
            tab.group, once, tab.sender, tab.name, tab.role, now, pressed.data, message=pressed.message
        )
        await self._accept("web", tab.group, once, _raw("press", press))
        await tab.send("ack", client_id=pressed.client_id)


def _is_before(body: Body, moment: datetime) -> bool:
    return "at" in body and datetime.fromisoformat(body["at"]) < moment


def _page_guard(host: str) -> dict[str, str]:
    """What goes with the page. Older browsers do not count the socket of the same server among 'self'."""
    fair = _HOST.fullmatch(host)
    sockets = f"ws://{host} wss://{host}" if fair else ""
    rules = _PAGE_GUARD["Content-Security-Policy"].format(sockets=sockets)
    return _PAGE_GUARD | {"Content-Security-Policy": rules}


def _own(group: str) -> str:
    if not group.startswith("web:"):
        raise Refused("this is no browser group")
    return group


def _words(post: Post) -> Body:
    rows = [[{"label": button.label, "data": button.data} for button in row] for row in post.buttons]
    mentions = [{"person": person.removeprefix("web:"), "name": name} for person, name in post.mentions]
    return {"text": post.text, "buttons": rows, "mentions": mentions}


def _raw(kind: str, heard: Heard) -> dict[str, Any]:
    return {"kind": kind, "heard": json.loads(dump(heard))}


def _message(group: str, body: Body) -> Message:
    quoted, point = body.get("quoted"), body["point"]
    to_us = quoted is not None and quoted["role"] == Role.BOT
    text = body["text"].lstrip().lower()
    return Message(
        group=group,
        id=body["id"],
        sender=f"web:{body['person']}",
        sender_name=body["name"],
        role=Role(body["role"]),
        at=datetime.fromisoformat(body["at"]),
        kind=Kind(body["kind"]),
        text=body["text"],
        attachments=tuple(Attachment(**{**one, "kind": Kind(one["kind"])}) for one in body["attachments"]),
        reply_to=body.get("reply_to"),
        quoted=quoted["text"] if quoted else None,
        point=Point(**point) if point else None,
        addressed=to_us or text.startswith("/") or any(name in text for name in OUR_NAMES),
        group_title=group.removeprefix("web:"),
    )


def _client_id(data: str) -> str:
    """Which frame was malformed, if it tells: the page gives that one up."""
    with suppress(ValueError, TypeError, KeyError, RecursionError):
        return str(json.loads(data)["client_id"])[:64]
    return ""
