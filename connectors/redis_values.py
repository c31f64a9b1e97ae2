"""Small values in Redis, each under a name of its own (`linli:value:NAME`). They belong to no partition; part of `RedisState`."""

from typing import cast

from redis.asyncio import Redis

from actions.ledger import Stale

_SWAP = """
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then
    return 0
end
redis.call('SET', KEYS[1], ARGV[2])
return 1
"""

_NOTE = """
local words = {}
for word in string.gmatch(redis.call('GET', KEYS[1]) or '', '%S+') do
    if word == ARGV[1] then
        return 0
    end
    words[#words + 1] = word
end
words[#words + 1] = ARGV[1]
redis.call('SET', KEYS[1], table.concat(words, ' ', math.max(1, #words - ARGV[2] + 1)))
return 1
"""


class RedisValues:
    """What Redis raises comes through as it is."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._swap = redis.register_script(_SWAP)
        self._note = redis.register_script(_NOTE)

    async def remember(self, key: str, value: str) -> None:
        """Keep a value."""
        await self._redis.set(_named(key), value)

    async def swap(self, key: str, old: str | None, new: str) -> None:
        """Keep a value in the place of the one that was read, or `Stale`."""
        if not await self._swap(keys=[_named(key)], args=[old or "", new]):
            raise Stale(key)

    async def note(self, key: str, word: str, most: int) -> None:
        """Put a word behind those of a value, unless it is among them."""
        await self._note(keys=[_named(key)], args=[word, most])

    async def recall(self, key: str) -> str | None:
        """The value kept."""
        return cast("str | None", await self._redis.get(_named(key)))

    async def unlearn(self, key: str) -> bool:
        """Keep the value no longer."""
        return bool(await self._redis.delete(_named(key)))


def _named(key: str) -> str:
    return f"linli:value:{key}"
