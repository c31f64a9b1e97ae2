"""A Redis Cluster whose masters change and whose slots move while groups talk: order holds, nothing is lost or doubled."""

import asyncio
from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest

from actions.errors import Unreachable
from actions.message import Kind, Message, Role
from connectors.leases import Leases, owner_key
from connectors.partition import partition_of
from connectors.redis_client import client_of
from connectors.redis_state import RedisState
from tests.real_redis import real_cluster
from tests.running import until
from tests.town import Town, report

GROUPS = [f"memory:g{n}" for n in range(6)]
BUILDINGS = range(1, 13)
READ = {f"{n}号楼2单元电梯又坏了": report("housing.elevator", f"{n}号楼2单元") for n in BUILDINGS}


async def hears(town: Town, group: str) -> None:
    """One report after another, each sent again until it is taken, as a platform does."""
    for number, text in enumerate(READ, 1):
        update = f"{group}-{number}"
        town.chat.heard[update] = Message(
            group, str(number), "memory:王", "王", Role.RESIDENT, town.clock.now(), Kind.TEXT, text
        )
        while True:
            try:
                await town.flow.heard("memory", group, update, {"id": update})
            except Unreachable:
                await asyncio.sleep(0.05)
            else:
                break
        await asyncio.sleep(0.1)


async def all_settled(town: Town) -> bool:
    try:
        cases = [await town.state.cases(group) for group in GROUPS]
        depth = await town.state.depth()
    except Unreachable:
        return False
    filed = all(len(one) == len(BUILDINGS) and all(case.ticket for case in one) for one in cases)
    return filed and depth["inbox"] == 0


async def beats(leases: Leases) -> None:
    while True:
        with suppress(Unreachable):
            await leases.beat()
        await asyncio.sleep(0.5)


async def passes(town: Town) -> None:
    """Time, by which what could not be done is tried again."""
    while True:
        await asyncio.sleep(0.1)
        town.clock.set(town.clock.now() + timedelta(seconds=0.1))


@pytest.mark.timeout(120)
async def test_masters_change_and_slots_move_while_groups_talk(tmp_path):
    async with real_cluster(tmp_path, replicas=True) as cluster:
        redis = client_of(cluster.url)
        leases = Leases(redis, "one")
        await leases.beat()
        town = Town(READ, state=RedisState(redis, leases=leases))
        loops = [town.reader.run(), town.carrier.run(), beats(leases), passes(town)]
        tasks = [asyncio.create_task(loop) for loop in loops]
        talking = [asyncio.create_task(hears(town, group)) for group in GROUPS]
        await asyncio.sleep(0.3)
        await cluster.fail_over(0)
        for group in GROUPS[:3]:
            await cluster.move(owner_key(partition_of(group)))
        await cluster.fail_over(1)
        await asyncio.gather(*talking)
        settled = asyncio.create_task(until(lambda: all_settled(town), "every report is filed", 60))
        await asyncio.wait([settled, *tasks], return_when=asyncio.FIRST_COMPLETED)
        assert [task for task in tasks if task.done()] == [], "no loop has ended"
        await settled
        for group in GROUPS:
            cases = await town.state.cases(group)
            assert [case.place for case in cases] == [f"{n}号楼2单元" for n in BUILDINGS], "in order"
            assert [case.messages for case in cases] == [((str(n), "report"),) for n in BUILDINGS], "once"
        filed = Counter(filing.ref for filing in town.dispatch.filed)
        assert len(filed) == len(GROUPS) * len(BUILDINGS)
        assert set(filed.values()) == {1}
        assert (await town.state.depth())["dead"] == 0
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await town.reader.stop()
        await town.carrier.stop()
        await redis.aclose()
