"""What only the state in Redis can keep: over a restart, a lost connection, a power cut.

The state in memory ends with its process and is exempt.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from actions.errors import Unreachable
from actions.event import Sketch
from actions.ledger import Change, Entry, Stale
from actions.talk import Talk
from bot.ports import State
from connectors.bindings import LATEST
from connectors.redis_state import RedisState
from tests.actions.stories import CASE, GROUP, START
from tests.contracts.states import (
    OTHER,
    PARTITIONS,
    cutting,
    due,
    empty,
    hear,
    keys,
    letter,
    on_redis,
    one_entry,
    reported,
    save,
    take,
)
from tests.real_redis import RealRedis, real_redis


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealRedis]:
    """One server for the whole file; it is emptied between tests."""
    async with real_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.mark.asyncio(loop_scope="module")
class TestOverARestart:
    """What Redis keeps and memory cannot: MemoryState ends with its process, and says so."""

    @pytest_asyncio.fixture(loop_scope="module", autouse=True)
    async def emptied(self, server: RealRedis) -> None:
        await empty(server)

    async def test_savers_in_a_burst_leave_each_other_connections(self, server: RealRedis) -> None:
        groups = [f"memory:burst{n}" for n in range(300)]
        async with on_redis(server) as state, asyncio.timeout(15):
            await asyncio.gather(*(save(state, reported(group), group=group) for group in groups))
            assert len(await state.groups()) == len(groups)

    async def test_what_was_taken_and_not_finished_comes_first(self, server: RealRedis) -> None:
        async with on_redis(server) as before:
            for n in range(3):
                await hear(before, f"u{n}")
            first, *_ = await take(before, 2)
            await save(before, entry=first)
        async with on_redis(server) as after:
            await hear(after, "u3")
            assert [entry.update for entry in await take(after)] == ["u1", "u2", "u3"]
            assert await take(after) == []

    async def test_many_unfinished_entries_come_back_page_by_page_in_order(self, server: RealRedis) -> None:
        async with on_redis(server) as before:
            for n in range(7):
                await hear(before, f"u{n}")
            await take(before)
        async with on_redis(server) as after:
            taken = [[entry.update for entry in await take(after, 3)] for _ in range(4)]
        assert taken == [["u0", "u1", "u2"], ["u3", "u4", "u5"], ["u6"], []]

    async def test_orders_and_their_tries_survive(self, server: RealRedis) -> None:
        async with on_redis(server) as before:
            await save(before, orders=(due(0), due(1, 60)))
            tried, *_ = await before.begin(due(0), START)
        async with on_redis(server) as after:
            assert await after.due(START, 10) == [tried]

    async def test_orders_of_another_day_cost_nothing_while_they_wait(self, server: RealRedis) -> None:
        async def looking() -> int:
            async with on_redis(server) as state, server.client() as asked:
                before = int((await asked.info("stats"))["total_net_output_bytes"])
                assert await state.due(START, 10) == [due(0)]
                return int((await asked.info("stats"))["total_net_output_bytes"]) - before

        async with on_redis(server) as state:
            await save(state, orders=(due(0), due(1, 86_400)))
            few = await looking()
            await save(state, orders=tuple(due(n, 86_400) for n in range(1, 500)))
            assert abs(await looking() - few) < 100, "figures of different lengths, and no orders"

    async def test_an_order_of_another_process_is_seen_when_its_time_has_come(
        self, server: RealRedis
    ) -> None:
        async with on_redis(server) as one, on_redis(server) as other:
            for seconds in (0, 1, 4, 5, 6, 3600):
                assert await one.due(START + timedelta(seconds=seconds), 10) == []
            await save(other, orders=(due(0, 3610),))
            assert await one.due(START + timedelta(seconds=3620), 10) == [due(0, 3610)]

    async def test_who_cannot_find_what_was_bound_since_reads_all(self, server: RealRedis) -> None:
        groups = [f"memory:{n}" for n in range(LATEST + 5)]
        async with on_redis(server) as state, server.client() as redis:
            for group in groups[:3]:
                await state.bind(group, "g1")
            known, _ = await state.bound(0)
            for group in groups[3:]:
                await state.bind(group, "g1")
            assert await state.bound(known) == (len(groups), dict.fromkeys(groups, "g1")), "too long ago"
            assert await redis.hlen("linli:bound:latest") == LATEST
            await redis.hdel("linli:bound:latest", str(len(groups)))
            assert await state.bound(len(groups) - 1) == (len(groups), dict.fromkeys(groups, "g1"))

    async def test_starting_twice_does_no_harm(self, server: RealRedis) -> None:
        async with on_redis(server) as state:
            await hear(state, "u1")
            await state.start()
            assert len(await take(state)) == 1

    async def test_savers_in_two_processes_cannot_both_win(self, server: RealRedis) -> None:
        async with on_redis(server) as one, on_redis(server) as two:
            talk = await one.talk(GROUP)
            await two.save(Change(talk=talk, moved=(reported(),)))
            with pytest.raises(Stale):
                await one.save(Change(talk=talk, moved=(reported(number=2),)))
            assert [case.number for case in await one.cases(GROUP)] == [1]

    async def test_what_a_process_remembers_of_a_group_is_never_believed_against_redis(
        self, server: RealRedis
    ) -> None:
        async with on_redis(server) as one, on_redis(server) as two:
            for number, state in enumerate((one, two, one, one, two), start=1):
                await one.talk(GROUP)
                change = Change(talk=await two.talk(GROUP), moved=(reported(number=number),))
                await state.save(change)
                with pytest.raises(Stale):
                    await (two if state is one else one).save(change)
            assert [link.n for link in [each async for each in one.links(GROUP)] if link] == [
                1,
                2,
                3,
                4,
                5,
                6,
            ]

    async def test_more_than_a_script_can_hand_to_one_command_is_saved(self, server: RealRedis) -> None:
        async with on_redis(server) as state:
            links = tuple((f"m{n}", CASE) for n in range(20_000))
            await save(state, reported(), links=links)
            assert await state.case_of(GROUP, "m19999") == CASE

    async def test_what_redis_handed_out_in_a_lost_answer_is_asked_for_again(
        self, server: RealRedis, tmp_path: Path
    ) -> None:
        async with on_redis(server) as other, cutting(server) as cut:
            state = RedisState.at(f"unix://{cut.socket}", PARTITIONS)
            await state.start()
            assert await take(state) == []
            await hear(other, "u1")
            cut.next_answer = True
            with pytest.raises(Unreachable):
                await take(state)
            assert [entry.update for entry in await take(state)] == ["u1"]
            await state.stop()

    async def test_a_save_whose_answer_was_lost_is_not_done_twice(self, server: RealRedis) -> None:
        async with cutting(server) as cut:
            state = RedisState.at(f"unix://{cut.socket}", PARTITIONS)
            await state.start()
            await save(state, group=OTHER)
            change = Change(talk=await state.talk(GROUP), moved=(reported(),), entry=await one_entry(state))
            cut.after = b"EVALSHA"
            with pytest.raises(Unreachable):
                await state.save(change)
            await state.save(replace(change, talk=await state.talk(GROUP)))
            assert await state.trace(CASE) == list(reported().facts)
            assert (await state.talk(GROUP)).version == 1
            await state.stop()

    async def test_a_connection_lost_between_looking_and_writing_saves_nothing(
        self, server: RealRedis
    ) -> None:
        async with cutting(server) as cut, on_redis(server) as other:
            state = RedisState.at(f"unix://{cut.socket}", PARTITIONS)
            await state.start()
            await save(state, group=OTHER)
            change = Change(talk=await other.talk(GROUP), moved=(reported(),), entry=await one_entry(state))
            cut.after = b"EVALSHA"  # which looks first, in a process that has not read this memory itself
            with pytest.raises(Unreachable):
                await state.save(change)
            assert await state.cases(GROUP) == []
            await state.save(change)
            assert len(await state.cases(GROUP)) == 1
            await state.stop()

    async def test_a_redis_that_has_forgotten_our_scripts_is_served_all_the_same(
        self, server: RealRedis
    ) -> None:
        async with on_redis(server) as state, server.client() as client:
            for number in (1, 2):
                await save(state, reported(number=number))
                await client.script_flush()
            assert [case.number for case in (await state.at_hand(GROUP, 5))[1]] == [1, 2]

    async def test_a_full_redis_is_unreachable_and_loses_nothing(self, server: RealRedis) -> None:
        async with on_redis(server) as state, server.client() as client:
            await hear(state, "u1")
            await client.config_set("maxmemory", "1")
            try:
                with pytest.raises(Unreachable):
                    await hear(state, "u2")
                with pytest.raises(Unreachable) as full:
                    await save(state, reported())
                assert GROUP not in str(full.value), "nothing of what was to be saved stands in the log"
            finally:
                await client.config_set("maxmemory", "0")
            assert await hear(state, "u2")
            assert await state.cases(GROUP) == []
            await save(state, reported())

    async def test_who_waits_at_a_server_that_becomes_a_replica_is_told_to_come_again(
        self, server: RealRedis
    ) -> None:
        async with on_redis(server) as state, server.client() as client:
            waiting = asyncio.create_task(state.take(1, 4000))
            async with asyncio.timeout(5):
                while not any(one["cmd"] == "xread" for one in await client.client_list()):  # noqa: ASYNC110 a server's
                    await asyncio.sleep(0.01)
            await client.execute_command("REPLICAOF", "127.0.0.1", "1")
            try:
                with pytest.raises(Unreachable):
                    await waiting
                with pytest.raises(Unreachable):
                    await hear(state, "u1")
            finally:
                await client.execute_command("REPLICAOF", "NO", "ONE")
            assert await hear(state, "u1")


@pytest.mark.asyncio(loop_scope="module")
class TestWithoutRedis:
    """A Redis that is gone, or that was gone."""

    async def test_every_call_says_unreachable(self, tmp_path: Path) -> None:
        state = RedisState.at(f"unix://{tmp_path}/nobody", 4)
        entry = Entry("1-0", 0, GROUP, "memory", "u1", "{}", START)
        calls = [
            state.start(),
            state.ping(),
            hear(state, "u1"),
            take(state),
            state.talk(GROUP),
            state.groups(),
            state.talks_with([GROUP], ["春风里"]),
            state.cases(GROUP),
            state.case(CASE),
            state.case_of(GROUP, "m1"),
            state.cases_of_ticket("T-1"),
            state.open_tickets(),
            state.enlist("c", "a", Sketch.of(reported().case)),
            state.strike("c", ["a"]),
            state.trace(CASE),
            state.heads([GROUP]),
            state.save(Change(talk=Talk(group=GROUP), moved=(reported(),), entry=entry)),
            state.save(Change(talk=Talk(group=GROUP, version=1), done="x")),
            state.due(START, 10),
            state.order("x", GROUP),
            state.waiting(CASE),
            state.begin(due(0), START),
            state.postpone(due(0), START),
            state.bury(letter("d1"), entry=entry),
            state.dead(10),
            state.replay("d1"),
            state.remember("cursor", "1"),
            state.swap("cursor", None, "1"),
            state.bind(GROUP, "g1"),
            state.bound(0),
            state.recall("cursor"),
            state.depth(),
        ]
        answers = await asyncio.gather(*calls, return_exceptions=True)
        await state.stop()
        assert [type(answer) for answer in answers] == [Unreachable] * len(calls)

    async def test_a_power_cut_keeps_everything_acknowledged(self, tmp_path: Path) -> None:
        async with real_redis(tmp_path / "redis") as own, on_redis(own) as state:
            await save(state, reported(), orders=(due(0),), links=(("m1", CASE),))
            await hear(state, "taken")
            await take(state)
            accepted = await self.hear_until_the_cut(own, state)
            with pytest.raises(Unreachable):
                await state.ping()
            await own.start()

            assert await state.case(CASE) == reported().case
            assert await state.trace(CASE) == list(reported().facts)
            assert await state.case_of(GROUP, "m1") == CASE
            assert keys(await state.due(START, 10)) == keys([due(0)])
            assert not await hear(state, "taken")
            async with on_redis(own) as after:
                seen = [entry.update for _ in range(9) for entry in await take(after, 1000)]
            assert seen[: len(accepted) + 1] == ["taken", *accepted]

    async def hear_until_the_cut(self, own: RealRedis, state: State) -> list[str]:
        """Updates that Redis acknowledged while it was being killed."""
        accepted: list[str] = []
        enough = asyncio.Event()

        async def talk_on() -> None:
            with suppress(Unreachable):
                while True:
                    await hear(state, f"u{len(accepted)}")
                    accepted.append(f"u{len(accepted)}")
                    if len(accepted) == 20:
                        enough.set()

        talking = asyncio.create_task(talk_on())
        async with asyncio.timeout(20):
            await enough.wait()
        await own.kill()
        await talking
        return accepted
