"""The supervisor and the home, with real processes and a bot of three lines."""

import asyncio
import io
import json
import os
import re
import signal
import socket
import stat
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from rich.console import Console

from actions.errors import Refused
from bot.health import check
from bot.home import Home
from bot.nlu_project import find_nlu
from bot.settings import Settings
from bot.supervisor import Parts, Supervisor, require_ports, run
from connectors.tcp_port import free_port, holder, is_free

NLU_SERVER = """
import sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
print("training 0123.tar.gz", flush=True)
while {waits}:
    time.sleep(0.02)
port = int(sys.argv[sys.argv.index("--port") + 1])
class Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_):
        pass
server = HTTPServer(("127.0.0.1", port), Healthy)
print(f"ready http://127.0.0.1:{{port}}", flush=True)
server.serve_forever()
"""


class FakeBot:
    """Pages that answer, and a `failed` that tests may set."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.telegram = "linli_bot"
        self.console_token = "once"
        self.asked = 0
        self.broken = asyncio.Event()
        self.is_ready = asyncio.Event()

    async def failed(self) -> None:
        await self.broken.wait()

    async def readyz(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(status=200 if self.is_ready.is_set() else 503, text="the NLU does not answer")


class Opened:
    """Opens bots, and remembers them."""

    def __init__(self, *, ready: bool = True) -> None:
        self.ready = ready
        self.bots: list[FakeBot] = []
        self.closed = 0
        self.settings: Settings | None = None

    @asynccontextmanager
    async def __call__(self, settings: Settings, parts: Parts) -> AsyncIterator[FakeBot]:
        bot = FakeBot(parts)
        self.settings = settings
        if self.ready:
            bot.is_ready.set()
        app = web.Application()
        app.router.add_get("/readyz", bot.readyz)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, settings.host, settings.port).start()
        self.bots.append(bot)
        try:
            yield bot
        finally:
            self.closed += 1
            await runner.cleanup()


def nlu_project(folder: Path, waits: str = "False") -> Path:
    """A folder like nlu/, whose server is a few lines of the standard library."""
    binaries = folder / ".venv" / "bin"
    binaries.mkdir(parents=True)
    (binaries / "python").symlink_to(sys.executable)
    (folder / "server.py").write_text(NLU_SERVER.format(waits=waits))
    return folder


def settings_of(home: Path, **values: object) -> Settings:
    return Settings.model_validate({"home": home, "port": 0, "nlu_port": 0, "desk_port": 0, **values})


async def until(holds: Callable[[], object], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to pass"
        await asyncio.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children_of(pid: int) -> set[int]:
    found = set()
    for process in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if process.read_text().rpartition(")")[2].split()[1] == str(pid):
                found.add(int(process.parent.name))
    return found


@asynccontextmanager
async def running(
    settings: Settings, opened: Opened, nlu: Path | None = None
) -> AsyncIterator[tuple["asyncio.Task[int]", io.StringIO]]:
    told = io.StringIO()
    task = asyncio.create_task(run(settings, opened, nlu=nlu, console=Console(file=told, width=80)))
    try:
        yield task, told
    finally:
        if not task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait([task])


# --- all together ----------------------------------------------------------------------------------------


async def test_everything_starts_is_told_and_leaves_nothing_behind(tmp_path: Path):
    opened = Opened()
    async with running(settings_of(tmp_path / "home"), opened, nlu_project(tmp_path / "nlu")) as (task, told):
        await until(lambda: "Ctrl-C" in told.getvalue() or task.done())
        parts = opened.bots[0].parts
        assert {name: health.ok for name, health in (await check(parts.embedded)).items()} == {
            "redis": True,
            "nlu": True,
            "desk": True,
        }
        pids = children_of(os.getpid())
        assert len(pids) == 3
        login = next(line for line in told.getvalue().splitlines() if "desk" in line)
        url = re.search(r"http://\S+/login\?token=\S+", login)
        assert url
        async with aiohttp.ClientSession() as session:
            async with session.get(url[0]) as page:
                assert page.status == 200
            async with session.get(f"{parts.dispatch_url}/services.json") as services:
                assert services.status == 200
            async with session.get(f"{parts.nlu_url}/healthz") as healthy:
                assert healthy.status == 200
    assert task.result() == 0
    assert opened.closed == 1
    assert not [pid for pid in pids if lives(pid)]
    assert all(
        word in told.getvalue()
        for word in ("群聊", "调度台", "控制台", "@linli_bot", "/group/demo", "training")
    )


async def test_pages_answer_while_the_nlu_trains_but_it_is_not_called_ready(tmp_path: Path):
    gate = tmp_path / "trained"
    nlu = nlu_project(tmp_path / "nlu", waits=f"not __import__('os').path.exists({str(gate)!r})")
    opened = Opened()
    async with running(settings_of(tmp_path / "home"), opened, nlu) as (task, told):
        await until(lambda: (opened.bots and "training" in told.getvalue()) or task.done())
        assert opened.settings
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{opened.settings.address}/readyz") as page,
        ):
            assert page.status == 200
        assert "Ctrl-C" not in told.getvalue()
        assert not (await check(opened.bots[0].parts.embedded))["nlu"].ok
        gate.touch()
        await until(lambda: "Ctrl-C" in told.getvalue() or task.done())
        assert (await check(opened.bots[0].parts.embedded))["nlu"].ok


async def test_outside_services_are_used_and_their_embedded_versions_left_out(tmp_path: Path):
    settings = settings_of(
        tmp_path,
        redis_url="redis://redis.example/0",
        nlu_url="http://nlu.example",
        dispatch_url="http://dispatch.example/open311/v2",
        dispatch_key="k",
    )
    opened = Opened()
    async with running(settings, opened) as (task, told):
        await until(lambda: "Ctrl-C" in told.getvalue() or task.done())
        parts = opened.bots[0].parts
        assert (parts.redis_url, parts.nlu_url) == ("redis://redis.example/0", "http://nlu.example")
        assert (parts.dispatch_url, parts.dispatch_key) == ("http://dispatch.example/open311/v2", "k")
        assert parts.push_secret == ""
        assert parts.embedded == ()
        assert "调度台" not in told.getvalue()


OUTSIDE = {
    "redis_url": "redis://r.example",
    "nlu_url": "http://n.example",
    "dispatch_url": "http://d.example",
}


async def test_it_is_not_called_ready_before_the_bot_says_so(tmp_path: Path):
    opened = Opened(ready=False)
    async with running(settings_of(tmp_path, **OUTSIDE), opened) as (task, told):
        await until(lambda: (opened.bots and opened.bots[0].asked > 1) or task.done())
        settled = "Ctrl-C" in told.getvalue()
        opened.bots[0].is_ready.set()
        await until(lambda: "Ctrl-C" in told.getvalue() or task.done())
        assert not settled


async def test_a_bot_that_fails_ends_the_run(tmp_path: Path):
    opened = Opened()
    async with running(settings_of(tmp_path, **OUTSIDE), opened) as (task, told):
        await until(lambda: "Ctrl-C" in told.getvalue() or task.done())
        opened.bots[0].broken.set()
        with pytest.raises(Refused, match="stopped by itself"):
            await task
    assert opened.closed == 1


async def test_an_nlu_that_cannot_start_ends_the_run_with_its_words(tmp_path: Path):
    nlu = nlu_project(tmp_path / "nlu")
    (nlu / "server.py").write_text("raise SystemExit('data/report.tsv line 3: no such intent')")
    opened = Opened()
    async with running(settings_of(tmp_path / "home"), opened, nlu) as (task, _):
        with pytest.raises(Refused, match=r"data/report\.tsv line 3"):
            await task
    assert children_of(os.getpid()) == set()


async def test_keys_stay_and_login_tokens_change_from_run_to_run(tmp_path: Path):
    seen = []
    logins: list[str] = []
    for _ in range(2):
        opened = Opened()
        settings = settings_of(tmp_path, redis_url="redis://r.example", nlu_url="http://n.example")
        async with running(settings, opened) as (task, told):
            await until(lambda told=told, task=task: "Ctrl-C" in told.getvalue() or task.done())
            seen.append(opened.bots[0].parts)
            logins += re.findall(r":\d+/login\?token=(\S{20,})", told.getvalue())
    first, second = seen
    assert (first.dispatch_key, first.push_secret) == (second.dispatch_key, second.push_secret)
    assert first.dispatch_key != first.push_secret
    assert logins[0] != logins[1]
    assert first.push_secret not in repr(first)


# --- signals, in a process of its own --------------------------------------------------------------------

PROGRAM = """
import asyncio, sys
from contextlib import asynccontextmanager
from pathlib import Path
from aiohttp import web
from bot.settings import Settings
from bot.supervisor import main
import bot.supervisor

