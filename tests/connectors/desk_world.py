"""A desk within the test, with a plain browser for it, and what the suites of the desk share."""

import asyncio
import re
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import aiohttp
from aiohttp.test_utils import TestServer

from connectors.desk.server import make_app
from connectors.desk.settings import Settings
from connectors.desk.store import list_tickets, set_status
from connectors.dispatch import Filing

HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
LIFT = Filing(
    "g1-7", "housing.elevator", "3号楼电梯又坏了", "幸福里3号楼", 34.79, 114.3, ("https://example.org/a.jpg",)
)
API = "/open311/v2"


class Desk:
    """A desk within the test, a plain browser for it, and its records."""

    def __init__(self, url, home, session):
        self.url, self.home, self.session = url, home, session
        self.api = url + API

    async def get(self, path, **more):
        async with self.session.get(self.url + path, **more) as answer:
            return answer.status, await answer.text()

    async def post(self, path, form, **more):
        async with self.session.post(self.url + path, data=form, **more) as answer:
            return answer.status, await answer.text()

    async def set(self, ticket_id, status, note="", reason=""):
        await asyncio.to_thread(set_status, self.home, ticket_id, status, note, reason)

    async def tickets(self):
        return await asyncio.to_thread(list_tickets, self.home)

    async def log_in(self):
        assert (await self.get("/login?token=T"))[0] == 200
        return re.search(r'name="csrf" value="([^"]+)"', (await self.get("/?state=all"))[1])[1]


@asynccontextmanager
async def desk_with(home, **options):
    server = TestServer(make_app(Settings(home=home, login_token="T", **options)))
    await server.start_server()
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Desk(str(server.make_url("")).rstrip("/"), home, session)
    await server.close()


async def eventually(what):
    """Wait until a check gives something, ten seconds at most."""
    async with asyncio.timeout(10):
        while not (found := await what()):  # noqa: ASYNC110 - another process cannot set an event
            await asyncio.sleep(0.02)
    return found
