"""Several Telegram bots as one chat platform: each with a token, an allowance and a door of its own.

A group belongs to the bot that saw it first: that one listens and speaks there. Another that is in the group too keeps
still, or one report would be two cases; it takes over when the first has gone. In private a person is spoken to by
the bot to which that person wrote last: Telegram lets no other begin.

What is another bot's own has its name in front: presses and files everywhere, messages where every bot counts its own
(in private chats and in groups that are no supergroups). The `MAIN` bot, that of an installation with only one, has none:
what it has written down stays true when others come.

    `east.17`   message 17 as the bot `east` counts in this chat        `17`   as the MAIN bot does
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from actions.errors import Gone, Refused, Unreachable
from actions.message import Attachment, Heard, Joined, Left, Message, Press, Reacted
from actions.post import Button, Post
from connectors.telegram import People, TelegramChat
from connectors.telegram_posts import is_private, number_of
from connectors.telegram_roll import Names, Roll
from connectors.telegram_updates import SECOND, number_in

MAIN = "main"
VIA = "linli_bot"
"""What a raw update carries beside Telegram's own: the bot that brought it, where that is not the MAIN one."""
_FIRST_SUPERGROUP = -(10**12)
_LOOKED_FOR = 600.0
"""Seconds for which we believe that the bot that speaks in a group is still there."""

Accept = Callable[[str, str, str, dict[str, Any]], Awaitable[bool]]
Known = Callable[[str], Awaitable[bool]]

_log = structlog.get_logger(__name__)


