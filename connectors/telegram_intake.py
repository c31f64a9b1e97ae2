"""Two ways in for Telegram's updates, polling and webhook: each raw update is durable before it is confirmed.

Nothing is parsed here beyond the update's id and group, so that no update can block the ones behind it.
"""

import asyncio
import hmac
import json
import random
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from aiohttp import web

from actions.errors import Refused, Unreachable
from connectors.bodies import body_of
from connectors.telegram import TelegramChat

Accept = Callable[[str, str, str, dict[str, Any]], Awaitable[bool]]
Remember = Callable[[str, str], Awaitable[None]]
Recall = Callable[[str], Awaitable[str | None]]

LARGEST_BODY = 1024 * 1024  # bytes; Telegram's updates are a few thousand
OFFSET_IS_GOOD_FOR = timedelta(days=5)
"""After a week without updates Telegram starts counting anew, at random, maybe below our offset."""


class TelegramPolling:
    """Takes updates by long polling. `remember` and `recall` keep the offset over restarts."""

    def __init__(
        self,
        chat: TelegramChat,
        accept: Accept,
        remember: Remember,
        recall: Recall,
        *,
        timeout_s: int = 50,
        longest_pause_s: float = 30,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._chat, self._accept, self._remember, self._recall = chat, accept, remember, recall
        self._timeout_s, self._longest_pause_s, self._clock = timeout_s, longest_pause_s, clock
        self._key = f"telegram:offset:{chat.account}"
        self._offset: int | None = None
        self._moved_at: datetime | None = None
        self._failures = 0

    async def run(self) -> None:
        """Poll until cancelled. Whatever goes wrong is logged and tried again."""
        await self._until_done(self._begin)
        while True:
            await self._until_done(self._take_some)

    async def _until_done(self, step: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await step()
            except Exception as error:  # noqa: BLE001 - the door to a whole city must not close on one error
                await self._wait_after(error)
            else:
                self._failures = 0
                return

    async def _begin(self) -> None:
        """Polling is refused while a webhook stands, so it goes first; what waits there stays."""
        await self._chat.drop_webhook()
        kept = re.fullmatch(r"(\d+) (\S+)", await self._recall(self._key) or "", re.ASCII)
        if kept:
            self._offset, self._moved_at = int(kept.group(1)), datetime.fromisoformat(kept.group(2))

    async def _take_some(self) -> None:
        if self._moved_at and self._clock() - self._moved_at > OFFSET_IS_GOOD_FOR:
            self._offset = self._moved_at = None
        before = self._offset
        updates = await self._chat.updates(before, self._timeout_s)
        for raw in updates:
            await self._keep(raw)
        if self._offset != before and self._moved_at:
            await self._remember(self._key, f"{self._offset} {self._moved_at.isoformat()}")
        elif updates:
            raise Unreachable("the updates carry no ids, so they cannot be confirmed")

    async def _keep(self, raw: Any) -> None:
        """Only what is durable moves the offset: after a failure the rest comes again."""
        number = raw.get("update_id") if isinstance(raw, dict) else None
        if isinstance(number, int) and not isinstance(number, bool):
            await self._accept("telegram", await self._chat.door(raw), str(number), raw)
            self._offset, self._moved_at = number + 1, self._clock()
        else:
            # Telegram does not send this; should it, an operator finds it among the dead letters.
            raw = raw if isinstance(raw, dict) else {"unreadable": raw}
            digest = sha256(json.dumps(raw, sort_keys=True).encode()).hexdigest()
            await self._accept("telegram", await self._chat.door(raw), digest, raw)
        self._chat.note_update()

    async def _wait_after(self, error: Exception) -> None:
        self._failures += 1
        # The jitter keeps several programs that lost Telegram together from coming back together.
        pause = min(self._longest_pause_s, 2 ** min(self._failures - 1, 10)) * random.uniform(0.5, 1)  # noqa: S311
        if isinstance(error, Unreachable) and error.retry_after is not None:
            pause = error.retry_after
        # Of an error that is not ours only the kind is known to be free of people's words.
        known = isinstance(error, Unreachable | Refused)
        text = str(error) if known else type(error).__name__
        self._chat.log.warning(
            "telegram_polling_paused", error=text, seconds=round(pause, 1), failures=self._failures
        )
        await asyncio.sleep(pause)


class TelegramWebhook:
    """Takes updates that Telegram pushes to `public_url + path`, proved by the shared `secret`."""

    def __init__(self, chat: TelegramChat, accept: Accept, public_url: str, path: str, secret: str) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            raise ValueError("the webhook's secret must be 1 to 256 of A-Z a-z 0-9 _ -")
        self._chat, self._accept, self._secret = chat, accept, secret
        self._url = public_url.rstrip("/") + "/" + path.lstrip("/")

    async def register(self) -> None:
        """Tell Telegram to push here. Raises Unreachable, Refused."""
        await self._chat.set_webhook(self._url, self._secret)

    async def unregister(self) -> None:
        """Tell Telegram to push no more; what waits is kept for polling. Raises Unreachable, Refused."""
        await self._chat.drop_webhook()

    async def handle(self, request: web.Request) -> web.Response:
        """Answers 200 once the update is durable; with 503 Telegram sends it again."""
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not hmac.compare_digest(given.encode(errors="replace"), self._secret.encode()):
            self._chat.log.warning(
                "telegram_webhook_refused", remote=request.remote, header_given=bool(given)
            )
            return web.Response(status=401)
        try:
            body = await body_of(request, LARGEST_BODY)
        except web.HTTPRequestEntityTooLarge:
            self._chat.log.warning("telegram_webhook_too_large", remote=request.remote)
            return web.Response(status=413)
        raw = _update(body)
        if raw is None:
            self._chat.log.warning("telegram_webhook_malformed", bytes=len(body))
            return web.Response(status=400)
        return await self._keep(raw)

    async def _keep(self, raw: dict[str, Any]) -> web.Response:
        try:
            await self._accept("telegram", await self._chat.door(raw), str(raw["update_id"]), raw)
        except Exception as error:  # noqa: BLE001 - whatever it is, the update is not durable
            self._chat.log.warning(
                "telegram_webhook_not_kept", error=type(error).__name__, update=raw["update_id"]
            )
            return web.Response(status=503)
        self._chat.note_update()
        return web.Response()


def _update(body: bytes) -> dict[str, Any] | None:
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError):
        return None
    number = raw.get("update_id") if isinstance(raw, dict) else None
    return raw if isinstance(number, int) and not isinstance(number, bool) else None
