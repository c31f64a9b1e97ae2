"""Presses: what a button means, who may press it, and the fact that follows."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from actions import facts as f
from actions.advance import allowed
from actions.answers import answer_of, former, who
from actions.case import AT_DISPATCH, SETTLED, Case, Stage
from actions.marks import mark_of, too_late
from actions.message import Press, Reacted, Role


class Verb(StrEnum):
    """What a button does. The value is part of the button's data and so must stay short."""

    ME_TOO = "me"
    TAKE = "take"
    FILE = "file"
    DISMISS = "no"
    DONE = "done"
    APART = "apart"
    CONFIRM = "ok"
    DENY = "deny"
    FIXED = "yes"
    NOT_FIXED = "not"
    HALF = "half"
    WITHDRAW = "undo"
    RESTORE = "redo"
    MORE = "more"
    RATE_1 = "r1"
    RATE_2 = "r2"
    RATE_3 = "r3"
    RATE_4 = "r4"
    RATE_5 = "r5"


RATES = (Verb.RATE_1, Verb.RATE_2, Verb.RATE_3, Verb.RATE_4, Verb.RATE_5)
KEYS = (Verb.CONFIRM, Verb.DENY, Verb.FIXED, Verb.NOT_FIXED, Verb.HALF)
"""Answers to a question: with the one that decides its buttons go."""
WORKERS_ROW = (Verb.CONFIRM, Verb.DENY)
RESIDENTS_ROWS = ((Verb.FIXED, Verb.NOT_FIXED), (Verb.HALF,))
"""The first row is yes before no."""
THUMB_UP = "👍"
_WORKERS = (Verb.TAKE, Verb.FILE, Verb.DISMISS, Verb.DONE, Verb.APART, Verb.CONFIRM, Verb.DENY, Verb.MORE)
_RESIDENTS = (Verb.FIXED, Verb.NOT_FIXED, Verb.HALF, *RATES)


_ALREADY = {
    Verb.TAKE: Stage.HANDLING,
    Verb.DISMISS: Stage.NOT_A_PROBLEM,
    Verb.WITHDRAW: Stage.WITHDRAWN,
}
"""Where a press has led already, a second one gets a word of its own."""


