"""The pool: the processes that read, one a core, seen from the server.

They are one family: the first loads the model and the others are its forks, so they share its memory. When one is
gone, or hangs, all are begun anew; what they had in hand is read again.
"""

import asyncio
import os
import pickle
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from asked import Asked
from desk import LostError

HERE = Path(__file__).resolve().parent
MOST_READERS = 4
"""Each wants 0.1 GB of its own, and four read more than a machine of four cores leaves them."""
AGAIN_SECONDS = 1.0
SILENT_SECONDS = 20.0
"""A reader that has said nothing for so long hangs; the largest batch takes a twentieth of that."""
_HEAD = 4  # bytes that say how many follow

About = dict[str, Any]
"""`model`, `loaded_at`, `linking`, `process`: what the readers say of themselves."""


class NotReadyError(Exception):
    """The readers could not begin; they have said why."""


def cores() -> int:
    """Return how many processes are worth having here."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, MOST_READERS)


class Pool:
    """The family of readers; `lanes` are its members."""

    def __init__(self, arguments: Sequence[str], size: int) -> None:
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self.about: About = {}
        self.lanes = [Member(self._lost) for _ in range(size)]
        self._ends = asyncio.Event()

    async def start(self) -> None:
        """Begin the processes; raises NotReadyError when they end before they can read."""
        pairs = [socket.socketpair() for _ in self.lanes]
        theirs = [other.fileno() for _, other in pairs]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "readers", "--sockets", *map(str, theirs), *self._arguments,
            cwd=HERE, pass_fds=theirs, stdin=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        for (ours, other), lane in zip(pairs, self.lanes, strict=True):
            other.close()
            await lane.connect(ours)
        try:
            for lane in self.lanes:
                self.about.update(await lane.hello())
        except LostError as gone:
            await self.stop()
            raise NotReadyError from gone

    async def watch(self, tell: Callable[[str], None]) -> None:
        """Begin anew whenever a reader is gone, for ever."""
        while True:
            await self._ends.wait()
            tell("readers_lost")
            try:
                await self.stop()
                self._ends.clear()
                await self.start()
            except NotReadyError:
                self._ends.set()
                await asyncio.sleep(AGAIN_SECONDS)

    async def stop(self) -> None:
        """End the processes, at once: they keep nothing that could be lost."""
        for lane in self.lanes:
            lane.disconnect()
        if self._process and self._process.returncode is None:
            self._process.kill()
        if self._process:
            await self._process.wait()

    def _lost(self) -> None:
        self._ends.set()


class Member:
    """One reader; see desk.Lane."""

    def __init__(self, lost: Callable[[], None], silent_s: float = SILENT_SECONDS) -> None:
        self._lost, self._silent_s = lost, silent_s
        self._ready = asyncio.Event()
        self._process = 0
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def connect(self, sock: socket.socket) -> None:
        """Speak to the reader at the other end."""
        self._streams = await asyncio.open_connection(sock=sock)

    def disconnect(self) -> None:
        """Hang up, and end the reader; who wants something read waits for the next `connect`."""
        self._ready.clear()
        if self._process:
            with suppress(ProcessLookupError):  # it may be busy, and would hear of it only later
                os.kill(self._process, signal.SIGKILL)
            self._process = 0
        if self._streams:
            self._streams[1].close()

    async def hello(self) -> About:
        """Wait until the reader can read; return what it says of itself."""
        about: About = await self._take()
        self._process = about["process"]
        self._ready.set()
        return about

    async def read(self, asked: list[Asked]) -> list[bytes | None]:
        """Return a reading in JSON for each message; None for one that cannot be read."""
        await self._ready.wait()
        try:
            assert self._streams  # noqa: S101 (connected, since it is ready)
            body = pickle.dumps([(one.text, one.context, one.reply_to, one.role) for one in asked])
            self._streams[1].write(len(body).to_bytes(_HEAD, "big") + body)
            async with asyncio.timeout(self._silent_s):
                found: list[bytes | None] = await self._take()
        except (LostError, OSError) as gone:  # TimeoutError among them
            self._ready.clear()
            self._lost()
            raise LostError from gone
        return found

    async def _take(self) -> Any:
        assert self._streams  # noqa: S101
        try:
            length = int.from_bytes(await self._streams[0].readexactly(_HEAD), "big")
            return pickle.loads(await self._streams[0].readexactly(length))  # noqa: S301 (our own child wrote it)
        except (asyncio.IncompleteReadError, OSError) as gone:
            raise LostError from gone
