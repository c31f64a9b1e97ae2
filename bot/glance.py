"""A glance: what was read of the state for one message or one order is not read again for the same.

It is never older than the beginning of that piece of work: what another of this process has saved since is known too. And
what is decided by it is saved only if it is still so: a save that finds the group's memory changed is refused, the glance is
forgotten, and all is decided again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from actions.case import Case
from actions.ledger import Change, Due
from actions.talk import Talk
from bot.ports import State
from connectors.partition import group_of_case

_REMEMBERED = 1000
"""Groups of which is known what the last save left. A piece of work that lasts longer than so many saves learns it by a
refused one of its own.
"""
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
        self._saved: dict[str, _Seen] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._state, name)

    async def talk(self, group: str) -> Talk:
        seen = self._seen(group)
        if seen is None:
            return await self._state.talk(group)
        key = f"talk {group}"
        if key not in seen:
            seen[key] = await self._state.talk(group)
        return cast("Talk", seen[key])

    async def case(self, case: str) -> Case | None:
        seen = self._seen(group_of_case(case))
        if seen is None:
            return await self._state.case(case)
        if case not in seen:
            seen[case] = await self._state.case(case)
        return cast("Case | None", seen[case])

    async def scene(self, case: str) -> tuple[Talk, Case | None]:
        group = group_of_case(case)
        seen, key = self._seen(group), f"talk {group}"
        if seen is None:
            return await self._state.scene(case)
        if key not in seen and case not in seen:
            seen[key], seen[case] = await self._state.scene(case)
        return await self.talk(group), await self.case(case)

    async def begin(self, due: Due, now: datetime) -> tuple[Due, Talk, Case | None]:
        begun, talk, case = await self._state.begin(due, now)
        seen = self._seen(due.group)
        if seen is not None:
            seen[f"talk {due.group}"] = talk
            if group_of_case(due.order.case) == due.group:
                seen[due.order.case] = case
        return begun, talk, case

    async def save(self, change: Change) -> bool:
        self._saved.pop(change.talk.group, None)
        try:
            saved = await self._state.save(change)
        finally:
            if (seen := _seen.get()) is not None:
                seen.clear()
        if saved:
            self._saved[change.talk.group] = _left_by(change)
            if len(self._saved) > _REMEMBERED:
                del self._saved[next(iter(self._saved))]
        return saved

    def _seen(self, group: str) -> _Seen | None:
        """What this piece of work has read; where another of this process has saved something since, what that left."""
        seen, key = _seen.get(), f"talk {group}"
        if (
            seen
            and key in seen
            and (saved := self._saved.get(group))
            and _version(saved, key) > _version(seen, key)
        ):
            seen.clear()
            seen |= saved
        return seen


def _left_by(change: Change) -> _Seen:
    """The memory and the cases as they stand after a save."""
    talk = replace(change.talk, version=change.talk.version + 1)
    return {f"talk {talk.group}": talk, **{moved.case.id: moved.case for moved in change.moved}}


def _version(seen: _Seen, key: str) -> int:
    return cast("Talk", seen[key]).version
