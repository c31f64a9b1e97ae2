"""The embedded Redis and the watched child, with real processes."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from actions.errors import Refused
from connectors.child import Child, Patience
from connectors.embedded_redis import EmbeddedRedis, dismiss, find_redis, make_private, socket_path

QUICK = Patience(waits=(0.05, 0.1), healthy_after=60, tries=3, grace=5)


@asynccontextmanager
async def client(redis: EmbeddedRedis) -> AsyncIterator["Redis"]:
    async with Redis.from_url(redis.url, decode_responses=True) as connected:
        yield connected


async def until(holds: Callable[[], object], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to pass"
        await asyncio.sleep(0.02)


async def eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "it never came to pass"
        await asyncio.sleep(0.02)


async def first_number(said: asyncio.StreamReader) -> int:
    async for line in said:
        if line.strip().isdigit():
            return int(line)
    raise AssertionError("it said no number")


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


READY = "import time; print('ready http://127.0.0.1:1', flush=True); time.sleep(600)"


# --- the child -------------------------------------------------------------------------------------------


async def test_a_child_is_ready_when_it_says_so_and_gone_when_stopped():
    async with Child("kid", python(READY), patience=QUICK) as child:
        await child.ready()
        pid = child.pid
        assert child.url == "http://127.0.0.1:1"
        assert child.health().ok
        assert pid
        assert lives(pid)
    assert not lives(pid)
    assert not child.health().ok


async def test_a_killed_child_is_started_again():
    async with Child("kid", python(READY), patience=QUICK) as child:
        await child.ready()
        first = child.pid
        assert first
        os.kill(first, signal.SIGKILL)
        await until(lambda: child.health().ok and child.pid not in {None, first})
        assert child.restarts == 1


async def test_the_waits_between_restarts_grow_and_are_told():
    dies = "print('ready http://x', flush=True); import sys; sys.exit(3)"
    with capture_logs() as logs:
        async with Child("kid", python(dies), patience=QUICK) as child:
            await child.ready()
            await until(lambda: child.restarts >= 3)
    told = [line for line in logs if line["event"] == "child_restarts"]
    assert [line["in_s"] for line in told[:3]] == [0.05, 0.1, 0.1]
    assert {line["code"] for line in told} == {3}


async def test_health_makes_the_next_wait_short_again():
    lives_a_while = "import time; print('ready http://x', flush=True); time.sleep(0.2)"
    patience = Patience(waits=(0.01, 30), healthy_after=0.1)
    async with Child("kid", python(lives_a_while), patience=patience) as child:
        await until(lambda: child.restarts >= 3)


async def test_a_child_that_never_gets_ready_is_given_up_with_its_last_words():
    code = "import sys; sys.stderr.write('no such model\\n'); sys.exit(1)"
    async with Child("nlu", python(code), patience=QUICK) as child:
        with pytest.raises(Refused, match=r"(?s)nlu does not start: it ended with code 1.*no such model"):
            await child.ready()


async def test_a_program_that_is_not_there_is_refused_by_name():
    async with Child("kid", ["/nowhere/at-all"], patience=QUICK) as child:
        with pytest.raises(Refused, match="/nowhere/at-all"):
            await child.ready()


async def test_a_child_that_hangs_before_it_is_ready_is_started_anew():
    hangs = "import time; time.sleep(600)"
    patience = Patience(waits=(0.01,), tries=2, ready_within=0.3)
    async with Child("kid", python(hangs), patience=patience) as child:
        with pytest.raises(Refused, match="killed by signal 9"):
            await child.ready()


async def test_a_child_that_ignores_sigterm_is_killed_after_the_grace():
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY
    async with Child("kid", python(deaf), patience=Patience(grace=0.2)) as child:
        await child.ready()
        pid = child.pid
        assert pid
    assert not lives(pid)


GRANDCHILD = f"""
import subprocess, sys
kid = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
print(kid.pid, flush=True)
{READY}
"""


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
async def test_what_a_child_has_started_ends_with_it(ending: signal.Signals):
    lines: list[str] = []
    async with Child("kid", python(GRANDCHILD), patience=QUICK, on_line=lines.append) as child:
        await child.ready()
        grandchild = int(lines[0])
        assert lives(grandchild)
        if ending == signal.SIGKILL:
            assert child.pid
            os.kill(child.pid, signal.SIGKILL)
            await until(lambda: child.restarts)
    await until(lambda: not lives(grandchild))


async def test_lines_before_ready_are_passed_on_as_progress():
    lines: list[str] = []
    code = "print('training', flush=True); print('half done', flush=True)\n" + READY
    async with Child("nlu", python(code), on_line=lines.append) as child:
        await child.ready()
    assert lines == ["training", "half done"]


async def test_json_lines_on_stderr_are_merged_into_our_log():
    said = {"event": "unread", "level": "warning", "messages": 3, "self": "odd", "at": "2026-01-01"}
    code = f"import sys; sys.stderr.write({json.dumps(said)!r} + '\\nplain words\\n[1]\\n')\n{READY}"
    with capture_logs() as logs:
        async with Child("nlu", python(code)) as child:
            await child.ready()
            await until(lambda: len([line for line in logs if line["event"] == "child_said"]) == 2)
    merged = next(line for line in logs if line["event"] == "unread")
    assert (merged["log_level"], merged["messages"], merged["child"]) == ("warning", 3, "nlu")
    assert [line["line"] for line in logs if line["event"] == "child_said"] == ["plain words", "[1]"]


async def test_endless_lines_and_wild_bytes_do_no_harm():
    wild = "import sys; sys.stdout.buffer.write(b'\\xff\\xfe' * 200_000); sys.stdout.flush(); print()\n"
    lines: list[str] = []
    async with Child("kid", python(wild + READY), on_line=lines.append) as child:
        await child.ready()
    assert lines
    assert max(map(len, lines)) <= 64 * 1024


PARENT = f"""
import asyncio, sys
from connectors.child import Child

async def main():
    async with Child('kid', [sys.executable, '-c', {READY!r}]) as child:
        await child.ready()
        print(child.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_nothing_outlives_a_parent_that_is_killed():
    parent = await asyncio.create_subprocess_exec(*python(PARENT), stdout=asyncio.subprocess.PIPE)
    assert parent.stdout
    child = await first_number(parent.stdout)
    assert lives(child)
    parent.kill()
    await parent.communicate()
    await until(lambda: not lives(child))


# --- redis -----------------------------------------------------------------------------------------------


async def test_redis_answers_on_a_socket_and_keeps_what_it_was_told(tmp_path: Path):
    async with EmbeddedRedis(tmp_path / "redis") as redis:
        await redis.ready()
        async with client(redis) as asked:
            wanted = {
                "appendonly": "yes",
                "appendfsync": "always",
                "save": "",
                "maxmemory-policy": "noeviction",
            }
            assert {name: (await asked.config_get(name))[name] for name in wanted} == wanted
            assert (await asked.config_get("port"))["port"] == "0"
            assert (await asked.info("server"))["redis_version"] == redis.redis_version
            await asked.set("key", "value")
        assert redis.health().ok
        pid = redis.pid
    assert pid
    assert not lives(pid)
    async with EmbeddedRedis(tmp_path / "redis") as redis:
        await redis.ready()
        async with client(redis) as asked:
            assert await asked.get("key") == "value"


async def test_data_survive_kill_9_of_redis_and_it_comes_back(tmp_path: Path):
    async with EmbeddedRedis(tmp_path / "redis", patience=QUICK) as redis:
        await redis.ready()
        first = redis.pid
        assert first
        async with client(redis) as asked:
            for number in range(200):
                await asked.rpush("list", number)
        os.kill(first, signal.SIGKILL)
        await until(lambda: redis.health().ok and redis.pid not in {None, first})
        async with client(redis) as asked:
            assert await asked.lrange("list", 0, -1) == [str(n) for n in range(200)]


async def orphan_of(folder: Path) -> asyncio.subprocess.Process:
    folder.mkdir(parents=True, exist_ok=True)
    make_private(socket_path(folder).parent)
    executable, _ = await find_redis(folder)
    options = ("--port", "0", "--unixsocket", socket_path(folder), "--dir", folder, "--appendonly", "yes")
    orphan = await asyncio.create_subprocess_exec(executable, *options, stdout=asyncio.subprocess.DEVNULL)
    await until(socket_path(folder).exists)
    return orphan


@pytest.mark.parametrize("stopped", [False, True])
async def test_an_orphan_of_a_killed_run_is_replaced_and_its_data_kept(tmp_path: Path, stopped: bool):  # noqa: FBT001
    orphan = await orphan_of(tmp_path / "redis")
    async with Redis(unix_socket_path=str(socket_path(tmp_path / "redis")), decode_responses=True) as told:
        await told.set("kept", "yes")
    if stopped:
        orphan.send_signal(signal.SIGSTOP)
    async with EmbeddedRedis(tmp_path / "redis") as redis:
        await orphan.wait()
        await redis.ready()
        assert redis.pid != orphan.pid
        async with client(redis) as asked:
            assert await asked.get("kept") == "yes"


async def test_a_stale_socket_of_nobody_is_no_hindrance(tmp_path: Path):
    orphan = await orphan_of(tmp_path / "redis")
    orphan.kill()
    await orphan.wait()
    assert socket_path(tmp_path / "redis").exists()
    async with EmbeddedRedis(tmp_path / "redis") as redis:
        await redis.ready()


async def test_a_stranger_on_the_socket_is_not_killed(tmp_path: Path):
    async def closes(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    path = socket_path(tmp_path)
    make_private(path.parent)
    server = await asyncio.start_unix_server(closes, path)
    async with server:
        with pytest.raises(Refused, match=rf"process {os.getpid()} holds"):
            await dismiss(path)
    path.unlink()


@pytest.mark.parametrize("name", ["plain", "with spaces", "邻里 #1 %20 ?x"])
async def test_any_name_of_the_home_will_do(tmp_path: Path, name: str):
    async with EmbeddedRedis(tmp_path / name / "redis") as redis:
        await redis.ready()
        assert unquote(urlparse(redis.url).path) == str(redis.socket)
        async with client(redis) as asked:
            assert await asked.ping()


async def test_a_home_deep_down_gets_a_short_socket_that_is_ours_alone(tmp_path: Path):
    deep = tmp_path / ("d" * 60) / ("e" * 60) / "redis"
    async with EmbeddedRedis(deep) as redis:
        await redis.ready()
        assert len(os.fsencode(redis.socket)) <= 100
        assert redis.socket.parent.stat().st_mode & 0o777 == 0o700
        assert (deep / "appendonly.aof").exists() or (deep / "appendonlydir").exists()
    assert socket_path(deep) != socket_path(deep.parent)
    assert not redis.socket.parent.exists()


def test_a_folder_that_is_only_a_link_is_refused(tmp_path: Path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(Refused, match="belongs to somebody else"):
        make_private(tmp_path / "link")


async def test_a_redis_that_is_too_old_is_refused_and_named(tmp_path: Path):
    old = tmp_path / "redis-server"
    old.write_text("#!/bin/sh\necho Redis server v=5.0.14 sha=0\n")
    old.chmod(0o755)
    with pytest.raises(Refused, match=r"from version 6\.2 on .*is 5\.0\.14"):
        await find_redis(tmp_path, old)


async def test_data_of_a_newer_redis_are_not_hidden_behind_an_empty_older_one(tmp_path: Path):
    (tmp_path / "appendonlydir").mkdir()
    six = tmp_path / "redis-server"
    six.write_text("#!/bin/sh\necho Redis server v=6.2.14 sha=0\n")
    six.chmod(0o755)
    with pytest.raises(Refused, match=r"from version 7\.0 on"):
        await find_redis(tmp_path, six)


async def test_a_spoilt_file_is_told_in_redis_own_words(tmp_path: Path):
    (tmp_path / "appendonly.aof").write_bytes(b"this is no append-only file\r\n")
    async with EmbeddedRedis(tmp_path, patience=QUICK) as redis:
        if redis.redis_version < "7":
            with pytest.raises(Refused, match=r"(?s)redis does not start.*append only file"):
                await redis.ready()


async def test_nothing_of_redis_outlives_a_killed_parent(tmp_path: Path):
    code = f"""
import asyncio
from pathlib import Path
from connectors.embedded_redis import EmbeddedRedis

async def main():
    async with EmbeddedRedis(Path({str(tmp_path)!r})) as redis:
        await redis.ready()
        print(redis.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(*python(code), stdout=asyncio.subprocess.PIPE)
    assert parent.stdout
    server = await first_number(parent.stdout)
    parent.kill()
    await parent.communicate()
    await until(lambda: not lives(server))
