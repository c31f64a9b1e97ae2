"""The `linli work` that `linli run` starts beside itself, so that what is heard need not wait behind what is worked on.

Where there is one core only, `linli run` does all by itself. Figures of all of them are those of one program
(`figures_of_all`); what they log goes into one log (connectors/child.py).
"""

import os
import sys
from asyncio import gather
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from tempfile import TemporaryDirectory

import aiohttp

from bot.health import Health
from bot.log import relay
from bot.settings import Settings
from connectors.child import Child, Patience

FIGURES = "PROMETHEUS_MULTIPROC_DIR"
"""Where processes put their figures together; the client library reads it once, when it is imported."""
_PATIENCE = Patience(grace=2.5)
GIVES_WAY = 5
"""By how much what works gives way to what hears and keeps (nice(2)): what is worked on may wait, whoever speaks may not."""
_ANSWERS_WITHIN = aiohttp.ClientTimeout(total=2.0)


def how_many(settings: Settings) -> int:
    """How many are started: what the settings say, else one where there is a second core."""
    if settings.work_processes is not None:
        return settings.work_processes
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 1 if cores > 1 else 0


@contextmanager
def figures_of_all() -> Iterator[None]:
    """Have this process and its children count together. To be entered before `prometheus_client` is imported."""
    with TemporaryDirectory(prefix="linli-figures-") as folder:
        os.environ[FIGURES] = folder
        try:
            yield
        finally:
            del os.environ[FIGURES]


class WorkChild:
    """One of them, and a part whose health can be asked.

    `env` are our own variables, with the addresses of what it shall stand on; it is found at `port` of this machine.
    `name` is what it is called by among all that work on its Redis; "" leaves that to itself.
    """

    def __init__(self, number: int, port: int, name: str, env: Mapping[str, str]) -> None:
        self.name = f"work {number}"
        self._address = f"http://127.0.0.1:{port}/healthz"
        argv = [sys.executable, "-P", "-m", "bot.cli", "work", "--port", str(port), "--name", name]
        given = {**env, "LINLI_HOST": "127.0.0.1"}
        self.child = Child(
            self.name,
            argv,
            env=given,
            answers=self._answers,
            on_record=relay,
            patience=_PATIENCE,
            nice=GIVES_WAY,
        )

    async def health(self) -> Health:
        """Whether it runs, and answers."""
        told = self.child.health()
        if told.ok and not await self._answers():
            return Health(ok=False, detail="it runs and does not answer", since=told.since)
        return Health(told.ok, told.detail, told.since)

    async def _answers(self) -> bool:
        try:
            async with (
                aiohttp.ClientSession(timeout=_ANSWERS_WITHIN) as session,
                session.get(self._address) as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False


@asynccontextmanager
async def at_work(children: Sequence[WorkChild]) -> AsyncIterator[None]:
    """Start them; at the end all are stopped at once."""
    for one in children:
        one.child.begin()
    try:
        yield
    finally:
        await gather(*(one.child.stop() for one in children))
