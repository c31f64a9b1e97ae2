"""Handling: what a worker does with a case beside correcting it: raise it, hand it over, give it back, look at it on
the spot, say which matter it is. As with corrections, the outcome is saved by the flow.
"""

from datetime import timedelta
from typing import Any

from actions import facts as f
from actions import orders as o
from actions.advance import advance, allowed
from actions.case import Case, IllegalMove, Stage
from actions.corrections import Step, named
from actions.giving_back import GiveBack
from actions.message import Press
from actions.talk import Talk, Visit
from bot.appointing import Appointing
from bot.buttons import Meaning
from bot.correcting import Decide, Outcome, answered, moved, why_not
from bot.house import House

SENT_WITHIN = timedelta(minutes=10)
"""So long after asking to send one a worker's picture is for that case."""

Names = tuple[tuple[str, str], ...]
"""Codes and what they are called."""


class Handling:
    """Decides on what a worker does by the menu; it reads the state and changes nothing."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._appointing = Appointing(house)

    def by_press(self, meaning: Meaning, press: Press) -> Decide:
        """What a press on the menu does; a toast says so."""

        async def decide(_: Talk) -> Outcome:
            case = await self._house.state.case(f"{press.group}:{meaning.number}")
            return answered(await self.pressed(meaning, press, case), press)

        return decide

    async def pressed(self, meaning: Meaning, press: Press, case: Case | None) -> Outcome:
        """What a press on the menu of a case comes to. Raises `Unreachable`."""
        why = why_not(case, meaning, press)
        if case is None or why:
            return Outcome(why)
        return await self._chosen(Step(meaning.verb), meaning.argument, case, press)

    async def _chosen(self, step: Step, argument: str, case: Case, press: Press) -> Outcome:
        who = {"at": press.at, "by": press.sender, "by_name": press.sender_name}
        match step:
            case Step.UP:
                return self._raised(argument, case, who)
            case Step.TO:
                return await self._handed_over(argument, case, who)
            case Step.REASON:
                return self._given_back(argument, case, who)
            case Step.MATTER:
                return self._assigned(argument, case, who)
        return self._visited(case, press)

    # --- one by one -------------------------------------------------------------------------------------

    def _raised(self, argument: str, case: Case, who: dict[str, Any]) -> Outcome:
        """The button knows how often it was raised before: a second press on it does not raise it twice."""
        if argument != str(case.raised):
            return Outcome("already_so")
        if self._appointing.above(case) is None:
            return Outcome("nobody_above")
        return self._moved(case, f.Raised(**who))

    async def _handed_over(self, argument: str, case: Case, who: dict[str, Any]) -> Outcome:
        people = dict(await self._house.workers(case.group))
        to = named(argument, people)
        if to is None:
            return Outcome("stale")
        if to == case.handler and case.stage is Stage.HANDLING:
            return Outcome("already_so")
        return self._moved(case, f.HandedOver(**who, to=to, to_name=people[to]))

    def _given_back(self, argument: str, case: Case, who: dict[str, Any]) -> Outcome:
        reason = named(argument, GiveBack)
        if reason is None or case.stage is not Stage.HANDLING:
            return Outcome("stale")
        if case.handler != who["by"]:
            return Outcome("not_handled_by_you")
        return self._moved(case, f.GivenBack(**who, reason=reason))

    def _assigned(self, argument: str, case: Case, who: dict[str, Any]) -> Outcome:
        code = named(argument, dict(self.matters(case)))
        if code is None:
            return Outcome("stale")
        if case.assignment and case.assignment.matter == code and not case.matters:
            return Outcome("already_so")
        return self._moved(case, f.Assigned(**who, matter=code))

    def _visited(self, case: Case, press: Press) -> Outcome:
        if not allowed(case, f.Inspected):
            return Outcome("too_late")
        visit = Visit(case.id, press.sender, press.at + SENT_WITHIN)
        return Outcome("send_picture", menu=o.ShowCard(case=case.id), visit=visit)

    def _moved(self, case: Case, fact: f.Fact) -> Outcome:
        try:
            advance(case, self._appointing.completed(case, fact))
        except IllegalMove:
            return Outcome("too_late")
        return moved(case, fact)

    # --- what the menu offers ---------------------------------------------------------------------------

    def goes_up(self, case: Case) -> bool:
        """Whether a worker may send it one level up: there is one."""
        return allowed(case, f.Raised) and self._appointing.above(case) is not None

    async def colleagues(self, case: Case) -> Names:
        """The workers to whom it may be handed over. Raises `Unreachable`."""
        if not allowed(case, f.HandedOver):
            return ()
        handler = case.handler if case.stage is Stage.HANDLING else ""
        return tuple(one for one in await self._house.workers(case.group) if one[0] != handler)

    def matters(self, case: Case) -> Names:
        """The matters of its category that a worker may choose from, those that its words are about first."""
        if not allowed(case, f.Assigned):
            return ()
        lang = self._house.grids.writer_of(case.group).lang
        found = self._appointing.ranked(case.group, case.category, case.text)
        return tuple((one.matter.code, one.matter.name(lang)) for one in found)
