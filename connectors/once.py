"""Values that are kept for a while and can be taken once: what a link or a session stands for. In memory, and on Redis."""

import time
from collections.abc import Callable

from redis.asyncio import Redis

from connectors.redis_client import reaching


class MemoryOnce:
    """For tests, and for a server that is its own only process. `clock` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._values: dict[str, tuple[float, str]] = {}

    async def put(self, key: str, value: str, seconds: int) -> None:
        """Keep the value for so long."""
        self._values = {k: kept for k, kept in self._values.items() if kept[0] > self._clock()}
        self._values[key] = (self._clock() + seconds, value)

    async def look(self, key: str) -> str | None:
        """The value, which stays."""
        until, value = self._values.get(key, (0.0, ""))
        return value if until > self._clock() else None

    async def take(self, key: str) -> str | None:
        """The value, which is gone afterwards."""
        until, value = self._values.pop(key, (0.0, ""))
        return value if until > self._clock() else None


class RedisOnce:
    """On Redis: whichever process issued it, only one can take it. Raises `Unreachable`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def put(self, key: str, value: str, seconds: int) -> None:
        """Keep the value for so long."""
        async with reaching():
            await self._redis.set(f"linli:once:{key}", value, ex=seconds)

    async def look(self, key: str) -> str | None:
        """The value, which stays."""
        async with reaching():
            value = await self._redis.get(f"linli:once:{key}")
        return value.decode() if isinstance(value, bytes) else value

    async def take(self, key: str) -> str | None:
        """The value, which is gone afterwards."""
        async with reaching():
            value = await self._redis.getdel(f"linli:once:{key}")
        return value.decode() if isinstance(value, bytes) else value
