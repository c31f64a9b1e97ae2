"""Stands between the program and a service that it uses, and loses requests or answers on order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum

import aiohttp
from aiohttp import web


class Line(StrEnum):
    """What becomes of a request."""

    UP = "up"
    DOWN = "down"
    LOSES_ANSWERS = "loses answers"


class Between:
    """A proxy for `upstream`; `line` says what becomes of requests, `asked` are those that came."""

    def __init__(self, upstream: str) -> None:
        self.upstream, self.url = upstream, ""
        self.line = Line.UP
        self.asked: list[tuple[str, str]] = []

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Hand the request on, or lose it."""
        self.asked.append((request.method, request.path))
        body = await request.read()
        if self.line is Line.DOWN:
            return _hang_up(request)
        kind = {"Content-Type": request.headers["Content-Type"]} if "Content-Type" in request.headers else {}
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                request.method, self.upstream + request.path_qs, data=body, headers=kind
            ) as answer,
        ):
            content = await answer.read()
        # Only writing is cut off: what was written can be looked up afterwards.
        if self.line is Line.LOSES_ANSWERS and request.method == "POST":
            return _hang_up(request)
        return web.Response(status=answer.status, body=content, content_type=answer.content_type)


def _hang_up(request: web.Request) -> web.StreamResponse:
    if request.transport:
        request.transport.abort()
    return web.Response()


@asynccontextmanager
async def between(upstream: str) -> AsyncIterator[Between]:
    """A proxy on a free port, as long as the context lives."""
    proxy = Between(upstream)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", proxy.pass_on)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield proxy
    finally:
        await runner.cleanup()
