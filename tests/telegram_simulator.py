"""A make-believe Telegram: a Bot API server on a free port, with groups and people behind it.

    async with TelegramSimulator() as sim:
        wang, li = sim.person("王阿姨"), sim.person("网格员小李")
        group = sim.group("阳光花园3号楼", administrators=[li])        # the bot is let in: my_chat_member
        chat = TelegramChat(sim.token, api_root=sim.url)              # or LINLI_TELEGRAM_API=sim.url
        ...
        report = group.say(wang, "3号楼电梯又坏了")
        await sim.until(lambda: group.said)                           # waits, with a deadline
        press = group.press(wang, group.said[-1], "解决了")
        await sim.until(lambda: press.answer is not None)
        sim.fail_next("sendMessage", 429, {"retry_after": 1})
        sim.fail_next("sendMessage", after_effect=True)               # done, but the reply is lost
        east = sim.another("770002:x", "east_bot")                    # a second bot of the same server
        east.enter(group)                                             # let into the group beside the first

Modelled after https://core.telegram.org/bots/api (10.0) and the public source of its server: the envelope
(`ok`, `result`, `error_code`, `description`, `parameters`) with the same HTTP status; parameters as query,
form or JSON, objects among them as JSON text; long polling with offset, limit, timeout and allowed_updates; a
newer getUpdates ends the older one with 409, a standing webhook ends all; webhook pushes one at a time with
the secret header, again until 2xx; 4,096 UTF-16 units of text; 1 to 64 bytes of callback_data; "message is not
modified"; replies to what is gone; entities within the text; what privacy mode hides (telegram_world.py).
Flood limits are those of telegram_limits.py. All of it stands in docs/simulator.md, with where it is from.
"""

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Self

import aiohttp
from aiohttp import web

from tests.telegram_limits import Flood
from tests.telegram_wire import (
    NOT_MODIFIED,
    ApiError,
    Failure,
    buttons_of,
    entities_of,
    failed,
    integer_of,
    parameters_of,
    refusal,
    replied_of,
    shut_out,
    text_of,
)
from tests.telegram_world import Group, Json, Person, Pressed, Said, Seat, member_wire, utf16

UNASKED = {"chat_member", "message_reaction", "message_reaction_count"}  # only on explicit allowed_updates


