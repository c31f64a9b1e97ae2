"""The trace of the responsibility list: which version came into force when, and what it changed."""

import asyncio
from collections.abc import Iterator

import structlog

from actions.chronicle import Decree
from actions.errors import Refused, Unreachable
from actions.matters import Changed, Difference, diff
from bot.matter_list import SHIPPED, Matters
from bot.ports import Clock, State

log = structlog.get_logger("matters")
KEPT = "in_force:matters"
MOST_LINES = 1000
_EVERY_SECONDS = 3.0


class MatterTrace:
    """Looks now and then which version is in force, and writes down when that has changed, also while nobody ran."""

    def __init__(self, matters: Matters, state: State, clock: Clock) -> None:
        self._matters, self._state, self._clock = matters, state, clock
        self._traced: str | None = None

    async def run(self) -> None:
        """For as long as the program runs."""
        while True:
            await self.once()
            await asyncio.sleep(_EVERY_SECONDS)

    async def once(self) -> None:
        """One look; what cannot be written down now is at the next one."""
        version = (await asyncio.to_thread(self._matters.in_force)).version
        if version == self._traced:
            return
        try:
            await self._trace(version)
        except Unreachable as reason:
            log.debug("matters_trace_waits", reason=str(reason))
        else:
            self._traced = version

    async def _trace(self, version: str) -> None:
        old = await self._state.recall(KEPT)
        if old == version:
            return
        changes = await asyncio.to_thread(self._changes, old, version) if old else ()
        by = "linli" if version == SHIPPED and not old else "linli matters"
        await self._state.chronicle(Decree(self._clock.now(), "matters", version, by, changes))
        await self._state.remember(KEPT, version)

    def _changes(self, old: str, new: str) -> tuple[str, ...]:
        try:
            lines = tuple(told(diff(self._matters.version(old), self._matters.version(new))))
        except Refused:  # a version that is gone cannot be compared
            return ()
        more = len(lines) - MOST_LINES
        return (*lines[:MOST_LINES], f"… {more} more") if more > 0 else lines


def told(difference: Difference) -> Iterator[str]:
    """What differs, a line a matter or a field."""
    yield from (f"{one.code}: added, {one.lead}" for one in difference.added)
    yield from (f"{one.code}: removed" for one in difference.removed)
    for one in difference.changed:
        yield from (f"{one.new.code}: {name}: {was} → {now}" for name, was, now in fields_of(one))


def fields_of(changed: Changed) -> Iterator[tuple[str, str, str]]:
    """The fields that differ: name, what it was, what it is."""
    for name in changed.what:
        yield name, _said(getattr(changed.old, name)), _said(getattr(changed.new, name))


def _said(value: object) -> str:
    text = ",".join(value) if isinstance(value, tuple) else str("" if value is None else value)
    return (text if len(text) <= 40 else f"{text[:40]}…") or "—"
