"""Events: what two groups report is one event only where that is said."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions.event import Sketch, same_event
from actions.message import Point
from actions.reading import Urgency
from tests.actions.stories import START, Story

POWER, LIFT = "utilities.power", "housing.elevator"


def sketch(place="3号楼", category=POWER, **more):
    return Sketch("memory:grid-7:1", category, START, place, **more)


def later(one, **time):
    return replace(one, opened_at=one.opened_at + timedelta(**time))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3号楼", "三号楼"),
        ("3号楼2单元", "3号楼"),
        ("东门口", "小区东门口"),
        ("幸福小区3号楼", "3号楼"),
    ],
)
def test_one_kind_of_problem_in_one_place_is_one_event(one, other):
    for category in (POWER, LIFT):
        assert same_event(sketch(one, category), sketch(other, category))
        assert same_event(sketch(other, category), sketch(one, category))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3号楼2单元", "3号楼1单元"),
        ("3号楼", "13号楼"),
        ("幸福小区3号楼", "阳光小区3号楼"),
        ("3号楼", "东门"),
        ("", "3号楼"),
        ("", ""),
        ("  ", "东门"),
    ],
)
def test_another_place_or_none_is_another_event(one, other):
    assert not same_event(sketch(one, LIFT), sketch(other, LIFT))
    assert not same_event(sketch(other, LIFT), sketch(one, LIFT))


def test_another_kind_of_problem_is_another_event():
    assert not same_event(sketch(), sketch(category="utilities.water"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("3号楼", "4号楼", True),
        ("3号楼", "6号楼", True),
        ("3号楼", "7号楼", False),
        ("3号楼", "整个小区", True),
        ("全小区", "3号楼", True),
        ("幸福小区", "阳光小区3号楼", False),
        ("幸福小区3号楼", "阳光小区4号楼", False),
        ("一期3号楼", "二期4号楼", False),
        ("3号楼", "4号楼302室", False),
        ("3号楼502", "4号楼", False),
        ("3号楼", "A栋", False),
        ("3号楼", "东门", False),
    ],
)
def test_an_outage_next_door_is_the_same_outage(one, other, same):
    assert same_event(sketch(one), sketch(other)) is same
    assert same_event(sketch(other), sketch(one)) is same


def test_a_broken_lift_next_door_is_another_lift():
    assert not same_event(sketch("3号楼", LIFT), sketch("4号楼", LIFT))


def test_an_outage_next_door_is_the_same_for_some_hours_one_in_the_same_place_for_days():
    assert same_event(later(sketch("4号楼"), hours=5), sketch("3号楼"))
    assert not same_event(later(sketch("4号楼"), hours=6), sketch("3号楼"))
    assert same_event(later(sketch(), hours=71), sketch())
    assert same_event(sketch(), later(sketch(), hours=71)), "whichever was opened first"
    assert not same_event(later(sketch(), hours=72), sketch())
    assert not same_event(later(sketch(), hours=3), sketch(), timedelta(hours=2))


def test_two_points_on_the_map_are_one_place_when_they_are_near():
    here, near, far = Point(31.23, 121.47), Point(31.231, 121.47), Point(31.25, 121.47)
    assert same_event(sketch("", LIFT, point=here), sketch("31.23100, 121.47000", LIFT, point=near))
    assert not same_event(sketch("", LIFT, point=here), sketch("", LIFT, point=far))
    assert not same_event(sketch("3号楼", LIFT, point=here), sketch("3号楼", LIFT, point=far))
    assert not same_event(sketch("", LIFT, point=here), sketch("3号楼", LIFT))


def test_a_danger_is_not_told_by_a_ticket_that_knows_of_none():
    danger = sketch(urgency=Urgency.EMERGENCY)
    assert not same_event(danger, sketch())
    assert same_event(sketch(), danger)
    assert same_event(danger, danger)


def test_a_sketch_knows_the_place_and_nobody():
    case = Story(f.Reported).now
    one = Sketch.of(case)
    assert (one.case, one.category, one.place) == (case.id, case.category, case.place)
    assert case.reporter not in repr(one)
    assert case.text not in repr(one)
