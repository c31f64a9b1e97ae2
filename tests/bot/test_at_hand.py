"""Commands that look at a Linli make nothing where there is none, and do nothing with keys that are not its own."""

import asyncio

import pytest
from typer.testing import CliRunner

from actions.errors import Refused
from bot import same_keys
from bot.cli import app
from bot.home import Home
from connectors.memory_state import MemoryState
from connectors.redis_state import RedisState
from tests.real_redis import real_redis

LOOKING = (
    ("login",),
    ("report",),
    ("trace", "verify"),
    ("trace", "export"),
    ("trace", "heads"),
    ("person", "export", "web:somebody"),
    ("person", "erase", "web:somebody", "--yes"),
)


async def typed(words, home, **env):
    given = {"LINLI_HOME": str(home), "LINLI_REDIS_URL": "", "LINLI_CONFIG": "", **env}
    return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=given)


@pytest.mark.parametrize("words", LOOKING)
async def test_where_nothing_runs_it_is_said_where_and_nothing_is_made(words, tmp_path):
    home = tmp_path / "home"
    done = await typed(words, home)
    assert (done.exit_code, f"Linli does not run on {home}" in done.stderr) == (1, True)
    assert not home.exists(), "a backup can be restored there"


@pytest.mark.parametrize("words", [("list",), ("set", "1", "fixed"), ("login",)])
async def test_where_there_is_no_desk_none_is_made(words, tmp_path):
    done = await typed(("desk", *words), tmp_path / "home")
    assert (done.exit_code, f"there is no desk in {tmp_path / 'home'}" in done.stderr) == (1, True)
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("words", LOOKING)
async def test_with_keys_of_another_home_nothing_is_done(words, tmp_path):
    ours, theirs = Home(tmp_path / "ours"), Home(tmp_path / "theirs")
    async with real_redis(tmp_path / "redis") as server:
        state = RedisState.at(server.url)
        await same_keys.agree(ours, state, forced=False)
        await same_keys.agree(theirs, MemoryState(), forced=False)
        await state.stop()
        done = await typed(words, theirs.path, LINLI_REDIS_URL=server.url)
        assert (done.exit_code, "are not those of the Linli on this Redis" in done.stderr) == (1, True)
        none = await typed(words, tmp_path / "none", LINLI_REDIS_URL=server.url)
        assert (none.exit_code, "there is no key" in none.stderr) == (1, True)
        assert not (tmp_path / "none").exists()


async def test_processes_whose_keys_differ_do_not_work_together(tmp_path):
    ours, theirs, state = Home(tmp_path / "ours"), Home(tmp_path / "theirs"), MemoryState()
    await same_keys.agree(ours, state, forced=False)
    await same_keys.agree(ours, state, forced=False)
    with pytest.raises(Refused, match="copy theirs here"):
        await same_keys.agree(theirs, state, forced=False)


async def test_the_key_of_logins_may_be_made_anew_to_log_everybody_out(tmp_path):
    home, state = Home(tmp_path / "home"), MemoryState()
    home.secret("login")
    await same_keys.agree(home, state, forced=False)
    (home.keys / "login").unlink()
    await same_keys.agree(home, state, forced=False)


@pytest.mark.parametrize(
    "words", [("serve", "--port", "65536"), ("work", "--port", "-1"), ("nlu", "--port", "99999")]
)
async def test_a_port_that_cannot_be_is_told_at_once(words, tmp_path):
    done = await typed(words, tmp_path)
    assert (done.exit_code, "--port" in done.stderr) == (2, True)
