"""Telegram's flood limits, as far as they are known: 30 messages a second in all, 20 a minute into a group, edits
counted like messages; whoever goes on regardless has to wait longer every time.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable

MINUTE, SECOND = 60.0, 1.0


class Flood:
    """Counts what a bot says. `clock` is in seconds."""

    def __init__(
        self,
        *,
        per_second: int = 30,
        per_minute: int = 20,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.per_second, self.per_minute, self.clock = per_second, per_minute, clock
        self.refused: list[int] = []
        self._all: list[float] = []
        self._said: defaultdict[int, list[float]] = defaultdict(list)
        self._closed: dict[int, tuple[float, int]] = {}  # until, the wait that was named last

    def retry_after(self, chat: int) -> int:
        """0 where one more is taken, and then it counts; else the whole seconds to wait."""
        now = self.clock()
        until, named = self._closed.get(chat, (0.0, 0))
        if now < until:
            return self._close(chat, now, max(named * 2, math.ceil(until - now)))
        wait = _wait(self._all, now, SECOND, self.per_second)
        if chat < 0:
            wait = max(wait, _wait(self._said[chat], now, MINUTE, self.per_minute))
        if wait > 0:
            return self._close(chat, now, math.ceil(wait))
        self._all = [*self._all[-self.per_second :], now]
        self._said[chat] = [*self._said[chat][-self.per_minute :], now]
        return 0

    def _close(self, chat: int, now: float, seconds: int) -> int:
        self._closed[chat] = (now + seconds, seconds)
        self.refused.append(seconds)
        return seconds


def _wait(said: list[float], now: float, window: float, most: int) -> float:
    recent = [at for at in said if at > now - window]
    return recent[-most] + window - now if len(recent) >= most else 0.0
