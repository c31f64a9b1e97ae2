"""Closing: what becomes of the question to the residents once their answers have decided, or the time for them is over."""

from actions import facts as f
from actions import orders as o
from actions.answers import outcome, together
from actions.case import Case, Stage
from actions.verdicts import Answer

VERBS = {Answer.FIXED: "yes", Answer.HALF: "half", Answer.NOT_FIXED: "not"}
"""The button of each answer (`Verb` in actions/presses.py)."""


def closed(before: Case, after: Case, fact: f.Fact) -> tuple[o.CloseQuestion, ...]:
    """The orders to close each message that asks. Of a press its receiver sees to that, who knows what was pressed."""
    decided = outcome(before, fact)
    asked = before.stage is Stage.RESIDENTS_KEY and after.stage is not Stage.RESIDENTS_KEY
    timed = isinstance(fact, f.TimeRanOut)
    if decided is None or not asked or not (timed or fact.message):
        return ()
    name = "" if timed or together(before) else fact.by_name or "—"
    return tuple(
        # Words are answered with words, which ask for the mark.
        o.CloseQuestion(post=post, answer=VERBS[decided], by_name=name, rates=timed)
        for post in before.asked_in
    )
