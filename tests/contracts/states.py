"""What the suites on state share: samples, and the short words in which their rules are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from actions import facts as f
from actions import orders as o
from actions.advance import advance
from actions.case import Case
from actions.chronicle import Decree
from actions.ledger import Change, DeadLetter, Due, Entry, Moved
from bot.ports import State
from connectors.leases import Leases
from connectors.partition import partition_of
from connectors.redis_state import RedisState
from tests.actions.stories import FACTS, GROUP, START, fact
from tests.real_redis import RealRedis

OTHER = "memory:grid-8"
PARTITIONS = 256
assert partition_of(GROUP) != partition_of(OTHER)


@asynccontextmanager
async def on_redis(server: RealRedis) -> AsyncIterator[RedisState]:
    """A started state; a second one on the same server is what a restart leaves."""
    state = RedisState.at(server.url, PARTITIONS)
    try:
        await state.start()
        yield state
    finally:
        await state.stop()


@asynccontextmanager
async def worker(redis: Redis, name: str) -> AsyncIterator[tuple[RedisState, Leases]]:
    """The state of a worker with leases, which has none yet."""
    leases = Leases(redis, name, PARTITIONS)
    state = RedisState(redis, PARTITIONS, leases)
    try:
        await state.start()
        yield state, leases
    finally:
        await state.stop()


async def empty(server: RealRedis) -> None:
    """Forget what the test before left."""
    async with server.client() as client:
        await client.flushall()


def reported(group: str = GROUP, number: int = 1, **changes: Any) -> Moved:
    """A new case with its first fact."""
    first = fact(f.Reported, group=group, number=number, case=f"{group}:{number}", **changes)
    return Moved(advance(None, first)[0], (first,))


def moved(case: Case, *kinds: f.Fact | type[f.Fact]) -> Moved:
    """The case after some more facts."""
    facts = tuple(FACTS[kind] if isinstance(kind, type) else kind for kind in kinds)
    for each in facts:
        case, _ = advance(case, each)
    return Moved(case, facts)


def due(n: int, after_seconds: float = 0, group: str = GROUP) -> Due:
    """An order of the first case, due some seconds after the start."""
    order = o.Say(key=f"{group}:1:1:{n}", case=f"{group}:1", sentence=o.Sentence.DISPUTED, note="修好了")
    return Due(order, group, START + timedelta(seconds=after_seconds))


def keys(dues: list[Due]) -> list[str]:
    """The orders' keys, in order."""
    return [each.order.key for each in dues]


async def hear(state: State, update: str, group: str = GROUP) -> bool:
    """Something comes in by the usual door."""
    return await state.accept("memory", group, update, f'{{"text": "{update}"}}', START)


async def take(state: State, limit: int = 10) -> list[Entry]:
    """What there is, without waiting."""
    return await state.take(limit, 0)


async def one_entry(state: State, update: str = "u1") -> Entry:
    """Something came in and was taken."""
    await hear(state, update)
    [entry] = await take(state)
    return entry


async def save(state: State, *moves: Moved, group: str = GROUP, **more: Any) -> None:
    """Save on top of the talk as it is."""
    await state.save(Change(talk=await state.talk(group), moved=moves, **more))


def letter(letter_id: str, after_seconds: float = 0, group: str = GROUP) -> DeadLetter:
    """Why something could not be dealt with."""
    at = START + timedelta(seconds=after_seconds)
    return DeadLetter(letter_id, group, "memory", "no use", at, "{}")


def decree(version: str, **more: Any) -> Decree:
    """Something that was put in force."""
    return Decree(**{"at": START, "what": "hierarchy", "version": version, "by": "linli.toml", **more})


class Cut:
    """A line to Redis that is cut once, when told: instead of the next answer, or of the one to `after`."""

    def __init__(self, server: RealRedis, socket: Path) -> None:
        self.server, self.socket = server, socket
        self.next_answer = False
        self.after = b""

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: every request to the server, every answer back."""
        to_redis = await asyncio.open_unix_connection(str(self.server.socket))
        answers = asyncio.create_task(self.answers(to_redis[0], writer))
        with suppress(ConnectionError):
            while request := await reader.read(65536):
                self.next_answer |= bool(self.after) and self.after in request
                to_redis[1].write(request)
        answers.cancel()
        to_redis[1].close()
        writer.close()

    async def answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Until the cut."""
        while answer := await reader.read(65536):
            if self.next_answer:
                self.next_answer, self.after = False, b""
                break
            writer.write(answer)
        writer.close()


@asynccontextmanager
async def cutting(server: RealRedis) -> AsyncIterator[Cut]:
    """A line that can be cut, beside the server's own socket."""
    cut = Cut(server, server.socket.with_name("cut"))
    listening = await asyncio.start_unix_server(cut.pass_on, str(cut.socket))
    try:
        yield cut
    finally:
        listening.close()
        cut.socket.unlink(missing_ok=True)
