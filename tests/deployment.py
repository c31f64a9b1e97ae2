"""A deployment for tests: `linli intake`, `work` and `serve` as processes of their own on one Redis and one home.

async with deployed(tmp_path, nlu_url=nlu) as city:
first, second = await city.start("work"), await city.start("work")
first.kill(signal.SIGKILL)
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from bot.process import Process
from connectors.tcp_port import free_port
from tests.real_redis import real_redis
from tests.running import LINLI, STARTS_WITHIN, at_any_hour, until
from tests.scenarios.web_person import WebPerson

Json = dict[str, Any]


class Running:
    """One process of the city. `lines` are what it printed."""

    def __init__(self, what: Process, process: asyncio.subprocess.Process, url: str) -> None:
        self.what, self.process, self.url = what, process, url
        self.lines: list[str] = []
        self._reading = asyncio.create_task(self._read())

    def send(self, what: signal.Signals) -> None:
        """SIGKILL, SIGSTOP, SIGCONT …"""
        self.process.send_signal(what)

    async def is_ready(self) -> bool:
        """Whether it has said so."""
        assert self.process.returncode is None, "\n".join(self.lines[-20:])
        return any("Ctrl-C" in line for line in self.lines)

    async def end(self) -> int:
        """End it as an operator would; its code."""
        with suppress(ProcessLookupError):
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
        code = await asyncio.wait_for(self.process.wait(), 15)
        await self._reading
        return code

    async def _read(self) -> None:
        assert self.process.stdout
        while line := await self.process.stdout.readline():
            self.lines.append(line.decode(errors="replace").rstrip())


class City:
    """All of them."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.env, self._folder = env, folder
        self.all: list[Running] = []
        self.http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10))
        self._people: list[WebPerson] = []

    async def start(self, what: str) -> Running:
        """One more process of this kind, once it is ready."""
        process, port = Process(what), free_port("127.0.0.1")
        started = await asyncio.create_subprocess_exec(
            LINLI, what, "--port", str(port), env=self.env, cwd=self._folder,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        running = Running(process, started, f"http://127.0.0.1:{port}")
        self.all.append(running)
        await until(running.is_ready, f"linli {what} is ready", STARTS_WITHIN)
        return running

    def url(self, what: Process) -> str:
        """Where the one of this kind answers."""
        return next(one.url for one in self.all if one.what is what)

    async def person(self, name: str, group: str) -> WebPerson:
        """Somebody at the page of a browser group."""
        person = WebPerson(self.url(Process.INTAKE), group, name, "resident")
        self._people.append(person)
        await person.come()
        return person

    async def cases(self, group: str) -> list[Json]:
        """The group's cases, oldest first."""
        async with self.http.get(f"{self.url(Process.SERVE)}/api/cases", params={"group": group}) as answer:
            assert answer.status == 200, await answer.text()
            return list((await answer.json())["cases"])

    async def tickets(self) -> list[Json]:
        """All tickets of the desk."""
        desk = f"http://127.0.0.1:{self.env['LINLI_DESK_PORT']}/open311/v2/requests.json"
        async with self.http.get(desk) as answer:
            assert answer.status == 200, await answer.text()
            return list(await answer.json())

    async def close(self) -> None:
        """End everything, whatever happened before."""
        await asyncio.gather(*(person.close() for person in self._people))
        await self.http.close()
        await asyncio.gather(*(one.end() for one in self.all))


@asynccontextmanager
async def deployed(folder: Path, nlu_url: str) -> AsyncIterator[City]:
    """A city without any process yet."""
    (folder / "linli.toml").write_text(at_any_hour(""), "utf-8")
    async with real_redis(folder / "redis") as redis:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
        env = ours | {
            "LINLI_HOME": str(folder / "home"),
            "LINLI_CONFIG": str(folder / "linli.toml"),
            "LINLI_REDIS_URL": redis.url,
            "LINLI_NLU_URL": nlu_url,
            "LINLI_DESK_PORT": str(free_port("127.0.0.1")),
            "PYTHONUNBUFFERED": "1",
            "PATH": f"{Path(sys.executable).parent}:{ours.get('PATH', '')}",
        }
        city = City(folder, env)
        try:
            yield city
        finally:
            await city.close()
