"""Orders: what is to be done. Imperative, frozen, each with an idempotency key `case:version:n`."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from actions.message import Attachment
from actions.nodes import Light, Node

MENU_STAYS = timedelta(minutes=3)
"""When a menu of corrections is closed, unless somebody is still at it."""
MENU_IDLE = timedelta(minutes=2)
"""Who did nothing for so long has gone away."""


class Wait(StrEnum):
    """What a case waits for; how long is a policy of the grid."""

    DOUBT = "doubt"
    WHERE = "where"
    WORKER = "worker"
    HANDLING = "handling"
    WORKER_KEY = "worker_key"
    RESIDENTS_KEY = "residents_key"


def runs(wait: Wait) -> int:
    """How often a wait runs within its time: the worker's does so twice, and is reminded in between."""
    return 2 if wait is Wait.WORKER else 1


class Sentence(StrEnum):
    """A milestone told to the group in a message of its own; the words are in the message catalogue."""

    REFUSED = "refused"
    RETURNED = "returned"
    DISPUTED = "disputed"
    DENIED = "denied"
    REMIND_WORKER = "remind_worker"
    REMIND_WORKER_KEY = "remind_worker_key"
    REMIND_RESIDENTS = "remind_residents"
    SENT_BACK = "sent_back"
    CAME_BACK = "came_back"
    RULING = "ruling"
    HALF_FIXED = "half_fixed"
    PHOTO_NEEDED = "photo_needed"


class News(StrEnum):
    """What dispatch is told about a ticket that it already has."""

    DISPUTED = "disputed"
    DENIED = "denied"
    SENT_AGAIN = "sent_again"
    WITHDRAWN = "withdrawn"
    HANDLED = "handled"
    CONFIRMED = "confirmed"
    DETAIL = "detail"
    RECATEGORISED = "recategorised"
    RELOCATED = "relocated"
    REWORDED = "reworded"
    SPLIT = "split"
    RESTORED = "restored"
    JOINED = "joined"
    CAME_BACK = "came_back"
    HALF_FIXED = "half_fixed"
    ASSIGNED = "assigned"
    RAISED = "raised"
    RULING = "ruling"
    REASON_NEEDED = "reason_needed"
    INSPECTED = "inspected"
    SOON_DUE = "soon_due"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something to do for a case. `key` makes doing it twice the same as doing it once."""

    key: str = ""
    case: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowCard(Order):
    """Bring the card in the group up to date with the case, posting it if there is none.

    `asked_at` is when a person said or pressed what it answers; None where nobody did. `here`: the card in the group
    alone; those of the workers, who work elsewhere, are seen to.
    """

    asked_at: datetime | None = None
    here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowMenu(Order):
    """Put a menu of corrections in the place of the card's buttons; whatever shows the card next closes it.

    `step` names the menu, `argument` its page or group; `choices` are the categories to offer, if not the likeliest.
    `by` is who asked for it: where workers work elsewhere it is shown there.
    """

    step: str
    argument: str = ""
    choices: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseMenu(Order):
    """Show the card again if its menu was left standing: until then nobody else has the card's buttons."""

    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowList(Order):
    """Name in one message the cases that came out of old messages and have no card; `cases` are their ids."""

    group: str
    cases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskWorker(Order):
    """Ask the worker for the first key: is it really done?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskIfFixed(Order):
    """Ask the residents for the second key: is it really fixed?"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskSatisfaction(Order):
    """Answer whoever said that it is fixed: it is closed; and ask, once, for a mark from 1 to 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseQuestion(Order):
    """Put the answer in the place of a question's buttons; `answer` is the verb that `by_name` pressed, or what
    several have answered together, where `by_name` is "".

    With `rates` the five marks come in their place, where the case is closed by it.
    """

    post: str
    answer: str
    by_name: str
    rates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowQuestion(Order):
    """Bring the question to the residents up to date with how many have answered; its buttons stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Say(Order):
    """Say one sentence of the catalogue, as a reply to the report or to the card."""

    sentence: Sentence
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite(Order):
    """Say in the group, once a case, that there is a private line. It names nobody and no matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisper(Order):
    """Say something of a case in a chat beside its group, `to`: a person's own, or the staff's.

    `what` is the card, a question, a sentence, a `menu` in the place of the card's buttons or its end (`shut`), or the
    name of a reply with its `args`.
    """

    to: str
    what: str
    args: tuple[tuple[str, str], ...] = ()
    reply_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Warn(Order):
    """Say the fixed emergency text at once, as a reply to `message`, and page the grid's workers."""

    group: str
    message: str
    kind: str
    thread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply(Order):
    """Answer a command or greet a group: catalogue text, not about the moves of a case."""

    group: str
    reply_to: str | None
    what: str
    args: tuple[tuple[str, str], ...] = ()
    asked_at: datetime | None = None
    thread: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnPage(Order):
    """Show another page of a list in its place, the message `post`; `by` is whose list it is."""

    group: str
    post: str
    what: str
    by: str
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPress(Order):
    """Answer a press on a button; only the person who pressed sees it."""

    group: str
    press: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget(Order):
    """Forget a person in a group, and after the end of what is still open there once more.

    `everywhere`: and in every other group that they are known from. `post` is our message that asked whether they are sure.
    """

    group: str
    person: str
    everywhere: bool = False
    post: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTicket(Order):
    """File the case with dispatch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TellDispatch(Order):
    """Tell dispatch something about the ticket that it already has; `attachments` are new evidence.

    `ticket` is stated where it is not, or no longer, the case's own.
    """

    news: News
    text: str = ""
    ticket: str = ""
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeAt(Order):
    """Come back to the case when the wait is over, if it still waits for that."""

    wait: Wait
    timer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchClock(Order):
    """Look at a clock of the case when its light is due to turn; `clock` is its place among the case's."""

    clock: int
    light: Light


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Order):
    """Warn whom a light concerns: of yellow the node's owner, of red the superior and the neighbouring nodes' owners.

    Each is told alone: `to` is one of them; with none it stands for them all and is not carried out itself.
    `clock` is the place of the node's clock among the case's.
    """

    node: Node
    light: Light
    to: str = ""
    clock: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallWorker(Order):
    """Tell one worker, `to`, alone that a case was given to them."""

    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowDigest(Order):
    """Tell a group of its day, in one message: what was reported, what was settled, what is open."""

    group: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDigests(Order):
    """Order the digests of those who oversee a group or work in it, on the morning of this day."""

    group: str
    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class SendDigest(Order):
    """Tell one person, `to`, alone of the day before `day`, over all that they oversee.

    `groups` are those in which the platform counts them as workers; what the settings say is known anyhow.
    """

    to: str
    day: date
    groups: tuple[str, ...] = ()
