"""Somebody at the page of a browser group: speaks the page's WebSocket, says again what was not acknowledged."""

import asyncio
import re
import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp

Json = dict[str, Any]
RECONNECTS_AFTER, COMES_TRUE_WITHIN = 0.2, 20.0  # seconds


class WebPerson:
    """One person, one tab. `seen` is what the page would show, by message id; `toasts` by press."""

    def __init__(self, url: str, group: str, name: str, role: str) -> None:
        self._url, self._name, self._role = f"{url}/group/{group}", name, role
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        self._outbox: dict[str, Json] = {}
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._token = self._cursor = ""
        self._pressed: set[str] = set()
        self._living: asyncio.Task[None] | None = None
        self.seen: dict[int, Json] = {}
        self.toasts: dict[str, str] = {}
        self.ids: dict[str, str] = {}

    async def come(self) -> None:
        """Open the page, and be welcomed."""
        self._living = asyncio.create_task(self._live())
        await self.until(lambda: self._token, "a welcome")

    async def close(self) -> None:
        """Leave."""
        if self._living:
            self._living.cancel()
            await asyncio.wait([self._living])
        await self._http.close()

    # --- what a person does ---

    async def say(self, text: str, **more: Any) -> str:
        """Say something, and return its id once it is acknowledged."""
        client_id = await self.begin_to_say(text, **more)
        await self.until(lambda: client_id in self.ids, f"an acknowledgement of {text}", 60)
        return self.ids[client_id]

    async def begin_to_say(self, text: str, **more: Any) -> str:
        """Say something; it is said again until the server has it."""
        return await self._put({"type": "say", "text": text, **more})

    async def press(self, label: str) -> str:
        """Press the button of this label on the newest message that has it, once there is one on which this
        person did not press it before; the toast that follows.
        """
        body = await self.sees(lambda one: self._key(one, label) not in ("", *self._pressed), label)
        key = self._key(body, label)
        self._pressed.add(key)
        return await self.press_data(body["id"], key)

    def _key(self, body: Json, label: str) -> str:
        """The data behind the button of this label, which is another in each round; empty where there is none."""
        keys = [key for row in body.get("buttons") or () for key in row]
        found = labels(body)
        return str(keys[found.index(label)]["data"]) if label in found else ""

    async def press_data(self, message: str, data: str) -> str:
        """A press with this data, whether there is such a button or not; the toast that follows."""
        client_id = await self._put({"type": "press", "message": message, "data": data})
        await self.until(lambda: client_id in self.toasts, "a toast")
        return self.toasts[client_id]

    async def sees(self, holds: Callable[[Json], object], what: str) -> Json:
        """The newest message of the bot that holds, once there is one."""
        await self.until(lambda: any(map(holds, self.said())), what)
        return next(one for one in reversed(self.said()) if holds(one))

    async def sees_text(self, *words: str) -> Json:
        """The newest message of the bot with all these words, once there is one."""
        return await self.sees(lambda one: all(word in one["text"] for word in words), f"{words}")

    async def sees_button(self, label: str) -> Json:
        """The newest message of the bot with this button, once there is one."""
        return await self.sees(lambda one: label in labels(one), f"a button {label}")

    def said(self) -> list[Json]:
        """What the bot has said, oldest first, each as it stands now."""
        return [body for _, body in sorted(self.seen.items()) if body["role"] == "bot"]

    async def until(self, holds: Callable[[], object], what: str, seconds: float = COMES_TRUE_WITHIN) -> None:
        """Wait until it holds; AssertionError after the deadline."""
        deadline = time.monotonic() + seconds
        while not holds():
            texts = [one["text"] for one in self.said()]
            assert time.monotonic() < deadline, f"{self._name} did not see {what}; the bot said {texts}"
            await asyncio.sleep(0.02)

    # --- the page ---

    async def _put(self, frame: Json) -> str:
        client_id = secrets.token_hex(16)
        self._outbox[client_id] = {**frame, "client_id": client_id}
        if self._socket:
            with suppress(aiohttp.ClientError, ConnectionError):
                await self._socket.send_json(self._outbox[client_id])
        return client_id

    async def _live(self) -> None:
        while True:
            with suppress(aiohttp.ClientError, OSError, TimeoutError):
                await self._visit()
            self._socket = None
            await asyncio.sleep(RECONNECTS_AFTER)

    async def _visit(self) -> None:
        async with self._http.get(self._url) as page:
            page.raise_for_status()
        origin = self._url.rpartition("/group/")[0]
        async with self._http.ws_connect(f"{self._url}/ws", headers={"Origin": origin}) as socket:
            hello = {"type": "hello", "name": self._name, "role": self._role, "token": self._token}
            await socket.send_json({**hello, "since": self._cursor})
            async for frame in socket:
                await self._hear(socket, frame.json())

    async def _hear(self, socket: aiohttp.ClientWebSocketResponse, frame: Json) -> None:
        self._cursor = frame.get("cursor", self._cursor)
        match frame["type"]:
            case "welcome":
                self._token, self._socket = frame["token"], socket
                for waiting in list(self._outbox.values()):
                    await socket.send_json(waiting)
            case "event":
                self.seen[int(frame["event"]["id"])] = frame["event"]
            case "ack":
                self._outbox.pop(frame["client_id"], None)
                self.ids[frame["client_id"]] = frame.get("id", "")
            case "toast":
                self.toasts[frame["press"]] = frame["text"]
            case "notice":
                await self._again(socket, frame)

    async def _again(self, socket: aiohttp.ClientWebSocketResponse, frame: Json) -> None:
        assert frame["code"] in {"trouble", "slow"}, frame
        await asyncio.sleep(0.5)
        if waiting := self._outbox.get(frame["client_id"]):
            await socket.send_json(waiting)


def labels(body: Json) -> list[str]:
    """The words on a message's buttons, without the counts behind them."""
    rows = body.get("buttons") or ()
    return [re.sub(r" \d+$", "", key["label"]) for row in rows for key in row]
