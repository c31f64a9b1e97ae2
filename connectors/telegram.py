"""Telegram as a chat platform: what is heard in its groups, what we say there, who is a worker.

Talks to the Bot API through python-telegram-bot's Bot, which is a guest here: its own loop, queue and
rate limiter are not used. Updates come in through connectors/telegram_intake.py.

    Unreachable   no answer, 429 (with its time), 5xx, or another program polls with our token
    Refused       Telegram said no: not allowed, malformed, gone, wrong token, the group has moved

No text of an error, no log line and no repr carries the token.
"""

import json
import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp
import structlog
import telegram
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    TelegramError,
)
from telegram.request import HTTPXRequest

from actions.errors import Refused, Unreachable
from actions.message import Attachment, Heard, Message, Press, Role
from actions.post import Button, Post
from connectors.telegram_updates import (
    ANONYMOUS_ADMINISTRATOR,
    Me,
    group_of,
    is_administrator,
    safe,
    translate,
)

T = TypeVar("T")
People = tuple[tuple[str, str], ...]

TELEGRAM = "https://api.telegram.org"
LARGEST_FILE = 20 * 1024 * 1024  # bytes that a bot may download
LONGEST_TEXT = 4096  # UTF-16 units, as Telegram counts
LONGEST_ANSWER = 200
HANDLED = ("message", "edited_message", "callback_query", "my_chat_member", "chat_member")
"""The kinds of update that we ask for: what is not understood is not fetched."""

_ALREADY_SO = re.compile(r"message is not modified|query is too old|query.id.(is.)?invalid", re.IGNORECASE)
"""Refusals of an edit that changes nothing and of an answer that comes too late: no harm is done."""

_log = structlog.get_logger(__name__)


class _TooMany(TelegramError):
    """429, and in how many seconds Telegram will listen again."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__(
            "Telegram has heard too much of us" + (f"; again in {seconds:g} s" if seconds else "")
        )
        self.seconds = seconds


class _Requests(HTTPXRequest):
    """The library's own error for 429 warns of its deprecation whenever it is made, so 429 is read here."""

    async def do_request(self, *args: Any, **more: Any) -> tuple[int, bytes]:
        code, payload = await super().do_request(*args, **more)
        if code == HTTPStatus.TOO_MANY_REQUESTS:
            raise _TooMany(_seconds(payload))
        return code, payload


@dataclass(frozen=True, slots=True)
class _Known:
    """The administrators of a group, and until when we believe it."""

    people: People
    until: datetime


