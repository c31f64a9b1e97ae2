"""`linli run` and its likes: start the parts in order, say when they can be used, and stop them in the reverse order.

    redis    where there is no LINLI_REDIS_URL
    nlu      where there is no LINLI_NLU_URL; trains first where there is no model, while the pages answer
    desk     where there is no LINLI_DISPATCH_URL
    the bot  in this process; bot/wiring.py opens it
    work     where there is a second core: the bot then hears and shows, and works in processes of its own

`linli intake`, `work` and `serve` (bot/process.py) start none of them but the desk, which is with `serve`.
A part that dies is started again (connectors/child.py). Nothing of ours is left when this ends.
"""

import asyncio
import gc
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp
import structlog
from rich.cells import set_cell_size
from rich.console import Console

from actions.errors import Refused, Unreachable
from bot.health import Health, Part
from bot.home import Home
from bot.nlu_project import find_nlu, nlu_command, nlu_environment
from bot.process import Process
from bot.settings import Settings
from bot.work_child import GIVES_WAY, WorkChild, at_work
from connectors.child import PARENT, Child, Patience
from connectors.embedded_redis import EmbeddedRedis, socket_path
from connectors.tcp_port import free_port, held_by, is_free

_log = structlog.get_logger(__name__)

PUSH_PATH = "/dispatch/push"
"""Where the bot hears what the desk pushes."""
GROUP_PAGE = "/group/demo"
CONSOLE_LOGIN = "/login?token={token}"
DESK_LOGIN = "/login?token={token}"

