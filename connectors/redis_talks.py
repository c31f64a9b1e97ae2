"""The memories of many groups in Redis, looked through where they are: to fetch and to read all of them takes seconds."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection
from typing import cast

from redis.asyncio import Redis

from actions.talk import Talk
from connectors.codec import load

_AT_ONCE = 16
"""Partitions asked in one go; then others have their turn."""

_HOLDING = """
local found = {}
for _, key in ipairs(KEYS) do
    local talk = redis.call('GET', key)
    for _, word in ipairs(talk and ARGV or {}) do
        if string.find(talk, word, 1, true) then
            found[#found + 1] = talk
            break
        end
    end
end
return found
"""


class RedisTalks:
    """Part of `RedisState`; `key` gives the key of a group's memory, `of` its partition."""

    def __init__(self, redis: "Redis", key: Callable[[str], str], of: Callable[[str], int]) -> None:
        self._redis, self._key, self._of = redis, key, of

    async def holding(self, groups: Collection[str], words: Collection[str]) -> list[Talk]:
        """Those in which one of the words is the whole of a title, a name, a number…"""
        keys = defaultdict(list)
        for group in groups:
            keys[self._of(group)].append(self._key(group))
        lots, written = list(keys.values()), _written(words)
        found = list[Talk]()
        for start in range(0, len(lots) if written else 0, _AT_ONCE):
            pipe = self._redis.pipeline(transaction=False)
            for lot in lots[start : start + _AT_ONCE]:
                pipe.eval(_HOLDING, len(lot), *lot, *written)
            for texts in cast("list[list[str]]", await pipe.execute()):
                found += [load(text, Talk) for text in texts]
        return found


def _written(words: Collection[str]) -> set[bytes]:
    """As they stand in JSON, which the codec writes in one way or, where a character is broken, in the other."""
    texts = {json.dumps(word, ensure_ascii=plain) for word in words for plain in (False, True) if word}
    return {text.encode("utf-8", "replace") for text in texts}