class Refusal(Exception):
    """Why a press does nothing; `why` names a sentence of the catalogue."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def fact_of(verb: Verb, press: Press, case: Case, household: str = "") -> f.Fact:
    """The fact that a press stands for; `MORE` stands for none. Raises `Refusal` for the wrong person or a second time.

    `household` is that of whoever pressed, where it is known.
    """
    if verb in _WORKERS and press.role is not Role.WORKER:
        raise Refusal("workers_only")
    if verb in _RESIDENTS and press.role is Role.WORKER:
        raise Refusal("residents_only")
    if verb is Verb.ME_TOO and press.sender in (case.reporter, *case.followers):
        raise Refusal("already_with_us")
    if verb is Verb.WITHDRAW and not _may(press, case.reporter):
        raise Refusal("reporters_only")
    if verb is Verb.RESTORE and not _may(press, case.withdrawn_by):
        raise Refusal("not_taken_back_by_you")
    if _ALREADY.get(verb) is case.stage:
        raise Refusal("already_so")
    if verb is Verb.CONFIRM and case.lacks_photo:
        raise Refusal("photo_needed")
    return _once(_FACTS[verb](press), case, household)


def _once(fact: f.Fact, case: Case, household: str) -> f.Fact:
    """An answer or a mark, as whose it counts. Raises `Refusal` for one that would change nothing, or no more."""
    match fact:
        case f.SatisfactionGiven():
            fact = replace(fact, household=household)
            if too_late(case, fact) or mark_of(case, fact) == fact.score:
                raise Refusal("already_rated")
        case f.ResidentConfirmed() | f.ResidentHalfConfirmed() | f.ResidentDisputed():
            fact = replace(fact, household=household)
            asked = case.stage is Stage.RESIDENTS_KEY
            if asked and dict(case.answers).get(who(fact)) is answer_of(fact):
                raise Refusal("already_answered")
    return fact


def received(before: Case, after: Case, fact: f.Fact) -> str:
    """What whoever pressed is told, by the name of the sentence."""
    match fact:
        case f.SatisfactionGiven():
            return "noted" if mark_of(before, fact) is None else "mark_changed"
        case f.ResidentConfirmed() | f.ResidentHalfConfirmed() | f.ResidentDisputed() if (
            after.stage is Stage.RESIDENTS_KEY
        ):
            mine = {who(fact), former(before, fact.by, who(fact))}
            if not mine & dict(before.answers).keys():
                return "counted"
            return "household_replaced" if fact.household else "answer_replaced"
    return "noted"


def _may(press: Press, person: str) -> bool:
    return press.role is Role.WORKER or press.sender == person


def _plain(kind: type[f.Fact]) -> Callable[[Press], f.Fact]:
    return lambda press: kind(at=press.at, by=press.sender, by_name=press.sender_name)


def _rated(score: int) -> Callable[[Press], f.Fact]:
    return lambda press: f.SatisfactionGiven(
        at=press.at, by=press.sender, by_name=press.sender_name, score=score
    )


_FACTS: dict[Verb, Callable[[Press], f.Fact]] = {
    Verb.ME_TOO: _plain(f.Seconded),
    Verb.TAKE: _plain(f.TakenOn),
    Verb.FILE: _plain(f.Dispatched),
    Verb.DISMISS: _plain(f.Dismissed),
    Verb.DONE: _plain(f.SolvedOnSite),
    Verb.APART: _plain(f.SetApart),
    Verb.CONFIRM: _plain(f.WorkerConfirmed),
    Verb.DENY: _plain(f.WorkerDenied),
    Verb.FIXED: _plain(f.ResidentConfirmed),
    Verb.NOT_FIXED: _plain(f.ResidentDisputed),
    Verb.HALF: _plain(f.ResidentHalfConfirmed),
    Verb.WITHDRAW: _plain(f.Withdrawn),
    Verb.RESTORE: _plain(f.Restored),
    **{verb: _rated(score) for score, verb in enumerate(RATES, start=1)},
}


_EVERYBODY = (Verb.ME_TOO, Verb.WITHDRAW)
_ON_CARD: dict[Stage, tuple[tuple[Verb, ...], ...]] = {
    Stage.HANDLING: (_EVERYBODY, (Verb.DONE, Verb.FILE, Verb.MORE)),
    **dict.fromkeys((Stage.FILING, *AT_DISPATCH), (_EVERYBODY, (Verb.TAKE, Verb.DISMISS, Verb.MORE))),
    **dict.fromkeys(
        (Stage.WAITING_WORKER, Stage.RETURNED),
        (_EVERYBODY, (Verb.TAKE, Verb.FILE), (Verb.DISMISS, Verb.MORE)),
    ),
    **dict.fromkeys(SETTLED, ((Verb.NOT_FIXED, Verb.HALF),)),
    Stage.NOT_A_PROBLEM: ((Verb.FILE,),),
    Stage.WITHDRAWN: ((Verb.RESTORE,),),
}


def fact_of_reaction(reacted: Reacted, case: Case) -> f.Fact | None:
    """A thumb up on the card is "me too"; whoever is counted already, and any other sign, says nothing."""
    counted = reacted.sender in (case.reporter, *case.followers)
    if counted or THUMB_UP not in reacted.added or reacted.message != case.post("card"):
        return None
    return f.Seconded(at=reacted.at, by=reacted.sender, by_name=reacted.sender_name)


def on_card(case: Case) -> tuple[tuple[Verb, ...], ...]:
    """The rows of buttons under the card of a case: what helps in its stage, and no more."""
    if case.asked_on_card:
        return _asked_on_card(case)
    rows = _ON_CARD.get(case.stage, ())
    return (*rows, (Verb.APART,)) if case.leader and allowed(case, f.SetApart) else rows


def for_residents(case: Case) -> tuple[tuple[Verb, ...], ...]:
    """The same, where workers have their buttons elsewhere."""
    return _without(_WORKERS, on_card(case))


def at_desk(case: Case) -> tuple[tuple[Verb, ...], ...]:
    """The rows of buttons under a worker's card beside the group."""
    if case.stage in (Stage.WORK_DONE, Stage.WORKER_KEY):
        return (WORKERS_ROW, (Verb.MORE,))
    return _without((*_EVERYBODY, *_RESIDENTS), on_card(replace(case, posts=())))


def in_private(case: Case) -> tuple[tuple[Verb, ...], ...]:
    """The rows of buttons under the card of a private case in its reporter's own chat."""
    if case.stage is Stage.RESIDENTS_KEY:
        return RESIDENTS_ROWS
    return _without((*_WORKERS, Verb.ME_TOO), on_card(replace(case, posts=())))


def _without(verbs: tuple[Verb, ...], rows: tuple[tuple[Verb, ...], ...]) -> tuple[tuple[Verb, ...], ...]:
    left = (tuple(verb for verb in row if verb not in verbs) for row in rows)
    return tuple(row for row in left if row)


def _asked_on_card(case: Case) -> tuple[tuple[Verb, ...], ...]:
    if case.stage in SETTLED:
        return (RATES, (Verb.NOT_FIXED, Verb.HALF))
    return RESIDENTS_ROWS if case.stage is Stage.RESIDENTS_KEY else (WORKERS_ROW,)
