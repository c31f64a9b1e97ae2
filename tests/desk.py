"""Starts the dispatch desk as a process of its own, for tests that run the whole loop."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class RunningDesk:
    """Where the desk is: ``url`` of its page, ``api`` of its Open311."""

    url: str
    key: str
    login: str
    home: Path
    process: asyncio.subprocess.Process

    @property
    def api(self):
        return f"{self.url}/open311/v2"


@asynccontextmanager
async def running_desk(
    home: Path,
    *,
    key: str = "desk-key",
    push_url: str = "",
    push_secret: str = "",
    login: str = "one-time",
    port: int = 0,
) -> AsyncIterator[RunningDesk]:
    """Run a desk on a home; it is stopped at the end, whatever happens."""
    options = {"home": home, "port": port, "key": key, "login-token": login}
    if push_url:
        options |= {"push-url": push_url, "push-secret": push_secret}
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "connectors.desk", *arguments, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    try:
        yield RunningDesk(await _ready(process), key, login, home, process)
    finally:
        await _stop(process)


async def _ready(process) -> str:
    async with asyncio.timeout(20):
        while line := (await process.stdout.readline()).decode():
            if line.startswith("ready "):
                return line.split()[1]
    raise RuntimeError("the desk ended before it was ready")


async def _stop(process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), 8)
        except TimeoutError:
            process.kill()
            await process.wait()
