"""Bodies of requests: read piece by piece, no larger and no slower than is allowed; forms that we send."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from multidict import MultiMapping
from yarl import URL

SECONDS = 30.0
"""For how long a body may take to arrive, unless it is stated."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
"""What is said of a form that is sent."""


def form_body(fields: Mapping[str, str] | Sequence[tuple[str, str]]) -> bytes:
    """The fields as a form. aiohttp's own way of writing one takes ten times as long, mostly over what is not ASCII."""
    return URL.build(query=fields).raw_query_string.encode()


async def body_of(request: web.Request, most: int, seconds: float = SECONDS) -> bytes:
    """The body. Raises 413 where it has more than `most` bytes, 408 where it takes longer; not the application's limit,
    which is for forms.
    """
    taken = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for part in request.content.iter_any():
                taken += part
                if len(taken) > most:
                    raise web.HTTPRequestEntityTooLarge(max_size=most, actual_size=len(taken))
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body did not arrive in time") from None
    return bytes(taken)


async def form_of(request: web.Request, seconds: float = SECONDS) -> MultiMapping[Any]:
    """The fields of a form. Raises 400 for what is none, 408 where it takes too long, 413 beyond the application's limit."""
    try:
        async with asyncio.timeout(seconds):
            return await request.post()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the form did not arrive in time") from None
    except (web.HTTPException, ConnectionError):
        raise
    except Exception:  # noqa: BLE001 a broken multipart body or a strange charset may lead the library into anything
        raise web.HTTPBadRequest(text="this is no form") from None


async def json_of(request: web.Request, seconds: float = SECONDS) -> Any:
    """A body of JSON, None for what is none. Raises 408 and 413 as a form does."""
    try:
        async with asyncio.timeout(seconds):
            return await request.json()
    except TimeoutError:
        raise web.HTTPRequestTimeout(text="the body did not arrive in time") from None
    except (ValueError, LookupError, RecursionError):
        return None
