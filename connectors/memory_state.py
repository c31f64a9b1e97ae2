"""State in memory: the port's version for `linli replay` and for unit tests. Nothing outlives the process."""

import json
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from actions.case import Case
from actions.chain import GROUPS_OWN, Head, Link
from actions.chronicle import Decree
from actions.event import Sketch
from actions.facts import Fact, JoinedTicket, TicketFiled
from actions.ledger import Change, DeadLetter, Due, Entry, Stale
from actions.talk import Talk
from connectors.codec import dump, load
from connectors.partition import group_of_case, partition_of
from connectors.trace_lines import Growth, moment_of, woven

T = TypeVar("T")


class MemoryState:
    """See `bot.ports.State`; the contract suite holds it to the same rules as Redis."""

    def __init__(self) -> None:
        self._inbox: dict[str, Entry] = {}
        self._taken: set[str] = set()
        self._seen: set[tuple[str, str, str]] = set()
        self._talks: dict[str, Talk] = {}
        self._cases: dict[str, Case] = {}
        self._traces: defaultdict[str, list[str]] = defaultdict(list)
        self._spines: defaultdict[str, list[str]] = defaultdict(list)
        self._heads: dict[str, Head] = {}
        self._links: dict[tuple[str, str], str] = {}
        self._tickets: defaultdict[str, list[str]] = defaultdict(list)
        self._lines: defaultdict[str, dict[str, Sketch]] = defaultdict(dict)
        self._due: dict[str, Due] = {}
        self._dead: dict[str, tuple[DeadLetter, Entry | Due]] = {}
        self._values: dict[str, str] = {}
        self._decrees: list[Decree] = []
        self._bound: list[tuple[str, str]] = []
        self._count = 0

    async def accept(self, door: str, group: str, update: str, raw: str, at: datetime) -> bool:
        """Put something into the inbox; False if it was there before."""
        if (group, door, update) in self._seen:
            return False
        self._seen.add((group, door, update))
        entry = Entry(self._next_id(), partition_of(group), group, door, update, raw, at)
        self._inbox[entry.id] = entry
        return True

    async def take(self, limit: int, wait_ms: int) -> list[Entry]:
        """Entries not yet taken, in order."""
        entries = [entry for key, entry in self._inbox.items() if key not in self._taken][:limit]
        self._taken.update(entry.id for entry in entries)
        return entries

    async def talk(self, group: str) -> Talk:
        """The group's memory."""
        return self._talks.get(group, Talk(group=group))

    async def groups(self) -> list[str]:
        """Every group that has a memory."""
        return sorted(self._talks)

    async def talks_with(self, groups: Collection[str], words: Collection[str]) -> list[Talk]:
        """The memories of those groups in which one of these words stands."""
        talks = [self._talks[group] for group in groups if group in self._talks]
        return [talk for talk in talks if any(json.dumps(word) in _plain(talk) for word in words if word)]

    async def cases(self, group: str, *, live: bool = False, every: bool = False) -> list[Case]:
        """The cases of the group, oldest first."""
        mine = [case for case in self._cases.values() if case.group == group]
        return sorted((case for case in mine if case.live or not live), key=lambda case: case.number)

    async def case(self, case: str) -> Case | None:
        """One case."""
        return self._cases.get(case)

    async def scene(self, case: str) -> tuple[Talk, Case | None]:
        """The memory of a case's group, and the case."""
        return await self.talk(group_of_case(case)), await self.case(case)

    async def at_hand(self, group: str, newest: int) -> tuple[list[Case], list[Case]]:
        """The live cases of the group, and the newest."""
        return await self.cases(group, live=True), (await self.cases(group))[-newest:] if newest else []

    async def case_of(self, group: str, message: str) -> str | None:
        """The case that a message belongs to."""
        return self._links.get((group, message))

    async def cases_of_ticket(self, ticket: str) -> list[str]:
        """The cases that follow a ticket."""
        return list(self._tickets.get(ticket, ()))

    async def enlist(self, community: str, order: str, sketch: Sketch) -> list[tuple[str, Sketch]]:
        """Put a filing into the line of its community; the whole line."""
        self._lines[community].setdefault(order, load(dump(sketch), Sketch))
        return list(self._lines[community].items())

    async def strike(self, community: str, orders: Sequence[str]) -> None:
        """Take filings out of the line."""
        for order in orders:
            self._lines[community].pop(order, None)

    async def open_tickets(self) -> list[str]:
        """The tickets of live cases."""
        return sorted({case.ticket for case in self._cases.values() if case.live and case.ticket})

    async def trace(self, case: str) -> list[Fact]:
        """The facts of a case."""
        return [load(line, Fact) for line in self._traces.get(case, ())]

    async def head(self, group: str) -> Head:
        """The head of the group's chain."""
        return self._heads.get(group, Head())

    async def heads(self, groups: Sequence[str]) -> list[Head]:
        """The heads of these groups' chains."""
        return [self._heads.get(group, Head()) for group in groups]

    async def links(self, group: str) -> AsyncIterator[Link | None]:
        """The group's chain."""
        numbers = [GROUPS_OWN, *(case.number for case in await self.cases(group))]
        lines = lambda number: _each(self._traces.get(f"{group}:{number}", ()))  # noqa: E731 short enough
        async for link in woven(_each(self._spines[group]), lines, _each(numbers)):
            yield link

    async def save(self, change: Change) -> bool:
        """All of the change, or `Stale`; False for what had been dealt with already."""
        group = change.talk.group
        if (await self.talk(group)).version != change.talk.version:
            raise Stale(group)
        if change.entry and change.entry.id not in self._inbox:
            return False
        if change.done and change.done not in self._due:
            return False
        self._write(change)
        return True

    def _write(self, change: Change) -> None:
        group = change.talk.group
        # Through JSON and back, before anything is written, so that what cannot be stored fails as on Redis.
        moves = [
            (load(dump(moved.case), Case), [load(dump(fact, Fact), Fact) for fact in moved.facts])
            for moved in change.moved
        ]
        orders = {due.order.key: load(dump(due), Due) for due in change.orders}
        self._grow(change)
        self._talks[group] = replace(change.talk, version=change.talk.version + 1)
        for case, facts in moves:
            self._cases[case.id] = case
            for fact in facts:
                if isinstance(fact, TicketFiled | JoinedTicket) and case.id not in self._tickets[fact.ticket]:
                    self._tickets[fact.ticket].append(case.id)
        self._links.update({(group, message): case for message, case in change.links})
        for one in change.erasure.cases if change.erasure else ():
            self._cases[one.case.id] = load(dump(one.case), Case)
        for message in change.erasure.unlinked if change.erasure else ():
            self._links.pop((group, message), None)
        self._due.update(orders)
        self._due.pop(change.done, None)
        if change.entry:
            self._inbox.pop(change.entry.id, None)

    def _grow(self, change: Change) -> None:
        group, at = change.talk.group, moment_of(change)
        if at is None:
            return
        growth = Growth(group, self._heads.get(group, Head()))
        if growth.head.n == 0:
            growth.begin(at)
        for moved in change.moved:
            for fact in moved.facts:
                growth.fact(moved.case.number, fact)
        if change.erasure:
            growth.erase(change.erasure, lambda number: self._traces[f"{group}:{number}"])
        for number, place, line in growth.replaced:
            self._traces[f"{group}:{number}"][place] = line
        for number, line in growth.lines:
            self._traces[f"{group}:{number}"].append(line)
        self._spines[group] += growth.spine
        self._heads[group] = growth.head

    async def due(self, now: datetime, limit: int, held: Collection[str] = ()) -> list[Due]:
        """Orders whose time has come."""
        ready = [due for key, due in self._due.items() if due.at <= now and key not in held]
        return sorted(ready, key=lambda due: due.at)[:limit]

    async def next_due(self) -> datetime | None:
        """When the next order falls due: a virtual clock jumps there."""
        return min((due.at for due in self._due.values()), default=None)

    async def order(self, key: str, group: str) -> Due | None:
        """One order that waits."""
        return self._due.get(key)

    async def waiting(self, case: str) -> list[Due]:
        """The orders of a case that wait, the earliest first."""
        mine = (due for due in self._due.values() if due.order.case == case)
        return sorted(mine, key=lambda due: due.at)

    async def begin(self, due: Due, now: datetime) -> tuple[Due, Talk, Case | None]:
        """Count one more try; with the memory of its group, and its case."""
        tried = replace(due, tries=due.tries + 1, first_tried_at=due.first_tried_at or now)
        if due.order.key in self._due:
            self._due[due.order.key] = tried
        case = self._cases.get(due.order.case)
        return tried, await self.talk(due.group), case if case and case.group == due.group else None

    async def postpone(self, due: Due, until: datetime) -> None:
        """Try again at `until`."""
        if due.order.key in self._due:
            self._due[due.order.key] = replace(due, at=until)

    async def bury(self, letter: DeadLetter, *, entry: Entry | None = None, done: Due | None = None) -> None:
        """Move an entry or an order to the dead letters."""
        held = entry or done
        if held is None:
            raise ValueError("a dead letter is an entry or an order")
        if entry:
            self._inbox.pop(entry.id, None)
        if done:
            self._due.pop(done.order.key, None)
        self._dead[letter.id] = (letter, held)

    async def dead(self, limit: int) -> list[DeadLetter]:
        """The dead letters, newest first."""
        letters = [letter for letter, _ in self._dead.values()]
        return letters[::-1][:limit]

    async def forget_dead(self, letters: Sequence[str]) -> int:
        """Delete dead letters."""
        return sum(self._dead.pop(letter, None) is not None for letter in letters)

    async def replay(self, letter: str) -> bool:
        """Put a dead letter back."""
        _, held = self._dead.pop(letter, (None, None))
        if isinstance(held, Entry):
            back = replace(held, id=self._next_id())
            self._inbox[back.id] = back
        if isinstance(held, Due):
            self._due[held.order.key] = replace(held, tries=0)
        return held is not None

    async def remember(self, key: str, value: str) -> None:
        """Keep a small value."""
        self._values[key] = value

    async def swap(self, key: str, old: str | None, new: str) -> None:
        """Keep a small value in the place of the one that was read, or `Stale`."""
        if self._values.get(key) != old:
            raise Stale(key)
        self._values[key] = new

    async def note(self, key: str, word: str, most: int) -> None:
        """Put a word behind those of a small value, unless it is among them."""
        words = self._values.get(key, "").split()
        if word not in words:
            self._values[key] = " ".join([*words, word][-most:])

    async def recall(self, key: str) -> str | None:
        """The value kept."""
        return self._values.get(key)

    async def unlearn(self, key: str) -> bool:
        """Keep the value no longer."""
        return self._values.pop(key, None) is not None

    async def bind(self, group: str, grid: str) -> None:
        """Remember that the group belongs to this grid."""
        self._bound.append((group, grid))

    async def bound(self, known: int) -> tuple[int, dict[str, str]]:
        """What was bound since `known`."""
        return len(self._bound), dict(self._bound[known:])

    async def chronicle(self, record: Decree) -> bool:
        """Write it down, unless the last of its kind has the same version."""
        last = next((one for one in self._decrees if one.what == record.what), None)
        if last and last.version == record.version:
            return False
        self._decrees.insert(0, load(dump(record), Decree))
        return True

    async def chronicles(self, limit: int) -> list[Decree]:
        """The newest first."""
        return self._decrees[: max(0, limit)]

    async def forget_chronicle(self, before: datetime) -> int:
        """Delete the older ones."""
        kept = [one for one in self._decrees if one.at >= before]
        gone, self._decrees = len(self._decrees) - len(kept), kept
        return gone

    async def compact(self) -> None:
        """There is no file."""

    async def depth(self) -> dict[str, int]:
        """How many of each wait."""
        partitions = len({entry.partition for entry in self._inbox.values()})
        return {
            "inbox": len(self._inbox),
            "orders": len(self._due),
            "dead": len(self._dead),
            "partitions": partitions,
        }

    def _next_id(self) -> str:
        self._count += 1
        return f"{self._count:012d}"


def _plain(talk: Talk) -> str:
    return json.dumps(json.loads(dump(talk)))


async def _each(things: Iterable[T]) -> AsyncIterator[T]:
    for one in things:
        yield one
