"""Processes that are measured: started, waited for, and asked what they cost. Needs Linux's /proc for the costs."""

import asyncio
import os
import re
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp
from redis.asyncio import Redis

PROC = Path("/proc")
READY_SECONDS = 600


class Server:
    """A command that serves, with all its children."""

    def __init__(
        self,
        name: str,
        argv: list[str],
        folder: Path,
        env: dict[str, str],
        ready: Callable[[], Awaitable[bool]],
    ) -> None:
        self.name, self._argv, self._folder, self._env, self._ready = name, argv, folder, env, ready
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        log = self._folder / f"{self.name}.log"
        with log.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *self._argv,
                cwd=self._folder,
                env=self._env,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        for _ in range(READY_SECONDS * 5):
            if self._process.returncode is not None:
                raise SystemExit(f"{self.name} has ended; its output is in {log}")
            if await self._ready():
                return self
            await asyncio.sleep(0.2)
        raise SystemExit(f"{self.name} did not become ready; its output is in {log}")

    async def __aexit__(self, *_: object) -> None:
        if self._process and self._process.returncode is None:
            self._process.terminate()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), 20)
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    def cpu_seconds(self) -> float:
        """Seconds of processor that the whole family has used."""
        return sum(map(_cpu, self._family()))

    def memory_gb(self) -> float:
        """GB that the family holds; what its members share counts once."""
        return sum(map(_memory, self._family())) / 1e9

    def _family(self) -> list[int]:
        return _family(self._process.pid) if self._process and PROC.is_dir() else []


@dataclass
class Together:
    """Servers that are one program; perhaps with a process of it that somebody else has started."""

    servers: list[Server]
    pid: int | None = None

    def cpu_seconds(self) -> float:
        """Seconds of processor that all of them have used."""
        return sum(server.cpu_seconds() for server in self.servers) + (_cpu(self.pid) if self.pid else 0.0)

    def memory_gb(self) -> float:
        """GB that all of them hold."""
        held = _memory(self.pid) / 1e9 if self.pid else 0.0
        return sum(server.memory_gb() for server in self.servers) + held


async def redis_cpu_seconds(redis: "Redis") -> float:
    """Seconds of processor that a Redis has used, by its own account."""
    told = await redis.info("cpu")
    return float(told["used_cpu_user"]) + float(told["used_cpu_sys"])


def answers(url: str, body: bytes | None = None) -> Callable[[], Awaitable[bool]]:
    """Whether a server answers 200 there."""

    async def asked() -> bool:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session,
                session.request("POST" if body else "GET", url, data=body) as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    return asked


def _family(pid: int) -> list[int]:
    try:
        children = [one.read_text().split() for one in (PROC / str(pid) / "task").glob("*/children")]
    except OSError:
        return [pid]
    return [pid, *(one for some in children for child in some for one in _family(int(child)))]


def _cpu(pid: int) -> float:
    try:
        fields = (PROC / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int) -> int:
    try:
        held = re.search(r"^Pss:\s*(\d+) kB", (PROC / str(pid) / "smaps_rollup").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(held[1]) * 1024 if held else 0
