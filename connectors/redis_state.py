"""State in Redis. Every key of a group carries the hash tag of its partition, so one MULTI/EXEC covers
all that follows from one message, on Redis Cluster too.

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

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import ResponseError, WatchError

from actions.case import Case
from actions.chain import Head, Link
from actions.chronicle import Decree
from actions.errors import Unreachable
from actions.event import Sketch
from actions.facts import Fact
from actions.ledger import Change, DeadLetter, Due, Entry, Erasure, Stale
from actions.talk import Talk
from connectors.bindings import RedisBindings
from connectors.chronicle import RedisChronicle
from connectors.codec import dump, load
from connectors.leases import Everything, Tenancy, owner_key
from connectors.partition import PARTITIONS, group_of_case, partition_of
from connectors.redis_cases import RedisCases
from connectors.redis_client import (
    AT_WORK,
    Items,
    Look,
    client_of,
    compact,
    fresh,
    look,
    reaching,
    transaction,
)
from connectors.redis_dead import RedisDead
from connectors.redis_orders import RedisOrders
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

_LOOK = Look("""
local talk, owner, head = unpack(redis.call('MGET', KEYS[1], KEYS[2], KEYS[3]))
local past = not head and redis.call('EXISTS', KEYS[4], KEYS[5]) or 0
local waits = 1
if ARGV[1] ~= '' then
    waits = #redis.call('XRANGE', KEYS[6], ARGV[1], ARGV[1])
elseif ARGV[2] ~= '' then
    waits = redis.call('HEXISTS', KEYS[7], ARGV[2])
end
return {talk, owner, head, past, waits}
""")
"""What a group without a head of its chain has of a past tells whether that has to be looked for."""


class RedisState:
    """See `bot.ports.State`. A lost connection is `Unreachable`; nothing is retried in here."""

    def __init__(self, redis: "Redis", partitions: int = PARTITIONS, leases: Tenancy | None = None) -> None:
        self._redis = redis
        # A save holds one connection and may ask by another: with all in the hands of savers, none would ever be free.
        self._savers = asyncio.Semaphore(AT_WORK // 2)
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
        self._dead = RedisDead(redis, self._key, partitions)
        self._orders = RedisOrders(redis, self._key, self._leases)
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
        keys = [self._key(p, f"seen:{group}:{door}:{update}"), self._key(p, "inbox")]
        async with reaching():
            return bool(await self._accept(keys=keys, args=[SEEN_SECONDS, dump(entry)]))

    async def take(self, limit: int, wait_ms: int) -> list[Entry]:
        """What came behind the last that was taken, from the start in a partition just got; `limit` for each."""
        mine = self._leases.open()
        self._read = {turn: self._read.get(turn, _FIRST) for turn in mine.items()}
        streams = {self._key(p, "inbox"): (p, owner) for p, owner in mine.items()}
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
            text = cast("str | None", await self._redis.get(self._group_key(group, "talk")))
        return load(text, Talk) if text else Talk(group=group)

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
        async with reaching():
            return await self._cases.scene(case)

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

    async def save(self, change: Change) -> None:
        """All of the change in one transaction, or `Stale`."""
        async with reaching():
            await self._announce(change)
            key = self._group_key(change.talk.group, "talk")
            async with self._savers, transaction(self._redis, key) as pipe:
                try:
                    await self._save(pipe, change)
                except WatchError as error:  # also what a connection lost in between becomes
                    raise Stale(change.talk.group) from error
        self._orders.expect(self._of(change.talk.group), change.orders)

    async def _announce(self, change: Change) -> None:
        """What lives outside the partition goes first: written twice it is the same, missing it is lost."""
        await self._tickets.announce(change.moved, change.talk.group if change.talk.version == 0 else "")

    async def _save(self, pipe: Pipeline, change: Change) -> None:
        group = change.talk.group
        p = self._of(group)
        text, owner, head, has_past, waits = await self._look(pipe, change)
        self._leases.check(p, owner, work=bool(change.entry or change.done))
        version = load(text, Talk).version if text else 0
        if version != change.talk.version:
            raise Stale(group)
        if not waits:  # dealt with already, by us before a lost answer or by another
            return
        growth = await self._trace.growth(change, head, has_past=bool(has_past))
        pipe.multi()  # type: ignore[no-untyped-call]
        self._write(pipe, change)
        if growth:
            self._trace.write(pipe, growth)
        await pipe.execute()

    async def _look(self, pipe: Pipeline, change: Change) -> list[Any]:
        """What a save depends on, seen in one stroke behind the watch."""
        group, entry = change.talk.group, change.entry
        p, watched = self._of(group), [self._group_key(group, "talk"), owner_key(self._of(group))]
        places = [self._group_key(group, name) for name in ("head", "chain", "cases")]
        keys = [*watched, *places, self._key(p, "inbox"), self._key(p, "orders")]
        done = "" if entry else change.done  # an entry is what is looked for, where there are both
        return cast("list[Any]", await look(pipe, watched, _LOOK, keys, [entry.id if entry else "", done]))

    def _write(self, pipe: Pipeline, change: Change) -> None:
        group, p = change.talk.group, self._of(change.talk.group)
        pipe.set(self._group_key(group, "talk"), dump(replace(change.talk, version=change.talk.version + 1)))
        for moved in change.moved:
            self._cases.write(pipe, moved.case)
        if change.links:
            pipe.hset(self._group_key(group, "links"), mapping=dict(change.links))
        if change.erasure:
            self._write_erasure(pipe, group, change.erasure)
        for due in change.orders:
            self._orders.write(pipe, p, due)
        if change.done:
            self._orders.drop(pipe, p, change.done)
        if change.entry:
            self._drop_entry(pipe, change.entry)

    def _write_erasure(self, pipe: Pipeline, group: str, erasure: Erasure) -> None:
        for one in erasure.cases:
            self._cases.write_body(pipe, one.case)
        if erasure.unlinked:
            pipe.hdel(self._group_key(group, "links"), *erasure.unlinked)

    def _drop_entry(self, pipe: Pipeline, entry: Entry) -> None:
        pipe.xdel(self._key(entry.partition, "inbox"), entry.id)

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

    async def begin(self, due: Due, now: datetime) -> Due:
        """Count one more try, durably."""
        tried = replace(due, tries=due.tries + 1, first_tried_at=due.first_tried_at or now)
        async with reaching():
            await self._orders.write_again(self._of(due.group), tried, begins=True)
        return tried

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
                self._drop_entry(pipe, entry)
            if done:
                self._orders.drop(pipe, p, done.order.key)
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
                self._orders.write(pipe, partition, due)
                self._orders.expect(partition, [due])
            else:
                pipe.xadd(self._key(partition, "inbox"), {"body": body})
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
                pipe.xlen(self._key(p, "inbox"))
                pipe.zcard(self._key(p, "due"))
                pipe.hlen(self._key(p, "dead"))
            found = await pipe.execute()
        inbox, orders, dead = found[0::3], found[1::3], found[2::3]
        busy = sum(1 for n in inbox if n)
        return {"inbox": sum(inbox), "orders": sum(orders), "dead": sum(dead), "partitions": busy}

    # --- keys ----------------------------------------------------------------------------------------

    def _of(self, group: str) -> int:
        return partition_of(group, self._partitions)

    def _key(self, partition: int, name: str) -> str:
        return f"linli:{{p{partition:03d}}}:{name}"

    def _group_key(self, group: str, name: str) -> str:
        return self._key(self._of(group), f"{name}:{group}")


def _entries(items: Items) -> list[Entry]:
    return [replace(load(fields["body"], Entry), id=key) for key, fields in items]
