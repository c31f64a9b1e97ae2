"""`linli doctor`: looks at everything that Linli needs, and says what is wrong and how to mend it.

A check is a small function that gives one Finding, and changes nothing. All run at once; none of them
can keep the others from being heard.
"""

import asyncio
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import aiohttp
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from rich.console import Console
from rich.table import Table
from yarl import URL

from actions.errors import Refused, Unreachable
from bot.doctor_telegram import telegram, telegram_groups
from bot.finding import Check, Finding, Verdict, fail, ok, warn
from bot.home import Home
from bot.nlu_project import find_nlu, nlu_python
from bot.nlu_project import nlu_environment as told_nlu
from bot.settings import Settings, SettingsError
from bot.supervisor import own_ports
from connectors.dispatch import Open311Dispatch
from connectors.embedded_redis import find_redis, socket_path
from connectors.tcp_port import holder, is_free

_PATIENCE = 20.0  # seconds for each check
_LEAST_SPACE = 1_000_000_000  # bytes
_WORST_CLOCK = 60.0  # seconds
_TIMEOUT = aiohttp.ClientTimeout(total=5)


def main(load: Callable[[], Settings], console: Console | None = None) -> int:
    """Check all, print the table; 1 if anything fails. `load` reads the settings, which may be what is wrong."""
    console = console or Console()
    try:
        settings = load()
    except SettingsError as wrong:
        show([("linli.toml", fail(str(wrong), "mend the line or the variable that is named"))], console)
        return 1
    findings = [("linli.toml", ok("the settings can be read")), *asyncio.run(examine(settings))]
    show(findings, console)
    return 1 if any(finding.verdict == Verdict.FAIL for _, finding in findings) else 0


async def examine(settings: Settings) -> list[tuple[str, Finding]]:
    """What every check found, by its name."""
    findings = await asyncio.gather(*(_safely(check, settings) for check in CHECKS.values()))
    return list(zip(CHECKS, findings, strict=True))


def show(findings: Sequence[tuple[str, Finding]], console: Console) -> None:
    """Print the table."""
    colours = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}
    table = Table("", "", box=None, padding=(0, 2, 0, 0))
    for title in ("found", "how to mend it"):
        table.add_column(title, overflow="fold")  # never cut: it may be a path
    for name, finding in findings:
        colour = colours[finding.verdict]
        # Escaped by being Text: what was found may have brackets in it.
        table.add_row(
            f"[{colour}]{finding.verdict}[/]",
            name,
            _plain(finding.what, console),
            _plain(finding.how_to_mend, console),
        )
    console.print(table)


def _plain(text: str, console: Console) -> Any:
    return console.render_str(text, markup=False, highlight=False, emoji=False)


def _shown(url: str) -> str:
    """The URL without the name and the password that may be in it."""
    return str(URL(url).with_user(None))


async def _safely(check: Check, settings: Settings) -> Finding:
    try:
        async with asyncio.timeout(_PATIENCE):
            return await check(settings)
    except TimeoutError:
        return fail(
            f"no answer within {_PATIENCE:.0f} s", "see whether the machine is overloaded or the network down"
        )
    except Refused as why:
        return fail(str(why), "")
    except Exception as error:  # noqa: BLE001 - one broken check must not hide the others
        return fail(f"the check itself broke: {type(error).__name__}: {error}", "please report this")


# --- the machine -----------------------------------------------------------------------------------------


async def python_version(_: Settings) -> Finding:
    """Whether this Python is one that we are made for."""
    version = ".".join(map(str, sys.version_info[:3]))
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        return fail(f"Python {version}", "Linli needs Python 3.11 to 3.13: run `make setup`")
    return ok(f"Python {version}")


async def home_writable(settings: Settings) -> Finding:
    """Whether the home can be written, and who works on it."""
    home = Home(settings.home)
    home.make()
    probe = home.path / ".doctor"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return fail(f"{home.path}: {error.strerror}", "give Linli a folder that it may write: LINLI_HOME")
    by = home.holder()
    return ok(f"{home.path}{f', in use by process {by}' if by else ''}")


