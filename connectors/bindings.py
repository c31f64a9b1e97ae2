"""Bindings in Redis: which grid a group was bound to, for all processes to know; numbered, so that a look costs nothing,
and what is new is read alone.

linli:bound           group -> grid, and `#`, how often something was bound
linli:bound:latest    the last of them by number, each `GROUP GRID`
"""

from collections.abc import Awaitable
from typing import cast

from redis.asyncio import Redis

_KEY, _LATEST, _COUNT = "linli:bound", "linli:bound:latest", "#"
LATEST = 1000
"""So many may be missed by a process before it reads all of them."""
_BIND = """
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HINCRBY', KEYS[1], ARGV[3], 1)
"""


class RedisBindings:
    """Part of `RedisState`, which turns what Redis raises into `Unreachable`."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._bind = redis.register_script(_BIND)

    async def bind(self, group: str, grid: str) -> None:
        """Write it down. Where that is cut off before the latest have it, whoever misses it there reads all."""
        number = int(await self._bind(keys=[_KEY], args=[group, grid, _COUNT]))
        await self._redis.hset(_LATEST, str(number), f"{group} {grid}")
        await self._redis.hdel(_LATEST, str(number - LATEST))

    async def since(self, known: int) -> tuple[int, dict[str, str]]:
        """The number of today, and what was bound since `known`: all of it where that is long ago, or not to be found."""
        count = int(await cast("Awaitable[str | None]", self._redis.hget(_KEY, _COUNT)) or 0)
        if count == known:
            return count, {}
        if known and 0 < count - known <= LATEST:
            numbers = [str(n) for n in range(known + 1, count + 1)]
            latest = await cast("Awaitable[list[str | None]]", self._redis.hmget(_LATEST, numbers))
            if all(latest):
                pairs = (one.partition(" ") for one in latest if one)
                return count, {group: grid for group, _, grid in pairs}
        found = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(_KEY))
        return int(found.pop(_COUNT, 0)), found
