"""Forgetting: takes one person out of the groups, the cases that are over, and whatever else is kept of them.

A case stays, and so do its figures; who it was, and what they said, does not. What is still open is erased after its end.
Words in the chat itself are the platform's, and those in a ticket are the backend's: both are told apart in docs/privacy.md.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_hex
from typing import Any

import structlog

from actions import orders as o
from actions.case import Case
from actions.chronicle import Decree
from actions.erasing import concerns, forgotten, without
from actions.ledger import Change, Due, Entry, Erasure, Rewritten, Stale
from actions.talk import Talk
from bot.households import Households
from bot.ports import Chat, Clock, State
from bot.whereabouts import Whereabouts
from connectors.telegram_roll import key_of

log = structlog.get_logger("forgetting")
FORGET = "forget"
"""The door through which a group hears that a person is to be forgotten there too."""
AGAIN = timedelta(days=1)
"""When to look again whether cases of theirs are over."""
_AFTER_ALL = 90
"""Number of the order that shows a card again, above those that a move of the case gives."""


@dataclass(frozen=True, slots=True)
class Left:
    """What was done in a group: cases erased, lines of talk and messages of our own; and how many cases are still open."""

    cases: int = 0
    lines: int = 0
    messages: int = 0
    open: int = 0
    tickets: tuple[str, ...] = ()

    def __add__(self, other: "Left") -> "Left":
        return Left(
            self.cases + other.cases,
            self.lines + other.lines,
            self.messages + other.messages,
            self.open + other.open,
            (*self.tickets, *other.tickets),
        )


def alias(person: str, key: str) -> str:
    """A sign for a person that only this installation can make again: so it can be told later that it was done."""
    return Households.sign(key, "person", person)[:12]


class Forgetting:
    """Every method raises `Unreachable`; what was done before that is done, and doing it again does no harm."""

    def __init__(self, state: State, clock: Clock, chats: Mapping[str, Chat], key: str) -> None:
        self._state, self._clock, self._chats, self._key = state, clock, chats, key
        self._households = Households(state, key)

    async def asked(self, order: o.Forget) -> int:
        """Forget a person in one group, as they asked, and wherever else we know them from; how many cases are open yet."""
        if order.everywhere:
            await self._everywhere(order)
        left = await self.in_group(order.group, order.person, "asked")
        await self._households.erase(order.group, order.person)
        if order.everywhere or left.cases or left.lines or left.messages:
            await self.trace("asked", order.person, left)
        return left.open

    async def _everywhere(self, order: o.Forget) -> None:
        for other in await self.known_in(order.person):
            if other != order.group:
                await self.hand_over(other, order.person)
        await self.values(order.person)

    async def known_in(self, person: str) -> tuple[str, ...]:
        """The groups that we know the person from, with their own chat."""
        met = await Whereabouts(self._state).groups(person)
        home = await self._households.group_of(person)
        own = (person,) if (await self._state.talk(person)).version else ()
        return tuple(dict.fromkeys((*met, *([home] if home else []), *own)))

    async def hand_over(self, group: str, person: str) -> None:
        """Let the group's own turn see to it."""
        now = self._clock.now()
        raw = json.dumps({"person": person})
        await self._state.accept(FORGET, group, f"{person} {now.isoformat()}", raw, now)

    async def values(self, person: str) -> int:
        """Forget the small things that are kept under the person's name."""
        names = (Whereabouts.name_of(person), Households.name_of(person), key_of(person))
        return sum([await self._state.unlearn(name) for name in names])

    # --- in a group -------------------------------------------------------------------------------------

    async def in_group(self, group: str, person: str, why: str) -> Left:
        """Erase the person from what is over here, and from what is remembered of the talk."""
        while True:
            talk = await self._state.talk(group)
            rewritten, tickets, still_open = [], [], 0
            for case in await self._state.cases(group, every=True):
                done = await self._without(case, person)
                still_open += done is not None and case.live
                if done and not case.live:
                    rewritten.append(done)
                    tickets += [case.ticket] if case.ticket and case.reporter == person else []
            try:
                lines = await self._save(talk, person, tuple(rewritten), why)
            except Stale:
                continue
            break
        chat = self._chats.get(group.partition(":")[0])
        messages = await chat.erase(group, person) if chat else 0
        messages += await self._dead_letters(group, person)
        return Left(len(rewritten), lines, messages, still_open, tuple(tickets))

    async def _without(self, case: Case, person: str) -> Rewritten | None:
        """The case without the person; None where nothing is to be done."""
        trace = await self._state.trace(case.id)
        if not concerns(trace, person):
            return None
        after, left = without(case, trace, [person], lambda: token_hex(6))
        return None if (after, left) == (case, tuple(trace)) else Rewritten(after, left)

    async def _save(self, talk: Talk, person: str, rewritten: tuple[Rewritten, ...], why: str) -> int:
        after = forgotten(talk, person)
        if not rewritten and after == talk:
            return 0
        gone = {line.id for line in talk.recent} - {line.id for line in after.recent}
        now = self._clock.now()
        messages = tuple({line.id for line in talk.recent if line.sender == person and line.case} & gone)
        erasure = Erasure(now, why, rewritten, messages) if rewritten else None
        shown = (one.case for one in rewritten if one.case.post("card") or one.case.whispers)
        orders = tuple(Due(_card(case), talk.group, now) for case in shown)
        await self._state.save(Change(talk=after, erasure=erasure, orders=orders))
        return len(gone)

    async def _dead_letters(self, group: str, person: str) -> int:
        """A letter holds what came in as it came in: it goes whole."""
        named = re.compile(rf"(?<![\w-]){re.escape(person.partition(':')[2])}(?!\w)")
        letters = [
            one.id for one in await self._state.dead(100_000) if one.group == group and named.search(one.body)
        ]
        return await self._state.forget_dead(letters)

    # --- the trace --------------------------------------------------------------------------------------

    async def trace(self, why: str, person: str, left: Left) -> None:
        """Write down that it was done, in counts; who it was can be told by whoever knows the id, and by nobody else."""
        done = (
            f"{why}: {alias(person, self._key)}",
            f"cases: {left.cases}",
            f"open, to be erased later: {left.open}",
        )
        rest = (f"lines of talk: {left.lines}", f"messages: {left.messages}")
        await self._state.chronicle(
            Decree(self._clock.now(), "privacy", token_hex(6), "linli", (*done, *rest))
        )
        log.info("forgotten", why=why, cases=left.cases, open=left.open)


def _card(case: Case) -> o.ShowCard:
    """What we have said of it ourselves is said again, without the person."""
    return o.ShowCard(key=f"{case.id}:{case.version}:{_AFTER_ALL}", case=case.id)


def order_of(entry: Entry, raw: dict[str, Any]) -> o.Forget:
    """The order that follows from what came through the door. Raises KeyError for poison."""
    person = str(raw["person"])
    return o.Forget(key=f"{entry.group}:{person}:forget", group=entry.group, person=person)
