"""Daily: what a group's memory keeps by the day: how much was read, and which digests were ordered and begun."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

KEPT = timedelta(days=8)
"""So far back days are counted: a week, and the day that is not over."""


@dataclass(frozen=True, slots=True)
class Reads:
    """How many messages of people were read on a day, and to how many of them nothing was said or done: chatter."""

    day: date
    read: int = 0
    silent: int = 0


@dataclass(frozen=True, slots=True)
class Begun:
    """A digest (the key of its order) that a process is about to say: no other one says it."""

    order: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """The days of the last digests that were ordered.

    `shown` in the group, `called` for those who oversee it, `sent` for the person whose own chat this is. With them an
    order that is over is not made again.
    """

    shown: date | None = None
    called: date | None = None
    sent: date | None = None
    begun: Begun | None = None


NONE = Digests()
"""Of a group in which nothing has happened yet."""


def counted(days: tuple[Reads, ...], day: date, *, silent: bool) -> tuple[Reads, ...]:
    """The days with one more message; what comes late counts for the day that we are in."""
    *before, last = days or (Reads(day),)
    if day > last.day:
        before, last = [*before, last], Reads(day)
    last = replace(last, read=last.read + 1, silent=last.silent + silent)
    return (*(one for one in before if last.day - one.day < KEPT), last)
