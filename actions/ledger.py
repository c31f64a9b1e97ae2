"""What is written down together: entries of the inbox, due orders, and one Change that saves it all."""

from dataclasses import dataclass
from datetime import datetime

from actions.case import Case
from actions.facts import Fact
from actions.orders import Order
from actions.talk import Talk


class Stale(Exception):
    """The group was changed by somebody else since it was read: read again, decide again."""


class Fenced(Exception):
    """The group is in the hands of another worker by now: let go of it, nothing is lost."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that came in and is not yet dealt with.

    `door` says where it came from: a platform's name for a raw update, `dispatch` for news of a ticket.
    `update` is the sender's own id of it (the same id twice is the same thing), `raw` its text, untouched.
    `id` is the inbox's own, in the order of arrival within the partition.
    """

    id: str
    partition: int
    group: str
    door: str
    update: str
    raw: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """An order with the time from which it may be carried out, and how often that was tried.

    `answers` is the message that was the occasion for a sentence which had waited for one.
    """

    order: Order
    group: str
    at: datetime
    tries: int = 0
    first_tried_at: datetime | None = None
    answers: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """A case as it is now, and the facts that took it there since it was read."""

    case: Case
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A case as it reads after an erasure, with all of its trace: as many facts as before, none of them moved."""

    case: Case
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Erasure:
    """Cases that read otherwise from now on, and why: `asked` by the person, by an `operator`, or by `retention`."""

    at: datetime
    why: str
    cases: tuple[Rewritten, ...]
    unlinked: tuple[str, ...] = ()
    """Messages of which nobody needs to know any more to which case they belonged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Everything that follows from one entry or one carried-out order, saved in one transaction or not at all.

    `talk.version` is the version that was read. `entry` leaves the inbox and `done` (an order's key) leaves
    the due orders in the same stroke. `links` say which message belongs to which case.
    """

    talk: Talk
    moved: tuple[Moved, ...] = ()
    orders: tuple[Due, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    entry: Entry | None = None
    done: str = ""
    erasure: Erasure | None = None


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What could not be dealt with, kept for the operator: an entry or an order, and why."""

    id: str
    group: str
    what: str
    reason: str
    at: datetime
    body: str
