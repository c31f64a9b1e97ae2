"""The border of the web server: by which names we are called, who may send us forms, what every answer carries."""

import ipaddress
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from bot.access import SETTINGS, host_of
from bot.settings import Settings

log = structlog.get_logger("border")
LARGEST_BODY = 1024 * 1024
"""Bytes of any body that a handler does not read piece by piece with a limit of its own."""
_PROBES = {"/healthz", "/readyz"}
_READS = {"GET", "HEAD", "OPTIONS"}
GUARD = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(), microphone=(), camera=()",
    "Cache-Control": "no-store",
}
_FOR_A_YEAR = "max-age=31536000"


@web.middleware
async def own_names_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a name that is not ours, and forms of other sites: no page may use a browser as its hand."""
    settings = request.app[SETTINGS]
    if request.path not in _PROBES and not is_ours(request.headers.get("Host"), settings):
        log.warning("host_refused", host=request.host[:100])
        raise web.HTTPMisdirectedRequest(
            reason="this server is not known by this name; set public_url, or name it in hosts"
        )
    if request.method not in _READS and is_foreign(request, settings):
        log.warning("form_refused", path=request.path)
        raise web.HTTPForbidden(reason="this was sent by a page of another site")
    return await handler(request)


def is_ours(netloc: str | None, settings: Settings) -> bool:
    """Whether we are called by a name of ours. A number cannot be pointed elsewhere, and a browser always says one.

    A server that others can reach, and that nobody has told its name, answers to any.
    """
    if netloc is None:
        return True
    host = host_of(netloc)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        named = {host_of(_netloc(url)) for url in (settings.public_url, settings.telegram.webhook) if url}
        ours = {"localhost", settings.host.lower(), *named, *(name.lower() for name in settings.hosts)}
        return host in ours or not (settings.loopback or settings.public_url or settings.hosts)
    return True


def is_foreign(request: web.Request, settings: Settings) -> bool:
    """Whether a page of another site makes a browser send this. Programs send no Origin."""
    if request.headers.get("Sec-Fetch-Site", "") in {"cross-site", "same-site"}:
        return True
    origin = request.headers.get("Origin")
    if origin is None:
        return False
    known = {request.host.lower(), _netloc(settings.address)}
    return _netloc(origin) not in known


def _netloc(url: str) -> str:
    """The host and port of a URL, small; "" for what is none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


async def guard(request: web.Request, response: web.StreamResponse) -> None:
    """What every answer carries; a handler's own word wins."""
    for name, value in GUARD.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = "linli"  # not which library in which version
    if request.app[SETTINGS].address.startswith("https://"):
        response.headers.setdefault("Strict-Transport-Security", _FOR_A_YEAR)
