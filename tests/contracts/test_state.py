"""The rules of `bot.ports.State`, held against the state in memory and the one in a real Redis."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from actions import facts as f
from actions.chain import Head, Link
from actions.erasing import without
from actions.event import Sketch
from actions.ledger import Change, Entry, Erasure, Moved, Rewritten, Stale
from actions.message import Kind, Role
from actions.reading import Intent
from actions.talk import Line, Talk
from actions.verifying import verified
from bot.ports import State
from connectors.memory_state import MemoryState
from connectors.partition import partition_of
from connectors.trace_lines import LINES_AN_ERASURE
from tests.actions.stories import AUNT, CASE, FACTS, GROUP, POINT, START
from tests.contracts.states import (
    OTHER,
    decree,
    due,
    empty,
    hear,
    keys,
    letter,
    moved,
    on_redis,
    one_entry,
    reported,
    save,
    take,
    worker,
)
from tests.real_redis import RealCluster, RealRedis


@pytest_asyncio.fixture(loop_scope="module", params=["memory", "redis", "cluster"])
async def state(
    request: pytest.FixtureRequest, server: RealRedis, cluster: RealCluster
) -> AsyncIterator[State]:
    """Every implementation in turn; the one on a cluster as a worker's, who has all partitions by lease."""
    if request.param == "memory":
        yield MemoryState()
        return
    if request.param == "cluster":
        await cluster.empty()
        async with worker(cluster.client, "one") as (running, leases):
            await leases.beat()
            yield running
        return
    await empty(server)
    async with on_redis(server) as running:
        yield running


async def chained(state: State, group: str = GROUP) -> list[Link]:
    """The links of a chain, all of which can be read."""
    links = [link async for link in state.links(group)]
    assert None not in links
    return [link for link in links if link]


