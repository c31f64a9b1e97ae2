"""Calls to the Bot API: how they are made, and what a failure of one means to us."""

import json
import logging
from hashlib import sha256
from http import HTTPStatus
from typing import Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
    TimedOut,
)
from telegram.request import BaseRequest, RequestData
from yarl import URL

from actions.errors import Gone, NotYet, Refused, Unreachable
from connectors.bodies import FORM, form_body

TIMEOUT_SECONDS, CONNECT_SECONDS = 5.0, 5.0
LARGEST_FILE = 20 * 1024 * 1024
"""Bytes that a bot may download; an answer of the API is never as long."""
_SHUT_OUT = ("kicked", "not a member", "blocked", "deactivated", "deleted", "initiate conversation")
"""Words of Telegram's refusals to a bot that has no place in a chat, with or without a way back."""


class HasMoved(Refused):
    """The chat has the number `to` now."""

    def __init__(self, to: int) -> None:
        super().__init__(f"the group has become telegram:{to}")
        self.to = to


class _TooMany(TelegramError):
    """429, and in how many seconds Telegram will listen again."""

    def __init__(self, seconds: float | None) -> None:
        super().__init__(
            "Telegram has heard too much of us" + (f"; again in {seconds:g} s" if seconds else "")
        )
        self.seconds = seconds


class Requests(BaseRequest):
    """The library's requests, sent by aiohttp: its own way of sending takes four times as long.

    429 is read here, since the library's own error for it warns of its deprecation whenever it is made.
    """

    def __init__(self, connections: int, timeout: float = TIMEOUT_SECONDS) -> None:
        self._connections, self._timeout = connections, timeout
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        """Seconds without a byte of the answer, where the caller names none."""
        return self._timeout

    async def initialize(self) -> None:
        """Nothing: connections are opened when they are needed."""

    async def shutdown(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        *timeouts: Any,
        **more: Any,
    ) -> tuple[int, bytes]:
        """One request: its status and what was answered. Raises TimedOut, NetworkError and our own error for 429."""
        del timeouts, more  # for sending, connecting and a free connection: ours hold for all
        read = self._timeout if read_timeout is BaseRequest.DEFAULT_NONE else read_timeout
        waits = aiohttp.ClientTimeout(connect=self._timeout, sock_connect=CONNECT_SECONDS, sock_read=read)
        data = form_body(request_data.json_parameters) if request_data else None
        try:
            # The address carries the token: a redirect would carry it to wherever it leads.
            session = self._open(url)
            async with session.request(
                method, url, data=data, headers=FORM if data else None, timeout=waits, allow_redirects=False
            ) as answer:
                payload = await read_at_most(answer.content, LARGEST_FILE)
        except TimeoutError as error:
            raise TimedOut from error
        except (aiohttp.ClientError, OSError) as error:
            raise NetworkError(f"{type(error).__name__}: {error}") from error
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            raise _TooMany(_seconds(payload))
        return answer.status, payload

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """What was answered. Of a message that we said no more than its number is kept: the library would make objects of
        all of it, of the message that it replies to, and of every button.
        """
        answer = BaseRequest.parse_json_payload(payload)
        said = answer.get("result") if isinstance(answer, dict) else None
        if isinstance(said, dict) and "message_id" in said:
            answer["result"] = {key: said[key] for key in ("message_id", "date") if key in said}
        return answer

    def _open(self, url: str) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections),
                headers={"User-Agent": self.USER_AGENT},
                proxy=proxy_for(url),
            )
        return self._session


def proxy_for(address: str) -> str | None:
    """The proxy that the environment names for this address; it may be the only way to Telegram.

    aiohttp's own `trust_env` looks for it, and reads ~/.netrc, before every single call.
    """
    url = URL(address)
    return None if proxy_bypass(url.host or "") else getproxies().get(url.scheme)


def failure_of(error: TelegramError, token: str) -> Unreachable | Refused:
    """The library's error in our words, without the token."""
    text = str(error).replace(token, "<token>")
    match error:
        case _TooMany():
            return NotYet(text, error.seconds)
        case Conflict():
            return Unreachable(f"another program takes this bot's updates: stop it, or its webhook ({text})")
        case ChatMigrated():
            return HasMoved(error.new_chat_id)
        case Forbidden() if any(words in text for words in _SHUT_OUT):
            return Gone(text)
        case BadRequest() | Forbidden() | InvalidToken() | EndPointNotFound():
            return Refused(text)
        case _:
            return Unreachable(text)


def account_of(token: str) -> str:
    """A name for a bot's token that may be stored and shown."""
    return sha256(token.encode()).hexdigest()[:12]


def keep_addresses_out_of_logs() -> None:
    """Request addresses carry the token, and the library's own lines whole messages of residents."""
    for name in ("httpx", "httpcore", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # This one writes out an answer that is not JSON, whatever stands in it.
    logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)


def answer_of(payload: bytes) -> dict[str, Any]:
    """The JSON object that was answered; an empty one for anything else."""
    try:
        answer = json.loads(payload.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _seconds(payload: bytes) -> float | None:
    parameters = answer_of(payload).get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return seconds if isinstance(seconds, int | float) else None


async def download(address: str) -> bytes:
    """The content of a file. The library would read without bound, so this is ours. The address carries the token.

    Raises `Unreachable`, and `Refused` where it is not there or too large.
    """
    wait = aiohttp.ClientTimeout(total=120, sock_read=20)
    try:
        # A redirect would carry the token, which is part of the address, to wherever it leads.
        async with (
            aiohttp.ClientSession(timeout=wait, proxy=proxy_for(address)) as web,
            web.get(address, allow_redirects=False) as answer,
        ):
            if answer.status in {400, 401, 403, 404}:
                raise Refused(f"the file is not there ({answer.status})")
            if answer.status != HTTPStatus.OK:
                raise Unreachable(f"the file server answered {answer.status}")
            return await read_at_most(answer.content, LARGEST_FILE)
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable(f"the file could not be fetched ({type(error).__name__})") from None


async def read_at_most(content: aiohttp.StreamReader, limit: int) -> bytes:
    """The content of a file. Raises Refused where there is more of it than the limit."""
    taken = bytearray()
    async for chunk in content.iter_any():
        taken += chunk
        if len(taken) > limit:
            raise Refused("the file is larger than 20 MB")
    return bytes(taken)
