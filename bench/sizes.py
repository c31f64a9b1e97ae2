"""What every operation on the state takes while 1,000, 10,000 and 100,000 cases are open, ten in each group.

The first group is saved through the program's own door; the others are copies of its keys under their own names, since
saving 100,000 cases one by one would take longer than everything else here. Redis writes to the disk before it answers,
as it does in `linli run`; only while it is filled it does not. It never writes its file anew meanwhile, as it otherwise
does whenever that has doubled: with two cores that would be told of whatever is measured at that moment. Beside the
milliseconds stands the work in them, CPU of the client and of Redis: that is what shows whether an operation grows.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from actions.ledger import Change, Due, Entry, Moved
from actions.orders import Wait, WakeAt
from bench.load import quantile_ms
from bench.processes import redis_cpu_seconds
from bench.sizing import CASES_A_GROUP, START, fill
from bench.sizing_flow import town
from connectors.embedded_redis import EmbeddedRedis
from connectors.leases import Leases
from connectors.partition import partition_of
from connectors.redis_state import RedisState

SIZES = (1_000, 10_000, 100_000)
TIMES = 200
"""How often each operation is done at each size."""
MESSAGES, REPORTS, GOES = 100, 20, 5
EARLY, DUE = START - timedelta(days=1), 20
"""Before any order of a case is due; and so many groups have one that is due by then."""
AT_ONCE = 100
"""Groups of one pipeline."""

Do = Callable[[int], Awaitable[Any]]


def group_of(number: int) -> str:
    """The name of a group; all are as long as the first."""
    return f"telegram:-100{1_000_000 + number}"


@dataclass(frozen=True)
class Pattern:
    """The keys of one group, to be written again for others."""

    group: str
    tag: str
    writes: tuple[tuple[str, ...], ...]

    def of(self, group: str) -> Iterable[list[str]]:
        """The commands that write the same for another group."""
        tag = _tag(group)
        for write in self.writes:
            yield [part.replace(self.group, group).replace(self.tag, tag) for part in write]


def _tag(group: str) -> str:
    return f"{{p{partition_of(group):03d}}}"


async def pattern(redis: "Redis", group: str) -> Pattern:
    """The pattern of the only group that there is."""
    writes = [write async for key in redis.scan_iter("linli:*") if (write := await _write(redis, key))]
    return Pattern(group, _tag(group), tuple(writes))


async def _write(redis: Any, key: str) -> tuple[str, ...] | None:
    match await redis.type(key):
        case "string":
            return "SET", key, await redis.get(key)
        case "list":
            return "RPUSH", key, *await redis.lrange(key, 0, -1)
        case "set":
            return "SADD", key, *await redis.smembers(key)
        case "hash":
            return "HSET", key, *(part for pair in (await redis.hgetall(key)).items() for part in pair)
        case "zset":
            scored = await redis.zrange(key, 0, -1, withscores=True)
            return "ZADD", key, *(str(part) for member, score in scored for part in (score, member))
    return None


async def grow(redis: "Redis", like: Pattern, first: int, last: int) -> None:
    """Write groups `first` to `last`."""
    for begin in range(first, last, AT_ONCE):
        pipe = redis.pipeline(transaction=False)
        for number in range(begin, min(begin + AT_ONCE, last)):
            for command in like.of(group_of(number)):
                pipe.execute_command(*command)
        await pipe.execute()


def operations(state: RedisState, redis: Redis, groups: int) -> dict[str, Do]:
    """The operations of the message path and of the beats; each is done for one group after the other."""
    now, bindings, leases = datetime.now(UTC), 0, Leases(redis, "bench")

    def one(n: int) -> str:
        return group_of(n * 7919 % groups)

    def case(n: int) -> str:
        return f"{one(n)}:{n % CASES_A_GROUP + 1}"

    async def accept(n: int) -> None:
        await state.accept("telegram", one(n), f"{now.timestamp()}-{n}", "{}", now)

    async def save(n: int) -> None:
        found = await state.case(case(n))
        talk = await state.talk(one(n))
        if found is None:
            raise ValueError(f"{case(n)} is not there")
        order = Due(
            WakeAt(key=f"{found.id}:bench:{n}", case=found.id, wait=Wait.DOUBT, timer="bench"),
            found.group,
            now + timedelta(days=9),
        )
        await state.save(Change(talk=talk, moved=(Moved(found, ()),), orders=(order,)))

    async def postpone(n: int) -> None:
        order = WakeAt(key=f"{case(n)}:bench:{n}", case=case(n), wait=Wait.DOUBT, timer="bench")
        tried, *_ = await state.begin(Due(order, one(n), now + timedelta(days=9)), now)
        await state.postpone(tried, now + timedelta(days=8))

    async def bind(n: int) -> None:
        nonlocal bindings
        await state.bind(one(n), f"grid {n}")
        bindings, _ = await state.bound(bindings)

    return {
        "accept": accept,
        "save": save,
        "begin and postpone": postpone,
        "talk": lambda n: state.talk(one(n)),
        "case": lambda n: state.case(case(n)),
        "live cases of a group": lambda n: state.cases(one(n), live=True),
        "case of a message": lambda n: state.case_of(one(n), "1001"),
        "cases of a ticket": lambda n: state.cases_of_ticket(f"260302-{case(n)}"),
        "due orders": lambda _: state.due(EARLY, 1000),
        "binding, told and heard": bind,
        "beat of a worker": lambda _: leases.beat(),
        "depth": lambda _: state.depth(),
    }


@asynccontextmanager
async def timing(redis: Redis, told: dict[str, float], each: int = 1) -> AsyncIterator[list[float]]:
    """Tells of what is done inside, `each` at a time, what one took; the seconds of every time are to be put down."""
    seconds: list[float] = []
    cpu, redis_cpu = time.process_time(), await redis_cpu_seconds(redis)
    yield seconds
    spent = time.process_time() - cpu + await redis_cpu_seconds(redis) - redis_cpu
    told["p50_ms"] = round(quantile_ms(seconds, 0.5) / each, 3)
    told["p99_ms"] = round(quantile_ms(seconds, 0.99) / each, 3)
    told["cpu_ms"] = round(1000 * spent / len(seconds) / each, 3)


async def timed(redis: Redis, do: Do, times: int) -> dict[str, float]:
    """Milliseconds of an operation."""
    told: dict[str, float] = {}
    async with timing(redis, told) as seconds:
        for n in range(times):
            began = time.perf_counter()
            await do(n)
            seconds.append(time.perf_counter() - began)
    return told


async def _flow(
    state: RedisState, redis: Redis, number: int, *, reports: bool, first: int
) -> dict[str, float]:
    """Milliseconds of a message through the whole flow, from the inbox to the last order; of several goes."""
    told: dict[str, float] = {}
    halls = [town(state) for _ in range(GOES)]
    async with timing(redis, told, number) as seconds:
        for n, hall in enumerate(halls):
            began = time.perf_counter()
            await hall.hear(number, reports=reports, first=first + n * 100)
            seconds.append(time.perf_counter() - began)
    return told


async def at_size(state: RedisState, redis: Redis, size: int, times: int) -> dict[str, Any]:
    """Every operation while so many cases are open."""
    groups = size // CASES_A_GROUP
    row: dict[str, Any] = {"cases": size, "groups": groups, "operations": {}}
    await _fall_due(state, groups)
    for name, do in operations(state, redis, groups).items():
        row["operations"][name] = await timed(redis, do, times)
    for due in await state.due(EARLY, 1000):
        await state.save(Change(talk=await state.talk(due.group), done=due.order.key))
    while entries := await state.take(1000, 1):
        await _drop(state, entries)
    for name, number, reports, first in (
        ("chatter, wholly", MESSAGES, False, size),
        ("report, wholly", REPORTS, True, size + 500),
    ):
        row["operations"][name] = await _flow(state, redis, number, reports=reports, first=first)
    return row


async def _fall_due(state: RedisState, groups: int) -> None:
    for group in map(group_of, range(min(DUE, groups))):
        order = WakeAt(key=f"{group}:1:bench", case=f"{group}:1", wait=Wait.DOUBT, timer="bench")
        await state.save(Change(talk=await state.talk(group), orders=(Due(order, group, EARLY),)))


async def _drop(state: RedisState, entries: list[Entry]) -> None:
    for entry in entries:
        talk = await state.talk(entry.group)
        await state.save(Change(talk=talk, entry=entry))


async def measured(folder: Path, sizes: Iterable[int] = SIZES, times: int = TIMES) -> list[dict[str, Any]]:
    """A row for each size."""
    rows = []
    async with EmbeddedRedis(folder) as server:
        await server.ready()
        state, redis = RedisState.at(server.url), Redis.from_url(server.url, decode_responses=True)
        await state.start()
        await redis.config_set("auto-aof-rewrite-percentage", 0)
        await fill(state, 0, 1, live_share=1.0)
        await state.bind(group_of(0), "grid 0")
        like, filled = await pattern(redis, group_of(0)), 1
        for size in sizes:
            await redis.config_set("appendfsync", "no")
            await grow(redis, like, filled, size // CASES_A_GROUP)
            await redis.config_set("appendfsync", "always")
            filled = size // CASES_A_GROUP
            rows.append(await at_size(state, redis, size, times))
        await redis.aclose()
        await state.stop()
    return rows


def growing(rows: list[dict[str, Any]], factor: float = 2.0) -> list[str]:
    """Operations that are `factor` times the work with the most cases as with the fewest."""
    first, last = rows[0]["operations"], rows[-1]["operations"]
    return [name for name in first if last[name]["cpu_ms"] > factor * first[name]["cpu_ms"]]
