"""Metrics for Prometheus: what was heard, read, moved and carried out, and how much waits.

Where `linli run` works in processes beside itself they all count together (bot/work_child.py).
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from actions import facts as f
from actions.case import Case
from actions.errors import Unreachable
from bot.work_child import FIGURES

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class Metrics:
    """The figures of one process, in a registry of their own, or of all that count together."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._heard = Counter("linli_heard", "Updates taken in", ["door"], registry=registry)
        self._read = Counter("linli_read", "Messages read", ["intent"], registry=registry)
        self._moved = Counter("linli_moved", "Facts by the stage they led to", ["stage"], registry=registry)
        self._doubted = Counter("linli_doubted", "Possible problems kept without a word", registry=registry)
        self._lights = Counter("linli_lights", "Lights that turned", ["node", "light"], registry=registry)
        self._news = Counter("linli_dispatch_news", "News of tickets", ["status"], registry=registry)
        self._orders = Counter("linli_orders", "Tries of orders", ["kind", "outcome"], registry=registry)
        self._order_seconds = Histogram(
            "linli_order_seconds", "A try of an order", ["kind"], buckets=_SECONDS, registry=registry
        )
        self._parse_seconds = Histogram(
            "linli_parse_seconds", "An answer of the NLU server", buckets=_SECONDS, registry=registry
        )
        self._waiting = Gauge(
            "linli_waiting",
            "Entries, orders, dead letters",
            ["what"],
            registry=registry,
            multiprocess_mode="mostrecent",
        )

    def heard(self, door: str) -> None:
        """An update came in from a platform or from dispatch."""
        self._heard.labels(door).inc()

    def read(self, intent: str) -> None:
        """The NLU understood a message so."""
        self._read.labels(str(intent)).inc()

    def happened(self, case: Case, fact: f.Fact) -> None:
        """A fact was taken; the case is where it led to."""
        self._moved.labels(str(case.stage)).inc()
        if isinstance(fact, f.Reported) and fact.doubtful:
            self._doubted.inc()
        if isinstance(fact, f.LightTurned):
            self._lights.labels(str(case.clocks[fact.clock].node), str(fact.light)).inc()

    def news(self, status: str) -> None:
        """Dispatch told us something about a ticket."""
        self._news.labels(status).inc()

    @contextmanager
    def carrying(self, kind: str) -> Iterator[None]:
        """Around one try of an order: `done`, `retried` (Unreachable) or `failed`, and how long it took."""
        begun, outcome = time.perf_counter(), "failed"
        try:
            yield
            outcome = "done"
        except Unreachable:
            outcome = "retried"
            raise
        finally:
            self._order_seconds.labels(kind).observe(time.perf_counter() - begun)
            self._orders.labels(kind, outcome).inc()

    @contextmanager
    def parsing(self) -> Iterator[None]:
        """Around one question to the NLU server."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._parse_seconds.observe(time.perf_counter() - begun)

    def waiting(self, depth: Mapping[str, int]) -> None:
        """What waits now; see `State.depth`."""
        for what, number in depth.items():
            self._waiting.labels(what).set(number)

    def render(self) -> bytes:
        """All figures in Prometheus' text format."""
        registry = self._registry
        if FIGURES in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types there
        return generate_latest(registry)