class TelegramChat:
    """The groups of one Telegram bot. `named_workers(group)` gives the ids that the settings name as workers
    of a group, None where they name nobody and the group's administrators count.
    """

    platform = "telegram"

    def __init__(
        self,
        token: str,
        *,
        named_workers: Callable[[str], frozenset[str] | None] = lambda _: None,
        api_root: str = TELEGRAM,
        workers_kept_s: float = 60,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not re.fullmatch(r"[^\s/?#]+", token):
            raise Refused("LINLI_TELEGRAM_TOKEN does not look like a token of BotFather's")
        _keep_addresses_out_of_logs()
        self._token = token
        self._named_workers = named_workers
        self._kept = timedelta(seconds=workers_kept_s)
        self._clock = clock
        self._root = (api_root or TELEGRAM).rstrip("/")
        self._polls = _Requests(connection_pool_size=2)
        self._calls = _Requests(connection_pool_size=64, read_timeout=15, pool_timeout=15)
        self._bot = telegram.Bot(
            token,
            base_url=f"{self._root}/bot",
            base_file_url=f"{self._root}/file/bot",
            request=self._calls,
            get_updates_request=self._polls,
        )
        self._me: Me | None = None
        self._administrators: dict[str, _Known] = {}
        self._last_update_at: datetime | None = None
        self._last_error = ""
        self._last_error_at: datetime | None = None

    def __repr__(self) -> str:
        return f"TelegramChat({self._me.username if self._me else 'not started'})"

    @property
    def account(self) -> str:
        """A name for this bot's token that may be stored and shown: it does not give the token away."""
        return sha256(self._token.encode()).hexdigest()[:12]

    async def start(self) -> None:
        """Open the connections and learn who we are. Raises Refused for a wrong token; an unreachable
        Telegram is no obstacle, we learn it later.
        """
        try:
            await self._ask(self._bot.initialize())
            await self.me()
        except Unreachable as error:
            _log.warning("telegram_unreachable_at_start", error=str(error))

    async def stop(self) -> None:
        """Close the connections."""
        await self._bot.shutdown()
        # The Bot closes nothing when it was never started; whatever asked a question has connections.
        await self._calls.shutdown()
        await self._polls.shutdown()

    async def me(self, *, fresh: bool = False) -> Me:
        """The bot itself, as Telegram knows it; `fresh` asks again, since BotFather may have changed it."""
        if self._me is None or fresh:
            user = await self._ask(self._bot.get_me())
            self._me = Me(user.id, user.username or "", bool(user.can_read_all_group_messages))
        return self._me

    def health(self) -> dict[str, Any]:
        """How the connection stands, for the doctor and the console."""
        return {
            "username": self._me.username if self._me else None,
            "can_read_all_group_messages": self._me.hears_all if self._me else None,
            "last_update_at": self._last_update_at.isoformat() if self._last_update_at else None,
            "last_error": self._last_error,
            "last_error_at": self._last_error_at.isoformat() if self._last_error_at else None,
        }

    # --- hearing ---

    async def understand(self, raw: dict[str, Any]) -> Heard | None:
        """A raw update in our words; None for what is none of our business.

        Raises ValueError for a malformed update, Unreachable when Telegram had to be asked who is a worker.
        """
        if "chat_member" in raw or "my_chat_member" in raw:
            self._administrators.pop(group_of(raw), None)
        # What privacy mode hides counts from the moment we join: only then it must be asked anew.
        try:
            me = await self.me(fresh="my_chat_member" in raw)
        except Refused as error:
            # A withdrawn token makes no update unreadable: they wait until it is mended.
            raise Unreachable(str(error)) from None
        heard = translate(raw, me, self._clock())
        if not isinstance(heard, Message | Press) or heard.role is Role.OFFICIAL:
            return heard
        return replace(heard, role=await self._role(heard.group, heard.sender))

    async def _role(self, group: str, sender: str) -> Role:
        named = self._named_workers(group)
        if named is None and sender == f"telegram:{ANONYMOUS_ADMINISTRATOR}":
            return Role.WORKER
        if named is None:
            named = frozenset(person for person, _ in await self.workers(group))
        return Role.WORKER if sender in named else Role.RESIDENT

    async def workers(self, group: str) -> People:
        """The people who administer the group; nobody where we may not ask."""
        known = self._administrators.get(group)
        if known is None or known.until <= self._clock():
            known = _Known(await self._ask_administrators(group), self._clock() + self._kept)
            self._administrators[group] = known
        return known.people

    async def _ask_administrators(self, group: str) -> People:
        if _is_private(group):
            return ()
        try:
            members = await self._ask(self._bot.get_chat_administrators(_number(group)))
        except Refused as error:
            _log.warning("telegram_workers_not_told", group=group, error=str(error))
            return ()
        people = [member.user for member in members if not member.user.is_bot]
        return tuple((f"telegram:{person.id}", person.full_name) for person in people)

    async def can_hear(self, group: str) -> bool:
        """Whether ordinary messages of the group reach us: privacy mode is off, or we administer it."""
        me = await self.me(fresh=True)
        if me.hears_all or _is_private(group):
            return True
        return is_administrator(await self._ask(self._bot.get_chat_member(_number(group), me.id)))

    # --- speaking ---

    async def post(self, post: Post) -> str:
        """Put a message into the group; its id. After Unreachable nobody knows whether it is there."""
        text, entities = _with_mentions(post)
        reply = _reply_to(post.reply_to)
        sent = await self._ask(
            self._bot.send_message(
                _number(post.group),
                text,
                entities=entities,
                reply_parameters=reply,
                reply_markup=_keyboard(post.buttons),
                message_thread_id=_message_number(post.thread) if post.thread else None,
                link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
                disable_notification=post.silent or None,
            )
        )
        return str(sent.message_id)

    async def edit(self, message: str, post: Post) -> None:
        """Replace words and buttons of our own message. Raises Refused when it is gone."""
        text, entities = _with_mentions(post)
        try:
            await self._ask(
                self._bot.edit_message_text(
                    text,
                    _number(post.group),
                    _message_number(message),
                    entities=entities,
                    reply_markup=_keyboard(post.buttons),
                    link_preview_options=telegram.LinkPreviewOptions(is_disabled=True),
                )
            )
        except Refused as error:
            if not _ALREADY_SO.search(str(error)):
                raise

    async def whisper(self, person: str, text: str, key: str) -> str:
        """Say something to a person alone. Raises Refused where that person never started the bot."""
        return await self.post(Post(person, text, key))

    async def answer(self, press: str, text: str) -> None:
        """Answer a press; one that Telegram no longer remembers needs no answer."""
        try:
            await self._ask(self._bot.answer_callback_query(press, _cut(safe(text), LONGEST_ANSWER) or None))
        except Refused as error:
            if not _ALREADY_SO.search(str(error)):
                raise

    async def fetch(self, attachment: Attachment) -> bytes:
        """The content of a file. Raises Refused when it is gone or larger than 20 MB."""
        file = await self._ask(self._bot.get_file(attachment.ref))
        if max(attachment.size_bytes, file.file_size or 0) > LARGEST_FILE:
            raise Refused("the file is larger than 20 MB")
        if not (file.file_path or "").startswith(f"{self._root}/"):
            raise Refused("the Bot API server does not serve this file over HTTP")
        return await self._download(str(file.file_path))

    async def _download(self, address: str) -> bytes:
        """The library would read without bound, so this is ours. The address carries the token."""
        wait = aiohttp.ClientTimeout(total=120, sock_read=20)
        try:
            async with aiohttp.ClientSession(timeout=wait, trust_env=True) as web, web.get(address) as answer:
                if answer.status in {400, 401, 403, 404}:
                    raise Refused(f"the file is not there ({answer.status})")
                if answer.status != HTTPStatus.OK:
                    raise Unreachable(f"the file server answered {answer.status}")
                return await _read_at_most(answer.content, LARGEST_FILE)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unreachable(f"the file could not be fetched ({type(error).__name__})") from None

    # --- for the intake ---

    async def updates(self, offset: int | None, timeout_s: int) -> list[Any]:
        """Up to 100 raw updates from `offset` on, waiting for the first. Raises as everything here.

        Not through the Bot: it would parse them, and one that it cannot parse would block all others.
        """
        wanted = {"limit": 100, "timeout": timeout_s, "allowed_updates": json.dumps(HANDLED)}
        query = urlencode(wanted if offset is None else {"offset": offset, **wanted})
        address = f"{self._root}/bot{self._token}/getUpdates?{query}"
        payload = await self._ask(self._polls.retrieve(address, read_timeout=timeout_s + 10))
        result = _object(payload).get("result")
        if not isinstance(result, list):
            raise Unreachable("the answer to getUpdates cannot be read")
        return result

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have Telegram push updates to `url`."""
        await self._ask(self._bot.set_webhook(url, secret_token=secret, allowed_updates=HANDLED))

    async def drop_webhook(self) -> None:
        """Have Telegram keep updates for polling; none of them is dropped."""
        await self._ask(self._bot.delete_webhook(drop_pending_updates=False))

    def note_update(self) -> None:
        """Remember that something came in now."""
        self._last_update_at = self._clock()

    # --- every call goes through here ---

    async def _ask(self, call: Awaitable[T]) -> T:
        try:
            return await call
        except TelegramError as error:
            failure = self._failure(error)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            # The library trusts the server: an answer that is no Bot API answer breaks it anywhere.
            failure = Unreachable(f"Telegram's answer cannot be read ({type(error).__name__})")
        if not _ALREADY_SO.search(str(failure)):
            self._last_error, self._last_error_at = str(failure), self._clock()
        raise failure from None

    def _failure(self, error: TelegramError) -> Unreachable | Refused:
        text = str(error).replace(self._token, "<token>")
        match error:
            case _TooMany():
                return Unreachable(text, error.seconds)
            case Conflict():
                return Unreachable(
                    f"another program takes this bot's updates: stop it, or its webhook ({text})"
                )
            case ChatMigrated():
                return Refused(f"the group has become telegram:{error.new_chat_id}")
            case BadRequest() | Forbidden() | InvalidToken() | EndPointNotFound():
                return Refused(text)
            case _:
                return Unreachable(text)


def _keep_addresses_out_of_logs() -> None:
    """Request addresses carry the token, and the library's own lines whole messages of residents."""
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # This one writes out an answer that is not JSON, whatever stands in it.
    logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)


