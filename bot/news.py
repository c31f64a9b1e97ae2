"""News of a ticket: from dispatch, or from another group, brought to every case that follows it, once each.

What comes is put into the inbox of each case's group, for the group is the unit of order; there the flow takes it
out again and asks here which fact it is.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from actions import facts as f
from bot.ports import State
from connectors.partition import group_of_case
from connectors.tickets import DOOR, fact_shared, news_of

Heard = Callable[[str, str, str, dict[str, Any]], Awaitable[bool]]


class News:
    """Brings it to whom it concerns; `heard` is the flow's."""

    def __init__(self, state: State, heard: Heard) -> None:
        self._state, self._heard = state, heard

    async def arrived(self, raw: dict[str, Any]) -> None:
        """Put news of a ticket into the inbox of every case that follows it, once. Raises `Unreachable`."""
        cases = await self._state.cases_of_ticket(raw["ticket"])
        # What the first has heard of is old: whoever came later was brought to where the ticket is.
        if cases and await self._bring(cases[0], raw):
            await self.spread(raw)

    async def spread(self, raw: dict[str, Any]) -> None:
        """Bring it to all who follow the ticket now. Raises `Unreachable`."""
        for case in await self._state.cases_of_ticket(raw["ticket"]):
            await self._bring(case, raw)

    async def _bring(self, case: str, raw: dict[str, Any]) -> bool:
        # Two cases of one group may follow one ticket, and each has to hear of it.
        update = f"{raw['update']} {case}"
        return await self._heard(DOOR, group_of_case(case), update, {**raw, "case": case})

    async def from_dispatch(self, raw: dict[str, Any], at: datetime) -> f.Fact | None:
        """What dispatch's news are to the case, if they are anything to it still. Raises `Unreachable`."""
        fact = news_of(raw, at)
        await self.spread(raw)
        case = await self._state.case(raw["case"])
        if fact is None or case is None or case.ticket != raw.get("ticket") or fact.update in case.updates:
            return None
        return fact

    async def from_group(self, raw: dict[str, Any]) -> f.Fact | None:
        """What another group, or our own, has to say of a ticket that several follow. Raises `Unreachable`."""
        case = await self._state.case(raw["case"])
        return fact_shared(raw) if case and case.ticket == raw["ticket"] else None
