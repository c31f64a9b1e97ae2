"""State in Redis. Every key of a group carries the hash tag of its partition, so one script writes
all that follows from one message (connectors/redis_saves.py), on Redis Cluster too.

    linli:{p017}:inbox            stream of the entries that nobody has dealt with yet
    linli:{p017}:seen:GROUP:DOOR:ID   updates that were here already; forgotten after two days
    linli:{p017}:talk:GROUP       the group's memory, with the version that guards every save
    linli:{p017}:case:ID          a case
    linli:{p017}:trace:ID, chain:GROUP, head:GROUP   its facts, links of the group's chain; see connectors/redis_trace.py
    linli:{p017}:cases:GROUP      case ids by number     linli:{p017}:live:GROUP   those of live cases
    linli:{p017}:links:GROUP      message -> case
    linli:{p017}:due              keys of orders by due time     linli:{p017}:orders   their bodies
    linli:{p017}:dead             dead letters
    linli:{NAME}:line             filings of a community, in the order in which they arrived
    linli:{chronicle}             what was put in force; see connectors/chronicle.py
    linli:{p017}:owner            which worker has the partition; see connectors/leases.py
    linli:bound, linli:bound:latest    see connectors/bindings.py
    linli:groups, linli:tickets, linli:ticket:ID, linli:joined:ID, linli:value:NAME    small things that belong to
                                  no partition; each is written and read alone
"""

import json
from collections.abc import AsyncIterator, Awaitable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import cast

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from actions.case import Case
from actions.chain import Head, Link
from actions.chronicle import Decree
from actions.errors import Unreachable
from actions.event import Sketch
from actions.facts import Fact
from actions.ledger import Change, DeadLetter, Due, Entry
from actions.talk import Talk
from connectors.bindings import RedisBindings
from connectors.chronicle import RedisChronicle
from connectors.codec import dump, load
from connectors.leases import Everything, Tenancy, owner_key
from connectors.partition import PARTITIONS, group_of_case, partition_key, partition_of
from connectors.redis_cases import RedisCases
from connectors.redis_client import (
    Items,
    client_of,
    compact,
    fresh,
    put,
    reaching,
    transaction,
)
from connectors.redis_dead import RedisDead
from connectors.redis_orders import RedisOrders
from connectors.redis_saves import RedisSaves, drop_entry
from connectors.redis_talks import RedisTalks
from connectors.redis_tickets import RedisTickets
from connectors.redis_trace import RedisTrace
from connectors.redis_values import RedisValues

SEEN_SECONDS = 2 * 24 * 3600
"""Telegram keeps an update for one day; twice that is safe."""
_FIRST = "0-0"

_ACCEPT = """
if redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) then
    redis.call('XADD', KEYS[2], '*', 'body', ARGV[2])
    return 1
end
return 0
"""


