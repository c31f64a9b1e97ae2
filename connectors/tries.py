"""Tries that are counted: how often somebody may knock within a window of time. In memory, and on Redis."""

import time
from collections import OrderedDict
from collections.abc import Callable

from redis.asyncio import Redis

from connectors.redis_client import reaching, transaction

_REMEMBERED = 10_000


class MemoryTries:
    """For tests, and for a server that is its own only process. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    async def count(self, who: str, most: int, seconds: int) -> float:
        """Count a try; 0 where it is one of the `most` of this window, else the seconds until the next one."""
        now = self._clock()
        until, count = self._counts.get(who, (0.0, 0))
        if until <= now:
            until, count = now + seconds, 0
        self._counts[who] = (until, count + 1)
        self._counts.move_to_end(who)
        if len(self._counts) > _REMEMBERED:
            self._counts.popitem(last=False)
        return 0.0 if count < most else until - now


class RedisTries:
    """On Redis: all processes count together. Raises `Unreachable`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def count(self, who: str, most: int, seconds: int) -> float:
        """Count a try; 0 where it is one of the `most` of this window, else the seconds until the next one."""
        key = f"linli:tries:{who}"
        async with reaching(), transaction(self._redis, key) as both:
            # The window is made with the first try, so that no count can outlive it.
            both.set(key, 0, ex=seconds, nx=True)
            both.incr(key)
            both.pttl(key)
            _, count, left = await both.execute()
        return 0.0 if count <= most else max(left, 1000) / 1000
