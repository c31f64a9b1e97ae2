"""The moves: the one table of every legal move of a case, with its conditions and its orders.

`TABLE` has a row for each; what is not in it is illegal. Of several rows for one (stage, fact) the first whose
condition holds is taken, by `advance`. The state diagram in docs/ is drawn from `TABLE` by `linli diagram`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from actions import facts as f
from actions import orders as o
from actions.answers import outcome
from actions.case import (
    AT_DISPATCH,
    BEFORE_DISPATCH,
    DROPPED,
    KEYS,
    LIVE,
    SETTLED,
    TAKEN_BACK_WITHIN,
    Case,
    Stage,
)
from actions.nodes import Light
from actions.orders import News, Sentence, Wait
from actions.verdicts import Answer

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


def fixed(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is fixed"""
    return outcome(case, fact) is Answer.FIXED


def fixed_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is fixed, and dispatch has it"""
    return fixed(case, fact) and has_ticket(case, fact)


def half_fixed(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is fixed in part"""
    return outcome(case, fact) is Answer.HALF


def half_fixed_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is fixed in part, and dispatch has it"""
    return half_fixed(case, fact) and has_ticket(case, fact)


def not_fixed(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is not fixed"""
    return outcome(case, fact) is Answer.NOT_FIXED


def not_fixed_with_ticket(case: Case, fact: f.Fact) -> bool:
    """The residents' answers come to: it is not fixed, and dispatch has it"""
    return not_fixed(case, fact) and has_ticket(case, fact)


def lacks_photo(case: Case, _: f.Fact) -> bool:
    """The grid wants a photo, and none was shown"""
    return case.lacks_photo


def without_reason(_: Case, fact: f.Fact) -> bool:
    """The unit says not why: that does not count as giving it back"""
    return isinstance(fact, f.TicketReturned) and not fact.reason


def ruled(_: Case, fact: f.Fact) -> bool:
    """It was given back before, and there is a level above to rule on it"""
    return getattr(fact, "ruling", None) is not None


def goes_up(_: Case, fact: f.Fact) -> bool:
    """There is a level above"""
    return isinstance(fact, f.Raised) and fact.assignment is not None


def goes_up_with_ticket(case: Case, fact: f.Fact) -> bool:
    """There is a level above, and dispatch has it already"""
    return goes_up(case, fact) and has_ticket(case, fact)


# --- orders -----------------------------------------------------------------------------------------

_BACK = (Sentence.DISPUTED, Sentence.DENIED, Sentence.HALF_FIXED)
"""They say that it goes back to the same unit, which is not so where the level above rules: then that is said."""


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


def show_question(_: Case, __: f.Fact) -> o.Order:
    return o.ShowQuestion()


def say(sentence: Sentence) -> Effect:
    """An effect that tells the group one milestone; the fact's own words go along."""

    def effect(_: Case, fact: f.Fact) -> o.Order | None:
        if sentence in _BACK and getattr(fact, "ruling", None) is not None:
            return None
        return o.Say(sentence=sentence, note=_words(fact))

    return effect


def tell(news: News) -> Effect:
    """An effect that tells dispatch, where dispatch has a ticket."""

    def effect(case: Case, fact: f.Fact) -> o.Order | None:
        if case.ticket is None or (isinstance(fact, f.Detailed) and not fact.told):
            return None
        attachments = fact.attachments if isinstance(fact, f.Detailed | f.Inspected) else ()
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


def tell_ruling(case: Case, fact: f.Fact) -> o.Order | None:
    """Dispatch is told that the level above has it now; of several groups by that one whose ticket it is."""
    if getattr(fact, "ruling", None) is None or case.ticket is None or case.leader:
        return None
    return o.TellDispatch(news=News.RULING, text=_words(fact))


def say_ruling(_: Case, fact: f.Fact) -> o.Order | None:
    return o.Say(sentence=Sentence.RULING) if getattr(fact, "ruling", None) else None


