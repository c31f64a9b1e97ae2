"""Tickets in Redis: which cases follow which, and the lines in which the filings of a community stand.

They belong to no partition; each is written and read alone. Part of `RedisState`.
"""

from collections.abc import Awaitable, Iterable, Iterator, Sequence
from typing import cast

from redis.asyncio import Redis

from actions.case import Case
from actions.event import Sketch
from actions.facts import JoinedTicket, Posted, TicketFiled
from actions.ledger import Moved
from connectors.codec import dump, load
from connectors.redis_client import Write

_ENLIST = """
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then
    local place = redis.call('HINCRBY', KEYS[1], '#', 1)
    redis.call('HSET', KEYS[1], ARGV[1], place .. ' ' .. ARGV[2])
end
return redis.call('HGETALL', KEYS[1])
"""
"""Entering and looking in one stroke: of two that come at the same moment the second sees the first."""


class RedisTickets:
    """What Redis raises comes through as it is."""

    def __init__(self, redis: "Redis") -> None:
        self._redis, self._enlist = redis, redis.register_script(_ENLIST)

    async def cases(self, ticket: str) -> list[str]:
        """The cases that follow a ticket, the one that filed it first."""
        filed = cast("str | None", await self._redis.get(f"linli:ticket:{ticket}"))
        joined = await cast("Awaitable[set[str]]", self._redis.smembers(f"linli:joined:{ticket}"))
        return [*([filed] if filed else []), *sorted(joined - {filed})]

    async def open(self) -> list[str]:
        """The tickets of live cases."""
        members = await cast("Awaitable[set[str]]", self._redis.smembers("linli:tickets"))
        return sorted({member.partition("\n")[0] for member in members})

    async def enlist(self, community: str, order: str, sketch: Sketch) -> list[tuple[str, Sketch]]:
        """Put a filing into the line of its community; the whole line."""
        flat = await self._enlist(keys=[_line(community)], args=[order, dump(sketch)])
        places = {key: body.partition(" ") for key, body in zip(flat[::2], flat[1::2], strict=True)}
        del places["#"]
        in_order = sorted(places, key=lambda key: int(places[key][0]))
        return [(key, load(places[key][2], Sketch)) for key in in_order]

    async def strike(self, community: str, orders: Sequence[str]) -> None:
        """Take filings out of the line."""
        if orders:
            await self._redis.hdel(_line(community), *orders)


def announced(moves: Iterable[Moved], newcomer: str) -> list[Write]:
    """Which case follows which ticket, and that there is a group that was never seen; said twice it is the same."""
    writes: list[Write] = [("SADD", "linli:groups", newcomer)] if newcomer else []
    for moved in moves:
        if moved.facts and all(isinstance(fact, Posted) for fact in moved.facts):
            continue  # what is shown changes neither the ticket nor whether the case lives
        for fact in moved.facts:
            if isinstance(fact, TicketFiled):
                writes.append(("SET", f"linli:ticket:{fact.ticket}", moved.case.id))
            if isinstance(fact, JoinedTicket):
                writes.append(("SADD", f"linli:joined:{fact.ticket}", moved.case.id))
        writes += _kept_open(moved.case)
    return writes


def _kept_open(case: Case) -> Iterator[Write]:
    """One member for each case that follows a ticket: the ticket is open as long as there is one."""
    if case.ticket:
        yield "SADD" if case.live else "SREM", "linli:tickets", f"{case.ticket}\n{case.id}"
    if case.apart_from:
        yield "SREM", "linli:tickets", f"{case.apart_from}\n{case.id}"


def _line(community: str) -> str:
    return f"linli:{{{community}}}:line"
