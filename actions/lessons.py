"""The lessons: what a fact teaches a case, whatever its stage. Where it then leads is in actions/moves.py."""

from dataclasses import replace
from functools import singledispatch

from actions import facts as f
from actions.answers import answers_with, outcome, voices_with, who
from actions.assignment import Assignment
from actions.case import MOST_PLACES, Case, IllegalMove, Stage
from actions.clocks import turned
from actions.marks import marked
from actions.message import Attachment, Kind
from actions.reading import Urgency
from actions.verdicts import Answer

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
    case = _shown(case, fact.attachments) if case.stage in (Stage.WORK_DONE, Stage.WORKER_KEY) else case
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
        assignment=(fact.assignment if clear else None) or case.assignment,
        matters=fact.matters if clear else case.matters,
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
    case = replace(case, category=fact.category, sure=True, corrected=corrected, private=private)
    return replace(case, assignment=fact.assignment or case.assignment, matters=fact.matters)


@learn.register
def _(fact: f.Assigned, case: Case) -> Case:
    private = case.private if fact.private is None else fact.private or bool(case.confided)
    corrected = _with(case.corrected, "matter")
    assignment = fact.assignment or case.assignment
    return replace(case, assignment=assignment, matters=(), corrected=corrected, private=private)


@learn.register
def _(fact: f.Renewed, case: Case) -> Case:
    case = case if fact.clocks is None else replace(case, clocks=fact.clocks)
    if case.assignment:
        return case
    private = case.private or fact.private
    return replace(case, assignment=fact.assignment, matters=fact.matters, private=private)


@learn.register
def _(fact: f.Raised, case: Case) -> Case:
    return _ruled(case, fact.assignment)


@learn.register
def _(fact: f.HandedOver, case: Case) -> Case:
    # Whoever has it now has not been reminded.
    return replace(case, handler=fact.to, handler_name=fact.to_name, reminders=0)


@learn.register
def _(fact: f.GivenBack, case: Case) -> Case:
    return replace(case, handler="", handler_name="", note=fact.reason or case.note)


@learn.register
def _(fact: f.Inspected, case: Case) -> Case:
    case = _shown(_linked(case, fact, "detail"), fact.attachments)
    new = tuple(each for each in fact.attachments if each not in case.attachments)
    return replace(case, attachments=(*case.attachments, *new), inspected_by=fact.by)


@learn.register
def _(fact: f.LightTurned, case: Case) -> Case:
    lit = turned(case, fact.clock, fact.light)
    if lit is None:
        raise IllegalMove(f"{case.id}: clock {fact.clock} does not turn {fact.light} any more")
    return lit


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
    return replace(case, handler=fact.by, handler_name=fact.by_name, worker_key=fact.by, answers=())


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
    disputes = case.disputes + fact.disputed
    return replace(case, disputes=disputes, worker_key="", residents_key="", answers=())


@learn.register
def _(fact: f.CameBack, case: Case) -> Case:
    case = _meant(_located(_follow(_linked(case, fact, "report"), fact.by), fact.place), fact.meaning)
    return replace(case, reopened=case.reopened + 1, worker_key="", residents_key="", answers=())


@learn.register
def _(fact: f.TicketRefused, case: Case) -> Case:
    return replace(case, note=fact.reason, sure=False)


@learn.register
def _(_: f.FilingDelayed, case: Case) -> Case:
    return replace(case, delayed=True)


@learn.register
def _(fact: f.TicketReturned, case: Case) -> Case:
    case = _told(fact, case)
    if case.stage is Stage.RETURNED or not fact.reason:
        return case
    return _ruled(replace(case, bounces=(*case.bounces, fact.reason)), fact.ruling)


@learn.register(f.TicketAccepted)
@learn.register(f.WorkStarted)
@learn.register(f.TicketNoted)
@learn.register(f.WorkDone)
def _told(fact: f.TicketNews, case: Case) -> Case:
    updates = (*case.updates, fact.update) if fact.update else case.updates
    if isinstance(fact, f.WorkDone):
        case = replace(case, evidence=())  # what was shown before does not show that it is done
    return replace(case, note=fact.note or case.note, updates=updates)


@learn.register
def _(fact: f.WorkerConfirmed, case: Case) -> Case:
    case = _linked(case, fact, "resolved")
    return case if case.lacks_photo else replace(case, worker_key=fact.by, answers=())


@learn.register
def _(fact: f.WorkerDenied, case: Case) -> Case:
    return _ruled(replace(case, disputes=case.disputes + 1, answers=()), fact.ruling)


@learn.register
def _(fact: f.ResidentConfirmed, case: Case) -> Case:
    return _answered(_linked(case, fact, "resolved"), fact)


@learn.register(f.ResidentHalfConfirmed)
@learn.register(f.ResidentDisputed)
def _(fact: f.ResidentHalfConfirmed | f.ResidentDisputed, case: Case) -> Case:
    return _answered(_linked(case, fact, "disputed"), fact)


@learn.register
def _(fact: f.TimeRanOut, case: Case) -> Case:
    return _decided(case, outcome(case, fact), fact)


@learn.register
def _(fact: f.SatisfactionGiven, case: Case) -> Case:
    marks = marked(case, fact)
    if marks is None:
        raise IllegalMove(f"{fact.by} has given a mark for {case.id} already")
    return marks


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
    unreached = tuple(chat for chat in case.unreached if chat != fact.to)
    return replace(case, whispers=(*others, (fact.what, fact.to, fact.post)), unreached=unreached)


@learn.register
def _(fact: f.Unreached, case: Case) -> Case:
    if fact.to in case.unreached:
        raise IllegalMove(f"it is known already that {fact.to} cannot be reached")
    return replace(case, unreached=(*case.unreached, fact.to))


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


def _answered(case: Case, fact: f.ResidentAnswered) -> Case:
    decided = outcome(case, fact)
    if case.stage is Stage.RESIDENTS_KEY:
        voices = voices_with(case, fact.by, who(fact))
        case = replace(case, answers=answers_with(case, fact), voices=voices)
    return _decided(case, decided, fact)


def _decided(case: Case, answer: Answer | None, fact: f.ResidentAnswered | f.TimeRanOut) -> Case:
    """The case by what the answers come to; while that is open nobody rules on it either."""
    match answer:
        case None:
            return case
        case Answer.FIXED:
            agreed = (one for one, what in reversed(case.answers) if what is Answer.FIXED)
            by = fact.by if isinstance(fact, f.ResidentConfirmed) else ""
            return replace(case, residents_key=by or next(agreed, ""))
        case Answer.HALF:
            case = replace(case, halves=case.halves + 1)
        case Answer.NOT_FIXED:
            case = replace(case, disputes=case.disputes + 1)
    return _ruled(replace(case, worker_key="", residents_key="", answers=()), fact.ruling)


def _shown(case: Case, attachments: tuple[Attachment, ...]) -> Case:
    """What shows that it is done; words do not."""
    shown = tuple(each for each in attachments if each.kind in (Kind.PHOTO, Kind.VIDEO))
    return replace(case, evidence=(*case.evidence, *shown))


def _ruled(case: Case, assignment: Assignment | None) -> Case:
    if assignment is None:
        return case
    return replace(case, assignment=assignment, raised=case.raised + 1)