async def disk_space(settings: Settings) -> Finding:
    """Whether there is room for what will be said."""
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = shutil.disk_usage(folder).free
    told = f"{free / 1e9:.1f} GB free under {folder}"
    if free >= _LEAST_SPACE:
        return ok(told)
    mend = "make room, or set LINLI_HOME to another disk: a full disk stops Redis from writing"
    return warn(told, mend) if free >= _LEAST_SPACE / 10 else fail(told, mend)


async def time_zones(_: Settings) -> Finding:
    """Whether the system knows time zones: deadlines are on the grid's own clock."""
    try:
        ZoneInfo("Asia/Shanghai")
    except ZoneInfoNotFoundError:
        return fail("no time zone data", "install the package tzdata")
    return ok("time zone data are there")


async def ports_free(settings: Settings) -> Finding:
    """Whether our ports are free, or held by Linli itself."""
    mine = Home(settings.home).holder()
    taken = [
        f"{port} ({variable}) is held by {holder(port) or 'another program'}"
        for variable, host, port in own_ports(settings)
        if port and not is_free(host, port)
    ]
    if not taken:
        return ok("free: " + ", ".join(str(port) for _, _, port in own_ports(settings)))
    if mine:
        return ok(f"in use by Linli, process {mine}")
    mend = "stop those programs, or set the variables to other ports"
    if settings.redis_url:
        return warn("; ".join(taken), f"nothing, where these are the roles of this Linli; else {mend}")
    return fail("; ".join(taken), mend)


async def browser(_: Settings) -> Finding:
    """Whether the tests of the pages could run; Linli itself needs no browser."""
    found = shutil.which("chromium")
    return ok(found) if found else ok("no chromium; only `make test` needs one")


# --- redis -----------------------------------------------------------------------------------------------


async def redis(settings: Settings) -> Finding:
    """Whether the outside Redis answers, or there is one to start."""
    if settings.redis_url:
        return await outside_redis(settings.redis_url)
    socket_path(Home(settings.home).redis)
    executable, version = await find_redis(Home(settings.home).redis)
    return ok(f"embedded: {executable}, version {'.'.join(map(str, version))}")


async def outside_redis(url: str) -> Finding:
    mend = "see that the server runs and LINLI_REDIS_URL is right"
    one = url.replace("+cluster://", "://").partition(",")[0]  # of a cluster, its first server speaks for all
    client = Redis.from_url(one, decode_responses=True, socket_connect_timeout=5, retry=Retry(NoBackoff(), 0))
    async with client:
        try:
            server, kept = await client.info("server"), await client.info("persistence")
            memory = await client.info("memory")
        except (RedisError, OSError) as error:
            # Not its text, which may have the URL with its password.
            return fail(f"the Redis of LINLI_REDIS_URL does not answer ({type(error).__name__})", mend)
    told = f"Redis {server['redis_version']} answers"
    wrong = {
        "keeps no append-only file": (
            "set `appendonly yes`: a power cut loses messages else",
            not int(kept.get("aof_enabled", 0)),
        ),
        "may throw cases away when its memory is full": (
            "set `maxmemory-policy noeviction`",
            _evicts(memory),
        ),
    }
    found = {what: mend for what, (mend, holds) in wrong.items() if holds}
    if not found:
        return ok(told)
    verdict = fail if _evicts(memory) else warn
    return verdict(f"{told}, but {' and '.join(found)}", "; ".join(found.values()))


def _evicts(memory: Mapping[str, Any]) -> bool:
    return bool(memory.get("maxmemory_policy", "noeviction") != "noeviction")


# --- the NLU ---------------------------------------------------------------------------------------------


async def nlu_environment(settings: Settings) -> Finding:
    """Whether the NLU project and its environment are there."""
    if settings.nlu_url:
        return ok("not needed: LINLI_NLU_URL is set")
    return ok(str(find_nlu()))


async def nlu_model(settings: Settings) -> Finding:
    """Whether there is a model of the project as it stands."""
    if settings.nlu_url:
        return ok("not needed: LINLI_NLU_URL is set")
    folder = find_nlu()
    wanted = await _fingerprint(folder, Home(settings.home))
    if (folder / "models" / f"{wanted}.tar.gz").is_file():
        return ok(f"{wanted}, up to date")
    others = any((folder / "models").glob("*.tar.gz"))
    text = "the model is older than the examples or your records" if others else "there is no model yet"
    return warn(text, "`linli run` trains it, which takes a minute or two")


