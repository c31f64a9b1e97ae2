"""Facts: what has happened to a case. Past tense, frozen, the only thing that moves a case.

Every fact says when (`at`, aware) and who (`by`, a person's id with its platform, or "" where no
person did it). Facts are the trace: a case can be rebuilt from them alone.
"""

from dataclasses import dataclass
from datetime import datetime

from actions.assignment import Assignment
from actions.message import Attachment, Point
from actions.nodes import Clock, Light
from actions.reading import Urgency
from actions.verdicts import BY_DEFAULT, Keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened; `message` is the chat message that told us, if one did."""

    at: datetime
    by: str = ""
    by_name: str = ""
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported(Fact):
    """A problem was reported. `sure`: confident enough to be filed without a person.

    `doubtful`: so little sure that it is one at all that nothing is said until somebody bears it out.
    """

    case: str
    number: int
    group: str
    category: str
    text: str
    place: str = ""
    point: Point | None = None
    urgency: Urgency = Urgency.NORMAL
    confidence: float = 1.0
    sure: bool = True
    files_at_once: bool = True
    warned: bool = False
    doubtful: bool = False
    private: bool = False
    """What it is about is nobody's business but the reporter's and the workers'."""
    attachments: tuple[Attachment, ...] = ()
    meaning: str = ""
    categories: tuple[str, ...] = ()
    """The likeliest categories, best first: what a worker is offered who corrects the first of them."""
    thread: str | None = None
    assignment: Assignment | None = None
    matters: tuple[str, ...] = ()
    """The likeliest rows of the responsibility list, best first, where it is not sure which is meant."""
    keys: Keys = BY_DEFAULT


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated(Fact):
    """The same problem was reported again, in words of its own."""

    text: str = ""
    place: str = ""
    urgency: Urgency = Urgency.NORMAL
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconded(Fact):
    """Somebody else has the same problem."""

    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detailed(Fact):
    """Something was added: words, a photo, a voice message, a point on the map.

    `told` is false where it is not sure enough that it belongs to the case for dispatch to hear of it.
    """

    text: str = ""
    place: str = ""
    told: bool = True
    attachments: tuple[Attachment, ...] = ()
    point: Point | None = None
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceGiven(Fact):
    """Somebody said where it is."""

    place: str
    point: Point | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reworded(Fact):
    """A message of the case was edited by its writer; `text` is the new version.

    What the new version of the report says otherwise comes along: `category` and `place` where it is
    clear about them, `urgency` where it reads as a report.
    """

    text: str
    category: str = ""
    place: str = ""
    urgency: Urgency | None = None
    private: bool = False
    """The category is one that is spoken of in private."""
    assignment: Assignment | None = None
    matters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Urged(Fact):
    """Somebody pressed for an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidFixed(Fact):
    """Somebody in the group says that it is fixed, unasked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn(Fact):
    """The reporter took it back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(Fact):
    """Whoever took it back wants it after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recategorised(Fact):
    """A worker says what kind of problem it is; `private` where that decides who may see it."""

    category: str
    private: bool | None = None
    assignment: Assignment | None = None
    matters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned(Fact):
    """A worker says which row of the responsibility list it is; `matter` is its code. `private` as in `Recategorised`."""

    matter: str
    assignment: Assignment | None = None
    private: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised(Fact):
    """A worker sends it one level up; `assignment` says who answers for it there."""

    assignment: Assignment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(Fact):
    """A worker gives it to another, `to`, who handles it from now on."""

    to: str
    to_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack(Fact):
    """The worker who took it on gives it back, with a reason."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected(Fact):
    """A worker has looked at it on the spot; `attachments` are the evidence."""

    attachments: tuple[Attachment, ...]
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocated(Fact):
    """A worker says where it is, whatever was said before."""

    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOff(Fact):
    """A worker says that some of its messages are a problem of their own, `into` which they go.

    `followers` are the people who were with it by these messages alone.
    """

    messages: tuple[str, ...]
    into: str
    followers: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismissed(Fact):
    """A worker says that it is not a problem to handle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged(Fact):
    """A worker says that it is the same problem as another case of the group."""

    into: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Absorbed(Fact):
    """Another case was merged into this one; its people and messages come along."""

    other: str
    followers: tuple[str, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOn(Fact):
    """A worker handles it in the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatched(Fact):
    """A worker sends it to dispatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolvedOnSite(Fact):
    """The worker who took it on says that it is done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketFiled(Fact):
    """Dispatch has it under this number."""

    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedTicket(Fact):
    """Another group of the community has reported the same event: this case follows that ticket too.

    `leader` is that group's case, `known` are the updates of the ticket that it has heard of.
    """

    ticket: str
    leader: str
    known: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SetApart(Fact):
    """A worker says that it is not what the other group has reported; it gets a ticket of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBack(Fact):
    """Another group that follows the ticket sent it back to the unit. `disputed`: because it is not fixed."""

    disputed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRefused(Fact):
    """Dispatch will not take it, and says why."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingDelayed(Fact):
    """Dispatch cannot be reached; the ticket waits and will be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAccepted(Fact):
    """A unit has accepted the ticket."""

    note: str = ""
    update: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkStarted(Fact):
    """The unit is at work."""

    note: str = ""
    update: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReturned(Fact):
    """The unit gave the ticket back, and says why: `reason` is a code (actions/returns.py), "" where none was given.

    With `ruling` it is not the first time: the level above rules who has to act.
    """

    note: str = ""
    update: str = ""
    reason: str = "other"
    ruling: Assignment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketNoted(Fact):
    """Dispatch wrote something without moving the ticket."""

    note: str = ""
    update: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkDone(Fact):
    """Dispatch says that the work is done."""

    note: str = ""
    update: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerConfirmed(Fact):
    """First key: the worker has seen that it is fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerDenied(Fact):
    """The worker has seen that it is not fixed. `ruling`: it happened so often that the level above rules."""

    ruling: Assignment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentConfirmed(Fact):
    """Second key: a resident says that it is fixed. Of a `household`, where we know of which, the latest word counts.

    `ruling` as in a dispute, where the answers come to one all the same.
    """

    household: str = ""
    ruling: Assignment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentHalfConfirmed(Fact):
    """A resident says that it is fixed in part only. `ruling` as in a dispute."""

    household: str = ""
    text: str = ""
    ruling: Assignment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentDisputed(Fact):
    """A resident says that it is not fixed, or that it came back. `ruling`: so often that the level above rules."""

    household: str = ""
    text: str = ""
    ruling: Assignment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CameBack(Fact):
    """After the case was over, the same problem was reported again."""

    text: str = ""
    place: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SatisfactionGiven(Fact):
    """A resident's mark for how it was handled, 1 (bad) to 5 (good). Of a household, or a person, the latest counts."""

    score: int
    household: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted(Fact):
    """The bot has put a message into the group; `what` says which, `face` is a digest of its content."""

    what: str
    post: str
    face: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confided(Fact):
    """The reporter of a private case has opened a private line, `chat`: all about it goes there from now on."""

    chat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Whispered(Fact):
    """The bot has said something in a chat beside the group, `to`: a person's own or the staff's; `what` says what."""

    what: str
    to: str
    post: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached(Fact):
    """Nothing can be said in `to`, a worker's own chat or the staff group: there is no line to it."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeRanOut(Fact):
    """A wait is over without an answer. `timer` names the wait; an outdated one changes nothing."""

    timer: str
    ruling: Assignment | None = None
    """As in a dispute, where the residents' answers come to one when their time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LightTurned(Fact):
    """So much of a clock's limit has gone that its light is another. `clock` is its place among the case's."""

    clock: int
    light: Light


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewed(Fact):
    """A later release took the case over: who answers for it, by the list of that day; its clock begins.

    `clocks` are those that it had by then: the facts before were taken by a release that may have kept none.
    """

    assignment: Assignment | None = None
    matters: tuple[str, ...] = ()
    private: bool = False
    clocks: tuple[Clock, ...] | None = None


ResidentAnswered = ResidentConfirmed | ResidentHalfConfirmed | ResidentDisputed
TicketNews = TicketAccepted | WorkStarted | TicketReturned | TicketNoted | WorkDone
