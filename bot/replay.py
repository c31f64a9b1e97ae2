"""Replay: a group's history through the real intake, with the real NLU, on a virtual clock.

Nothing leaves the house: chat, dispatch and state are the versions in memory. A year of waiting takes no
time, since the clock jumps to whatever comes next, a message or an order that falls due.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from actions.case import Case
from actions.message import Message
from actions.reading import Intent
from bot.flow import Flow
from bot.hands import Hands
from bot.house import House
from bot.work import Carrier, Reader
from connectors.memory_chat import MemoryChat, Said
from connectors.memory_state import MemoryState


class VirtualClock:
    """A clock that stands still until it is set; it never goes back."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """The time as it was set."""
        return self._at

    def set(self, at: datetime) -> None:
        """Go to a time."""
        self._at = max(self._at, at)


@dataclass(frozen=True, slots=True)
class Utterance:
    """What the bot said: `first` as it stood then, `text` as it stands in the end; `case` is "" for none."""

    at: datetime
    after: str | None
    reply_to: str | None
    first: str
    text: str
    case: str = ""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it.

    `intents` says what each message was read as, `failed` counts what could not be handled, `cut` is true
    where it was broken off.
    """

    messages: Sequence[Message]
    every_case: tuple[Case, ...]
    said: tuple[Utterance, ...]
    intents: Mapping[str, Intent] = field(default_factory=dict)
    failed: int = 0
    cut: bool = False

    @property
    def cases(self) -> list[Case]:
        """The cases that were opened."""
        return [case for case in self.every_case if not case.doubtful]

    @property
    def unsure(self) -> list[Case]:
        """What was only suspected, also where it was forgotten since."""
        return [case for case in self.every_case if case.doubtful]

    def as_json(self) -> dict[str, Any]:
        """The form that programs read."""
        return {
            "cases": [_case_json(case) for case in self.cases],
            "unsure": [_case_json(case) for case in self.unsure],
            "said": [_said_json(said) for said in self.said],
        }


def _case_json(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "category": case.category,
        "place": case.place,
        "urgency": str(case.urgency),
        "stage": str(case.stage),
        "messages": [{"id": _number(message), "as": what} for message, what in case.messages],
    }


def _said_json(said: Utterance) -> dict[str, Any]:
    return {"after": _number(said.after), "reply_to": _number(said.reply_to), "text": said.text}


def _number(message: str | None) -> int | str | None:
    return int(message) if message and message.isdecimal() else message


LAST_ANSWER_WITHIN = timedelta(minutes=1)
"""What was said last is answered too, after the pause that comes before a card."""
Progress = Callable[[int], None]
"""Told how many messages are through."""


class Replay:
    """One run. The house must be in memory and keep the given clock."""

    def __init__(self, house: House, state: MemoryState, chat: MemoryChat, clock: VirtualClock) -> None:
        self._state, self._chat, self._clock = state, chat, clock
        self._flow = Flow(house)
        self._reader = Reader(house, self._flow)
        self._carrier = Carrier(house, self._flow, Hands(house))
        self._heard: list[Message] = []
        self._intents: dict[str, Intent] = {}
        self._firsts: list[tuple[datetime, str]] = []

    async def run(self, messages: Iterable[Message], progress: Progress = lambda _: None) -> Replayed:
        """Feed the messages in their order, let every wait run out that does before the next, and look.

        Cancelled, it ends there and gives what there is so far.
        """
        cut = False
        try:
            for message in messages:
                await self._until(message.at)
                await self._hear(message)
                progress(len(self._heard))
            await self._until(self._clock.now() + LAST_ANSWER_WITHIN)
        except asyncio.CancelledError:
            cut = True
            if task := asyncio.current_task():
                task.uncancel()
            await self._reader.stop()
            await self._carrier.stop()
        return await self._outcome(cut=cut)

    async def _hear(self, message: Message) -> None:
        self._chat.heard[message.id] = message
        self._chat.last_heard = message.id
        await self._flow.heard(self._chat.platform, message.group, message.id, {"id": message.id})
        await self._reader.once()
        await self._carry_out()
        del self._chat.heard[message.id]
        self._heard.append(message)
        recent = (await self._state.talk(message.group)).recent
        if recent and recent[-1].id == message.id:
            self._intents[message.id] = recent[-1].intent

    async def _until(self, at: datetime) -> None:
        while (due := await self._state.next_due()) and max(due, self._clock.now()) <= at:
            self._clock.set(due)
            if not await self._carry_out():  # its lane is held: a second later it may be free
                self._clock.set(self._clock.now() + timedelta(seconds=1))
        self._clock.set(at)

    async def _carry_out(self) -> bool:
        """Do all that is due now; whether there was anything."""
        some = False
        while await self._carrier.once():
            some = True
            await self._carrier.drain()
        self._note()
        return some

    def _note(self) -> None:
        new = self._chat.said[len(self._firsts) :]
        self._firsts += [(self._clock.now(), said.post.text) for said in new]

    async def _outcome(self, *, cut: bool) -> Replayed:
        self._note()
        groups = dict.fromkeys(message.group for message in self._heard)
        cases = [case for group in groups for case in await self._state.cases(group)]
        failed = (await self._state.depth())["dead"]
        return Replayed(self._heard, tuple(cases), self._said(cases), self._intents, failed, cut)

    def _said(self, cases: Sequence[Case]) -> tuple[Utterance, ...]:
        of_message = {message: case.id for case in cases for message, _ in case.messages}
        of_case = {case.id: case.id for case in cases}
        heard = {message.group for message in self._heard}
        return tuple(
            _utterance(
                said, at, first, of_case.get(_case_of(said), of_message.get(said.post.reply_to or "", ""))
            )
            for said, (at, first) in zip(self._chat.said, self._firsts, strict=True)
            if said.post.group in heard  # not what the staff group sees
        )


def _case_of(said: Said) -> str:
    """The key of an order is `case:version:n`, or `case>chat:version:n`; a warning or a reply ends otherwise."""
    case, version, n = (*said.post.key.rsplit(":", 2), "", "")[:3]
    return case.partition(">")[0] if version.isdecimal() and n.isdecimal() else ""


def _utterance(said: Said, at: datetime, first: str, case: str) -> Utterance:
    return Utterance(at, said.after, said.post.reply_to, first, said.post.text, case)
