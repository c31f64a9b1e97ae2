"""Accounts: what is told of a day to whoever oversees groups, read out of traces, memories and open cases."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

import structlog

from actions.case import IllegalMove
from actions.digest import Account, Did, Part, Relief, lights_of, relief_of
from actions.levels import Level
from actions.nodes import Light
from actions.period import Period
from actions.rates import By, Report, Tally, total
from bot.house import House

log = structlog.get_logger("accounts")
_AT_ONCE = 20
_MOST_KEPT = 10_000
_WEEK, _DAY = timedelta(days=7), timedelta(days=1)
_SKEW = _DAY
"""By so much the last fact of a trace may be earlier than another one in it."""


@dataclass(slots=True)
class _Group:
    """What one group contributes."""

    lights: Counter[Light] = field(default_factory=Counter)
    relief: Relief = field(default_factory=Relief)


class Accounts:
    """Makes accounts. What was done on a day that is over does not change, and is counted once."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._did: dict[tuple[str, date], Counter[Did]] = {}

    async def account(self, groups: Iterable[str], day: date) -> Account:
        """The day of these groups, and the week up to it. Raises `Unreachable`."""
        zone, wanted = self._house.grids.zone, sorted(groups)
        period = Period(day, day, zone)
        reports, known = self._house.reports, frozenset(wanted)
        whole = await reports.report(period, known)
        week = await reports.report(Period(day - _WEEK + _DAY, day, zone), known)
        found = await self._groups(wanted, period)
        lights = sum((one.lights for one in found.values()), Counter[Light]())
        relief = sum((one.relief for one in found.values()), Relief())
        return Account(whole, week, lights, relief, await self._parts(whole, found))

    async def _groups(self, groups: list[str], period: Period) -> dict[str, _Group]:
        found: dict[str, _Group] = {}
        for at in range(0, len(groups), _AT_ONCE):
            some = groups[at : at + _AT_ONCE]
            parts = await asyncio.gather(*(self._group(group, period) for group in some))
            found |= dict(zip(some, parts, strict=True))
        return found

    async def _group(self, group: str, period: Period) -> _Group:
        state = self._house.state
        days = (await state.talk(group)).days
        reads = next(((one.read, one.silent) for one in days if one.day == period.first), (0, 0))
        lights = lights_of(await state.cases(group, live=True))
        return _Group(lights, Relief(await self._done(group, period), *reads))

    async def _done(self, group: str, period: Period) -> Counter[Did]:
        key = group, period.first
        if key not in self._did:
            did: Counter[Did] = Counter()
            for case in await self._house.state.cases(group, every=True):
                if case.changed_at >= period.since - _SKEW:
                    did += await self._of_case(case.id, period)
            if len(self._did) >= _MOST_KEPT:
                self._did.clear()
            self._did[key] = did
        return self._did[key]

    async def _of_case(self, case: str, period: Period) -> Counter[Did]:
        try:
            return relief_of(await self._house.state.trace(case), period)
        except (IllegalMove, ValueError) as reason:
            log.warning("trace_broken", case=case, reason=str(reason))
            return Counter()

    # --- by community ---------------------------------------------------------------------------------

    async def _parts(self, report: Report, found: dict[str, _Group]) -> tuple[Part, ...]:
        """By community; where there is only one, by grid."""
        places = {group: self._community(group) for group in found}
        if len(set(places.values())) < 2:
            grids = {group: self._house.grids.grid_of(group)[0] or group for group in found}
            names = await self._house.reports.names(set(grids.values()))
            places = {group: (grid, names[grid]) for group, grid in grids.items()}
        parts = [self._part(place, places, report, found) for place in dict.fromkeys(places.values())]
        return tuple(sorted(parts, key=_weight)) if len(parts) > 1 else ()

    def _part(
        self,
        place: tuple[str, str],
        places: dict[str, tuple[str, str]],
        report: Report,
        found: dict[str, _Group],
    ) -> Part:
        groups = [group for group, where in places.items() if where == place]
        grids = {self._house.grids.grid_of(group)[0] or group for group in groups}
        rows = report.rows[By.GRID]
        lights = sum((found[group].lights for group in groups), Counter[Light]())
        return Part(place[1], total(rows.get(grid, Tally()) for grid in grids), lights)

    def _community(self, group: str) -> tuple[str, str]:
        """The id and the name of the community that a group is in, or of the lowest area that there is."""
        tree, area = self._house.grids.hierarchy, self._house.grids.area_of(group)
        lowest = next(iter(tree.chain(area)), None)
        community = tree.at(area, Level.COMMUNITY) or lowest
        return (community.id, community.name) if community else ("", "")


def _weight(part: Part) -> tuple[int, int, str]:
    return -part.lights.get(Light.RED, 0), -sum(part.lights.values()), part.name
