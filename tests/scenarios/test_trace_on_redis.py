"""The trace on a real Redis: whoever alters, removes or inserts a line is found; a person is erased, and it still verifies."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from redis.asyncio import Redis
from typer.testing import CliRunner

from actions.ledger import Change
from bot.cli import app
from bot.trace_export import TraceExport, Verified
from connectors.partition import partition_of
from connectors.redis_state import RedisState
from tests.actions.stories import START
from tests.contracts.states import empty, on_redis, reported, save
from tests.real_redis import RealRedis, real_redis
from tests.scenarios.test_forgetting_in_memory import AUNT, READINGS, SAID, asks, told
from tests.town import GROUP, Town

KEY = "a key for tests only"
TAG = f"linli:{{p{partition_of(GROUP):03d}}}"
TRACE, SPINE, HEAD = f"{TAG}:trace:{GROUP}:1", f"{TAG}:chain:{GROUP}", f"{TAG}:head:{GROUP}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealRedis]:
    """One server for the whole file; it is emptied between tests."""
    async with real_redis(tmp_path_factory.mktemp("redis")) as running:
        yield running


@asynccontextmanager
async def town_on(server: RealRedis) -> AsyncIterator[tuple[Town, RedisState, Redis]]:
    """A group with a case that went through all its stages, and a client that knows no rules."""
    await empty(server)
    async with on_redis(server) as state, server.client() as client:
        town = Town(READINGS, state=state)
        await told(town)
        yield town, state, client


async def verified(state: RedisState) -> Verified:
    return await TraceExport(state, KEY).verify({})


async def wrong(state: RedisState) -> str:
    """What is wrong first."""
    [found] = (await verified(state)).wrong
    return str(found)


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_trace_that_nobody_touched_is_sound(server: RealRedis) -> None:
    async with town_on(server) as (_, state, client):
        found = await verified(state)
        assert (found.wrong, found.groups, found.unchained) == ([], 1, [])
        assert found.links == await client.llen(SPINE) == await client.llen(TRACE) + 1


async def test_whoever_alters_a_line_is_found(server: RealRedis) -> None:
    async with town_on(server) as (_, state, client):
        line = json.loads(await client.lindex(TRACE, 0))
        await client.lset(TRACE, 0, json.dumps({**line, "text": "没有这回事"}))
        assert await wrong(state) == f"{GROUP}: link 2 was altered"
        await client.lset(TRACE, 0, json.dumps({**line, "at": "2020-01-01T00:00:00+00:00"}))
        assert await wrong(state) == f"{GROUP}: link 2 was altered"
        await client.lset(TRACE, 0, json.dumps(line))
        assert (await verified(state)).wrong == []


async def test_whoever_removes_a_line_is_found(server: RealRedis) -> None:
    async with town_on(server) as (_, state, client):
        await client.lrem(TRACE, 1, await client.lindex(TRACE, 4))
        assert await wrong(state) == f"{GROUP}: link 6 is missing"


async def test_whoever_removes_a_line_and_its_place_is_found(server: RealRedis) -> None:
    async with town_on(server) as (_, state, client):
        await client.lrem(TRACE, 1, await client.lindex(TRACE, 4))
        await client.lrem(SPINE, 1, await client.lindex(SPINE, 5))
        assert await wrong(state) != ""


@pytest.mark.parametrize("at", [0, 3, -1])
async def test_whoever_inserts_a_line_is_found(server: RealRedis, at: int) -> None:
    async with town_on(server) as (_, state, client):
        pivot = await client.lindex(TRACE, at)
        forged = '{"is":"ResidentConfirmed","at":"2026-03-02T08:00:00+00:00","by":"memory:李姐"}'
        await client.linsert(TRACE, "AFTER", pivot, forged)
        assert "a l" in (said := await wrong(state))
        assert "inserted" in said


async def test_whoever_cuts_off_the_end_is_found_by_the_head(server: RealRedis) -> None:
    async with town_on(server) as (_, state, client):
        kept = {GROUP: await state.head(GROUP)}
        for key in (TRACE, SPINE):
            await client.rpop(key)
        assert "missing at the end" in await wrong(state)
        last = str(await client.lindex(SPINE, -1)).partition(" ")[2]
        await client.set(HEAD, f"{await client.llen(SPINE)} {last}")
        found = await TraceExport(state, KEY).verify(kept)
        assert "missing at the end" in str(found.wrong[0])


async def test_whoever_alters_the_case_itself_is_found(server: RealRedis) -> None:
    async with town_on(server) as (_, state, client):
        key = f"{TAG}:case:{GROUP}:1"
        case = json.loads(await client.get(key))
        await client.set(key, json.dumps({**case, "disputes": 3}))
        assert await wrong(state) == f"{GROUP}: case 1 is not what its trace leads to"


async def test_whoever_takes_away_the_head_is_found(server: RealRedis) -> None:
    async with town_on(server) as (_, state, client):
        await client.delete(HEAD)
        assert "the head of its chain was taken away" in await wrong(state)
        assert (await verified(state)).unchained == []


async def test_whoever_takes_away_a_case_or_makes_it_unreadable_is_found(server: RealRedis) -> None:
    async with town_on(server) as (_, state, client):
        key = f"{TAG}:case:{GROUP}:1"
        case = await client.get(key)
        await client.set(key, "{}")
        assert await wrong(state) == f"{GROUP}: case 1 is not what its trace leads to"
        await client.delete(key)
        assert await wrong(state) == f"{GROUP}: case 1 was taken away, though its trace is here"
        await client.set(key, case)
        assert (await verified(state)).wrong == []


async def test_a_line_beyond_the_end_is_no_altered_one(server: RealRedis) -> None:
    async with town_on(server) as (_, state, client):
        await client.rpop(SPINE)
        assert "this line is not in the chain" in await wrong(state)


async def test_a_person_is_erased_and_it_still_verifies(server: RealRedis) -> None:
    async with town_on(server) as (town, state, client):
        before = (await verified(state)).links
        await asks(town)
        found = await verified(state)
        assert found.wrong == []
        assert found.links > before
        stored = [key for key in await client.keys("*") if ":seen:" not in key]
        for key in stored:
            assert AUNT not in key
            kind = await client.type(key)
            texts = {
                "string": client.get,
                "list": lambda one: client.lrange(one, 0, -1),
                "hash": client.hgetall,
                "set": client.smembers,
                "stream": client.xrange,
                "zset": lambda one: client.zrange(one, 0, -1),
            }
            held = str(await texts[kind](key))
            assert AUNT not in held, key
            assert SAID not in held, key


async def test_what_stands_in_the_place_of_erased_words_cannot_be_altered_either(server: RealRedis) -> None:
    async with town_on(server) as (town, state, client):
        await asks(town)
        line = json.loads(await client.lindex(TRACE, 0))
        await client.lset(TRACE, 0, json.dumps({**line, "text": "我冤枉人了"}))
        assert "link 2" in await wrong(state)


async def test_traces_from_before_there_was_a_chain_become_links_at_the_next_save(server: RealRedis) -> None:
    async with town_on(server) as (town, state, client):
        facts = await state.trace(f"{GROUP}:1")
        lines = [json.loads(line) for line in await client.lrange(TRACE, 0, -1)]
        await client.delete(SPINE, HEAD, TRACE, f"{TAG}:trace:{GROUP}:0")
        for line in lines:
            await client.rpush(TRACE, json.dumps({name: it for name, it in line.items() if name != "chain"}))
        assert (await verified(state)).unchained == [GROUP]
        await town.say("李姐", "今天天气真好")
        await save(state, reported(GROUP, 2), group=GROUP)
        found = await verified(state)
        assert (found.wrong, found.unchained, found.links) == ([], [], len(facts) + 2)
        assert await state.trace(f"{GROUP}:1") == facts
        first = await anext(aiter(state.links(GROUP)))
        assert first.open["imported"] == len(facts)
        await client.lset(TRACE, 2, json.dumps({**lines[2], "at": "2020-01-01T00:00:00+00:00"}))
        assert "link 4" in await wrong(state)


async def test_a_chain_whose_head_was_lost_goes_on(server: RealRedis) -> None:
    async with town_on(server) as (_, state, client):
        await client.delete(HEAD)
        await state.save(Change(talk=await state.talk(GROUP), moved=(reported(GROUP, 2, at=START),)))
        assert (await verified(state)).wrong == []


# --- the command ----------------------------------------------------------------------------------------


@pytest.fixture
def linli(server: RealRedis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The command, on this Redis."""
    monkeypatch.setenv("LINLI_REDIS_URL", server.url)
    monkeypatch.setenv("LINLI_HOME", str(tmp_path / "home"))

    async def call(*words: str) -> tuple[int, str]:
        result = await asyncio.to_thread(CliRunner().invoke, app, list(words))
        return result.exit_code, result.stdout

    return call


