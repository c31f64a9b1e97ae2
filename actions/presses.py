"""Presses: what a button means, who may press it, and the fact that follows."""

from collections.abc import Callable
from enum import StrEnum

from actions import facts as f
from actions.advance import allowed
from actions.case import AT_DISPATCH, SETTLED, Case, Stage
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
    WITHDRAW = "undo"
    RESTORE = "redo"
    MORE = "more"
    RATE_1 = "r1"
    RATE_2 = "r2"
    RATE_3 = "r3"
    RATE_4 = "r4"
    RATE_5 = "r5"


RATES = (Verb.RATE_1, Verb.RATE_2, Verb.RATE_3, Verb.RATE_4, Verb.RATE_5)
KEYS = (Verb.CONFIRM, Verb.DENY, Verb.FIXED, Verb.NOT_FIXED)
"""Answers to a question that is asked once: with the answer its buttons go."""
WORKERS_ROW = (Verb.CONFIRM, Verb.DENY)
RESIDENTS_ROW = (Verb.FIXED, Verb.NOT_FIXED)
THUMB_UP = "👍"
_WORKERS = (Verb.TAKE, Verb.FILE, Verb.DISMISS, Verb.DONE, Verb.APART, Verb.CONFIRM, Verb.DENY, Verb.MORE)
_RESIDENTS = (Verb.FIXED, Verb.NOT_FIXED, *RATES)


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


def fact_of(verb: Verb, press: Press, case: Case) -> f.Fact:
    """The fact that a press stands for; `MORE` stands for none. Raises `Refusal` for the wrong person or a second time."""
    if verb in _WORKERS and press.role is not Role.WORKER:
        raise Refusal("workers_only")
    if verb in _RESIDENTS and press.role is Role.WORKER:
        raise Refusal("residents_only")
    if verb is Verb.ME_TOO and press.sender in (case.reporter, *case.followers):
        raise Refusal("already_with_us")
    if verb in RATES and press.sender in dict(case.scores):
        raise Refusal("already_rated")
    if verb is Verb.WITHDRAW and not _may(press, case.reporter):
        raise Refusal("reporters_only")
    if verb is Verb.RESTORE and not _may(press, case.withdrawn_by):
        raise Refusal("not_taken_back_by_you")
    if _ALREADY.get(verb) is case.stage:
        raise Refusal("already_so")
    return _FACTS[verb](press)


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
        (_EVERYBODY, (Verb.TAKE, Verb.FILE, Verb.DISMISS, Verb.MORE)),
    ),
    **dict.fromkeys(SETTLED, ((Verb.NOT_FIXED,),)),
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


def in_private(case: Case, *, worker: bool) -> tuple[tuple[Verb, ...], ...]:
    """The rows of buttons under the card of a private case, for a worker or for its reporter."""
    asked = WORKERS_ROW if worker else RESIDENTS_ROW
    if case.stage in ((Stage.WORK_DONE, Stage.WORKER_KEY) if worker else (Stage.RESIDENTS_KEY,)):
        return (asked,)
    ours = _IN_PRIVATE if worker else (Verb.WITHDRAW, Verb.RESTORE, Verb.NOT_FIXED)
    rows = (tuple(verb for verb in row if verb in ours) for row in _ON_CARD.get(case.stage, ()))
    return tuple(row for row in rows if row)


_IN_PRIVATE = (Verb.TAKE, Verb.FILE, Verb.DISMISS, Verb.DONE)


def _asked_on_card(case: Case) -> tuple[tuple[Verb, ...], ...]:
    if case.stage in SETTLED:
        return (RATES, (Verb.NOT_FIXED,))
    return (RESIDENTS_ROW,) if case.stage is Stage.RESIDENTS_KEY else (WORKERS_ROW,)
