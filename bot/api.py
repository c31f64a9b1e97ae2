"""The program's own interface: the cases of a group as JSON, for scripts and for other systems."""

from typing import Any

from aiohttp import web

from actions.case import Case
from actions.clocks import light_of
from actions.confidentiality import is_confidential
from bot.access import granted
from bot.ports import State
from bot.scopes import Scope
from connectors.moves import home_of

STATE: web.AppKey[State] = web.AppKey("state", State)


def routes() -> list[web.RouteDef]:
    """What a web application has to serve for it."""
    return [web.get("/api/cases", cases)]


async def cases(request: web.Request) -> web.Response:
    """`GET /api/cases?group=telegram:-100…`; what nobody was sure of stands apart."""
    scopes = await granted(request, Scope.CASES, open_here=True)
    group = request.query.get("group", "")
    if not group:
        raise web.HTTPBadRequest(reason="say which group: /api/cases?group=telegram:-1001234567890")
    state = request.app[STATE]
    found = await state.cases(await home_of(group, state.recall))
    told = [
        (case.doubtful, record(case))
        for case in found
        if Scope.CONFIDENTIAL in scopes or not is_confidential(case)
    ]
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
