"""Tenure: keeps this worker's share of the partitions, and lets go in order of what falls to another."""

import asyncio
from collections.abc import Collection
from contextlib import suppress

import structlog

from actions.errors import Unreachable
from bot.work import Carrier, Reader
from connectors.ending import end
from connectors.leases import BEAT_SECONDS, Leases

ENDS_WITHIN = 2.0
"""Seconds for what is being said at the moment of the end; what is cut off may be said twice."""

log = structlog.get_logger("tenure")


class Tenure:
    """Beats, and gives back a partition only when nothing of ours works on it any more."""

    def __init__(self, leases: Leases, reader: Reader, carrier: Carrier) -> None:
        self._leases, self._reader, self._carrier = leases, reader, carrier
        self._leaving: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(BEAT_SECONDS)

    async def once(self) -> None:
        """One beat. What has to be let go of is on its way out afterwards."""
        try:
            going = await self._leases.beat()
        except Unreachable as reason:
            log.warning("leases_unreachable", reason=str(reason))
            return
        if going:
            task = asyncio.create_task(self._let_go(going))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)

    async def stop(self) -> None:
        """End the work, and give everything back; what cannot be told now, the others see for themselves."""
        self._leases.close()
        await self._reader.stop()
        try:
            async with asyncio.timeout(ENDS_WITHIN):
                await self._carrier.let_go()
        except TimeoutError:
            log.warning("orders_cut_off", after_s=ENDS_WITHIN)
        await self._carrier.stop()
        await end(self._leaving)
        with suppress(Unreachable):
            await self._leases.leave()

    async def _let_go(self, partitions: Collection[int]) -> None:
        await self._reader.let_go(partitions)
        await self._carrier.let_go()
        while True:
            try:
                await self._leases.give_back(partitions)
            except Unreachable:
                await asyncio.sleep(BEAT_SECONDS)
            else:
                break
        log.info("partitions_given_back", count=len(partitions))
