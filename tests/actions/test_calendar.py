"""The working calendar: limits in working time stand still at night, on days off and on holidays."""

from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.calendar import Calendar, monday_to_friday
from actions.limits import Limit, Measure

CHINA = timezone(timedelta(hours=8))
FESTIVAL = {date(2026, 3, day) for day in (11, 12, 13)}
MAKE_UP = {date(2026, 3, 14)}


def works(day: date) -> bool:
    return day in MAKE_UP or (day not in FESTIVAL and monday_to_friday(day))


CALENDAR = Calendar(works, CHINA)
NEVER = Calendar(lambda day: False, CHINA)


def at(day: int, clock: str) -> datetime:
    """A moment of March 2026, which begins on a Sunday; the festival is on the 11th to 13th."""
    return datetime.combine(date(2026, 3, day), time.fromisoformat(clock), CHINA)


@pytest.mark.parametrize(
    ("start", "limit", "due"),
    [
        (at(6, "17:00"), "30m", at(6, "17:30")),
        (at(6, "17:00"), "2h", at(6, "19:00")),
        (at(6, "17:00"), "2d", at(8, "17:00")),
        (at(5, "17:00"), "2wh", at(6, "10:00")),
        (at(6, "17:00"), "1wd", at(9, "17:00")),
        (at(6, "22:00"), "1wh", at(9, "10:00")),
        (at(9, "06:00"), "1wd", at(9, "18:00")),
        (at(7, "12:00"), "1wd", at(9, "18:00")),
        (at(9, "09:00"), "9wh", at(9, "18:00")),
        (at(10, "17:00"), "2wh", at(14, "10:00")),
        (at(10, "12:00"), "3wd", at(17, "12:00")),
    ],
)
def test_a_limit_is_over_when_its_own_time_has_gone(start, limit, due):
    found = CALENDAR.after(start, Limit.parse(limit))
    assert (found, found.tzinfo) == (due, UTC)


def test_a_share_of_a_limit_is_over_earlier():
    assert CALENDAR.after(at(6, "17:00"), Limit.parse("1wd"), 1 / 9) == at(6, "18:00")
    assert CALENDAR.after(at(6, "17:00"), Limit.parse("1wd"), 2 / 9) == at(9, "10:00")
    assert CALENDAR.after(at(7, "17:00"), Limit.parse("1wd"), 0) == at(7, "17:00")
    with pytest.raises(ValueError, match="no share"):
        CALENDAR.after(at(6, "17:00"), Limit.parse("1wd"), -0.1)


def test_what_is_left_stands_still_at_the_weekend():
    limit = Limit.parse("4wh")
    left = [
        CALENDAR.left(at(6, "17:00"), now, limit) for now in (at(6, "18:00"), at(8, "12:00"), at(9, "13:00"))
    ]
    assert left == [timedelta(hours=3), timedelta(hours=3), timedelta(hours=-1)]
    assert CALENDAR.spent(at(6, "17:00"), at(9, "13:00"), limit) == 1.25
    assert CALENDAR.left(at(6, "17:00"), at(7, "17:00"), Limit.parse("4h")) == timedelta(hours=-20)


def test_nothing_has_gone_before_the_start():
    for limit in map(Limit.parse, ("1h", "1wh", "1wd")):
        assert CALENDAR.spent(at(6, "17:00"), at(6, "09:00"), limit) == 0


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        (at(9, "06:00"), at(9, "09:00")),
        (at(9, "09:00"), at(10, "09:00")),
        (at(9, "12:00"), at(10, "09:00")),
        (at(10, "20:00"), at(14, "09:00")),
        (at(14, "20:00"), at(16, "09:00")),
    ],
)
def test_the_next_working_morning_is_later_than_now(now, morning):
    assert CALENDAR.next_working_morning(now) == morning


def test_a_calendar_that_never_works_is_told_and_not_waited_for():
    for ask in (
        lambda: NEVER.after(at(6, "17:00"), Limit.parse("1wh")),
        lambda: NEVER.next_working_morning(at(6, "17:00")),
    ):
        with pytest.raises(ValueError, match="no working day in 400 days"):
            ask()
    assert NEVER.after(at(6, "17:00"), Limit.parse("1h")) == at(6, "18:00")
    assert NEVER.spent(at(6, "17:00"), at(9, "17:00"), Limit.parse("1wh")) == 0


