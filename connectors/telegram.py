"""Telegram as a chat platform: what is heard in its groups, what we say there, who is a worker.

Talks to the Bot API through python-telegram-bot's Bot, which is a guest here: its own loop, queue and
rate limiter are not used. Updates come in through connectors/telegram_intake.py.

    Unreachable   no answer, 429 (with its time), 5xx, or another program polls with our token
    Refused       Telegram said no: not allowed, malformed, gone, wrong token, the group has moved

No text of an error, no log line and no repr carries the token.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

import structlog
import telegram
from telegram.error import TelegramError

from actions.errors import NotYet, Refused, Unreachable
from actions.message import Attachment, Heard, Joined, Left, Message, Migrated, Press, Role
from actions.post import Button, Post
from connectors.moves import Moves
from connectors.pace import MemoryPace, Pace
from connectors.telegram_calls import (
    LARGEST_FILE,
    HasMoved,
    Requests,
    account_of,
    answer_of,
    download,
    failure_of,
    keep_addresses_out_of_logs,
)
from connectors.telegram_posts import (
    below,
    cut,
    in_reply,
    is_private,
    message_number,
    number_of,
    with_mentions,
)
from connectors.telegram_updates import (
    ANONYMOUS_ADMINISTRATOR,
    SECOND,
    Me,
    at_home,
    group_of,
    is_administrator,
    is_present,
    move_in,
    number_in,
    safe,
    sender_in,
    title_in,
    translate,
)

T = TypeVar("T")
People = tuple[tuple[str, str], ...]

TELEGRAM = "https://api.telegram.org"
LONGEST_ANSWER = 200
LONGEST_PAUSE = 2.0  # seconds that a post waits here for its turn; if it takes longer, its lane is held
REMEMBERED = 5_000  # messages of ours whose keys are known; an order comes again soon or not at all
HANDLED = (
    "message",
    "edited_message",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "message_reaction",
)
"""The kinds of update that we ask for: what is not understood is not fetched."""

_ALREADY_SO = re.compile(r"message is not modified|query is too old|query.id.(is.)?invalid", re.IGNORECASE)
"""Refusals of an edit that changes nothing and of an answer that comes too late: no harm is done."""

_NO_TOPIC = re.compile(r"message thread not found|TOPIC_(CLOSED|DELETED)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Known:
    """The administrators of a group, and until when we believe it."""

    people: People
    until: datetime


class TelegramChat:
    """The groups of one Telegram bot. `named_workers(group)` gives the ids that the settings name as workers
    of a group, None where they name nobody and the group's administrators count. `moves` knows the groups that
    have become supergroups, and `kin(group, title, sender)` those that a group never seen before may have been.
    `name` is what the log calls it where there are several (connectors/telegram_bots.py).
    """

    platform = "telegram"

    def __init__(
        self,
        token: str,
        *,
        name: str = "",
        named_workers: Callable[[str], frozenset[str] | None] = lambda _: None,
        api_root: str = TELEGRAM,
        moves: Moves | None = None,
        kin: Callable[[str, str, str], Awaitable[list[str]]] | None = None,
        pace: Pace | None = None,
        workers_kept_s: float = 60,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not re.fullmatch(r"[^\s/?#]+", token):
            whose = f"the token of {name}" if name else "LINLI_TELEGRAM_TOKEN"
            raise Refused(f"{whose} does not look like a token of BotFather's")
        keep_addresses_out_of_logs()
        self._token, self.name = token, name
        self.log = structlog.get_logger(__name__, **({"bot": name} if name else {}))
        self._named_workers = named_workers
        self._moves = moves or Moves.in_memory()
        self._kin, self._looked_for = kin, set[int]()
        self._pace = pace or MemoryPace()
        self._kept = timedelta(seconds=workers_kept_s)
        self._clock = clock
        self._root = (api_root or TELEGRAM).rstrip("/")
        self._polls = Requests(2)
        self._calls = Requests(64, timeout=15)
        self._bot = telegram.Bot(
            token,
            base_url=f"{self._root}/bot",
            base_file_url=f"{self._root}/file/bot",
            request=self._calls,
            get_updates_request=self._polls,
        )
        self._me: Me | None = None
        self._administrators: dict[str, _Known] = {}
        self._said: dict[tuple[str, str], str] = {}
        self._last_update_at: datetime | None = None
        self._last_error = ""
        self._last_error_at: datetime | None = None

    def __repr__(self) -> str:
        return f"TelegramChat({self._me.username if self._me else 'not started'})"

    @property
    def account(self) -> str:
        """A name for this bot's token that may be stored and shown: it does not give the token away."""
        return account_of(self._token)

    async def start(self) -> None:
        """Open the connections and learn who we are. Raises Refused for a wrong token; an unreachable
        Telegram is no obstacle, we learn it later.
        """
        try:
            await self._ask(self._bot.initialize())
            await self.me()
        except Unreachable as error:
            self.log.warning("telegram_unreachable_at_start", error=str(error))

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
        home = await self._home_of(raw)
        if "chat_member" in raw or "my_chat_member" in raw:
            self._administrators.pop(f"telegram:{home}", None)
        # What privacy mode hides counts from the moment we join: only then it must be asked anew.
        try:
            me = await self.me(fresh="my_chat_member" in raw)
        except Refused as error:
            # A withdrawn token makes no update unreadable: they wait until it is mended.
            raise Unreachable(str(error)) from None
        heard = translate(raw, me, self._clock())
        if isinstance(heard, Migrated):
            self._administrators.pop(f"telegram:{home}", None)
            return replace(heard, group=f"telegram:{home}")
        if heard is None or home is None or await self._is_of_the_past(heard, home):
            return None
        heard = at_home(heard, home)
        if not isinstance(heard, Message | Press) or heard.role is Role.OFFICIAL:
            return heard
        return replace(heard, role=await self._role(heard.group, heard.sender))

    async def door(self, raw: object) -> str:
        """The group in whose inbox an update belongs; that a group has moved is learnt here. Raises Unreachable."""
        if isinstance(raw, dict) and (move := move_in(raw)):
            await self._moves.learn(*move)
        number = number_in(raw)
        return group_of(raw) if number is None else f"telegram:{await self._moves.home(number)}"

    async def _home_of(self, raw: dict[str, Any]) -> int | None:
        """The number by which we know the chat of an update."""
        number = number_in(raw)
        if number is None:
            return None
        if move := move_in(raw):
            await self._moves.learn(*move)
        home = await self._moves.home(number)
        if home == number and number < 0 and number not in self._looked_for:
            await self._look_for_its_past(raw, number)
            home = await self._moves.home(number)
        return home

    async def _look_for_its_past(self, raw: dict[str, Any], number: int) -> None:
        """A group never heard of may be one that we know, moved while nobody told us. Telegram refuses to write to
        a group that has moved, and says where to; it goes on answering questions about it.
        """
        if self._kin is not None:
            for old in await self._kin(f"telegram:{number}", title_in(raw), sender_in(raw)):
                try:
                    await self._ask(self._bot.send_chat_action(number_of(old), "typing"))
                except HasMoved as moved:
                    await self._moves.learn(number_of(old), moved.to)
                except Refused:
                    continue
        self._looked_for.add(number)

    async def _is_of_the_past(self, heard: Heard, home: int) -> bool:
        """Whether this tells of our place in a chat that has since become another."""
        if not isinstance(heard, Joined | Left):
            return False
        return number_of(heard.group) != await self._moves.now(home)

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
        if is_private(group):
            return ()
        try:
            members = await self._in(group, self._bot.get_chat_administrators)
        except Refused as error:
            self.log.warning("telegram_workers_not_told", group=group, error=str(error))
            return ()
        people = [member.user for member in members if not member.user.is_bot]
        return tuple((f"telegram:{person.id}", person.full_name) for person in people)

    async def can_hear(self, group: str) -> bool:
        """Whether ordinary messages of the group reach us: privacy mode is off, or we administer it."""
        me = await self.me(fresh=True)
        if me.hears_all or is_private(group):
            return True
        return is_administrator(await self._in(group, lambda chat: self._bot.get_chat_member(chat, me.id)))

    async def is_in(self, group: str) -> bool:
        """Whether we are in the group. Raises `Unreachable`."""
        try:
            me = await self.me()
            return is_present(await self._in(group, lambda chat: self._bot.get_chat_member(chat, me.id)))
        except Refused:
            return False

    # --- speaking ---

    async def post(self, post: Post) -> str:
        """Put a message into the group; its id. After Unreachable nobody knows whether it is there, after NotYet
        it is not. A topic that is closed or gone is no reason not to say it: then it goes to the group as a whole.
        Telegram has no key of ours, but we know what we have said: an order that comes again, since something failed
        after that, does not say it again.
        """
        if known := self._said.get((post.group, post.key)):
            return known
        said = self._said[post.group, post.key] = await self._post_somewhere(post)
        while len(self._said) > REMEMBERED:
            del self._said[next(iter(self._said))]
        return said

    async def _post_somewhere(self, post: Post) -> str:
        try:
            return await self._post(post)
        except Refused as error:
            if post.thread is None or not _NO_TOPIC.search(str(error)):
                raise
        self.log.warning("telegram_topic_closed", group=post.group, thread=post.thread)
        return await self._post(replace(post, thread=None, reply_to=None))

    async def _post(self, post: Post) -> str:
        text, entities = with_mentions(post)
        shown = below(post.buttons)
        spoken_in = home = number_of(post.group)

        def send(chat: int) -> Awaitable[telegram.Message]:
            nonlocal spoken_in
            spoken_in = chat
            return self._bot.send_message(
                chat,
                text,
                entities=entities,
                message_thread_id=message_number(post.thread) if post.thread else None,
                disable_notification=post.silent or None,
                api_kwargs=shown | in_reply(post.reply_to, moved=chat != home),
            )

        sent = await self._in(post.group, send, speaks=True, urgent=post.urgent)
        # It is said: nothing may be asked any more that could fail, or it would be said again.
        return f"{'' if spoken_in == home else SECOND}{sent.message_id}"

    async def edit(self, message: str, post: Post) -> None:
        """Replace words and buttons of our own message. Raises Refused when it is gone, or stayed behind in the
        group that this was before it became a supergroup.
        """
        text, entities = with_mentions(post)
        home = number_of(post.group)
        moved = await self._moves.now(home, surely=False) != home
        message_number(message, moved=moved)  # before it takes its turn

        def change(chat: int) -> Awaitable[telegram.Message | bool]:
            return self._bot.edit_message_text(
                text,
                chat,
                message_number(message, moved=chat != home),
                entities=entities,
                api_kwargs=below(post.buttons),
            )

        try:
            await self._in(post.group, change, speaks=True, urgent=post.urgent)
        except Refused as error:
            if not _ALREADY_SO.search(str(error)):
                raise

    async def whisper(
        self,
        person: str,
        text: str,
        key: str,
        buttons: tuple[tuple[Button, ...], ...] = (),
        *,
        silent: bool = False,
    ) -> str:
        """Say something to a person alone; the message's id. Raises Gone where that person never started the bot,
        or has stopped it.
        """
        if not is_private(person):
            raise Refused(f"{person} is no person")
        return await self.post(Post(person, text, key, buttons, silent=silent))

    async def link(self, token: str, group: str = "") -> str:  # noqa: ARG002
        """An address that opens the private chat and, at a touch, says `/start TOKEN` there. Raises Unreachable."""
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", token, re.ASCII):
            raise ValueError("a token is 1 to 64 of A-Z a-z 0-9 _ -")
        return f"https://t.me/{(await self.me()).username}?start={token}"

    async def answer(self, press: str, text: str) -> None:
        """Answer a press; one that Telegram no longer remembers needs no answer."""
        try:
            await self._ask(self._bot.answer_callback_query(press, cut(safe(text), LONGEST_ANSWER) or None))
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
        return await download(str(file.file_path))

    async def erase(self, group: str, person: str) -> int:  # noqa: ARG002
        """Nothing: Telegram keeps its messages itself."""
        return 0

    async def prune(self, group: str, before: datetime) -> int:  # noqa: ARG002
        """As `erase`."""
        return 0

    # --- for the intake ---

    async def updates(self, offset: int | None, timeout_s: int) -> list[Any]:
        """Up to 100 raw updates from `offset` on, waiting for the first. Raises as everything here.

        Not through the Bot: it would parse them, and one that it cannot parse would block all others.
        """
        wanted = {"limit": 100, "timeout": timeout_s, "allowed_updates": json.dumps(HANDLED)}
        query = urlencode(wanted if offset is None else {"offset": offset, **wanted})
        address = f"{self._root}/bot{self._token}/getUpdates?{query}"
        payload = await self._ask(self._polls.retrieve(address, read_timeout=timeout_s + 10))
        result = answer_of(payload).get("result")
        if not isinstance(result, list):
            raise Unreachable("the answer to getUpdates cannot be read")
        return result

    async def set_webhook(self, url: str, secret: str) -> None:
        """Have Telegram push updates to `url`."""
        await self._ask(self._bot.set_webhook(url, secret_token=secret, allowed_updates=HANDLED))

    async def offer(self, commands: Sequence[tuple[str, str]]) -> None:
        """Name the commands, each with what it does, in the menu beside the field where people write."""
        await self._ask(self._bot.set_my_commands([telegram.BotCommand(*one) for one in commands]))

    async def drop_webhook(self) -> None:
        """Have Telegram keep updates for polling; none of them is dropped."""
        await self._ask(self._bot.delete_webhook(drop_pending_updates=False))

    def note_update(self) -> None:
        """Remember that something came in now."""
        self._last_update_at = self._clock()

    # --- every call goes through here ---

    async def _in(
        self,
        group: str,
        call: Callable[[int], Awaitable[T]],
        *,
        speaks: bool = False,
        urgent: bool = False,
    ) -> T:
        """Call with the number that the group has today; a move not yet heard of is learnt from the refusal."""
        home = number_of(group)
        chat = await self._moves.now(home, surely=False)
        try:
            return await self._paced(chat, call, urgent=urgent) if speaks else await self._ask(call(chat))
        except HasMoved as moved:
            await self._moves.learn(chat, moved.to)
            self.log.info("telegram_group_moved", group=group, to=moved.to)
            return await self._ask(call(moved.to))

    async def _paced(self, chat: int, call: Callable[[int], Awaitable[T]], *, urgent: bool) -> T:
        """Speak when our turn has come. Raises NotYet when that is not soon, or when Telegram will not listen."""
        waited = 0.0
        while wait := await self._pace.ask(chat, urgent=urgent):
            waited += wait
            if waited > LONGEST_PAUSE:
                raise NotYet("as much is said there as Telegram allows", wait)
            await asyncio.sleep(wait)
        try:
            return await self._ask(call(chat))
        except NotYet as error:
            seconds = error.retry_after if error.retry_after is not None else 1.0
            raise NotYet(str(error), await self._pace.hold(chat, seconds)) from None

    async def _ask(self, call: Awaitable[T]) -> T:
        try:
            return await call
        except TelegramError as error:
            failure = failure_of(error, self._token)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            # The library trusts the server: an answer that is no Bot API answer breaks it anywhere.
            failure = Unreachable(f"Telegram's answer cannot be read ({type(error).__name__})")
        if not _ALREADY_SO.search(str(failure)):
            self._last_error, self._last_error_at = str(failure), self._clock()
        raise failure from None
