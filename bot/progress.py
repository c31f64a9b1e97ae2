"""Progress of something long, on stderr: how much is through, how fast, how long it will take yet."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

from bot.phrases import gettext

QUIET_SECONDS = 3.0
"""What is through by then needs no progress."""
_EVERY_SECONDS = (0.5, 30.0)
"""On a terminal, where one line is written over, and in a file."""


class Progress:
    """Told the count, it writes a line now and then."""

    def __init__(
        self, total: int, lang: str, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total, self._lang, self._clock = total, lang, clock
        self._out = sys.stderr if out is None else out
        self._terminal = self._out.isatty()
        self._begun = clock()
        self._next = self._begun + QUIET_SECONDS
        self._shown = False

    def __call__(self, count: int) -> None:
        """So many are through."""
        now = self._clock()
        if now < self._next:
            return
        self._next = now + _EVERY_SECONDS[not self._terminal]
        line = self._line(count, now - self._begun)
        self._out.write(f"\r\x1b[K{line}" if self._terminal else f"{line}\n")
        self._out.flush()
        self._shown = True

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._shown and self._terminal:
            self._out.write("\r\x1b[K")
            self._out.flush()

    def _line(self, count: int, seconds: float) -> str:
        _ = gettext(self._lang)
        rate = count / seconds
        left = round((self._total - count) / rate) if count else 0
        return _(
            "{count} of {total} ({share}%), {rate} a second, {left} to go; Ctrl-C: report so far"
        ).format(
            count=count,
            total=self._total,
            share=100 * count // self._total,
            rate=f"{rate:.1f}",
            left=f"{left // 3600}:{left // 60 % 60:02}:{left % 60:02}",
        )
