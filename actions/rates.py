"""Rates: what cases count for in a period, and the three rates that follow, out of their traces alone.

A report on a period says how things stood at its end (for one that is not over: now), so what happens later changes
nothing in it. After Beijing's 12345 hotline, which measures every district, street and unit by three rates:

Response (响应率)
    Of all cases to which a first answer was given or became due in the period, those that had it in time. A first
    answer is the worker's (takes it on, hands it over, solves it, sends it on) or, where it went to dispatch by
    itself, the unit's (accepts, starts, reports it done); it is in time while no light of the case has been red. That
    a unit gives the ticket back is none, and so is sending it again. A case that lapsed without any answer had none.
Resolution (解决率)
    Of all cases that came to an end in the period, or were live with a red light at the end of it, those that were
    closed by both keys: the worker's and the residents'. Lapsed ones, and those with a red light, count against.
Satisfaction (满意率)
    Of all cases that came to an end in the period, those that the residents confirmed, and whose marks since they
    were settled, if there are any, average at least 3 of 5. An unconfirmed (lapsed) case is never satisfied.

A case has one end, the last in the period: of one that was disputed or came back only the last word counts. What was
withdrawn, dismissed or merged counts in no rate, and what nobody was sure of (doubtful) is no case. Where nothing is
to be measured there is no rate.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce

from actions.case import DROPPED, LIVE, Stage
from actions.course import Count, Course, Event, Standing
from actions.period import Period

SATISFIED_FROM = 3
"""The mean mark, of 1 to 5, from which on whoever confirmed is satisfied."""
FEW = 3
"""Of a confidential category with fewer cases than this the figures do not stand by themselves."""
CONFIDENTIAL = "confidential"
"""Under which such categories are counted together."""
_ENDS = {
    Stage.CLOSED: Count.SETTLED,
    Stage.SOLVED_IN_GRID: Count.SETTLED,
    Stage.LAPSED: Count.LAPSED,
    Stage.WITHDRAWN: Count.WITHDRAWN,
    Stage.NOT_A_PROBLEM: Count.DISMISSED,
    Stage.MERGED: Count.MERGED,
}
_OF_RESPONSE = (Count.IN_TIME, Count.TOO_LATE)


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    of: int

    @property
    def rate(self) -> float | None:
        """From 0 to 1; None where there was nothing to be measured."""
        return self.part / self.of if self.of else None

    @property
    def percent(self) -> str:
        """`66.6 %` with the second place cut off, so that 100 % is all of them; "—" where there is no rate."""
        if not self.of:
            return "—"
        tenths = 1000 * self.part // self.of
        return "100%" if tenths == 1000 else f"{tenths // 10}.{tenths % 10}%"


@dataclass(frozen=True, slots=True)
class Tally:
    """What some cases count for in a period; of two periods or parts the sum is what they count for together."""

    counts: Counter[tuple[Count, str]] = field(default_factory=Counter)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.counts + other.counts)

    def of(self, count: Count) -> int:
        """How many."""
        return sum(many for (one, _), many in self.counts.items() if one is count)

    def by(self, count: Count) -> dict[str, int]:
        """How many of each kind: bounces by their reason, late lights by their node."""
        return {detail: many for (one, detail), many in sorted(self.counts.items()) if one is count}

    @property
    def response(self) -> Share:
        """Answered in time, of all that were due an answer."""
        return Share(self.of(Count.IN_TIME), self.of(Count.IN_TIME) + self.of(Count.TOO_LATE))

    @property
    def resolution(self) -> Share:
        """Settled, of all that came to an end or show a red light."""
        return Share(self.of(Count.SETTLED), self._ended + self.of(Count.OVERDUE))

    @property
    def satisfaction(self) -> Share:
        """Confirmed and not marked badly, of all that came to an end."""
        return Share(self.of(Count.SATISFIED), self._ended)

    @property
    def _ended(self) -> int:
        return self.of(Count.SETTLED) + self.of(Count.LAPSED)


def tally(course: Course, period: Period) -> Tally:
    """What one case counts for in a period."""
    return Tally(Counter((event.count, event.detail) for event in counted(course, period)))


def counted(course: Course, period: Period) -> Iterator[Event]:
    """Everything that one case counts for in a period, each to whom it counts.

    That it was opened and filed counts to whoever has it at the end of the period, and so does how it stands;
    everything else to whoever had it when it happened.
    """
    stood = course.before(period.until)
    if stood is None:
        return
    for event in course.events:
        if event.count is Count.MARKED or not period.has(event.at):
            continue
        if event.count in _OF_RESPONSE and stood.stage in DROPPED:
            continue
        keeps = event.count in (Count.OPENED, Count.FILED)
        yield Event(event.at, event.count, stood.holder, event.detail) if keeps else event
    if stood.stage in LIVE:
        yield from (Event(period.until, count, stood.holder) for count in _open(stood))
    elif period.has(stood.since):
        yield from (Event(stood.since, count, stood.holder) for count in _ended(course, stood, period))


def _open(stood: Standing) -> Iterator[Count]:
    yield Count.OPEN
    if stood.overdue:
        yield Count.OVERDUE


def _ended(course: Course, stood: Standing, period: Period) -> Iterator[Count]:
    end = _ENDS[stood.stage]
    yield end
    if end is Count.SETTLED and _pleased(course, period):
        yield Count.SATISFIED


def _pleased(course: Course, period: Period) -> bool:
    """Whether the marks that belong to the last word, if any, are good enough; who gave none has confirmed it."""
    marks: list[int] = []
    for event in course.events:
        if event.at >= period.until:
            break
        if event.count is Count.REOPENED:
            marks = []
        if event.count is Count.MARKED:
            mark = int(event.detail)
            if mark > 0:
                marks.append(mark)
            elif -mark in marks:
                marks.remove(-mark)
    return not marks or sum(marks) >= SATISFIED_FROM * len(marks)


# --- many cases -------------------------------------------------------------------------------------


class By(StrEnum):
    """What a report is divided by."""

    GRID = "grid"
    UNIT = "unit"
    LEVEL = "level"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a period: of all together, by each division, and the parts of the period one after another.

    `trend` has what was opened and what was settled in each part. `unreadable` cases have a broken trace.
    """

    period: Period
    whole: Tally
    rows: Mapping[By, Mapping[str, Tally]]
    trend: tuple[tuple[Period, int, int], ...]
    unreadable: int = 0