class TelegramSimulator:
    """The server. `url` is the API root; `calls` are (method, parameters) as they came."""

    def __init__(
        self,
        *,
        privacy: bool = False,
        token: str = "770001:SIMULATED-token_of_the_bot",
        flood: Flood | None = None,
        username: str = "linli_test_bot",
    ) -> None:
        self.token, self.privacy = token, privacy
        self.bot = Person(int(token.split(":", maxsplit=1)[0]), "邻里", username, is_bot=True)
        self._bots = {token: self}  # all of this server
        self._file_mark = ""
        self.groups: dict[int, Group] = {}
        self.people: dict[int, Person] = {}
        self.flood = flood or Flood()
        self.press_lives_s = 60.0
        self.calls: list[tuple[str, Json]] = []
        self.commands: list[tuple[str, str]] = []
        self.webhook: Json | None = None
        self.webhook_statuses: list[int] = []
        self.updates: deque[Json] = deque()
        self._update_id = 100
        self._allowed: set[str] | None = None
        self._failures: dict[str, deque[Failure]] = {}
        self._changed = asyncio.Event()
        self._poll: asyncio.Event | None = None
        self._pusher: asyncio.Task[None] | None = None
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> Self:
        app = web.Application()
        self._routes(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(bot._stop_pushing() for bot in self._bots.values()))
        if self._runner:
            await self._runner.cleanup()

    def _routes(self, app: web.Application) -> None:
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)

    # --- for tests ---

    def another(self, token: str, username: str, *, privacy: bool = False) -> "TelegramSimulator":
        """Another bot of the same server, which sees the same people; groups are those that it is let into."""
        other = TelegramSimulator(privacy=privacy, token=token, username=username)
        other.people, other.url, other._bots = self.people, self.url, self._bots
        other._file_mark = f"B{other.bot.id}"
        self._bots[token] = other
        return other

    def enter(self, group: Group, status: str = "member") -> None:
        """Be let into a group of another bot's."""
        group.seats.setdefault(self.bot.id, Seat(self.bot, self._publish, self.privacy))
        self.groups[group.id] = group
        group.set_bot(status, self.bot)

    def person(self, name: str, username: str = "", *, is_bot: bool = False) -> Person:
        number = 5_000_001 + len(self.people)
        self.people[number] = Person(number, name, username, is_bot)
        return self.people[number]

    def group(
        self,
        title: str,
        *,
        privacy: bool | None = None,
        administrators: Sequence[Person] = (),
        bot: str = "member",
        id_: int | None = None,
        basic: bool = False,
    ) -> Group:
        """A supergroup, or a basic group, with the bot in it (`bot` is its status). `privacy` as it was when the
        bot came.
        """
        known = {number for one in self._bots.values() for number in one.groups}
        number = id_ or -((4_000_000 if basic else 1_001_000_000_000) + len(known))
        hidden = self.privacy if privacy is None else privacy
        group = Group(number, title, self.bot, self._publish, privacy=hidden)
        self.groups[number] = group
        group.set_bot(bot)
        group.promote(*administrators)
        return group

    def upgrade(self, group: Group, says: Sequence[str] = ("to", "from")) -> Group:
        """A basic group becomes a supergroup: another number, messages counted anew, everybody still there. `says`
        is what reaches the bot, in its order: the service messages `to` and `from`, its own end in the group (`out`)
        and beginning in the supergroup (`in`).
        """
        number = -(1_002_000_000_000 + len(self.groups))
        new = Group(number, group.title, self.bot, self._publish, privacy=group.privacy)
        new.bot_status, new.administrators = group.bot_status, dict(group.administrators)
        self.groups[number], group.migrated_to = new, number
        owner = next(iter(group.administrators.values()), Person(5_999_999, "群主"))
        for which in says:
            if which == "to":
                group.service(owner, migrate_to_chat_id=number)
            elif which == "from":
                new.service(owner, migrate_from_chat_id=group.id)
            elif which == "out":
                group.set_bot("left")
            else:
                new.bot_status, status = "left", new.bot_status
                new.set_bot(status)
        return new

    def private(self, person: Person) -> Group:
        """The private chat with a person, who has started the bot."""
        chat = self.groups.get(person.id) or Group(
            person.id, person.name, self.bot, self._publish, privacy=False
        )
        chat.bot_status = "member"
        return self.groups.setdefault(person.id, chat)

    def publish_raw(self, update: Any) -> None:
        """Any update, however malformed; without an update_id it gets one if it is an object."""
        if isinstance(update, dict):
            update.setdefault("update_id", self._next_update_id())
        self.updates.append(update)
        self._wake()

    def fail_next(
        self,
        method: str,
        status: int = 0,
        parameters: Json | None = None,
        times: int = 1,
        *,
        after_effect: bool = False,
    ) -> None:
        """The next calls of the method fail with this status, or with the connection dropped (0); with
        `after_effect` only after they were carried out.
        """
        queue = self._failures.setdefault(method, deque())
        queue.extend(Failure(status, parameters, after_effect) for _ in range(times))

    async def until(self, holds: Callable[[], object], timeout_s: float = 10) -> None:
        """Wait until `holds()`; AssertionError after the deadline."""
        deadline = time.monotonic() + timeout_s
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(
                    f"not within {timeout_s} s; calls: {[name for name, _ in self.calls][-20:]}"
                )
            await asyncio.sleep(0.01)

    def called(self, method: str) -> list[Json]:
        """The parameters of every call of a method."""
        return [parameters for name, parameters in self.calls if name == method]

    # --- updates on their way to the bot ---

    def _next_update_id(self) -> int:
        self._update_id += 1
        return self._update_id

    def _publish(self, kind: str, body: Json) -> None:
        if kind in self._allowed if self._allowed else kind not in UNASKED:
            # As the thing is now: later edits must not change what was sent.
            frozen = json.loads(json.dumps(body).replace('"FILE', f'"{self._file_mark}FILE'))
            self.updates.append({"update_id": self._next_update_id(), kind: frozen})
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        if self.webhook and self._pusher is None:
            self._pusher = asyncio.get_running_loop().create_task(self._push())

    async def _push(self) -> None:
        async with aiohttp.ClientSession() as session:
            pause = 0.02
            while self.webhook and self.updates:
                status = await self._push_one(session, self.webhook, self.updates[0])
                self.webhook_statuses.append(status)
                if 200 <= status < 300:
                    self.updates.popleft()
                    pause = 0.02
                else:
                    await asyncio.sleep(pause)
                    pause = min(1, pause * 2)
        self._pusher = None

    async def _push_one(self, session: aiohttp.ClientSession, webhook: Json, update: Json) -> int:
        secret = webhook.get("secret_token")
        headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
        try:
            async with session.post(webhook["url"], json=update, headers=headers) as response:
                return response.status
        except aiohttp.ClientError:
            return 0

    async def _stop_pushing(self) -> None:
        pusher, self._pusher = self._pusher, None
        if pusher:
            pusher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pusher

    # --- the server ---

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        try:
            if (bot := self._bots.get(request.match_info["token"])) is None:
                raise ApiError(401, "Unauthorized")
            parameters = await parameters_of(request)
            bot.calls.append((method, parameters))
            return await bot._carry_out(request, method, parameters)
        except ApiError as error:
            return refusal(error.code, error.text, error.parameters)

    async def _carry_out(self, request: web.Request, method: str, parameters: Json) -> web.StreamResponse:
        failure = self._failures[method].popleft() if self._failures.get(method) else None
        if failure and not failure.after_effect:
            return failed(request, failure)
        handler = getattr(self, f"_do_{method.lower()}", None)
        if handler is None:
            raise ApiError(404, "Not Found")
        result = await handler(parameters)
        return failed(request, failure) if failure else web.json_response({"ok": True, "result": result})

    async def _download(self, request: web.Request) -> web.Response:
        if bot := self._bots.get(request.match_info["token"]):
            for group in bot.groups.values():
                for file in group.files.values():
                    if file.path == request.match_info["path"]:
                        return web.Response(body=file.content)
        return refusal(404, "Not Found", None)

    # --- methods: who am I, what came in ---

    async def _do_getme(self, _: Json) -> Json:
        return {**self.bot.wire(), "can_join_groups": True, "can_read_all_group_messages": not self.privacy}

    async def _do_getupdates(self, given: Json) -> list[Json]:
        if self.webhook:
            raise ApiError(409, "Conflict: can't use getUpdates method while webhook is active")
        self._allow(given)
        mine = self._poll_anew()
        self._confirm(integer_of(given, "offset", 0))
        limit = max(1, min(100, integer_of(given, "limit", 100)))
        deadline = time.monotonic() + integer_of(given, "timeout", 0)
        while not self.updates and (left := deadline - time.monotonic()) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left)
            if mine.is_set():
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
                )
        return list(self.updates)[:limit]

    def _poll_anew(self) -> asyncio.Event:
        if self._poll:
            self._poll.set()
            self._changed.set()
        self._poll = asyncio.Event()
        return self._poll

    def _confirm(self, offset: int) -> None:
        keep = list(self.updates)[offset:] if offset < 0 else self.updates
        if not isinstance(keep, deque):
            self.updates = deque(keep)
        # What has no id can never be confirmed; it is here for the bot to survive.
        while offset > 0 and self.updates and _id(self.updates[0]) < offset:
            self.updates.popleft()

    def _allow(self, given: Json) -> None:
        if "allowed_updates" in given:
            kinds = given["allowed_updates"]
            if not isinstance(kinds, list):
                raise ApiError(400, "Bad Request: can't parse allowed updates")
            self._allowed = set(kinds) or None

    async def _do_setwebhook(self, given: Json) -> bool:
        self._allow(given)
        url = str(given.get("url", ""))
        self.webhook = {**given, "url": url} if url else None
        if self._poll:
            self._poll.set()
        self._wake()
        return True

    async def _do_setmycommands(self, given: Json) -> bool:
        self.commands = [(one["command"], one["description"]) for one in given["commands"]]
        return True

    async def _do_deletewebhook(self, given: Json) -> bool:
        self.webhook = None
        if given.get("drop_pending_updates") in {True, "true", "True"}:
            self.updates.clear()
        return True

    # --- methods: speaking ---

    async def _do_sendmessage(self, given: Json) -> Json:
        group = self._speaking_in(given)
        text, entities = text_of(given), entities_of(given)
        said = Said(0, self.bot, text, {}, by_bot=True, buttons=buttons_of(given), entities=entities)
        said.reply_to = replied_of(group, given)
        said.thread = integer_of(given, "message_thread_id", 0) or None
        if said.thread and (why := group.may_post_in(said.thread)):
            raise ApiError(400, f"Bad Request: {why}")
        said.id = group.next_id()
        said.raw = {
            "message_id": said.id,
            "date": int(time.time()),
            "chat": group.chat(),
            "from": self.bot.wire(),
        }
        if said.thread:
            said.raw |= {"message_thread_id": said.thread, "is_topic_message": True}
        _write(said, given)
        return group.add(said).raw

    async def _do_editmessagetext(self, given: Json) -> Json:
        said = self._own_message(given)
        text, buttons, entities = text_of(given), buttons_of(given), entities_of(given)
        if (text, buttons, entities) == (said.text, said.buttons, said.entities):
            raise ApiError(400, NOT_MODIFIED)
        said.edits.append(said.text)
        said.text, said.buttons, said.entities = text, buttons, entities
        return _write(said, given)

    async def _do_editmessagereplymarkup(self, given: Json) -> Json:
        said = self._own_message(given)
        if buttons_of(given) == said.buttons:
            raise ApiError(400, NOT_MODIFIED)
        said.buttons = buttons_of(given)
        return _write(said, given)

    async def _do_answercallbackquery(self, given: Json) -> bool:
        presses: list[Pressed] = [press for group in self.groups.values() for press in group.presses]
        press = next((one for one in presses if one.id == str(given.get("callback_query_id"))), None)
        late = press is not None and time.monotonic() - press.at > self.press_lives_s
        if press is None or press.answer is not None or late or press.bot != self.bot.id:
            raise ApiError(
                400, "Bad Request: query is too old and response timeout expired or query ID is invalid"
            )
        text = str(given.get("text", ""))
        if utf16(text) > 200:
            raise ApiError(400, "Bad Request: MESSAGE_TOO_LONG")
        press.answer = text
        return True

    async def _do_sendchataction(self, given: Json) -> bool:
        self._writing_in(given).actions.append(str(given.get("action")))
        return True

    # --- methods: asking ---

    async def _do_getchat(self, given: Json) -> Json:
        return {**self._chat(given).chat(), "accent_color_id": 0, "max_reaction_count": 11}

    async def _do_getchatadministrators(self, given: Json) -> list[Json]:
        group = self._chat(given)
        if group.id > 0:
            raise ApiError(400, "Bad Request: there are no administrators in the private chat")
        return [member_wire(person, "administrator") for person in group.administrators.values()]

    async def _do_getchatmember(self, given: Json) -> Json:
        group, who = self._chat(given), integer_of(given, "user_id", 0)
        if who in group.seats:
            return member_wire(group.seats[who].bot, group.seats[who].status)
        if who in group.administrators:
            return member_wire(group.administrators[who], "administrator")
        known = next((one.sender for one in group.messages if one.sender.id == who), None)
        if known is None:
            raise ApiError(400, "Bad Request: PARTICIPANT_ID_INVALID")
        return member_wire(known, "member")

    async def _do_getfile(self, given: Json) -> Json:
        number = str(given.get("file_id"))
        mine = number.startswith(f"{self._file_mark}FILE")  # each bot has a name of its own for a file
        for group in self.groups.values() if mine else ():
            file = group.files.get(number.removeprefix(self._file_mark))
            if file and file.size > 20 * 1024 * 1024:
                raise ApiError(400, "Bad Request: file is too big")
            if file:
                return {
                    "file_id": file.id,
                    "file_unique_id": "U",
                    "file_size": file.size,
                    "file_path": file.path,
                }
        raise ApiError(400, "Bad Request: wrong file_id or the file is temporarily unavailable")

    def _speaking_in(self, given: Json) -> Group:
        group = self._writing_in(given)
        if seconds := self.flood.retry_after(group.id):
            text = f"Too Many Requests: retry after {seconds}"
            raise ApiError(429, text, {"retry_after": seconds})
        return group

    def _writing_in(self, given: Json) -> Group:
        group = self._chat(given)
        if group.migrated_to:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise ApiError(400, text, {"migrate_to_chat_id": group.migrated_to})
        return group

    def _chat(self, given: Json) -> Group:
        number = integer_of(given, "chat_id", 0)
        group = self.groups.get(number)
        if group is None and number in self.people:
            raise ApiError(403, "Forbidden: bot can't initiate conversation with a user")
        if group is None:
            raise ApiError(400, "Bad Request: chat not found")
        if group.migrated_to:
            return group  # which still answers questions
        if group.status_of(self.bot) not in {"member", "administrator"}:
            raise ApiError(403, f"Forbidden: {shut_out(group, group.status_of(self.bot))}")
        return group

    def _own_message(self, given: Json) -> Said:
        said = self._speaking_in(given).message(integer_of(given, "message_id", 0))
        if said is None:
            raise ApiError(400, "Bad Request: message to edit not found")
        if said.sender.id != self.bot.id:
            raise ApiError(400, "Bad Request: message can't be edited")
        return said


def _id(update: Any) -> int:
    number = update.get("update_id") if isinstance(update, dict) else None
    return number if isinstance(number, int) else 2**62


def _write(said: Said, given: Json) -> Json:
    said.raw |= {"text": said.text, "entities": said.entities, "reply_markup": given.get("reply_markup")}
    said.raw = {key: value for key, value in said.raw.items() if value}
    return said.raw
