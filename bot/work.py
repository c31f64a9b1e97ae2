"""Work: the loops that keep the flow going, one for the inbox, one for due orders, one for dispatch.

Within a group messages are handled one after another, groups side by side; so are orders within a lane (a
group's chat, a case's ticket). What fails for a time is tried again with back-off and holds up its own lane
only; what cannot succeed goes to the dead letters, where the operator sees it.
"""

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Container
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from actions import facts as f
from actions import orders as o
from actions.errors import NotYet, Refused, Unreachable
from actions.ledger import DeadLetter, Due, Entry, Fenced, Stale
from actions.mask import mask
from bot.courtesy import Courtesy
from bot.flow import Flow
from bot.glance import glance
from bot.hands import Hands
from bot.house import House
from connectors.ending import end
from connectors.open311 import ServiceRequestUpdate
from connectors.tickets import raw_news

log = structlog.get_logger("work")
TAKEN_AT_ONCE = 200
IN_HAND = 2000
"""Entries taken and not finished; no more are taken until some are."""
LONGEST_WAIT_SECONDS = 300.0
SURPRISES = 5
"""Tries of an entry or an order that fails for a reason nobody foresaw, before it is a dead letter."""
SAID_WITHIN = timedelta(hours=24)
"""A sentence that could not be said for so long is not worth saying."""


def back_off(tries: int, retry_after: float | None = None) -> float:
    """Seconds until the next try: doubling, at most five minutes, never less than was asked for."""
    wait: float = min(LONGEST_WAIT_SECONDS, 0.5 * 2 ** min(tries, 12)) * random.uniform(0.8, 1.2)  # noqa: S311 jitter
    return max(wait, retry_after or 0.0)


