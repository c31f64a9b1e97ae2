"""Orders in Redis: when which is due (`due`), and their bodies (`orders`), by partition. Part of `RedisState`."""

import json
import time
from collections.abc import Awaitable, Collection, Iterable, Sequence
from datetime import datetime
from typing import cast

from redis.asyncio import Redis

from actions.ledger import Due
from connectors.codec import dump, load
from connectors.leases import Tenancy, owner_key
from connectors.partition import partition_key
from connectors.redis_client import Write

RESCAN_SECONDS = 5.0
"""How often all partitions are searched for due orders, whatever this process believes of them, and how far ahead: so what
waits for another day, which is nearly all that waits, is not read again and again.
"""

_AT_ONCE = 500

_REWRITE = """
if ARGV[4] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[4] then
    return false
end
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 1 then
    redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
    redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
end
return KEYS[4] and redis.call('MGET', unpack(KEYS, 4)) or {}
"""
"""An order that was finished meanwhile stays finished; one in the hands of another worker is not touched. What further keys
name is read in the same stroke.
"""


class RedisOrders:
    """What Redis raises comes through as it is."""

    def __init__(self, redis: "Redis", leases: Tenancy) -> None:
        self._redis, self._leases = redis, leases
        self._rewrite = redis.register_script(_REWRITE)
        self._next_due: dict[tuple[int, str], float] = {}
        self._scanned_at = self._ahead = float("-inf")

    async def due(self, now: datetime, limit: int, held: Collection[str]) -> list[Due]:
        """Orders whose time has come, of the partitions that can have any."""
        ready = self._ripe(now.timestamp())
        if not ready:
            return []
        pipe = self._redis.pipeline(transaction=False)
        for p, _ in ready:
            pipe.zrangebyscore(partition_key(p, "due"), "-inf", self._ahead, 0, limit, withscores=True)
        found = await pipe.execute()
        keys = self._sift(dict(zip(ready, found, strict=True)), now.timestamp())
        return await self._bodies([one for one in keys if one[2] not in held], limit)

    def _ripe(self, now: float) -> list[tuple[int, str]]:
        if time.monotonic() - self._scanned_at > RESCAN_SECONDS or now > self._ahead:
            self._scanned_at, self._ahead = time.monotonic(), now + RESCAN_SECONDS
            self._next_due.clear()
        return [turn for turn in self._leases.open().items() if self._next_due.get(turn, now) <= now]

    def _sift(
        self, found: dict[tuple[int, str], list[tuple[str, float]]], now: float
    ) -> list[tuple[float, int, str]]:
        ready = []
        for turn, scored in found.items():
            self._next_due[turn] = scored[0][1] if scored else float("inf")
            ready += [(score, turn[0], key) for key, score in scored if score <= now]
        return sorted(ready)

    async def _bodies(self, keys: list[tuple[float, int, str]], limit: int) -> list[Due]:
        pipe = self._redis.pipeline(transaction=False)
        for _, p, key in keys[:limit]:
            pipe.hget(partition_key(p, "orders"), key)
        return [load(body, Due) for body in await pipe.execute() if body] if keys else []

    def expect(self, partition: int, orders: Iterable[Due]) -> None:
        """Orders were written: look for them when they are due."""
        turn = partition, self._leases.open().get(partition, "")
        for due in orders:
            if turn in self._next_due:  # else it is looked at anyway
                self._next_due[turn] = min(due.at.timestamp(), self._next_due[turn])

    async def order(self, partition: int, key: str) -> Due | None:
        """One order that waits."""
        orders = partition_key(partition, "orders")
        body = await cast("Awaitable[str | None]", self._redis.hget(orders, key))
        return load(body, Due) if body else None

    async def waiting(self, partition: int, case: str) -> list[Due]:
        """The orders of a case that wait, the earliest first, out of all of its partition."""
        named = json.dumps(case, ensure_ascii=False)
        orders = self._redis.hscan_iter(partition_key(partition, "orders"), count=_AT_ONCE)
        found = {key: load(body, Due) async for key, body in orders if named in body}
        return sorted((due for due in found.values() if due.order.case == case), key=lambda due: due.at)

    async def write_again(
        self, partition: int, due: Due, *, begins: bool = False, wanted: Sequence[str] = ()
    ) -> list[str | None]:
        """Write what has become of an order that waits; what stands under the keys `wanted`, which are the group's. Raises
        `Fenced` where another worker has it.
        """
        own = (partition_key(partition, "orders"), partition_key(partition, "due"), owner_key(partition))
        owner = self._leases.owner(partition, begins=begins)
        args: list[str | float] = [due.order.key, dump(due), due.at.timestamp(), owner]
        found = cast("list[str | None] | None", await self._rewrite(keys=[*own, *wanted], args=args))
        if found is None:
            self._leases.check(partition, None, work=True)
        return found or []

    def writes(self, partition: int, due: Due) -> tuple[Write, ...]:
        """What keeps an order until it is due."""
        key = due.order.key
        return (
            ("HSET", partition_key(partition, "orders"), key, dump(due)),
            ("ZADD", partition_key(partition, "due"), due.at.timestamp(), key),
        )

    def drops(self, partition: int, key: str) -> tuple[Write, ...]:
        """What takes an order away."""
        return (
            ("HDEL", partition_key(partition, "orders"), key),
            ("ZREM", partition_key(partition, "due"), key),
        )
