"""Who may see the desk's page: one-time links, sessions that end, and tokens that tie forms to a session.

The cookie holds a session's number, signed; the desk's file holds the number's hash with the role, so that logging out
ends the session wherever its cookie was copied to. A viewer reads; an operator moves tickets.
"""

import hmac
import secrets
from dataclasses import dataclass

from aiohttp import web
from itsdangerous import BadData, URLSafeTimedSerializer

from connectors.desk.store import ROLES, Store

COOKIE = "desk_session"
LASTS = 30 * 24 * 3600  # seconds


@dataclass(frozen=True)
class Session:
    """One login: its number, and in which role."""

    number: str
    role: str

    @property
    def may_move(self) -> bool:
        """Whether this visitor moves tickets."""
        return self.role == "operator"


class Sessions:
    """Begins, reads and ends sessions. Secret and sessions live in the desk's file, so they outlive a restart."""

    def __init__(self, secret: str, store: Store) -> None:
        self._sessions = URLSafeTimedSerializer(secret, salt="session")
        self._forms = URLSafeTimedSerializer(secret, salt="form")
        self._store = store

    async def begin(self, request: web.Request, response: web.StreamResponse, role: str) -> None:
        """Give the browser a new session; the one that it had is over."""
        await self.end(request)
        number = secrets.token_urlsafe(16)
        await self._store.begin_session(number, role, LASTS)
        response.set_cookie(
            COOKIE,
            self._sessions.dumps(number),
            max_age=LASTS,
            httponly=True,
            samesite="Strict",
            secure=by_https(request),
        )

    async def of(self, request: web.Request) -> Session | None:
        """Return the request's session, or None where it has none of ours that still runs."""
        number = _loaded(self._sessions, request.cookies.get(COOKIE, ""))
        role = await self._store.role_of(number) if number else None
        return Session(number, role) if number and role in ROLES else None

    async def end(self, request: web.Request) -> None:
        """End the request's session, if it has one."""
        if number := _loaded(self._sessions, request.cookies.get(COOKIE, "")):
            await self._store.end_session(number)

    def form_token(self, session: Session) -> str:
        """Return the token that a session's forms carry."""
        return str(self._forms.dumps(session.number))

    def owns_form(self, session: Session, token: str) -> bool:
        """Tell whether a form came from a page of this session."""
        owner = _loaded(self._forms, token)
        return owner is not None and hmac.compare_digest(owner.encode(), session.number.encode())


def by_https(request: web.Request) -> bool:
    """Tell whether the browser speaks to us, or to the proxy before us, in a way that nobody overhears."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


def _loaded(serializer: URLSafeTimedSerializer, text: str) -> str | None:
    try:
        return str(serializer.loads(text, max_age=LASTS))
    except BadData:
        return None


SESSIONS = web.AppKey("sessions", Sessions)
