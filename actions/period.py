"""Periods: the days, weeks and months that figures are counted over, whole days on the clocks of a zone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)
_EARLIEST, _LATEST = 2000, 2200
_MOST_DAYS = 3660
_BY_DAY, _BY_WEEK = 31, 190
"""Up to so many days a period is shown by day, and by week; a longer one by month."""


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both with it. Raises ValueError where the last is before the first,
    where it is longer than ten years, and for years before 2000 or after 2200.
    """

    first: date
    last: date
    zone: tzinfo

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"{self.last} is before {self.first}")
        if not _EARLIEST <= self.first.year <= self.last.year <= _LATEST:
            raise ValueError(f"years are from {_EARLIEST} to {_LATEST}")
        if self.last - self.first > _DAY * _MOST_DAYS:
            raise ValueError("a period has at most ten years")

    @property
    def since(self) -> datetime:
        """Its first moment, in UTC."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The first moment after it, in UTC."""
        return _midnight(self.last + _DAY, self.zone)

    def has(self, at: datetime) -> bool:
        """Whether a moment is in it."""
        return self.since <= at < self.until

    def parts(self) -> tuple["Period", ...]:
        """It in days, weeks (from Monday) or months, by its length; the first and last may be cut short."""
        return tuple(
            Period(max(one.first, self.first), min(one.last, self.last), self.zone) for one in self._cover()
        )

    def _cover(self) -> Iterator["Period"]:
        days = (self.last - self.first).days + 1
        around = _only if days <= _BY_DAY else week if days <= _BY_WEEK else month
        day = self.first
        while day <= self.last:
            one = around(day, self.zone)
            yield one
            day = one.last + _DAY


def _only(day: date, zone: tzinfo) -> Period:
    return Period(day, day, zone)


def week(day: date, zone: tzinfo) -> Period:
    """The week of a day, from Monday to Sunday."""
    monday = day - _DAY * day.weekday()
    return Period(monday, monday + 6 * _DAY, zone)


def month(day: date, zone: tzinfo) -> Period:
    """The month of a day."""
    first = day.replace(day=1)
    return Period(first, (first + 31 * _DAY).replace(day=1) - _DAY, zone)


NAMES = {"day": _only, "week": week, "month": month}
"""What a period may be called, and the one of that name that a day is in."""


def named(name: str, now: datetime, zone: tzinfo) -> Period:
    """The day, week or month that it is now. Raises KeyError for any other name."""
    return NAMES[name](now.astimezone(zone).date(), zone)


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)
