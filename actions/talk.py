"""Talk: what a group is talking about, as far as the bot needs it to understand the next message."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from actions.daily import NONE, Digests, Reads, counted
from actions.message import Kind, Message, Role
from actions.reading import Intent

REMEMBERED = 30
"""How many of the last messages are kept; their words are needed to tell what a short answer is about."""
WORDS_KEPT = 200
"""Characters kept of each of them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One of the last messages of the group, and the case that it went to, if any."""

    id: str
    sender: str
    role: Role
    at: datetime
    kind: Kind
    text: str
    intent: Intent
    case: str = ""
    album: str | None = None
    thread: str | None = None


class Occasion(StrEnum):
    """What a sentence waits for: that people speak of what concerns us, or of its own case."""

    TALK = "talk"
    CASE = "case"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order (its key) that waits until somebody speaks; at `until` it has waited in vain."""

    order: str
    case: str
    occasion: Occasion
    until: datetime


@dataclass(frozen=True, slots=True)
class Visit:
    """A worker looks at a case on the spot and is about to send a picture, until then."""

    case: str
    worker: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Hour:
    """How many messages of people were heard, and how many of ours said, in one hour (`at`, since 1970)."""

    at: int
    heard: int = 0
    said: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A group's memory. `version` counts its saves: a stale save is refused.

    `warnings` are pairs of a cry for help and the warning that answered it, which becomes the card of its case.
    `spoke_at` is when we last said something, `since` how often a person has spoken since; `listed` are cases
    that were named in a list and have no card. `left` is since when the bot is no longer in the group. `confided` are
    the cases of other groups of which a person speaks here, in their private chat; the newest comes last.
    `visits` are the workers who are on the spot.
    `days` say how much was read; `digests` which were ordered.
    """

    COUNTED: ClassVar[int] = 100

    group: str
    title: str = ""
    lang: str = ""
    grid: str = ""
    version: int = 0
    last_number: int = 0
    hears_all: bool = True
    greeted: bool = False
    recent: tuple[Line, ...] = ()
    warned: tuple[str, ...] = ()
    warnings: tuple[tuple[str, str], ...] = ()
    spoke_at: datetime | None = None
    since: int = 0
    hours: tuple[Hour, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    listed: tuple[str, ...] = ()
    left: datetime | None = None
    confided: tuple[str, ...] = ()
    visits: tuple[Visit, ...] = ()
    days: tuple[Reads, ...] = ()
    digests: Digests = NONE

    def heard(self, message: Message, intent: Intent, case: str = "") -> "Talk":
        """The memory with one more message; the oldest is forgotten."""
        line = Line(
            message.id,
            message.sender,
            message.role,
            message.at,
            message.kind,
            message.text[:WORDS_KEPT],
            intent,
            case,
            message.album,
            message.thread,
        )
        kept = tuple(old for old in self.recent if old.id != message.id)
        title = message.group_title or self.title
        talk = replace(self, recent=(*kept, line)[-REMEMBERED:], title=title, left=None)
        return talk if message.edited or message.role is Role.BOT else talk.met(message.at)

    def met(self, at: datetime, *, wrote: bool = True) -> "Talk":
        """The memory after a person spoke; a press is no message of the group's, but somebody was there."""
        # Messages are stamped in whole seconds on some platforms; what we said before they were heard is later.
        after = self.spoke_at is None or at >= self.spoke_at.replace(microsecond=0)
        return replace(self, since=self.since + after, hours=_counted(self.hours, at, heard=int(wrote)))

    def read(self, message: Message, day: date, *, silent: bool) -> "Talk":
        """The memory after a message was read on this day; edits, and other bots, do not count."""
        if message.edited or message.role is Role.BOT:
            return self
        silent = silent and message.id not in self.warned
        return replace(self, days=counted(self.days, day, silent=silent))

    def spoke(self, at: datetime) -> "Talk":
        """The memory after we said something."""
        return replace(self, spoke_at=at, since=0, hours=_counted(self.hours, at, said=1))

    def waits(self, waiting: Waiting) -> "Talk":
        """The memory with one more order that waits for somebody to speak."""
        return replace(self, waiting=(*self._others(waiting.order), waiting))

    def waits_no_more(self, order: str) -> "Talk":
        """The memory without an order that waited."""
        return replace(self, waiting=self._others(order))

    def knows(self, message: Message) -> bool:
        """Whether an edit of a text changes nothing: these very words were heard already."""
        if message.kind is not Kind.TEXT or len(message.text) >= WORDS_KEPT:
            return False
        old = next((line for line in self.recent if line.id == message.id), None)
        return old is not None and old.kind is Kind.TEXT and old.text == message.text

    def quoted_by(self, message: Message) -> str | None:
        """The text that a message answers, as far as it is known."""
        if message.quoted or not message.reply_to:
            return message.quoted
        return next((line.text for line in self.recent if line.id == message.reply_to), None)

    def visited(self, visit: Visit, now: datetime) -> "Talk":
        """The memory with one more visit; those that are over are forgotten."""
        others = (
            one
            for one in self.visits
            if one.until > now and (one.case, one.worker) != (visit.case, visit.worker)
        )
        return replace(self, visits=(*others, visit))

    def visits_of(self, worker: str, at: datetime) -> frozenset[str]:
        """The cases at which a worker is looking on the spot."""
        return frozenset(one.case for one in self.visits if one.worker == worker and one.until >= at)

    def _others(self, order: str) -> tuple[Waiting, ...]:
        return tuple(one for one in self.waiting if one.order != order)


def _counted(hours: tuple[Hour, ...], at: datetime, *, heard: int = 0, said: int = 0) -> tuple[Hour, ...]:
    """The hours with what came at this time; what comes late counts for the hour in which we are."""
    number = int(at.timestamp()) // 3600
    *before, last = hours or (Hour(number),)
    if number > last.at:
        before, last = [*before, last], Hour(number)
    return _needed((*before, Hour(last.at, last.heard + heard, last.said + said)))


def _needed(hours: tuple[Hour, ...]) -> tuple[Hour, ...]:
    """The hours of the last day, and those before it that hold the last hundred messages."""
    since, heard = hours[-1].at - timedelta(days=1) // timedelta(hours=1), 0
    for n, hour in enumerate(reversed(hours)):
        if hour.at < since and heard >= Talk.COUNTED:
            return hours[len(hours) - n :]
        heard += hour.heard
    return hours
