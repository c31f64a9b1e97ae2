"""Leases: which worker has which partition. They move by themselves when a worker comes, goes or dies.

    linli:workers         the workers that live, by the time of their last beat on Redis' own clock
    linli:{p017}:owner    `NUMBER NAME`: how often the partition has changed hands, and who has it; no name, nobody

Every worker beats once a second; one that has not for five seconds is dead to the others. A partition falls to that
living worker whose name hashes highest with it, so all agree without asking, and only what has to move moves. Who has a
partition that falls to another lets go of it first; that of a dead worker is taken.

The beat is a courtesy, the number is the law: every save checks, in its own transaction, that the partition's owner still
reads as it did when it was taken. So a worker that was stopped for a while, and is replaced, changes nothing any more.
What leaves the house is sent only `in_time`: a ticket that it was about to file may have been filed by another.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any, Protocol, cast

import structlog
from redis.asyncio import Redis

from actions.ledger import Fenced
from connectors.partition import PARTITIONS, partition_key
from connectors.redis_client import reaching

BEAT_SECONDS = 1.0
DEAD_AFTER_SECONDS = 5.0
_WORKERS = "linli:workers"
_BEAT = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.6f', now - ARGV[2]))
redis.call('ZREMRANGEBYSCORE', KEYS[1], string.format('%.6f', now + 1), '+inf')
local absent = redis.call('ZADD', KEYS[1], string.format('%.6f', now), ARGV[1])
return {absent, redis.call('ZRANGE', KEYS[1], 0, -1)}
"""
"""Beats from the future are those of before the clock was put back: whoever lives beats again."""
_HAND_ON = """
local owner = redis.call('GET', KEYS[1]) or ''
if owner ~= ARGV[1] then
    return false
end
owner = string.format('%d %s', (string.match(owner, '^%d+') or 0) + 1, ARGV[2])
redis.call('SET', KEYS[1], owner)
return owner
"""
"""From one hand into another, unless a third was faster."""

log = structlog.get_logger("leases")


def owner_key(partition: int) -> str:
    """Where the owner of a partition stands."""
    return partition_key(partition, "owner")


def share_of(name: str, living: Iterable[str], partitions: int = PARTITIONS) -> set[int]:
    """The partitions that fall to this one of the living."""
    living = list(living)
    return {p for p in range(partitions) if max(living, key=lambda one: _weight(one, p)) == name}


def _weight(name: str, partition: int) -> bytes:
    return blake2b(f"{partition} {name}".encode(), digest_size=8).digest()


class Tenancy(Protocol):
    """Which partitions a process may work on."""

    def open(self) -> dict[int, str]:
        """Those in which work may begin, each with its owner as it reads in Redis."""

    def owner(self, partition: int, *, begins: bool, work: bool = True) -> str:
        """Whose it must be for something there to be written, or even to begin; "" for no check. Raises `Fenced`, unless
        it is no `work` that was taken from there.
        """

    def check(self, partition: int, owner: str | None, *, work: bool) -> None:
        """Raises `Fenced` where the partition is in other hands; `work` that was taken from it needs it to be ours."""

    def in_time(self) -> bool:
        """Whether nobody can take us for dead yet: for what leaves the house, and no save can take back."""


class Everything:
    """For a process that only looks, and for one that is alone: all partitions, unguarded."""

    def __init__(self, partitions: int = PARTITIONS) -> None:
        self._all = dict.fromkeys(range(partitions), "")

    def open(self) -> dict[int, str]:
        """All."""
        return self._all

    def owner(self, partition: int, *, begins: bool, work: bool = True) -> str:  # noqa: ARG002
        """No check."""
        return ""

    def check(self, partition: int, owner: str | None, *, work: bool) -> None:
        """Nothing."""

    def in_time(self) -> bool:
        """Always."""
        return True


