"""The course of a case: what it counts for and since when it stood how, read out of its trace and nothing else.

A course is what is left of a trace when figures are all that is wanted: no words, no people. How it stood at an
earlier moment can be read from it, so a report on the past is the same whenever it is made.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from actions import facts as f
from actions.advance import advance
from actions.case import SETTLED, Case, Stage
from actions.confidentiality import Audience, Field, secrecy_of, sees
from actions.nodes import Light, Node

IN_GRID = "grid"
"""The level of what never went to dispatch; the unit of it is ""."""
UNNAMED = "—"
"""The unit and the level of a ticket for which the responsibility list names nobody."""


class Count(StrEnum):
    """What is counted: first what happens to a case, then how it stands."""

    OPENED = "opened"
    FILED = "filed"
    IN_TIME = "in_time"
    TOO_LATE = "too_late"
    BOUNCED = "bounced"
    DISPUTED = "disputed"
    HALF_FIXED = "half_fixed"
    REOPENED = "reopened"
    RAISED = "raised"
    LATE = "late"
    MARKED = "marked"
    SETTLED = "settled"
    SATISFIED = "satisfied"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    DISMISSED = "dismissed"
    MERGED = "merged"
    OPEN = "open"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose it is: the unit that has the ticket and its level; "" and `IN_GRID` while the grid has it."""

    unit: str = ""
    level: str = IN_GRID


GRID = Holder()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that counts: when, what, to whom it counts, and what kind of it (a node, a reason, a mark)."""

    at: datetime
    count: Count
    holder: Holder
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a case stood from `at` on; in its stage it had been since `since`. `overdue`: a light was red."""

    at: datetime
    since: datetime
    stage: Stage
    overdue: bool
    holder: Holder
    category: str
    confidential: bool


@dataclass(frozen=True, slots=True)
class Course:
    """All that counts of one case, in its order; without standings for what was never sure to be a case."""

    events: tuple[Event, ...] = ()
    standings: tuple[Standing, ...] = ()

    def before(self, moment: datetime) -> Standing | None:
        """How it stood just before a moment; None where it was no case yet."""
        return next((one for one in reversed(self.standings) if one.at < moment), None)


def course_of(trace: Iterable[f.Fact]) -> Course:
    """The course of the case with this trace, oldest fact first. Raises `IllegalMove` for a broken trace.

    Facts count in the order in which they were written down: one that states an earlier time than the one before
    it (a message that came late) counts at the time of that.
    """
    events: list[Event] = []
    standings: list[Standing] = []
    case: Case | None = None
    at: datetime | None = None
    for fact in trace:
        before, (case, _) = case, advance(case, fact)
        at = fact.at if at is None else max(at, fact.at)
        if case.doubtful:
            continue
        known = before if before and not before.doubtful else None
        events += _events(known, case, fact, at, {event.count for event in events})
        standing = _standing(case, at, standings[-1] if standings else None)
        if standing:
            standings.append(standing)
    return Course(tuple(events), tuple(standings))


def _standing(case: Case, at: datetime, last: Standing | None) -> Standing | None:
    """How the case stands now; None where that is as it was."""
    now = Standing(
        at=at,
        since=last.since if last and last.stage is case.stage else at,
        stage=case.stage,
        overdue=any(clock.runs and clock.light is Light.RED for clock in case.clocks),
        holder=_holder(case),
        category=case.category,
        confidential=not sees(Audience.EXPORT, Field.CATEGORY, secrecy_of(case)),
    )
    return None if last and replace(now, at=last.at) == last else now


def _holder(case: Case) -> Holder:
    if case.ticket is None:
        return GRID
    assigned = case.assignment
    return Holder(assigned.unit or UNNAMED, assigned.level.value) if assigned else Holder(UNNAMED, UNNAMED)


def _events(before: Case | None, case: Case, fact: f.Fact, at: datetime, had: set[Count]) -> Iterator[Event]:
    had_by = _holder(before or case)  # a ruling may have given it to another meanwhile
    if before is None:
        yield Event(at, Count.OPENED, had_by)
    if case.ticket and Count.FILED not in had:
        yield Event(at, Count.FILED, _holder(case))
    if not had & {Count.IN_TIME, Count.TOO_LATE} and (answer := _answer(before, case, fact)):
        yield Event(at, answer, had_by)
    if isinstance(fact, f.LightTurned) and fact.light is Light.RED:
        node = case.clocks[fact.clock].node
        yield Event(at, Count.LATE, had_by if node in (Node.ACCEPT, Node.WORK) else GRID, node.value)
    if isinstance(fact, f.SatisfactionGiven):
        # A household may change its mark; what it gave before is taken off again.
        changed = (score for who, score in (before or case).scores if dict(case.scores).get(who) != score)
        yield from (Event(at, Count.MARKED, had_by, f"-{score}") for score in changed)
        yield Event(at, Count.MARKED, had_by, str(fact.score))
    if before:
        yield from (Event(at, count, had_by, detail) for count, detail in _turns(before, case))


def _turns(before: Case, case: Case) -> Iterator[tuple[Count, str]]:
    """What went another way than it should."""
    if len(case.bounces) > len(before.bounces):
        yield Count.BOUNCED, case.bounces[-1]
    if case.disputes > before.disputes:
        yield Count.DISPUTED, ""
    if case.halves > before.halves:
        yield Count.HALF_FIXED, ""
    if case.raised > before.raised:
        yield Count.RAISED, ""
    if before.stage in SETTLED and case.live:
        yield Count.REOPENED, ""


_ANSWERS = (f.TakenOn, f.HandedOver, f.SolvedOnSite, f.TicketAccepted, f.WorkStarted, f.WorkDone)
_SENT_ON = (f.Dispatched, f.Raised)
_SENT_ON_BY_CORRECTION = (f.Recategorised, f.Relocated)


def _answer(before: Case | None, case: Case, fact: f.Fact) -> Count | None:
    """Whether this is the first answer, or the moment at which it is too late for one."""
    if isinstance(fact, _ANSWERS) or _sent_on(before, case, fact):
        return Count.IN_TIME
    if (isinstance(fact, f.LightTurned) and fact.light is Light.RED) or case.stage in SETTLED:
        return Count.TOO_LATE
    return None


def _sent_on(before: Case | None, case: Case, fact: f.Fact) -> bool:
    """By the worker, to dispatch. What a unit gave back and is sent again is no answer: the unit's clock runs on."""
    if before and before.ticket:
        return False
    corrected = isinstance(fact, _SENT_ON_BY_CORRECTION) and case.stage is Stage.FILING
    return isinstance(fact, _SENT_ON) or (corrected and bool(before and before.stage is Stage.WAITING_WORKER))
