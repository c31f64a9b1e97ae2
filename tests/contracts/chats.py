"""The chat platforms as the suite on the port sees them: one group, a resident, a worker, what is shown."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from aiohttp import ClientWebSocketResponse, web
from aiohttp.test_utils import TestClient, TestServer

from actions.message import Heard, Kind, Message, Press, Role
from bot.ports import Chat
from connectors.memory_chat import MemoryChat
from connectors.telegram import TelegramChat
from connectors.telegram_bots import MAIN, TelegramBots, accepting
from connectors.telegram_roll import Roll
from connectors.web import WebChat
from connectors.web_log import RedisWebLog, WebLog
from tests.real_redis import real_redis
from tests.telegram_simulator import TelegramSimulator

NOW = datetime(2026, 3, 2, 7, 41, tzinfo=UTC)


@dataclass(frozen=True)
class Shown:
    """A message of the bot as the group sees it now."""

    text: str
    labels: tuple[tuple[str, ...], ...]
    reply_to: str | None


class Bench(Protocol):
    """A platform with one group. To the `stranger` there is no private line, and to nobody where the platform has none."""

    chat: Chat
    group: str
    has_private_line: bool
    stranger: str

    async def says(self, text: str, *, worker: bool = False, reply_to: str | None = None) -> Heard | None:
        """Somebody says something; what the connector makes of it."""

    async def presses(self, message: str, label: str) -> Press:
        """The resident presses a button."""

    async def toast(self, press: Press) -> str:
        """What the person who pressed sees."""

    async def shown(self) -> dict[str, Shown]:
        """All that the bot has in the group, by id."""

    async def comes_alone(self) -> str:
        """The resident opens a private line to the bot; the person's id."""

    async def heard_alone(self) -> list[str]:
        """What the bot has said to that person alone."""


class InMemory:
    """The list."""

    has_private_line = True
    stranger = "memory:stranger"
    group = "memory:g"

    def __init__(self) -> None:
        self.chat = MemoryChat(private_line="https://chat.example/start=")
        self.chat.staff = (("memory:li", "网格员小李"),)
        self.chat.strangers.add(self.stranger)
        self._count = 0

    async def says(self, text, *, worker=False, reply_to=None):
        sender, role = ("li", Role.WORKER) if worker else ("wang", Role.RESIDENT)
        return await self._understood(
            Message(
                self.group,
                self._next(),
                f"memory:{sender}",
                sender,
                role,
                NOW,
                Kind.TEXT,
                text,
                reply_to=reply_to,
            )
        )

    async def presses(self, message, label):
        buttons = next(said.post.buttons for said in self.chat.said if said.id == message)
        data = next(button.data for row in buttons for button in row if button.label == label)
        return await self._understood(
            Press(self.group, self._next(), "memory:wang", "王", Role.RESIDENT, NOW, data, message)
        )

    async def _understood(self, heard):
        self.chat.heard[heard.id] = heard
        return await self.chat.understand({"id": heard.id})

    def _next(self):
        self._count += 1
        return f"m{self._count}"

    async def comes_alone(self):
        return "memory:wang"

    async def heard_alone(self):
        return [text for person, text, _ in self.chat.whispered if person == "memory:wang"]

    async def toast(self, press):
        return dict(self.chat.answers)[press.id]

    async def shown(self):
        return {
            said.id: Shown(said.post.text, _labels(said.post.buttons), said.post.reply_to)
            for said in self.chat.said
        }


def _labels(rows: Any) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(button.label for button in row) for row in rows)


class OnTelegram:
    """The connector against the make-believe Bot API."""

    has_private_line = True

    def __init__(self, sim: TelegramSimulator, chat: Chat, via: str = MAIN) -> None:
        self._sim, self.chat, self._via = sim, chat, via
        self._wang, self._li = sim.person("王阿姨"), sim.person("网格员小李")
        self._group = sim.group("3号楼", administrators=[self._li])
        self.group = self._group.ref
        self.stranger = self._li.ref
        sim.updates.clear()

    async def says(self, text, *, worker=False, reply_to=None):
        quoted = self._group.message(int(reply_to)) if reply_to else None
        self._group.say(self._li if worker else self._wang, text, reply_to=quoted)
        return await self._understood()

    async def presses(self, message, label):
        self._group.press(self._wang, self._group.message(int(message)), label)
        return await self._understood()

    async def _understood(self):
        raw = json.loads(json.dumps(self._sim.updates.pop()))
        kept: list[dict[str, Any]] = []

        async def keep(*update: Any) -> bool:
            kept.append(update[-1])
            return True

        await accepting(self._via, keep)("telegram", self.group, str(raw["update_id"]), raw)
        return await self.chat.understand(kept[0])

    async def comes_alone(self):
        self._sim.private(self._wang)
        return self._wang.ref

    async def heard_alone(self):
        return [said.text for said in self._sim.private(self._wang).said]

    async def toast(self, press):
        number = press.id.rpartition(".")[2]
        return next(one.answer for one in self._group.presses if one.id == number)

    async def shown(self):
        return {
            str(said.id): Shown(
                said.text,
                tuple(tuple(label for label, _ in row) for row in said.buttons),
                str(said.reply_to) if said.reply_to else None,
            )
            for said in self._group.said
        }


