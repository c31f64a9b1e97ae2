"""Bodies of requests: read piece by piece, no larger and no slower than is allowed."""

import asyncio

from aiohttp import web

SECONDS = 30.0
"""For how long a body may take to arrive, unless it is stated."""


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
