"""Bindings in Redis: which grid a group was bound to, for all processes to know; numbered, so that a look costs nothing.

linli:bound    group -> grid, and `#`, how often something was bound
"""

from collections.abc import Awaitable
from typing import cast

from redis.asyncio import Redis

from connectors.redis_client import transaction

_KEY, _COUNT = "linli:bound", "#"


class RedisBindings:
    """Part of `RedisState`, which turns what Redis raises into `Unreachable`."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    async def bind(self, group: str, grid: str) -> None:
        """Write it down."""
        async with transaction(self._redis, _KEY) as pipe:
            pipe.hset(_KEY, group, grid)
            pipe.hincrby(_KEY, _COUNT, 1)
            await pipe.execute()

    async def since(self, known: int) -> tuple[int, dict[str, str]]:
        """The number of today, and all of them, or none where `known` is that number."""
        count = int(await cast("Awaitable[str | None]", self._redis.hget(_KEY, _COUNT)) or 0)
        if count == known:
            return count, {}
        found = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(_KEY))
        return int(found.pop(_COUNT, 0)), found
