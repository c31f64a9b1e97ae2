"""The code of today goes on with what earlier releases have left, and leaves alone what later ones have."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from actions import facts as f
from actions.advance import rebuild
from actions.case import Case, Stage
from actions.errors import Refused, Unreachable
from actions.message import Kind, Message, Role
from actions.nodes import Light, Node
from actions.post import Post
from actions.presses import Verb
from bot import upgrades
from bot.phrases import gettext
from connectors.codec import dump, load
from connectors.dispatch import Filing
from connectors.memory_chat import Said
from connectors.redis_state import RedisState
from connectors.schemas import SCHEMA, TooNew, stamped, upgraded
from tests.real_redis import real_redis
from tests.town import GROUP, MORNING, Town
from tests.upgrades.make import READINGS, UNREAD
from tests.upgrades.stored import dumped, filled

KEPT = Path(__file__).parent
RELEASES = ("before_governance", "governance")
STAGES = [Stage.RESIDENTS_KEY, Stage.OPEN, Stage.HANDLING, Stage.CLOSED, Stage.ASKING_WHERE, Stage.FILING]


@pytest.fixture
async def redis(tmp_path):
    async with real_redis(tmp_path / "redis") as server:
        yield server


async def started(server) -> Town:
    """The program on a state, with the outside world as the release before has left it."""
    state = RedisState.at(server.url)
    await state.start()
    town = Town(READINGS, state=state)
    town.clock.set(MORNING + timedelta(hours=1))
    filed = {case.ticket: case for case in await state.cases(GROUP) if case.ticket}
    town.dispatch.filed += [_filing(filed[ticket]) for ticket in sorted(filed)]
    posted = {post for case in await state.cases(GROUP) for _, post in case.posts}
    town.chat.said += [Said(f"bot{n}", Post(GROUP, "", f"old{n}"), None) for n in range(1, len(posted) + 1)]
    return town


def _filing(case: Case) -> Filing:
    return Filing(ref=case.id, service_code=case.category, description=case.text)


@pytest.fixture(params=RELEASES)
async def town(redis, request) -> AsyncIterator[Town]:
    async with redis.client() as client:
        await filled(client, KEPT / f"{request.param}.json")
    town = await started(redis)
    yield town
    await town.state.stop()


async def renewed(town: Town) -> int:
    await upgrades.require_known(town.state)
    return await upgrades.renewed(town.house, town.flow)


async def test_all_cases_load_and_every_trace_leads_to_its_case(town):
    cases = await town.cases()
    assert [case.stage for case in cases] == STAGES
    await renewed(town)
    for case in await town.cases():
        led_to = rebuild(await town.state.trace(case.id))
        if not case.live:  # over before its release kept clocks and answers: those it never had
            case = replace(case, clocks=led_to.clocks, answers=led_to.answers, voices=led_to.voices)  # noqa: PLW2901
        assert led_to == case


async def test_live_cases_get_who_answers_for_them_and_the_clock_of_where_they_stand(town):
    await renewed(town)
    live = await town.state.cases(GROUP, live=True)
    assert len(live) == 5
    assert all(case.assignment for case in live)
    running = {case.number: [clock.node for clock in case.clocks if clock.runs] for case in live}
    assert running[1] == [Node.CONFIRM]
    assert running[2] == [Node.ACCEPT]
    assert running[3] == [Node.WORKER]
    assert running[5] == running[6] == [], "where nobody has to do anything, no time runs"


async def test_it_is_done_once(town):
    count = await renewed(town)
    before = [case.version for case in await town.cases()]
    assert await renewed(town) == 0
    assert [case.version for case in await town.cases()] == before
    assert await town.state.recall("schema") == str(SCHEMA)
    renewals = [
        fact for case in await town.cases() for fact in await town.state.trace(case.id)
        if isinstance(fact, f.Renewed)
    ]  # fmt: skip
    assert len(renewals) == count


async def test_cut_off_in_the_middle_it_begins_again_and_does_nothing_twice(town):
    first, *_ = [case for case in await town.state.cases(GROUP, live=True) if upgrades.lacks(case)] or [None]
    if first:
        await town.flow.happened(first.id, f.Renewed(at=town.clock.now()))
    await renewed(town)
    for case in await town.cases():
        facts = [type(fact) for fact in await town.state.trace(case.id)]
        assert facts.count(f.Renewed) <= 1


async def test_what_waited_is_carried_out_once_and_the_loop_goes_on(town):
    await renewed(town)
    said = len(town.chat.said)
    await hear_the_unread(town)
    cases = await town.cases()
    assert [case.text for case in cases].count(UNREAD) == 1, "what lay in the inbox is read"
    assert [(case.number, case.stage, case.ticket) for case in cases[5:]] == [
        (6, Stage.OPEN, "5"),
        (7, Stage.OPEN, "6"),
    ]
    assert len(town.dispatch.filed) == 6
    assert len(town.chat.said) - said <= 2, "a card for each of the two, and nothing else"
    await town.dispatch_says("accepted", ticket="2")
    fixed = town.house.buttons.rows(cases[0], ((Verb.FIXED,),), gettext("zh_CN"))[0][0].data
    await town.press("张阿姨", "", on=0, data=fixed)
    cases = await town.cases()
    assert [case.stage for case in cases[:2]] == [Stage.CLOSED, Stage.ACCEPTED]


async def test_lights_turn_on_cases_of_an_earlier_release(town):
    await renewed(town)
    for _ in range(12):
        town.clock.set(town.clock.now() + timedelta(days=1))
        await town.settle()
    case = (await town.cases())[1]
    assert [clock.light for clock in case.clocks if clock.runs] == [Light.RED]


async def hear_the_unread(town: Town) -> None:
    """The platform's word for what lay in the inbox, then all that follows."""
    town.chat.heard["u900"] = Message(
        group=GROUP, id="900", sender="memory:刘哥", sender_name="刘哥", role=Role.RESIDENT, at=town.clock.now(),
        kind=Kind.TEXT, text=UNREAD, reply_to=None, edited=False,
    )  # fmt: skip
    for _ in range(3):
        await town.settle()
        town.clock.set(town.clock.now() + timedelta(minutes=2))