def test_work_begins_before_it_ends():
    with pytest.raises(ValueError, match="not after"):
        Calendar(works, CHINA, time(18), time(9))


def test_working_hours_follow_the_clocks_of_the_zone_through_summer_time():
    berlin = Calendar(monday_to_friday, ZoneInfo("Europe/Berlin"))
    friday = datetime(2026, 3, 27, 17, tzinfo=ZoneInfo("Europe/Berlin"))
    assert berlin.after(friday, Limit.parse("1wd")) == datetime(2026, 3, 30, 15, tzinfo=UTC)
    assert berlin.after(friday, Limit.parse("3d")) == datetime(2026, 3, 30, 16, tzinfo=UTC)


def test_a_night_shift_that_the_clocks_jump_over_has_no_negative_hours():
    nights = Calendar(lambda day: True, ZoneInfo("Europe/Berlin"), time(2, 30), time(3, 10))
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert nights.after(saturday, Limit(40, Measure.WORKING_HOURS), 1 / 60) > saturday
    assert nights.spent(saturday, saturday + timedelta(days=1), Limit.parse("1wh")) == 0


def opening(begins: int, length: int, zone: tzinfo) -> Calendar:
    """A calendar of at least two hours a day, in minutes of the day."""
    ends = begins + min(length, 1439 - begins)
    return Calendar(works, zone, time(*divmod(begins, 60)), time(*divmod(ends, 60)))


moments = st.integers(0, 30 * 86_400 * 1000).map(lambda ms: at(1, "00:00") + timedelta(milliseconds=ms))
limits = st.builds(Limit, st.integers(1, 60), st.sampled_from(Measure))
shares = st.floats(0, 3)
zones = st.sampled_from([CHINA, ZoneInfo("Europe/Berlin"), ZoneInfo("America/New_York")])
calendars = st.builds(opening, st.integers(0, 1319), st.integers(120, 1439), zones)


@given(calendars, moments, limits, shares)
def test_when_a_share_is_over_that_share_has_been_spent(calendar, start, limit, share):
    due = calendar.after(start, limit, share)
    assert calendar.spent(start, due, limit) == pytest.approx(share, abs=1e-6)
    late = calendar.left(start, due, limit) / calendar.left(start, start, limit)
    assert late == pytest.approx(1 - share, abs=1e-6)


@given(moments, limits, st.lists(shares, min_size=2, max_size=2).map(sorted))
def test_more_of_a_limit_is_over_later(start, limit, two):
    less, more = two
    assert start <= CALENDAR.after(start, limit, less) <= CALENDAR.after(start, limit, more)


@given(moments, moments, limits)
def test_who_begins_later_is_due_no_earlier(one, other, limit):
    first, second = sorted((one, other))
    assert CALENDAR.after(first, limit) <= CALENDAR.after(second, limit)


@given(moments, st.lists(moments, min_size=2, max_size=2).map(sorted), limits)
def test_time_that_is_spent_does_not_come_back(start, two, limit):
    assert CALENDAR.spent(start, two[0], limit) <= CALENDAR.spent(start, two[1], limit)


@given(moments)
def test_a_working_morning_is_one(now):
    morning = CALENDAR.next_working_morning(now)
    assert morning > now
    assert morning.astimezone(CHINA).time() == time(9)
    assert works(morning.astimezone(CHINA).date())


def stepped(start: datetime, minutes: int) -> datetime:
    """So many working minutes later, found by looking at every minute."""
    now = start
    while minutes:
        here = now.astimezone(CHINA)
        minutes -= works(here.date()) and time(9) <= here.time() < time(18)
        now += timedelta(minutes=1)
    return now


@given(moments.map(lambda at: at.replace(second=0, microsecond=0)), st.integers(1, 20))
def test_working_hours_are_those_that_a_watch_would_count(start, hours):
    due = CALENDAR.after(start, Limit(hours, Measure.WORKING_HOURS))
    assert due == stepped(start, hours * 60)


@given(moments.map(lambda at: at.replace(second=0, microsecond=0)), st.integers(1, 3))
def test_a_working_day_is_as_many_hours_as_a_day_has(start, days):
    assert CALENDAR.after(start, Limit(days, Measure.WORKING_DAYS)) == stepped(start, days * 9 * 60)
