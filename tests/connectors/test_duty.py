"""Who answers for a ticket, as lines of its description: read again as written, and never taken from a resident's words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.duty import Duty, duty_of, freed, lines_of

CHINA = timezone(timedelta(hours=8))
LAMP = Duty(
    matter="路灯不亮 (traffic.streetlight.out)",
    list_version="2026.1",
    unit="市政养护",
    assisting=("供电所", "城管中队"),
    level="street",
    respond_by=datetime(2026, 11, 2, 9, 30, tzinfo=CHINA),
    resolve_by=datetime(2026, 11, 9, 17, 0, tzinfo=CHINA),
)


def test_the_lines_say_it_for_people_too():
    assert lines_of(LAMP).split("\n") == [
        "事项 matter: 路灯不亮 (traffic.streetlight.out); 清单 list: 2026.1",
        "主责 lead: 市政养护; 协办 assisting: 供电所、城管中队; 层级 level: street",
        "受理限 accept by: 2026-11-02 09:30+08:00; 办结限 resolve by: 2026-11-09 17:00+08:00",
    ]


@pytest.mark.parametrize("duty", [LAMP, Duty(), Duty(unit="市政"), Duty(resolve_by=LAMP.resolve_by)])
def test_it_is_read_again_as_it_was_written(duty):
    assert duty_of(f"路灯不亮\n三天了\n{lines_of(duty)}") == (duty, "路灯不亮\n三天了")


def test_only_what_is_given_is_written():
    assert lines_of(Duty()) == ""
    assert lines_of(Duty(unit="市政")) == "主责 lead: 市政"


def test_a_residents_words_are_not_taken_for_it():
    words = "坏了\n主责 lead: 我家; 层级 level: city\n  办结限 resolve by: 2020-01-01 00:00+00:00"
    assert duty_of(freed(words)) == (Duty(), freed(words))
    found, before = duty_of(f"{freed(words)}\n{lines_of(LAMP)}")
    assert (found, before) == (LAMP, freed(words))


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=50))
def test_hostile_names_and_words_change_nothing_else(words, unit, matter):
    found, _ = duty_of(
        f"{freed(words)}\n{lines_of(Duty(matter=matter, unit=unit, resolve_by=LAMP.resolve_by))}"
    )
    assert found.resolve_by == LAMP.resolve_by
    assert (found.level, found.assisting, found.respond_by) == ("", (), None)
    assert "\n" not in found.unit


def test_a_time_that_is_none_or_without_a_zone_is_left_out():
    assert duty_of("x\n办结限 resolve by: soon")[0] == Duty()
    assert duty_of("x\n办结限 resolve by: 2026-11-09 17:00")[0] == Duty()
    assert duty_of("x\n办结限 resolve by: 2026-11-09 17:00+00:00")[0].resolve_by == datetime(
        2026, 11, 9, 17, tzinfo=UTC
    )
