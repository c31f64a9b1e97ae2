"""The door for signed pushes: dispatch tells us of an update before we ask."""

import structlog
from aiohttp import web

from actions.errors import Refused, Unreachable
from bot.work import News
from connectors.dispatch import Open311Dispatch

log = structlog.get_logger("push")
LARGEST_BODY = 1024 * 1024  # bytes


class PushDoor:
    """`POST /dispatch/push`: 204 once every update is durable, 401 for what is not signed by dispatch."""

    def __init__(self, dispatch: Open311Dispatch, news: News) -> None:
        self._dispatch, self._news = dispatch, news

    async def handle(self, request: web.Request) -> web.Response:
        """Verify, make durable, answer."""
        if (request.content_length or 0) > LARGEST_BODY:
            raise web.HTTPRequestEntityTooLarge(
                max_size=LARGEST_BODY, actual_size=request.content_length or 0
            )
        body = await request.read()
        try:
            updates = self._dispatch.verify_push(request.headers, body)
        except Refused as reason:
            log.warning("push_refused", reason=str(reason), remote=request.remote)
            raise web.HTTPUnauthorized(text=str(reason)) from reason
        try:
            for update in updates:
                await self._news.take(update)
        except Unreachable as reason:
            raise web.HTTPServiceUnavailable(text="not durable yet, send again") from reason
        return web.Response(status=204)
