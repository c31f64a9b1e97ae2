"""Breaks a city by a schedule, and heals it again."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from tests.chaos.city import FAILS, HANGS, City
from tests.chaos.dispatch import Trouble
from tests.chaos.schedule import Fault, Kind
from tests.chaos.units import Unit

SPEAKS = ("sendMessage", "sendMessage", "editMessageText")
_TROUBLE = {
    Kind.ERROR: Trouble.ERROR,
    Kind.SILENT: Trouble.STORES_THEN_SILENT,
    Kind.LATE_ERROR: Trouble.STORES_THEN_ERROR,
    Kind.TWICE: Trouble.TWICE,
}
_POISON = {Kind.POISON_ERROR: FAILS, Kind.POISON_HANGS: HANGS, Kind.POISON_MALFORMED: "【乱】"}


class Breaker:
    """`done` counts what was injected, `not_done` what could not be."""

    def __init__(self, city: City, say: Callable[[str], None]) -> None:
        self._city, self._say = city, say
        self.done: Counter[tuple[str, str]] = Counter()
        self.not_done: Counter[tuple[str, str]] = Counter()
        self._under_way: set[asyncio.Task[None]] = set()

    async def run(self, faults: list[Fault]) -> None:
        """All of them at their times; returns when the last is over."""
        begun = time.monotonic()
        for fault in faults:
            await asyncio.sleep(max(0.0, begun + fault.at - time.monotonic()))
            self._under_way.add(asyncio.create_task(self._one(fault)))
        await asyncio.gather(*self._under_way)

    async def heal(self) -> None:
        """Everything is well again, and what waits for a request waits no more."""
        for link in self._city.links.values():
            link.delay = 0.0
            link.thaw()
        for unit in (*self._city.units.values(), *self._city.redis.units):
            unit.let_start()
            unit.send(signal.SIGCONT)
        self._city.backend.trouble.clear()
        self._city.backend.tells_twice = False
        self._city.telegram._failures.clear()
        for name in self._city.units:
            self._city.set_clock(name, 0)
        await self._city.redis.empty_disk()

    async def _one(self, fault: Fault) -> None:
        what = f"{fault.target}: {fault.kind}"
        took = await self._done(fault)
        (self.done if took else self.not_done)[fault.kind.value, fault.target] += 1
        self._say(f"{fault.at:6.1f} s  {what}{'' if took else '  (could not be done)'}")

    async def _done(self, fault: Fault) -> bool:
        match fault.kind:
            case Kind.KILL | Kind.STOP | Kind.RESTART:
                await self._process(fault, self._unit(fault.target))
            case Kind.FAILOVER | Kind.DEMOTION:
                return await self._city.redis.fail_over(demoted=fault.kind is Kind.DEMOTION)
            case Kind.FULL_ENDS | Kind.FULL_REFUSES:
                await self._full(fault)
            case Kind.CUT | Kind.DELAY | Kind.FREEZE:
                await self._link(fault)
            case Kind.CLOCK:
                return await self._clock(fault)
            case Kind.NEWS_TWICE:
                self._city.backend.tells_twice = True
                await asyncio.sleep(fault.lasts)
                self._city.backend.tells_twice = False
            case Kind.POISON_ERROR | Kind.POISON_HANGS | Kind.POISON_MALFORMED:
                self._city.poison(_POISON[fault.kind])
            case _:
                self._answers(fault)
        return True

    def _unit(self, target: str) -> Unit:
        return self._city.redis.master if target == "redis" else self._city.units[target]

    async def _process(self, fault: Fault, unit: Unit) -> None:
        if fault.kind is Kind.STOP:
            unit.send(signal.SIGSTOP)
            await asyncio.sleep(fault.lasts)
            unit.send(signal.SIGCONT)
        else:
            unit.send(signal.SIGKILL if fault.kind is Kind.KILL else signal.SIGTERM)

    async def _full(self, fault: Fault) -> None:
        always = fault.kind is Kind.FULL_ENDS
        await self._city.redis.fill_disk(always=always)
        await asyncio.sleep(fault.lasts)
        await self._city.redis.empty_disk()

    async def _link(self, fault: Fault) -> None:
        link = self._city.links[fault.target]
        if fault.kind is Kind.CUT:
            link.cut()
        elif fault.kind is Kind.DELAY:
            link.delay = fault.amount
            await asyncio.sleep(fault.lasts)
            link.delay = 0.0
        else:
            link.freeze()
            await asyncio.sleep(fault.lasts)
            link.cut()  # what was frozen for so long is lost
            link.thaw()

    async def _clock(self, fault: Fault) -> bool:
        if self._city.faketime is None:
            return False
        self._city.set_clock(fault.target, fault.amount)
        await asyncio.sleep(fault.lasts)
        self._city.set_clock(fault.target, 0)
        return True

    def _answers(self, fault: Fault) -> None:
        if fault.target == "dispatch":
            self._city.backend.trouble.extend([_TROUBLE[fault.kind]] * int(fault.amount))
            return
        match fault.kind:
            case Kind.TOO_MANY:
                wait = {"retry_after": int(fault.amount)}
                self._city.telegram.fail_next("sendMessage", 429, wait)
                self._city.telegram.fail_next("editMessageText", 429, wait)
            case Kind.DROPPED:
                self._city.telegram.fail_next("sendMessage", after_effect=True)
            case _:
                for method in ("sendMessage", "editMessageText", "getUpdates"):
                    self._city.telegram.fail_next(method, 502, times=int(fault.amount))


async def cancelled(task: "asyncio.Task[None]") -> None:
    """End a task that has no end of its own."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
