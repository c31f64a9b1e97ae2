"""Partitions pass from worker to worker, and whoever has lost one changes nothing any more: on one Redis and on a cluster."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from redis.asyncio import Redis

from actions.errors import Unreachable
from actions.ledger import Change, Fenced
from connectors.leases import DEAD_AFTER_SECONDS, Leases, owner_key, share_of
from connectors.partition import partition_of
from connectors.redis_client import client_of
from connectors.redis_state import RedisState
from connectors.sole import Sole
from tests.actions.stories import CASE, GROUP, START
from tests.contracts.states import (
    PARTITIONS,
    due,
    hear,
    keys,
    letter,
    one_entry,
    reported,
    save,
    take,
    worker,
)
from tests.real_redis import RealCluster, RealRedis

WORKERS = "linli:workers"


class Place:
    """A Redis on which workers come and go."""

    def __init__(self, url: str, stack: AsyncExitStack) -> None:
        self.redis, self._url, self._stack = client_of(url), url, stack

    async def worker(self, name: str) -> tuple[RedisState, Leases]:
        """A worker that has not beaten yet."""
        return await self._stack.enter_async_context(worker(client_of(self._url), name))

    async def is_thought_dead(self, name: str) -> None:
        """As after `DEAD_AFTER_SECONDS` without a beat."""
        await self.redis.zincrby(WORKERS, -DEAD_AFTER_SECONDS - 1, name)


@pytest_asyncio.fixture(loop_scope="module", params=["redis", "cluster"])
async def place(
    request: pytest.FixtureRequest, server: RealRedis, cluster: RealCluster
) -> AsyncIterator[Place]:
    """An empty one of either kind."""
    async with AsyncExitStack() as stack:
        if request.param == "cluster":
            await cluster.empty()
            place = Place(cluster.url, stack)
        else:
            place = Place(server.url, stack)
            await place.redis.flushall()
        stack.push_async_callback(place.redis.aclose)
        yield place


async def settle(*workers: Leases) -> None:
    """Some beats of all, who let go at once of what they have to."""
    for _ in range(3):
        for one in workers:
            await one.give_back(await one.beat())


async def two(place: Place) -> tuple[RedisState, Leases, RedisState, Leases]:
    """One who has everything, and another, just come."""
    one, its = await place.worker("one")
    other, others = await place.worker("other")
    await its.beat()
    return one, its, other, others


async def replaced(place: Place, its: Leases, others: Leases) -> None:
    """The other takes everything while the one is stopped."""
    await others.beat()
    await place.is_thought_dead(its.name)
    await others.beat()
    assert len(others.open()) == PARTITIONS


def test_shares_are_fair_and_little_moves() -> None:
    five = [f"host:{n}" for n in range(5)]
    shares = {name: share_of(name, five) for name in five}
    assert sorted(p for share in shares.values() for p in share) == list(range(PARTITIONS))
    assert min(map(len, shares.values())) > PARTITIONS / 5 / 2
    for name in five[:4]:
        assert shares[name] <= share_of(name, five[:4]), "nobody who stays loses any"


@pytest.mark.asyncio(loop_scope="module")
class TestMoving:
    """Who has what."""

    async def test_one_alone_has_everything(self, place: Place) -> None:
        _, its = await place.worker("one")
        assert await its.beat() == set()
        assert set(its.open()) == set(range(PARTITIONS))

    async def test_who_has_not_beaten_for_a_while_sends_nothing_before_others_take_over(
        self, place: Place
    ) -> None:
        now = [0.0]
        its = Leases(place.redis, "one", clock=lambda: now[0])
        assert not its.in_time()
        await its.beat()
        assert its.in_time()
        now[0] = DEAD_AFTER_SECONDS - 0.5
        assert not its.in_time()
        await its.beat()
        assert its.in_time()

    async def test_those_who_come_and_go_share_without_overlap(self, place: Place) -> None:
        workers = [(await place.worker(name))[1] for name in ("a", "b", "c")]
        for there in (workers[:1], workers[:2], workers, workers[1:]):
            if workers[0] not in there:
                await workers[0].leave()
            await settle(*there)
            held = [p for one in there for p in one.open()]
            assert sorted(held) == list(range(PARTITIONS))
            assert all(len(one.open()) > PARTITIONS / len(there) / 2 for one in there)

    async def test_nobody_takes_from_the_living(self, place: Place) -> None:
        _, its, _, others = await two(place)
        await others.beat()
        assert others.open() == {}
        going = await its.beat()
        assert going
        assert not going & set(its.open())
        await others.beat()
        assert others.open() == {}, "not before it has let go"
        await its.give_back(going)
        await others.beat()
        assert set(others.open()) == going

    async def test_what_a_dead_worker_had_is_taken(self, place: Place) -> None:
        _, its, _, others = await two(place)
        await replaced(place, its, others)
        assert its.open().keys() == others.open().keys(), "it does not know yet"

    async def test_who_was_dead_learns_it_and_gets_its_share_again(self, place: Place) -> None:
        _, its, _, others = await two(place)
        await replaced(place, its, others)
        assert await its.beat() == set(range(PARTITIONS))
        assert its.open() == {}
        await its.give_back(range(PARTITIONS))
        await settle(its, others)
        assert sorted([*its.open(), *others.open()]) == list(range(PARTITIONS))
        assert its.open()

    async def test_a_partition_is_not_taken_again_while_work_from_before_goes_on(self, place: Place) -> None:
        _, its, _, others = await two(place)
        await replaced(place, its, others)
        await its.beat()
        await others.leave()
        assert await its.beat() == set()
        assert its.open() == {}
        await its.give_back(range(PARTITIONS))
        await its.beat()
        assert len(its.open()) == PARTITIONS

    async def test_after_a_loss_of_redis_nobody_thinks_the_others_dead(self, place: Place) -> None:
        _, its, _, others = await two(place)
        await settle(its, others)
        before = set(its.open()), set(others.open())
        await place.redis.delete(WORKERS)
        for one in (its, others, its, others):
            assert await one.beat() == set()
        assert (set(its.open()), set(others.open())) == before

    async def test_beats_from_before_the_clock_was_put_back_do_not_count(self, place: Place) -> None:
        _, its, _, others = await two(place)
        await others.beat()
        await place.redis.zincrby(WORKERS, 3600, "one")
        await others.beat()
        assert len(others.open()) == PARTITIONS
        assert await its.beat() == set(range(PARTITIONS))

    async def test_a_name_that_comes_again_has_at_once_what_it_had(self, place: Place) -> None:
        _, first, _, others = await two(place)
        await settle(first, others)
        _, again = await place.worker("one")
        await again.beat()
        assert set(again.open()) == set(first.open())
        p, owner = next(iter(again.open().items()))
        with pytest.raises(Fenced):
            first.check(p, owner, work=True)


@pytest.mark.asyncio(loop_scope="module")
class TestFencing:
    """What a worker can do in a partition that it has lost: nothing."""

    async def test_it_saves_nothing(self, place: Place) -> None:
        one, its, other, others = await two(place)
        entry = await one_entry(one)
        await save(one, orders=(due(0),))
        await replaced(place, its, others)
        talk = await one.talk(GROUP)
        changes: list[dict[str, Any]] = [
            {"entry": entry, "moved": (reported(),)},
            {"done": due(0).order.key},
            {"links": (("m1", CASE),)},
        ]
        for more in changes:
            with pytest.raises(Fenced):
                await one.save(Change(talk=talk, **more))
        assert await other.talk(GROUP) == talk
        assert await other.cases(GROUP) == []
        assert [one.update for one in await take(other)] == ["u1"]

    async def test_it_begins_postpones_and_buries_nothing(self, place: Place) -> None:
        one, its, other, others = await two(place)
        entry = await one_entry(one)
        await save(one, orders=(due(0),))
        await replaced(place, its, others)
        begun, *_ = await other.begin(due(0), START)
        for call in (
            one.begin(due(0), START),
            one.postpone(due(0), START),
            one.bury(letter("d1"), entry=entry),
            one.bury(letter("d2"), done=due(0)),
        ):
            with pytest.raises(Fenced):
                await call
        assert await other.order(due(0).order.key, GROUP) == begun
        assert await other.dead(10) == []

    async def test_it_knows_at_once_and_takes_no_more(self, place: Place) -> None:
        one, its, _, others = await two(place)
        entry = await one_entry(one)
        await replaced(place, its, others)
        with pytest.raises(Fenced):
            await save(one, entry=entry)
        assert partition_of(GROUP) not in its.open()
        await hear(one, "u2")
        assert await take(one) == await one.due(START, 10) == []

    async def test_a_save_that_the_passing_overtakes_is_not_made(self, place: Place) -> None:
        one, its, _, others = await two(place)
        p, talk = partition_of(GROUP), await one.talk(GROUP)
        saves = [one.save(Change(talk=replace(talk, title=str(n)))) for n in range(20)]
        answers, _ = await asyncio.gather(
            asyncio.gather(*saves, return_exceptions=True), replaced(place, its, others)
        )
        made = sum(answer is None for answer in answers)
        assert made <= 1
        with pytest.raises(Fenced):
            await one.save(Change(talk=await one.talk(GROUP)))
        assert await place.redis.get(owner_key(p)) == others.open()[p]

    async def test_what_it_had_taken_comes_first_to_the_next_in_order(self, place: Place) -> None:
        one, its, other, others = await two(place)
        for n in range(5):
            await hear(one, f"u{n}")
        first, second, *_ = await take(one)
        await save(one, entry=first)
        await replaced(place, its, others)
        with pytest.raises(Fenced):
            await save(one, entry=second)
        await hear(one, "u5")
        assert [entry.update for entry in await take(other)] == [f"u{n}" for n in range(1, 6)]

    async def test_due_orders_pass_too(self, place: Place) -> None:
        one, its, other, others = await two(place)
        await save(one, orders=(due(0), due(1)))
        assert await other.due(START, 10) == []
        await replaced(place, its, others)
        assert keys(await other.due(START, 10)) == keys([due(0), due(1)])

    async def test_who_lets_go_ends_what_is_under_way_and_begins_nothing(self, place: Place) -> None:
        one, its, _, _ = await two(place)
        await save(one, orders=(due(0), due(1)))
        under_way, *_ = await one.begin(due(0), START)
        its.close()
        with pytest.raises(Fenced):
            await one.begin(due(1), START)
        await one.postpone(under_way, START)
        await save(one, done=due(0).order.key)
        assert await one.order(due(0).order.key, GROUP) is None

    async def test_what_is_only_added_to_another_workers_group_is_saved(self, place: Place) -> None:
        one, its, other, others = await two(place)
        await replaced(place, its, others)
        await its.give_back(await its.beat())
        await save(one, links=(("m1", CASE),))
        assert await other.case_of(GROUP, "m1") == CASE

    async def test_a_process_without_leases_looks_at_everything(self, place: Place) -> None:
        one, _, _, _ = await two(place)
        await save(one, orders=(due(0),))
        assert keys(await RedisState(place.redis).due(START, 10)) == keys([due(0)])


class Loop:
    """Counts how many of it run at once."""

    def __init__(self) -> None:
        self.running = self.most = self.begun = 0

    async def __call__(self) -> None:
        self.begun += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.Event().wait()
        finally:
            self.running -= 1


async def until(holds: Any) -> None:
    async with asyncio.timeout(DEAD_AFTER_SECONDS * 3):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


@pytest.mark.asyncio(loop_scope="module")
class TestSole:
    """What only one may do."""

    async def test_one_does_it_and_another_when_that_one_ends(self, place: Place) -> None:
        loop = Loop()
        tasks = [asyncio.create_task(Sole(place.redis, "news", name).run(loop)) for name in ("a", "b")]
        await until(lambda: loop.running)
        await asyncio.sleep(1.5)
        assert (loop.begun, loop.most) == (1, 1)
        owner = await place.redis.get("linli:sole:news")
        tasks[0 if owner == "a" else 1].cancel()
        await until(lambda: loop.begun == 2)
        assert loop.most == 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert await place.redis.get("linli:sole:news") is None

    async def test_who_has_lost_it_stops(self, place: Place) -> None:
        loop = Loop()
        task = asyncio.create_task(Sole(place.redis, "news", "a").run(loop))
        await until(lambda: loop.running)
        await place.redis.set("linli:sole:news", "b")
        await until(lambda: not loop.running)
        assert await place.redis.get("linli:sole:news") == "b"
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def test_two_duties_do_not_wait_for_each_other(self, place: Place) -> None:
        loop = Loop()
        tasks = [asyncio.create_task(Sole(place.redis, duty, "a").run(loop)) for duty in ("x", "y")]
        await until(lambda: loop.running == 2)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def test_what_the_work_raises_is_raised(self, place: Place) -> None:
        async def fails() -> None:
            raise RuntimeError("never seen")

        with pytest.raises(RuntimeError, match="never seen"):
            await Sole(place.redis, "news", "a").run(fails)


async def test_without_redis_every_call_says_unreachable(tmp_path: Path) -> None:
    redis: Redis = client_of(f"unix://{tmp_path}/nobody")
    leases = Leases(redis, "one")
    answers = await asyncio.gather(leases.beat(), leases.leave(), return_exceptions=True)
    await redis.aclose()
    assert [type(answer) for answer in answers] == [Unreachable] * 2


async def test_without_its_cluster_too() -> None:
    redis = client_of("redis+cluster://127.0.0.1:1,127.0.0.1:2")
    state = RedisState(redis)
    answers = await asyncio.gather(
        state.ping(), hear(state, "u1"), take(state), save(state, reported()), return_exceptions=True
    )
    await redis.aclose()
    assert [type(answer) for answer in answers] == [Unreachable] * 4
