"""Logging in without passwords: `linli login` prints a link, the link works once and gives a cookie.

The token of a link is kept as a hash only, for a day, with the role that it is for. The cookie holds the number of a
session, signed with the key in HOME/keys/login: a number that we did not give out never reaches the store. What the
session may do is kept in the store under the number's hash, so that logging out ends it, wherever the cookie was copied to.
"""

import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from itsdangerous import BadData, Signer, URLSafeTimedSerializer

from bot.scopes import ROLES, Scope

COOKIE = "linli_login"
SESSION_SECONDS = 7 * 24 * 3600
LINK_SECONDS = 24 * 3600
TRIES_A_MINUTE = 10
"""Of one address."""
TRIES_IN_ALL = 300
"""Of all addresses in a minute: a token cannot be guessed, this keeps the store from being asked without end."""
_MINUTE = 60


class OnceStore(Protocol):
    """Keeps values for a while; see connectors/once.py."""

    async def put(self, key: str, value: str, seconds: int) -> None: ...

    async def look(self, key: str) -> str | None: ...

    async def take(self, key: str) -> str | None: ...


class Tries(Protocol):
    """Counts tries; see connectors/tries.py."""

    async def count(self, who: str, most: int, seconds: int) -> float: ...


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is logged in: in which role, and the number of this login."""

    role: str
    session: str

    @property
    def scopes(self) -> frozenset[Scope]:
        """What they may do."""
        return ROLES.get(self.role, frozenset())


class Logins:
    """Issues links, turns them into sessions, and knows who has one. All of it may raise `Unreachable`."""

    def __init__(self, store: OnceStore, tries: Tries, key: bytes, *, secure: bool = False) -> None:
        self._store, self._tries, self._secure = store, tries, secure
        self._sealer = URLSafeTimedSerializer(
            key, salt="linli.login", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._forms = Signer(key, salt="linli.form", digest_method=hashlib.sha256)

    async def issue(self, role: str = "operator") -> str:
        """A token for one login within a day. Raises KeyError for a role that there is not."""
        token = secrets.token_urlsafe(32)
        await self._store.put(_hashed(token), role if ROLES[role] else "", LINK_SECONDS)
        return token

    async def redeem(self, token: str) -> Visitor | None:
        """The visitor that the token makes, once, in a session of their own; None for a token used up, too old, or made up."""
        role = await self._store.take(_hashed(token))
        if role not in ROLES:
            return None
        visitor = Visitor(role, secrets.token_urlsafe(16))
        await self._store.put(_kept(visitor.session), role, SESSION_SECONDS)
        return visitor

    async def end(self, request: web.Request) -> None:
        """End the session of a request: its cookie is worth nothing any more."""
        if session := self._session(request):
            await self._store.take(_kept(session))

    def welcome(self, response: web.StreamResponse, visitor: Visitor, *, secure: bool) -> None:
        """Give the visitor the cookie."""
        sealed = self._sealer.dumps(visitor.session)
        value = sealed.decode() if isinstance(sealed, bytes) else sealed
        response.set_cookie(
            COOKIE,
            value,
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="Strict",
            secure=secure or self._secure,
        )

    async def who(self, request: web.Request) -> Visitor | None:
        """Who sent the request, if logged in. Only a cookie that we signed is looked up."""
        session = self._session(request)
        role = await self._store.look(_kept(session)) if session else None
        return Visitor(role, session) if session and role in ROLES else None

    def _session(self, request: web.Request) -> str | None:
        sealed = request.cookies.get(COOKIE)
        if not sealed:  # programs have none, and most requests are a program's
            return None
        try:
            session = self._sealer.loads(sealed, max_age=SESSION_SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return session if isinstance(session, str) else None

    def form_token(self, visitor: Visitor) -> str:
        """What a form of this visitor must carry, so that no other site can send it."""
        return self._forms.get_signature(visitor.session).decode()

    def form_is_genuine(self, visitor: Visitor, token: str) -> bool:
        """Whether the form was made for this login."""
        return hmac.compare_digest(self.form_token(visitor).encode(), token.encode("utf-8", "replace"))

    async def wait(self, address: str, what: str = "login") -> float:
        """Count a try of an address; 0 where it may try, else the seconds after which it may again."""
        mine = await self._tries.count(f"{what}:{_house_of(address)}", TRIES_A_MINUTE, _MINUTE)
        return mine or await self._tries.count(f"{what}:all", TRIES_IN_ALL, _MINUTE)


LOGINS = web.AppKey("logins", Logins)


def _house_of(address: str) -> str:
    """An address as it is counted: whoever has one of IPv6 has all of its network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((found, 64), strict=False)) if found.version == 6 else str(found)


def _kept(session: str) -> str:
    return f"session:{_hashed(session)}"


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
