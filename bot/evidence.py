"""Evidence: photos and voice notes of the group, as links that dispatch can open.

The files stay with their platform; a link is signed, names one file and gives nothing else away (a link of
Telegram's own would carry the bot's token). What is served is never run by a browser.
"""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta

from aiohttp import web
from itsdangerous import BadSignature, TimestampSigner, URLSafeTimedSerializer

from actions.errors import Refused, Unreachable
from actions.message import Attachment, Kind
from bot.ports import Chat

PATH = "/evidence/"
SHOWN = 9
"""Files of one case that dispatch gets links to."""
_GUARD = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Cache-Control": "private, max-age=86400",
}
_INLINE = {"image/jpeg", "image/png", "image/webp", "image/gif"}


DAY_SECONDS = 24 * 3600


class Evidence:
    """Makes links and serves what is behind them; `address` is where dispatch reaches us.

    A link is good for so many days (`keep`; of none, for ever). It says on which day it was made, and so is the same all day.
    """

    def __init__(
        self,
        secret: str,
        address: str,
        chats: Mapping[str, Chat],
        keep: timedelta = timedelta(),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._links = URLSafeTimedSerializer(secret, salt="linli.evidence.2", signer=_daily(clock))
        self._address, self._chats, self._keep = address, chats, keep

    def links(self, group: str, attachments: tuple[Attachment, ...]) -> tuple[str, ...]:
        """Links to the files of a group's case, at most nine."""
        return tuple(self._link(group, one) for one in attachments[:SHOWN])

    def _link(self, group: str, one: Attachment) -> str:
        platform = group.partition(":")[0]
        return f"{self._address}{PATH}{self._links.dumps([platform, one.kind, one.ref, one.mime])}"

    def _read(self, token: str) -> list[str]:
        """Raises BadSignature, also for a link that is too old."""
        oldest = int(self._keep.total_seconds()) + DAY_SECONDS if self._keep else None
        found: list[str] = self._links.loads(token, max_age=oldest)
        return found

    async def handle(self, request: web.Request) -> web.Response:
        """`GET /evidence/TOKEN`: the file; 404 for a link that is not ours, 503 while the platform is away."""
        try:
            platform, kind, ref, mime = self._read(request.match_info["token"])
            chat, attachment = self._chats[platform], Attachment(Kind(kind), ref, mime)
        except (BadSignature, ValueError, KeyError) as error:
            raise web.HTTPNotFound(text="there is no such file") from error
        try:
            content = await chat.fetch(attachment)
        except Unreachable as reason:
            raise web.HTTPServiceUnavailable(text="the platform does not answer, try again") from reason
        except Refused as reason:
            raise web.HTTPNotFound(text="the platform no longer has this file") from reason
        return web.Response(body=content, headers=_headers(attachment))


def _daily(clock: Callable[[], float]) -> type[TimestampSigner]:
    class Daily(TimestampSigner):
        def get_timestamp(self) -> int:
            now = int(clock())
            return now - now % DAY_SECONDS

    return Daily


def _headers(attachment: Attachment) -> dict[str, str]:
    mime = attachment.mime or ("image/jpeg" if attachment.kind is Kind.PHOTO else "application/octet-stream")
    shown = mime in _INLINE
    kind = mime if shown else "application/octet-stream"
    return {**_GUARD, "Content-Type": kind, "Content-Disposition": "inline" if shown else "attachment"}