STOPS_WITHIN = 10.0
"""Seconds; the times below, with that of bot/work_child.py, add up to less."""
_BOT_STOPS_WITHIN = 4.0
_BOT_WITHOUT_WORK_STOPS_WITHIN = 1.5
_DESK = Patience(grace=1.5)
_NLU = Patience(grace=1.0)
_REDIS = Patience(grace=2.5)
_TELL_AFTER = 30.0  # seconds of not being ready, until we say why


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the bot stands on: addresses, and the secrets that go with them.

    `embedded` are the parts that are ours, for the page of health; a part that is somebody else's is not
    among them. `push_secret` is empty where nobody pushes. `worked_beside`: other processes of ours do the work.
    """

    redis_url: str
    nlu_url: str
    dispatch_url: str
    dispatch_key: str = field(repr=False)
    push_secret: str = field(repr=False)
    embedded: tuple[Part, ...] = ()
    worked_beside: bool = False


@dataclass(frozen=True, slots=True)
class Embedded:
    """A child process as a part whose health can be asked."""

    name: str
    child: Child | EmbeddedRedis

    async def health(self) -> Health:
        """How it stands."""
        told = self.child.health()
        return Health(told.ok, told.detail, told.since)


class Bot(Protocol):
    """The bot in this process, open: its pages answer."""

    @property
    def console_token(self) -> str:
        """What lets its bearer into the console, once."""

    @property
    def telegram(self) -> str:
        """The name of the Telegram bot; empty where Telegram is off."""

    async def failed(self) -> None:
        """Return, or raise, when the bot cannot go on; else never."""


OpenBot = Callable[[Settings, Parts], AbstractAsyncContextManager[Bot]]


def main(
    settings: Settings, open_bot: OpenBot, process: Process = Process.RUN, work_children: int = 0
) -> int:
    """Run until told to stop; the exit code. What goes wrong is told on stderr, in words for the operator."""
    try:
        return asyncio.run(run(settings, open_bot, process=process, work_children=work_children))
    except (Refused, Unreachable) as why:
        Console(stderr=True, soft_wrap=True, markup=False, highlight=False).print(f"linli: {why}")
        return 1


async def run(
    settings: Settings,
    open_bot: OpenBot,
    *,
    nlu: Path | None = None,
    console: Console | None = None,
    process: Process = Process.RUN,
    work_children: int = 0,
) -> int:
    """Run all parts until SIGTERM or Ctrl-C; 0 when they were stopped. Raises Refused.

    `nlu` is the folder of the NLU project, the checkout's own by default. With `work_children` the work is done by so
    many processes beside this one.
    """
    home = Home(settings.home)
    with home.lock() if process is Process.RUN else nullcontext():
        settings = _with_ports(settings, process)
        supervisor = Supervisor(
            settings, open_bot, home, nlu=nlu, console=console, process=process, work_children=work_children
        )
        stop = _stop_when_told(supervisor.kill)
        living = asyncio.create_task(supervisor.live())
        told = asyncio.create_task(stop.wait())
        orphaned = asyncio.create_task(_orphaned(os.environ.get(PARENT, "")))
        await asyncio.wait({living, told, orphaned}, return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        orphaned.cancel()
        if not living.done():
            return await _stop(living, supervisor)
        living.result()
        return 1


async def _stop(living: "asyncio.Task[None]", supervisor: "Supervisor") -> int:
    living.cancel()
    _, late = await asyncio.wait({living}, timeout=STOPS_WITHIN)
    supervisor.kill()  # nothing is left, unless we are late
    wrong = None if late or living.cancelled() else living.exception()
    if late or wrong:
        _log.error("stopped_in_disorder", late=bool(late), error=repr(wrong) if wrong else "")
    return 1 if late or wrong else 0


class Supervisor:
    """The parts of one process. For `linli run` the caller holds the home's lock; the settings name real ports."""

    def __init__(
        self,
        settings: Settings,
        open_bot: OpenBot,
        home: Home,
        *,
        nlu: Path | None = None,
        console: Console | None = None,
        process: Process = Process.RUN,
        work_children: int = 0,
    ) -> None:
        self._settings, self._open_bot, self._home, self._process = settings, open_bot, home, process
        self._nlu_folder, self._work_children = nlu, work_children
        self._console = console or Console()
        self._parts: dict[str, Child | EmbeddedRedis] = {}
        self._work: list[WorkChild] = []
        self._desk_token = secrets.token_urlsafe(24)

    async def live(self) -> None:
        """Start everything, and stay until the bot fails. Raises Refused; cancel it to stop everything."""
        require_ports(self._settings, self._process)
        async with AsyncExitStack() as stack:
            redis_url = self._settings.redis_url or await self._start_redis(stack)
            nlu_url = self._settings.nlu_url or await self._start_nlu(stack)
            desk_url = self._settings.dispatch_url or await self._start_desk(stack)
            parts = self._with_work(self._describe(redis_url, nlu_url, desk_url))
            within = _BOT_WITHOUT_WORK_STOPS_WITHIN if self._work else _BOT_STOPS_WITHIN
            opened = _stopping_in_time(self._open_bot(self._settings, parts), within)
            bot = await stack.enter_async_context(opened)
            await stack.enter_async_context(at_work(self._work))
            await _unless_failed(bot, self._become_ready())
            self._greet(bot)
            # What was made until now stays: the collector need not look through it again and again.
            gc.freeze()
            await bot.failed()
            raise Refused("the bot has stopped by itself")

    def kill(self) -> None:
        """End all child processes at once."""
        for part in (*self._parts.values(), *(one.child for one in self._work)):
            part.kill()

    # --- starting ---

    async def _start_redis(self, stack: AsyncExitStack) -> str:
        if self._process is not Process.RUN:
            return self._redis_of_another()
        redis = self._parts["redis"] = EmbeddedRedis(self._home.redis, patience=_REDIS)
        await stack.enter_async_context(redis)
        await redis.ready()
        return redis.url

    def _redis_of_another(self) -> str:
        """The one of a `linli run` on the same home."""
        socket = socket_path(self._home.redis)
        if not socket.exists():
            raise Refused(
                f"`linli {self._process}` needs LINLI_REDIS_URL, or a `linli run` on the same LINLI_HOME"
            )
        return f"unix://{quote(str(socket))}"

    async def _start_nlu(self, stack: AsyncExitStack) -> str:
        """Start the NLU and go on: it may have to train, and the pages can answer meanwhile."""
        port = self._settings.nlu_port
        if self._process is not Process.RUN:
            return f"http://127.0.0.1:{port}"
        folder = find_nlu(self._nlu_folder)
        argv = nlu_command(folder, "127.0.0.1", port)
        env = nlu_environment(self._home)
        child = Child("nlu", argv, env=env, cwd=folder, on_line=self._tell, patience=_NLU, nice=GIVES_WAY)
        self._parts["nlu"] = child
        await stack.enter_async_context(child)
        return f"http://127.0.0.1:{port}"

    async def _start_desk(self, stack: AsyncExitStack) -> str:
        settings = self._settings
        url = _local(settings.host, settings.desk_port) + "/open311/v2"
        if not self._process.shows:
            return url
        argv = [sys.executable, "-P", "-m", "connectors.desk", "--home", str(self._home.path)]
        argv += ["--host", settings.host, "--port", str(settings.desk_port)]
        # In the environment, not among the arguments: those can be read by everybody on the machine.
        env = {
            "LINLI_DISPATCH_KEY": self._dispatch_key(),
            "LINLI_DESK_PUSH_URL": _local(settings.host, settings.port) + PUSH_PATH,
            "LINLI_DESK_PUSH_SECRET": self._push_secret(),
            "LINLI_DESK_LOGIN": self._desk_token,
        }
        child = self._parts["desk"] = Child("desk", argv, env=env, patience=_DESK)
        await stack.enter_async_context(child)
        await child.ready()
        return url

    def _with_work(self, parts: Parts) -> Parts:
        """The same with the processes that do the work, which are begun when the bot is open."""
        environment = self._environment(parts)
        # Alone on our own Redis they get back at once what they had before a crash.
        name = "" if self._settings.redis_url else "run:{}"
        for number in range(1, self._work_children + 1):
            port = free_port("127.0.0.1")
            self._work.append(WorkChild(number, port, name.format(number), environment))
        embedded = (*parts.embedded, *self._work)
        return replace(parts, embedded=embedded, worked_beside=bool(self._work))

    def _environment(self, parts: Parts) -> dict[str, str]:
        """Our own variables, and where the parts are."""
        ours = {name: value for name, value in os.environ.items() if name.startswith("LINLI_")}
        return ours | {
            "LINLI_HOME": str(self._home.path),
            "LINLI_PUBLIC_URL": self._settings.address,
            "LINLI_REDIS_URL": parts.redis_url,
            "LINLI_NLU_URL": parts.nlu_url,
            "LINLI_DISPATCH_URL": parts.dispatch_url,
            "LINLI_DISPATCH_KEY": parts.dispatch_key,
            "LINLI_DISPATCH_PUSH_SECRET": parts.push_secret,
        }

    def _describe(self, redis_url: str, nlu_url: str, dispatch_url: str) -> Parts:
        return Parts(
            redis_url=redis_url,
            nlu_url=nlu_url,
            dispatch_url=dispatch_url,
            dispatch_key=self._dispatch_key(),
            push_secret=self._push_secret(),
            embedded=tuple(Embedded(name, child) for name, child in self._parts.items()),
        )

    def _dispatch_key(self) -> str:
        if self._settings.dispatch_key:
            return self._settings.dispatch_key.get_secret_value()
        return "" if self._settings.dispatch_url else self._home.secret("desk_key")

    def _push_secret(self) -> str:
        if self._settings.dispatch_push_secret:
            return self._settings.dispatch_push_secret.get_secret_value()
        return "" if self._settings.dispatch_url else self._home.secret("push_secret")

    # --- telling ---

    async def _become_ready(self) -> None:
        """Return when every part is ready and the bot says so of itself, at /readyz."""
        self._tell(f"Linli is starting; its pages answer at {_here(self._settings, self._process)}")
        nlu = self._parts.get("nlu")
        for part in (*((nlu,) if nlu else ()), *(one.child for one in self._work)):
            await part.ready()
        await _until_ready(f"{_local(self._settings.host, self._settings.port)}/readyz", self._tell)

    def _tell(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def _greet(self, bot: Bot) -> None:
        self._console.rule("[bold]邻里 Linli")
        for label, address in self._addresses(bot):
            # No frame and no wrapping: an address that is cut cannot be opened.
            self._tell(f"  {set_cell_size(label, 16)}{address}")
        self._console.rule("Ctrl-C stops it")
        _log.info("ready", address=self._settings.address)

    def _addresses(self, bot: Bot) -> list[tuple[str, str]]:
        here = _here(self._settings, self._process)
        rows = [("群聊 group", here + GROUP_PAGE)] if self._process.hears else []
        if "desk" in self._parts:
            desk = desk_address(self._settings)
            rows.append(("调度台 desk", desk + DESK_LOGIN.format(token=self._desk_token)))
        if bot.console_token:
            rows.append(("控制台 console", here + CONSOLE_LOGIN.format(token=bot.console_token)))
        rows.append(("健康 health", f"{here}/healthz"))
        if bot.telegram:
            rows.append(("Telegram", f"@{bot.telegram.removeprefix('@')}"))
        return rows


# --- ports -----------------------------------------------------------------------------------------------


def own_ports(settings: Settings, process: Process = Process.RUN) -> list[tuple[str, str, int]]:
    """The ports that this process listens on: variable, host, number."""
    ports = [("LINLI_PORT", settings.host, settings.port)]
    if not settings.nlu_url and process is Process.RUN:
        ports.append(("LINLI_NLU_PORT", "127.0.0.1", settings.nlu_port))
    if not settings.dispatch_url and process.shows:
        ports.append(("LINLI_DESK_PORT", settings.host, settings.desk_port))
    return ports


def require_ports(settings: Settings, process: Process = Process.RUN) -> None:
    """Raises Refused where a port is taken: which, by whom, and what to set."""
    seen: dict[int, str] = {}
    for variable, host, port in own_ports(settings, process):
        if port in seen:
            raise Refused(f"{seen[port]} and {variable} are both {port}: change one of them")
        seen[port] = variable
        if not is_free(host, port):
            raise Refused(
                f"port {port} is taken{held_by(port)}: stop that, or set {variable} to another port"
            )


def _with_ports(settings: Settings, process: Process) -> Settings:
    """The settings with a free port in the place of 0, since the parts must know of each other's."""
    names = {"LINLI_PORT": "port", "LINLI_NLU_PORT": "nlu_port", "LINLI_DESK_PORT": "desk_port"}
    ours = own_ports(settings, process)
    found = {names[variable]: free_port(host) for variable, host, port in ours if port == 0}
    return settings.model_copy(update=found)


def desk_address(settings: Settings) -> str:
    """Where this machine finds the embedded desk."""
    return _local(settings.host, settings.desk_port)


def _here(settings: Settings, process: Process) -> str:
    """Where this process answers. What people call from outside leads to all of them together."""
    return settings.address if process is Process.RUN else _local(settings.host, settings.port)


def _local(host: str, port: int) -> str:
    """How this machine itself reaches a server of ours."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104 - compared only
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


# --- waiting and stopping --------------------------------------------------------------------------------


async def _until_ready(url: str, tell: Callable[[str], None]) -> None:
    """Ask until the answer is 200; say once what it says instead, when that takes long."""
    told_at = asyncio.get_running_loop().time() + _TELL_AFTER
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        while (said := await _asked(session, url)) is not None:
            if asyncio.get_running_loop().time() > told_at:
                told_at = float("inf")
                tell(f"not ready yet: {said}")
            await asyncio.sleep(0.2)


async def _asked(session: aiohttp.ClientSession, url: str) -> str | None:
    """None when it is ready, else what it said."""
    try:
        async with session.get(url) as answer:
            return None if answer.status == 200 else (await answer.text())[:500]
    except (aiohttp.ClientError, TimeoutError) as error:
        return f"{url} does not answer ({type(error).__name__})"


async def _unless_failed(bot: Bot, work: Coroutine[Any, Any, None]) -> None:
    """Do the work; but do not wait for what a bot that has failed will never bring about."""
    failing, working = asyncio.create_task(bot.failed()), asyncio.create_task(work)
    try:
        await asyncio.wait({failing, working}, return_when=asyncio.FIRST_COMPLETED)
        if failing.done():
            failing.result()
            raise Refused("the bot has stopped by itself while it was starting")
        working.result()
    finally:
        failing.cancel()
        working.cancel()
        await asyncio.wait({failing, working})


@asynccontextmanager
async def _stopping_in_time(opened: AbstractAsyncContextManager[Bot], seconds: float) -> AsyncIterator[Bot]:
    """Give the bot some seconds to end in order; it can bear to be cut off, and the parts must stop too."""
    bot = await opened.__aenter__()
    try:
        yield bot
    finally:
        try:
            async with asyncio.timeout(seconds):
                await opened.__aexit__(None, None, None)
        except TimeoutError:
            _log.warning("bot_cut_off", after_s=seconds)


async def _orphaned(parent: str) -> None:
    """Return when the process that has started us is gone; never, where nobody says that it is our parent."""
    if not parent:
        await asyncio.Event().wait()
    while str(os.getppid()) == parent:  # noqa: ASYNC110 - nothing tells a process of its parent's end
        await asyncio.sleep(1)


def _stop_when_told(kill: Callable[[], None]) -> asyncio.Event:
    """An event that SIGTERM and Ctrl-C set. A second Ctrl-C kills everything, us included."""
    stop = asyncio.Event()

    def interrupted() -> None:
        if stop.is_set():
            kill()
            os._exit(130)
        stop.set()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, interrupted)
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    return stop