async def test_an_export_leaves_out_words_and_people_and_verifies(
    server: RealRedis, linli, tmp_path: Path
) -> None:
    async with town_on(server):
        out, heads = tmp_path / "trace.jsonl", tmp_path / "heads.jsonl"
        assert (await linli("trace", "export", "--out", str(out)))[0] == 0
        assert (await linli("trace", "heads", "--out", str(heads)))[0] == 0
        text = out.read_text("utf-8")
        exported = json.dumps([json.loads(line) for line in text.splitlines()], ensure_ascii=False)
        for left_out in (AUNT, "张阿姨", SAID, "单元", "孟姐"):
            assert left_out not in exported
        assert "traffic.streetlight" in exported
        assert oct(out.stat().st_mode)[-3:] == "600"
        assert await linli("trace", "verify", str(out), "--heads", str(heads)) == (0, "sound\n")
        assert await linli("trace", "verify") == (0, "sound\n")


@pytest.mark.parametrize("how", ["altered", "missing", "inserted"])
async def test_the_first_line_of_a_file_that_is_wrong_is_named(
    server: RealRedis, linli, tmp_path: Path, how: str
) -> None:
    async with town_on(server):
        _, text = await linli("trace", "export", "--whole", "--group", GROUP)
        lines = text.splitlines()
        changed = {
            "altered": [*lines[:4], lines[4].replace("2026-", "2025-", 1), *lines[5:]],
            "missing": lines[:4] + lines[5:],
            "inserted": [*lines[:4], lines[2], *lines[4:]],
        }[how]
        file = tmp_path / "trace.jsonl"
        file.write_text("\n".join(changed) + "\n", "utf-8")
        code, said = await linli("trace", "verify", str(file))
        assert code == 1
        assert said.startswith(f"line 5, {GROUP}: ")
        assert how.removesuffix("ed") in said