class RedisState:
    """See `bot.ports.State`. A lost connection is `Unreachable`; nothing is retried in here."""

    def __init__(self, redis: "Redis", partitions: int = PARTITIONS, leases: Tenancy | None = None) -> None:
        self._redis = redis
        self._partitions = partitions
        self._leases: Tenancy = leases or Everything(partitions)
        self._accept = redis.register_script(_ACCEPT)
        self._chronicle = RedisChronicle(redis)
        self._bindings = RedisBindings(redis)
        self._trace = RedisTrace(redis, self._group_key)
        self._cases = RedisCases(redis, self._group_key)
        self._talks = RedisTalks(redis, lambda group: self._group_key(group, "talk"), self._of)
        self._values = RedisValues(redis)
        self._tickets = RedisTickets(redis)
        self._dead = RedisDead(redis, partition_key, partitions)
        self._orders = RedisOrders(redis, self._leases)
        self._saves = RedisSaves(
            redis, self._group_key, partitions, self._leases,
            trace=self._trace, cases=self._cases, orders=self._orders,
        )  # fmt: skip
        self._read: dict[tuple[int, str], str] = {}

    @classmethod
    def at(cls, url: str, partitions: int = PARTITIONS) -> "RedisState":
        """State at a Redis URL (`redis://…`, `unix:///…`). Connects on first use."""
        return cls(client_of(url), partitions)

    async def start(self) -> None:
        """See that Redis is there. Raises `Unreachable`."""
        await self.ping()

    async def stop(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def ping(self) -> None:
        """Nothing, or `Unreachable`."""
        async with reaching():
            await self._redis.ping()

    # --- inbox ---------------------------------------------------------------------------------------

    async def accept(self, door: str, group: str, update: str, raw: str, at: datetime) -> bool:
        """Put something into the inbox; False if it was there before."""
        p = self._of(group)
        entry = Entry("", p, group, door, update, raw, at)
        keys = [partition_key(p, f"seen:{group}:{door}:{update}"), partition_key(p, "inbox")]
        async with reaching():
            return bool(await self._accept(keys=keys, args=[SEEN_SECONDS, dump(entry)]))

    async def take(self, limit: int, wait_ms: int) -> list[Entry]:
        """What came behind the last that was taken, from the start in a partition just got; `limit` for each."""
        mine = self._leases.open()
        self._read = {turn: self._read.get(turn, _FIRST) for turn in mine.items()}
        streams = {partition_key(p, "inbox"): (p, owner) for p, owner in mine.items()}
        after = {stream: self._read[turn] for stream, turn in streams.items()}
        try:
            async with reaching():
                found = await fresh(self._redis, after, limit, wait_ms)
        except Unreachable:
            self._read.clear()  # another Redis may have taken over, whose clock may be behind
            raise
        still, entries = self._leases.open(), list[Entry]()
        for stream, items in found.items():
            p, owner = streams[stream]
            if still.get(p) == owner:
                self._read[p, owner] = items[-1][0]
                entries += _entries(items)
        return entries

    # --- reading -------------------------------------------------------------------------------------

    async def talk(self, group: str) -> Talk:
        """The group's memory."""
        async with reaching():
            keys = [self._group_key(group, name) for name in ("talk", "head")]
            text, head = await cast("Awaitable[list[str | None]]", self._redis.mget(keys))
        return self._saves.read(group, text, head)

    async def groups(self) -> list[str]:
        """Every group that has a memory."""
        async with reaching():
            return sorted(await cast("Awaitable[set[str]]", self._redis.smembers("linli:groups")))

    async def talks_with(self, groups: Collection[str], words: Collection[str]) -> list[Talk]:
        """The memories of those groups in which one of these words stands."""
        async with reaching():
            return await self._talks.holding(groups, words)

    async def cases(self, group: str, *, live: bool = False, every: bool = False) -> list[Case]:
        """The cases of the group, oldest first; the newest 500 where there are more, unless `every` is asked for."""
        async with reaching():
            return await self._cases.of(group, live=live, every=every)

    async def case(self, case: str) -> Case | None:
        """One case."""
        async with reaching():
            return await self._cases.one(case)

    async def scene(self, case: str) -> tuple[Talk, Case | None]:
        """The memory of a case's group, and the case."""
        group = group_of_case(case)
        async with reaching():
            found = await cast("Awaitable[list[str | None]]", self._redis.mget(self._scene_keys(group, case)))
        return self._scene(group, found)

    def _scene_keys(self, group: str, case: str) -> list[str]:
        # Where it is no case of the group, nothing stands under the key.
        number = case.rpartition(":")[2] if group_of_case(case) == group else ""
        return [
            self._group_key(group, "talk"),
            self._group_key(group, "head"),
            self._cases.key(f"{group}:{number}"),
        ]

    def _scene(self, group: str, found: Sequence[str | None]) -> tuple[Talk, Case | None]:
        memory, head, text = found
        return self._saves.read(group, memory, head), load(text, Case) if text else None

    async def at_hand(self, group: str, newest: int) -> tuple[list[Case], list[Case]]:
        """The live cases of the group, and the newest."""
        async with reaching():
            return await self._cases.at_hand(group, newest)

    async def case_of(self, group: str, message: str) -> str | None:
        """The case that a message belongs to."""
        async with reaching():
            links = self._group_key(group, "links")
            return await cast("Awaitable[str | None]", self._redis.hget(links, message))

    async def cases_of_ticket(self, ticket: str) -> list[str]:
        """The cases that follow a ticket, the one that filed it first."""
        async with reaching():
            return await self._tickets.cases(ticket)

    async def enlist(self, community: str, order: str, sketch: Sketch) -> list[tuple[str, Sketch]]:
        """Put a filing into the line of its community; the whole line."""
        async with reaching():
            return await self._tickets.enlist(community, order, sketch)

    async def strike(self, community: str, orders: Sequence[str]) -> None:
        """Take filings out of the line."""
        async with reaching():
            await self._tickets.strike(community, orders)

    async def open_tickets(self) -> list[str]:
        """The tickets of live cases."""
        async with reaching():
            return await self._tickets.open()

    async def trace(self, case: str) -> list[Fact]:
        """The facts of a case."""
        async with reaching():
            return await self._trace.facts(group_of_case(case), int(case.rpartition(":")[2]))

    async def head(self, group: str) -> Head:
        """The head of the group's chain."""
        async with reaching():
            return await self._trace.head(group)

    async def heads(self, groups: Sequence[str]) -> list[Head]:
        """The heads of these groups' chains."""
        async with reaching():
            return await self._trace.heads(groups)

    async def links(self, group: str) -> AsyncIterator[Link | None]:
        """The group's chain."""
        async with reaching():
            async for link in self._trace.links(group):
                yield link

    # --- saving --------------------------------------------------------------------------------------

    async def save(self, change: Change) -> bool:
        """All of the change in one stroke, or `Stale`; False for what had been dealt with already."""
        async with reaching():
            saved = await self._saves.save(change)
        self._orders.expect(self._of(change.talk.group), change.orders)
        return saved

    # --- orders --------------------------------------------------------------------------------------

    async def due(self, now: datetime, limit: int, held: Collection[str] = ()) -> list[Due]:
        """Orders whose time has come, of the partitions that can have any."""
        async with reaching():
            return await self._orders.due(now, limit, held)

    async def order(self, key: str, group: str) -> Due | None:
        """One order that waits."""
        async with reaching():
            return await self._orders.order(self._of(group), key)

    async def waiting(self, case: str) -> list[Due]:
        """The orders of a case that wait, the earliest first."""
        async with reaching():
            return await self._orders.waiting(self._of(group_of_case(case)), case)

    async def begin(self, due: Due, now: datetime) -> tuple[Due, Talk, Case | None]:
        """Count one more try, durably; with the memory of its group, and its case."""
        tried = replace(due, tries=due.tries + 1, first_tried_at=due.first_tried_at or now)
        wanted = self._scene_keys(due.group, due.order.case)
        async with reaching():
            found = await self._orders.write_again(self._of(due.group), tried, begins=True, wanted=wanted)
        return tried, *self._scene(due.group, found)

    async def postpone(self, due: Due, until: datetime) -> None:
        """Try again at `until`."""
        p, later = self._of(due.group), replace(due, at=until)
        async with reaching():
            await self._orders.write_again(p, later)
        self._orders.expect(p, [later])

    # --- dead letters --------------------------------------------------------------------------------

    async def bury(self, letter: DeadLetter, *, entry: Entry | None = None, done: Due | None = None) -> None:
        """Move an entry or an order to the dead letters."""
        if entry is None and done is None:
            raise ValueError("a dead letter is an entry or an order")
        p = self._of(letter.group)
        async with reaching(), transaction(self._redis, owner_key(p)) as pipe:
            await pipe.watch(owner_key(p))
            owner = await cast("Awaitable[str | None]", pipe.get(owner_key(p)))
            self._leases.check(p, owner, work=True)
            pipe.multi()  # type: ignore[no-untyped-call]
            self._dead.write(pipe, p, letter, dump(entry or done))
            if entry:
                put(pipe, [drop_entry(entry)])
            if done:
                put(pipe, self._orders.drops(p, done.order.key))
            await pipe.execute()

    async def dead(self, limit: int) -> list[DeadLetter]:
        """The dead letters, newest first."""
        async with reaching():
            return (await self._dead.letters())[:limit]

    async def forget_dead(self, letters: Sequence[str]) -> int:
        """Delete dead letters."""
        async with reaching():
            return await self._dead.forget(letters)

    async def replay(self, letter: str) -> bool:
        """Put a dead letter back."""
        async with reaching():
            found = await self._dead.find(letter)
            if found:
                await self._unbury(*found, letter)
        return found is not None

    async def _unbury(self, partition: int, body: str, letter: str) -> None:
        async with transaction(self._redis, owner_key(partition)) as pipe:
            self._dead.drop(pipe, partition, letter)
            if "order" in json.loads(body):
                due = replace(load(body, Due), tries=0)
                put(pipe, self._orders.writes(partition, due))
                self._orders.expect(partition, [due])
            else:
                pipe.xadd(partition_key(partition, "inbox"), {"body": body})
            await pipe.execute()

    # --- small things --------------------------------------------------------------------------------

    async def remember(self, key: str, value: str) -> None:
        """Keep a small value."""
        async with reaching():
            await self._values.remember(key, value)

    async def swap(self, key: str, old: str | None, new: str) -> None:
        """Keep a small value in the place of the one that was read, or `Stale`."""
        async with reaching():
            await self._values.swap(key, old, new)

    async def note(self, key: str, word: str, most: int) -> None:
        """Put a word behind those of a small value, unless it is among them."""
        async with reaching():
            await self._values.note(key, word, most)

    async def recall(self, key: str) -> str | None:
        """The value kept."""
        async with reaching():
            return await self._values.recall(key)

    async def unlearn(self, key: str) -> bool:
        """Keep the value no longer."""
        async with reaching():
            return await self._values.unlearn(key)

    async def bind(self, group: str, grid: str) -> None:
        """Tell all processes that the group belongs to this grid."""
        async with reaching():
            await self._bindings.bind(group, grid)

    async def bound(self, known: int) -> tuple[int, dict[str, str]]:
        """What was bound since `known`, at least."""
        async with reaching():
            return await self._bindings.since(known)

    async def chronicle(self, record: Decree) -> bool:
        """Write down what was put in force, once."""
        async with reaching():
            return await self._chronicle.add(record)

    async def chronicles(self, limit: int) -> list[Decree]:
        """What was put in force, newest first."""
        async with reaching():
            return await self._chronicle.last(limit)

    async def forget_chronicle(self, before: datetime) -> int:
        """Delete what was put in force before then."""
        async with reaching():
            return await self._chronicle.forget(before)

    async def compact(self) -> None:
        """Write the append-only file anew, where the server allows it: what was deleted still stands in the old one."""
        async with reaching():
            with suppress(ResponseError):  # not for us to say, or it is doing so already
                await compact(self._redis)

    async def depth(self) -> dict[str, int]:
        """How many of each wait."""
        async with reaching():
            pipe = self._redis.pipeline(transaction=False)
            for p in range(self._partitions):
                pipe.xlen(partition_key(p, "inbox"))
                pipe.zcard(partition_key(p, "due"))
                pipe.hlen(partition_key(p, "dead"))
            found = await pipe.execute()
        inbox, orders, dead = found[0::3], found[1::3], found[2::3]
        busy = sum(1 for n in inbox if n)
        return {"inbox": sum(inbox), "orders": sum(orders), "dead": sum(dead), "partitions": busy}

    # --- keys ----------------------------------------------------------------------------------------

    def _of(self, group: str) -> int:
        return partition_of(group, self._partitions)

    def _group_key(self, group: str, name: str) -> str:
        return partition_key(self._of(group), f"{name}:{group}")


def _entries(items: Items) -> list[Entry]:
    return [replace(load(fields["body"], Entry), id=key) for key, fields in items]
