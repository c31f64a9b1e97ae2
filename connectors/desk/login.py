"""Who may see the desk's page: one-time links, a signed cookie, and tokens that tie forms to the cookie."""

import hmac
import secrets

from aiohttp import web
from itsdangerous import BadData, URLSafeTimedSerializer

COOKIE = "desk_session"
LASTS = 30 * 24 * 3600  # seconds


class Sessions:
    """Signs and reads sessions. The secret lives in the desk's file, so sessions outlive a restart."""

    def __init__(self, secret: str) -> None:
        self._sessions = URLSafeTimedSerializer(secret, salt="session")
        self._forms = URLSafeTimedSerializer(secret, salt="form")

    def begin(self, request: web.Request, response: web.StreamResponse) -> None:
        """Give the browser a new session."""
        response.set_cookie(
            COOKIE,
            self._sessions.dumps(secrets.token_urlsafe(16)),
            max_age=LASTS,
            httponly=True,
            samesite="Strict",
            secure=request.secure,
        )

    def of(self, request: web.Request) -> str | None:
        """Return the request's session, or None where it has none that we signed."""
        return _loaded(self._sessions, request.cookies.get(COOKIE, ""))

    def form_token(self, session: str) -> str:
        """Return the token that a session's forms carry."""
        return str(self._forms.dumps(session))

    def owns_form(self, session: str, token: str) -> bool:
        """Tell whether a form came from a page of this session."""
        owner = _loaded(self._forms, token)
        return owner is not None and hmac.compare_digest(owner.encode(), session.encode())


def _loaded(serializer: URLSafeTimedSerializer, text: str) -> str | None:
    try:
        return str(serializer.loads(text, max_age=LASTS))
    except BadData:
        return None


SESSIONS = web.AppKey("sessions", Sessions)
