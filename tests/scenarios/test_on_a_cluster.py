"""The loop, and everything else that is kept in Redis, on a Redis Cluster of three servers."""

import pytest_asyncio

from actions.case import Stage
from actions.errors import Unreachable
from connectors.leases import Leases
from connectors.once import RedisOnce
from connectors.pace import RedisPace
from connectors.redis_client import client_of
from connectors.redis_state import RedisState
from connectors.web_log import RedisWebLog
from tests.real_redis import real_cluster
from tests.town import GROUP, Town, report

LIFT = "3号楼2单元电梯又坏了"


@pytest_asyncio.fixture
async def redis(tmp_path):
    async with real_cluster(tmp_path) as cluster:
        client = client_of(cluster.url)
        yield client
        await client.aclose()


async def test_the_loop_closes_on_a_cluster(redis):
    leases = Leases(redis, "one")
    await leases.beat()
    town = Town({LIFT: report("housing.elevator", "3号楼2单元")}, state=RedisState(redis, leases=leases))
    await town.say("张阿姨", LIFT)
    assert (await town.case()).ticket == "1"
    for status in ("accepted", "in_progress", "fixed"):
        await town.dispatch_says(status)
    await town.press("孟姐", "确认修好")
    await town.press("张阿姨", "解决了")
    assert (await town.case()).stage is Stage.CLOSED
    assert {"accepted", "closed"} & {status for _, status, _ in town.dispatch.told}
    await town.say("孟姐", "/bind g1")
    assert town.house.grids.grid_of(GROUP) == ("g1", "第一网格")
    depth = await town.state.depth()
    assert (depth["inbox"], depth["dead"]) == (0, 0)


async def test_what_connectors_keep_is_kept_on_a_cluster_too(redis):
    log = RedisWebLog(redis)
    body, unshown = await log.reserve("web:demo", "say.1", {"text": "早上好", "role": "resident"})
    assert unshown
    await log.show("web:demo", body["id"])
    await log.replace("web:demo", {**body, "text": "晚上好"})
    events = await log.after("web:demo", "0-0", 100)
    assert [event.body["text"] for event in events] == ["晚上好", "晚上好"]
    once = RedisOnce(redis)
    await once.put("key", "value", 60)
    assert [await once.take("key"), await once.take("key")] == ["value", None]
    pace = RedisPace(redis, "bot")
    assert await pace.ask(-1) == 0
    await pace.hold(-1, 30)
    assert await pace.ask(-1) > 20


async def test_a_server_of_the_cluster_that_is_gone_is_unreachable(tmp_path):
    async with real_cluster(tmp_path) as cluster:
        state = RedisState(client_of(cluster.url))
        groups = [f"memory:{n}" for n in range(40)]
        for group in groups:
            assert await state.accept("memory", group, "u1", "{}", Town().clock.now())
        await cluster.kill(0)
        answers = []
        for group in groups:
            try:
                answers.append((await state.talk(group)).group == group)
            except Unreachable:
                answers.append(False)
        assert False in answers
        await state.stop()