class Reader:
    """Takes entries from the inbox and hands them to the flow, in order within each group."""

    def __init__(self, house: House, flow: Flow) -> None:
        self._house, self._flow = house, flow
        self._waiting: defaultdict[str, deque[Entry]] = defaultdict(deque)
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._in_hand: set[tuple[int, str]] = set()
        self._lookouts: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Read until cancelled."""
        tries = 0
        while True:
            try:
                entries = await self._house.state.take(TAKEN_AT_ONCE, 500)
                tries = 0
            except Unreachable as reason:
                tries += 1
                log.warning("inbox_unreachable", reason=str(reason))
                await asyncio.sleep(min(back_off(tries), 5.0))
                continue
            self._put(entries)
            while len(self._in_hand) > IN_HAND:
                await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)

    async def once(self) -> None:
        """Read what is there, and finish it."""
        self._put(await self._house.state.take(TAKEN_AT_ONCE, 0))
        await self.drain()

    async def stop(self) -> None:
        """Let go of what is in hand; it is still in the inbox."""
        tasks = [*self._busy.values(), *self._lookouts]
        await end(tasks)

    async def let_go(self, partitions: Container[int]) -> None:
        """Drop what is in hand of these; it is still in the inbox, for whoever has them next."""
        mine = [group for group, queue in self._waiting.items() if queue and queue[0].partition in partitions]
        tasks = [self._busy[group] for group in mine if group in self._busy]
        await end(tasks)

    async def drain(self) -> None:
        """Wait until everything taken so far is finished."""
        while self._busy:
            await asyncio.wait(self._busy.values())

    def _put(self, entries: list[Entry]) -> None:
        for entry in entries:
            if _place(entry) in self._in_hand:
                continue  # after a loss of Redis everything unfinished comes once more
            self._waiting[entry.group].append(entry)
            self._in_hand.add(_place(entry))
            if entry.group not in self._busy:
                self._busy[entry.group] = asyncio.create_task(self._group(entry.group))
            else:
                lookout = asyncio.create_task(self._look_out(entry))
                self._lookouts.add(lookout)
                lookout.add_done_callback(self._lookouts.discard)

    async def _group(self, group: str) -> None:
        try:
            while queue := self._waiting.get(group):
                await self._finish(queue[0])
                self._in_hand.discard(_place(queue.popleft()))
        except Fenced:
            log.info("group_let_go", group=group)
        finally:
            self._in_hand.difference_update(map(_place, self._waiting.pop(group, ())))
            self._busy.pop(group, None)

    async def _finish(self, entry: Entry) -> None:
        tries = surprises = 0
        while True:
            try:
                if surprises < SURPRISES:
                    await self._handle(entry)
                else:
                    await self._bury(entry, "failed again and again; the log says why")
            except Unreachable as reason:
                tries += 1
                log.warning("message_waits", group=entry.group, reason=str(reason), tries=tries)
                await asyncio.sleep(min(back_off(tries, reason.retry_after), 15.0))
            except Fenced:
                raise
            except Exception:
                surprises += 1
                log.exception("message_failed", group=entry.group, entry=entry.id, tries=surprises)
                await asyncio.sleep(back_off(surprises))
            else:
                return

    async def _look_out(self, entry: Entry) -> None:
        """A cry for help does not wait for its turn behind what may hang or be tried again and again."""
        try:
            await self._flow.look_out(entry)
        except Exception as error:  # noqa: BLE001 its own turn comes, and tells what is wrong with it
            log.debug("look_out_failed", group=entry.group, reason=str(error))

    async def _handle(self, entry: Entry) -> None:
        try:
            with structlog.contextvars.bound_contextvars(group=entry.group), glance():
                await self._flow.handle(entry)
        except (ValueError, KeyError, Refused) as error:
            log.warning("poison", group=entry.group, entry=entry.id, reason=str(error))
            await self._bury(entry, str(error))

    async def _bury(self, entry: Entry, reason: str) -> None:
        letter = DeadLetter(
            uuid4().hex,
            entry.group,
            entry.door,
            mask(reason[:300]),
            self._house.clock.now(),
            entry.raw[:4000],
        )
        await self._house.state.bury(letter, entry=entry)


class Carrier:
    """Carries out due orders, in order within each lane."""

    def __init__(self, house: House, flow: Flow, hands: Hands) -> None:
        self._house, self._flow, self._hands = house, flow, hands
        self._courtesy = Courtesy(house, flow, hands)
        self._lanes: dict[str, asyncio.Task[None]] = {}
        self._held: dict[str, datetime] = {}
        self._tails: dict[str, datetime] = {}
        self._in_hand: set[str] = set()
        self._passed_over: set[str] = set()

    async def run(self) -> None:
        """Carry out until cancelled."""
        while True:
            self._house.wake.clear()
            try:
                await self.once()
            except Unreachable as reason:
                log.warning("orders_unreachable", reason=str(reason))
                await asyncio.sleep(1.0)
            try:
                async with asyncio.timeout(0.2):
                    await self._house.wake.wait()
            except TimeoutError:
                continue

    async def once(self) -> bool:
        """Start the lanes of all that is due; whether there was anything."""
        now = self._house.clock.now()
        lanes: defaultdict[str, list[Due]] = defaultdict(list)
        for due in await self._house.state.due(now, 1000, self._in_hand):
            lane = lane_of(due)
            if self._held.get(lane, now) > now:
                with suppress(Fenced):
                    await self._queue_up(lane, [due])
            else:
                lanes[lane].append(due)
        free = {lane: dues for lane, dues in lanes.items() if lane not in self._lanes}
        self._passed_over |= lanes.keys() - free.keys()
        for lane, dues in free.items():
            self._in_hand |= {due.order.key for due in dues}
            self._lanes[lane] = asyncio.create_task(self._lane(lane, sorted(dues, key=_turn)))
        return bool(free)

    async def stop(self) -> None:
        """Let go; what is not finished is still due."""
        await end(self._lanes.values())

    async def let_go(self) -> None:
        """Wait for what is under way; nothing begins any more in a partition that we are about to lose."""
        if self._lanes:
            await asyncio.wait(list(self._lanes.values()))

    async def drain(self) -> None:
        """Wait until the lanes that run are through."""
        while self._lanes:
            await asyncio.wait(self._lanes.values())

    async def _lane(self, lane: str, dues: list[Due]) -> None:
        try:
            self._held.pop(lane, None)
            self._tails.pop(lane, None)
            for n, due in enumerate(dues):
                with glance():
                    wait = await self._finish(due)
                if wait:
                    await self._hold(lane, dues[n:], wait)
                    return
        except Unreachable as reason:
            log.warning("orders_unreachable", reason=str(reason))
            self._held[lane] = self._tails[lane] = self._house.clock.now() + timedelta(seconds=1)
        except Fenced:
            log.info("lane_let_go", lane=lane)
        finally:
            self._lanes.pop(lane, None)
            self._in_hand -= {due.order.key for due in dues}
            if lane in self._passed_over:
                self._passed_over.discard(lane)
                self._house.wake.set()

    async def _hold(self, lane: str, dues: list[Due], seconds: float) -> None:
        """Keep the whole lane, in its order, until then: a later sentence may not overtake an earlier one."""
        self._held[lane] = self._tails[lane] = self._house.clock.now() + timedelta(seconds=seconds)
        await self._queue_up(lane, dues)

    async def _queue_up(self, lane: str, dues: list[Due]) -> None:
        """Put orders behind those that wait in a held lane."""
        for due in dues:
            fresh = await self._house.state.order(due.order.key, due.group)
            if fresh:
                self._tails[lane] += timedelta(microseconds=1)
                await self._house.state.postpone(fresh, self._tails[lane])

    async def _finish(self, due: Due) -> float:
        """Try an order once; the seconds to wait before the next try, or 0 if it is done with."""
        due, _, _ = await self._house.state.begin(due, self._house.clock.now())
        kind = type(due.order).__name__
        try:
            with (
                self._house.metrics.carrying(kind),
                structlog.contextvars.bound_contextvars(case=due.order.case or None),
            ):
                granted = await self._courtesy.granted(due)
                if granted is None:
                    return 0
                due = granted
                fact = await self._hands.carry_out(due)
        except NotYet as reason:
            return await self._not_yet(due, reason)
        except Unreachable as reason:
            return await self._try_again(due, str(reason), reason.retry_after)
        except Refused as reason:
            await self._bury(due, str(reason))
            return 0
        except Fenced:
            raise
        except Exception as error:
            log.exception("order_failed", order=due.order.key, kind=kind, tries=due.tries)
            return await self._surprised(due, error)
        await self._done(due, fact)
        return 0

    async def _done(self, due: Due, fact: f.Fact | None) -> None:
        """Write down that it is done, however long that takes: an order that is tried again is said again."""
        tries = 0
        while True:
            try:
                await self._write_down(due, fact)
            except Unreachable as reason:
                tries += 1
                log.warning("outcome_waits", order=due.order.key, reason=str(reason), tries=tries)
                await asyncio.sleep(min(back_off(tries), 5.0))
            else:
                return

    async def _write_down(self, due: Due, fact: f.Fact | None) -> None:
        if fact is not None and due.order.case:
            await self._flow.happened(due.order.case, fact, done=due.order.key)
        else:
            await self._flow.carried_out(due, fact)
        log.info(
            "order",
            kind=type(due.order).__name__,
            group=due.group,
            case=due.order.case or None,
            tries=due.tries,
        )

    async def _try_again(self, due: Due, reason: str, retry_after: float | None) -> float:
        now, kind = self._house.clock.now(), type(due.order).__name__
        waited = now - (due.first_tried_at or now)
        log.warning(
            "order_waits",
            kind=kind,
            group=due.group,
            case=due.order.case or None,
            reason=reason,
            tries=due.tries,
        )
        if lane_of(due).startswith("chat:") and waited > SAID_WITHIN:
            await self._bury(due, f"not said within a day: {reason}")
            return 0
        if (
            isinstance(due.order, o.FileTicket)
            and waited >= self._house.grids.policy_of(due.group).delay_told_after
        ):
            await self._flow.delayed(due.order.case, now)
        return back_off(due.tries, retry_after)

    async def _not_yet(self, due: Due, reason: NotYet) -> float:
        """What for certain was not done does not count as a try, and does not grow too old to be said."""
        first = due.first_tried_at if due.tries > 1 else None
        untried = replace(due, tries=due.tries - 1, first_tried_at=first)
        await self._house.state.postpone(untried, due.at)
        log.info("order_waits_its_turn", kind=type(due.order).__name__, group=due.group, reason=str(reason))
        return back_off(0, reason.retry_after)

    async def _surprised(self, due: Due, error: Exception) -> float:
        if due.tries < SURPRISES:
            return back_off(due.tries)
        await self._bury(due, f"failed again and again: {error}")
        return 0

    async def _bury(self, due: Due, reason: str) -> None:
        log.error(
            "order_refused",
            kind=type(due.order).__name__,
            group=due.group,
            case=due.order.case or None,
            reason=reason,
        )
        now, kind = self._house.clock.now(), type(due.order).__name__
        letter = DeadLetter(uuid4().hex, due.group, kind, mask(reason[:300]), now, due.order.key)
        await self._house.state.bury(letter, done=due)


def _place(entry: Entry) -> tuple[int, str]:
    return entry.partition, entry.id


def _turn(due: Due) -> tuple[bool, datetime, int, int]:
    """Orders of one moment go by the case's version and their number in it, which stand in the key.

    What waited for somebody to speak comes after the answer to what was said.
    """
    rest, _, n = due.order.key.rpartition(":")
    version = rest.rpartition(":")[2]
    return bool(due.answers), due.at, _number(version), _number(n)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def lane_of(due: Due) -> str:
    """What an order has to wait behind: the group's chat, the case's ticket, or nothing."""
    match due.order:
        case o.FileTicket() | o.TellDispatch():
            return f"ticket:{due.order.case}"
        case o.WakeAt() | o.WatchClock() | o.AnswerPress() | o.Warn() | o.Forget():
            return f"alone:{due.order.key}"
        case o.CallDigests():
            return f"alone:{due.order.key}"
        case o.Whisper() | o.CallWorker() | o.SendDigest() as order:
            return f"chat:{order.to}"
        case o.Alert() as order:  # with nobody named it waits for nobody: it speaks to none
            return f"chat:{order.to}" if order.to else f"alone:{order.key}"
    return f"chat:{due.group}"


class News:
    """Asks dispatch what happened to our tickets; what a signed push brings goes the same way."""

    def __init__(self, house: House, flow: Flow, every_seconds: float) -> None:
        self._house, self._flow, self._every = house, flow, every_seconds

    async def run(self) -> None:
        """Ask until cancelled."""
        tries = 0
        while True:
            try:
                await self.once()
                tries = 0
            except Stale:
                log.info("asked_by_another")
            except (Unreachable, Refused) as reason:
                tries += 1
                log.warning("dispatch_unreachable", reason=str(reason), tries=tries)
            await asyncio.sleep(max(self._every, back_off(tries) if tries else 0))

    async def once(self) -> None:
        """Ask once, from where the last answer ended. Raises `Stale` where somebody else has asked meanwhile."""
        state, now = self._house.state, self._house.clock.now()
        cursor = await state.recall("dispatch_cursor")
        since = datetime.fromisoformat(cursor) if cursor else now - timedelta(days=1)
        updates = await self._house.dispatch.updates(since, state.open_tickets)
        for update in updates:
            await self.take(update)
        await state.swap("dispatch_cursor", cursor, now.isoformat())

    async def take(self, update: ServiceRequestUpdate) -> None:
        """Put one update into the inbox of every group that follows the ticket; of a ticket that is not ours, into none."""
        await self._flow.news.arrived(raw_news(update))