class Counting:
    """Counts cases one by one; each goes wholly to its grid and category, and its events to the units and levels."""

    def __init__(self, period: Period) -> None:
        self._period, self._parts = period, period.parts()
        self._rows: dict[By, defaultdict[str, Counter[tuple[Count, str]]]] = {
            by: defaultdict(Counter) for by in By
        }
        self._hidden: defaultdict[str, Counter[tuple[Count, str]]] = defaultdict(Counter)
        self._cases: Counter[str] = Counter()
        self._days: Counter[tuple[int, Count]] = Counter()

    def add(self, grid: str, course: Course) -> None:
        """One more case, of this grid."""
        events = list(counted(course, self._period))
        stood = course.before(self._period.until)
        if stood is None or not events:
            return
        self._cases[stood.category] += stood.confidential
        of_category = self._hidden if stood.confidential else self._rows[By.CATEGORY]
        for event in events:
            what = event.count, event.detail
            self._rows[By.GRID][grid][what] += 1
            self._rows[By.UNIT][event.holder.unit][what] += 1
            self._rows[By.LEVEL][event.holder.level][what] += 1
            of_category[stood.category][what] += 1
            if event.count in (Count.OPENED, Count.SETTLED):
                self._days[self._part_of(event), event.count] += 1

    def _part_of(self, event: Event) -> int:
        return next(at for at, part in enumerate(self._parts) if event.at < part.until)

    def report(self, unreadable: int = 0) -> Report:
        """The figures so far."""
        rows = {by: {key: Tally(counts) for key, counts in found.items()} for by, found in self._rows.items()}
        for category, counts in self._hidden.items():
            key = category if self._cases[category] >= FEW else CONFIDENTIAL
            rows[By.CATEGORY][key] = rows[By.CATEGORY].get(key, Tally()) + Tally(counts)
        trend = tuple(
            (part, self._days[at, Count.OPENED], self._days[at, Count.SETTLED])
            for at, part in enumerate(self._parts)
        )
        return Report(self._period, total(rows[By.GRID].values()), rows, trend, unreadable)


def total(tallies: Iterable[Tally]) -> Tally:
    """All of them together."""
    return reduce(Tally.__add__, tallies, Tally())
