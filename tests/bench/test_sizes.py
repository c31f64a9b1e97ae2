"""Rules of the curve: a copied group is as good as one that was saved, and what grows is named."""

from bench import sizes
from bench.sizing import CASES_A_GROUP, fill
from connectors.embedded_redis import EmbeddedRedis
from connectors.redis_client import client_of
from connectors.redis_state import RedisState


async def test_a_copied_group_reads_like_the_first(tmp_path):
    async with EmbeddedRedis(tmp_path) as server:
        await server.ready()
        state, redis = RedisState.at(server.url), client_of(server.url)
        await state.start()
        await fill(state, 0, 1, live_share=1.0)
        await sizes.grow(redis, await sizes.pattern(redis, sizes.group_of(0)), 1, 8)
        for group in (sizes.group_of(0), sizes.group_of(7)):
            cases = await state.cases(group, live=True)
            assert [case.id for case in cases] == [f"{group}:{n}" for n in range(1, CASES_A_GROUP + 1)]
            assert (await state.talk(group)).group == group
            assert len(await state.trace(cases[0].id)) > 3
        assert len(await state.groups()) == 8
        assert len(await state.open_tickets()) == 8 * CASES_A_GROUP
        await redis.aclose()
        await state.stop()


async def test_every_operation_can_be_done_at_a_size(tmp_path):
    rows = await sizes.measured(tmp_path, sizes=(20, 40), times=2)
    assert [(row["cases"], row["groups"]) for row in rows] == [(20, 2), (40, 4)]
    assert {"accept", "save", "due orders", "beat of a worker", "chatter, wholly", "report, wholly"} <= set(
        rows[0]["operations"]
    )


def test_an_operation_that_is_twice_the_work_is_named():
    def row(case, save):
        return {"operations": {"case": {"cpu_ms": case}, "save": {"cpu_ms": save}}}

    assert sizes.growing([row(1.0, 1.0), row(1.1, 1.5), row(1.2, 2.1)]) == ["save"]
