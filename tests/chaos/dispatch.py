"""A stand-in for a city's dispatch backend, and what goes wrong there on order."""

import asyncio
import json
import re
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from aiohttp import web

Json = dict[str, Any]
HANGS = 25.0  # seconds; the program waits for twenty
_REF = re.compile(r"\[ref:([^\]]+)\]\s*$")
_UPDATE = re.compile(r"\[upd:([^\]]+)\]\s*$")


class Trouble(StrEnum):
    """What becomes of a request."""

    ERROR = "500"
    STORES_THEN_SILENT = "stores, then says nothing"
    STORES_THEN_ERROR = "stores, then 500"
    TWICE = "answers twice"


@dataclass
class Ticket:
    """What was filed, in the order of arrival."""

    id: str
    description: str
    at: datetime
    status: str = "open"

    @property
    def ref(self) -> str:
        """The case for which it was filed."""
        found = _REF.search(self.description)
        return found[1] if found else ""


@dataclass
class Backend:
    """Open311 with the updates extension. `trouble` waits for requests that write; `used` counts what came of it."""

    tickets: list[Ticket] = field(default_factory=list)
    updates: list[Json] = field(default_factory=list)
    trouble: deque[Trouble] = field(default_factory=deque)
    used: Counter[str] = field(default_factory=Counter)
    tells_twice: bool = False
    port: int = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        for method, path, handler in (
            ("GET", "services", self._services),
            ("GET", "requests", self._requests),
            ("POST", "requests", self._file),
            ("GET", "servicerequestupdates", self._updates),
            ("POST", "servicerequestupdates", self._update),
        ):
            app.router.add_route(method, f"/api/{path}.json", handler)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def move(self, ticket: Ticket, status: str, note: str = "") -> None:
        """A dispatcher does something about a ticket; it is told of by the next news."""
        ticket.status = status
        self._note(ticket.id, status, note)

    @property
    def told(self) -> list[str]:
        """The keys of what the program told us, in the order of arrival."""
        found = (_UPDATE.search(one["description"]) for one in self.updates)
        return [one[1] for one in found if one]

    async def _services(self, _: web.Request) -> web.Response:
        return web.json_response([{"service_code": "x", "service_name": "x", "metadata": "false"}])

    async def _requests(self, _: web.Request) -> web.Response:
        rows = [
            {
                "service_request_id": one.id,
                "status": one.status,
                "service_code": "x",
                "description": one.description,
                "requested_datetime": one.at.isoformat(),
            }
            for one in reversed(self.tickets)
        ]
        return web.json_response(rows)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        form, trouble = await request.post(), self._next()
        if trouble is Trouble.ERROR:
            return web.json_response([{"code": 500, "description": "out of order"}], status=500)
        ticket = Ticket(str(1000 + len(self.tickets)), str(form["description"]), datetime.now(UTC))
        self.tickets.append(ticket)
        return await self._answered(request, trouble, [{"service_request_id": ticket.id}])

    async def _updates(self, request: web.Request) -> web.Response:
        rows = self.updates * 2 if self.tells_twice else self.updates
        self.used["tells its news twice"] += self.tells_twice
        size, page = int(request.query.get("page_size", 100)), int(request.query.get("page", 1))
        return web.json_response(rows[(page - 1) * size : page * size])

    async def _update(self, request: web.Request) -> web.StreamResponse:
        form, trouble = await request.post(), self._next()
        if trouble is Trouble.ERROR:
            return web.json_response([{"code": 500, "description": "out of order"}], status=500)
        known = self._note(str(form["service_request_id"]), str(form["status"]), str(form["description"]))
        return await self._answered(request, trouble, [{"update_id": known}])

    def _note(self, ticket: str, status: str, text: str) -> str:
        row = {
            "update_id": str(len(self.updates) + 1), "service_request_id": ticket, "status": status,
            "updated_datetime": datetime.now(UTC).isoformat(), "description": text,
        }  # fmt: skip
        self.updates.append(row)
        return str(row["update_id"])

    def _next(self) -> Trouble | None:
        trouble = self.trouble.popleft() if self.trouble else None
        if trouble:
            self.used[trouble.value] += 1
        return trouble

    async def _answered(
        self, request: web.Request, trouble: Trouble | None, rows: list[dict[str, str]]
    ) -> web.StreamResponse:
        if trouble is Trouble.STORES_THEN_SILENT:
            await asyncio.sleep(HANGS)
        if trouble is Trouble.STORES_THEN_ERROR:
            return web.json_response([{"code": 500, "description": "out of order"}], status=500)
        if trouble is Trouble.TWICE and request.transport:
            # The second answer comes when the first has been read, and lies there for whoever asks next.
            asyncio.get_running_loop().call_later(0.05, _write, request.transport, rows)
        return web.json_response(rows)


def _write(transport: asyncio.WriteTransport, rows: list[dict[str, str]]) -> None:
    if not transport.is_closing():
        body = json.dumps(rows)
        transport.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )
