"""One exchange with a dispatch backend over HTTP, with bounds on time, size and redirects.

Whatever goes wrong leaves here as ``Unreachable`` (nobody knows, try later) or ``Refused`` (a clear no).
"""

import asyncio
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, quote_plus

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from actions.errors import Refused, Unreachable
from connectors.bodies import FORM, form_body
from connectors.open311 import error_text

Fields = Sequence[tuple[str, str]]

MAX_BYTES = 5 * 1024 * 1024
MAX_WAIT = 3600.0  # seconds; a longer Retry-After is not believed
_TIMEOUT = 20.0  # seconds for a whole exchange
_REDIRECTS = 3
_TRY_LATER = frozenset({408, 425, 429})
_KEEP_METHOD = frozenset({307, 308})


class Absent(Refused):
    """The backend has no such thing: 404, 405, 410 or 501."""


class OpenHTTP:
    """GET and POST with aiohttp; owns its session unless one is given. Nothing is posted unless `in_time` says so."""

    def __init__(
        self,
        session: aiohttp.ClientSession | None = None,
        timeout: float = _TIMEOUT,
        key: str = "",
        in_time: Callable[[], bool] = lambda: True,
    ) -> None:
        self._session, self._in_time = session, in_time
        # A header and no part of the address, which everybody on the way writes into their logs.
        self._headers = {"X-Api-Key": key} if key else {}
        self._key = key
        self._own = session is None
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=timeout / 2)

    async def close(self) -> None:
        """Close the session, if it is our own."""
        if self._own and self._session:
            await self._session.close()
            self._session = None

    async def get(self, url: str, query: Fields = ()) -> bytes:
        """Return what is at an address."""
        return await self._exchange("GET", _url(url).update_query(list(query)), ())

    async def post(self, url: str, form: Fields) -> bytes:
        """Send a form and return the answer."""
        return await self._exchange("POST", _url(url), form)

    async def _exchange(self, method: str, url: URL, form: Fields) -> bytes:
        for _ in range(_REDIRECTS + 1):
            status, headers, body = await self._once(method, url, form)
            if status not in {301, 302, 303, 307, 308}:
                return _judge(status, headers, body if status < 300 else self._struck(url, body))
            url = _moved(method, url, status, headers.get("Location", ""))
        raise Refused(f"{url.host} redirects without end")

    def _struck(self, url: URL, body: bytes) -> bytes:
        """An error's body without what we proved ourselves with: some backends repeat what they were sent."""
        password = url.password or ""
        basic = b64encode(f"{url.user or ''}:{password}".encode()).decode() if password else ""
        for secret in (self._key, password, basic):
            for form in {secret, quote(secret, safe=""), quote_plus(secret)} - {""}:
                body = body.replace(form.encode(), b"***")
        return body

    async def _once(self, method: str, url: URL, form: Fields) -> tuple[int, dict[str, str], bytes]:
        session = self._open()
        is_post = method == "POST"
        try:
            async with session.request(
                method,
                url,
                data=form_body(form) if is_post else None,
                headers=self._headers | FORM if is_post else self._headers,
                allow_redirects=False,
                timeout=self._timeout,
            ) as answer:
                body = await _bounded(answer)
                return answer.status, {name.title(): value for name, value in answer.headers.items()}, body
        except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError, OSError, ValueError) as error:
            raise Unreachable(f"no answer from {url.host}: {type(error).__name__}") from error

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(connector=_Connector(self._in_time))
        return self._session


class _Connector(aiohttp.TCPConnector):
    """Asks once more when all is ready to be sent: whoever was stopped on the way may not be the one to send it any more.

    A connection is used once: on one that is kept, what a confused backend or proxy sends too much would be taken for the
    answer to the next question, and a case get the ticket of another.
    """

    def __init__(self, in_time: Callable[[], bool]) -> None:
        super().__init__(force_close=True)
        self._in_time = in_time

    async def connect(self, req: aiohttp.ClientRequest, *more: Any, **how: Any) -> Connection:
        """A connection to send it on. Raises `Unreachable` where it is too late."""
        connection = await super().connect(req, *more, **how)
        if req.method == "POST" and not self._in_time():
            connection.close()
            raise Unreachable("another worker may be at it by now")
        return connection


def _url(text: str) -> URL:
    try:
        url = URL(text)
    except ValueError:
        raise Refused("the dispatch address is not a URL") from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise Refused("the dispatch address must begin with http:// or https://")
    return url


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for piece in answer.content.iter_chunked(65536):
        body += piece
        if len(body) > MAX_BYTES:
            raise Unreachable("the backend's answer is larger than 5 MB")
    return bytes(body)


def _judge(status: int, headers: dict[str, str], body: bytes) -> bytes:
    if status < 300:
        return body
    said = error_text(body) or "no reason given"
    if status in {404, 405, 410, 501}:
        raise Absent(f"{status}: {said}"[:199])
    if status >= 500 or status in _TRY_LATER:
        raise Unreachable(f"the backend answered {status}: {said}"[:199], _retry_after(headers))
    raise Refused(f"{status}: {said}"[:199])


def _retry_after(headers: dict[str, str]) -> float | None:
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), MAX_WAIT)
    with suppress(ValueError, TypeError):
        when = parsedate_to_datetime(text)
        left = (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        return min(max(left, 0.0), MAX_WAIT)
    return None


def _moved(method: str, url: URL, status: int, location: str) -> URL:
    """Return where to ask instead. The key and residents' words go to no other host."""
    try:
        target = url.join(URL(location))
    except ValueError:
        raise Refused(f"{url.host} redirects to nowhere") from None
    if not _is_same(url, target):
        raise Refused(f"{url.host} redirects to another host, {target.host}: name that one in the settings")
    if method == "POST" and status not in _KEEP_METHOD:
        raise Refused(f"{url.host} has moved to {target}: name that address in the settings"[:199])
    return target


def is_same_server(ours: str, theirs: str) -> bool:
    """Whether an address that the backend names is on the server that the settings name, or on its safer port."""
    try:
        return _is_same(URL(ours), URL(theirs))
    except ValueError:
        return False


def _is_same(url: URL, target: URL) -> bool:
    if target.scheme not in {"http", "https"}:
        return False
    upgrade = target.host == url.host and (url.scheme, target.scheme) == ("http", "https")
    return upgrade or target.origin() == url.origin()