def _seconds(payload: bytes) -> float | None:
    parameters = _object(payload).get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return seconds if isinstance(seconds, int | float) else None


def _object(payload: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(payload.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


async def _read_at_most(content: aiohttp.StreamReader, limit: int) -> bytes:
    taken = bytearray()
    async for chunk in content.iter_any():
        taken += chunk
        if len(taken) > limit:
            raise Refused("the file is larger than 20 MB")
    return bytes(taken)


def _number(group: str) -> int:
    platform, _, number = group.partition(":")
    if platform != "telegram" or not re.fullmatch(r"-?\d{1,18}", number, re.ASCII):
        raise Refused(f"{group} is no group of Telegram's")
    return int(number)


def _is_private(group: str) -> bool:
    """Groups have negative numbers; a private chat has the number of its person."""
    return _number(group) > 0


def _message_number(message: str) -> int:
    if not re.fullmatch(r"\d{1,18}", message, re.ASCII):
        raise Refused(f"{message} is no message of Telegram's")
    return int(message)


def _reply_to(message: str | None) -> telegram.ReplyParameters | None:
    if message is None:
        return None
    return telegram.ReplyParameters(_message_number(message), allow_sending_without_reply=True)


def _keyboard(rows: Sequence[Sequence[Button]]) -> telegram.InlineKeyboardMarkup | None:
    keys = [
        [telegram.InlineKeyboardButton(safe(one.label), callback_data=one.data) for one in row]
        for row in rows
    ]
    return telegram.InlineKeyboardMarkup(keys) if any(keys) else None


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, units: int) -> str:
    """The text within a number of UTF-16 units; a character outside the first plane is never halved."""
    if _units(text) <= units:
        return text
    kept = text.encode("utf-16-le")[: 2 * (units - 1)].decode("utf-16-le", "ignore")
    return kept + "…"


def _with_mentions(post: Post) -> tuple[str, list[telegram.MessageEntity]]:
    """The text with the people called at its end. Words are cut before people are left out."""
    people = [(person, name) for person, given in post.mentions if (name := safe(given).strip())]
    tail = "".join(f" {name}" for _, name in people)
    text = _cut(safe(post.text), max(1, LONGEST_TEXT - _units(tail)))
    entities: list[telegram.MessageEntity] = []
    for person, name in people:
        offset = _units(text) + 1
        if offset + _units(name) > LONGEST_TEXT:
            break
        text = f"{text} {name}"
        entities += _mention(person, name, offset)
    return text, entities


def _mention(person: str, name: str, offset: int) -> list[telegram.MessageEntity]:
    number = re.fullmatch(r"telegram:(\d{1,18})", person, re.ASCII)
    if number is None:  # a channel, or somebody of another platform: the name alone must do
        return []
    user = telegram.User(int(number.group(1)), name, is_bot=False)
    return [telegram.MessageEntity("text_mention", offset, _units(name), user=user)]
