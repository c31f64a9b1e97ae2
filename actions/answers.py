"""Answers: what a fact means for the second key, before the case is moved by it."""

from actions import facts as f
from actions.case import Case, Stage
from actions.verdicts import Answer, Answers, Rule, counted, verdict

Voices = tuple[tuple[str, str], ...]


def who(fact: f.ResidentAnswered | f.SatisfactionGiven) -> str:
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


def together(case: Case) -> bool:
    """Whether several households decide; where nobody else could answer, the one who does decides."""
    alone = case.private or case.group == case.reporter
    return case.keys.rule is not Rule.FIRST and not alone


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
    if not together(case):
        return answer
    reporters = who(fact) if fact.by == case.reporter else ""
    return verdict(answers_with(case, fact), case.keys, reporters=reporters)


def answers_with(case: Case, fact: f.ResidentAnswered) -> Answers:
    """The answers with this one. Who counted as somebody else before has one answer all the same."""
    freed, answer = former(case, fact.by, who(fact)), answer_of(fact)
    kept = tuple(one for one in case.answers if one[0] != freed)
    return counted(kept, who(fact), answer) if answer else kept


def voices_with(case: Case, person: str, counts_as: str) -> Voices:
    """As whom each person counts, with this one."""
    return (*(one for one in case.voices if one[0] != person), (person, counts_as))


def former(case: Case, person: str, now: str) -> str:
    """As whom this person counted before and nobody does any more; "" where they count as they did, or others do too."""
    was = dict(case.voices).get(person, person)
    shared = any(counts_as == was for other, counts_as in case.voices if other != person)
    return "" if was == now or shared else was
