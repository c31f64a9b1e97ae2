"""The web server: health, figures, login, error pages, and the frame that every page stands in.

`make_app` joins it with the console and the interface; connectors add their own routes to the result.
"""

import math
import secrets
from collections.abc import Sequence

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from actions.errors import Unreachable
from bot import api, console, rates_page
from bot.access import KEYS, LACKS, SETTINGS, address_of, genuine_form, recognise
from bot.api import STATE
from bot.board import Boards
from bot.border import LARGEST_BODY, guard, own_names_only
from bot.frame import PAGES, Translations, choose_language, language, render, set_up_pages
from bot.grids import Grids
from bot.health import Part, check
from bot.keys import Keys
from bot.log_ring import Ring
from bot.login import COOKIE, LOGINS, Logins
from bot.matter_list import Matters
from bot.metrics import Metrics
from bot.ports import Clock, State
from bot.reports import Reports
from bot.settings import Settings

Link = tuple[str, str]
"""An address of ours and what it leads to, for the page at `/`."""

log = structlog.get_logger("server")
METRICS = web.AppKey("metrics", Metrics)
PARTS: web.AppKey[Sequence[Part]] = web.AppKey("parts", Sequence)
LINKS: web.AppKey[Sequence[Link]] = web.AppKey("links", Sequence)
_KEPT = ("Retry-After", "Allow")
"""What an error says of itself beside its status."""


def make_app(
    *,
    settings: Settings,
    grids: Grids,
    state: State,
    clock: Clock,
    metrics: Metrics,
    logins: Logins,
    ring: Ring,
    parts: Sequence[Part],
    translations: Translations,
    links: Sequence[Link] = (),
    matters: Matters | None = None,
    shows: bool = True,
) -> web.Application:
    """The application, without the routes of the connectors. `links` are shown on the page at `/`.

    One that `shows` nothing tells its health and its figures only.
    """
    middlewares = [_errors, language, own_names_only, recognise]
    app = web.Application(middlewares=middlewares, client_max_size=LARGEST_BODY)
    app[SETTINGS], app[STATE], app[METRICS], app[LOGINS] = settings, state, metrics, logins
    app[KEYS] = Keys(settings.keys, settings.api_key)
    app[PARTS], app[LINKS] = parts, links
    set_up_pages(app, translations)
    app.add_routes(_health())
    app.on_response_prepare.append(guard)
    if shows:
        _show(app, grids, clock, ring, matters)
    return app


def _show(app: web.Application, grids: Grids, clock: Clock, ring: Ring, matters: Matters | None) -> None:
    settings, state, parts = app[SETTINGS], app[STATE], app[PARTS]
    calendar = settings.calendar.calendar(settings.country, settings.timezone)
    console.set_up(app, Boards(state, parts, clock, grids, calendar, matters=matters), ring)
    rates_page.set_up(app, Reports(state, grids), grids, clock)
    app.add_routes([*_routes(), *api.routes(), *console.routes(), *rates_page.routes()])


def _health() -> list[web.RouteDef]:
    return [web.get("/healthz", _healthz), web.get("/readyz", _readyz), web.get("/metrics", _metrics)]


def _routes() -> list[web.RouteDef]:
    return [
        web.get("/", _index),
        # A link that is only looked at ahead (HEAD) must not be used up.
        web.get("/login", _login, allow_head=False),
        web.post("/logout", _logout),
        web.get(r"/pages/{name:console\.(?:css|js)|rates\.css|icon\.svg}", _asset),
    ]


# --- pages ------------------------------------------------------------------------------------------


async def _asset(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(PAGES / request.match_info["name"], headers={"Cache-Control": "no-cache"})


async def _index(request: web.Request) -> web.StreamResponse:
    return render(request, "index.html", {"links": request.app[LINKS]})


# --- health and figures -----------------------------------------------------------------------------


async def _healthz(_: web.Request) -> web.Response:
    return web.json_response({"alive": True})


async def _readyz(request: web.Request) -> web.Response:
    health = await check(request.app[PARTS])
    unwell = {name: said for name, said in health.items() if not said.ok}
    why = {name: said.detail or "not ready" for name, said in unwell.items() if said.vital}
    impaired = {name: said.detail for name, said in unwell.items() if not said.vital}
    body = {"ready": not why, "not_ready": why, "impaired": impaired, "parts": sorted(health)}
    return web.json_response(body, status=503 if why else 200)


async def _metrics(request: web.Request) -> web.Response:
    metrics = request.app[METRICS]
    try:
        metrics.waiting(await request.app[STATE].depth())
    except Unreachable as reason:
        log.warning("depth_unknown", reason=str(reason))
    return web.Response(body=metrics.render(), headers={"Content-Type": "text/plain; version=0.0.4"})


# --- login ------------------------------------------------------------------------------------------


async def _login(request: web.Request) -> web.StreamResponse:
    token = request.query.get("token", "").strip()
    if not token:
        return await _login_page(request, "", 200)
    logins, address = request.app[LOGINS], address_of(request)
    if wait := await logins.wait(address):
        answer = await _login_page(request, "too_many", 429)
        answer.headers["Retry-After"] = str(math.ceil(wait))
        return answer
    visitor = await logins.redeem(token)
    if visitor is None:
        log.warning("login_refused", address=address)
        return await _login_page(request, "used_up", 401)
    await logins.end(request)  # what was logged in here before is not, any more
    log.info("login", role=visitor.role, address=address)
    # A page and no redirect: after a click in a chat, browsers keep a Strict cookie back from a redirect.
    page = render(request, "welcome.html", {"onward": "/console"})
    logins.welcome(page, visitor, secure=request.secure)
    return page


async def _login_page(request: web.Request, fault: str, status: int) -> web.StreamResponse:
    return render(request, "login.html", {"fault": fault}, status=status)


async def _logout(request: web.Request) -> web.StreamResponse:
    await genuine_form(request)
    await request.app[LOGINS].end(request)
    answer = web.Response(status=303, headers={"Location": "/"})
    answer.del_cookie(COOKIE)
    return answer


# --- errors -----------------------------------------------------------------------------------------


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        answer = await _told(request, error.status, error.reason)
        answer.headers.update({name: error.headers[name] for name in _KEPT if name in error.headers})
        return answer
    except Unreachable as reason:
        log.warning("page_unreachable", path=request.path, reason=str(reason))
        return await _told(request, 503, "")
    except ConnectionError:
        raise  # the visitor has gone
    except Exception:
        number = secrets.token_hex(4)
        log.exception("page_failed", error_id=number, path=request.path)
        return await _told(request, 500, "", number)


async def _told(request: web.Request, status: int, reason: str, number: str = "") -> web.StreamResponse:
    """The error as a page for people, as JSON for programs."""
    if "text/html" not in request.headers.get("Accept", ""):
        body = {"error": reason or "something went wrong", "id": number}
        return web.json_response({key: value for key, value in body.items() if value}, status=status)
    choose_language(request)
    if status == 401:
        return await _login_page(request, "", status)
    words = {"status": status, "reason": reason, "number": number, "lacking": reason.startswith(LACKS)}
    return render(request, "error.html", words, status=status)
