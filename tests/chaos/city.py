"""The city of the fault suite: the real program on real servers, groups that talk, a backend that works."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any, Self

import aiohttp
from aiohttp import web

from connectors.tcp_port import free_port
from tests.chaos.account import Said
from tests.chaos.dispatch import Backend
from tests.chaos.proxy import TcpProxy
from tests.chaos.redis_pair import RedisPair
from tests.chaos.telegram import Telegram
from tests.chaos.units import Unit
from tests.running import LINLI, at_any_hour
from tests.telegram_world import Group, Person

CHATTER = ("早上好", "今天天气真好", "谢谢", "大家早上好")
FAILS, HANGS = "【读到这里就出错】", "【读到这里就卡住】"
"""Words in a message at which reading it fails, or never ends."""
STARTS_WITHIN = 120.0  # seconds
FAKETIME = "/usr/lib/{}/faketime/libfaketimeMT.so.1"
SETTINGS = """
dispatch_poll_seconds = 1
[policy]
share = 1.0
share_floor = 10000
pause_seconds = 1
"""


class NluDoor:
    """Stands before the NLU server, and plays what a message does to it that it cannot bear."""

    def __init__(self, upstream: str) -> None:
        self._upstream, self.port = upstream, 0
        self.poisoned = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._session = aiohttp.ClientSession()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        await self._session.close()

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        text = (await request.json())["text"] if body else ""
        if HANGS in text:
            self.poisoned += 1
            await asyncio.sleep(30)
        if FAILS in text:
            self.poisoned += 1
            return web.Response(status=500)
        kind = {"Content-Type": request.headers["Content-Type"]} if body else {}
        try:
            async with self._session.request(
                request.method, self._upstream + request.path_qs, data=body or None, headers=kind
            ) as answer:
                return web.Response(status=answer.status, body=await answer.read(), headers=_known(answer))
        except aiohttp.ClientError:
            if request.transport:
                request.transport.abort()
            return web.Response(status=502)


def _known(answer: aiohttp.ClientResponse) -> dict[str, str]:
    names = ("Content-Type", "Retry-After", "X-Linli-Model")
    return {name: answer.headers[name] for name in names if name in answer.headers}


class City:
    """All of it. `said` is what people said so far, as the account wants it."""

    def __init__(self, folder: Path, seed: int, groups: int) -> None:
        self.folder, self.dice = folder, Random(f"people {seed}")
        self.telegram, self.backend, self.redis = Telegram(), Backend(), RedisPair(folder)
        self.links: dict[str, TcpProxy] = {"redis": self.redis.front}
        self.units: dict[str, Unit] = {}
        self.said: list[Said] = []
        self.wants_closed: list[tuple[str, str]] = []
        self.groups: list[Group] = []
        self._reports: dict[int, int] = {}
        self._pressed: dict[tuple[int, int, str], float] = {}
        self._count = groups
        self.env: dict[str, str] = {}
        self.faketime = next((path for path in map(Path, _faketimes()) if path.exists()), None)

    # --- opening --------------------------------------------------------------------------------------

    async def open(self, stack: AsyncExitStack) -> None:
        """Start everything, and wait until it is ready."""
        await stack.enter_async_context(self.telegram)
        await stack.enter_async_context(self.backend)
        stack.push_async_callback(self.redis.stop)
        await self.redis.start()
        nlu_port = free_port("127.0.0.1")
        nlu = await stack.enter_async_context(NluDoor(f"http://127.0.0.1:{nlu_port}"))
        for name, port in (
            ("dispatch", self.backend.port),
            ("telegram", int(self.telegram.url.rpartition(":")[2])),
        ):
            self.links[name] = await stack.enter_async_context(TcpProxy(("127.0.0.1", port)))
        self.env = self._environment(nlu)
        stack.push_async_callback(self._stop)
        (self.folder / "linli.toml").write_text(at_any_hour(SETTINGS), "utf-8")
        await self._start("nlu", nlu_port)
        await self._start("serve", free_port("127.0.0.1"))
        for name in ("intake", "work1", "work2"):
            await self._start(name, free_port("127.0.0.1"))
        self._settle_in()

    def _environment(self, nlu: NluDoor) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
        return ours | {
            "LINLI_HOME": str(self.folder / "home"),
            "LINLI_CONFIG": str(self.folder / "linli.toml"),
            "LINLI_REDIS_URL": self.redis.url,
            "LINLI_NLU_URL": f"http://127.0.0.1:{nlu.port}",
            "LINLI_DISPATCH_URL": f"http://127.0.0.1:{self.links['dispatch'].port}/api",
            "LINLI_TELEGRAM_TOKEN": self.telegram.token,
            "RASA_TELEMETRY_ENABLED": "false",
            "PYTHONUNBUFFERED": "1",
        }

    async def _start(self, name: str, port: int) -> None:
        api = {"LINLI_TELEGRAM_API": f"http://127.0.0.1:{self.links['telegram'].port}/via/{name}"}
        argv = [str(LINLI), name.rstrip("12"), "--port", str(port)]
        unit = Unit(name, argv, self.env | api | self._clock(name), self.folder)
        self.units[name] = self.telegram.names[name] = unit
        await unit.start()
        ready = f"http://127.0.0.1:{port}/{'status' if name == 'nlu' else 'readyz'}"
        await self._answers(ready, name)

    def _clock(self, name: str) -> dict[str, str]:
        """A clock of its own for a worker, which `set_clock` puts forward and back."""
        if self.faketime is None or not name.startswith("work"):
            return {}
        self.set_clock(name, 0)
        return {
            "LD_PRELOAD": str(self.faketime),
            "FAKETIME_TIMESTAMP_FILE": str(self.folder / f"{name}.clock"),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    def set_clock(self, name: str, seconds: float) -> None:
        """How far the clock of a worker is ahead."""
        (self.folder / f"{name}.clock").write_text(f"{seconds:+.0f}\n", "ascii")

    async def _answers(self, url: str, name: str) -> None:
        try:
            async with asyncio.timeout(STARTS_WITHIN), aiohttp.ClientSession() as session:
                while True:
                    try:
                        async with session.get(url) as answer:
                            if answer.status == 200:
                                return
                    except aiohttp.ClientError:
                        pass
                    await asyncio.sleep(0.2)
        except TimeoutError:
            tail = self.units[name].log.read_text("utf-8", "replace")[-3000:]
            raise AssertionError(f"{name} is not ready within {STARTS_WITHIN:g} s:\n{tail}") from None

    async def _stop(self) -> None:
        await asyncio.gather(*(unit.stop() for unit in self.units.values()))

    def _settle_in(self) -> None:
        self.worker = self.telegram.person("孟姐")
        self.people = [self.telegram.person(f"居民{n}") for n in range(8)]
        for n in range(self._count):
            self.groups.append(self.telegram.group(f"第{n + 1}网格", administrators=[self.worker]))

    # --- what people do -------------------------------------------------------------------------------

    async def talk(self, seconds: float, pace: float) -> None:
        """Every group says something every `pace` seconds, every fifth time that something is broken."""
        until, turn = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            for n, group in enumerate(self.groups):
                if (turn + n) % 5 == 0:
                    self.report(group)
                else:
                    self._say(group, self.dice.choice(CHATTER))
                await asyncio.sleep(pace / len(self.groups))
            turn += 1

    def chat(self, names: set[str]) -> None:
        """Somebody says something in each of these groups."""
        for group in self.groups:
            if group.ref in names:
                self._say(group, self.dice.choice(CHATTER))

    def report(self, group: Group) -> None:
        """A lift is out of order, in a building of which nobody has spoken yet; every third is mended soon."""
        building = self._reports[group.id] = self._reports.get(group.id, 0) + 1
        said = self._say(group, f"{building}号楼2单元电梯又坏了", f"{building}号楼2单元")
        if building % 3 == 1:
            self.wants_closed.append((said.group, said.id))

    def _say(self, group: Group, text: str, place: str = "") -> Said:
        message = group.say(self.dice.choice(self.people), text)
        said = Said(group.ref, str(message.id), text, place)
        self.said.append(said)
        return said

    def poison(self, how: str) -> None:
        """Somebody says what cannot be read."""
        group = self.dice.choice(self.groups)
        mark = f"{how}{len(self.said)}"
        if how in (FAILS, HANGS):
            message = group.say(self.dice.choice(self.people), f"电梯{mark}")
            self.said.append(Said(group.ref, str(message.id), mark, poison=True))
            return
        number = group.next_id()
        raw = {"message_id": number, "date": "today", "chat": group.chat(), "from": mark, "text": mark}
        self.telegram.publish_raw({"message": raw})
        self.said.append(Said(group.ref, str(number), mark, poison=True))

    async def mend(self) -> None:
        """The backend accepts and mends every third, and people confirm what they are asked, until cancelled."""
        wanted = {self._case_words(*one) for one in self.wants_closed}
        while True:
            wanted = {self._case_words(*one) for one in self.wants_closed}
            for ticket in self.backend.tickets:
                if ticket.status == "open" and any(_is_of(ticket, group, words) for group, words in wanted):
                    self.backend.move(ticket, "accepted")
                elif ticket.status == "accepted":
                    self.backend.move(ticket, "fixed", "已更换门机")
            for group in self.groups:
                self._press_all(group, self.worker, "确认修好")
                self._press_all(group, self.people[0], "解决了")
            await asyncio.sleep(2)

    def _case_words(self, group: str, message: str) -> tuple[str, str]:
        return group, next(one.place for one in self.said if (one.group, one.id) == (group, message))

    def _press_all(self, group: Group, person: Person, label: str) -> None:
        for said in group.said:
            key = group.id, said.id, label
            if label in said.labels and time.monotonic() - self._pressed.get(key, 0) > 15:
                self._pressed[key] = time.monotonic()
                group.press(person, said, label)


def _is_of(ticket: Any, group: str, words: str) -> bool:
    return ticket.ref.startswith(f"{group}:") and f"{words}电梯" in ticket.description


def _faketimes() -> list[str]:
    return [FAKETIME.format(f"{machine}-linux-gnu") for machine in ("x86_64", "aarch64")]


@asynccontextmanager
async def open_city(folder: Path, seed: int, groups: int = 6) -> AsyncIterator[City]:
    """A city at work."""
    folder.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    async with AsyncExitStack() as stack:
        city = City(folder, seed, groups)
        await city.open(stack)
        yield city
