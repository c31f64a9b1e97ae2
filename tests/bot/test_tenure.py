"""Workers come, go and are stopped at any moment: every message is dealt with once, in the order of its group."""

import asyncio
import random
from dataclasses import replace

import pytest
import pytest_asyncio

from actions import orders as o
from actions.ledger import Change, Due, Stale
from bot.tenure import Tenure
from bot.work import Carrier, Reader
from connectors.ending import end
from connectors.leases import DEAD_AFTER_SECONDS, Leases
from connectors.redis_client import client_of
from connectors.redis_state import RedisState
from tests.real_redis import real_redis
from tests.town import MORNING, Town

GROUPS = [f"memory:{n}" for n in range(8)]
MESSAGES = 30
ENDS_WITHIN = 60.0  # seconds


class Workflow:
    """Writes what it handles into the memory of the group, slowly."""

    def __init__(self, worker):
        self.worker = worker

    async def handle(self, entry):
        state = self.worker.state
        while True:
            talk = await state.talk(entry.group)
            await self.worker.pause(0.01)
            order = o.Reply(key=f"{entry.group}:{entry.update}", group=entry.group, reply_to="1", what="help")
            change = Change(
                talk=replace(talk, title=f"{talk.title} {entry.update}"),
                orders=(Due(order, entry.group, MORNING),),
                entry=entry,
            )
            try:
                await state.save(change)
            except Stale:
                continue
            return

    async def look_out(self, entry):
        """Nobody is in danger."""

    async def carried_out(self, due, fact):
        while True:
            talk = await self.worker.state.talk(due.group)
            await self.worker.pause(0.005)
            try:
                await self.worker.state.save(Change(talk=talk, done=due.order.key))
            except Stale:
                continue
            return


class Hands:
    """Notes what was begun, and by whom."""

    def __init__(self, worker):
        self.worker = worker

    async def carry_out(self, due):
        await self.worker.pause(0.005)
        self.worker.said.append(due.order.key)


class Worker:
    """One `linli work` in this process; what it does can be stopped in the middle, as by SIGSTOP."""

    def __init__(self, url, name, said):
        self.redis, self.said = client_of(url), said
        self.leases = Leases(self.redis, name)
        self.state = RedisState(self.redis, leases=self.leases)
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        house = Town({}).house
        house.state = self.state
        flow = Workflow(self)
        self.reader, self.carrier = Reader(house, flow), Carrier(house, flow, Hands(self))
        self.tenure = Tenure(self.leases, self.reader, self.carrier)
        self.tasks = []

    async def pause(self, seconds):
        await asyncio.sleep(random.uniform(0, seconds))
        await self.goes_on.wait()

    async def beat(self):
        while True:
            await self.goes_on.wait()
            await self.tenure.once()
            await asyncio.sleep(0.05)

    def begin(self):
        self.tasks = [
            asyncio.create_task(loop) for loop in (self.beat(), self.reader.run(), self.carrier.run())
        ]

    async def end(self, *, in_order=True):
        await end(self.tasks)
        if in_order:
            await self.tenure.stop()
        else:
            await asyncio.gather(self.reader.stop(), self.carrier.stop())
        await self.redis.aclose()


@pytest_asyncio.fixture
async def server(tmp_path):
    async with real_redis(tmp_path) as running:
        yield running


class Street:
    """Workers on one Redis, to whom things happen."""

    def __init__(self, server, seed):
        self.url, self.dice, self.said = server.url, random.Random(seed), []
        self.redis = client_of(server.url)
        self.state = RedisState(self.redis)
        self.workers, self.stopped, self.count = [], [], 0

    def come(self):
        self.count += 1
        worker = Worker(self.url, f"w{self.count}", self.said)
        worker.begin()
        self.workers.append(worker)

    async def is_thought_dead(self, worker):
        await self.redis.zincrby("linli:workers", -DEAD_AFTER_SECONDS - 1, worker.leases.name)

    async def something(self):
        """One comes, goes, dies, is stopped, or goes on."""
        what = self.dice.choice(["come", "go", "die", "stop", "go on", "nothing"])
        if what == "come" and len(self.workers) < 4:
            self.come()
        elif what == "go on" and self.stopped:
            self.stopped.pop().goes_on.set()
        elif what in ("go", "die", "stop"):
            running = [one for one in self.workers if one not in self.stopped]
            if len(running) < 2:
                return
            one = self.dice.choice(running)
            if what == "stop":
                one.goes_on.clear()
                self.stopped.append(one)
            else:
                self.workers.remove(one)
                await one.end(in_order=what == "go")
            if what != "go":
                await self.is_thought_dead(one)

    async def hear(self):
        for n in range(MESSAGES):
            for group in GROUPS:
                await self.state.accept("memory", group, str(n), "{}", MORNING)
            await asyncio.sleep(0.02)

    async def quiet(self):
        async with asyncio.timeout(ENDS_WITHIN):
            depth = await self.state.depth()
            while depth["inbox"] or depth["orders"]:
                await asyncio.sleep(0.05)
                depth = await self.state.depth()

    async def close(self):
        for one in self.workers:
            one.goes_on.set()
            await one.end()
        await self.redis.aclose()


# A client of Redis that is cut off while it opens a connection leaves the socket to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.timeout(120)
@pytest.mark.parametrize("seed", range(2))
async def test_whatever_happens_to_workers_every_message_is_dealt_with_once_and_in_order(server, seed):
    street = Street(server, seed)
    try:
        street.come()
        street.come()
        hearing = asyncio.create_task(street.hear())
        while not hearing.done():
            await street.something()
            await asyncio.sleep(0.1)
        for one in street.stopped:
            one.goes_on.set()
        await street.quiet()
        for group in GROUPS:
            talk = await street.state.talk(group)
            assert talk.title.split() == [str(n) for n in range(MESSAGES)]
        assert {*street.said} == {f"{group}:{n}" for group in GROUPS for n in range(MESSAGES)}
        assert await street.state.dead(10) == []
    finally:
        await street.close()


async def test_a_worker_that_goes_in_order_begins_nothing_twice(server):
    street = Street(server, 0)
    try:
        for n in range(10):
            for group in GROUPS:
                await street.state.accept("memory", group, str(n), "{}", MORNING)
        street.come()
        while len(street.said) < 20:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        street.come()
        await asyncio.sleep(0.3)
        await street.workers.pop(0).end()
        await street.quiet()
        assert sorted(street.said) == sorted(f"{group}:{n}" for group in GROUPS for n in range(10))
    finally:
        await street.close()
