"""The doctor: every fault is found, named, and comes with a way to mend it; what is well is left alone."""

import io
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from rich.console import Console

from bot import doctor
from bot.doctor import CHECKS, Finding, Verdict
from bot.home import Home
from bot.settings import Settings, load
from connectors.tcp_port import free_port
from tests.desk import running_desk
from tests.real_redis import real_redis
from tests.telegram_simulator import TelegramSimulator

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def settings_of(home: Path, **values: object) -> Settings:
    return Settings.model_validate({"home": home, "port": 0, "nlu_port": 0, "desk_port": 0, **values})


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """A server that answers everything in the same way."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def nlu_project(folder: Path, train: str) -> Path:
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    (folder / "train.py").write_text(train)
    return folder


@asynccontextmanager
async def nlu_dir(folder: Path) -> AsyncIterator[None]:
    os.environ["LINLI_NLU_DIR"] = str(folder)
    try:
        yield
    finally:
        del os.environ["LINLI_NLU_DIR"]


# --- the table -------------------------------------------------------------------------------------------


def printed(load_settings: Callable[[], Settings]) -> tuple[int, str]:
    out = io.StringIO()
    return doctor.main(load_settings, Console(file=out, width=200)), out.getvalue()


def test_every_check_has_a_line_and_a_fault_makes_the_code_1(tmp_path: Path):
    settings = settings_of(tmp_path, nlu_url="http://127.0.0.1:9", dispatch_url="http://127.0.0.1:9")
    code, table = printed(lambda: settings)
    assert code == 1
    assert all(name in table for name in CHECKS)
    assert "LINLI_NLU_URL is right" in table


async def test_all_is_well_is_code_0(tmp_path: Path):
    found = await doctor.examine(settings_of(tmp_path))
    assert [(name, finding) for name, finding in found if finding.verdict == Verdict.FAIL] == []


def test_a_wrong_toml_is_told_with_its_line(tmp_path: Path):
    (tmp_path / "linli.toml").write_text("port = 8080\nlnag = 'en'\n")
    code, table = printed(lambda: load({}, tmp_path / "linli.toml"))
    assert code == 1
    assert "line 2" in table


def test_what_is_found_is_never_read_as_markup():
    out = io.StringIO()
    doctor.show(
        [("x", doctor.fail("[bold]a [/home/:smile:] path", "mend [it]"))], Console(file=out, width=100)
    )
    assert "[bold]a [/home/:smile:] path" in out.getvalue()


# --- the machine -----------------------------------------------------------------------------------------


async def test_the_holder_of_a_taken_port_is_named(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        finding = await doctor.ports_free(settings_of(tmp_path, desk_port=port))
        assert finding.verdict == Verdict.FAIL
        assert f"{port} (LINLI_DESK_PORT)" in finding.what
        assert f"process {os.getpid()}" in finding.what
        with Home(tmp_path).lock():
            assert (await doctor.ports_free(settings_of(tmp_path, desk_port=port))).verdict == Verdict.OK


async def test_a_home_that_cannot_be_written_is_a_fault(tmp_path: Path):
    (tmp_path / "file").write_text("")
    found = dict(await doctor.examine(settings_of(tmp_path / "file" / "home")))
    assert found["home"].verdict == Verdict.FAIL
    assert "LINLI_HOME" in found["home"].what
    assert found["disk"].verdict == Verdict.OK


# --- redis -----------------------------------------------------------------------------------------------


async def test_an_outside_redis_must_answer_and_keep_what_it_is_told(tmp_path: Path):
    async with real_redis(tmp_path / "redis") as server:
        settings = settings_of(tmp_path, redis_url=server.url)
        assert (await doctor.redis(settings)).verdict == Verdict.OK
        async with server.client() as client:
            await client.config_set("maxmemory-policy", "allkeys-lru")
            assert "noeviction" in (await doctor.redis(settings)).how_to_mend
            await client.config_set("appendonly", "no")
            both = await doctor.redis(settings)
            assert (both.verdict, "noeviction" in both.how_to_mend, "appendonly" in both.how_to_mend) == (
                Verdict.FAIL,
                True,
                True,
            )
            await client.config_set("maxmemory-policy", "noeviction")
            await client.config_set("appendonly", "no")
            assert (await doctor.redis(settings)).verdict == Verdict.WARN
    assert (await doctor.redis(settings)).verdict == Verdict.FAIL


async def test_no_password_of_redis_is_shown(tmp_path: Path):
    finding = await doctor.redis(settings_of(tmp_path, redis_url="redis://:hush@127.0.0.1:9/0"))
    assert finding.verdict == Verdict.FAIL
    assert "hush" not in repr(finding)


# --- the NLU ---------------------------------------------------------------------------------------------


async def test_an_old_model_and_a_missing_one_are_told_apart(tmp_path: Path):
    nlu = nlu_project(tmp_path / "nlu", "def fingerprint():\n    return 'new'\n")
    async with nlu_dir(nlu):
        assert "no model yet" in (await doctor.nlu_model(settings_of(tmp_path))).what
        (nlu / "models").mkdir()
        (nlu / "models" / "old.tar.gz").touch()
        assert "older than the examples" in (await doctor.nlu_model(settings_of(tmp_path))).what
        (nlu / "models" / "new.tar.gz").touch()
        assert (await doctor.nlu_model(settings_of(tmp_path))).verdict == Verdict.OK


async def test_a_broken_or_missing_nlu_environment_says_what_to_run(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    async with nlu_dir(tmp_path / "empty"):
        found = dict(await doctor.examine(settings_of(tmp_path)))
        assert "make setup" in found["nlu environment"].what
    async with nlu_dir(nlu_project(tmp_path / "nlu", "import no_such_package")):
        found = dict(await doctor.examine(settings_of(tmp_path)))
        assert "No module named 'no_such_package'" in found["nlu model"].what
        assert found["nlu model"].verdict == Verdict.FAIL


async def reads(_: web.Request) -> web.Response:
    return web.json_response({"intent": {"name": "report", "confidence": 0.9}})


async def says_hello(_: web.Request) -> web.Response:
    return web.json_response(["hello"])


@pytest.mark.parametrize(("handler", "verdict"), [(reads, Verdict.OK), (says_hello, Verdict.FAIL)])
async def test_an_nlu_server_must_read(tmp_path: Path, handler: Handler, verdict: Verdict):
    async with serving(handler) as url:
        finding = await doctor.nlu_server(settings_of(tmp_path, nlu_url=url.replace("//", "//user:hush@")))
        assert finding.verdict == verdict
        assert "hush" not in repr(finding)


async def test_an_nlu_that_is_not_there_is_a_fault_only_if_somebody_named_it(tmp_path: Path):
    port = free_port("127.0.0.1")
    assert (await doctor.nlu_server(settings_of(tmp_path, nlu_port=port))).verdict == Verdict.OK
    with Home(tmp_path).lock():
        assert (await doctor.nlu_server(settings_of(tmp_path, nlu_port=port))).verdict == Verdict.WARN
    url = f"http://127.0.0.1:{port}"
    assert (await doctor.nlu_server(settings_of(tmp_path, nlu_url=url))).verdict == Verdict.FAIL


# --- dispatch and telegram -------------------------------------------------------------------------------


async def test_dispatch_must_name_its_services(tmp_path: Path):
    async with running_desk(tmp_path) as desk:
        settings = settings_of(tmp_path, dispatch_url=desk.api)
        finding = await doctor.dispatch(settings)
        assert finding.verdict == Verdict.OK
        assert "kinds of problem" in finding.what
    finding = await doctor.dispatch(settings)
    assert finding.verdict == Verdict.FAIL
    assert "LINLI_DISPATCH_URL" in finding.how_to_mend


async def test_a_desk_that_nobody_has_started_is_no_fault(tmp_path: Path):
    assert (await doctor.dispatch(settings_of(tmp_path))).verdict == Verdict.OK


async def telegram_of(home: Path, sim: TelegramSimulator, token: str = "") -> Finding:
    return await doctor.telegram(settings_of(home, telegram={"token": token or sim.token, "api": sim.url}))


async def test_telegram_must_know_the_token(tmp_path: Path):
    async with TelegramSimulator() as sim:
        assert (await telegram_of(tmp_path, sim)).verdict == Verdict.OK
        for wrong in ("1:wrong", "not a token at all"):
            finding = await telegram_of(tmp_path, sim, wrong)
            assert finding.verdict == Verdict.FAIL
            assert "BotFather" in finding.how_to_mend
            assert wrong not in repr(finding)


async def test_privacy_mode_is_told_with_the_way_out(tmp_path: Path):
    async with TelegramSimulator(privacy=True) as sim:
        finding = await telegram_of(tmp_path, sim)
    assert finding.verdict == Verdict.WARN
    assert "privacy mode" in finding.what
    assert "/setprivacy" in finding.how_to_mend


async def test_an_unreachable_telegram_is_a_fault(tmp_path: Path):
    settings = settings_of(tmp_path, telegram={"token": "1:a", "api": "http://127.0.0.1:9"})
    assert (await doctor.telegram(settings)).verdict == Verdict.FAIL


@pytest.mark.parametrize(
    ("date", "verdict"),
    [
        ("Sat, 01 Jan 2000 00:00:00 GMT", Verdict.FAIL),
        ("Sat, 01 Jan 2000 00:00:00 -0000", Verdict.FAIL),
        ("nonsense", Verdict.WARN),
        (None, Verdict.OK),
    ],
)
async def test_a_clock_that_is_off_is_a_fault(tmp_path: Path, date: str | None, verdict: Verdict):
    async def tells(_: web.Request) -> web.Response:
        return web.Response(headers={"Date": date} if date else {})

    async with serving(tells) as url:
        finding = await doctor.clock(settings_of(tmp_path, telegram={"token": "1:a", "api": url}))
    assert finding.verdict == verdict
