"""A Case: one problem in one group, and the one table of its legal moves.

Theory, in five sentences:

1. A case is moved by facts and by nothing else; `advance(case, fact)` gives the case as it is
   afterwards and the orders that follow, or raises `IllegalMove` and changes nothing.
2. Every legal move is a row of `TABLE`; of several rows for one (stage, fact) the first whose
   condition holds is taken. What is not in the table is illegal.
3. A fact first teaches the case (`learn`: who follows, where it is, which ticket), whatever the
   stage; then the row gives the stage and the orders.
4. A private case is shown to its reporter and the workers alone, each in their own chat; the group hears one
   sentence that names nobody. Its moves are the same.
5. Closing takes two keys: the worker's (`WORKER_KEY`) and the residents' (`RESIDENTS_KEY`). Silence
   never closes a case: it lapses, unconfirmed.

The state diagram in docs/ is drawn from `TABLE` by `linli diagram`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import singledispatch

from actions import facts as f
from actions import orders as o
from actions.message import Attachment, Point
from actions.orders import News, Sentence, Wait
from actions.reading import Urgency


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
    triples of what was said to one person alone, in which chat, and its id there.
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

    @property
    def live(self) -> bool:
        """Whether something is still to be done about it."""
        return self.stage in LIVE

    @property
    def spoken_at(self) -> datetime:
        """When people last spoke of it."""
        return self.last_message_at or self.opened_at

    @property
    def round(self) -> int:
        """How often it was sent back or came back: the answer to a question of an earlier round counts no more."""
        return self.disputes + self.reopened

    def post(self, what: str) -> str | None:
        """The id of the message that the bot posted as `what` (`card`, `worker_key` …), if it did."""
        return dict(self.posts).get(what)

    def whisper(self, what: str, to: str) -> str | None:
        """The id of what the bot said as `what` in a person's own chat, if it did."""
        return next((post for one, chat, post in self.whispers if (one, chat) == (what, to)), None)

    @property
    def asked_on_card(self) -> bool:
        """Whether the question of its stage stands on the card, since no message of its own could be said."""
        asked = self.post(QUESTIONS.get(self.stage, ""))
        return asked is not None and asked == self.post("card")


