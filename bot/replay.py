"""Replay: a group's transcript through the real intake, with the real NLU, on a virtual clock.

Nothing leaves the house: chat, dispatch and state are the versions in memory. A year of waiting takes no
time, since the clock jumps to whatever comes next, a message or an order that falls due.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from actions.case import Case
from actions.message import Attachment, Kind, Message, Role
from bot.flow import Flow
from bot.hands import Hands
from bot.house import House
from bot.work import Carrier, Reader
from connectors.memory_chat import MemoryChat
from connectors.memory_state import MemoryState

HOME_ZONE = ZoneInfo("Asia/Shanghai")
"""Transcripts write local time without a zone."""
_MEDIA = {Kind.PHOTO, Kind.VIDEO, Kind.VOICE}


class BadTranscript(Exception):
    """A line of the file cannot be used; the text names it."""


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


def read_transcript(path: Path) -> list[Message]:
    """The messages of a file in the transcript format. Raises `BadTranscript` naming the line."""
    group = f"memory:{path.stem}"
    messages: dict[str, Message] = {}
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            try:
                message = _message(group, json.loads(line))
                if message.id in messages:
                    raise ValueError(f"there is a message {message.id} above")
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise BadTranscript(f"{path.name} line {number}: {_reason(error)}") from error
            messages[message.id] = message
    if not messages:
        raise BadTranscript(f"{path.name}: there is no message in it")
    return list(messages.values())


def _lines(path: Path) -> list[str]:
    # Only a line feed ends a line of JSON: a text may hold the other separators of Unicode.
    try:
        return path.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadTranscript(f"{path.name} line {line}: this is not UTF-8 text") from error


def _reason(error: Exception) -> str:
    return f"the field {error} is missing" if isinstance(error, KeyError) else str(error)


def _message(group: str, row: Any) -> Message:
    if not isinstance(row, dict):
        raise ValueError("this is no JSON object")
    kind = Kind(row["kind"])
    at = datetime.fromisoformat(row["at"])
    reply_to = row.get("reply_to")
    sender = _text(row["sender"])
    return Message(
        group=group,
        id=str(row["id"]),
        sender=f"memory:{sender}",
        sender_name=sender,
        role=Role(row.get("role", "resident")),
        at=at if at.tzinfo else at.replace(tzinfo=HOME_ZONE),
        kind=kind,
        text=_text(row["text"]),
        attachments=(Attachment(kind, f"replay:{row['id']}"),) if kind in _MEDIA else (),
        reply_to=None if reply_to is None else str(reply_to),
        group_title=group.partition(":")[2],
    )


def _text(value: Any) -> str:
    """A text as it can be printed: half a surrogate pair cannot."""
    text = "" if value is None else str(value)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it."""

    messages: int
    cases: tuple[Case, ...]
    said: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """The form that tools/score_replay.py reads."""
        return {"cases": [_case_json(case) for case in self.cases], "said": list(self.said)}


def _case_json(case: Case) -> dict[str, Any]:
    return {
        "id": case.id,
        "category": case.category,
        "place": case.place,
        "urgency": str(case.urgency),
        "stage": str(case.stage),
        "messages": [{"id": _number(message), "as": what} for message, what in case.messages],
    }


def _number(message: str | None) -> int | str | None:
    return int(message) if message and message.isdecimal() else message


class Replay:
    """One run. The house must be in memory and keep the given clock."""

    def __init__(self, house: House, state: MemoryState, chat: MemoryChat, clock: VirtualClock) -> None:
        self._state, self._chat, self._clock = state, chat, clock
        self._flow = Flow(house)
        self._reader = Reader(house, self._flow)
        self._carrier = Carrier(house, self._flow, Hands(house))

    async def run(self, messages: Iterable[Message]) -> Replayed:
        """Feed the messages in their order, let every wait run out that does before the next, and look."""
        count, group = 0, ""
        for message in messages:
            count, group = count + 1, message.group
            await self._until(message.at)
            await self._hear(message)
        cases = await self._state.cases(group)
        return Replayed(count, tuple(cases), tuple(self._said()))

    async def _hear(self, message: Message) -> None:
        self._chat.heard[message.id] = message
        self._chat.last_heard = message.id
        await self._flow.heard(self._chat.platform, message.group, message.id, {"id": message.id})
        await self._reader.once()
        await self._carry_out()

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
        return some

    def _said(self) -> Iterator[dict[str, Any]]:
        for said in self._chat.said:
            yield {
                "after": _number(said.after),
                "reply_to": _number(said.post.reply_to),
                "text": said.post.text,
            }