# --- a later release ---------------------------------------------------------------------------------------


async def test_what_a_later_release_has_left_is_refused_and_not_touched(redis):
    async with redis.client() as client:
        await filled(client, KEPT / "governance.json")
        await client.set("linli:value:schema", str(SCHEMA + 1))
        before = await dumped(client)
        state = RedisState.at(redis.url)
        with pytest.raises(Refused, match=f"schema {SCHEMA + 1}"):
            await upgrades.require_known(state)
        await state.stop()
        assert await dumped(client) == before


async def test_a_single_case_of_a_later_release_is_no_poison(redis):
    """As while several processes are updated one after another: who does not know it waits."""
    async with redis.client() as client:
        await filled(client, KEPT / "governance.json")
        key = next(iter(await client.keys("*:case:memory:demo:2")))
        later = json.dumps({**json.loads(await client.get(key)), "schema": SCHEMA + 1})
        await client.set(key, later)
        state = RedisState.at(redis.url)
        with pytest.raises(Unreachable, match="newer Linli"):
            await state.case("memory:demo:2")
        await state.stop()
        assert await client.get(key) == later


async def test_a_new_home_needs_no_upgrade(redis):
    town = await started(redis)
    assert await renewed(town) == 0
    assert await town.state.recall("schema") == str(SCHEMA)
    await town.state.stop()


@pytest.mark.parametrize("kept", ["two", "-1", "", "２.5"])
async def test_a_form_that_is_no_number_is_refused(kept):
    town = Town()
    await town.state.remember("schema", kept)
    with pytest.raises(Refused, match="by hand"):
        await upgrades.require_known(town.state)


# --- the steps ---------------------------------------------------------------------------------------------


def test_a_stored_case_says_its_form_first():
    raw = json.loads((KEPT / "governance.json").read_text("utf-8"))
    old = next(kept["value"] for key, kept in raw.items() if ":case:" in key)
    again = json.loads(dump(load(old, Case)))
    assert next(iter(again)) == "schema"
    assert again == stamped(json.loads(old))


def test_the_steps_from_an_old_form_are_taken_in_their_order():
    def renames(raw):
        return {"b": raw["a"]}

    def doubles(raw):
        return {"b": raw["b"] * 2}

    steps = (renames, doubles)
    assert upgraded({"a": 1}, steps) == {"b": 2}
    assert upgraded({"schema": 2, "b": 1}, steps) == {"b": 2}
    assert upgraded({"schema": 3, "b": 2}, steps) == {"b": 2}
    with pytest.raises(TooNew):
        upgraded({"schema": 4, "b": 2}, steps)


@pytest.mark.parametrize("schema", ["2", None, 0, -1, True, 1.5])
def test_a_schema_that_is_no_number_is_no_case(schema):
    with pytest.raises(ValueError):
        upgraded({"schema": schema})
