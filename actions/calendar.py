"""The working calendar: when a limit is over, where only working time may count.

Minutes, hours and days always run. Working hours are those between `begins` and `ends` of a working day, on the
clocks of the zone; a working day is as many of them as one day has, wherever in a day it begins.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from actions.limits import Limit, Measure

_IDLE_DAYS = 400
"""So long without one working day, and the calendar never works: no law gives a year off."""

_DAY = timedelta(days=1)
_NEVER = f"the calendar has no working day in {_IDLE_DAYS} days"


def monday_to_friday(day: date) -> bool:
    """The plainest working week, without holidays."""
    return day.weekday() < 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are working days (`works`), and from when to when; `begins` and `ends` are of the same day.

    Moments have to know their zone; answers are in UTC. Raises ValueError where `ends` is not after `begins`.
    """

    works: Callable[[date], bool]
    zone: tzinfo
    begins: time = time(9)
    ends: time = time(18)

    def __post_init__(self) -> None:
        if self.begins >= self.ends:
            raise ValueError(f"work ends at {self.ends}, which is not after {self.begins}")

    def after(self, start: datetime, limit: Limit, share: float = 1.0) -> datetime:
        """The first moment at which this share of the limit has gone: `1.0` all of it.

        Raises ValueError for a share below 0, and where the calendar has no working day in 400 days.
        """
        if share < 0:
            raise ValueError(f"{share} is no share")
        start, left = start.astimezone(UTC), self._whole(limit) * share
        if not limit.working or not left:
            return start + left
        for opens, closes in self._open(start):
            begun = max(opens, start)
            if begun + left <= closes:
                return begun + left
            left -= closes - begun
        raise ValueError(_NEVER)

    def spent(self, start: datetime, now: datetime, limit: Limit) -> float:
        """The share of the limit that has gone: 0 before the start, above 1 when it is late."""
        return self._gone(start.astimezone(UTC), now.astimezone(UTC), limit) / self._whole(limit)

    def left(self, start: datetime, now: datetime, limit: Limit) -> timedelta:
        """What is left of the limit, in the limit's own time; negative when it is late.

        Of a limit in working time it is working time: at the weekend it stays as it was on Friday evening.
        """
        return self._whole(limit) - self._gone(start.astimezone(UTC), now.astimezone(UTC), limit)

    def next_working_morning(self, now: datetime) -> datetime:
        """When work begins next, later than now: today's morning before work, else that of a later day.

        Raises ValueError where the calendar has no working day in 400 days.
        """
        now = now.astimezone(UTC)
        for opens, _ in self._open(now):
            if opens > now:
                return opens
        raise ValueError(_NEVER)

    def _whole(self, limit: Limit) -> timedelta:
        match limit.measure:
            case Measure.MINUTES:
                return timedelta(minutes=limit.amount)
            case Measure.HOURS | Measure.WORKING_HOURS:
                return timedelta(hours=limit.amount)
            case Measure.DAYS:
                return timedelta(days=limit.amount)
            case Measure.WORKING_DAYS:
                day = datetime.combine(date.min, self.ends) - datetime.combine(date.min, self.begins)
                return day * limit.amount

    def _gone(self, start: datetime, now: datetime, limit: Limit) -> timedelta:
        if now <= start:
            return timedelta()
        if not limit.working:
            return now - start
        gone = timedelta()
        for opens, closes in self._open(start):
            if opens >= now:
                break
            gone += min(closes, now) - max(opens, start)
        return gone

    def _open(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The hours of every working day that are not over at `since`; they end where work never comes again."""
        day, idle = since.astimezone(self.zone).date(), 0
        while idle < _IDLE_DAYS:
            idle = 0 if self.works(day) else idle + 1
            opens, closes = self._at(day, self.begins), self._at(day, self.ends)
            # Where clocks jump forward over `begins`, an early shift can end before it has begun.
            if not idle and max(opens, since) < closes:
                yield opens, closes
            day += _DAY

    def _at(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)