Guard = Callable[[Case, f.Fact], bool]
Effect = Callable[[Case, f.Fact], o.Order | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: in `stage`, `fact` leads to `to` with these orders, if `when` holds."""

    stage: Stage
    fact: type[f.Fact]
    to: Stage
    effects: tuple[Effect, ...] = ()
    when: Guard | None = None


# --- conditions -------------------------------------------------------------------------------------


def doubtful(_: Case, fact: f.Fact) -> bool:
    """Not even the report is sure to be one."""
    return isinstance(fact, f.Reported) and fact.doubtful


def no_place(case: Case, fact: f.Fact) -> bool:
    """Nobody has said where it is."""
    told_now = getattr(fact, "place", "") or getattr(fact, "point", None)
    return not case.place and case.point is None and not told_now


def files_itself(case: Case, _: f.Fact) -> bool:
    """Sure enough, and the grid's policy is to file at once."""
    return case.sure and case.files_at_once


def may_file_itself(case: Case, _: f.Fact) -> bool:
    """The grid's policy is to file at once."""
    return case.files_at_once


def sure(case: Case, _: f.Fact) -> bool:
    """Sure enough to be filed when no worker answers; a private one always, since nobody else would see it."""
    return case.sure or case.private


def reminded(case: Case, _: f.Fact) -> bool:
    """The one reminder has been given."""
    return case.reminders > 0


def has_ticket(case: Case, _: f.Fact) -> bool:
    """Dispatch has it already."""
    return case.ticket is not None


def reminded_and_sure(case: Case, fact: f.Fact) -> bool:
    """The one reminder has been given, and it is sure enough to be filed without a worker."""
    return reminded(case, fact) and sure(case, fact)


def reminded_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The one reminder has been given, and dispatch has it already."""
    return reminded(case, fact) and has_ticket(case, fact)


def worker_agreed(case: Case, _: f.Fact) -> bool:
    """The worker's key was turned before the case lapsed."""
    return bool(case.worker_key)


def worker_agreed_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The worker's key was turned before the case lapsed, and dispatch has it already."""
    return worker_agreed(case, fact) and has_ticket(case, fact)


def follows(case: Case, _: f.Fact) -> bool:
    """It follows the ticket of another group"""
    return bool(case.leader)


def disputed_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The other group says that it is not fixed, and this case follows the ticket"""
    return isinstance(fact, f.SentBack) and fact.disputed and has_ticket(case, fact)


def first_delay(case: Case, _: f.Fact) -> bool:
    """The card does not yet say that dispatch cannot be reached."""
    return not case.delayed


def unsure_till_now(case: Case, _: f.Fact) -> bool:
    """It waited only because the bot was not sure what it is, and the grid's policy is to file at once."""
    return not case.sure and case.files_at_once and not no_place(case, _)


def the_same_day(case: Case, fact: f.Fact) -> bool:
    """Not longer than a day after it was withdrawn."""
    return fact.at - case.changed_at <= TAKEN_BACK_WITHIN


def the_same_day_with_ticket(case: Case, fact: f.Fact) -> bool:
    """Not longer than a day after it was withdrawn, and dispatch has it already."""
    return the_same_day(case, fact) and has_ticket(case, fact)


def the_same_day_and_files_itself(case: Case, fact: f.Fact) -> bool:
    """Not longer than a day after it was withdrawn, its place known, sure, and the policy is to file at once."""
    return the_same_day(case, fact) and files_itself(case, fact) and not no_place(case, fact)


def is_key_question(_: Case, fact: f.Fact) -> bool:
    """The post is the question to the worker."""
    return isinstance(fact, f.Posted) and fact.what == "worker_key"


def is_key_whisper(_: Case, fact: f.Fact) -> bool:
    """The question to the worker was asked in private."""
    return isinstance(fact, f.Whispered) and fact.what == "worker_key"


def is_residents_question(_: Case, fact: f.Fact) -> bool:
    """The post is the question to the residents."""
    return isinstance(fact, f.Posted) and fact.what == "residents_key"


# --- orders -----------------------------------------------------------------------------------------


def show_card(_: Case, fact: f.Fact) -> o.Order:
    return o.ShowCard(asked_at=fact.at if fact.by else None)


def ask_worker(_: Case, __: f.Fact) -> o.Order:
    return o.AskWorker()


def ask_if_fixed(_: Case, __: f.Fact) -> o.Order:
    return o.AskIfFixed()


def ask_satisfaction(_: Case, fact: f.Fact) -> o.Order | None:
    # Whoever pressed gives the mark where the button was; only words are answered with words.
    return o.AskSatisfaction() if fact.message else None


def file_ticket(_: Case, __: f.Fact) -> o.Order:
    return o.FileTicket()


def say(sentence: Sentence) -> Effect:
    """An effect that tells the group one milestone; the fact's own words go along."""

    def effect(_: Case, fact: f.Fact) -> o.Order:
        return o.Say(sentence=sentence, note=_words(fact))

    return effect


def tell(news: News) -> Effect:
    """An effect that tells dispatch, where dispatch has a ticket."""

    def effect(case: Case, fact: f.Fact) -> o.Order | None:
        if case.ticket is None or (isinstance(fact, f.Detailed) and not fact.told):
            return None
        attachments = fact.attachments if isinstance(fact, f.Detailed) else ()
        # Who follows another group's ticket may be set apart before this is told.
        ticket = case.ticket if case.leader else ""
        return o.TellDispatch(news=news, text=_words(fact), attachments=attachments, ticket=ticket)

    return effect


def tell_rewording(case: Case, fact: f.Fact) -> o.Order | None:
    """Dispatch is told the new words of the report; an edit of any other message stays in the group."""
    return tell(News.REWORDED)(case, fact) if fact.message == case.origin else None


def tell_joined(case: Case, _: f.Fact) -> o.Order:
    """Dispatch gets no ticket, so what stands in the report goes to the ticket that there is."""
    ticket = case.ticket or ""
    return o.TellDispatch(news=News.JOINED, text=case.text, attachments=case.attachments, ticket=ticket)


def leave_ticket(case: Case, _: f.Fact) -> o.Order:
    """The ticket that it followed is left to those who still follow it."""
    return o.TellDispatch(news=News.WITHDRAWN, ticket=case.apart_from)


def wait(what: Wait) -> Effect:
    """An effect that starts a wait; the timer before it, if any, counts no more."""

    def effect(case: Case, _: f.Fact) -> o.Order:
        return o.WakeAt(wait=what, timer=f"{case.version}:{what}")

    return effect


def _words(fact: f.Fact) -> str:
    for name in ("reason", "note", "text", "place", "category"):
        if words := getattr(fact, name, ""):
            return str(words)
    return ""


# --- the table --------------------------------------------------------------------------------------

S = Stage
_WAIT_WORKER = (show_card, wait(Wait.WORKER))
_FILE = (show_card, file_ticket)
_HANDLE = (show_card, wait(Wait.HANDLING))
_ASK_WORKER = (show_card, ask_worker, wait(Wait.WORKER_KEY))
_ASK_RESIDENTS = (show_card, ask_if_fixed, wait(Wait.RESIDENTS_KEY))
_REOPEN = (show_card, say(Sentence.DISPUTED), tell(News.DISPUTED))
_JOIN = (show_card, tell_joined)
_COME_BACK = (show_card, say(Sentence.CAME_BACK), tell(News.CAME_BACK))
_END = (show_card, tell(News.CONFIRMED), ask_satisfaction)


def _beginning() -> Iterator[Row]:
    yield Row(S.NEW, f.Reported, S.UNSURE, (wait(Wait.DOUBT),), doubtful)
    yield from _opening(S.NEW, f.Reported)
    for borne_out in (f.Repeated, f.Seconded, f.Detailed, f.Urged, f.Absorbed):
        yield from _opening(S.UNSURE, borne_out)
    yield Row(S.UNSURE, f.Recategorised, S.ASKING_WHERE, (show_card, wait(Wait.WHERE)), no_place)
    yield Row(S.UNSURE, f.Recategorised, S.FILING, _FILE, may_file_itself)
    yield Row(S.UNSURE, f.Recategorised, S.WAITING_WORKER, _WAIT_WORKER)
    for where in (f.PlaceGiven, f.Relocated):
        yield Row(S.UNSURE, where, S.FILING, _FILE, files_itself)
        yield Row(S.UNSURE, where, S.WAITING_WORKER, _WAIT_WORKER)
    yield Row(S.UNSURE, f.TimeRanOut, S.NOT_A_PROBLEM)
    yield Row(S.ASKING_WHERE, f.PlaceGiven, S.FILING, _FILE, files_itself)
    yield Row(S.ASKING_WHERE, f.PlaceGiven, S.WAITING_WORKER, _WAIT_WORKER)
    yield Row(S.ASKING_WHERE, f.TimeRanOut, S.WAITING_WORKER, _WAIT_WORKER)
    yield Row(S.WAITING_WORKER, f.PlaceGiven, S.FILING, _FILE, files_itself)
    yield Row(S.WAITING_WORKER, f.PlaceGiven, S.WAITING_WORKER, (show_card,))
    remind = (show_card, say(Sentence.REMIND_WORKER), wait(Wait.WORKER))
    yield Row(S.WAITING_WORKER, f.TimeRanOut, S.FILING, _FILE, reminded_and_sure)
    yield Row(S.WAITING_WORKER, f.TimeRanOut, S.LAPSED, (show_card,), reminded)
    yield Row(S.WAITING_WORKER, f.TimeRanOut, S.WAITING_WORKER, remind)


def _opening(stage: Stage, fact: type[f.Fact]) -> Iterator[Row]:
    yield Row(stage, fact, S.ASKING_WHERE, (show_card, wait(Wait.WHERE)), no_place)
    yield Row(stage, fact, S.FILING, _FILE, files_itself)
    yield Row(stage, fact, S.WAITING_WORKER, _WAIT_WORKER)


def _by_the_worker() -> Iterator[Row]:
    for stage in (S.UNSURE, S.ASKING_WHERE, S.WAITING_WORKER):
        yield Row(stage, f.Dispatched, S.FILING, _FILE)
    yield Row(S.HANDLING, f.Dispatched, S.OPEN, (show_card, tell(News.SENT_AGAIN)), has_ticket)
    yield Row(S.HANDLING, f.Dispatched, S.FILING, _FILE)
    yield Row(S.RETURNED, f.Dispatched, S.OPEN, (show_card, tell(News.SENT_AGAIN)))
    for stage in (*BEFORE_DISPATCH, *AT_DISPATCH):
        if stage is not S.HANDLING:
            yield Row(stage, f.TakenOn, S.HANDLING, _HANDLE)
        yield Row(stage, f.SolvedOnSite, S.RESIDENTS_KEY, (*_ASK_RESIDENTS, tell(News.HANDLED)))
        yield Row(stage, f.Dismissed, S.NOT_A_PROBLEM, (show_card, tell(News.WITHDRAWN)))
    remind = (show_card, say(Sentence.REMIND_WORKER), wait(Wait.HANDLING))
    again = (show_card, tell(News.SENT_AGAIN))
    yield Row(S.HANDLING, f.TimeRanOut, S.OPEN, again, reminded_with_ticket)
    yield Row(S.HANDLING, f.TimeRanOut, S.FILING, _FILE, reminded)
    yield Row(S.HANDLING, f.TimeRanOut, S.HANDLING, remind)


def _at_dispatch() -> Iterator[Row]:
    yield Row(S.FILING, f.TicketFiled, S.OPEN, (show_card,))
    yield Row(S.WAITING_WORKER, f.TicketFiled, S.OPEN, (show_card,))  # disputed while it was on its way
    yield Row(S.HANDLING, f.TicketFiled, S.HANDLING, (show_card,))
    yield Row(S.RESIDENTS_KEY, f.TicketFiled, S.RESIDENTS_KEY, (show_card, tell(News.HANDLED)))
    for stage in DROPPED:  # filed in the moment in which it was dropped
        yield Row(stage, f.TicketFiled, stage, (tell(News.WITHDRAWN),))
    for stage in SETTLED:
        news = News.HANDLED if stage is S.LAPSED else News.CONFIRMED  # nobody confirmed what lapsed
        yield Row(stage, f.TicketFiled, stage, (tell(news),))
    refused = (*_WAIT_WORKER, say(Sentence.REFUSED))
    yield Row(S.FILING, f.TicketRefused, S.WAITING_WORKER, refused)
    yield Row(S.FILING, f.FilingDelayed, S.FILING, (show_card,), first_delay)
    yield Row(S.FILING, f.FilingDelayed, S.FILING)
    returned = (show_card, say(Sentence.RETURNED))
    for stage in AT_DISPATCH:
        yield Row(stage, f.TicketAccepted, S.ACCEPTED, (show_card,))
        yield Row(stage, f.WorkStarted, S.IN_PROGRESS, (show_card,))
        yield Row(stage, f.TicketReturned, S.RETURNED, returned)
        yield Row(stage, f.WorkDone, S.WORK_DONE, _ASK_WORKER)
    yield Row(S.HANDLING, f.WorkDone, S.WORK_DONE, _ASK_WORKER, has_ticket)


def _keys() -> Iterator[Row]:
    yield Row(S.WORK_DONE, f.Posted, S.WORKER_KEY, (show_card, wait(Wait.WORKER_KEY)), is_key_question)
    yield Row(S.WORKER_KEY, f.Posted, S.WORKER_KEY, (show_card,), is_key_question)
    yield Row(S.RESIDENTS_KEY, f.Posted, S.RESIDENTS_KEY, (show_card,), is_residents_question)
    denied = (show_card, say(Sentence.DENIED), tell(News.DENIED))
    remind_worker = (show_card, say(Sentence.REMIND_WORKER_KEY), wait(Wait.WORKER_KEY))
    for stage in (S.WORK_DONE, S.WORKER_KEY):
        yield Row(stage, f.TimeRanOut, S.LAPSED, (show_card,), reminded)
        yield Row(stage, f.TimeRanOut, stage, remind_worker)
        yield Row(stage, f.WorkStarted, S.IN_PROGRESS, (show_card,))
        yield Row(stage, f.TicketReturned, S.RETURNED, (show_card, say(Sentence.RETURNED)))
        yield Row(stage, f.WorkerConfirmed, S.RESIDENTS_KEY, _ASK_RESIDENTS)
        yield Row(stage, f.WorkerDenied, S.OPEN, denied)
        yield Row(stage, f.ResidentDisputed, S.OPEN, _REOPEN)
    key = S.RESIDENTS_KEY
    remind_residents = (say(Sentence.REMIND_RESIDENTS), wait(Wait.RESIDENTS_KEY))
    yield Row(key, f.ResidentConfirmed, S.CLOSED, _END, has_ticket)
    yield Row(key, f.ResidentConfirmed, S.SOLVED_IN_GRID, _END)
    yield Row(key, f.ResidentDisputed, S.OPEN, _REOPEN, has_ticket)
    yield Row(key, f.ResidentDisputed, S.HANDLING, (*_REOPEN, wait(Wait.HANDLING)))
    yield Row(key, f.TimeRanOut, S.LAPSED, (show_card,), reminded)
    yield Row(key, f.TimeRanOut, key, remind_residents)


def _afterwards() -> Iterator[Row]:
    for stage in SETTLED:
        yield Row(stage, f.ResidentDisputed, S.OPEN, _REOPEN, has_ticket)
        if stage is not S.CLOSED:  # which has a ticket
            yield Row(stage, f.ResidentDisputed, S.WAITING_WORKER, (*_REOPEN, wait(Wait.WORKER)))
        yield Row(stage, f.SatisfactionGiven, stage, (show_card,))
        for spoken in (f.Seconded, f.Detailed, f.Urged, f.SaidFixed, f.Repeated):
            yield Row(stage, spoken, stage)  # people still speak of it; nothing is to be done
    yield Row(S.LAPSED, f.ResidentConfirmed, S.CLOSED, _END, worker_agreed_with_ticket)
    yield Row(S.LAPSED, f.ResidentConfirmed, S.SOLVED_IN_GRID, _END, worker_agreed)
    for stage in LIVE:
        yield Row(stage, f.Withdrawn, S.WITHDRAWN, (show_card, tell(News.WITHDRAWN)))
        yield Row(stage, f.Merged, S.MERGED, (show_card, tell(News.WITHDRAWN)))
    yield Row(S.NOT_A_PROBLEM, f.Dispatched, S.OPEN, (show_card, tell(News.SENT_AGAIN)), has_ticket)
    yield Row(S.NOT_A_PROBLEM, f.Dispatched, S.FILING, _FILE)


def _corrections() -> Iterator[Row]:
    yield Row(S.WAITING_WORKER, f.Recategorised, S.FILING, _FILE, unsure_till_now)
    yield Row(S.ASKING_WHERE, f.Relocated, S.FILING, _FILE, files_itself)
    yield Row(S.ASKING_WHERE, f.Relocated, S.WAITING_WORKER, _WAIT_WORKER)
    yield Row(S.WAITING_WORKER, f.Relocated, S.FILING, _FILE, files_itself)
    for stage in LIVE:
        if stage is not S.UNSURE:
            yield Row(stage, f.Recategorised, stage, (show_card, tell(News.RECATEGORISED)))
        if stage not in (S.UNSURE, S.ASKING_WHERE):
            yield Row(stage, f.Relocated, stage, (show_card, tell(News.RELOCATED)))
        yield Row(stage, f.SplitOff, stage, (show_card, tell(News.SPLIT)))
        yield Row(stage, f.Reworded, stage, (show_card, tell_rewording))
    restored = (show_card, tell(News.RESTORED))
    yield Row(S.WITHDRAWN, f.Restored, S.OPEN, restored, the_same_day_with_ticket)
    yield Row(S.WITHDRAWN, f.Restored, S.FILING, _FILE, the_same_day_and_files_itself)
    yield Row(S.WITHDRAWN, f.Restored, S.WAITING_WORKER, _WAIT_WORKER, the_same_day)


def _at_any_stage() -> Iterator[Row]:
    for stage in LIVE:
        yield Row(stage, f.SaidFixed, stage, (show_card,))
        yield Row(stage, f.TicketNoted, stage, (show_card,))
        if stage is S.UNSURE:
            continue  # whatever else is said of it bears it out
        for fact in (f.Repeated, f.Seconded, f.Urged, f.Absorbed):
            yield Row(stage, fact, stage, (show_card,))
        yield Row(stage, f.Detailed, stage, (show_card, tell(News.DETAIL)))
        if stage not in (S.ASKING_WHERE, S.WAITING_WORKER):
            yield Row(stage, f.PlaceGiven, stage, (show_card, tell(News.DETAIL)))
    for stage in (*LIVE, *SETTLED, *DROPPED):
        yield Row(stage, f.Posted, stage)


def _with_another_group() -> Iterator[Row]:
    """One ticket that several groups follow, each with its own case and its own keys."""
    yield Row(S.FILING, f.JoinedTicket, S.OPEN, _JOIN)
    yield Row(S.WAITING_WORKER, f.JoinedTicket, S.OPEN, _JOIN)
    yield Row(S.HANDLING, f.JoinedTicket, S.HANDLING, _JOIN)
    yield Row(S.RESIDENTS_KEY, f.JoinedTicket, S.RESIDENTS_KEY, (*_JOIN, tell(News.HANDLED)))
    for stage in (*SETTLED, *DROPPED):  # over in the moment in which it joined: the other group goes on
        yield Row(stage, f.JoinedTicket, stage)
    for stage in (*AT_DISPATCH, S.WORK_DONE, S.WORKER_KEY):
        yield Row(stage, f.SetApart, S.FILING, (*_FILE, leave_ticket), follows)
    yield Row(S.RETURNED, f.SentBack, S.OPEN, (show_card,))
    for stage in KEYS:
        sent_back = (show_card, say(Sentence.SENT_BACK))
        yield Row(stage, f.SentBack, S.OPEN, sent_back, disputed_with_ticket)


def _coming_back() -> Iterator[Row]:
    for stage in SETTLED:
        yield Row(stage, f.CameBack, S.OPEN, _COME_BACK, has_ticket)
        if stage is not S.CLOSED:  # which has a ticket
            yield Row(stage, f.CameBack, S.WAITING_WORKER, (*_COME_BACK, wait(Wait.WORKER)))


def _in_private() -> Iterator[Row]:
    for stage in (*LIVE, *SETTLED, *DROPPED):
        asked = (ask_if_fixed,) if stage is S.RESIDENTS_KEY else ()
        yield Row(stage, f.Confided, stage, (show_card, *asked))
        if stage is S.WORK_DONE:
            yield Row(stage, f.Whispered, S.WORKER_KEY, (show_card, wait(Wait.WORKER_KEY)), is_key_whisper)
        yield Row(stage, f.Whispered, stage)


TABLE: tuple[Row, ...] = (
    *_beginning(),
    *_by_the_worker(),
    *_at_dispatch(),
    *_keys(),
    *_afterwards(),
    *_corrections(),
    *_at_any_stage(),
    *_with_another_group(),
    *_coming_back(),
    *_in_private(),
)


# --- what a fact teaches a case, whatever its stage ---------------------------------------------------


_RISING = (Urgency.NORMAL, Urgency.URGENT, Urgency.EMERGENCY)


@singledispatch
def learn(_: f.Fact, case: Case) -> Case:
    """What `case` knows after the fact; most facts only move it."""
    return case


@learn.register
def _(fact: f.Repeated, case: Case) -> Case:
    urgency = max(case.urgency, fact.urgency, key=_RISING.index)
    case = _meant(_located(_follow(_linked(case, fact, "report"), fact.by), fact.place), fact.meaning)
    return replace(case, urgency=urgency)


@learn.register
def _(fact: f.Seconded, case: Case) -> Case:
    return _located(_follow(_linked(case, fact, "second"), fact.by), fact.place)


@learn.register
def _(fact: f.Detailed, case: Case) -> Case:
    case = _meant(_located(_linked(case, fact, "detail"), fact.place), fact.meaning)
    return replace(case, attachments=(*case.attachments, *fact.attachments), point=case.point or fact.point)


@learn.register
def _(fact: f.PlaceGiven, case: Case) -> Case:
    case = _located(_linked(case, fact, "detail"), fact.place)
    return replace(case, place=fact.place or case.place, point=fact.point or case.point)


@learn.register
def _(fact: f.Reworded, case: Case) -> Case:
    case = replace(case, wordings=(*case.wordings, (fact.message or "", fact.text)))
    if fact.message != case.origin:
        return case
    clear = fact.category and "category" not in case.corrected
    moved = fact.place and "place" not in case.corrected
    # What others have reported more urgently does not become less so.
    urgency = max(case.urgency, fact.urgency or case.urgency, key=_RISING.index)
    return replace(
        case,
        text=fact.text,
        category=fact.category if clear else case.category,
        sure=case.sure or bool(clear),
        place=fact.place if moved else case.place,
        urgency=urgency if case.followers else fact.urgency or case.urgency,
        private=case.private or (fact.private and bool(clear)),
    )


@learn.register
def _(fact: f.Urged, case: Case) -> Case:
    return _linked(case, fact, "urge")


@learn.register
def _(fact: f.SaidFixed, case: Case) -> Case:
    return _linked(case, fact, "resolved")


@learn.register
def _(fact: f.Withdrawn, case: Case) -> Case:
    return replace(_linked(case, fact, "withdraw"), withdrawn_by=fact.by)


@learn.register
def _(fact: f.Recategorised, case: Case) -> Case:
    private = case.private if fact.private is None else fact.private or bool(case.confided)
    corrected = _with(case.corrected, "category")
    # What was said in confidence stays so, whatever it is called afterwards.
    return replace(case, category=fact.category, sure=True, corrected=corrected, private=private)


@learn.register
def _(fact: f.Relocated, case: Case) -> Case:
    # A point that a worker's words contradict would send people to the wrong place.
    return replace(case, place=fact.place, point=None, corrected=_with(case.corrected, "place"))


@learn.register
def _(fact: f.SplitOff, case: Case) -> Case:
    return replace(
        case,
        messages=tuple(pair for pair in case.messages if pair[0] not in fact.messages),
        wordings=tuple(pair for pair in case.wordings if pair[0] not in fact.messages),
        followers=tuple(person for person in case.followers if person not in fact.followers),
        attachments=tuple(each for each in case.attachments if each not in fact.attachments),
    )


@learn.register
def _(fact: f.Merged, case: Case) -> Case:
    return replace(case, merged_into=fact.into)


@learn.register
def _(fact: f.Absorbed, case: Case) -> Case:
    for person in fact.followers:
        case = _follow(case, person)
    new = tuple(pair for pair in fact.messages if pair not in case.messages)
    return replace(case, messages=(*case.messages, *new))


@learn.register
def _(fact: f.TakenOn, case: Case) -> Case:
    return replace(case, handler=fact.by, handler_name=fact.by_name)


@learn.register
def _(fact: f.SolvedOnSite, case: Case) -> Case:
    # Who says that it is done has seen it: that is the worker's key.
    case = _linked(case, fact, "resolved")
    return replace(case, handler=fact.by, handler_name=fact.by_name, worker_key=fact.by)


@learn.register
def _(fact: f.TicketFiled, case: Case) -> Case:
    return replace(case, ticket=fact.ticket)


@learn.register
def _(fact: f.JoinedTicket, case: Case) -> Case:
    updates = (*case.updates, *fact.known)
    return replace(case, ticket=fact.ticket, leader=fact.leader, joined_at=fact.at, updates=updates)


@learn.register
def _(_: f.SetApart, case: Case) -> Case:
    return replace(case, ticket=None, leader="", apart_from=case.ticket or "", note="")


@learn.register
def _(fact: f.SentBack, case: Case) -> Case:
    return replace(case, disputes=case.disputes + fact.disputed, worker_key="", residents_key="")


@learn.register
def _(fact: f.CameBack, case: Case) -> Case:
    case = _meant(_located(_follow(_linked(case, fact, "report"), fact.by), fact.place), fact.meaning)
    return replace(case, reopened=case.reopened + 1, worker_key="", residents_key="")


@learn.register
def _(fact: f.TicketRefused, case: Case) -> Case:
    return replace(case, note=fact.reason, sure=False)


@learn.register
def _(_: f.FilingDelayed, case: Case) -> Case:
    return replace(case, delayed=True)


@learn.register(f.TicketAccepted)
@learn.register(f.WorkStarted)
@learn.register(f.TicketReturned)
@learn.register(f.TicketNoted)
@learn.register(f.WorkDone)
def _(fact: f.TicketNews, case: Case) -> Case:
    updates = (*case.updates, fact.update) if fact.update else case.updates
    return replace(case, note=fact.note or case.note, updates=updates)


@learn.register
def _(fact: f.WorkerConfirmed, case: Case) -> Case:
    return replace(_linked(case, fact, "resolved"), worker_key=fact.by)


@learn.register
def _(_: f.WorkerDenied, case: Case) -> Case:
    return replace(case, disputes=case.disputes + 1)


@learn.register
def _(fact: f.ResidentConfirmed, case: Case) -> Case:
    return replace(_linked(case, fact, "resolved"), residents_key=fact.by)


@learn.register
def _(fact: f.ResidentDisputed, case: Case) -> Case:
    case = _linked(case, fact, "disputed")
    return replace(case, disputes=case.disputes + 1, worker_key="", residents_key="")


@learn.register
def _(fact: f.SatisfactionGiven, case: Case) -> Case:
    if fact.by in dict(case.scores):
        raise IllegalMove(f"{fact.by} has given a mark for {case.id} already")
    return replace(case, scores=(*case.scores, (fact.by, fact.score)))


@learn.register
def _(fact: f.Posted, case: Case) -> Case:
    posts = tuple((what, post) for what, post in case.posts if what != fact.what)
    return replace(case, posts=(*posts, (fact.what, fact.post)), face=fact.face or case.face)


@learn.register
def _(fact: f.Confided, case: Case) -> Case:
    return replace(case, confided=fact.chat)


@learn.register
def _(fact: f.Whispered, case: Case) -> Case:
    others = tuple(one for one in case.whispers if one[:2] != (fact.what, fact.to))
    return replace(case, whispers=(*others, (fact.what, fact.to, fact.post)))


def _with(things: tuple[str, ...], thing: str) -> tuple[str, ...]:
    return things if thing in things else (*things, thing)


def _linked(case: Case, fact: f.Fact, what: str) -> Case:
    if fact.message is None or any(fact.message == m for m, _ in case.messages):
        return case
    return replace(case, messages=(*case.messages, (fact.message, what)), last_message_at=fact.at)


def _located(case: Case, place: str) -> Case:
    if not place or place in case.places:
        return case
    return replace(case, place=case.place or place, places=(*case.places, place)[:MOST_PLACES])


def _meant(case: Case, meaning: str) -> Case:
    """The first meaning stays, for it is what the case is about; of the others the latest two."""
    if not meaning:
        return case
    return replace(case, meanings=(*case.meanings[:1], *(*case.meanings[1:], meaning)[-2:]))


def _follow(case: Case, person: str) -> Case:
    if not person or person == case.reporter or person in case.followers:
        return case
    return replace(case, followers=(*case.followers, person))


# --- advance ------------------------------------------------------------------------------------------


def _index(rows: Iterable[Row]) -> dict[tuple[Stage, type[f.Fact]], tuple[Row, ...]]:
    moves: dict[tuple[Stage, type[f.Fact]], tuple[Row, ...]] = {}
    for row in rows:
        at = (row.stage, row.fact)
        moves[at] = (*moves.get(at, ()), row)
    return moves


MOVES = _index(TABLE)


def advance(case: Case | None, fact: f.Fact) -> tuple[Case, tuple[o.Order, ...]]:
    """The case after `fact`, and the orders that follow from it, each with its key.

    `case` is None for the first fact of a case, which is `Reported`. Raises `IllegalMove` where the
    table has no row, and then nothing has changed.
    """
    before = case or _begin(fact)
    row = _row(before, fact)
    known = replace(learn(fact, before), version=before.version + 1, changed_at=fact.at)
    stayed = row.to is before.stage
    known = replace(
        known,
        stage=row.to,
        reminders=known.reminders + isinstance(fact, f.TimeRanOut) if stayed else 0,
        timer=known.timer if stayed else "",
        doubtful=known.doubtful and row.to in (S.UNSURE, *DROPPED),
        posts=known.posts if stayed or row.to not in LIVE else _without_old_questions(known, fact),
        whispers=known.whispers if stayed or row.to not in LIVE else _without_old_whispers(known, fact),
    )
    wanted = [effect(known, fact) for effect in row.effects]
    return _ordered(known, [*wanted, o.Invite()] if _becomes_private(before, known) else wanted)


def _becomes_private(before: Case, case: Case) -> bool:
    """Whether the group, which knew of it or would have been told now, is shown the private line instead."""
    unspoken = (Stage.NEW, Stage.UNSURE)
    before_unseen = before.private and before.stage not in unspoken
    return case.private and case.live and case.stage not in unspoken and not before_unseen


def _without_old_questions(case: Case, fact: f.Fact) -> tuple[tuple[str, str], ...]:
    """What is posted still counts, but a question of the stage before, or of the round before, is over."""
    asked = fact.what if isinstance(fact, f.Posted) else ""
    over = {"worker_key", "residents_key"} - {asked}
    return tuple((what, post) for what, post in case.posts if what not in over)


def _without_old_whispers(case: Case, fact: f.Fact) -> tuple[tuple[str, str, str], ...]:
    asked = fact.what if isinstance(fact, f.Whispered) else ""
    over = {"worker_key", "residents_key"} - {asked}
    return tuple(one for one in case.whispers if one[0] not in over)


def rebuild(trace: Iterable[f.Fact]) -> Case:
    """The case that these facts, oldest first, lead to. Raises `IllegalMove` for a broken trace."""
    case: Case | None = None
    for fact in trace:
        case, _ = advance(case, fact)
    if case is None:
        raise IllegalMove("an empty trace is no case")
    return case


def allowed(case: Case, fact: type[f.Fact]) -> bool:
    """Whether some row of the table takes this kind of fact in the stage of the case."""
    return (case.stage, fact) in MOVES


def _begin(fact: f.Fact) -> Case:
    if not isinstance(fact, f.Reported):
        raise IllegalMove(f"{type(fact).__name__} cannot be the first fact of a case")
    return Case(
        id=fact.case,
        number=fact.number,
        group=fact.group,
        opened_at=fact.at,
        changed_at=fact.at,
        category=fact.category,
        text=fact.text,
        reporter=fact.by,
        reporter_name=fact.by_name,
        origin=fact.message,
        place=fact.place,
        point=fact.point,
        urgency=fact.urgency,
        confidence=fact.confidence,
        sure=fact.sure,
        files_at_once=fact.files_at_once,
        warned=fact.warned,
        doubtful=fact.doubtful,
        last_message_at=fact.at,
        places=(fact.place,) if fact.place else (),
        meanings=(fact.meaning,) if fact.meaning else (),
        messages=((fact.message, "report"),) if fact.message else (),
        attachments=fact.attachments,
        categories=fact.categories,
        thread=fact.thread,
        private=fact.private,
    )


def _row(case: Case, fact: f.Fact) -> Row:
    if isinstance(fact, f.TimeRanOut) and fact.timer != case.timer:
        raise IllegalMove(f"{case.id} no longer waits for {fact.timer}")
    for row in MOVES.get((case.stage, type(fact)), ()):
        if row.when is None or row.when(case, fact):
            return row
    raise IllegalMove(f"{type(fact).__name__} cannot happen to {case.id} in stage {case.stage}")


def _ordered(case: Case, wanted: list[o.Order | None]) -> tuple[Case, tuple[o.Order, ...]]:
    orders = tuple(
        replace(order, case=case.id, key=f"{case.id}:{case.version}:{n}")
        for n, order in enumerate(order for order in wanted if order is not None)
    )
    for order in orders:
        if isinstance(order, o.WakeAt):
            case = replace(case, timer=order.timer)
    return case, orders
