"""The cases of a group in Redis: their bodies, and by number which there are (`cases`) and which of them live (`live`).

Part of `RedisState`, for whose saves it says what to write.
"""

from collections.abc import Callable
from typing import cast

from redis.asyncio import Redis

from actions.case import Case
from connectors.codec import dump, load
from connectors.partition import group_of_case
from connectors.redis_client import Write

CASES_SHOWN = 500

_AT_HAND = """
local function bodies(index, most)
    local keys = {}
    if tonumber(most) > 0 then
        for n, id in ipairs(redis.call('ZRANGE', index, -most, -1)) do
            keys[n] = ARGV[3] .. string.match(id, '[^:]*$')
        end
    end
    return #keys > 0 and redis.call('MGET', unpack(keys)) or {}
end
return {bodies(KEYS[1], ARGV[1]), bodies(KEYS[2], ARGV[2])}
"""
"""The keys of the bodies are known only here; they carry the same tag as those of the two indices."""


class RedisCases:
    """`key` gives a group's key by its name. What Redis raises comes through as it is."""

    def __init__(self, redis: "Redis", key: Callable[[str, str], str]) -> None:
        self._redis, self._key = redis, key
        self._at_hand = redis.register_script(_AT_HAND)

    def key(self, case: str) -> str:
        """Where a case is kept."""
        return f"{self._key(group_of_case(case), 'case')}:{case.rpartition(':')[2]}"

    async def of(self, group: str, *, live: bool, every: bool) -> list[Case]:
        """The cases of the group, oldest first; the newest where there are more, unless `every` is asked for."""
        index = self._key(group, "live" if live else "cases")
        ids = cast("list[str]", await self._redis.zrange(index, 0 if every else -CASES_SHOWN, -1))
        texts = await self._redis.mget([self.key(case) for case in ids]) if ids else []
        return [load(text, Case) for text in texts if text]

    async def one(self, case: str) -> Case | None:
        """One case."""
        text = cast("str | None", await self._redis.get(self.key(case)))
        return load(text, Case) if text else None

    async def at_hand(self, group: str, newest: int) -> tuple[list[Case], list[Case]]:
        """The live cases of the group, and the newest, read in one stroke."""
        keys = [self._key(group, "live"), self._key(group, "cases")]
        found = await self._at_hand(keys=keys, args=[CASES_SHOWN, newest, f"{self._key(group, 'case')}:"])
        # Most of the newest are among the living.
        bodies = {text: load(text, Case) for text in {text for texts in found for text in texts if text}}
        live, latest = ([bodies[text] for text in texts if text] for texts in found)
        return live, latest

    def writes(self, case: Case) -> tuple[Write, ...]:
        """What keeps a case."""
        live = self._key(case.group, "live")
        return (
            self.body(case),
            ("ZADD", self._key(case.group, "cases"), case.number, case.id),
            ("ZADD", live, case.number, case.id) if case.live else ("ZREM", live, case.id),
        )

    def body(self, case: Case) -> Write:
        """What keeps how a case reads."""
        return "SET", self.key(case.id), dump(case)
