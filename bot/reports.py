"""Reports: the figures of many groups put together, for the chat, the console and the command."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from actions.case import Case, IllegalMove
from actions.course import Course, course_of
from actions.period import Period
from actions.rates import Counting, Report
from bot.grids import Grids
from bot.ports import State

log = structlog.get_logger("reports")
_AT_ONCE = 20
_BREATH = 200
"""After so many cases others have their turn."""
_FRESH_SECONDS = (2.0, 60.0)
_MOST_KEPT = 50_000
_MOST_LOOKS = 16
_SKEW = timedelta(days=1)
"""By so much the last fact of a trace may be earlier than another one in it."""


@dataclass(slots=True)
class _Look:
    """What a look at some groups found; it is good until it is too old."""

    courses: list[tuple[str, Course]] = field(default_factory=list)
    unreadable: int = 0
    fresh_until: float = 0.0


class Reports:
    """Makes reports out of the traces. What a trace says is kept until it grows; a look is kept as a board is."""

    def __init__(self, state: State, grids: Grids) -> None:
        self._state, self._grids = state, grids
        self._lock = asyncio.Lock()
        self._courses: dict[str, tuple[int, Course | None]] = {}
        self._looks: dict[tuple[Period, frozenset[str] | None], _Look] = {}

    async def report(self, period: Period, groups: Iterable[str] | None = None) -> Report:
        """The figures of these groups, or of all that there are; at most a minute old. Raises `Unreachable`.

        The rows by grid are keyed by the grid's id, for a group without one by the group's.
        """
        wanted = None if groups is None else frozenset(groups)
        async with self._lock:
            look = await self._look(period, wanted)
        counting = Counting(period)
        for at, (grid, course) in enumerate(look.courses):
            counting.add(grid, course)
            if at % _BREATH == _BREATH - 1:
                await asyncio.sleep(0)
        return counting.report(look.unreadable)

    async def names(self, keys: Iterable[str]) -> dict[str, str]:
        """The names of grids, and the titles of groups without one. Raises `Unreachable`."""
        known = self._grids.names()
        return {key: known.get(key) or await self._title(key) for key in keys}

    async def _title(self, group: str) -> str:
        return (await self._state.talk(group)).title or group

    async def _look(self, period: Period, groups: frozenset[str] | None) -> _Look:
        kept = self._looks.get((period, groups))
        if kept and time.monotonic() <= kept.fresh_until:
            return kept
        begun = time.monotonic()
        wanted = sorted(groups) if groups is not None else await self._state.groups()
        look = _Look()
        for some in _in_parts(wanted):
            for group, courses in zip(
                some, await asyncio.gather(*(self._group(g, period) for g in some)), strict=True
            ):
                key = self._grids.grid_of(group)[0] or group
                look.courses += [(key, course) for course in courses if course]
                look.unreadable += courses.count(None)
        least, most = _FRESH_SECONDS
        now = time.monotonic()
        look.fresh_until = now + min(most, max(least, 10 * (now - begun)))
        self._looks = {key: one for key, one in self._looks.items() if one.fresh_until > now}
        if len(self._looks) < _MOST_LOOKS:
            self._looks[period, groups] = look
        return look

    async def _group(self, group: str, period: Period) -> list[Course | None]:
        cases = await self._state.cases(group, every=True)
        return [
            await self.course(case) for case in cases if case.live or case.changed_at >= period.since - _SKEW
        ]

    async def course(self, case: Case) -> Course | None:
        """The case's course out of its trace; None where that cannot be followed. Raises `Unreachable`."""
        version, course = self._courses.get(case.id, (-1, None))
        if version == case.version:
            return course
        try:
            course = course_of(await self._state.trace(case.id))
        except (IllegalMove, ValueError) as reason:
            log.warning("trace_broken", case=case.id, reason=str(reason))
            course = None
        if len(self._courses) >= _MOST_KEPT:
            self._courses.clear()
        self._courses[case.id] = case.version, course
        return course


def _in_parts(groups: Sequence[str]) -> list[Sequence[str]]:
    return [groups[at : at + _AT_ONCE] for at in range(0, len(groups), _AT_ONCE)]