class TelegramBots:
    """The groups of all our bots. `known` says of a group whether it had a memory before anything was written on the
    `roll`: it is the MAIN bot's then.
    """

    platform = "telegram"

    def __init__(
        self,
        bots: Sequence[TelegramChat],
        roll: Roll,
        known: Known,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bots = {bot.name: bot for bot in sorted(bots, key=lambda bot: bot.name != MAIN)}
        self._roll, self._known, self._clock = roll, known, clock
        self._there: dict[tuple[str, str], float] = {}

    # --- hearing ---

    async def understand(self, raw: dict[str, Any]) -> Heard | None:
        """As its bot understands it; None from a bot that has to keep still there.

        Raises as a bot does, and Refused for an update of a bot that is no longer ours.
        """
        bot = self._bot(str(raw.get(VIA, MAIN)))
        chat = await bot.door(raw)
        if number_in(raw) is None:
            return await bot.understand(raw)
        if is_private(chat):
            return await self._alone(bot, chat, raw)
        if "my_chat_member" in raw:
            return await self._came_or_went(bot, raw)
        # A press is brought by the one bot whose button it was, and is answered whoever speaks there by now.
        if "callback_query" not in raw and not await self._speaks(bot, chat):
            return None
        return _marked(await bot.understand(raw), raw, bot.name)

    async def _alone(self, bot: TelegramChat, person: str, raw: dict[str, Any]) -> Heard | None:
        heard = await bot.understand(raw)
        given = await self._before(person)
        if isinstance(heard, Left):
            return None if await self._roll.drop(person, bot.name, given) else heard
        if heard is not None:
            await self._roll.first(person, bot.name, given)
        return _marked(heard, raw, bot.name)

    async def _came_or_went(self, bot: TelegramChat, raw: dict[str, Any]) -> Heard | None:
        heard = await bot.understand(raw)
        if isinstance(heard, Left):
            others = await self._roll.drop(heard.group, bot.name, await self._before(heard.group))
            others = tuple(name for name in others if name in self._bots)
            return await self._in_its_place(heard, others[0]) if others else heard
        if isinstance(heard, Joined) and not await self._speaks(bot, heard.group):
            return None
        return heard

    async def _in_its_place(self, left: Left, name: str) -> Joined | None:
        """Another of ours is there still; what that one may hear counts from now on."""
        try:
            hears_all = await self._bots[name].can_hear(left.group)
        except Refused:
            return None
        _log.info("telegram_bot_speaks", group=left.group, bot=name)
        return Joined(group=left.group, title="", at=left.at, hears_all=hears_all)

    async def _speaks(self, bot: TelegramChat, group: str) -> bool:
        """Whether this bot is the one to listen and speak in the group; the first to ask is."""
        names = await self._roll.of(group)
        if names is None or bot.name not in names:
            names = await self._roll.add(group, bot.name, await self._before(group))
            if names[0] != bot.name:
                _log.warning("telegram_second_bot", group=group, bot=bot.name, speaks=names[0])
        while names and names[0] != bot.name:
            if await self._is_there(names[0], group):
                return False
            names = await self._roll.drop(group, names[0])
            _log.warning("telegram_bot_speaks", group=group, bot=names[0] if names else None)
        return bool(names)

    async def _is_there(self, name: str, group: str) -> bool:
        """Whether a bot is in the group still: of its end Telegram may have told us while we were away."""
        if name not in self._bots:
            return False
        if self._there.get((name, group), float("-inf")) > self._clock():
            return True
        try:
            there = await self._bots[name].is_in(group)
        except Unreachable:
            return True
        if there:
            self._there[name, group] = self._clock() + _LOOKED_FOR
        return there

    async def _before(self, chat: str) -> Names:
        """Who was there before there was a roll."""
        return (MAIN,) if MAIN in self._bots and await self._known(chat) else ()

    # --- speaking ---

    async def post(self, post: Post) -> str:
        """Put a message into the chat, by the bot that speaks there; by another of ours if that one is out."""
        names = await self._present(post.group, post.reply_to)
        for name in names[:-1]:
            try:
                return await self._post(self._bots[name], post)
            except Gone:
                await self._roll.drop(post.group, name, names)
        try:
            return await self._post(self._bots[names[-1]], post)
        except Gone:
            await self._roll.drop(post.group, names[-1], names)
            raise

    async def _post(self, bot: TelegramChat, post: Post) -> str:
        reply_to = _told_to(bot.name, post.reply_to, post.group)
        message = await bot.post(replace(post, reply_to=reply_to))
        return _mark(bot.name, message) if _counts_alone(post.group, message) else message

    async def edit(self, message: str, post: Post) -> None:
        """Replace words and buttons of our own message, by the bot whose it is. Raises Refused where that bot is gone."""
        if _counts_alone(post.group, message):
            name, plain = _split(message)
            await self._bot(name).edit(plain, post)
        else:
            await (await self._speaker(post.group)).edit(message, post)

    async def whisper(
        self,
        person: str,
        text: str,
        key: str,
        buttons: tuple[tuple[Button, ...], ...] = (),
        *,
        silent: bool = False,
    ) -> str:
        """Say something to a person alone. Raises Gone where that person has started none of our bots, or stopped all."""
        if not is_private(person):
            raise Refused(f"{person} is no person")
        return await self.post(Post(person, text, key, buttons, silent=silent))

    async def link(self, token: str, group: str = "") -> str:
        """An address that opens the private chat with the bot that speaks in the group."""
        bot = await self._speaker(group) if group else next(iter(self._bots.values()))
        return await bot.link(token)

    async def answer(self, press: str, text: str) -> None:
        """Answer a press, by the bot that heard it."""
        name, plain = _split(press)
        await self._bot(name).answer(plain, text)

    async def workers(self, group: str) -> People:
        """The people who administer the group."""
        return await (await self._speaker(group)).workers(group)

    async def fetch(self, attachment: Attachment) -> bytes:
        """The content of a file, which only the bot that heard of it can fetch."""
        name, plain = _split(attachment.ref)
        return await self._bot(name).fetch(replace(attachment, ref=plain))

    async def erase(self, group: str, person: str) -> int:  # noqa: ARG002
        """Nothing: Telegram keeps its messages itself."""
        return 0

    async def prune(self, group: str, before: datetime) -> int:  # noqa: ARG002
        """As `erase`."""
        return 0

    # --- who is where ---

    async def _speaker(self, chat: str) -> TelegramChat:
        return self._bots[(await self._present(chat))[0]]

    async def _present(self, chat: str, reply_to: str | None = None) -> Names:
        """Our bots in a chat, the one that speaks first: in private the one that is replied to. Raises Gone for none."""
        alone = is_private(chat)
        kept = await self._roll.of(chat)
        if kept is None:  # of a person it may be any: who is wrong is told so once, and then dropped
            kept = tuple(self._bots)[: None if alone else 1]
        names = [name for name in kept if name in self._bots]
        if not names:
            raise Gone(f"none of our bots is in {chat}")
        asked = _split(reply_to)[0] if reply_to and alone else ""
        return tuple(sorted(names, key=lambda name: name != asked))

    def _bot(self, name: str) -> TelegramChat:
        if name not in self._bots:
            raise Refused(f"the bot {name} is not among those of the settings")
        return self._bots[name]


def accepting(name: str, accept: Accept) -> Accept:
    """For the door of one bot: its updates have numbers of their own, and are marked as its own."""
    if name in ("", MAIN):
        return accept

    async def marked(door: str, group: str, update: str, raw: dict[str, Any]) -> bool:
        return await accept(door, group, _mark(name, update), {**raw, VIA: name})

    return marked


# --- what is a bot's own ---


def _counts_alone(group: str, message: str) -> bool:
    """Whether messages of the chat have a number of their own for every bot."""
    return number_of(group) > _FIRST_SUPERGROUP and not message.startswith(SECOND)


def _mark(name: str, what: str) -> str:
    return what if name == MAIN else f"{name}.{what}"


def _split(marked: str) -> tuple[str, str]:
    name, dot, what = marked.partition(".")
    return (name, what) if dot else (MAIN, marked)


def _told_to(name: str, message: str | None, group: str) -> str | None:
    """A message as this bot knows it; None where it does not."""
    if message is None or not _counts_alone(group, message):
        return message
    whose, plain = _split(message)
    return plain if whose == name else None


def _marked(heard: Heard | None, raw: dict[str, Any], name: str) -> Heard | None:
    if name == MAIN or heard is None:
        return heard
    alone = (number_in(raw) or 0) > _FIRST_SUPERGROUP

    def message(number: str) -> str:
        return _mark(name, number) if alone else number

    match heard:
        case Message():
            files = tuple(replace(one, ref=_mark(name, one.ref)) for one in heard.attachments)
            replied = message(heard.reply_to) if heard.reply_to else None
            return replace(heard, id=message(heard.id), reply_to=replied, attachments=files)
        case Press():
            shown = message(heard.message) if heard.message else None
            return replace(heard, id=_mark(name, heard.id), message=shown)
        case Reacted():
            return replace(heard, id=_mark(name, heard.id), message=message(heard.message))
    return heard