def alert(case: Case, fact: f.Fact) -> o.Order | None:
    if not isinstance(fact, f.LightTurned):
        return None
    return o.Alert(node=case.clocks[fact.clock].node, light=fact.light, clock=fact.clock)


def watch_on(_: Case, fact: f.Fact) -> o.Order | None:
    """After yellow comes red."""
    yellow = isinstance(fact, f.LightTurned) and fact.light is Light.YELLOW
    return (
        o.WatchClock(clock=fact.clock, light=Light.RED)
        if yellow and isinstance(fact, f.LightTurned)
        else None
    )


def call_worker(_: Case, fact: f.Fact) -> o.Order | None:
    return o.CallWorker(to=fact.to) if isinstance(fact, f.HandedOver) and fact.to != fact.by else None


def wait(what: Wait) -> Effect:
    """An effect that starts a wait; the timer before it, if any, counts no more."""

    def effect(case: Case, _: f.Fact) -> o.Order:
        return o.WakeAt(wait=what, timer=f"{case.version}:{what}")

    return effect


def _words(fact: f.Fact) -> str:
    if isinstance(fact, f.TicketReturned):
        return fact.note  # its reason is a code
    for name in ("note", "reason", "text", "place", "matter", "category"):
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
_REOPEN = (show_card, say(Sentence.DISPUTED), tell(News.DISPUTED), say_ruling, tell_ruling)
_GO_ON = (show_card, say(Sentence.HALF_FIXED), tell(News.HALF_FIXED), say_ruling, tell_ruling)
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
    for stage in AT_DISPATCH:
        yield Row(stage, f.TicketAccepted, S.ACCEPTED, (show_card,))
        yield Row(stage, f.WorkStarted, S.IN_PROGRESS, (show_card,))
        yield from _given_back(stage)
        yield Row(stage, f.WorkDone, S.WORK_DONE, _ASK_WORKER)
    yield Row(S.HANDLING, f.WorkDone, S.WORK_DONE, _ASK_WORKER, has_ticket)


def _given_back(stage: Stage) -> Iterator[Row]:
    """By the unit: it has to say why, and the second time the level above rules."""
    if stage is S.RETURNED:
        yield Row(stage, f.TicketReturned, stage, (show_card,))  # said once more; it is given back already
        return
    yield Row(stage, f.TicketReturned, stage, (tell(News.REASON_NEEDED),), without_reason)
    yield Row(stage, f.TicketReturned, S.OPEN, (show_card, say_ruling, tell_ruling), ruled)
    yield Row(stage, f.TicketReturned, S.RETURNED, (show_card, say(Sentence.RETURNED)))


def _keys() -> Iterator[Row]:
    yield Row(S.WORK_DONE, f.Posted, S.WORKER_KEY, (show_card, wait(Wait.WORKER_KEY)), is_key_question)
    yield Row(S.WORKER_KEY, f.Posted, S.WORKER_KEY, (show_card,), is_key_question)
    yield Row(S.RESIDENTS_KEY, f.Posted, S.RESIDENTS_KEY, (show_card,), is_residents_question)
    denied = (show_card, say(Sentence.DENIED), tell(News.DENIED), say_ruling, tell_ruling)
    remind_worker = (show_card, say(Sentence.REMIND_WORKER_KEY), wait(Wait.WORKER_KEY))
    for stage in (S.WORK_DONE, S.WORKER_KEY):
        yield Row(stage, f.TimeRanOut, S.LAPSED, (show_card,), reminded)
        yield Row(stage, f.TimeRanOut, stage, remind_worker)
        yield Row(stage, f.WorkStarted, S.IN_PROGRESS, (show_card,))
        yield from _given_back(stage)
        yield Row(stage, f.WorkerConfirmed, stage, (say(Sentence.PHOTO_NEEDED),), lacks_photo)
        yield Row(stage, f.WorkerConfirmed, S.RESIDENTS_KEY, _ASK_RESIDENTS)
        yield Row(stage, f.WorkerDenied, S.OPEN, denied)
        yield Row(stage, f.ResidentDisputed, S.OPEN, _REOPEN)
        yield Row(stage, f.ResidentHalfConfirmed, S.OPEN, _GO_ON)
    key = S.RESIDENTS_KEY
    for fact in (f.ResidentConfirmed, f.ResidentHalfConfirmed, f.ResidentDisputed, f.TimeRanOut):
        yield from _counted(fact)
    for fact in (f.ResidentConfirmed, f.ResidentHalfConfirmed, f.ResidentDisputed):
        yield Row(key, fact, key, (show_card, show_question))  # it counts, and decides nothing yet
    remind_residents = (say(Sentence.REMIND_RESIDENTS), wait(Wait.RESIDENTS_KEY))
    yield Row(key, f.TimeRanOut, S.LAPSED, (show_card,), reminded)
    yield Row(key, f.TimeRanOut, key, remind_residents)


