"""A watched child process: started in a process group of its own, restarted when it ends, never left behind.

Three things see to it that nothing stays: `stop` ends the whole group; the kernel kills the child when we
are killed (connectors/tether.py); and our own children look for LINLI_PARENT, where there is no such kernel.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import structlog

from actions.errors import Refused

_log = structlog.get_logger(__name__)
PARENT = "LINLI_PARENT"
"""The variable that tells a child of ours whose child it is."""
_TETHER = Path(__file__).with_name("tether.py")
_LEVELS = ("debug", "info", "warning", "error", "critical")
_LONGEST_LINE = 64 * 1024  # bytes
_PIPES_CLOSE_WITHIN = 1.0  # seconds
# Of our environment; a child gets our own variables, secrets among them, only when it is told them.
_LEFT_OUT = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV", "LINLI_")


@dataclass(frozen=True, slots=True)
class Health:
    """How a part stands, and since when. `detail` is fit to be shown."""

    ok: bool
    detail: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a child is waited for, in seconds.

    `waits` are the pauses before a restart, the last one for ever after; the first one again after
    `healthy_after` of health. A child that ends `tries` times before it was ever ready is given up.
    A child that is not ready within `ready_within` is started anew; None waits as long as it lives.
    """

    waits: tuple[float, ...] = (1, 2, 4, 8, 16, 30)
    healthy_after: float = 60
    tries: int = 3
    ready_within: float | None = None
    grace: float = 2


def tethered(argv: Sequence[str], nice: int = 0) -> list[str]:
    """The command that starts this program so that it dies with us, whatever our death; Linux only.

    `nice`: by how much it gives way where the processor is wanted by all.
    """
    return [sys.executable, "-I", "-S", str(_TETHER), str(os.getpid()), str(nice), *argv]


