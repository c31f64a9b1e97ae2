"""Alarms: cries for help, found by their words, answered before anything else is done with a message.

The words alone are enough where the NLU does not answer. Where it does, it has a veto: it tells 「救命 我点错了」 and
news of a fire in another town from a fire, when it is as sure of that as `Policy.calm` asks.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import structlog

from actions import facts as f
from actions import orders as o
from actions.emergency import Peril, peril_of, spot
from actions.errors import Refused, Unreachable
from actions.intake import Understood
from actions.ledger import Change, Due, Stale
from actions.message import Message
from actions.reading import Intent, Reading, Urgency
from actions.talk import Talk
from bot.house import House

log = structlog.get_logger("alarms")
NLU_MAY_TAKE_SECONDS = 2.0
"""Nobody in danger waits longer for an NLU that hangs."""

Read = Callable[[Message, Talk], Awaitable[Reading]]
Save = Callable[[Change], Awaitable[None]]


class Alarms:
    """Raises them; `read` asks the NLU, `save` is the flow's."""

    def __init__(self, house: House, read: Read, save: Save) -> None:
        self._house, self._read, self._save = house, read, save

    async def raised(self, message: Message) -> bool:
        """Whether the message cries for help; the first time, a warning is ordered at once. Raises `Unreachable`."""
        peril = spot(message.text)
        if peril is None:
            return False
        talk = await self._house.state.talk(message.group)
        if message.id in talk.warned:
            return True
        if message.edited and any(line.id == message.id and spot(line.text) for line in talk.recent):
            return False  # the danger was in the words that were there before
        if await self._calm(message, talk):
            log.info("calm", group=message.group, message=message.id, kind=str(peril))
            return False
        talk = replace(talk, warned=(*talk.warned, message.id)[-20:])
        try:
            await self._save(Change(talk=talk, orders=(self._warning(message, peril),)))
        except Stale:
            return await self.raised(message)
        log.warning("emergency", group=message.group, kind=str(peril))
        return True

    async def _calm(self, message: Message, talk: Talk) -> bool:
        try:
            async with asyncio.timeout(NLU_MAY_TAKE_SECONDS):
                reading = await self._read(message, talk)
        except (Unreachable, Refused, TimeoutError):
            return False
        return reading.chance(Intent.CHATTER) >= self._house.grids.policy_of(message.group).calm

    def by_reading(self, message: Message, understood: Understood) -> tuple[Due, ...]:
        """The warning of a report that the NLU takes for an emergency although no emergency word stands in it."""
        fact = understood.facts[0] if understood.facts else None
        if not isinstance(fact, f.Reported) or fact.urgency is not Urgency.EMERGENCY or fact.doubtful:
            return ()
        if spot(message.text):
            return ()
        return (self._warning(message, peril_of(fact.category)),)

    def _warning(self, message: Message, peril: Peril) -> Due:
        key = f"{message.group}:{message.id}:warn"
        order = o.Warn(key=key, group=message.group, message=message.id, kind=peril, thread=message.thread)
        return Due(order, message.group, self._house.clock.now())