async def test_an_end_that_was_cut_off_is_seen_with_heads_only(
    server: RealRedis, linli, tmp_path: Path
) -> None:
    async with town_on(server):
        _, text = await linli("trace", "export")
        _, heads = await linli("trace", "heads")
        file, kept = tmp_path / "trace.jsonl", tmp_path / "heads.jsonl"
        file.write_text("\n".join(text.splitlines()[:-2]) + "\n", "utf-8")
        kept.write_text(heads, "utf-8")
        assert (await linli("trace", "verify", str(file)))[0] == 0
        code, said = await linli("trace", "verify", str(file), "--heads", str(kept))
        assert code == 1
        assert "missing at the end" in said


async def test_an_operator_hands_out_and_erases_what_is_kept_of_a_person(
    server: RealRedis, linli, tmp_path: Path
) -> None:
    async with town_on(server) as (town, state, _):
        await town.say("张阿姨", "/home 3栋2单元501")
        code, text = await linli("person", "export", AUNT)
        assert code == 0
        kept = json.loads(text)
        assert kept["known_in"] == [GROUP]
        [group] = kept["groups"]
        assert {"talk", "cases", "household"} <= group.keys()
        assert group["cases"][0]["as"] == "reporter"
        assert SAID in json.dumps(group, ensure_ascii=False)
        code, said = await linli("person", "erase", AUNT, "--yes")
        assert code == 0
        assert said.startswith("erased: 1 cases")
        kept = json.loads((await linli("person", "export", AUNT))[1])
        assert kept == {"person": AUNT, "known_in": [], "groups": []}
        assert (await verified(state)).wrong == []
        told_of = [decree.by for decree in await state.chronicles(9)]
        assert told_of == ["linli person export", "linli", "linli person export"]


async def test_an_id_without_its_platform_is_refused(linli) -> None:
    assert (await linli("person", "erase", "42", "--yes"))[0] == 2


async def test_without_a_redis_there_is_one_clear_line(
    monkeypatch: pytest.MonkeyPatch, linli, tmp_path: Path
) -> None:
    monkeypatch.setenv("LINLI_REDIS_URL", f"unix://{tmp_path}/nothing")
    assert (await linli("trace", "verify"))[0] == 1


async def test_one_group_is_verified_alone_against_the_heads_of_all(
    server: RealRedis, linli, tmp_path: Path
) -> None:
    async with town_on(server) as (_, state, _):
        await save(state, reported("memory:other", 1), group="memory:other")
        out, heads = tmp_path / "trace.jsonl", tmp_path / "heads.jsonl"
        await linli("trace", "export", "--group", GROUP, "--out", str(out))
        await linli("trace", "heads", "--out", str(heads))
        assert await linli("trace", "verify", str(out), "--heads", str(heads), "--group", GROUP) == (
            0,
            "sound\n",
        )
        code, said = await linli("trace", "verify", str(out), "--heads", str(heads))
        assert (code, "memory:other: the chain is missing" in said) == (1, True)
        assert await linli("trace", "verify", "--group", GROUP, "--heads", str(heads)) == (0, "sound\n")


async def test_a_group_that_is_not_there_is_no_sound_one(server: RealRedis, linli) -> None:
    async with town_on(server):
        assert (await linli("trace", "verify", "--group", "memory:nobody"))[0] == 1
        assert (await linli("trace", "export", "--group", "memory:nobody"))[0] == 1


async def test_a_file_without_a_trace_is_no_sound_one(server: RealRedis, linli, tmp_path: Path) -> None:
    async with town_on(server):
        empty_one, out = tmp_path / "empty.jsonl", tmp_path / "trace.jsonl"
        empty_one.touch()
        await linli("trace", "export", "--out", str(out))
        assert await linli("trace", "verify", str(empty_one)) == (1, "")
        assert (await linli("trace", "verify", str(out), "--heads", str(empty_one)))[0] == 2
        assert (await linli("trace", "verify", str(out), "--heads", str(out)))[0] == 2, (
            "an export is no list of heads"
        )


async def test_what_was_exported_before_stays_where_nothing_can_be_read(
    server: RealRedis, linli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town_on(server):
        heads = tmp_path / "heads.jsonl"
        await linli("trace", "heads", "--out", str(heads))
        before = heads.read_text()
        monkeypatch.setenv("LINLI_REDIS_URL", f"unix://{tmp_path}/none.sock")
        assert (await linli("trace", "heads", "--out", str(heads)))[0] == 1
        assert heads.read_text() == before != ""
        assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
