"""The cases of a group in Redis: their bodies, and by number which there are (`cases`) and which of them live (`live`).

Part of `RedisState`, in whose transaction it writes.
"""

from collections.abc import Awaitable, Callable
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from actions.case import Case
from actions.talk import Talk
from connectors.codec import dump, load
from connectors.partition import group_of_case

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

    async def of(self, group: str, *, live: bool, every: bool) -> list[Case]:
        """The cases of the group, oldest first; the newest where there are more, unless `every` is asked for."""
        index = self._key(group, "live" if live else "cases")
        ids = cast("list[str]", await self._redis.zrange(index, 0 if every else -CASES_SHOWN, -1))
        texts = await self._redis.mget([self._body(case) for case in ids]) if ids else []
        return [load(text, Case) for text in texts if text]

    async def one(self, case: str) -> Case | None:
        """One case."""
        text = cast("str | None", await self._redis.get(self._body(case)))
        return load(text, Case) if text else None

    async def scene(self, case: str) -> tuple[Talk, Case | None]:
        """The memory of a case's group, and the case, read in one stroke."""
        group = group_of_case(case)
        keys = [self._key(group, "talk"), self._body(case)]
        memory, text = await cast("Awaitable[list[str | None]]", self._redis.mget(keys))
        return load(memory, Talk) if memory else Talk(group=group), load(text, Case) if text else None

    async def at_hand(self, group: str, newest: int) -> tuple[list[Case], list[Case]]:
        """The live cases of the group, and the newest, read in one stroke."""
        keys = [self._key(group, "live"), self._key(group, "cases")]
        found = await self._at_hand(keys=keys, args=[CASES_SHOWN, newest, f"{self._key(group, 'case')}:"])
        # Most of the newest are among the living.
        bodies = {text: load(text, Case) for text in {text for texts in found for text in texts if text}}
        live, latest = ([bodies[text] for text in texts if text] for texts in found)
        return live, latest

    def write(self, pipe: Pipeline, case: Case) -> None:
        """Put a case into the transaction."""
        self.write_body(pipe, case)
        pipe.zadd(self._key(case.group, "cases"), {case.id: case.number})
        live = self._key(case.group, "live")
        if case.live:
            pipe.zadd(live, {case.id: case.number})
        else:
            pipe.zrem(live, case.id)

    def write_body(self, pipe: Pipeline, case: Case) -> None:
        """Put what is left of a case into the transaction."""
        pipe.set(self._body(case.id), dump(case))

    def _body(self, case: str) -> str:
        return f"{self._key(group_of_case(case), 'case')}:{case.rpartition(':')[2]}"
