"""Dead letters in Redis: why something could not be dealt with (`dead`), and the thing itself (`buried`), by partition."""

from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from actions.ledger import DeadLetter
from connectors.codec import dump, load


class RedisDead:
    """Part of `RedisState`; `key` gives a partition's key by its name. What Redis raises comes through as it is."""

    def __init__(self, redis: "Redis", key: Callable[[int, str], str], partitions: int) -> None:
        self._redis, self._key, self._partitions = redis, key, partitions

    def write(self, pipe: Pipeline, partition: int, letter: DeadLetter, held: str) -> None:
        """Put a letter, and what it is about, into the transaction."""
        pipe.hset(self._key(partition, "dead"), letter.id, dump(letter))
        pipe.hset(self._key(partition, "buried"), letter.id, held)

    def drop(self, pipe: Pipeline, partition: int, letter: str) -> None:
        """Take a letter away in the transaction."""
        pipe.hdel(self._key(partition, "dead"), letter)
        pipe.hdel(self._key(partition, "buried"), letter)

    async def letters(self) -> list[DeadLetter]:
        """All, newest first."""
        pipe = self._redis.pipeline(transaction=False)
        for p in range(self._partitions):
            pipe.hvals(self._key(p, "dead"))
        found = await pipe.execute()
        letters = [load(text, DeadLetter) for texts in found for text in texts]
        return sorted(letters, key=lambda letter: letter.at, reverse=True)

    async def find(self, letter: str) -> tuple[int, str] | None:
        """The partition of a letter, and what it is about."""
        for p in range(self._partitions):
            body = await cast("Awaitable[str | None]", self._redis.hget(self._key(p, "buried"), letter))
            if body:
                return p, body
        return None

    async def forget(self, letters: Sequence[str]) -> int:
        """Delete letters; how many there were."""
        if not letters:
            return 0
        pipe = self._redis.pipeline(transaction=False)
        for p in range(self._partitions):
            pipe.hdel(self._key(p, "dead"), *letters)
            pipe.hdel(self._key(p, "buried"), *letters)
        return sum((await pipe.execute())[::2])
