"""Marks: how content the residents are, 1 to 5, one for each household or person, which for a day they may change."""

from dataclasses import replace
from datetime import datetime, timedelta

from actions import facts as f
from actions.answers import former, voices_with, who
from actions.case import LIVE, Case

CHANGED_WITHIN = timedelta(days=1)
"""So long after it was first given a mark can be changed."""


def mark_of(case: Case, fact: f.SatisfactionGiven) -> int | None:
    """The mark that this one would take the place of; None for the first."""
    return dict(case.scores).get(who(fact), dict(case.scores).get(former(case, fact.by, who(fact))))


def too_late(case: Case, fact: f.SatisfactionGiven) -> bool:
    """Whether the mark that was given stands."""
    first = _first(case, fact)
    return first is not None and fact.at - first > CHANGED_WITHIN


def marked(case: Case, fact: f.SatisfactionGiven) -> Case | None:
    """The case with this mark; None where one was given that stands."""
    if too_late(case, fact):
        return None
    mine, freed, first = who(fact), former(case, fact.by, who(fact)), _first(case, fact) or fact.at
    return replace(
        case,
        scores=(*(one for one in case.scores if one[0] not in (mine, freed)), (mine, fact.score)),
        marked=(*(one for one in case.marked if one[0] not in (mine, freed)), (mine, first)),
        voices=voices_with(case, fact.by, mine),
    )


def marked_anew(before: Case, after: Case) -> Case:
    """A case that was over and goes on has an end to come, and marks are for that; the trace keeps the earlier ones."""
    goes_on = before.stage not in LIVE and after.stage in LIVE
    return replace(after, scores=(), marked=()) if goes_on and after.scores else after


def _first(case: Case, fact: f.SatisfactionGiven) -> datetime | None:
    """When the mark that stands was first given; None where there is none that stands."""
    given = dict(case.marked)
    return given.get(who(fact), given.get(former(case, fact.by, who(fact))))
