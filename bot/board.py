"""The operator's board: what is going on in all groups, put together for a page to show."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from heapq import nlargest, nsmallest
from itertools import compress
from typing import Any

from actions.assignment import Assignment
from actions.calendar import Calendar
from actions.case import KEYS, SETTLED, Case
from actions.chronicle import Decree
from actions.confidentiality import is_confidential
from actions.facts import Fact
from actions.ledger import DeadLetter, Due
from actions.mask import mask
from actions.orders import WakeAt, WatchClock
from actions.standing import Standing, standing
from bot.briefs import WAITS, Brief, Briefs
from bot.dossier import Ran, ran
from bot.grids import Grids
from bot.health import Health, Part, check
from bot.house import FIVE_DAYS
from bot.matter_list import Matters
from bot.ports import Clock, State
from bot.scopes import Scope

SHOWN = 200
DOUBTS_SHOWN = 20
DECREES_SHOWN = 20
_FRESH_SECONDS = (2.0, 60.0)
_LIGHTS = ("red", "yellow", "green")
_TODAY = ("opened", "filed", "settled", "waiting_keys", "disputed")


@dataclass(frozen=True, slots=True)
class Row:
    """A case on the board. `light` is `green`, `yellow` or `red`; `standing` is None where no clock runs."""

    case: Case
    group: str
    light: str
    age: timedelta
    place: str
    text: str
    standing: Standing | None = None


@dataclass(frozen=True, slots=True)
class Board:
    """Everything at one moment. `live` counts all live cases, `rows` are the first of them.

    `lights` counts the live cases by their light.
    What nobody is sure of is no case: `doubts` counts it, `unsure` is the newest of it.
    """

    at: datetime
    rows: Sequence[Row]
    live: int
    groups: int
    today: Mapping[str, int]
    depth: Mapping[str, int]
    dead: Sequence[DeadLetter]
    health: Mapping[str, Health]
    doubts: int = 0
    unsure: Sequence[Row] = ()
    lights: Mapping[str, int] = field(default_factory=dict)
    decrees: Sequence[Decree] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """One case with all that has happened to it and all that is still to be done."""

    row: Row
    matter: str
    ran: Sequence[Ran]
    facts: Sequence["Told"]
    orders: Sequence["Told"]


@dataclass(frozen=True, slots=True)
class Told:
    """A fact or an order in words: when, what, who, and the rest, masked."""

    at: datetime
    kind: str
    who: str = ""
    tries: int = 0
    details: Sequence[tuple[str, str]] = field(default=())


def as_seen(board: Board, scopes: frozenset[Scope]) -> Board:
    """As much of a board as these scopes show. What is confidential is counted and not told."""
    open_only = Scope.CONFIDENTIAL not in scopes
    return replace(
        board,
        rows=[row for row in board.rows if not (open_only and is_confidential(row.case))],
        unsure=[row for row in board.unsure if not (open_only and is_confidential(row.case))],
        dead=board.dead if Scope.OPERATE in scopes else (),
        decrees=board.decrees if Scope.TRACE in scopes else (),
    )


class Boards:
    """Makes boards, and keeps the last one for a while: the longer it took, the longer."""

    def __init__(
        self,
        state: State,
        parts: Sequence[Part],
        clock: Clock,
        grids: Grids,
        calendar: Calendar = FIVE_DAYS,
        *,
        matters: Matters | None = None,
    ) -> None:
        self._state, self._parts, self._clock, self._grids = state, parts, clock, grids
        self._calendar, self._matters = calendar, matters
        self._briefs, self._lock = Briefs(state), asyncio.Lock()
        self._board: Board | None = None
        self._fresh_until = 0.0

    async def board(self) -> Board:
        """The board, at most a minute old. Raises `Unreachable`."""
        async with self._lock:
            if self._board is None or time.monotonic() > self._fresh_until:
                begun = time.monotonic()
                self._board = await self._look()
                least, most = _FRESH_SECONDS
                took = time.monotonic() - begun
                self._fresh_until = time.monotonic() + min(most, max(least, 10 * took))
            return self._board

    async def story(self, number: str) -> Story | None:
        """One case and its trace."""
        case = await self._state.case(number)
        if case is None:
            return None
        talk = await self._state.talk(case.group)
        now = self._clock.now()
        return Story(
            self._row(case, talk.title, now),
            self._matter(case),
            ran(case, self._grids.policy_of(case.group), self._calendar, now),
            [_fact(fact) for fact in await self._state.trace(number)],
            [_order(due) for due in await self._state.waiting(number) if not _outdated(due, case)],
        )

    def _matter(self, case: Case) -> str:
        said = case.assignment
        return (self._matters.name_of(said) if self._matters else said.matter) if said else ""

    async def replay(self, letter: str) -> bool:
        """Put a dead letter back; False if it is there no more."""
        self._fresh_until = 0.0
        return await self._state.replay(letter)

    async def _look(self) -> Board:
        now = self._clock.now()
        groups = await self._state.groups()
        midnight = now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        today, lights = Counter[str](), Counter[str]()
        first, unsure, doubts = list[tuple[Any, ...]](), list[Brief](), 0
        async for briefs in self._briefs.look(groups, midnight):
            sure = [brief for brief in briefs if not brief.doubtful]
            today.update(what for brief in sure for what in _today(brief, midnight))
            live = [(*_attention(brief, light), brief.case) for brief, light in self._lit(sure, now)]
            lights.update(_LIGHTS[one[1]] for one in live)
            first = nsmallest(SHOWN, (*first, *live))
            doubtful = [brief for brief in briefs if brief.doubtful and brief.live]
            unsure = nlargest(DOUBTS_SHOWN, (*unsure, *doubtful), key=lambda brief: brief.opened_at)
            doubts += len(doubtful)
        return Board(
            at=now,
            rows=await self._rows([one[-1] for one in first], now),
            live=lights.total(),
            groups=len(groups),
            today={what: today[what] for what in _TODAY},
            depth=await self._state.depth(),
            dead=await self._state.dead(50),
            health=await check(self._parts),
            doubts=doubts,
            unsure=await self._rows([brief.case for brief in unsure], now),
            lights=lights,
            decrees=await self._state.chronicles(DECREES_SHOWN),
        )

    def _lit(self, briefs: Iterable[Brief], now: datetime) -> Iterator[tuple[Brief, str]]:
        """The live ones, each with its light."""
        return ((brief, self._light(brief, now)) for brief in briefs if brief.live)

    async def _rows(self, cases: Sequence[str], now: datetime) -> list[Row]:
        """The rows of cases, in this order; what is gone or over by now is left out."""
        rows = []
        for number in cases:  # one by one, for to count working hours takes a while, and others wait
            talk, case = await self._state.scene(number)
            if case and case.live:
                rows.append(self._row(case, talk.title, now))
        return rows

    def _row(self, case: Case, title: str, now: datetime) -> Row:
        stands = standing(case, self._grids.policy_of(case.group), self._calendar, now)
        return Row(
            case=case,
            group=title or case.group,
            light=self._light(Brief.of(case), now),
            age=now - case.opened_at,
            place=mask(case.place),
            text=mask(case.text),
            standing=stands,
        )

    def _light(self, brief: Brief, now: datetime) -> str:
        """That of its clocks; where none runs, how much of its wait has gone."""
        if brief.light:
            return brief.light.value
        share = (now - brief.changed_at) / self._grids.wait(brief.group, WAITS[brief.stage])
        return "red" if share >= 1 or brief.reminders else "yellow" if share >= 0.5 else "green"


def _attention(brief: Brief, light: str) -> tuple[bool, int, int, int, datetime]:
    """What needs a person first: emergencies, late ones, disputed ones, then the oldest."""
    urgency = {"emergency": 0, "urgent": 1}.get(brief.urgency.value, 2)
    return (urgency != 0, _LIGHTS.index(light), -brief.disputes, urgency, brief.opened_at)


def _today(brief: Brief, midnight: datetime) -> Iterator[str]:
    """As what a case counts today, of `_TODAY`."""
    opened = brief.opened_at >= midnight
    settled = brief.stage in SETTLED and brief.changed_at >= midnight
    counted = (opened, opened and brief.filed, settled, brief.stage in KEYS, brief.live and brief.disputes)
    return compress(_TODAY, counted)


def _outdated(due: Due, case: Case) -> bool:
    """A wait that the case is no longer in, a clock that has stopped: it will change nothing."""
    if isinstance(due.order, WatchClock):
        number = due.order.clock
        return not (0 <= number < len(case.clocks) and case.clocks[number].runs)
    return isinstance(due.order, WakeAt) and due.order.timer != case.timer


_SAID_APART = {
    "at",
    "by",
    "by_name",
    "message",
    "case",
    "key",
    "group",
    "number",
    "timer",
    "update",
    "face",
    "household",
    "meaning",
    "keys",
    "clock",
}


def _fact(fact: Fact) -> Told:
    return Told(fact.at, type(fact).__name__, mask(fact.by_name) or fact.by, details=_details(fact))


def _order(due: Due) -> Told:
    return Told(due.at, type(due.order).__name__, tries=due.tries, details=_details(due.order))


def _details(record: Any) -> list[tuple[str, str]]:
    """The fields that say something, masked; attachments are counted, not named."""
    found = []
    for one in fields(record):
        value = getattr(record, one.name)
        if one.name in _SAID_APART or value in (None, "", (), one.default):
            continue
        found.append((one.name, mask(_in_words(value))))
    return found


def _in_words(value: Any) -> str:
    if isinstance(value, Assignment):
        return f"{value.unit} · {value.matter} · {value.list_version}"
    return str(len(value)) if isinstance(value, tuple) else str(value)
