"""A glance: what was read of the state for one message or one order is not read again for the same.

It is never older than the beginning of that piece of work, and what is decided by it is saved only if it is still so:
a save that finds the group's memory changed is refused, the glance is forgotten, and all is decided again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

from actions.case import Case
from actions.ledger import Change
from actions.talk import Talk
from bot.ports import State

_Seen = dict[str, Talk | Case | None]
_seen: ContextVar[_Seen | None] = ContextVar("seen", default=None)


@contextmanager
def glance() -> Iterator[None]:
    """One piece of work: whatever it reads twice, it reads once."""
    token = _seen.set({})
    try:
        yield
    finally:
        _seen.reset(token)


def glancing(state: State) -> State:
    """The same state, read at a glance inside of `glance()`."""
    return cast("State", _Glancing(state))


class _Glancing:
    def __init__(self, state: State) -> None:
        self._state = state

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    async def talk(self, group: str) -> Talk:
        seen = _seen.get()
        if seen is None:
            return await self._state.talk(group)
        key = f"talk {group}"
        if key not in seen:
            seen[key] = await self._state.talk(group)
        return cast("Talk", seen[key])

    async def case(self, case: str) -> Case | None:
        seen = _seen.get()
        if seen is None:
            return await self._state.case(case)
        if case not in seen:
            seen[case] = await self._state.case(case)
        return cast("Case | None", seen[case])

    async def save(self, change: Change) -> None:
        try:
            await self._state.save(change)
        finally:
            if (seen := _seen.get()) is not None:
                seen.clear()
