"""The door for signed pushes: dispatch tells us of an update before we ask."""

from hashlib import sha256

import structlog
from aiohttp import web

from actions.errors import Refused, Unreachable
from bot.login import OnceStore
from bot.work import News
from connectors.bodies import body_of
from connectors.dispatch import Open311Dispatch
from connectors.push import TOLERANCE

log = structlog.get_logger("push")
LARGEST_BODY = 1024 * 1024  # bytes
REMEMBERED = 2 * TOLERANCE + 60
"""Seconds for which the id of a push is known: as long as its time could pass for a fresh one."""


class PushDoor:
    """`POST /dispatch/push`: 204 once every update is durable, 401 for what is not signed by dispatch.

    A push that was taken before is answered like the first and does nothing: whoever recorded it gains nothing by
    sending it again, and dispatch, which may not have had our answer, is content.
    """

    def __init__(self, dispatch: Open311Dispatch, news: News, seen: OnceStore) -> None:
        self._dispatch, self._news, self._seen = dispatch, news, seen

    async def handle(self, request: web.Request) -> web.Response:
        """Verify, make durable, answer."""
        body = await body_of(request, LARGEST_BODY)
        try:
            updates = self._dispatch.verify_push(request.headers, body)
        except Refused as reason:
            log.warning("push_refused", reason=str(reason), remote=request.remote)
            raise web.HTTPUnauthorized(text=str(reason)) from reason
        number = f"push:{sha256(request.headers['webhook-id'].encode('utf-8', 'replace')).hexdigest()}"
        try:
            if await self._seen.look(number):
                log.info("push_again", remote=request.remote)
                return web.Response(status=204)
            for update in updates:
                await self._news.take(update)
            # Only now: one that failed half way has to be taken when it comes again.
            await self._seen.put(number, "taken", REMEMBERED)
        except Unreachable as reason:
            raise web.HTTPServiceUnavailable(text="not durable yet, send again") from reason
        return web.Response(status=204)