class InBrowser:
    """The page's own server, with its log on a real Redis."""

    has_private_line = False
    stranger = "web:stranger"
    group = "web:garden"

    def __init__(self, log: WebLog, home: Path) -> None:
        self.inbox: list[dict[str, Any]] = []
        self._log = log
        self.chat = WebChat(log, self._accept, home, self, may_work=lambda _: True, key="k")
        self.client: TestClient[Any, Any] | None = None
        self._sockets: dict[bool, ClientWebSocketResponse] = {}
        self._count = 0

    def now(self) -> datetime:
        return NOW

    async def _accept(self, door: str, group: str, update: str, raw: dict[str, Any]) -> bool:
        self.inbox.append(json.loads(json.dumps(raw)))
        return True

    async def arrive(self, *, worker: bool) -> ClientWebSocketResponse:
        assert self.client
        if worker not in self._sockets:
            origin = str(self.client.make_url("/")).rstrip("/")
            (await self.client.get("/group/garden")).release()
            socket = await self.client.ws_connect("/group/garden/ws", headers={"Origin": origin})
            name, role = ("网格员小李", "worker") if worker else ("王阿姨", "resident")
            await socket.send_json({"type": "hello", "name": name, "role": role})
            await _frame(socket, "welcome")
            self._sockets[worker] = socket
        return self._sockets[worker]

    async def says(self, text, *, worker=False, reply_to=None):
        return await self._does(worker, "say", text=text, reply_to=reply_to)

    async def presses(self, message, label):
        body = await self._log.message(self.group, message)
        data = next(button["data"] for row in body["buttons"] for button in row if button["label"] == label)
        return await self._does(False, "press", message=message, data=data)  # noqa: FBT003

    async def _does(self, worker, kind, **what):
        self._count += 1
        socket = await self.arrive(worker=worker)
        await socket.send_json({"type": kind, "client_id": f"c{self._count}", **what})
        await _frame(socket, "ack")
        return await self.chat.understand(self.inbox[-1])

    async def comes_alone(self):
        return (await self.says("你好")).sender

    async def heard_alone(self):
        return []

    async def toast(self, press):
        return (await _frame(await self.arrive(worker=False), "toast"))["text"]

    async def shown(self):
        ids = range(1, await self._log.last(self.group) + 1)
        bodies = [await self._log.message(self.group, str(number)) for number in ids]
        return {
            body["id"]: Shown(
                body["text"],
                tuple(tuple(button["label"] for button in row) for row in body["buttons"]),
                body.get("reply_to"),
            )
            for body in bodies
            if body["role"] == "bot"
        }


async def _frame(socket: ClientWebSocketResponse, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while (frame := await socket.receive_json())["type"] != kind:
            assert frame["type"] != "notice", frame
        return dict(frame)


@asynccontextmanager
async def in_memory(_: Path) -> AsyncIterator[Bench]:
    bench = InMemory()
    yield bench


@asynccontextmanager
async def on_telegram(_: Path) -> AsyncIterator[Bench]:
    async with TelegramSimulator() as sim:
        chat = TelegramChat(sim.token, api_root=sim.url)
        await chat.start()
        yield OnTelegram(sim, chat)
        await chat.stop()


@asynccontextmanager
async def on_telegram_with_two(_: Path) -> AsyncIterator[Bench]:
    """The group is the second bot's."""
    async with TelegramSimulator() as sim:
        second = sim.another("770002:SIMULATED-token_of_the_east", "linli_east_bot")
        bots = [
            TelegramChat(one.token, name=name, api_root=sim.url)
            for one, name in ((sim, MAIN), (second, "east"))
        ]
        for bot in bots:
            await bot.start()

        async def known(_: str) -> bool:
            return False

        bench = OnTelegram(second, TelegramBots(bots, Roll.in_memory(), known), "east")
        await bench.says("大家好")
        yield bench
        for bot in bots:
            await bot.stop()


@asynccontextmanager
async def in_browser(home: Path) -> AsyncIterator[Bench]:
    async with real_redis(home / "redis") as server, server.client() as redis:
        bench = InBrowser(RedisWebLog(redis), home)
        app = web.Application()
        app.add_routes(bench.chat.routes())

        async def leave(_: web.Application) -> None:
            await bench.chat.close()

        app.on_shutdown.append(leave)
        async with TestClient(TestServer(app)) as bench.client:
            await bench.arrive(worker=True)
            yield bench


BENCHES = {"memory": in_memory, "web": in_browser, "telegram": on_telegram, "two bots": on_telegram_with_two}
