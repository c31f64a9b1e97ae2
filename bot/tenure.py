"""Tenure: keeps this worker's share of the partitions, and lets go in order of what falls to another."""

import asyncio
from collections.abc import Set

import structlog

from actions.errors import Unreachable
from bot.work import Carrier, Reader
from connectors.leases import BEAT_SECONDS, Leases

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
        """Give everything back; what cannot be told now, the others see for themselves. Stop the work first."""
        for task in self._leaving:
            task.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        try:
            await self._leases.leave()
        except Unreachable as reason:
            log.warning("leases_unreachable", reason=str(reason))

    async def _let_go(self, partitions: Set[int]) -> None:
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
