"""The moves: the one table of every legal move of a case, with its conditions and its orders.

`TABLE` has a row for each; what is not in it is illegal. Of several rows for one (stage, fact) the first whose
condition holds is taken, by `advance`. The state diagram in docs/ is drawn from `TABLE` by `linli diagram`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from actions import facts as f
from actions.case import (
    AT_DISPATCH,
    BEFORE_DISPATCH,
    DROPPED,
    KEYS,
    LIVE,
    SETTLED,
    Case,
    Stage,
)
from actions.conditions import (
    disputed_with_ticket,
    doubtful,
    files_itself,
    first_delay,
    fixed,
    fixed_with_ticket,
    follows,
    goes_up,
    goes_up_with_ticket,
    half_fixed,
    half_fixed_with_ticket,
    has_ticket,
    is_key_question,
    is_key_whisper,
    is_residents_question,
    lacks_photo,
    may_file_itself,
    no_place,
    not_fixed,
    not_fixed_with_ticket,
    reached_again,
    reminded,
    reminded_and_sure,
    reminded_with_ticket,
    ruled,
    the_same_day,
    the_same_day_and_files_itself,
    the_same_day_with_ticket,
    unsure_till_now,
    without_reason,
    worker_agreed,
    worker_agreed_with_ticket,
)
from actions.effects import (
    Effect,
    alert,
    ask_if_fixed,
    ask_satisfaction,
    ask_worker,
    call_worker,
    file_ticket,
    leave_ticket,
    say,
    say_ruling,
    show_card,
    show_here,
    show_question,
    tell,
    tell_joined,
    tell_rewording,
    tell_ruling,
    wait,
    watch_on,
)
from actions.orders import News, Sentence, Wait

Guard = Callable[[Case, f.Fact], bool]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: in `stage`, `fact` leads to `to` with these orders, if `when` holds."""

    stage: Stage
    fact: type[f.Fact]
    to: Stage
    effects: tuple[Effect, ...] = ()
    when: Guard | None = None


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
        yield Row(
            stage, f.Renewed, stage
        )  # of thousands of cases at once: their cards follow with what happens next
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
        yield Row(stage, f.Whispered, stage, (show_here,), reached_again)
        yield Row(stage, f.Whispered, stage)
        yield Row(stage, f.Unreached, stage, (show_here,))


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