class Leases:
    """Those of one worker. `name` must be no other's; one that is used again gets back at once what it had."""

    def __init__(
        self,
        redis: Redis,
        name: str,
        partitions: int = PARTITIONS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._redis, self.name, self._partitions, self._clock = redis, name, partitions, clock
        self._beat = redis.register_script(_BEAT)
        self._held: dict[int, str] = {}
        self._open: set[int] = set()
        self._going: set[int] = set()
        self._doubt = False
        self._beaten_at = float("-inf")
        self._share: tuple[list[str], set[int]] = ([], set())

    # --- what a save asks ----------------------------------------------------------------------------

    def open(self) -> dict[int, str]:
        """Those in which work may begin."""
        return {p: self._held[p] for p in self._open}

    def owner(self, partition: int, *, begins: bool, work: bool = True) -> str:
        """Ours; where we are about to let go, nothing begins any more. What is only added to another worker's partition is
        guarded by the version of what it changes.
        """
        if partition in (self._open if begins else self._held):
            return self._held[partition]
        if work:
            raise Fenced(partition)
        return ""

    def check(self, partition: int, owner: str | None, *, work: bool) -> None:
        """What is only added to another worker's partition is guarded by the version of what it changes."""
        mine = self._held.get(partition)
        if mine is None and not work:
            return
        if mine is None or owner != mine:
            self._open.discard(partition)
            self._doubt = True
            raise Fenced(partition)

    def in_time(self) -> bool:
        """Not where our last beat is so old that the others are about to take over, since we were stopped for example."""
        return self._clock() - self._beaten_at < DEAD_AFTER_SECONDS - BEAT_SECONDS

    # --- moving --------------------------------------------------------------------------------------

    async def beat(self) -> set[int]:
        """Show that we live, and take what falls to us. What is given back has to be let go of, then `give_back`.

        Raises `Unreachable`.
        """
        now = self._clock()
        async with reaching():
            absent, living = await self._beat(keys=[_WORKERS], args=[self.name, DEAD_AFTER_SECONDS])
            self._beaten_at = now
            if absent or self._doubt:
                await self._look_for_lost()
            if living != self._share[0]:
                self._share = living, share_of(self.name, living, self._partitions)
            share = self._share[1]
            self._open &= share
            if not (absent and self._held):  # else the others were away too, it may be, and are about to beat
                await self._take(share - self._held.keys(), set(living))
        going = set(self._held) - self._open - self._going
        self._going |= going
        return going

    async def give_back(self, partitions: Iterable[int]) -> None:
        """Nothing of ours works on these any more: another may have them. Raises `Unreachable`."""
        mine = {p: self._held[p] for p in self._held.keys() & set(partitions)}
        async with reaching():
            await self._hand_on(mine, "")
        for p in mine:
            del self._held[p]
            self._going.discard(p)

    def close(self) -> None:
        """Nothing begins any more."""
        self._open.clear()

    async def leave(self) -> None:
        """Nothing of ours works any more. Raises `Unreachable`."""
        self.close()
        await self.give_back(self._held)
        async with reaching():
            await self._redis.zrem(_WORKERS, self.name)

    async def _look_for_lost(self) -> None:
        """Whether somebody has taken what was ours, while we seemed to be dead."""
        now = await self._owners(self._held)
        self._doubt = False
        lost = {p for p, owner in self._held.items() if now[p] != owner}
        self._open -= lost
        if lost:
            log.warning("partitions_lost", worker=self.name, count=len(lost))

    async def _take(self, wanted: set[int], living: set[str]) -> None:
        if not wanted:
            return
        owners = {p: owner or "" for p, owner in (await self._owners(wanted)).items()}
        # Who lives lets go as soon as it can.
        free = {p: one for p, one in owners.items() if one.partition(" ")[2] not in living - {self.name}}
        taken = {p: mine for p, mine in (await self._hand_on(free, self.name)).items() if mine}
        self._held |= taken
        self._open |= taken.keys()
        if taken:
            log.info("partitions_taken", worker=self.name, count=len(taken), held=len(self._held))

    async def _hand_on(self, owners: Mapping[int, str], to: str) -> dict[int, str | None]:
        pipe = self._redis.pipeline(transaction=False)
        for p, owner in owners.items():
            pipe.eval(_HAND_ON, 1, owner_key(p), owner, to)
        return dict(zip(owners, cast("Any", await pipe.execute()), strict=True))

    async def _owners(self, partitions: Iterable[int]) -> dict[int, str | None]:
        asked = sorted(partitions)
        pipe = self._redis.pipeline(transaction=False)
        for p in asked:
            pipe.get(owner_key(p))
        return dict(zip(asked, cast("Any", await pipe.execute()), strict=True))
