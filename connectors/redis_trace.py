"""The trace in Redis: the facts of cases, and the chain of each group. Part of `RedisState`, for whose saves it says what to write.

    linli:{p017}:trace:ID      a case's lines; `GROUP:0` has those that are the group's own
    linli:{p017}:chain:GROUP   the spine, one text a link     linli:{p017}:head:GROUP   its length and last hash

How a line reads, and what holds them together, is in connectors/trace_lines.py.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import cast

from redis.asyncio import Redis

from actions.chain import GROUPS_OWN, Head, Link
from actions.facts import Fact
from actions.ledger import Change
from connectors.codec import load
from connectors.redis_client import Write, in_parts
from connectors.trace_lines import Growth, head_of, head_text, is_linked, moment_of, woven

AT_ONCE = 200
"""Lines read in one go."""


class RedisTrace:
    """`key` gives a group's key by its name. What Redis raises comes through as it is."""

    def __init__(self, redis: "Redis", key: Callable[[str, str], str]) -> None:
        self._redis, self._key = redis, key

    async def facts(self, group: str, number: int) -> list[Fact]:
        """The facts of a case."""
        return [load(line, Fact) for line in await self._range(self._case(group, number), 0, -1)]

    async def head(self, group: str) -> Head:
        """The head of a group's chain; of one that has none yet, that of no links."""
        return head_of(cast("str | None", await self._redis.get(self._key(group, "head")))) or Head()

    async def heads(self, groups: Sequence[str]) -> list[Head]:
        """Those of many groups, in one stroke."""
        pipe = self._redis.pipeline(transaction=False)
        for group in groups:
            pipe.get(self._key(group, "head"))
        return [head_of(text) or Head() for text in await pipe.execute()] if groups else []

    # --- writing -------------------------------------------------------------------------------------

    async def growth(self, change: Change, head: str | None, *, has_past: bool) -> Growth | None:
        """What a change adds to the chain with this head, as it was stored; None for nothing. `has_past` is whether a
        group without a head has a spine or cases all the same.
        """
        group = change.talk.group
        at = moment_of(change)
        if at is None:
            return None
        lost = await self._lost(group) if has_past else None
        growth = Growth(group, head_of(head) or lost or Head())
        if growth.head.n == 0:
            growth.begin(at, await self._old(group) if has_past else ())
        for moved in change.moved:
            for fact in moved.facts:
                growth.fact(moved.case.number, fact)
        if change.erasure:
            numbers = [one.case.number for one in change.erasure.cases]
            old = {number: await self._range(self._case(group, number), 0, -1) for number in numbers}
            growth.erase(change.erasure, old.__getitem__)
        return growth

    async def _lost(self, group: str) -> Head | None:
        """The head by the spine, where there is one though nobody wrote down its head."""
        spine = self._key(group, "chain")
        n = await self._redis.llen(spine)
        [last] = await self._range(spine, -1, -1) if n else [""]
        return Head(n, last.partition(" ")[2]) if n else None

    async def _old(self, group: str) -> list[tuple[int, int, str]]:
        """The lines from before there was a chain, case by case."""
        return [
            (number, place, line)
            async for number in self._cases(group)
            for place, line in enumerate(await self._range(self._case(group, number), 0, -1))
            if not is_linked(line)
        ]

    def writes(self, growth: Growth) -> Iterator[Write]:
        """What adds it to the chain."""
        group = growth.group
        for number, place, line in growth.replaced:
            yield "LSET", self._case(group, number), place, line
        for number, line in growth.lines:
            yield "RPUSH", self._case(group, number), line
        for some in in_parts(growth.spine):
            yield "RPUSH", self._key(group, "chain"), *some
        yield "SET", self._key(group, "head"), head_text(growth.head)

    # --- reading -------------------------------------------------------------------------------------

    def links(self, group: str) -> AsyncIterator[Link | None]:
        """The chain as it stands."""
        return woven(
            self._pages(self._key(group, "chain")),
            lambda number: self._pages(self._case(group, number)),
            self._cases(group, own=True),
        )

    async def _cases(self, group: str, *, own: bool = False) -> AsyncIterator[int]:
        """The numbers of the group's cases; with its `own` in the place of one."""
        if own:
            if await self.head(group) == Head():
                return  # what is no chain yet is no inserted line
            yield GROUPS_OWN
        start = 0
        while ids := cast(
            "list[str]", await self._redis.zrange(self._key(group, "cases"), start, start + AT_ONCE)
        ):
            start += len(ids)
            for case in ids:
                yield int(case.rpartition(":")[2])

    async def _pages(self, key: str) -> AsyncIterator[str]:
        start = 0
        while page := await self._range(key, start, start + AT_ONCE - 1):
            start += len(page)
            for line in page:
                yield line

    async def _range(self, key: str, first: int, last: int) -> list[str]:
        return await cast("Awaitable[list[str]]", self._redis.lrange(key, first, last))

    def _case(self, group: str, number: int) -> str:
        return f"{self._key(group, 'trace')}:{number}"
