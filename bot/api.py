"""The program's own interface: the cases of a group as JSON, for scripts and for other systems."""

import hmac
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from actions.case import Case
from actions.clocks import light_of
from actions.confidentiality import hidden
from bot.login import LOGINS
from bot.ports import State
from bot.settings import Settings
from connectors.moves import home_of

STATE: web.AppKey[State] = web.AppKey("state", State)
SETTINGS = web.AppKey("settings", Settings)
_LOCAL = {"localhost", "127.0.0.1", "::1"}


def routes() -> list[web.RouteDef]:
    """What a web application has to serve for it."""
    return [web.get("/api/cases", cases)]


async def cases(request: web.Request) -> web.Response:
    """`GET /api/cases?group=telegram:-100…`; what nobody was sure of stands apart."""
    knows_all = _allow(request)
    group = request.query.get("group", "")
    if not group:
        raise web.HTTPBadRequest(reason="say which group: /api/cases?group=telegram:-1001234567890")
    state = request.app[STATE]
    found = await state.cases(await home_of(group, state.recall))
    told = [(case.doubtful, record(case)) for case in found if knows_all or not hidden(case)]
    cases, unsure = ([one for doubtful, one in told if doubtful is doubt] for doubt in (False, True))
    return web.json_response({"cases": cases, "unsure": unsure})


def record(case: Case) -> dict[str, Any]:
    """A case as the interface promises it, for staff, and who answers for it."""
    assigned = case.assignment
    return {
        "id": case.id,
        "stage": case.stage.value,
        "category": case.category,
        "place": case.place,
        "urgency": case.urgency.value,
        "ticket": case.ticket,
        "disputes": case.disputes,
        "matter": assigned.matter if assigned else None,
        "unit": assigned.unit if assigned else None,
        "level": assigned.level.value if assigned else None,
        "light": light_of(case).value,
        "messages": [{"id": message, "as": role} for message, role in case.messages],
    }


def _allow(request: web.Request) -> bool:
    """With a key, for whoever has it; without one, from this machine only. Operators may always.

    Whether they have shown who they are is the answer: only then they see what is confidential.
    """
    settings = request.app[SETTINGS]
    if request.app[LOGINS].who(request):
        return True
    if settings.api_key is not None:
        if not hmac.compare_digest(settings.api_key.get_secret_value().encode(), _key_of(request).encode()):
            raise web.HTTPUnauthorized(reason="this needs the key: Authorization: Bearer KEY")
    elif not settings.loopback or not _asked_here(request):
        raise web.HTTPUnauthorized(reason="set LINLI_API_KEY and send it as Authorization: Bearer KEY")
    return settings.api_key is not None


def _key_of(request: web.Request) -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else request.headers.get("X-API-Key", "")


def _asked_here(request: web.Request) -> bool:
    """Whether the address asked for is this machine's: a proxy in front of us, or a page of another site
    that points its own name here, says its own name instead.
    """
    try:
        return urlsplit(f"//{request.host}").hostname in _LOCAL
    except ValueError:
        return False
