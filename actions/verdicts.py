"""Verdicts: what the residents' answers to "is it fixed?" come to, counted once for each household."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Answer(StrEnum):
    """What a resident may answer."""

    FIXED = "fixed"
    HALF = "half"
    NOT_FIXED = "not_fixed"


class Rule(StrEnum):
    """How the answers decide; a policy of the grid.

    `first`: one confirmation closes. `majority`: once a quorum has answered, or the time is over, the larger part
    decides, a tie for whoever says that it is not fixed. `any_dispute`: as majority, but one dispute is enough.
    A dispute by the reporter is enough under every rule: nobody outvotes whoever has the problem.
    """

    FIRST = "first"
    MAJORITY = "majority"
    ANY_DISPUTE = "any_dispute"


@dataclass(frozen=True, slots=True)
class Keys:
    """How the second key is turned in a grid: by which rule, with which quorum of households (at least 1).

    After `raise_after` disputes the case goes one level up; 0 for never. With `photo` the first key, the worker's,
    cannot be turned before a photo was shown.
    """

    rule: Rule = Rule.FIRST
    quorum: int = 3
    raise_after: int = 3
    photo: bool = False


BY_DEFAULT = Keys()
Answers = tuple[tuple[str, Answer], ...]
"""Who answered what, by household where it is known, else by person; each stands here once, with the latest answer."""


def counted(answers: Answers, who: str, answer: Answer) -> Answers:
    """The answers with one more, in the place of an earlier one by the same."""
    return (*(one for one in answers if one[0] != who), (who, answer))


def verdict(answers: Answers, keys: Keys, *, over: bool = False, reporters: str = "") -> Answer | None:
    """What they come to; None while that is open. `over`: nobody else is waited for. `reporters` is who the
    reporter counts as, where it was the reporter who answered last.
    """
    if not answers:
        return None
    who, last = answers[-1]
    reporter_disputes = bool(reporters) and reporters == who and last is not Answer.FIXED
    if keys.rule is Rule.FIRST or reporter_disputes:
        return last
    against = Counter[Answer](answer for _, answer in answers if answer is not Answer.FIXED)
    if keys.rule is Rule.ANY_DISPUTE and against:
        return _worst(against)
    if len(answers) < keys.quorum and not over:
        return None
    return _worst(against) if 2 * against.total() >= len(answers) else Answer.FIXED


def _worst(against: Counter[Answer]) -> Answer:
    return Answer.NOT_FIXED if against[Answer.NOT_FIXED] >= against[Answer.HALF] else Answer.HALF
