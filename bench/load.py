"""Load: requests over kept connections, as many in flight as asked for, and how long each took.

The client is as thin as can be, since it works on the same cores as what is measured.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Took:
    """What came of some requests: seconds of each, seconds of all, and how many were not answered with 200."""

    seconds: list[float] = field(default_factory=list)
    whole: float = 0.0
    failed: int = 0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return (len(self.seconds) - self.failed) / self.whole if self.whole else 0.0

    def quantile_ms(self, share: float) -> float:
        """Milliseconds within which so many were answered."""
        return quantile_ms(self.seconds, share)


def quantile_ms(seconds: list[float], share: float) -> float:
    """Milliseconds within which so many of these are; nan for none."""
    ordered = sorted(seconds)
    if not ordered:
        return float("nan")
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Line:
    """One connection to a server."""

    def __init__(self, url: str, headers: dict[str, str] | None = None) -> None:
        self._at = urlsplit(url)
        named = {"Host": self._at.netloc, "Content-Type": "application/json", **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self._head = f"POST {self._at.path} HTTP/1.1\r\n{lines}".encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """The status and what was answered. Raises OSError, IncompleteReadError."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._at.hostname, self._at.port)
        reader, writer = self._streams
        writer.write(self._head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        return int(head[9:12]), await reader.readexactly(length)

    def close(self) -> None:
        """Hang up."""
        if self._streams:
            self._streams[1].close()


async def at_once(url: str, bodies: Iterable[bytes], in_flight: int, wanted: bytes = b"") -> Took:
    """Send all bodies, always so many in flight; an answer without the `wanted` counts as failed."""
    took, waiting, began = Took(), iter(bodies), time.perf_counter()
    await asyncio.gather(*(_one_after_another(url, waiting, took, wanted) for _ in range(in_flight)))
    took.whole = time.perf_counter() - began
    return took


async def _one_after_another(url: str, bodies: Iterator[bytes], took: Took, wanted: bytes) -> None:
    line = Line(url)
    for body in bodies:
        began = time.perf_counter()
        status, answer = await line.post(body)
        took.seconds.append(time.perf_counter() - began)
        took.failed += status != 200 or wanted not in answer
    line.close()


async def at_rate(
    url: str, bodies: list[bytes], per_second: float, headers: dict[str, str] | None = None
) -> Took:
    """Send so many a second, whether or not earlier ones are answered; each counts from when it was due."""
    took, lines, began = Took(), list[Line](), time.perf_counter()

    async def one(n: int) -> None:
        due = began + n / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        line = lines.pop() if lines else Line(url, headers)
        status, _ = await line.post(bodies[n])
        took.seconds.append(time.perf_counter() - due)
        took.failed += status != 200
        lines.append(line)

    await asyncio.gather(*map(one, range(len(bodies))))
    took.whole = time.perf_counter() - began
    for line in lines:
        line.close()
    return took
