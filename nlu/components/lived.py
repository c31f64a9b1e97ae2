"""Lived: one transcript, lived through message by message with the bot's own code, and what is learnt on the way."""

import sys
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

# The bot's own code lies beside this project; its actions need nothing but Python.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from actions.advance import advance
from actions.case import DROPPED, Case, IllegalMove
from actions.intake import Listening, with_number
from actions.linking import (
    KINDS,
    Choice,
    Features,
    Heard,
    Linker,
    Option,
    Scorer,
    kind_features,
)
from actions.message import Attachment, Kind, Message, Role
from actions.policy import Policy
from actions.reading import SILENCE, Intent, Reading
from actions.talk import Talk

Weighed = tuple[list[Features], int]
"""The options of one message, and which of them is right."""

_GROUP = "taught:group"
_MEDIA = (Kind.PHOTO, Kind.VIDEO, Kind.VOICE)
_SILENCE, _NEW = 0, 1  # where the options stand; behind them come the cases


@dataclass
class Lesson:
    """What one message teaches: which option was right and, when it joined a case, as what."""

    options: Weighed
    kinds: Weighed | None = None


class Lived:
    """One group: its rows as annotated, and the reading of each by its number."""

    def __init__(self, rows: list[dict[str, Any]], readings: dict[int, Reading]) -> None:
        self._rows, self._readings = rows, readings
        self._event = _events(rows)
        self._intent = {str(row["id"]): row["intent"] for row in rows}

    def taught(self, common: frozenset[str]) -> list[Lesson]:
        """Live through it with every choice right."""
        nothing = Scorer({})
        return self._live(_Teacher(nothing, nothing, common, self))

    def tried(self, linker: Linker) -> list[Lesson]:
        """Live through it by what was learnt so far."""
        return self._live(_Pupil(linker.options, linker.kinds, linker.common, self))

    def event(self, message: str) -> int | None:
        """The event that a message is about, by the number of its first report."""
        return self._event.get(message)

    def intent(self, message: str) -> str:
        """What the message is, as annotated."""
        return self._intent[message]

    def _live(self, linker: "_Recorder") -> list[Lesson]:
        talk, cases, policy = Talk(group=_GROUP), {}, Policy()
        for row in self._rows:
            message, reading = _message(row), self._readings.get(row["id"], SILENCE)
            quoted = linker.case_of.get(message.reply_to or "")
            open_ = [case for case in cases.values() if case.stage not in DROPPED and _lately(case, message)]
            listening = Listening(message, reading, talk, open_, cases.get(quoted or ""), policy, linker)
            understood = listening.understand()
            case = understood.case
            try:
                for fact in understood.facts:
                    case, _ = advance(case, fact)
            except IllegalMove:
                case = None
            if case and understood.facts:
                cases[case.id] = case
                linker.note(message, case)
            number = with_number(talk, understood)
            talk = number.heard(message, reading.intent, case.id if case and understood.facts else "")
        return linker.lessons


def _lately(case: Case, message: Message) -> bool:
    return case.live or message.at - case.changed_at < timedelta(days=7)


class _Recorder(Linker):
    """Notes for every message what its options were, and which was right."""

    def __init__(self, options: Scorer, kinds: Scorer, common: frozenset[str], lived: Lived) -> None:
        super().__init__(options, kinds, common)
        self.lived, self.lessons, self.case_of = lived, [], {}
        self._event_of: dict[str, int | None] = {}

    def choose(self, heard: Heard, cases: Sequence[Case], policy: Policy, *, warned: bool) -> Choice:
        """Note the options, then choose as the subclass does."""
        options = self.weigh(heard, cases)
        right = self._right(heard.message.id, options)
        self.lessons.append(Lesson(([option.features for option in options], right)))
        del warned
        return self.decide(options, right, policy)

    @abstractmethod
    def decide(self, options: list[Option], right: int, policy: Policy) -> Choice:
        """Choose one of the options."""

    def _right(self, message: str, options: list[Option]) -> int:
        event = self.lived.event(message)
        if event is None:
            return _SILENCE
        held = [
            n for n, option in enumerate(options) if option.case and self._event_of[option.case.id] == event
        ]
        if held:  # of two cases that one event has got, the one that was spoken of more
            return max(held, key=lambda n: (not options[n].case.doubtful, len(options[n].case.messages)))
        return _NEW if self.lived.intent(message) == Intent.REPORT else _SILENCE

    def note(self, message: Message, case: Case) -> None:
        """Remember which case a message went to, and which event a case stands for."""
        self.case_of[message.id] = case.id
        if self._event_of.get(case.id) is None:
            reports = self.lived.intent(message.id) == Intent.REPORT
            self._event_of[case.id] = self.lived.event(message.id) if reports else None


class _Teacher(_Recorder):
    """Chooses what is right."""

    def decide(self, options: list[Option], right: int, policy: Policy) -> Choice:
        """Choose what is right."""
        del policy
        return Choice(options[right].case, opens=right == _NEW)

    def kind(self, heard: Heard, case: Case) -> tuple[Intent, float]:
        """What it is, as annotated; an asking neighbour adds to the case without adding to the facts."""
        intent = Intent(self.lived.intent(heard.message.id))
        if intent not in KINDS:
            return Intent.DETAIL, 1.0
        self.lessons[-1].kinds = ([kind_features(heard, case, kind) for kind in KINDS], KINDS.index(intent))
        return intent, 1.0


class _Pupil(_Recorder):
    """Chooses by what was learnt so far."""

    def decide(self, options: list[Option], right: int, policy: Policy) -> Choice:
        """Choose as the bot would."""
        del right
        return self.chosen(options, policy, warned=False)


def _events(rows: list[dict[str, Any]]) -> dict[str, int]:
    """Return which event each message is about: the number of its first report."""
    by_number, events = {row["id"]: row for row in rows}, {}
    for row in rows:
        first = row
        while first["refers_to"]:
            first = by_number[first["refers_to"]]
        if first["intent"] == Intent.REPORT:
            events[str(row["id"])] = first["id"]
    return events


def _message(row: dict[str, Any]) -> Message:
    kind = Kind(row["kind"])
    return Message(
        group=_GROUP,
        id=str(row["id"]),
        sender=row["sender"],
        sender_name=row["sender"],
        role=Role(row["role"]),
        at=datetime.fromisoformat(row["at"]).replace(tzinfo=timezone.utc),  # noqa: UP017 (Python 3.10)
        kind=kind,
        text=row["text"],
        attachments=(Attachment(kind, str(row["id"])),) if kind in _MEDIA else (),
        reply_to=str(row["reply_to"]) if row["reply_to"] else None,
    )
