"""Appointing: what the responsibility list, the hierarchy and the grid's policy say of a fact, put into it before it counts.

So the trace holds who answered for a case by which row of which version, and neither a later list nor a later hierarchy
changes what was. Facts that nobody has to be named for pass as they are.
"""

from dataclasses import replace
from datetime import date

from actions import facts as f
from actions.answers import outcome
from actions.assignment import Assignment, Secrecy
from actions.case import Case, Stage
from actions.errors import Refused
from actions.levels import Level
from actions.matters import Matter
from actions.retrieval import Scored, rank, sure
from actions.verdicts import Answer
from bot.house import House

OFFERED = 3
"""Matters that a worker is offered where it is not sure which is meant."""


class Appointing:
    """Names who answers for a case; it reads the list and the hierarchy in force and changes nothing."""

    def __init__(self, house: House) -> None:
        self._house = house

    def completed(self, case: Case | None, fact: f.Fact) -> f.Fact:
        """The fact with what is to be known of it; `case` is None for the first of a case."""
        match fact:
            case f.Reported():
                return self._reported(fact)
            case f.Recategorised() if case:
                assignment, matters = self._found(case.group, fact.category, case.text)
                private = _leaves(case, assignment) or fact.private
                return replace(fact, assignment=assignment, matters=matters, private=private)
            case f.Reworded() if case and self._changes(case, fact):
                assignment, matters = self._found(case.group, fact.category or case.category, fact.text)
                private = fact.private or _leaves(case, assignment)
                return replace(fact, assignment=assignment, matters=matters, private=private)
            case f.Assigned() if case:
                assignment = self._assigned(case, fact.matter)
                return replace(fact, assignment=assignment, private=self._stays_private(case, assignment))
            case f.Raised() if case:
                return replace(fact, assignment=self.above(case))
        if case and isinstance(fact, f.Renewed):
            fact = self._renewed(case, fact)
        return self._ruled(case, fact) if case else fact

    def above(self, case: Case) -> Assignment | None:
        """Who answers for the case one level up; None where there is no such level."""
        now = case.assignment
        level = self._house.grids.level_above(case.group, now.level) if now else None
        if now is None or level is None:
            return None
        return replace(now, level=level, unit=self._unit_above(case.group, self._role(now), level))

    def ranked(self, group: str, category: str, text: str) -> tuple[Scored, ...]:
        """The matters of a category that hold today, those that the words are most likely about first."""
        return rank(self._house.matters.in_force().of_category(category, self._today(group)), text)

    # --- one by one -------------------------------------------------------------------------------------

    def _reported(self, fact: f.Reported) -> f.Reported:
        assignment, matters = self._found(fact.group, fact.category, fact.text)
        # A chat with the bot alone is private as it is.
        private = fact.private or (_is_confidential(assignment) and fact.group != fact.by)
        keys = self._house.grids.policy_of(fact.group).keys
        return replace(fact, assignment=assignment, matters=matters, private=private, keys=keys)

    def _renewed(self, case: Case, fact: f.Renewed) -> f.Renewed:
        fact = replace(fact, clocks=case.clocks)
        if case.assignment:
            return fact
        assignment, matters = self._found(case.group, case.category, case.text)
        return replace(fact, assignment=assignment, matters=matters, private=_leaves(case, assignment))

    def _stays_private(self, case: Case, assignment: Assignment | None) -> bool | None:
        """Whether it is not for the group by the matter that a worker named, or by its category all the same."""
        if assignment is None:
            return None
        by_category = case.private and self._house.grids.policy_of(case.group).is_private(case.category)
        return by_category or _leaves(case, assignment)

    def _changes(self, case: Case, fact: f.Reworded) -> bool:
        settled = {"matter", "category"} & set(case.corrected)
        return fact.message == case.origin and not settled

    def _assigned(self, case: Case, code: str) -> Assignment | None:
        matters = self._house.matters.in_force()
        matter = matters.get(code)
        return self._of(case.group, matter, matters.version) if matter else None

    def _ruled(self, case: Case, fact: f.Fact) -> f.Fact:
        """The second time that a unit gives it back, and after so many disputes, the level above has to rule."""
        match fact:
            case f.TicketReturned() if fact.reason and case.bounces and case.stage is not Stage.RETURNED:
                return replace(fact, ruling=self.above(case))
            case f.WorkerDenied():
                return replace(fact, ruling=self.above(case)) if self._too_often(case) else fact
            case f.ResidentConfirmed():
                return fact
            case f.ResidentDisputed() | f.ResidentHalfConfirmed() | f.TimeRanOut():
                disputed = outcome(case, fact) is Answer.NOT_FIXED
                return replace(fact, ruling=self.above(case)) if disputed and self._too_often(case) else fact
        return fact

    def _too_often(self, case: Case) -> bool:
        after = case.keys.raise_after
        return after > 0 and (case.disputes + 1) % after == 0

    # --- the list and the hierarchy -----------------------------------------------------------------------

    def _found(self, group: str, category: str, text: str) -> tuple[Assignment | None, tuple[str, ...]]:
        """The matter that the words are most likely about, and the likeliest ones where that is not sure."""
        matters = self._house.matters.in_force()
        scored = self.ranked(group, category, text)
        if not scored:
            return None, ()
        unsure = () if sure(scored) else tuple(one.matter.code for one in scored[:OFFERED])
        return self._of(group, scored[0].matter, matters.version), unsure

    def _of(self, group: str, matter: Matter, version: str) -> Assignment:
        assigned = matter.assigned(version)
        lead = self._unit(group, matter.lead, assigned.level)
        # One unit may act for several roles.
        assisting = dict.fromkeys(self._unit(group, role, assigned.level) for role in assigned.assisting)
        return replace(assigned, unit=lead, assisting=tuple(unit for unit in assisting if unit != lead))

    def _unit(self, group: str, role: str, level: Level) -> str:
        unit = self._house.grids.unit_for(group, role, level)
        return unit.name if unit else role

    def _unit_above(self, group: str, role: str, level: Level) -> str:
        """A unit of that level or higher; where there is none the area itself, not the unit that it was taken from."""
        grids = self._house.grids
        unit, area = grids.unit_for(group, role, level), grids.area_at(group, level)
        above = {one.id for one in grids.hierarchy.chain(area.id)} if area else set()
        if area and (unit is None or unit.area not in above):
            return area.name
        return unit.name if unit else role

    def _role(self, assigned: Assignment) -> str:
        """The role in the list; the name that the case has kept where that version is gone."""
        try:
            matter = self._house.matters.version(assigned.list_version).get(assigned.matter)
        except Refused:
            matter = None
        return matter.lead if matter else assigned.unit

    def _today(self, group: str) -> date:
        return self._house.clock.now().astimezone(self._house.grids.policy_of(group).zone).date()


def _leaves(case: Case, assignment: Assignment | None) -> bool:
    """Whether the matter takes the case out of its chat: a chat with the bot alone is private as it is."""
    return _is_confidential(assignment) and case.group != case.reporter


def _is_confidential(assignment: Assignment | None) -> bool:
    return assignment is not None and assignment.secrecy is Secrecy.CONFIDENTIAL
