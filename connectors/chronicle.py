"""The chronicle in Redis: a list that only grows, and the last version of each kind."""

from collections.abc import Awaitable
from datetime import datetime
from typing import cast

from redis.asyncio import Redis

from actions.chronicle import Decree
from connectors.codec import dump, load

_KEYS = ["linli:{chronicle}:last", "linli:{chronicle}"]
_ADD = """
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
    return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('LPUSH', KEYS[2], ARGV[3])
return 1
"""
"""Looking and writing in one stroke: of two processes that put the same in force, one is heard."""


class RedisChronicle:
    """Part of `RedisState`, which turns what Redis raises into `Unreachable`."""

    def __init__(self, redis: "Redis") -> None:
        self._redis, self._add = redis, redis.register_script(_ADD)

    async def add(self, decree: Decree) -> bool:
        """Write it down, unless the last of its kind has the same version."""
        return bool(await self._add(keys=_KEYS, args=[decree.what, decree.version, dump(decree)]))

    async def last(self, limit: int) -> list[Decree]:
        """The newest first."""
        if limit < 1:
            return []
        found = await cast("Awaitable[list[str]]", self._redis.lrange(_KEYS[1], 0, limit - 1))
        return [load(text, Decree) for text in found]

    async def forget(self, before: datetime) -> int:
        """Delete the older ones; how many. What is newer, and the last version of each kind, stays."""
        found = await cast("Awaitable[list[str]]", self._redis.lrange(_KEYS[1], 0, -1))
        old = [text for text in found if load(text, Decree).at < before]
        for text in old:
            await self._redis.lrem(_KEYS[1], -1, text)
        return len(old)
