"""A tab: one open page of a browser group, its socket, and who the server knows to be there."""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from actions.message import Role
from connectors.web_log import Event

MOST_FRAMES, FRAMES_SECONDS = 20, 10.0


@dataclass(eq=False, kw_only=True)
class Tab:
    """One open page: its socket, and who the server knows to be there."""

    socket: web.WebSocketResponse
    group: str
    browser: str
    may_work: bool
    person: str = ""
    name: str = ""
    role: Role = Role.RESIDENT
    cursor: str = ""
    greeted: asyncio.Event = field(default_factory=asyncio.Event)
    _taken: deque[float] = field(default_factory=lambda: deque(maxlen=MOST_FRAMES))

    @property
    def sender(self) -> str:
        """The person's id, as the bot knows it."""
        return f"web:{self.person}"

    def once(self, client_id: str) -> str:
        """The id of what this person does, the same whenever the page sends it again."""
        return f"{self.group.removeprefix('web:')}.{self.person}.{client_id}"

    def too_fast(self) -> bool:
        """Whether this frame is one too many; if not, it counts."""
        now = asyncio.get_running_loop().time()
        if len(self._taken) == MOST_FRAMES and now - self._taken[0] < FRAMES_SECONDS:
            return True
        self._taken.append(now)
        return False

    async def send(self, kind: str, **what: Any) -> None:
        """Tell the page. A page that is gone reads it from the log when it is back."""
        with suppress(ConnectionResetError):
            await self.socket.send_json({"type": kind, **what})

    async def show(self, event: Event) -> None:
        """Send an event of the log, and a toast to the person that it is for."""
        self.cursor = event.cursor
        if event.kind != "toast":
            await self.send("event", cursor=event.cursor, event=event.body)
        elif event.body["to"] == self.person:
            await self.send("toast", cursor=event.cursor, press=event.body["press"], text=event.body["text"])
