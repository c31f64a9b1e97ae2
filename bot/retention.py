"""Retention: what has been kept for as long as the settings say is deleted, and how much is written down.

Cases, their course and their figures stay; words, names, people and exact places of cases that are over go, in the
trace too, whose chain says so (actions/chain.py). Which kinds of data there are, and where, is in docs/privacy.md.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from secrets import token_hex
from zoneinfo import ZoneInfo

import structlog

from actions.case import Case
from actions.chronicle import Decree
from actions.erasing import residents, unspoken, without
from actions.errors import Refused, Unreachable
from actions.ledger import Change, Erasure, Fenced, Rewritten, Stale
from bot.house import House
from bot.kept_days import Retention as Days

log = structlog.get_logger("retention")
AT = time(3, 0)
"""When it is done, on the clocks of the zone; later where nobody ran then."""
KEPT = "retention_day"
_EVERY_SECONDS = 600.0
AT_ONCE = 20
"""Cases of a group that are erased in one transaction."""
Files = Callable[[str, datetime], int]
"""Deletes the files of one kind (`log`, `media`) from before a moment; how many. Blocks."""


@dataclass(slots=True)
class Retention:
    """What is in the state. `days` says how long it is kept. For one process of all that share the state."""

    house: House
    days: Days
    zone: ZoneInfo
    _counts: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """For as long as the program runs."""
        while True:
            try:
                await self.when_due()
            except (Unreachable, Fenced) as reason:
                log.warning("retention_waits", reason=str(reason))
            await asyncio.sleep(_EVERY_SECONDS)

    async def when_due(self) -> bool:
        """Do it, unless it was done since the hour last came; whether it was done now. Raises `Unreachable`."""
        state = self.house.state
        due = _last(self.house.clock.now().astimezone(self.zone)).isoformat()
        if await state.recall(KEPT) == due:
            return False
        await self.once()
        await state.remember(KEPT, due)
        return True

    async def once(self) -> None:
        """Delete what is due. Raises `Unreachable`; what was deleted before that is written down all the same."""
        self._counts = Counter()
        try:
            for group in await self.house.state.groups():
                await self._group(group)
            await self._rest()
        finally:
            if await _trace(self.house, self._counts):
                await self.house.state.compact()

    # --- in a group -------------------------------------------------------------------------------------

    async def _group(self, group: str) -> None:
        if before := _before(self.house, self.days.talk_days):
            await self._talk(group, before)
        await self._cases(group)
        chat = self.house.chats.get(group.partition(":")[0])
        if chat and (before := _before(self.house, self.days.web_group_days)):
            try:
                self._counts["messages of browser groups"] += await chat.prune(group, before)
            except Refused as reason:
                log.warning("not_pruned", group=group, reason=str(reason))

    async def _talk(self, group: str, before: datetime) -> None:
        state = self.house.state
        while True:
            talk = await state.talk(group)
            left = unspoken(talk, lambda line: line.at < before)
            if left == talk:
                return
            try:
                await state.save(Change(talk=left))
            except Stale:
                continue
            self._counts["lines of talk"] += len(talk.recent) - len(left.recent)
            return

    async def _cases(self, group: str) -> None:
        """The cases that are over for so long, from the first that was not erased yet. Their numbers rise with time."""
        state, key = self.house.state, f"retention:{group}"
        last = (await state.talk(group)).last_number
        if last and not (await state.head(group)).n:
            await self._save(group, [])  # a chain begins, for what is from before there was one
        before = _before(self.house, self.days.case_days)
        first = number = int(await state.recall(key) or 1)
        waits, old = 0, list[Case]()
        while before and number <= last:
            case = await state.case(f"{group}:{number}")
            if case and case.opened_at >= before:
                break
            if case and (case.live or case.changed_at >= before):
                waits = waits or number
            elif case:
                old.append(case)
            if len(old) == AT_ONCE:
                await self._save(group, old)
                old = []
            number += 1
        await self._save(group, old)
        if (go_on := waits or number) != first:
            await state.remember(key, str(go_on))

    async def _save(self, group: str, cases: list[Case]) -> None:
        state = self.house.state
        begins = not cases and not (await state.head(group)).n
        while cases or begins:
            talk, rewritten = await state.talk(group), [await self._bare(case.id) for case in cases]
            done = tuple(one for one in rewritten if one)
            if not (done or begins):
                return
            messages = tuple(message for one in done for message, _ in one.case.messages)
            erasure = Erasure(self.house.clock.now(), "retention", done, messages)
            try:
                await state.save(Change(talk=talk, erasure=erasure))
            except Stale:
                continue
            self._counts["cases"] += len(done)
            return

    async def _bare(self, number: str) -> Rewritten | None:
        """The case without words and residents; None where it has none, or has been opened again."""
        state = self.house.state
        case, trace = await state.case(number), await state.trace(number)
        if case is None or case.live or not trace:
            return None
        after, left = without(case, trace, residents(trace), lambda: token_hex(6), everybody=True)
        return None if (after, left) == (case, tuple(trace)) else Rewritten(after, left)

    # --- what belongs to no group -----------------------------------------------------------------------

    async def _rest(self) -> None:
        state = self.house.state
        if before := _before(self.house, self.days.dead_letter_days):
            old = [letter.id for letter in await state.dead(100_000) if letter.at < before]
            self._counts["dead letters"] += await state.forget_dead(old)
        if before := _before(self.house, self.days.chronicle_days):
            self._counts["records of the chronicle"] += await state.forget_chronicle(before)


@dataclass(slots=True)
class FileRetention:
    """What is in files of this machine: the log and attachments. For every process; `files` deletes them."""

    house: House
    days: Days
    files: Files

    async def run(self) -> None:
        """For as long as the program runs."""
        while True:
            with suppress(Unreachable):  # the log has it; only the record waits for another time
                await self.once()
            await asyncio.sleep(_EVERY_SECONDS)

    async def once(self) -> None:
        """Delete what is due. Raises `Unreachable` where it is done but could not be written down."""
        counts = Counter[str]()
        for kind, days in (("log", self.days.log_days), ("media", self.days.attachment_days)):
            if before := _before(self.house, days):
                counts[f"files of {kind}"] += await asyncio.to_thread(self.files, kind, before)
        await _trace(self.house, counts)


async def _trace(house: House, counts: Counter[str]) -> bool:
    """Write down what was deleted; whether anything was."""
    deleted = {what: count for what, count in sorted(counts.items()) if count}
    if deleted:
        log.info("deleted", **{what.replace(" ", "_"): count for what, count in deleted.items()})
        said = tuple(f"{what}: {count}" for what, count in deleted.items())
        await house.state.chronicle(Decree(house.clock.now(), "retention", token_hex(6), "linli", said))
    return bool(deleted)


def _before(house: House, days: float) -> datetime | None:
    return house.clock.now() - timedelta(days=days) if days else None


def _last(now: datetime) -> datetime:
    """When the hour last came."""
    today = datetime.combine(now.date(), AT, now.tzinfo)
    return today if now >= today else today - timedelta(days=1)
