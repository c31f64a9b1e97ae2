"""The house: the parts that the flow works with, joined. Which versions they are, `bot/wiring.py` decides."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from secrets import token_hex

from actions import standing
from actions.calendar import Calendar, monday_to_friday
from actions.case import Case
from actions.errors import Refused, Unreachable
from actions.limits import Limit
from actions.nodes import Light, Node
from actions.orders import Wait
from actions.standing import Standing
from bot.buttons import Buttons
from bot.evidence import Evidence
from bot.glance import glancing
from bot.grids import Grids
from bot.households import Households
from bot.matter_list import Matters
from bot.metrics import Metrics
from bot.ports import Chat, Clock, Dispatch, Nlu, State
from bot.reports import Reports

FIVE_DAYS = Calendar(monday_to_friday, timezone(timedelta(hours=8)))
"""Monday to Friday on China's clocks, without holidays: for a house that was given no calendar of its own."""


@dataclass(slots=True)
class House:
    """Everything that the flow needs, each part behind its port.

    `matters` is the responsibility list; without more, the one that ships.
    `household_key` makes addresses unreadable; without one of its own a house forgets with its end who lives together.
    `wake` is set when new orders may be due, so that nobody has to wait for the next look at the clock.
    """

    state: State
    chats: Mapping[str, Chat]
    nlu: Nlu
    dispatch: Dispatch
    clock: Clock
    buttons: Buttons
    metrics: Metrics
    grids: Grids
    evidence: Evidence
    calendar: Calendar = FIVE_DAYS
    matters: Matters = field(default_factory=Matters)
    household_key: str = field(default_factory=token_hex, repr=False)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    reports: Reports = field(init=False)

    def __post_init__(self) -> None:
        self.state = glancing(self.state)
        self.reports = Reports(self.state, self.grids)

    @property
    def households(self) -> Households:
        """Who lives together, as far as people have said."""
        return Households(self.state, self.household_key)

    def chat(self, group: str) -> Chat:
        """The platform of a group. Raises KeyError for one that is not switched on."""
        return self.chats[group.partition(":")[0]]

    async def workers(self, group: str) -> tuple[tuple[str, str], ...]:
        """The people to call: named in the settings, or the platform's own. Raises `Unreachable`."""
        named = self.grids.named_workers(group)
        return await self.chat(group).workers(group) if named is None else named

    def today(self) -> date:
        """The day that it is on the clocks of the zone."""
        return self.clock.now().astimezone(self.grids.zone).date()

    async def called(self, group: str) -> tuple[tuple[str, str], ...]:
        """The same; nobody where that cannot be known, for what must not wait until it can."""
        try:
            return await self.workers(group)
        except (Unreachable, Refused):
            return ()

    def due_at(self, group: str, wait: Wait, now: datetime) -> datetime:
        """When a wait of this group is over."""
        return now + self.grids.wait(group, wait)

    def limit_of(self, case: Case, node: Node) -> Limit:
        """How long a node of the case may take: as the list said when it was assigned, else by the grid's policy."""
        return standing.limit_of(case, node, self.grids.policy_of(case.group))

    def turns_at(self, case: Case, number: int, light: Light) -> datetime:
        """When a clock of the case turns yellow or red."""
        return standing.turns_at(case, number, light, self.grids.policy_of(case.group), self.calendar)

    def standing_of(self, case: Case, number: int, now: datetime) -> Standing:
        """How one clock of the case stands, by its place among them."""
        policy = self.grids.policy_of(case.group)
        return standing.standing_of(case, number, policy, self.calendar, now)

    def standing(self, case: Case, now: datetime) -> Standing | None:
        """How the case stands against its limits; None where no clock runs."""
        return standing.standing(case, self.grids.policy_of(case.group), self.calendar, now)
