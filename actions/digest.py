"""Digest: what a group is told of its day, and those who oversee it of the day before, with what the bot did by itself.

The group is told of what it may know of (actions/confidentiality.py); whoever oversees it is told of everything, in
counts. Relief (减负) is read out of the traces: each fact that nobody had to bring about by hand counts once. It is not
turned into minutes: how long somebody would have taken nobody knows.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from actions import facts as f
from actions import orders as o
from actions.advance import advance
from actions.case import DROPPED, Case, Stage
from actions.clocks import light_of
from actions.confidentiality import Audience, Field, secrecy_of, sees
from actions.course import Count, Course
from actions.nodes import Light
from actions.orders import Sentence
from actions.period import Period
from actions.rates import Report, Tally

_DONE = (Stage.CLOSED, Stage.SOLVED_IN_GRID)


# --- the day of a group -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    """The cases that a group is told of: reported, settled and run out unconfirmed that day, and still open now.

    What is open comes first where its light is worst, then where it has waited longest.
    """

    raised: tuple[Case, ...] = ()
    done: tuple[Case, ...] = ()
    lapsed: tuple[Case, ...] = ()
    open: tuple[Case, ...] = ()

    @property
    def uneventful(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.raised or self.done or self.lapsed or self.open)


def day_of(known: Iterable[tuple[Case, Course]], since: datetime, until: datetime) -> Day:
    """The day of a group, from `since` on and before `until`, out of its cases. What the group may not know of, what
    nobody is sure of, and what was taken back or put away is no part of it.
    """
    shown = [
        (case, course)
        for case, course in known
        if _is_known(case) and not case.doubtful and case.stage not in DROPPED
    ]
    ended = [case for case, course in shown if not case.live and since <= _stands_since(case, course) < until]
    return Day(
        raised=tuple(case for case, course in shown if _opened(course, since, until)),
        done=tuple(case for case in ended if case.stage in _DONE),
        lapsed=tuple(case for case in ended if case.stage is Stage.LAPSED),
        open=tuple(sorted((case for case, _ in shown if case.live), key=_turn)),
    )


def _is_known(case: Case) -> bool:
    return sees(Audience.GROUP, Field.NUMBER, secrecy_of(case))


def _opened(course: Course, since: datetime, until: datetime) -> bool:
    return any(event.count is Count.OPENED and since <= event.at < until for event in course.events)


def _stands_since(case: Case, course: Course) -> datetime:
    return course.standings[-1].since if course.standings else case.changed_at


def _turn(case: Case) -> tuple[int, datetime]:
    return -light_of(case).rank, case.opened_at


# --- relief -------------------------------------------------------------------------------------------------


class Did(StrEnum):
    """What the bot did without a person; `BY_HAND` is what grid workers did themselves."""

    OPENED = "opened"
    FILED = "filed"
    CHASED = "chased"
    ASKED = "asked"
    PLACES = "places"
    MERGED = "merged"
    BY_HAND = "by_hand"


_BY_HAND = (
    f.TakenOn,
    f.Dispatched,
    f.SolvedOnSite,
    f.HandedOver,
    f.GivenBack,
    f.Inspected,
    f.WorkerConfirmed,
    f.WorkerDenied,
    f.Recategorised,
    f.Assigned,
    f.Raised,
    f.Relocated,
    f.SplitOff,
    f.SetApart,
    f.Merged,
    f.Dismissed,
)
_SAID_ALREADY = (f.Repeated, f.CameBack, f.JoinedTicket)
"""A report of what is a case already, here or in another group: it is reported only once."""
_REMINDERS = (Sentence.REMIND_WORKER, Sentence.REMIND_WORKER_KEY, Sentence.REMIND_RESIDENTS)
_KEYS = ("worker_key", "residents_key")


def relief_of(trace: Iterable[f.Fact], period: Period) -> Counter[Did]:
    """What was done for one case in a period, and by whom. Raises `IllegalMove` for a broken trace.

    A fact that states an earlier time than the one before it counts at the time of that, as in actions/course.py.
    """
    counts: Counter[Did] = Counter()
    once: set[str] = set()
    case: Case | None = None
    at: datetime | None = None
    for fact in trace:
        before, (case, orders) = case, advance(case, fact)
        at = fact.at if at is None else max(at, fact.at)
        did = list(_did(before, case, fact, orders, once))
        if period.has(at):
            counts.update(did)
    return counts


def _did(
    before: Case | None, case: Case, fact: f.Fact, orders: Sequence[o.Order], once: set[str]
) -> Iterator[Did]:
    """What a fact stands for; `once` keeps what counts, or matters, one time in a case."""
    if isinstance(fact, _BY_HAND):
        yield Did.BY_HAND
        if case.stage is Stage.FILING and before and before.stage is not Stage.FILING:
            once.add("sent by hand")
    if case.doubtful:
        return
    if _first("opened", once):
        yield Did.OPENED
    if isinstance(fact, f.TicketFiled) and _first("filed", once) and "sent by hand" not in once:
        yield Did.FILED
    if isinstance(fact, _SAID_ALREADY):
        yield Did.MERGED
    if any(isinstance(order, o.Alert) or _reminds(order) for order in orders):
        yield Did.CHASED
    if isinstance(fact, f.Posted | f.Whispered):
        yield from _asked(case, fact.what, once)


def _asked(case: Case, what: str, once: set[str]) -> Iterator[Did]:
    if what in _KEYS:
        yield Did.ASKED
    if what == "card" and case.stage is Stage.ASKING_WHERE and _first("asked where", once):
        yield Did.PLACES


def _reminds(order: o.Order) -> bool:
    return isinstance(order, o.Say) and order.sentence in _REMINDERS


def _first(what: str, once: set[str]) -> bool:
    new = what not in once
    once.add(what)
    return new


# --- what is told to whoever oversees a group ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Relief:
    """What the bot did, how many messages it read, and to how many of them it kept silent: chatter."""

    did: Counter[Did] = field(default_factory=Counter)
    read: int = 0
    silent: int = 0

    def __add__(self, other: "Relief") -> "Relief":
        return Relief(self.did + other.did, self.read + other.read, self.silent + other.silent)


@dataclass(frozen=True, slots=True)
class Part:
    """A community, or a grid of the only one: its name, what it counts for, and what is open there by its light."""

    name: str
    tally: Tally
    lights: Mapping[Light, int]


@dataclass(frozen=True, slots=True)
class Account:
    """What a person is told of a day: the figures, those of the week up to it, what is open now, and the relief."""

    day: Report
    week: Report
    lights: Mapping[Light, int]
    relief: Relief
    parts: tuple[Part, ...] = ()

    @property
    def uneventful(self) -> bool:
        """Whether there is nothing to tell: that people chatted is no news."""
        counts = self.day.whole.counts
        return (
            not any(counts.values()) and not any(self.lights.values()) and not any(self.relief.did.values())
        )


def lights_of(cases: Collection[Case]) -> Counter[Light]:
    """How many open cases show each light; what nobody is sure of shows none."""
    return Counter(light_of(case) for case in cases if case.live and not case.doubtful)
