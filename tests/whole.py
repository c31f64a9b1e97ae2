"""The whole bot on a real Redis, with every door open: pages, interface, webhook, pushes, evidence, a browser group."""

import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from bot.log_ring import Ring
from bot.process import Process
from bot.settings import Settings, load
from bot.supervisor import Parts
from bot.wiring import OpenBot, open_bot
from connectors.redis_state import RedisState, client_of
from tests.real_redis import real_redis
from tests.telegram_simulator import TelegramSimulator

PUSH_SECRET = "push-SECRET-of-dispatch-51c8"
DISPATCH_KEY = "dispatch-KEY-of-ours-77aa"
API_KEY = "api-KEY-of-the-city-19fe"
NLU_PASSWORD = "nlu-PASSWORD-4d2b"
TELEGRAM_TOKEN = "770001:SIMULATED-token_of_the_bot_31xyz"
WHAT_VARIES = {"name": "console.css", "group": "demo", "case": "web:demo:1", "token": "x"}
EAST_TOKEN = "770002:SIMULATED-token_of_the_east_47xyz"
OUR_SECRETS = (PUSH_SECRET, DISPATCH_KEY, API_KEY, NLU_PASSWORD, TELEGRAM_TOKEN, EAST_TOKEN)


@dataclass
class Whole:
    """The bot at work, a browser without memory for it, and what is behind it."""

    bot: OpenBot
    settings: Settings
    session: aiohttp.ClientSession
    sim: TelegramSimulator
    redis_url: str
    ring: Ring

    async def ask(self, method: str, path: str, **more: object) -> tuple[int, dict[str, str], str]:
        """Status, headers and text of an answer. A stream is read no further than its head."""
        address = f"http://127.0.0.1:{self.settings.port}{path}"
        async with self.session.request(method, address, allow_redirects=False, **more) as answer:
            streams = answer.content_type == "text/event-stream"
            text = "" if streams else (await answer.read()).decode("utf-8", "replace")
            return answer.status, dict(answer.headers), text

    async def log_in(self) -> dict[str, str]:
        """The cookies of an operator."""
        address = f"http://127.0.0.1:{self.settings.port}/login"
        async with self.session.get(address, params={"token": self.bot.console_token}) as answer:
            assert answer.status == 200
            return {name: one.value for name, one in answer.cookies.items()}

    @asynccontextmanager
    async def state(self) -> AsyncIterator[RedisState]:
        """What is stored, seen from beside."""
        client = client_of(self.redis_url)
        try:
            yield RedisState(client)
        finally:
            await client.aclose()


@asynccontextmanager
async def whole_bot(
    home: Path,
    *,
    nlu_url: str = "http://127.0.0.1:1",
    dispatch_url: str = "http://127.0.0.1:1",
    process: Process = Process.RUN,
    **env: str,
) -> AsyncIterator[Whole]:
    """Open it, or one process of it; `env` are more variables."""
    async with real_redis(home / "redis") as redis, TelegramSimulator(token=TELEGRAM_TOKEN) as sim:
        given = {
            "LINLI_HOME": str(home),
            "LINLI_PORT": str(_free_port()),
            "LINLI_API_KEY": API_KEY,
            "LINLI_TELEGRAM_TOKEN": TELEGRAM_TOKEN,
            "LINLI_TELEGRAM_API": sim.url,
            "LINLI_TELEGRAM_WEBHOOK": "http://localhost",
        }
        sim.another(EAST_TOKEN, "linli_east_bot")
        toml = home / "whole.toml"
        toml.write_text(f'[[telegram.bots]]\nname = "east"\ntoken = "{EAST_TOKEN}"\n')
        settings, ring = load({**given, **env}, toml), Ring()
        parts = Parts(
            redis_url=redis.url,
            nlu_url=nlu_url,
            dispatch_url=dispatch_url,
            dispatch_key=DISPATCH_KEY,
            push_secret=PUSH_SECRET,
        )
        jar = aiohttp.DummyCookieJar()
        opened = open_bot(settings, parts, ring, process=process)
        async with opened as bot, aiohttp.ClientSession(cookie_jar=jar) as session:
            yield Whole(bot, settings, session, sim, redis.url, ring)


def routes(here: Whole, *, changing: bool) -> list[tuple[str, str]]:
    """Every route that the server has, with something in the place of what varies."""
    found = set()
    for route in here.bot.app.router.routes():
        path = route.resource.canonical if route.resource else ""
        path = re.sub(r"\{(\w+)[^}]*\}", lambda part: WHAT_VARIES[part[1]], path)
        if route.method != "HEAD" and (route.method != "GET") is changing:
            found.add((route.method, path))
    return sorted(found)


class Gossip:
    """A server that repeats in its errors whatever it was sent, headers and all."""

    def __init__(self, status: int = 400) -> None:
        self.status, self.url, self.heard = status, "", 0

    async def answer(self, request: web.Request) -> web.Response:
        """Tell everything."""
        self.heard += 1
        sent = f"{request.path_qs} {dict(request.headers)} {await request.text()}"
        return web.json_response([{"code": self.status, "description": sent}], status=self.status)


@asynccontextmanager
async def gossip(status: int = 400) -> AsyncIterator[Gossip]:
    """Such a server."""
    told, app = Gossip(status), web.Application()
    app.router.add_route("*", "/{path:.*}", told.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    told.url = f"127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield told
    finally:
        await runner.cleanup()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
