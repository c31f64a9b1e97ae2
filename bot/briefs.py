"""Briefs: what the board counts and sorts by, of every case, kept from one look to the next.

A group is read again only when its chain has grown: so a look at a city costs what has happened since the last one.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from actions.case import Case, Stage
from actions.chain import Head
from actions.nodes import Light
from actions.orders import Wait
from actions.reading import Urgency
from bot.ports import State

_AT_ONCE, _READ_AT_ONCE = 200, 50
"""Groups of one lot, after which others have their turn, and of those, groups that are read side by side."""

WAITS = {
    Stage.ASKING_WHERE: Wait.WHERE,
    Stage.WAITING_WORKER: Wait.WORKER,
    Stage.HANDLING: Wait.HANDLING,
    Stage.WORKER_KEY: Wait.WORKER_KEY,
    Stage.RESIDENTS_KEY: Wait.RESIDENTS_KEY,
}
"""What is waited for in a stage."""


@dataclass(frozen=True, slots=True)
class Brief:
    """A case in short. `light` is None where it is a matter of how much of its wait has gone."""

    case: str
    group: str
    stage: Stage
    urgency: Urgency
    opened_at: datetime
    changed_at: datetime
    light: Light | None
    disputes: int
    reminders: int
    live: bool
    doubtful: bool
    filed: bool

    @classmethod
    def of(cls, case: Case) -> Self:
        """The brief of a case as it is now."""
        return cls(
            case=case.id,
            group=case.group,
            stage=case.stage,
            urgency=case.urgency,
            opened_at=case.opened_at,
            changed_at=case.changed_at,
            light=_light(case),
            disputes=case.disputes,
            reminders=case.reminders,
            live=case.live,
            doubtful=case.doubtful,
            filed=case.ticket is not None,
        )


def _light(case: Case) -> Light | None:
    """The worst of the clocks that run; without any, what the stage says, or nothing yet where somebody is waited for."""
    if case.stage is Stage.FILING and case.delayed:
        return Light.RED
    if running := [clock.light for clock in case.clocks if clock.runs]:
        return max(running, key=lambda light: light.rank)
    if case.stage in WAITS:
        return None
    back = case.round or case.stage in {Stage.RETURNED, Stage.WORK_DONE}
    return Light.YELLOW if back else Light.GREEN


class Briefs:
    """Those of all groups. Every method raises `Unreachable`."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[str, tuple[Head, tuple[Brief, ...]]] = {}

    async def look(self, groups: Sequence[str], since: datetime) -> AsyncIterator[list[Brief]]:
        """The briefs of these groups, some groups at a time: of what lives, and of what has moved since then at least."""
        for start in range(0, len(groups), _AT_ONCE):
            some = groups[start : start + _AT_ONCE]
            heads = dict(zip(some, await self._state.heads(some), strict=True))
            new = [group for group in some if not self._knows(group, heads[group])]
            for first in range(0, len(new), _READ_AT_ONCE):
                part = new[first : first + _READ_AT_ONCE]
                await asyncio.gather(*(self._read(group, heads[group], since) for group in part))
            yield [brief for group in some for brief in self._known[group][1]]

    def _knows(self, group: str, head: Head) -> bool:
        """What has no chain yet, from before there were any, is not known by its chain."""
        return bool(head.n) and group in self._known and self._known[group][0] == head

    async def _read(self, group: str, head: Head, since: datetime) -> None:
        cases = await self._state.cases(group)
        kept = tuple(Brief.of(case) for case in cases if case.live or case.changed_at >= since)
        self._known[group] = head, kept