@pytest.mark.asyncio(loop_scope="module")
class TestState:
    """What holds wherever the state is kept."""

    # --- inbox ---------------------------------------------------------------------------------------

    async def test_the_same_update_is_accepted_once(self, state: State) -> None:
        assert await hear(state, "u1")
        assert not await hear(state, "u1")
        assert [entry.update for entry in await take(state)] == ["u1"]

    async def test_one_update_id_in_two_groups_or_at_two_doors_is_two_things(self, state: State) -> None:
        assert await hear(state, "u1")
        assert await hear(state, "u1", OTHER)
        assert await state.accept("dispatch", GROUP, "u1", "{}", START)

    async def test_an_update_that_was_dealt_with_is_still_known(self, state: State) -> None:
        await save(state, entry=await one_entry(state))
        assert not await hear(state, "u1")

    async def test_an_entry_comes_out_as_it_went_in(self, state: State) -> None:
        raw = '{"text": "3号楼电梯坏了 \\"急\\" 🆘\\n\\u0000"}'
        await state.accept("memory", GROUP, "u1", raw, START)
        [entry] = await take(state)
        assert entry == Entry(entry.id, partition_of(GROUP), GROUP, "memory", "u1", raw, START)

    async def test_half_a_surrogate_pair_is_kept_and_not_refused(self, state: State) -> None:
        await state.accept("memory", GROUP, "u1", "half \ud83c of a sign", START)
        [entry] = await take(state)
        assert entry.raw == "half \ud83c of a sign"

    async def test_entries_of_a_group_come_in_the_order_of_their_arrival(self, state: State) -> None:
        for n in range(25):
            await hear(state, f"u{n}")
            await hear(state, f"x{n}", OTHER)
        taken = [entry for _ in range(10) for entry in await take(state)]
        assert [e.update for e in taken if e.group == GROUP] == [f"u{n}" for n in range(25)]
        assert [e.update for e in taken if e.group == OTHER] == [f"x{n}" for n in range(25)]

    async def test_an_entry_is_taken_once(self, state: State) -> None:
        await one_entry(state)
        assert await take(state) == []

    async def test_taking_from_an_empty_inbox_ends(self, state: State) -> None:
        assert await state.take(10, 20) == []

    # --- saving and reading --------------------------------------------------------------------------

    async def test_a_group_never_seen_has_an_empty_memory(self, state: State) -> None:
        assert await state.talk(GROUP) == Talk(group=GROUP)
        assert await state.groups() == []
        assert await state.cases(GROUP) == []
        assert await state.case(CASE) is None
        assert await state.trace(CASE) == []

    async def test_what_was_saved_is_read_back(self, state: State) -> None:
        entry = await one_entry(state)
        new = reported()
        talk = replace(await state.talk(GROUP), title="七号网格", last_number=1)
        links = (("m1", CASE), ("p1", CASE))
        await state.save(Change(talk=talk, moved=(new,), orders=(due(0),), links=links, entry=entry))

        assert await state.talk(GROUP) == replace(talk, version=1)
        assert await state.groups() == [GROUP]
        assert await state.case(CASE) == new.case
        assert await state.trace(CASE) == list(new.facts)
        assert await state.case_of(GROUP, "m1") == await state.case_of(GROUP, "p1") == CASE
        assert await state.order(due(0).order.key, GROUP) == due(0)
        assert await state.depth() == {"inbox": 0, "orders": 1, "dead": 0, "partitions": 0}

    async def test_the_trace_grows_and_is_never_rewritten(self, state: State) -> None:
        first = reported()
        second = moved(first.case, f.TicketFiled, f.TicketAccepted)
        await save(state, first)
        await save(state, second)
        assert await state.trace(CASE) == [*first.facts, *second.facts]
        assert await state.case(CASE) == second.case

    # --- the chain -----------------------------------------------------------------------------------

    async def test_memories_are_found_by_a_title_or_a_sender(self, state: State) -> None:
        line = Line("m1", "memory:u7", Role.RESIDENT, START, Kind.TEXT, "水管爆了", Intent.REPORT)
        titles = {f"memory:{n}": f"院 {n}" for n in range(30)} | {
            "memory:q": 'a "b" \\',
            "memory:s": "破\ud83d",
        }
        for group, title in titles.items():
            recent = (line,) if group == "memory:9" else ()
            await state.save(Change(talk=Talk(group=group, title=title, recent=recent)))

        async def found(*words: str, among: Iterable[str] = titles) -> list[str]:
            return sorted(talk.group for talk in await state.talks_with(list(among), words))

        assert await found("院 3") == ["memory:3"], "and not 院 13"
        assert await found("院 3", "memory:u7", "") == ["memory:3", "memory:9"]
        assert await found("院 3", among=["memory:4", "memory:never"]) == []
        assert await found('a "b" \\', "破\ud83d") == ["memory:q", "memory:s"]
        assert await found("", "memory:u70") == await found() == []

    async def test_every_fact_of_a_group_is_a_link_of_one_chain(self, state: State) -> None:
        first, other = reported(), reported(number=2)
        await save(state, first)
        await save(state, other, moved(first.case, f.TicketFiled))
        links = await chained(state)
        assert [(link.n, link.case, link.open["is"]) for link in links] == [
            (1, 0, "Begun"),
            (2, 1, "Reported"),
            (3, 2, "Reported"),
            (4, 1, "TicketFiled"),
        ]
        assert verified(links).first is None
        assert await state.head(GROUP) == links[-1].head

    async def test_the_heads_of_many_groups_come_in_the_order_asked_for(self, state: State) -> None:
        await save(state, reported())
        await save(
            state, reported(group=OTHER), moved(reported(group=OTHER).case, f.TicketFiled), group=OTHER
        )
        heads = await state.heads([OTHER, "memory:never", GROUP])
        assert heads == [await state.head(OTHER), Head(), await state.head(GROUP)]
        assert heads[0].n > heads[2].n > 0
        assert await state.heads([]) == []

    async def test_groups_have_chains_of_their_own(self, state: State) -> None:
        await save(state, reported())
        await save(state, reported(OTHER), group=OTHER)
        assert [link.n for link in await chained(state, OTHER)] == [1, 2]
        assert await state.head("memory:nobody") == Head()
        assert await chained(state, "memory:nobody") == []

    async def test_a_change_without_facts_adds_no_link(self, state: State) -> None:
        await save(state, reported())
        head = await state.head(GROUP)
        await save(state, links=(("m1", CASE),))
        assert await state.head(GROUP) == head

    async def test_a_stale_save_adds_no_link(self, state: State) -> None:
        await save(state, reported())
        head, stale = await state.head(GROUP), Talk(group=GROUP)
        with pytest.raises(Stale):
            await state.save(Change(talk=stale, moved=(reported(number=2),)))
        assert await state.head(GROUP) == head

    async def test_a_hundred_saves_at_once_make_one_sound_chain(self, state: State) -> None:
        async def one(number: int) -> None:
            while True:
                try:
                    await save(state, reported(number=number))
                except Stale:
                    continue
                return

        await asyncio.gather(*(one(number) for number in range(1, 21)))
        links = await chained(state)
        assert [link.n for link in links] == list(range(1, 22))
        assert verified(links).first is None

    async def test_what_was_erased_is_gone_and_the_chain_verifies(self, state: State) -> None:
        new = reported()
        later = moved(new.case, f.Seconded, f.TicketFiled)
        await save(state, new, links=(("m1", CASE),))
        await save(state, later)
        facts = await state.trace(CASE)
        case, left = without(later.case, facts, [AUNT], iter("abcdef").__next__)
        await save(state, erasure=Erasure(START, "asked", (Rewritten(case, left),), ("m1",)))
        assert await state.trace(CASE) == list(left)
        assert await state.case(CASE) == case
        assert await state.case_of(GROUP, "m1") is None
        links = await chained(state)
        assert verified(links).first is None
        assert links[-1].open["is"] == "Erased"
        assert (links[-1].open["why"], sorted(links[-1].open["lines"])) == ("asked", ["2", "3"])
        assert AUNT not in str([link.told() for link in links])

    async def test_a_case_goes_on_after_an_erasure(self, state: State) -> None:
        new = reported()
        await save(state, new)
        case, left = without(new.case, new.facts, [AUNT], iter("abcdef").__next__)
        await save(state, erasure=Erasure(START, "asked", (Rewritten(case, left),)))
        await save(state, moved(case, f.TicketFiled))
        assert verified(await chained(state)).first is None
        assert len(await state.trace(CASE)) == 2

    async def test_an_erasure_of_many_lines_is_many_links(self, state: State) -> None:
        new = reported()
        many = moved(
            new.case, *(replace(FACTS[f.Detailed], message=f"d{n}") for n in range(LINES_AN_ERASURE))
        )
        await save(state, new)
        await save(state, many)
        facts = await state.trace(CASE)
        case, left = without(many.case, facts, [AUNT], iter(map(str, range(9))).__next__)
        await save(state, erasure=Erasure(START, "operator", (Rewritten(case, left),)))
        links = await chained(state)
        assert [link.open["is"] for link in links].count("Erased") == 2
        assert verified(links).first is None

    async def test_a_message_belongs_to_a_case_of_its_own_group_only(self, state: State) -> None:
        await save(state, reported(), links=(("m1", CASE),))
        assert await state.case_of(OTHER, "m1") is None
        assert await state.case_of(GROUP, "m2") is None

    async def test_a_ticket_leads_to_its_case(self, state: State) -> None:
        await save(state, moved(reported().case, f.TicketFiled))
        assert await state.cases_of_ticket("T-1") == [CASE]
        assert await state.cases_of_ticket("T-2") == []

    async def test_a_ticket_leads_to_every_case_that_follows_it_the_first_first(self, state: State) -> None:
        for _ in range(2):  # said again, it changes nothing
            await save(state, moved(reported(OTHER).case, f.JoinedTicket), group=OTHER)
            await save(state, moved(reported().case, f.TicketFiled))
        assert sorted(await state.cases_of_ticket("T-1")) == sorted([CASE, f"{OTHER}:1"])

    async def test_a_ticket_is_open_as_long_as_one_case_that_follows_it(self, state: State) -> None:
        filed = moved(reported().case, f.TicketFiled)
        joined = moved(reported(OTHER).case, f.JoinedTicket)
        await save(state, filed)
        await save(state, joined, group=OTHER)
        assert await state.open_tickets() == ["T-1"]
        await save(state, moved(filed.case, f.Withdrawn))
        assert await state.open_tickets() == ["T-1"]
        await save(state, moved(joined.case, f.SetApart), group=OTHER)
        assert await state.open_tickets() == []

    # --- filings of a community ----------------------------------------------------------------------

    async def test_filings_stand_in_the_order_in_which_they_came(self, state: State) -> None:
        first, second = Sketch.of(reported().case), Sketch.of(reported(OTHER, place="").case)
        assert await state.enlist("春风里", "b", first) == [("b", first)]
        assert await state.enlist("春风里", "a", second) == [("b", first), ("a", second)]
        assert await state.enlist("秋水里", "c", first) == [("c", first)]

    async def test_a_filing_that_stands_in_the_line_keeps_its_place(self, state: State) -> None:
        one = Sketch.of(reported().case)
        for order in [*"abcdefghijkl", "a"]:
            line = await state.enlist("a } and { b", order, one)
        assert [order for order, _ in line] == list("abcdefghijkl")

    async def test_a_filing_that_is_struck_comes_again_as_the_last(self, state: State) -> None:
        one = Sketch.of(reported(point=POINT).case)
        for order in "abc":
            await state.enlist("c", order, one)
        await state.strike("c", ["a", "b", "unknown"])
        await state.strike("c", [])
        assert await state.enlist("c", "a", one) == [("c", one), ("a", one)]

    async def test_of_filings_in_the_same_moment_each_but_the_first_sees_the_first(
        self, state: State
    ) -> None:
        one = Sketch.of(reported().case)
        lines = await asyncio.gather(*(state.enlist("c", str(n), one) for n in range(8)))
        assert sorted(len(line) for line in lines) == list(range(1, 9))
        assert {line[0][0] for line in lines} == {next(line[0][0] for line in lines if len(line) == 1)}

    async def test_the_tickets_of_live_cases_are_known_until_they_end(self, state: State) -> None:
        filed = moved(reported().case, f.TicketFiled)
        await save(state, filed)
        assert await state.open_tickets() == ["T-1"]
        await save(state, moved(filed.case, f.Withdrawn))
        assert await state.open_tickets() == []

    async def test_live_cases_are_told_from_all_oldest_first(self, state: State) -> None:
        cases = [reported(number=n) for n in (2, 10, 1, 3)]
        await save(state, *cases)
        await save(state, moved(cases[0].case, f.Withdrawn))
        assert [case.number for case in await state.cases(GROUP)] == [1, 2, 3, 10]
        assert [case.number for case in await state.cases(GROUP, live=True)] == [1, 3, 10]

    async def test_the_cases_at_hand_are_the_live_ones_and_the_newest(self, state: State) -> None:
        over = moved(reported(number=2).case, f.Withdrawn)
        await save(state, reported(), over, reported(number=3))
        live, newest = await state.at_hand(GROUP, 2)
        assert [case.number for case in live] == [1, 3]
        assert [case.number for case in newest] == [2, 3]
        assert (await state.at_hand(GROUP, 0))[1] == []
        assert await state.at_hand("memory:new", 20) == ([], [])

    async def test_a_case_comes_with_the_memory_of_its_group(self, state: State) -> None:
        await save(state, reported())
        assert await state.scene(CASE) == (await state.talk(GROUP), await state.case(CASE))
        assert await state.scene("memory:new:1") == (Talk(group="memory:new"), None)

    async def test_every_case_can_be_had_however_many_there_are(self, state: State) -> None:
        await save(state, *[reported(number=n) for n in range(1, 521)])
        assert [case.number for case in await state.cases(GROUP, every=True)] == list(range(1, 521))

    async def test_a_case_that_was_reopened_is_live_again(self, state: State) -> None:
        done = moved(reported(sure=False).case, f.SolvedOnSite, f.ResidentConfirmed)
        await save(state, done)
        assert await state.cases(GROUP, live=True) == []
        again = moved(done.case, f.ResidentDisputed)
        await save(state, again)
        assert await state.cases(GROUP, live=True) == [again.case]

    async def test_groups_do_not_see_each_others_cases(self, state: State) -> None:
        await save(state, reported())
        await save(state, reported(OTHER), group=OTHER)
        assert [case.group for case in await state.cases(OTHER)] == [OTHER]
        assert await state.groups() == sorted([GROUP, OTHER])

    async def test_a_case_may_be_saved_without_a_fact(self, state: State) -> None:
        await save(state, Moved(reported().case, ()))
        assert await state.case(CASE) == reported().case

    # --- all or nothing ------------------------------------------------------------------------------

    async def test_both_sides_of_a_merger_or_a_split_are_saved_together(self, state: State) -> None:
        first = reported(number=1)
        await save(state, first, links=(("m1", first.case.id),))
        one, other = moved(first.case, f.SplitOff), reported(number=2)
        await save(state, one, other, links=(("m1", other.case.id),))
        assert await state.cases(GROUP) == [one.case, other.case]
        assert await state.case_of(GROUP, "m1") == other.case.id

    async def test_a_stale_save_writes_nothing(self, state: State) -> None:
        old = await state.talk(GROUP)
        entry = await one_entry(state)
        await save(state)
        stale = Change(
            talk=replace(old, title="late"),
            moved=(reported(),),
            orders=(due(0),),
            links=(("m1", CASE),),
            entry=entry,
        )
        with pytest.raises(Stale):
            await state.save(stale)
        await self.nothing_was_written(state, version=1)

    async def test_a_change_that_cannot_be_stored_writes_nothing(self, state: State) -> None:
        entry = await one_entry(state)
        poison: Any = object()
        unfit = reported(number=2)
        unfit = replace(unfit, case=replace(unfit.case, text=poison))
        with pytest.raises(TypeError):
            await save(state, reported(), unfit, orders=(due(0),), links=(("m1", CASE),), entry=entry)
        await self.nothing_was_written(state, version=0)

    async def nothing_was_written(self, state: State, version: int) -> None:
        assert await state.talk(GROUP) == Talk(group=GROUP, version=version)
        assert await state.cases(GROUP) == []
        assert await state.trace(CASE) == []
        assert await state.case_of(GROUP, "m1") is None
        assert await state.order(due(0).order.key, GROUP) is None
        assert await state.depth() == {"inbox": 1, "orders": 0, "dead": 0, "partitions": 1}

    async def test_of_concurrent_savers_one_wins(self, state: State) -> None:
        talk = await state.talk(GROUP)
        changes = [Change(talk=talk, moved=(reported(number=n),)) for n in range(1, 9)]
        answers = await asyncio.gather(*map(state.save, changes), return_exceptions=True)
        assert [type(a) for a in answers if a is not True] == [Stale] * 7
        [case] = await state.cases(GROUP)
        assert answers[case.number - 1] is True
        assert (await state.talk(GROUP)).version == 1

    async def test_a_save_tells_whether_anything_was_left_to_do(self, state: State) -> None:
        entry = await one_entry(state)
        assert await state.save(Change(talk=await state.talk(GROUP), entry=entry, orders=(due(0),)))
        assert not await state.save(Change(talk=await state.talk(GROUP), entry=entry))
        assert await state.save(Change(talk=await state.talk(GROUP), done=due(0).order.key))
        assert not await state.save(Change(talk=await state.talk(GROUP), done=due(0).order.key))
        assert (await state.talk(GROUP)).version == 2

    async def test_savers_of_different_groups_do_not_disturb_each_other(self, state: State) -> None:
        await asyncio.gather(save(state, reported()), save(state, reported(OTHER), group=OTHER))
        assert len(await state.cases(GROUP)) == len(await state.cases(OTHER)) == 1

    async def test_a_change_whose_entry_is_finished_does_nothing(self, state: State) -> None:
        entry = await one_entry(state)
        await save(state, entry=entry)
        await save(state, reported(), entry=entry)
        assert await state.cases(GROUP) == []
        assert (await state.talk(GROUP)).version == 1

    async def test_a_change_whose_order_is_finished_does_nothing(self, state: State) -> None:
        await save(state, orders=(due(0),))
        await save(state, done=due(0).order.key)
        await save(state, reported(), done=due(0).order.key)
        assert await state.cases(GROUP) == []
        assert (await state.talk(GROUP)).version == 2

    # --- orders --------------------------------------------------------------------------------------

    async def test_orders_fall_due_by_time_the_earliest_first(self, state: State) -> None:
        await save(state, orders=(due(0, 30), due(1, 10), due(2, 20), due(3, 99)))
        await save(state, orders=(due(0, 15, OTHER),), group=OTHER)
        expected = [due(1).order.key, due(0, group=OTHER).order.key, due(2).order.key, due(0).order.key]
        assert keys(await state.due(START + timedelta(seconds=30), 10)) == expected
        assert keys(await state.due(START + timedelta(seconds=30), 2)) == expected[:2]
        assert await state.due(START, 10) == []

    async def test_an_order_is_due_until_it_is_done(self, state: State) -> None:
        await save(state, orders=(due(0),))
        assert await state.due(START, 10) == await state.due(START, 10) == [due(0)]
        await save(state, done=due(0).order.key)
        assert await state.due(START, 10) == []
        assert await state.order(due(0).order.key, GROUP) is None

    async def test_the_orders_of_a_case_are_those_that_wait(self, state: State) -> None:
        others = tuple(due(n, 7, f"memory:{n}") for n in range(30))
        for one in others:
            await save(state, orders=(one,), group=one.group)
        await save(state, orders=(due(0, 30), due(1, 10), due(2, 20), due(3)))
        await save(state, done=due(3).order.key)
        assert keys(await state.waiting(f"{GROUP}:1")) == keys([due(1), due(2), due(0)])
        assert await state.waiting(f"{GROUP}:2") == []
        assert await state.waiting("memory:7:1") == [others[7]]

    async def test_orders_in_hand_are_not_given_again(self, state: State) -> None:
        await save(state, orders=(due(0, 10), due(1, 20)))
        later = START + timedelta(seconds=30)
        assert keys(await state.due(later, 10, {due(0).order.key})) == [due(1).order.key]
        assert keys(await state.due(later, 10)) == [due(0).order.key, due(1).order.key]

    async def test_a_new_order_is_seen_at_once(self, state: State) -> None:
        assert await state.due(START, 10) == []
        await save(state, orders=(due(0),))
        assert keys(await state.due(START, 10)) == keys([due(0)])

    async def test_every_try_is_counted_before_it_is_made(self, state: State) -> None:
        await save(state, orders=(due(0),))
        later = START + timedelta(seconds=9)
        once, *_ = await state.begin(due(0), START)
        twice, *_ = await state.begin(once, later)
        assert (twice.tries, twice.first_tried_at) == (2, START)
        assert await state.order(due(0).order.key, GROUP) == twice
        assert await state.due(later, 10) == [twice]

    async def test_an_order_is_begun_with_its_case_and_the_memory_of_its_group_in_hand(
        self, state: State
    ) -> None:
        await save(state, reported(), orders=(due(0), due(1, group=OTHER)))
        _, talk, case = await state.begin(due(0), START)
        assert (talk, case) == await state.scene(CASE)
        assert case is not None
        await save(state, orders=(replace(due(0), group=OTHER),), group=OTHER)
        _, talk, case = await state.begin(replace(due(0), group=OTHER), START)
        assert (talk.group, case) == (OTHER, None)

    async def test_a_postponed_order_waits_and_keeps_its_count(self, state: State) -> None:
        await save(state, orders=(due(0),))
        tried, *_ = await state.begin(due(0), START)
        later = START + timedelta(minutes=5)
        await state.postpone(tried, later)
        assert await state.due(START, 10) == []
        assert await state.due(later, 10) == [replace(tried, at=later)]

    async def test_a_finished_order_is_not_brought_back(self, state: State) -> None:
        await save(state, orders=(due(0),))
        await save(state, done=due(0).order.key)
        tried, *_ = await state.begin(due(0), START)
        await state.postpone(tried, START)
        assert await state.order(due(0).order.key, GROUP) is None
        assert await state.due(START, 10) == []
        assert (await state.depth())["orders"] == 0

    # --- dead letters --------------------------------------------------------------------------------

    async def test_a_buried_entry_leaves_the_inbox_and_can_come_back(self, state: State) -> None:
        entry = await one_entry(state)
        await state.bury(letter("d1"), entry=entry)
        assert await state.dead(10) == [letter("d1")]
        assert await state.depth() == {"inbox": 0, "orders": 0, "dead": 1, "partitions": 0}

        assert await state.replay("d1")
        [again] = await take(state)
        assert replace(again, id=entry.id) == entry
        assert await state.dead(10) == []
        await save(state, reported(), entry=again)
        assert (await state.depth())["inbox"] == 0
        assert len(await state.cases(GROUP)) == 1

    async def test_a_buried_order_is_no_longer_due_and_can_come_back(self, state: State) -> None:
        await save(state, orders=(due(0),))
        tried, *_ = await state.begin(due(0), START)
        await state.bury(letter("d1"), done=tried)
        assert await state.due(START, 10) == []
        assert await state.order(due(0).order.key, GROUP) is None

        assert await state.replay("d1")
        assert await state.due(START, 10) == [replace(tried, tries=0)]
        assert await state.depth() == {"inbox": 0, "orders": 1, "dead": 0, "partitions": 0}

    async def test_an_entry_that_speaks_of_orders_is_still_an_entry(self, state: State) -> None:
        await state.accept("order", GROUP, "order", "order", START)
        [entry] = await take(state)
        await state.bury(letter("d1"), entry=entry)
        assert await state.replay("d1")
        assert [again.raw for again in await take(state)] == ["order"]

    async def test_a_change_for_a_buried_entry_does_nothing(self, state: State) -> None:
        entry = await one_entry(state)
        await state.bury(letter("d1"), entry=entry)
        await save(state, reported(), entry=entry)
        assert await state.cases(GROUP) == []

    async def test_an_unknown_letter_or_one_replayed_already_is_not_replayed(self, state: State) -> None:
        await state.bury(letter("d1"), entry=await one_entry(state))
        assert await state.replay("d1")
        assert not await state.replay("d1")
        assert not await state.replay("d2")

    async def test_dead_letters_are_shown_newest_first(self, state: State) -> None:
        for n in range(3):
            group = OTHER if n == 1 else GROUP
            await hear(state, f"u{n}", group)
            [entry] = await take(state)
            await state.bury(letter(f"d{n}", n, group), entry=entry)
        assert [each.id for each in await state.dead(10)] == ["d2", "d1", "d0"]
        assert [each.id for each in await state.dead(2)] == ["d2", "d1"]

    async def test_a_letter_without_content_is_a_mistake(self, state: State) -> None:
        with pytest.raises(ValueError):
            await state.bury(letter("d1"))
        assert await state.dead(10) == []

    # --- small things --------------------------------------------------------------------------------

    async def test_small_values_are_kept_by_name(self, state: State) -> None:
        assert await state.recall("cursor") is None
        await state.remember("cursor", "1")
        await state.remember("cursor", "时间")
        await state.remember("offset", "2")
        assert (await state.recall("cursor"), await state.recall("offset")) == ("时间", "2")

    async def test_of_two_who_read_a_value_one_puts_another_in_its_place(self, state: State) -> None:
        await state.swap("cursor", None, "1")
        await state.swap("cursor", "1", "2")
        with pytest.raises(Stale):
            await state.swap("cursor", "1", "3")
        with pytest.raises(Stale):
            await state.swap("cursor", None, "3")
        assert await state.recall("cursor") == "2"

    async def test_words_are_noted_once_side_by_side_and_the_last_are_kept(self, state: State) -> None:
        await asyncio.gather(*(state.note("a", f"memory:{n % 5}", 10) for n in range(20)))
        assert sorted((await state.recall("a") or "").split()) == [f"memory:{n}" for n in range(5)]
        await state.note("a", "memory:x", 3)
        await state.note("a", "memory:y", 3)
        assert (await state.recall("a") or "").split()[1:] == ["memory:x", "memory:y"]

    async def test_what_was_bound_is_told_where_it_has_changed(self, state: State) -> None:
        assert await state.bound(0) == (0, {})
        await state.bind(GROUP, "g1")
        await state.bind(OTHER, "g1")
        await state.bind(GROUP, "g2")
        number, bound = await state.bound(0)
        assert bound == {GROUP: "g2", OTHER: "g1"}
        assert await state.bound(number) == (number, {})

    async def test_only_what_was_bound_since_is_told(self, state: State) -> None:
        for n in range(20):
            await state.bind(f"memory:{n}", "g1")
        number, _ = await state.bound(0)
        await state.bind(GROUP, "g 2")
        await state.bind("memory:3", "g2")
        await state.bind(GROUP, "g 3")
        after, bound = await state.bound(number)
        assert bound == {GROUP: "g 3", "memory:3": "g2"}
        assert await state.bound(after) == (after, {})

    # --- the chronicle -------------------------------------------------------------------------------

    async def test_what_is_put_in_force_is_written_once_however_many_say_so(self, state: State) -> None:
        said = await asyncio.gather(*(state.chronicle(decree("v1", by=f"process {n}")) for n in range(5)))
        assert sorted(said) == [False, False, False, False, True]
        assert [each.version for each in await state.chronicles(10)] == ["v1"]

    async def test_what_comes_into_force_again_is_written_again(self, state: State) -> None:
        for version in ("v1", "v2", "v2", "v1"):
            await state.chronicle(decree(version))
        assert [each.version for each in await state.chronicles(10)] == ["v1", "v2", "v1"]
        assert [each.version for each in await state.chronicles(2)] == ["v1", "v2"]
        assert await state.chronicles(0) == []

    async def test_a_list_and_a_hierarchy_of_the_same_version_are_two_things(self, state: State) -> None:
        hierarchy, matters = decree("v1"), decree("v1", what="matters", changes=("noise.night: 城管 → 公安",))
        assert await state.chronicle(hierarchy)
        assert await state.chronicle(matters)
        assert not await state.chronicle(hierarchy)
        assert await state.chronicles(10) == [matters, hierarchy]

    async def test_a_value_can_be_unlearnt(self, state: State) -> None:
        await state.remember("home:x", "y")
        assert await state.unlearn("home:x")
        assert not await state.unlearn("home:x")
        assert await state.recall("home:x") is None

    async def test_dead_letters_can_be_deleted(self, state: State) -> None:
        for n in ("1", "2"):
            await state.bury(letter(n), entry=await one_entry(state, f"u{n}"))
        assert await state.forget_dead(["1", "3"]) == 1
        assert [one.id for one in await state.dead(9)] == ["2"]
        assert not await state.replay("1")
        assert await state.forget_dead([]) == 0

    async def test_the_chronicle_can_be_shortened(self, state: State) -> None:
        await state.chronicle(decree("1"))
        await state.chronicle(decree("2", at=START + timedelta(days=2)))
        assert await state.forget_chronicle(START + timedelta(days=1)) == 1
        assert [one.version for one in await state.chronicles(9)] == ["2"]

    async def test_depth_counts_what_waits(self, state: State) -> None:
        for update, group in (("u1", GROUP), ("u2", GROUP), ("u1", OTHER)):
            await hear(state, update, group)
        await save(state, orders=(due(0), due(1)))
        assert await state.depth() == {"inbox": 3, "orders": 2, "dead": 0, "partitions": 2}
