"""Puts the desk together: the API, the page, the outbox loop, and what every answer carries."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from aiohttp import web

from connectors.desk import api, json_api, outbox, page
from connectors.desk.login import SESSIONS, Sessions, by_https
from connectors.desk.settings import SETTINGS, STORE, TRIES, Settings
from connectors.desk.store import Store
from connectors.tries import MemoryTries

_HEADERS = {
    "Content-Security-Policy": page.CSP,
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers would then send our own forms with "Origin: null".
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
}


def make_app(settings: Settings) -> web.Application:
    """Return the desk as an application; it opens its file when it starts."""
    app = web.Application(middlewares=[api.errors, _own_pages_only], client_max_size=512 * 1024)
    app[SETTINGS], app[TRIES] = settings, MemoryTries()
    app.add_routes([*api.routes(), *json_api.routes()])
    page.setup(app)
    app.on_response_prepare.append(_add_headers)
    app.cleanup_ctx.append(_open_store)
    if settings.push_url:
        app.cleanup_ctx.append(_run_outbox)
    return app


@web.middleware
async def _own_pages_only(request: web.Request, handler: api.Handler) -> web.StreamResponse:
    """Keep other sites' pages from using a browser on this machine as their hand."""
    settings = request.app[SETTINGS]
    name = (request.url.host or "").strip("[]")
    if settings.is_local and name not in {"localhost", "127.0.0.1", "::1", settings.host}:
        raise web.HTTPForbidden(text="the desk is not known by this name")
    if request.method == "POST" and api.is_foreign(request):
        raise web.HTTPForbidden(text="the form came from another site")
    return await handler(request)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "linli-desk"  # not which library in which version
    if by_https(request):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")


async def _open_store(app: web.Application) -> AsyncIterator[None]:
    settings = app[SETTINGS]
    async with Store.open(settings.home) as store:
        app[STORE] = store
        app[SESSIONS] = Sessions(await store.cookie_secret(), store)
        if settings.login_token:
            await store.offer_login(settings.login_token)
        yield


async def _run_outbox(app: web.Application) -> AsyncIterator[None]:
    loop = asyncio.create_task(outbox.deliver_for_ever(app[STORE], app[SETTINGS]))
    yield
    loop.cancel()
    with suppress(asyncio.CancelledError):
        await loop
