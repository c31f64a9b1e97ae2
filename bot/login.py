"""Logging in without passwords: `linli login` prints a link, the link works once and gives a cookie.

The token of a link is kept as a hash only, for a day. The cookie is signed with the key in HOME/secret;
nothing is stored of it, so a new key file logs everybody out.
"""

import functools
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from itsdangerous import BadData, Signer, URLSafeTimedSerializer

COOKIE = "linli_login"
COOKIE_SECONDS = 7 * 24 * 3600
LINK_SECONDS = 24 * 3600
TRIES_A_MINUTE = 10
_ADDRESSES = 10_000

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class OnceStore(Protocol):
    """Keeps values that can be taken once; see connectors/once.py."""

    async def put(self, key: str, value: str, seconds: int) -> None: ...

    async def take(self, key: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is logged in: as what, and the number of this login."""

    kind: str
    session: str


class Logins:
    """Issues links, turns them into cookies, and knows who has one. `clock` counts seconds."""

    def __init__(
        self,
        store: OnceStore,
        key: bytes,
        *,
        secure: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._secure, self._clock = store, secure, clock
        self._sealer = URLSafeTimedSerializer(
            key, salt="linli.login", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._forms = Signer(key, salt="linli.form", digest_method=hashlib.sha256)
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()

    async def issue(self, kind: str = "operator") -> str:
        """A token for one login within a day."""
        token = secrets.token_urlsafe(32)
        await self._store.put(_hashed(token), kind, LINK_SECONDS)
        return token

    async def redeem(self, token: str) -> Visitor | None:
        """The visitor that the token makes, once; None for a token used up, too old, or made up."""
        kind = await self._store.take(_hashed(token))
        return Visitor(kind, secrets.token_urlsafe(16)) if kind else None

    def welcome(self, response: web.StreamResponse, visitor: Visitor, *, secure: bool) -> None:
        """Give the visitor the cookie."""
        sealed = self._sealer.dumps([visitor.kind, visitor.session])
        value = sealed.decode() if isinstance(sealed, bytes) else sealed
        response.set_cookie(
            COOKIE,
            value,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Strict",
            secure=secure or self._secure,
        )

    def who(self, request: web.Request) -> Visitor | None:
        """Who sent the request, if logged in."""
        try:
            kind, session = self._sealer.loads(request.cookies.get(COOKIE, ""), max_age=COOKIE_SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return Visitor(str(kind), str(session))

    def form_token(self, visitor: Visitor) -> str:
        """What a form of this visitor must carry, so that no other site can send it."""
        return self._forms.get_signature(visitor.session).decode()

    def form_is_genuine(self, visitor: Visitor, token: str) -> bool:
        """Whether the form was made for this login."""
        return hmac.compare_digest(self.form_token(visitor).encode(), token.encode())

    def may_try(self, address: str) -> bool:
        """Count a try to log in; False when the address has had its ten in the last minute."""
        now = self._clock()
        tries = self._tries.setdefault(address, deque(maxlen=TRIES_A_MINUTE))
        self._tries.move_to_end(address)
        if len(self._tries) > _ADDRESSES:
            self._tries.popitem(last=False)
        if len(tries) == TRIES_A_MINUTE and tries[0] > now - 60:
            return False
        tries.append(now)
        return True


LOGINS = web.AppKey("logins", Logins)


def requires_login(handler: Handler) -> Handler:
    """Let operators in only; others get 401, and a page shows them how to log in."""

    @functools.wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        visitor = request.app[LOGINS].who(request)
        if visitor is None or visitor.kind != "operator":
            raise web.HTTPUnauthorized
        return await handler(request)

    return guarded


async def genuine_form(request: web.Request) -> dict[str, str]:
    """The fields of a form that this visitor's own page sent. Raises 401 or 403."""
    logins = request.app[LOGINS]
    visitor = logins.who(request)
    if visitor is None:
        raise web.HTTPUnauthorized
    fields = {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    if not logins.form_is_genuine(visitor, fields.get("form_token", "")):
        raise web.HTTPForbidden
    return fields


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
