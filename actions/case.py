"""A Case: one problem in one group, where it stands and what is known of it.

Theory, in five sentences:

1. A case is moved by facts and by nothing else; `advance(case, fact)` (actions/advance.py) gives the case
   as it is afterwards and the orders that follow, or raises `IllegalMove` and changes nothing.
2. Every legal move is a row of `TABLE` (actions/moves.py); of several rows for one (stage, fact) the first
   whose condition holds is taken. What is not in the table is illegal.
3. A fact first teaches the case (`learn`, actions/lessons.py: who follows, where it is, which ticket),
   whatever the stage; then the row gives the stage and the orders.
4. A private case is shown to its reporter and the workers alone, each in their own chat; the group hears one
   sentence that names nobody. Its moves are the same.
5. Closing takes two keys: the worker's (`WORKER_KEY`) and the residents' (`RESIDENTS_KEY`). Silence
   never closes a case: it lapses, unconfirmed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from actions.assignment import Assignment
from actions.levels import Level
from actions.message import Attachment, Point
from actions.nodes import Clock
from actions.reading import Urgency
from actions.verdicts import BY_DEFAULT, Answers, Keys


class Stage(StrEnum):
    """Where a case stands."""

    NEW = "new"
    UNSURE = "unsure"
    ASKING_WHERE = "asking_where"
    WAITING_WORKER = "waiting_worker"
    HANDLING = "handling"
    FILING = "filing"
    OPEN = "open"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    RETURNED = "returned"
    WORK_DONE = "work_done"
    WORKER_KEY = "worker_key"
    RESIDENTS_KEY = "residents_key"
    CLOSED = "closed"
    SOLVED_IN_GRID = "solved_in_grid"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    NOT_A_PROBLEM = "not_a_problem"


AT_DISPATCH = (Stage.OPEN, Stage.ACCEPTED, Stage.IN_PROGRESS, Stage.RETURNED)
BEFORE_DISPATCH = (Stage.UNSURE, Stage.ASKING_WHERE, Stage.WAITING_WORKER, Stage.HANDLING, Stage.FILING)
KEYS = (Stage.WORK_DONE, Stage.WORKER_KEY, Stage.RESIDENTS_KEY)
LIVE = (*BEFORE_DISPATCH, *AT_DISPATCH, *KEYS)
SETTLED = (Stage.CLOSED, Stage.SOLVED_IN_GRID, Stage.LAPSED)
DROPPED = (Stage.WITHDRAWN, Stage.MERGED, Stage.NOT_A_PROBLEM)


MOST_PLACES = 8
"""Places kept of one case; a power cut is spoken of in many buildings."""
TAKEN_BACK_WITHIN = timedelta(hours=24)
"""So long whoever withdrew a case can change their mind."""
QUESTIONS = {
    Stage.WORK_DONE: "worker_key",
    Stage.WORKER_KEY: "worker_key",
    Stage.RESIDENTS_KEY: "residents_key",
    Stage.CLOSED: "residents_key",
    Stage.SOLVED_IN_GRID: "residents_key",
}
"""As what the question with the keys was posted, by stage; after the end it is where the mark is given."""
REMINDERS = {"worker_key": "remind_worker_key", "residents_key": "remind_residents"}
"""As what its reminder was posted, which has the same buttons."""


KEY_WHISPERS = ("worker_key", "residents_key", "remind_worker_key", "photo_needed")
"""What is said beside the group with the buttons of a key; they go when it is turned."""


class IllegalMove(Exception):
    """The table has no row for this fact in this stage; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One problem in one group.

    `version` counts the facts that it has taken. `messages` are pairs of a message's id and what it is
    to the case (`report`, `second`, `detail` …); `posts` are pairs of what the bot posted and its id.
    `places` are all that people named, `meanings` what some of their messages mean (see `Reading`), and
    `last_message_at` is when they last spoke of it. `doubtful`: nobody is sure that it is a problem at all.
    `leader` is the case of another group whose ticket this one follows, `apart_from` a ticket that it followed
    by mistake. `reopened` counts how often it came back after its end.
    `private`: nothing of it is shown in the group; `confided` is the reporter's own chat, and `whispers` are
    triples of what was said in a chat beside the group (a person's own, or the staff's), in which, and its id there.
    `assignment` is what the responsibility list says of it, and `matters` the likeliest of its rows where that is
    not sure. `bounces` are the reasons for which units gave it back, `raised` counts how often it went a level up.
    `answers` are the residents' to the question of this round; `halves` counts fixes that were called half done.
    `voices` are pairs of a person and as whom their answers and marks count (themselves, or their household), and
    `marked` says when each first gave the mark that stands. `evidence` are the photos since the work was said to be done.
    """

    id: str
    number: int
    group: str
    opened_at: datetime
    changed_at: datetime
    category: str
    text: str
    reporter: str
    reporter_name: str
    stage: Stage = Stage.NEW
    version: int = 0
    origin: str | None = None
    place: str = ""
    point: Point | None = None
    urgency: Urgency = Urgency.NORMAL
    confidence: float = 1.0
    sure: bool = True
    files_at_once: bool = True
    warned: bool = False
    doubtful: bool = False
    last_message_at: datetime | None = None
    places: tuple[str, ...] = ()
    meanings: tuple[str, ...] = ()
    delayed: bool = False
    followers: tuple[str, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    wordings: tuple[tuple[str, str], ...] = ()
    attachments: tuple[Attachment, ...] = ()
    handler: str = ""
    handler_name: str = ""
    ticket: str | None = None
    note: str = ""
    updates: tuple[str, ...] = ()
    disputes: int = 0
    reminders: int = 0
    timer: str = ""
    posts: tuple[tuple[str, str], ...] = ()
    face: str = ""
    worker_key: str = ""
    residents_key: str = ""
    scores: tuple[tuple[str, int], ...] = ()
    merged_into: str = ""
    categories: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    """What a worker has settled (`category`, `place`): no reading changes it any more."""
    withdrawn_by: str = ""
    leader: str = ""
    joined_at: datetime | None = None
    apart_from: str = ""
    reopened: int = 0
    thread: str | None = None
    private: bool = False
    confided: str = ""
    whispers: tuple[tuple[str, str, str], ...] = ()
    unreached: tuple[str, ...] = ()
    """The chats of workers, or of the staff, to which there was no line when something was to be said there."""
    assignment: Assignment | None = None
    matters: tuple[str, ...] = ()
    bounces: tuple[str, ...] = ()
    raised: int = 0
    clocks: tuple[Clock, ...] = ()
    keys: Keys = BY_DEFAULT
    answers: Answers = ()
    halves: int = 0
    inspected_by: str = ""
    voices: tuple[tuple[str, str], ...] = ()
    marked: tuple[tuple[str, datetime], ...] = ()
    evidence: tuple[Attachment, ...] = ()

    @property
    def level(self) -> Level | None:
        """The level that has it; None before anybody was named."""
        return self.assignment.level if self.assignment else None

    @property
    def live(self) -> bool:
        """Whether something is still to be done about it."""
        return self.stage in LIVE

    def settled_since(self, then: datetime) -> bool:
        """Whether it was settled after that moment."""
        return self.stage in SETTLED and self.changed_at > then

    @property
    def spoken_at(self) -> datetime:
        """When people last spoke of it."""
        return self.last_message_at or self.opened_at

    @property
    def round(self) -> int:
        """How often it was sent back or came back: the answer to a question of an earlier round counts no more."""
        return self.disputes + self.halves + self.reopened

    def post(self, what: str) -> str | None:
        """The id of the message that the bot posted as `what` (`card`, `worker_key` …), if it did."""
        return dict(self.posts).get(what)

    @property
    def lacks_photo(self) -> bool:
        """Whether the worker has to show a photo before confirming."""
        return self.keys.photo and not self.evidence

    @property
    def asked_in(self) -> tuple[str, ...]:
        """The messages that ask the question of its stage, beside the card: the question and its reminder."""
        what = QUESTIONS.get(self.stage, "")
        posts = dict.fromkeys((self.post(what), self.post(REMINDERS.get(what, ""))))
        return tuple(post for post in posts if post and post != self.post("card"))

    def whisper(self, what: str, to: str) -> str | None:
        """The id of what the bot said as `what` in a person's own chat, if it did."""
        return next((post for one, chat, post in self.whispers if (one, chat) == (what, to)), None)

    @property
    def asked_on_card(self) -> bool:
        """Whether the question of its stage stands on the card, since no message of its own could be said."""
        asked = self.post(QUESTIONS.get(self.stage, ""))
        return asked is not None and asked == self.post("card")
