"""A TCP proxy between the program and a service: it cuts, delays and freezes, and can change what is behind it."""

import asyncio
import socket
import struct
import time
from contextlib import suppress
from typing import Self

_CHUNK = 65536


class TcpProxy:
    """Listens on a free port and passes on to `target`.

    `delay` is in seconds, for every piece in either direction. `cuts` says when (monotonic) connections were broken, and since
    when nothing had passed by then.
    """

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.delay = 0.0
        self.cuts: list[tuple[float, float]] = []
        self._frozen_at: float | None = None
        self.port = 0
        self._passing = asyncio.Event()
        self._passing.set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._pipes: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server
        self._server.close()
        self._passing.set()
        self.cut()
        await asyncio.gather(*self._pipes, return_exceptions=True)

    def freeze(self) -> None:
        """Nothing passes any more, in neither direction; connections stay."""
        self._frozen_at = time.monotonic()
        self._passing.clear()

    def thaw(self) -> None:
        """What was held up goes on."""
        self._frozen_at = None
        self._passing.set()

    def cut(self) -> int:
        """Break every connection at once, what is on its way included; how many there were."""
        now = time.monotonic()
        self.cuts.append((self._frozen_at or now, now))
        for writer in self._writers:
            _reset(writer)
        return len(self._writers) // 2

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        for source, sink in ((reader, back), (there, writer)):
            pipe = asyncio.create_task(self._pipe(source, sink))
            self._pipes.add(pipe)
            pipe.add_done_callback(self._pipes.discard)

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while piece := await source.read(_CHUNK):
                if self.delay:
                    await asyncio.sleep(self.delay)
                await self._passing.wait()
                sink.write(piece)
                await sink.drain()
        except OSError:
            sink.transport.abort()
        finally:
            self._writers.discard(sink)
            sink.close()
            with suppress(OSError):
                await sink.wait_closed()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Hang up without a word: the other side gets a reset, and no orderly end."""
    if known := writer.get_extra_info("socket"):
        with suppress(OSError):
            known.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
