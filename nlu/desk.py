"""The desk: where messages wait to be read, and who reads them.

Nobody waits for a batch to fill up: whoever is free takes what is there. So a lone message is read at once, and
batches grow by themselves when much comes.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from asked import Asked

MOST_WAITING = 256
MOST_AT_ONCE = 32
REMEMBERED = 65536
"""Texts of which the desk knows who has read them."""


class Lane(Protocol):
    """One reader, who reads one batch at a time."""

    async def read(self, asked: list[Asked]) -> list[bytes | None]:
        """Return a reading in JSON for each message, in the same order; None for one that cannot be read.

        Raises LostError when the reader is gone; a later call waits for the next one.
        """


class FullError(Exception):
    """Too many messages wait already."""


class UnreadError(Exception):
    """Nobody can read this message."""


class LostError(Exception):
    """The reader has gone while it was reading."""


@dataclass(eq=False)
class _Waiting:
    asked: Asked
    answer: asyncio.Future[bytes]
    suspect: bool = False
    """It was in the hands of a reader that is gone, perhaps because of it: it is read alone."""


class Desk:
    """Hands messages to readers.

    A message goes to whoever has read the one before it in its talk, for there its talk is known.
    """

    def __init__(self, lanes: Sequence[Lane], most_waiting: int = MOST_WAITING) -> None:
        self._lanes, self._most = lanes, most_waiting
        self._unanswered = 0
        self._anyone: deque[_Waiting] = deque()
        self._own: list[deque[_Waiting]] = [deque() for _ in lanes]
        self._idle = [True for _ in lanes]
        self._bells = [asyncio.Event() for _ in lanes]
        self._readers: OrderedDict[int, int] = OrderedDict()

    async def ask(self, asked: Asked) -> bytes:
        """Return the reading of one message in JSON; raises FullError and UnreadError."""
        if self._unanswered >= self._most:
            raise FullError
        waiting = _Waiting(asked, asyncio.get_running_loop().create_future())
        self._unanswered += 1
        try:
            self._put(waiting)
            return await waiting.answer
        finally:
            self._unanswered -= 1

    async def work(self) -> None:
        """Read what waits, for ever."""
        await asyncio.gather(*map(self._work, range(len(self._lanes))))

    def _put(self, waiting: _Waiting) -> None:
        lane = self._lane_of(waiting.asked)
        (self._anyone if lane is None else self._own[lane]).append(waiting)
        for bell in self._bells if lane is None else [self._bells[lane]]:
            bell.set()

    def _lane_of(self, asked: Asked) -> int | None:
        """Return who has read the talk; None where anyone will do."""
        if len(self._lanes) == 1 or not asked.context:
            return None
        lane = self._readers.get(hash(asked.context[-1]))
        idlest = min(range(len(self._lanes)), key=lambda n: (len(self._own[n]), not self._idle[n]))
        if lane is None or len(self._own[lane]) > len(self._own[idlest]) + MOST_AT_ONCE:
            lane = idlest
        self._readers[hash(asked.text)] = lane
        if len(self._readers) > REMEMBERED:
            self._readers.popitem(last=False)
        return lane

    async def _work(self, lane: int) -> None:
        while True:
            batch = self._batch(lane)
            if batch:
                self._idle[lane] = False
                await self._read(lane, batch)
                continue
            self._idle[lane] = True
            self._bells[lane].clear()
            await self._bells[lane].wait()

    def _batch(self, lane: int) -> list[_Waiting]:
        """Return what this reader takes: its own, and its share of what anyone may read."""
        free = 1 + sum(idle for n, idle in enumerate(self._idle) if n != lane)
        share = -(-len(self._anyone) // free)
        batch: list[_Waiting] = []
        for line, most in ((self._own[lane], len(self._own[lane])), (self._anyone, share)):
            for _ in range(most):
                if len(batch) == MOST_AT_ONCE or (batch and line[0].suspect):
                    break
                one = line.popleft()
                if not one.answer.done():  # the asker may have gone
                    batch.append(one)
                if one.suspect and batch:
                    return batch
        return batch

    async def _read(self, lane: int, batch: list[_Waiting]) -> None:
        try:
            readings = await self._lanes[lane].read([one.asked for one in batch])
        except LostError:
            self._lost(batch)
            return
        for one, reading in zip(batch, readings, strict=True):
            if one.answer.done():
                continue
            if reading is None:
                one.answer.set_exception(UnreadError())
            else:
                one.answer.set_result(reading)

    def _lost(self, batch: list[_Waiting]) -> None:
        """Have what a reader has left behind read again, one by one; who is lost with two readers is given up."""
        if len(batch) == 1 and batch[0].suspect:
            if not batch[0].answer.done():
                batch[0].answer.set_exception(UnreadError())
            return
        for one in batch:
            one.suspect = True
        self._anyone.extendleft(reversed(batch))
        for bell in self._bells:
            bell.set()
