"""Roll: which of our Telegram bots are in a chat. The first of them speaks there; in a private chat it is the one to
which the person wrote last.

    telegram:bots:CHAT        `east main`, or `-` where all have gone; nothing where only one bot has ever been asked about
    telegram:beside           the groups in which there may be more than one, for the doctor

Both are small values of the State's, changed in the place of what was read.
"""

import json
from collections.abc import Awaitable, Callable

from actions.ledger import Stale

Recall = Callable[[str], Awaitable[str | None]]
Swap = Callable[[str, str | None, str], Awaitable[None]]
Names = tuple[str, ...]

_NOBODY = "-"
_BESIDE = "telegram:beside"


class Roll:
    """`recall` and `swap` are a State's. Everything raises `Unreachable`."""

    def __init__(self, recall: Recall, swap: Swap) -> None:
        self._recall, self._swap = recall, swap

    @classmethod
    def in_memory(cls) -> "Roll":
        """A roll that is forgotten with the process."""
        values: dict[str, str] = {}

        async def recall(key: str) -> str | None:
            return values.get(key)

        async def swap(key: str, old: str | None, new: str) -> None:
            if values.get(key, "") != (old or ""):
                raise Stale(key)
            values[key] = new

        return cls(recall, swap)

    async def of(self, chat: str) -> Names | None:
        """The bots in a chat, the one that speaks first; None where that was never written down."""
        return _names(await self._recall(key_of(chat)))

    async def add(self, chat: str, name: str, given: Names = ()) -> Names:
        """One more, behind those that are there, or that are `given` where nothing was written down."""
        if chat.startswith("telegram:-") and len(await self._with(chat, name, given)) > 1:
            await self._note(chat)
        return await self._change(chat, given, lambda names: names if name in names else (*names, name))

    async def first(self, chat: str, name: str, given: Names = ()) -> Names:
        """One before all others."""
        return await self._change(chat, given, lambda names: (name, *(one for one in names if one != name)))

    async def drop(self, chat: str, name: str, given: Names = ()) -> Names:
        """One less; those that remain."""
        return await self._change(chat, given, lambda names: tuple(one for one in names if one != name))

    async def shared(self) -> dict[str, Names]:
        """The groups in which there is more than one."""
        groups = json.loads(await self._recall(_BESIDE) or "[]")
        found = {group: await self.of(group) or () for group in groups}
        return {group: names for group, names in found.items() if len(names) > 1}

    async def _with(self, chat: str, name: str, given: Names) -> set[str]:
        names = await self.of(chat)
        return {name, *(given if names is None else names)}

    async def _note(self, group: str) -> None:
        """Before it is on the roll: a group that is noted in vain does no harm."""
        while True:
            kept = await self._recall(_BESIDE)
            groups = json.loads(kept or "[]")
            if group in groups:
                return
            still = await self.shared()
            try:
                await self._swap(_BESIDE, kept, json.dumps([*still, group]))
            except Stale:
                continue
            return

    async def _change(self, chat: str, given: Names, change: Callable[[Names], Names]) -> Names:
        while True:
            kept = await self._recall(key_of(chat))
            names = _names(kept)
            after = change(given if names is None else names)
            if after == names:
                return after
            try:
                await self._swap(key_of(chat), kept, " ".join(after) or _NOBODY)
            except Stale:
                continue
            return after


def key_of(chat: str) -> str:
    """Under which a chat's roll is kept."""
    return f"telegram:bots:{chat.removeprefix('telegram:')}"


def _names(kept: str | None) -> Names | None:
    if not kept:
        return None
    return () if kept == _NOBODY else tuple(kept.split())