class Child:
    """A program that is to run as long as we do.

    It is ready when it prints the line `ready URL`, or, where `answers` is given, when that returns True.
    Every other line of its stdout goes to `on_line`; its stderr goes to our log, what it says in JSON lines as it is, or,
    where that is given, to `on_record`. `nice`: by how much it gives way where the processor is wanted by all.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        answers: Callable[[], Awaitable[bool]] | None = None,
        on_line: Callable[[str], None] | None = None,
        on_record: Callable[[dict[str, Any]], None] | None = None,
        patience: Patience | None = None,
        nice: int = 0,
    ) -> None:
        self.name = name
        self.url = ""
        self.pid: int | None = None
        self.restarts = 0
        self._argv, self._env, self._cwd, self._nice = list(argv), env or {}, cwd, nice
        self._answers, self._on_line, self._on_record = answers, on_line or self._whisper, on_record
        self._patience = patience or Patience()
        self._log = _log.bind(child=name)
        self._last: deque[str] = deque(maxlen=15)
        self._health = Health(ok=False, detail="not started", since=_now())
        self._ready_since: float | None = None
        self._stopping = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._first: asyncio.Future[None] | None = None
        self._process: _Process | None = None

    async def __aenter__(self) -> Self:
        self.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def begin(self) -> None:
        """Start the child and watch it; `ready` tells when it can be used."""
        self._stopping.clear()
        self._first = asyncio.get_running_loop().create_future()
        self._first.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._watching = asyncio.create_task(self._watch())

    async def ready(self) -> None:
        """Return when the child has been ready once. Raises Refused when it is given up."""
        if self._first is None:
            raise Refused(f"{self.name} was not started")
        await asyncio.shield(self._first)

    def health(self) -> Health:
        """How the child stands."""
        return self._health

    async def stop(self) -> None:
        """SIGTERM to its group, SIGKILL after the grace; returns when nothing of it runs any more."""
        self._stopping.set()
        watching, self._watching = self._watching, None
        if watching is None:
            return
        try:
            if self._process:
                self._process.signal(signal.SIGTERM)
                await asyncio.wait([watching], timeout=self._patience.grace)
        finally:
            self.kill()
            # Not cancelled: it has the pipes to give back, and ends by itself now.
            await asyncio.wait([watching])
            self._note(ok=False, detail="stopped")

    def kill(self) -> None:
        """SIGKILL to its group, now; for those who cannot wait."""
        if self._process:
            self._process.signal(signal.SIGKILL)

    # --- one life after the other ---

    async def _watch(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                code = await self._live()
            except OSError as error:  # no more processes, no such folder
                code = None
                self._last.append(str(error))
            if self._stopping.is_set():
                return
            failures = 1 if self._was_healthy() else failures + 1
            if self._is_hopeless(failures):
                self._give_up(code)
                return
            await self._pause(code, failures)

    async def _live(self) -> int | None:
        """Run the program once, to its end; the code that it ended with."""
        self._ready_since = None
        self._note(ok=False, detail="starting")
        process = self._process = await _Process.start(
            self._command(), self._environment(), self._cwd, self._heard
        )
        self.pid = process.pid
        if self._stopping.is_set():
            process.signal(signal.SIGKILL)
        becoming = asyncio.create_task(self._become_ready(process))
        try:
            await asyncio.shield(process.exited)
        finally:
            becoming.cancel()
            self._process = self.pid = None
            await process.close()
        return process.code

    def _command(self) -> list[str]:
        return tethered(self._argv, self._nice)

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith(_LEFT_OUT)}
        return {**ours, **self._env, PARENT: str(os.getpid())}

    async def _become_ready(self, process: "_Process") -> None:
        try:
            async with asyncio.timeout(self._patience.ready_within):
                while not await self._is_ready():  # noqa: ASYNC110 - some can only be asked
                    await asyncio.sleep(0.02)
        except TimeoutError:
            self._log.warning("child_not_ready", after_s=self._patience.ready_within)
            process.signal(signal.SIGKILL)
        else:
            self._be_ready()  # once more does no harm

    async def _is_ready(self) -> bool:
        return await self._answers() if self._answers else self._ready_since is not None

    def _be_ready(self) -> None:
        self._ready_since = self._ready_since or time.monotonic()
        self._note(ok=True, detail=f"running as process {self.pid}")
        if self._first and not self._first.done():
            self._first.set_result(None)

    def _was_healthy(self) -> bool:
        since = self._ready_since
        return since is not None and time.monotonic() - since >= self._patience.healthy_after

    def _is_hopeless(self, failures: int) -> bool:
        return self._first is not None and not self._first.done() and failures >= self._patience.tries

    def _give_up(self, code: int | None) -> None:
        text = f"{self.name} does not start: it {_ended(code)}. Its last words:\n" + "\n".join(self._last)
        self._log.error("child_given_up", code=code, last=list(self._last))
        self._note(ok=False, detail=f"{_ended(code)} and was given up")
        if self._first and not self._first.done():
            self._first.set_exception(Refused(text))

    async def _pause(self, code: int | None, failures: int) -> None:
        waits = self._patience.waits
        wait = waits[min(failures, len(waits)) - 1]
        self.restarts += 1
        self._log.warning(
            "child_restarts", code=code, in_s=wait, failures=failures, last=list(self._last)[-5:]
        )
        self._note(ok=False, detail=f"{_ended(code)}; starts again in {wait:g} s")
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), wait)

    def _note(self, *, ok: bool, detail: str) -> None:
        since = self._health.since if self._health.ok == ok else _now()
        self._health = Health(ok, detail, since)

    # --- what it says ---

    def _heard(self, pipe: int, line: str) -> None:
        if not line:
            return
        if pipe == 1 and line.startswith("ready ") and not self._answers:
            self.url = line.removeprefix("ready ").strip()
            self._be_ready()
            return
        self._last.append(line[:300])
        if pipe == 1:
            self._on_line(line)
        else:
            self._pass_on(line)

    def _whisper(self, line: str) -> None:
        self._log.debug("child_said", line=line)

    def _pass_on(self, line: str) -> None:
        said = _record(line)
        if said is None:
            self._log.info("child_said", line=line)
            return
        if self._on_record:
            self._on_record(said | {"child": self.name})
            return
        level = str(said.pop("level", "info")).lower()
        tell = getattr(self._log, level if level in _LEVELS else "info")
        tell(said.pop("event"), **{key: value for key, value in said.items() if key not in {"self", "child"}})


class _Process(asyncio.SubprocessProtocol):
    """One life of a child. `exited` is done when the program has ended, whoever still holds its pipes."""

    def __init__(self, heard: Callable[[int, str], None]) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.code: int | None = None
        self.pid = 0
        self._closed: asyncio.Future[None] = loop.create_future()
        self._heard = heard
        self._rest = {1: b"", 2: b""}
        self._transport: asyncio.SubprocessTransport | None = None

    @classmethod
    async def start(
        cls, argv: list[str], env: Mapping[str, str], cwd: Path | None, heard: Callable[[int, str], None]
    ) -> "_Process":
        """Start the program in a group of its own: Ctrl-C in the terminal is for us, not for it."""
        _, process = await asyncio.get_running_loop().subprocess_exec(
            lambda: cls(heard), *argv, env=env, cwd=cwd, stdin=asyncio.subprocess.DEVNULL, process_group=0
        )
        return process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the process; asyncio's word for: it has started."""
        if isinstance(transport, asyncio.SubprocessTransport):
            self._transport = transport
            self.pid = transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Cut what was said into lines."""
        *lines, rest = (self._rest[fd] + data).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            lines, rest = [*lines, rest], b""
        self._rest[fd] = rest
        for line in lines:
            self._heard(fd, line[:_LONGEST_LINE].decode(errors="replace").rstrip())

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Hear the last line, which may have no end."""
        del exc
        rest = self._rest.get(fd, b"")
        if rest:
            self._rest[fd] = b""
            self._heard(fd, rest.decode(errors="replace").rstrip())

    def process_exited(self) -> None:
        """Note the code that the program ended with."""
        self.code = self._transport.get_returncode() if self._transport else None
        if not self.exited.done():
            self.exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the program has ended and its pipes are closed."""
        del exc
        if not self._closed.done():
            self._closed.set_result(None)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, what the program has started included."""
        # EPERM: on some systems, a group of which only the dead are left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    async def close(self) -> None:
        """End whatever is left of the group, and give back the pipes."""
        self.signal(signal.SIGKILL)
        await asyncio.wait([self.exited])
        self.signal(signal.SIGKILL)  # what was started while we killed
        await asyncio.wait([self._closed], timeout=_PIPES_CLOSE_WITHIN)
        if self._transport:
            self._transport.close()


def _record(line: str) -> dict[str, Any] | None:
    """A line of a JSON log, or None for any other text."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and isinstance(said.get("event"), str) else None


def _ended(code: int | None) -> str:
    if code is None:
        return "could not be started"
    return f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"


def _now() -> datetime:
    return datetime.now(UTC)
