"""A save in Redis: all that follows from one entry or one order is written by one script, in one packet, or not at all.

The script writes only where everything that the save rests on is still as it was read: the group's memory, the head of its
chain, whose the partition is, and what is ticked off. Where it is not, it tells how things stand, and it is decided here
whether that makes the save stale. So what this process remembers of a group can be out of date, but never do harm.
Part of `RedisState`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha1
from typing import Any

from redis.asyncio import Redis

from actions.ledger import Change, Entry, Erasure, Stale
from actions.talk import Talk
from connectors.codec import dump, load
from connectors.leases import Tenancy, owner_key
from connectors.partition import partition_key, partition_of
from connectors.redis_cases import RedisCases
from connectors.redis_client import Write, ahead, in_parts
from connectors.redis_orders import RedisOrders
from connectors.redis_tickets import announced
from connectors.redis_trace import RedisTrace
from connectors.trace_lines import Growth, head_text

REMEMBERED = 10_000
"""Groups of which this process knows how it saw them last."""
_WRITTEN = 1

_SAVE = """
local talk, head, owner = unpack(redis.call('MGET', KEYS[1], KEYS[2], KEYS[5]))
local past = head and 0 or math.min(1, redis.call('EXISTS', KEYS[3], KEYS[4]))
local waits = 1
if ARGV[1] ~= '' then
    waits = #redis.call('XRANGE', KEYS[6], ARGV[1], ARGV[1])
elseif ARGV[2] ~= '' then
    waits = redis.call('HEXISTS', KEYS[7], ARGV[2])
end
local digest = talk and redis.sha1hex(talk) or ''
local ours = ARGV[3] == '' or ARGV[3] == owner
if not ours or digest ~= ARGV[4] or (head or '') ~= ARGV[5] or past ~= tonumber(ARGV[6]) then
    return {talk, head, owner, past, waits}
end
if waits == 0 then
    return 0
end
local at = 7
for n = 8, #KEYS do
    local last = at + 1 + ARGV[at + 1]
    redis.call(ARGV[at], KEYS[n], unpack(ARGV, at + 2, last))
    at = last + 1
end
return 1
"""
"""The writes stand behind what is compared: each with its key, its command, the number of its arguments, and these."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A group as this process saw or left it last. `past` is whether one without a head of its chain has a spine or cases
    all the same.
    """

    version: int
    digest: str
    head: str
    past: bool = False


_UNSEEN = _Seen(-1, "?", "?")


class RedisSaves:
    """`key` gives a group's key by its name. What Redis raises comes through as it is."""

    def __init__(
        self, redis: "Redis", key: Callable[[str, str], str], partitions: int, leases: Tenancy,
        *, trace: RedisTrace, cases: RedisCases, orders: RedisOrders,
    ) -> None:  # fmt: skip
        self._redis, self._key, self._partitions, self._leases = redis, key, partitions, leases
        self._trace, self._cases, self._orders = trace, cases, orders
        self._script = redis.register_script(_SAVE)
        self._seen: dict[str, _Seen] = {}

    def read(self, group: str, text: str | None, head: str | None) -> Talk:
        """The memory of a group, on which a save may rest."""
        talk = load(text, Talk) if text else Talk(group=group)
        self._remember(group, _Seen(talk.version, _digest(text), head or ""))
        return talk

    async def save(self, change: Change) -> bool:
        """Write all of it; False where it had been dealt with already. Raises `Stale` and `Fenced`."""
        group, version = change.talk.group, change.talk.version
        outside = await ahead(self._redis, announced(change.moved, "" if version else group))
        talk = dump(replace(change.talk, version=version + 1))
        seen = self._seen.get(group)
        if seen is None or seen.version != version:
            seen = self._standing(change, await self._run(change, _UNSEEN, ()))
        while seen:
            growth = await self._trace.growth(change, seen.head, has_past=seen.past)
            answer = await self._run(change, seen, (*outside, *self._writes(change, talk, growth)))
            if answer == _WRITTEN:
                head = head_text(growth.head) if growth else seen.head
                self._remember(group, _Seen(version + 1, _digest(talk), head, seen.past and not head))
                return True
            seen = self._standing(change, answer)
        return False

    async def _run(self, change: Change, seen: _Seen, writes: Iterable[Write]) -> Any:
        group, entry = change.talk.group, change.entry
        p = partition_of(group, self._partitions)
        keys = [self._key(group, name) for name in ("talk", "head", "chain", "cases")]
        keys += [owner_key(p), partition_key(p, "inbox"), partition_key(p, "orders")]
        owner = self._leases.owner(p, begins=False, work=_is_work(change))
        # An entry is what is looked for, where there are both.
        waits = (entry.id, "") if entry else ("", change.done)
        args: list[str | float] = [*waits, owner, seen.digest, seen.head, int(seen.past)]
        for command, key, *rest in writes:
            keys.append(str(key))
            args += [command, len(rest), *rest]
        return await self._script(keys=keys, args=args)

    def _standing(self, change: Change, answer: Any) -> _Seen | None:
        """The group as it is, where the change has still to be saved. Raises `Stale` and `Fenced`."""
        if not isinstance(answer, list):
            return None
        group, (text, head, owner, past, waits) = change.talk.group, answer
        self._leases.check(partition_of(group, self._partitions), owner, work=_is_work(change))
        talk = self.read(group, text, head)
        if talk.version != change.talk.version:
            raise Stale(group)
        # What does not wait was dealt with already, by us before a lost answer or by another.
        return _Seen(talk.version, _digest(text), head or "", bool(past)) if waits else None

    def _writes(self, change: Change, talk: str, growth: Growth | None) -> Iterator[Write]:
        group = change.talk.group
        p, links = partition_of(group, self._partitions), self._key(group, "links")
        yield "SET", self._key(group, "talk"), talk
        for moved in change.moved:
            yield from self._cases.writes(moved.case)
        for some in in_parts(change.links):
            yield "HSET", links, *(part for link in some for part in link)
        if change.erasure:
            yield from self._erasure(links, change.erasure)
        for due in change.orders:
            yield from self._orders.writes(p, due)
        if change.done:
            yield from self._orders.drops(p, change.done)
        if change.entry:
            yield drop_entry(change.entry)
        if growth:
            yield from self._trace.writes(growth)

    def _erasure(self, links: str, erasure: Erasure) -> Iterator[Write]:
        for one in erasure.cases:
            yield self._cases.body(one.case)
        for some in in_parts(erasure.unlinked):
            yield "HDEL", links, *some

    def _remember(self, group: str, seen: _Seen) -> None:
        self._seen[group] = seen
        if len(self._seen) > REMEMBERED:
            del self._seen[next(iter(self._seen))]


def drop_entry(entry: Entry) -> Write:
    """Take an entry out of the inbox."""
    return "XDEL", partition_key(entry.partition, "inbox"), entry.id


def _is_work(change: Change) -> bool:
    """Whether it follows from what only the owner of the partition may take in hand."""
    return bool(change.entry or change.done)


def _digest(text: str | None) -> str:
    return sha1(text.encode(), usedforsecurity=False).hexdigest() if text else ""
