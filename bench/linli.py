"""The program that is measured, `linli run` as it is by default, beside a stand-in for the Bot API that notes when it
is told what.

    durable  POST of the update → 200
    card     POST of the update → sendMessage with the card
    ticket   POST of the update → the card is edited to show the ticket's number
"""

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from bench.load import Took, at_rate
from bench.processes import Server, Together, answers

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = str(Path(sys.executable).with_name("linli"))
TOKEN = "1000000:bench-token-that-opens-nothing-at-all"
PATIENCE_SECONDS = 120
NO_MORE_SECONDS = 20
GREETING = "大家早上好"
GREETINGS_A_SECOND = 100
_TICKET = re.compile(r"工单 \S+")


@dataclass
class Timeline:
    """When what happened to the message of a group, in seconds of one clock."""

    sent: float = 0.0
    card: float = 0.0
    ticket: float = 0.0


@dataclass
class BotApi:
    """As much of the Bot API as the bot asks for, and a note of when it said what."""

    lines: dict[int, Timeline] = field(default_factory=dict)
    secret: str = ""
    _ids: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call."""
        now, method = time.perf_counter(), request.match_info["method"]
        data = {key: str(value) for key, value in (await request.post()).items()}
        return web.json_response({"ok": True, "result": self._result(method, data, now)})

    def _result(self, method: str, data: dict[str, str], now: float) -> Any:
        if method == "getMe":
            me = {"id": 1000000, "is_bot": True, "first_name": "Linli", "username": "linli_bench_bot"}
            return {**me, "can_read_all_group_messages": True}
        if method == "setWebhook":
            self.secret = data["secret_token"]
        if method == "getChatAdministrators":
            return []
        return self._said(method, data, now) if method in ("sendMessage", "editMessageText") else True

    def _said(self, method: str, data: dict[str, str], now: float) -> dict[str, Any]:
        chat, text = int(data["chat_id"]), data["text"]
        line = self.lines.get(chat)
        if line and method == "sendMessage" and not line.card:
            line.card = now
        if line and not line.ticket and _TICKET.search(text):
            line.ticket = now
        self._ids += 1
        said = {
            "message_id": int(data.get("message_id") or self._ids),
            "date": int(time.time()),
            "text": text,
        }
        return {**said, "chat": {"id": chat, "type": "supergroup", "title": "bench"}}


class Linli:
    """`linli run`, its groups, and what becomes of what is said there."""

    def __init__(self, url: str, nlu: str, api: BotApi, server: Server | Together) -> None:
        self.url, self.nlu, self.api, self.server = url, nlu, api, server
        self._updates = 0

    @property
    def webhook(self) -> tuple[str, dict[str, str]]:
        """Where Telegram would push, and with what."""
        return f"{self.url}/telegram/webhook", {"X-Telegram-Bot-Api-Secret-Token": self.api.secret}

    def update(self, group: int, text: str) -> bytes:
        """One raw update: a resident says something in a group."""
        self._updates += 1
        n = self._updates
        chat = {"id": group, "type": "supergroup", "title": f"bench {group}"}
        sender = {"id": 9_000 - group % 9_000, "is_bot": False, "first_name": "居民"}
        message = {"message_id": n, "date": int(time.time()), "chat": chat, "from": sender, "text": text}
        return json.dumps({"update_id": 500_000 + n, "message": message}).encode()

    async def meet(self, groups: Sequence[int]) -> None:
        """Let the bot come to know the groups: somebody says good morning in each."""
        url, headers = self.webhook
        await at_rate(url, [self.update(group, GREETING) for group in groups], GREETINGS_A_SECOND, headers)
        await self.idle()

    async def idle(self) -> None:
        """Wait until nothing is left to be done: twice the same little use of the processor."""
        for _ in range(PATIENCE_SECONDS * 2):
            before = self.server.cpu_seconds()
            await asyncio.sleep(0.5)
            if self.server.cpu_seconds() - before < 0.1:
                return

    async def say(self, texts: dict[int, str], per_second: float) -> tuple[Took, list[Timeline]]:
        """Say one thing in each group; the time of the webhook, and what else happened when, once all has tickets."""
        url, headers = self.webhook
        bodies = [self.update(group, text) for group, text in texts.items()]
        lines, began = [Timeline() for _ in texts], time.perf_counter()
        for n, (group, line) in enumerate(zip(texts, lines, strict=True)):
            line.sent = began + n / per_second
            self.api.lines[group] = line
        took = await at_rate(url, bodies, per_second, headers)
        await _until_filed(lines)
        return took, lines


async def _until_filed(lines: list[Timeline]) -> None:
    """Wait until all have tickets, or nobody has got another for a while: not every report is sure enough to be filed."""
    filed, since = 0, time.perf_counter()
    while filed < len(lines) and time.perf_counter() - since < NO_MORE_SECONDS:
        await asyncio.sleep(0.02)
        now = sum(bool(line.ticket) for line in lines)
        if now > filed:
            filed, since = now, time.perf_counter()


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[Linli]:
    """The program on a home of its own; its parts at the ports behind this one."""
    url, ready = f"http://127.0.0.1:{port}", answers(f"http://127.0.0.1:{port}/readyz")
    argv = [PROGRAM, "run"]
    async with (
        bot_api(port + 3) as api,
        Server("linli", argv, folder, environment(folder, port), ready) as server,
    ):
        await told_where(api)
        yield Linli(url, f"http://127.0.0.1:{port + 1}", api, server)


@asynccontextmanager
async def bot_api(port: int) -> AsyncIterator[BotApi]:
    """The stand-in for the Bot API, at work."""
    api, app = BotApi(), web.Application()
    app.router.add_post("/bot{token}/{method}", api.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield api
    finally:
        await runner.cleanup()


async def told_where(api: BotApi) -> None:
    """Wait until the program has said where Telegram should push."""
    while not api.secret:
        await asyncio.sleep(0.1)


def environment(folder: Path, port: int) -> dict[str, str]:
    """What the program is told beside its defaults: a home, ports, and the Bot API."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("LINLI_")}
    return clean | {
        "LINLI_HOME": str(folder / "home"),
        "LINLI_PORT": str(port),
        "LINLI_NLU_PORT": str(port + 1),
        "LINLI_DESK_PORT": str(port + 2),
        "LINLI_TELEGRAM_TOKEN": TOKEN,
        "LINLI_TELEGRAM_API": f"http://127.0.0.1:{port + 3}",
        "LINLI_TELEGRAM_WEBHOOK": "https://bench.invalid",
        # What Linli can do is measured, not what Telegram allows one bot, which is 30 a second.
        "LINLI_TELEGRAM_PER_SECOND": "1000",
    }