def _counted(fact: type[f.Fact]) -> Iterator[Row]:
    """What follows when the residents' answers, with this fact, come to something."""
    key = S.RESIDENTS_KEY
    yield Row(key, fact, S.CLOSED, _END, fixed_with_ticket)
    yield Row(key, fact, S.SOLVED_IN_GRID, _END, fixed)
    yield Row(key, fact, S.OPEN, _REOPEN, not_fixed_with_ticket)
    yield Row(key, fact, S.HANDLING, (*_REOPEN, wait(Wait.HANDLING)), not_fixed)
    yield Row(key, fact, S.OPEN, _GO_ON, half_fixed_with_ticket)
    yield Row(key, fact, S.HANDLING, (*_GO_ON, wait(Wait.HANDLING)), half_fixed)


def _afterwards() -> Iterator[Row]:
    for stage in SETTLED:
        for fact, effects in ((f.ResidentDisputed, _REOPEN), (f.ResidentHalfConfirmed, _GO_ON)):
            yield Row(stage, fact, S.OPEN, effects, has_ticket)
            if stage is not S.CLOSED:  # which has a ticket
                yield Row(stage, fact, S.WAITING_WORKER, (*effects, wait(Wait.WORKER)))
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


def _at_the_desk() -> Iterator[Row]:
    """What a worker may do beside the keys: raise, hand over, give back, look at it, name its matter."""
    for stage in (S.HANDLING, *AT_DISPATCH):
        yield Row(stage, f.Raised, S.OPEN, (show_card, tell(News.RAISED)), goes_up_with_ticket)
    for stage in (S.WAITING_WORKER, S.HANDLING):
        yield Row(stage, f.Raised, S.FILING, _FILE, goes_up)
        yield Row(stage, f.HandedOver, S.HANDLING, (*_HANDLE, call_worker))
    yield Row(S.HANDLING, f.GivenBack, S.OPEN, (show_card, tell(News.SENT_AGAIN)), has_ticket)
    yield Row(S.HANDLING, f.GivenBack, S.WAITING_WORKER, _WAIT_WORKER)
    for stage in LIVE:
        if stage is not S.UNSURE:
            yield Row(stage, f.Inspected, stage, (show_card, tell(News.INSPECTED)))
            yield Row(stage, f.Assigned, stage, (show_card, tell(News.ASSIGNED)))
        if stage not in (S.UNSURE, S.ASKING_WHERE, S.FILING):  # where no clock runs
            yield Row(stage, f.LightTurned, stage, (show_card, alert, watch_on))


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
    *_at_the_desk(),
    *_corrections(),
    *_at_any_stage(),
    *_with_another_group(),
    *_coming_back(),
    *_in_private(),
)


def _index(rows: Iterable[Row]) -> dict[tuple[Stage, type[f.Fact]], tuple[Row, ...]]:
    moves: dict[tuple[Stage, type[f.Fact]], tuple[Row, ...]] = {}
    for row in rows:
        at = (row.stage, row.fact)
        moves[at] = (*moves.get(at, ()), row)
    return moves


MOVES = _index(TABLE)
"""The rows of the table by the stage and the fact that they are for, each in its order."""
