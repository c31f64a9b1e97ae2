"""The last events of the log, kept in the process for the console, and handed to whoever looks on."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

Queue = asyncio.Queue[dict[str, Any]]
_BEHIND = 200  # events; who is slower than that misses some


class Ring:
    """The newest `size` events. `add` may be called from any thread."""

    def __init__(self, size: int = 500) -> None:
        self._events: deque[dict[str, Any]] = deque(maxlen=size)
        self._count = 0
        self._readers: dict[Queue, asyncio.AbstractEventLoop] = {}
        self._stopped = False

    def add(self, event: dict[str, Any]) -> None:
        """Keep an event, numbered, and hand it on."""
        self._count += 1
        numbered = {**event, "n": self._count}
        self._events.append(numbered)
        for queue, loop in list(self._readers.items()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(_offer, queue, numbered)

    def last(self, after: int = 0) -> list[dict[str, Any]]:
        """The events kept with a higher number than `after`, oldest first."""
        return [event for event in list(self._events) if event["n"] > after]

    async def follow(self, after: int = 0, idle_seconds: float = 15) -> AsyncIterator[dict[str, Any] | None]:
        """The events after that number, then each as it comes, until `stop`; None when none came for so long.

        A number from before the last start of the program counts as none.
        """
        queue: Queue = asyncio.Queue(_BEHIND)
        self._readers[queue] = asyncio.get_running_loop()
        sent = after if after <= self._count else 0
        try:
            for event in self.last(sent):
                sent = event["n"]
                yield event
            while not self._stopped:
                coming = await _next(queue, idle_seconds)
                if coming is None or coming.get("n", 0) > sent:
                    sent = coming["n"] if coming else sent
                    yield coming
        finally:
            del self._readers[queue]

    def stop(self) -> None:
        """Send every reader away: the server shuts down."""
        self._stopped = True
        for queue in list(self._readers):
            _offer(queue, {})


async def _next(queue: Queue, seconds: float) -> dict[str, Any] | None:
    try:
        return await asyncio.wait_for(queue.get(), seconds)
    except TimeoutError:
        return None


def _offer(queue: Queue, event: dict[str, Any]) -> None:
    if not queue.full():
        queue.put_nowait(event)
