"""What a dispatcher does on the page, as JSON for programs: /api/tickets. The key goes in the header X-Api-Key."""

from typing import Any

from aiohttp import web

from actions.returns import Reason
from connectors.bodies import json_of
from connectors.desk.api import check_key
from connectors.desk.moves import NoReason, NoSuchTicket, NotAllowed
from connectors.desk.records import Query, plain
from connectors.desk.settings import STORE

_MOST = 500  # tickets of an answer


def routes() -> list[web.RouteDef]:
    """Return the addresses."""
    return [
        web.get("/api/tickets", list_tickets),
        web.get("/api/tickets/{id}", one_ticket),
        web.post("/api/tickets/{id}", move_ticket),
    ]


async def list_tickets(request: web.Request) -> web.Response:
    """List tickets, newest first; `unit`, `q` and `offset` narrow it."""
    await check_key(request)
    query, store = request.query, request.app[STORE]
    offset = query.get("offset", "")
    skip = int(offset) if offset.isascii() and offset.isdigit() and len(offset) < 9 else 0
    wanted = Query(unit=query.get("unit", ""), search=query.get("q", "")[:100])
    found = await store.with_steps(await store.tickets(wanted, _MOST, skip))
    return web.json_response({"tickets": [plain(one) for one in found]})


async def one_ticket(request: web.Request) -> web.Response:
    """Show one ticket."""
    await check_key(request)
    return await _shown(request)


async def move_ticket(request: web.Request) -> web.Response:
    """Move a ticket: `status`, and `reason` and `note` where a unit gives it back."""
    await check_key(request)
    asked = await _asked(request)
    try:
        await request.app[STORE].set_status(
            request.match_info["id"], asked["status"], asked["note"][:2000], asked["reason"]
        )
    except NoSuchTicket as error:
        return _wrong(404, str(error))
    except NoReason as error:
        return _wrong(400, str(error), reasons=[reason.value for reason in Reason])
    except NotAllowed as error:
        return _wrong(400, str(error))
    return await _shown(request)


async def _shown(request: web.Request) -> web.Response:
    try:
        return web.json_response(plain(await request.app[STORE].ticket(request.match_info["id"])))
    except NoSuchTicket as error:
        return _wrong(404, str(error))


async def _asked(request: web.Request) -> dict[str, str]:
    body = await json_of(request)
    names = ("status", "note", "reason")
    if not isinstance(body, dict) or not all(isinstance(body.get(name, ""), str) for name in names):
        raise web.HTTPBadRequest(
            text='{"error": "send a JSON object with status, note and reason"}',
            content_type="application/json",
        )
    return {name: body.get(name, "") for name in names}


def _wrong(status: int, text: str, **more: Any) -> web.Response:
    return web.json_response({"error": text, **more}, status=status)