class Bot:
    telegram = ""
    console_token = "once"
    async def failed(self):
        await asyncio.Event().wait()

@asynccontextmanager
async def open_bot(settings, parts):
    app = web.Application()
    async def ok(_):
        return web.Response()
    app.router.add_get("/readyz", ok)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port).start()
    try:
        yield Bot()
    finally:
        print("closing", flush=True)
        await asyncio.sleep(CLOSES)
        await runner.cleanup()

values = dict(home=sys.argv[1], port=0, nlu_url="http://n.example", desk_port=0)
sys.exit(main(Settings(**values), open_bot))
"""


@asynccontextmanager
async def program(home: Path, closes: float = 0) -> AsyncIterator[asyncio.subprocess.Process]:
    argv = (sys.executable, "-c", PROGRAM.replace("CLOSES", str(closes)), str(home))
    pipe = asyncio.subprocess.PIPE
    started = await asyncio.create_subprocess_exec(*argv, stdout=pipe, stderr=pipe)
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def saying(stream: asyncio.StreamReader | None, word: str) -> str:
    assert stream
    said = ""
    async with asyncio.timeout(30):
        while word not in said:
            line = await stream.readline()
            assert line, f"it ended without saying {word!r}: {said}"
            said += line.decode()
    return said


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_all_in_order_and_in_time(tmp_path: Path, sign: signal.Signals):
    async with program(tmp_path) as started:
        await saying(started.stdout, "Ctrl-C")
        pids = children_of(started.pid)
        assert len(pids) == 2
        began = time.monotonic()
        started.send_signal(sign)
        assert await started.wait() == 0
        assert time.monotonic() - began < 10
        assert not [pid for pid in pids if lives(pid)]


async def test_a_bot_that_hangs_is_cut_off_within_ten_seconds(tmp_path: Path):
    async with program(tmp_path, closes=600) as started:
        await saying(started.stdout, "Ctrl-C")
        pids = children_of(started.pid)
        began = time.monotonic()
        started.send_signal(signal.SIGTERM)
        assert await started.wait() == 0
        assert time.monotonic() - began < 10
        assert not [pid for pid in pids if lives(pid)]


async def test_a_second_ctrl_c_kills_at_once(tmp_path: Path):
    async with program(tmp_path, closes=600) as started:
        await saying(started.stdout, "Ctrl-C")
        pids = children_of(started.pid)
        started.send_signal(signal.SIGINT)
        await saying(started.stdout, "closing")
        began = time.monotonic()
        started.send_signal(signal.SIGINT)
        assert await started.wait() == 130
        assert time.monotonic() - began < 2
        await until(lambda: not [pid for pid in pids if lives(pid)])


async def test_nothing_outlives_a_run_that_is_killed_and_the_next_one_starts(tmp_path: Path):
    async with program(tmp_path) as started:
        await saying(started.stdout, "Ctrl-C")
        pids = children_of(started.pid)
        started.kill()
        await started.wait()
        await until(lambda: not [pid for pid in pids if lives(pid)])
    async with program(tmp_path) as started:
        await saying(started.stdout, "Ctrl-C")


async def test_a_second_run_on_the_same_home_is_refused_and_names_the_first(tmp_path: Path):
    async with program(tmp_path) as first:
        await saying(first.stdout, "Ctrl-C")
        async with program(tmp_path) as second:
            assert await second.wait() == 1
            assert f"as process {first.pid}" in await saying(second.stderr, "LINLI_HOME")
        assert first.returncode is None


# --- the home --------------------------------------------------------------------------------------------


def test_a_home_is_for_its_owner_alone(tmp_path: Path):
    home = Home(tmp_path / "home")
    secret = home.secret("desk_key")
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (home.path, home.keys, home.keys / "desk_key")]
    assert modes == [0o700, 0o700, 0o600]
    assert len(secret) >= 32
    assert [path.name for path in home.keys.iterdir()] == ["desk_key"]


def test_a_secret_stays_the_same_and_a_torn_one_is_made_anew(tmp_path: Path):
    home = Home(tmp_path)
    first = home.secret("key")
    assert Home(tmp_path).secret("key") == first
    (home.keys / "key").write_text("")
    assert len(home.secret("key")) >= 32


def test_a_home_tells_who_holds_it(tmp_path: Path):
    home = Home(tmp_path)
    assert home.holder() == ""
    with home.lock():
        assert home.holder() == str(os.getpid())
        with pytest.raises(Refused, match=f"as process {os.getpid()}"), Home(tmp_path).lock():
            pass
    assert home.holder() == ""
    with Home(tmp_path).lock():
        pass


def test_a_home_that_cannot_be_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="LINLI_HOME"):
        Home(tmp_path / "file" / "home").make()


# --- ports and the NLU project ---------------------------------------------------------------------------


def test_a_taken_port_is_told_with_its_holder_and_its_variable(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        assert f"(process {os.getpid()})" in holder(port)
        with pytest.raises(
            Refused, match=rf"port {port} is taken by .*process {os.getpid()}.*set LINLI_DESK_PORT"
        ):
            require_ports(
                settings_of(tmp_path, nlu_url="http://n.example", desk_port=port, port=free_port("127.0.0.1"))
            )


def test_a_port_that_was_just_let_go_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), server.accept()[0] as accepted:
            accepted.close()
    assert is_free("127.0.0.1", port)


def test_one_port_for_two_parts_is_refused(tmp_path: Path):
    port = free_port("127.0.0.1")
    with pytest.raises(Refused, match=f"LINLI_PORT and LINLI_NLU_PORT are both {port}"):
        require_ports(settings_of(tmp_path, port=port, nlu_port=port))


def test_a_host_that_is_not_ours_is_refused(tmp_path: Path):
    with pytest.raises(Refused, match=r"cannot listen on 192\.0\.2\.1"):
        require_ports(settings_of(tmp_path, host="192.0.2.1", port=18080, **OUTSIDE))


def test_an_nlu_without_its_environment_says_what_to_run(tmp_path: Path):
    with pytest.raises(Refused, match="run `make setup`"):
        find_nlu(env={"LINLI_NLU_DIR": str(tmp_path)})
    with pytest.raises(Refused, match="LINLI_NLU_DIR"):
        find_nlu(tmp_path / "nowhere", env={})
    assert find_nlu(env={"LINLI_NLU_DIR": str(nlu_project(tmp_path / "nlu"))}) == tmp_path / "nlu"


async def test_children_do_not_inherit_our_secrets(tmp_path: Path):
    nlu = nlu_project(tmp_path / "nlu")
    (nlu / "server.py").write_text(
        "import json, os, time\n"
        f"open({str(tmp_path / 'env')!r}, 'w').write(json.dumps(dict(os.environ)))\n"
        "print('ready http://x', flush=True)\ntime.sleep(600)\n"
    )
    os.environ["LINLI_TELEGRAM_TOKEN"] = "1:secret"
    try:
        opened = Opened()
        settings = settings_of(
            tmp_path / "home", redis_url="redis://r.example", dispatch_url="http://d.example"
        )
        supervisor = Supervisor(
            settings.model_copy(update={"port": free_port("127.0.0.1"), "nlu_port": free_port("127.0.0.1")}),
            opened,
            Home(settings.home),
            nlu=nlu,
            console=Console(file=io.StringIO()),
        )
        living = asyncio.create_task(supervisor.live())
        await until((tmp_path / "env").exists)
        await until(lambda: (tmp_path / "env").read_text().endswith("}"))
        living.cancel()
        await asyncio.wait([living])
    finally:
        del os.environ["LINLI_TELEGRAM_TOKEN"]
    env = json.loads((tmp_path / "env").read_text())
    assert {name for name in env if name.startswith("LINLI_")} == {"LINLI_PARENT", "LINLI_NLU_RECORDS"}
    assert env["LINLI_NLU_RECORDS"] == str(settings.home / "records")
    assert env["RASA_TELEMETRY_ENABLED"] == "false"


async def test_the_nlu_alone_takes_our_place_and_trains_first(tmp_path: Path):
    nlu = nlu_project(tmp_path / "nlu")
    code = "import sys; from pathlib import Path; from bot.nlu_project import serve_nlu; serve_nlu({}, folder=Path(sys.argv[1]))"
    port = free_port("127.0.0.1")
    pipe = asyncio.subprocess.PIPE
    argv = (sys.executable, "-c", code.format(port), str(nlu))
    served = await asyncio.create_subprocess_exec(*argv, stdout=pipe, stderr=pipe)
    try:
        said = await saying(served.stdout, "ready")
        assert said.splitlines() == ["training 0123.tar.gz", f"ready http://127.0.0.1:{port}"]
        other = await asyncio.create_subprocess_exec(*argv, stdout=pipe, stderr=pipe)
        _, wrong = await other.communicate()
        assert f"port {port} is taken by" in wrong.decode()
        assert f"process {served.pid}" in wrong.decode()
    finally:
        served.terminate()
        await served.communicate()
