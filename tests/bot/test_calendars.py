"""Calendars of countries: public holidays, make-up working days, and what the settings add."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from actions.limits import Limit
from actions.message import Kind, Message, Role
from bot.calendars import WorkingTime
from bot.history import History
from bot.settings import EMERGENCY, ZONES, SettingsError, load
from bot.wiring import replaying
from connectors.memory_nlu import MemoryNlu


def working(country: str, *days: str, table: WorkingTime | None = None) -> list[bool]:
    """Whether people work on these days."""
    zone = ZONES.get(country, "Asia/Shanghai")
    return [(table or WorkingTime()).calendar(country, zone).works(date.fromisoformat(day)) for day in days]


@pytest.mark.parametrize(
    ("off", "made_up"),
    [
        # 国务院办公厅关于2025年部分节假日安排的通知
        (("2025-01-28", "2025-02-04"), ("2025-01-26", "2025-02-08")),
        (("2025-05-01", "2025-05-05"), ("2025-04-27",)),
        (("2025-10-01", "2025-10-08"), ("2025-09-28", "2025-10-11")),
        # 国务院办公厅关于2026年部分节假日安排的通知
        (("2026-01-01", "2026-01-03"), ("2026-01-04",)),
        (("2026-02-15", "2026-02-23"), ("2026-02-14", "2026-02-28")),
        (("2026-04-04", "2026-04-06"), ()),
        (("2026-05-01", "2026-05-05"), ("2026-05-09",)),
        (("2026-06-19", "2026-06-21"), ()),
        (("2026-09-25", "2026-09-27"), ()),
        (("2026-10-01", "2026-10-07"), ("2026-09-20", "2026-10-10")),
    ],
)
def test_chinas_holidays_and_make_up_days_are_those_of_the_notice(off, made_up):
    first, last = (date.fromisoformat(day).toordinal() for day in off)
    days = [date.fromordinal(day).isoformat() for day in range(first, last + 1)]
    assert working("CN", *days) == [False] * len(days)
    assert working("CN", *made_up) == [True] * len(made_up)


def test_a_red_light_does_not_come_on_over_national_day_but_on_the_make_up_saturday():
    calendar = load({}).calendar.calendar("CN", "Asia/Shanghai")
    eve = datetime(2026, 9, 30, 17, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert calendar.after(eve, Limit.parse("1wd")) == datetime(2026, 10, 8, 9, tzinfo=UTC)
    assert calendar.after(eve, Limit.parse("3wd")) == datetime(2026, 10, 10, 9, tzinfo=UTC)
    assert calendar.after(eve, Limit.parse("4wd")) == datetime(2026, 10, 12, 9, tzinfo=UTC)
    assert calendar.next_working_morning(eve) == datetime(2026, 10, 8, 1, tzinfo=UTC)


def test_of_a_year_without_a_notice_the_statutory_days_count():
    assert working("CN", "2045-10-01", "2045-10-02", "2045-10-03") == [False] * 3
    assert working("CN", "2045-05-01", "2045-04-29") == [False, False]


def test_other_countries_have_their_own_days():
    days = ("2026-10-01", "2026-10-02", "2026-10-10", "2026-07-03", "2026-11-26", "2026-12-25")
    assert working("DE", *days) == [True, True, False, True, True, False]
    assert working("US", *days) == [True, True, False, False, False, False]
    assert working("DE", "2026-05-25", "2026-04-03") == [False, False]
    assert working("HK", "2026-10-09", "2026-10-10", "2026-10-01") == [True, False, False]


@pytest.mark.parametrize("country", sorted(EMERGENCY))
def test_every_country_known_has_holidays_and_a_weekend(country):
    year = [date(2026, 1, 1) + timedelta(days=day) for day in range(365)]
    week = [day for day, works in zip(year, working(country, *map(str, year)), strict=True) if works]
    assert 230 <= len(week) < 261


def test_a_country_that_nobody_knows_works_from_monday_to_friday():
    assert working("XX", "2026-01-01", "2026-01-03") == [True, False]


def test_the_settings_add_days_off_and_working_days(tmp_path):
    path = tmp_path / "linli.toml"
    path.write_text(
        'country = "de"\n[calendar]\nbegins = "08:30"\nends = 17:00:00\n'
        'days_off = ["2026-12-24", 2026-12-31]\nworking_days = ["2026-10-03"]',
        "utf-8",
    )
    settings = load({}, path)
    calendar = settings.calendar.calendar(settings.country, settings.timezone)
    assert (calendar.begins, calendar.ends, calendar.zone) == (
        time(8, 30),
        time(17),
        ZoneInfo("Europe/Berlin"),
    )
    days = [date(2026, 12, 24), date(2026, 12, 31), date(2026, 10, 3), date(2026, 10, 2)]
    assert [calendar.works(day) for day in days] == [False, False, True, True]


def test_a_house_counts_by_the_calendar_of_its_settings():
    morning = datetime(2026, 10, 10, 9, tzinfo=ZoneInfo("Asia/Shanghai"))
    said = Message("memory:g1", "1", "memory:r1", "王阿姨", Role.RESIDENT, morning, Kind.TEXT, "早")
    history = History("memory:g1", "g1", (said,))
    for country, works in (("CN", True), ("DE", False)):
        house = replaying(load({"LINLI_COUNTRY": country}), MemoryNlu({}), history)._flow._house
        assert house.calendar.works(morning.date()) is works


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('begins = "18:00"', "line 2: calendar.begins: work has to begin (18:00) before it ends (18:00)"),
        (
            'begins = "18:00"\nends = "09:00"',
            "line 3: calendar.ends: work has to begin (18:00) before it ends",
        ),
        ('begins = "nine"', "line 2: calendar.begins: must be a time of day such as 09:00"),
        ("begins = 9", "line 2: calendar.begins: input should be a valid time"),
        ('begins = "09:00+08:00"', "line 2: calendar.begins: must be a time of day without a zone"),
        ('days_off = ["2026-02-30"]', "line 2: calendar.days_off[0]: must be a day such as 2026-10-10"),
        ("working_days = [20261010]", "line 2: calendar.working_days[0]: must be a day such as 2026-10-10"),
        (
            'days_off = [\n  "2026-10-10",\n]\nworking_days = ["2026-10-10"]',
            "line 5: calendar.working_days: 2026-10-10 is in days_off too",
        ),
        (
            "day_off = []",
            "line 2: calendar.day_off: unknown key (did you mean days_off?); allowed keys: begins,",
        ),
    ],
)
def test_a_fault_in_the_calendar_is_told_with_its_line(tmp_path, table, told):
    path = tmp_path / "linli.toml"
    path.write_text(f"[calendar]\n{table}", "utf-8")
    with pytest.raises(SettingsError) as fault:
        load({}, path)
    assert str(fault.value).startswith(f"linli.toml {told}")
