"""Answers: what a fact means for the second key, before the case is moved by it."""

from actions import facts as f
from actions.case import Case, Stage
from actions.verdicts import Answer, counted, verdict


def who(fact: f.ResidentAnswered) -> str:
    """As whom the answer counts: a household where we know it, else the person."""
    return fact.household or fact.by


def answer_of(fact: f.Fact) -> Answer | None:
    """What a resident has answered; None for any other fact."""
    match fact:
        case f.ResidentConfirmed():
            return Answer.FIXED
        case f.ResidentHalfConfirmed():
            return Answer.HALF
        case f.ResidentDisputed():
            return Answer.NOT_FIXED
    return None


def outcome(case: Case, fact: f.Fact) -> Answer | None:
    """What the residents' answers come to with this fact; None while that is open, and for facts that decide nothing.

    While they are not asked, or after the end, one word is enough.
    """
    if isinstance(fact, f.TimeRanOut):
        asked = case.stage is Stage.RESIDENTS_KEY and case.reminders > 0
        return verdict(case.answers, case.keys, over=True) if asked else None
    answer = answer_of(fact)
    if answer is None or not isinstance(fact, f.ResidentAnswered) or case.stage is not Stage.RESIDENTS_KEY:
        return answer
    answers = counted(case.answers, who(fact), answer)
    return verdict(answers, case.keys, reporters=who(fact) if fact.by == case.reporter else "")