async def _fingerprint(folder: Path, home: Home) -> str:
    """What the model of the project would be called. Raises Refused where the project cannot say."""
    asked = await asyncio.create_subprocess_exec(
        nlu_python(folder),
        "-c",
        "import train; print(train.fingerprint())",
        cwd=folder,
        env={**os.environ, **told_nlu(home)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        said, wrong = await asked.communicate()
    finally:
        if asked.returncode is None:
            asked.kill()
            await asked.communicate()
    if asked.returncode:
        last = (wrong.decode(errors="replace").strip().splitlines() or ["no words"])[-1]
        raise Refused(f"the environment of the NLU is broken ({last[:200]}): run `make clean setup`")
    return said.decode().split()[-1]


async def nlu_server(settings: Settings) -> Finding:
    """Whether the NLU server reads a text, where one should be running."""
    url = settings.nlu_url or f"http://127.0.0.1:{settings.nlu_port}"
    started = time.monotonic()
    try:
        reading = await _read(url)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        if settings.nlu_url:
            return fail(
                f"{_shown(url)} does not answer", "see that the server runs and LINLI_NLU_URL is right"
            )
        return _not_running(settings)
    if not isinstance(reading, dict) or "intent" not in reading:
        return fail(
            f"{_shown(url)} answers, but not as an NLU server does",
            "see what listens there, and LINLI_NLU_URL",
        )
    return ok(f"{_shown(url)} read a text in {(time.monotonic() - started) * 1000:.0f} ms")


async def _read(url: str) -> Any:
    asked = {"text": "3号楼电梯坏了"}
    async with (
        aiohttp.ClientSession(timeout=_TIMEOUT) as session,
        session.post(f"{url}/model/parse", json=asked) as answer,
    ):
        return await answer.json(content_type=None) if answer.status == 200 else None


def _not_running(settings: Settings) -> Finding:
    if Home(settings.home).holder():
        return warn("does not answer yet", "it may be training; look again in two minutes, then at the log")
    return ok("`linli run` starts it")


# --- dispatch and telegram -------------------------------------------------------------------------------


async def dispatch(settings: Settings) -> Finding:
    """Whether the dispatch backend says which kinds of problem it takes in."""
    url = settings.dispatch_url or f"http://127.0.0.1:{settings.desk_port}/open311/v2"
    if not settings.dispatch_url and not Home(settings.home).holder():
        return ok("embedded desk; `linli run` or `linli serve` starts it")
    key = settings.dispatch_key.get_secret_value() if settings.dispatch_key else ""
    mend = "see that the backend runs, and LINLI_DISPATCH_URL and LINLI_DISPATCH_KEY"
    try:
        async with Open311Dispatch(url, key, timeout=5) as backend:
            services = await backend.services()
    except (Unreachable, Refused) as why:
        return fail(f"{_shown(url)}: {why}", mend)
    if not services:
        return warn(
            f"{_shown(url)} takes in no kind of problem", "ask its operators for the services of your place"
        )
    return ok(f"{_shown(url)} takes in {len(services)} kinds of problem")


async def clock(settings: Settings) -> Finding:
    """Whether our clock agrees with that of the Bot API, the one outside clock that we talk to anyway."""
    if not settings.telegram.tokens:
        return ok(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC by this machine; nothing to compare it with")
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.head(settings.telegram.api) as answer,
        ):
            theirs = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return warn(f"{settings.telegram.api} does not tell the time", "see the line on Telegram")
    theirs = theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC)  # "-0000", an old way to say UTC
    apart = abs((datetime.now(UTC) - theirs).total_seconds())
    if apart > _WORST_CLOCK:
        return fail(f"the clock is {apart:.0f} s off", "switch on the system's time synchronisation")
    return ok("the clock is right")


CHECKS: dict[str, Check] = {
    "python": python_version,
    "home": home_writable,
    "disk": disk_space,
    "ports": ports_free,
    "clock": clock,
    "time zones": time_zones,
    "redis": redis,
    "nlu environment": nlu_environment,
    "nlu model": nlu_model,
    "nlu server": nlu_server,
    "dispatch": dispatch,
    "telegram": telegram,
    "telegram groups": telegram_groups,
    "browser": browser,
}
"""Every check, in the order of the table."""
