"""Sole: what only one process may do at a time, such as polling. Whoever has the lease does it, the others wait.

The lease, too, is a courtesy: who was stopped for longer than it lasts goes on for a moment beside another. What such a
duty saves is therefore saved in the place of what was read (`State.swap`), so that the later word counts.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog
from redis.asyncio import Redis

from actions.errors import Unreachable
from connectors.ending import end
from connectors.leases import BEAT_SECONDS, DEAD_AFTER_SECONDS
from connectors.redis_client import reaching

_HOLD = """
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_RELEASE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
    redis.call('DEL', KEYS[1])
end
"""

log = structlog.get_logger("sole")


class Sole:
    """One duty; `name` is this process's own, and no other's."""

    def __init__(self, redis: Redis, duty: str, name: str) -> None:
        self._key, self._duty, self._name = f"linli:sole:{duty}", duty, name
        self._hold, self._release = redis.register_script(_HOLD), redis.register_script(_RELEASE)
        self._until = 0.0

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work whenever it is ours to do, until cancelled; raises what the work raises."""
        while True:
            if await self._mine():
                log.info("duty_taken", duty=self._duty)
                await self._do(work)
            await asyncio.sleep(BEAT_SECONDS)

    async def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.ensure_future(work())
        try:
            while await self._mine():
                await asyncio.wait({task}, timeout=BEAT_SECONDS)
                if task.done():
                    return task.result()
            log.warning("duty_lost", duty=self._duty)
        finally:
            await end({task})
            await self._let_go()
        return None

    async def _mine(self) -> bool:
        now = time.monotonic()
        try:
            async with reaching():
                mine = await self._hold(keys=[self._key], args=[self._name, int(DEAD_AFTER_SECONDS * 1000)])
        except Unreachable:
            return now < self._until
        self._until = now + DEAD_AFTER_SECONDS if mine else 0.0
        return bool(mine)

    async def _let_go(self) -> None:
        try:
            async with reaching():
                await self._release(keys=[self._key], args=[self._name])
        except Unreachable as reason:  # it ends by itself
            log.info("duty_not_released", duty=self._duty, reason=str(reason))
