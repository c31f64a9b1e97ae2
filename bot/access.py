"""Access: who sent a request, and whether they may have what they ask for.

a person     a session's cookie (bot/login.py), in a role
a program    a key in `Authorization: Bearer KEY` or `X-API-Key` (bot/keys.py), with scopes
nobody       on this machine only, and where no key is set: the cases of a group, without the confidential ones
"""

import functools
import ipaddress
import math
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from actions.errors import Unreachable
from bot.keys import Holder, Keys
from bot.login import LOGINS, Visitor
from bot.scopes import Scope
from bot.settings import Settings
from connectors.bodies import form_of

log = structlog.get_logger("access")
SETTINGS = web.AppKey("settings", Settings)
KEYS = web.AppKey("keys", Keys)
VISITOR = web.RequestKey("visitor", Visitor)
_AWAY = web.RequestKey("away", Unreachable)
_SCOPES: web.RequestKey[frozenset[Scope]] = web.RequestKey("scopes", frozenset)
_LOCAL = {"localhost", "127.0.0.1", "::1"}
_PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded")
LACKS = "this needs the scope"
_Handled = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def recognise(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Settle who is logged in, once. Pages for everybody are shown while the store is away, too."""
    try:
        if visitor := await request.app[LOGINS].who(request):
            request[VISITOR] = visitor
    except Unreachable as reason:
        request[_AWAY] = reason
    return await handler(request)


def visitor_of(request: web.Request) -> Visitor | None:
    """Who is logged in."""
    return request.get(VISITOR)


def scopes_of(request: web.Request) -> frozenset[Scope]:
    """What whoever asks may do, by login, or by the key that let them in."""
    if _SCOPES in request:
        return request[_SCOPES]
    visitor = visitor_of(request)
    return visitor.scopes if visitor else frozenset()


def may_operate(request: web.Request) -> bool:
    """Whether an operator asks."""
    return Scope.OPERATE in scopes_of(request)


def requires(scope: Scope) -> Callable[[_Handled], _Handled]:
    """Let in whoever has the scope, by login or by key. Others get 401, and who is known but may not 403."""

    def guard(handler: _Handled) -> _Handled:
        @functools.wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            await granted(request, scope)
            return await handler(request)

        return guarded

    return guard


async def granted(request: web.Request, scope: Scope, *, open_here: bool = False) -> frozenset[Scope]:
    """All that whoever asks may do. Raises 401, 403, 429 and `Unreachable` where `scope` is not among it.

    With `open_here` this machine may have it without a key, as long as none is set.
    """
    holder = await _holder(request, open_here=open_here)
    if holder is None:
        if away := request.get(_AWAY):
            raise away
        raise web.HTTPUnauthorized(reason="this needs a login, or a key: Authorization: Bearer KEY")
    if scope not in holder.scopes:
        log.warning("access_refused", who=holder.name, scope=scope.value, path=request.path)
        raise web.HTTPForbidden(reason=f"{LACKS} {scope.value}")
    request[_SCOPES] = holder.scopes
    return holder.scopes


async def _holder(request: web.Request, *, open_here: bool) -> Holder | None:
    if visitor := visitor_of(request):
        return Holder(visitor.role, visitor.scopes)
    keys, given = request.app[KEYS], _key_of(request)
    if given and keys:
        return await _by_key(request, keys, given)
    if open_here and not keys and request.app[SETTINGS].loopback and asked_here(request):
        return Holder("this machine", frozenset({Scope.CASES}))
    return None


async def _by_key(request: web.Request, keys: Keys, given: str) -> Holder | None:
    """Only wrong keys are counted: a program may ask as often as it likes."""
    if holder := keys.holder(given):
        return holder
    wait = await request.app[LOGINS].wait(address_of(request), "key")
    if wait:
        raise too_many(wait)
    log.warning("key_refused", address=address_of(request), path=request.path)
    return None


def _key_of(request: web.Request) -> str:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else request.headers.get("X-API-Key", "")


def too_many(seconds: float) -> web.HTTPTooManyRequests:
    """The answer to somebody who tries too often: when to come back."""
    return web.HTTPTooManyRequests(
        headers={"Retry-After": str(math.ceil(seconds))}, reason="too many tries; come back later"
    )


async def genuine_form(request: web.Request) -> dict[str, str]:
    """The fields of a form that this visitor's own page sent. Raises 400, 401, 403 or 408."""
    visitor = visitor_of(request)
    if visitor is None:
        if away := request.get(_AWAY):
            raise away
        raise web.HTTPUnauthorized
    posted = await form_of(request)
    fields = {name: value for name, value in posted.items() if isinstance(value, str)}
    if not request.app[LOGINS].form_is_genuine(visitor, fields.get("form_token", "")):
        raise web.HTTPForbidden
    return fields


# --- where a request comes from ---


def asked_here(request: web.Request) -> bool:
    """Whether this machine itself asks: a proxy in front of us, or a page of another site that points its own name
    here, says another name, or for whom it asks.
    """
    if any(name in request.headers for name in _PASSED_ON):
        return False
    return host_of(request.host) in _LOCAL


def host_of(netloc: str) -> str:
    """The name in a Host header, small and without its port; "" for what is none."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def address_of(request: web.Request) -> str:
    """Whose request this is. A proxy on this machine is believed, where we are known by another address than our own."""
    remote = request.remote or ""
    told = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    try:
        by_proxy = request.app[SETTINGS].public_url is not None and ipaddress.ip_address(remote).is_loopback
    except ValueError:
        by_proxy = False
    return told if told and by_proxy else remote
