"""Standing: the worst light of a case, its due time on the clocks of the zone, and lateness in the limit's own time."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

from actions import facts as f
from actions.assignment import Assignment
from actions.calendar import Calendar, monday_to_friday
from actions.levels import Level
from actions.limits import Limit
from actions.nodes import Clock, Light, Node
from actions.policy import Policy
from actions.standing import standing, standing_of, turns_at
from tests.actions.stories import Story

ZONE = timezone(timedelta(hours=8))
WEEK = Calendar(monday_to_friday, ZONE)
FRIDAY = datetime(2026, 3, 6, 15, 0, tzinfo=ZONE)
MONDAY = datetime(2026, 3, 9, 9, 0, tzinfo=ZONE)
FILED = replace(
    Story(f.Reported, f.TicketFiled).now,
    assignment=Assignment(
        matter="m",
        list_version="1",
        level=Level.STREET,
        unit="市政所",
        respond=Limit.parse("4wh"),
        resolve=Limit.parse("2d"),
    ),
)


def with_clocks(*clocks):
    return replace(FILED, clocks=clocks)


def test_a_case_whose_clocks_have_stopped_stands_nowhere():
    assert standing(with_clocks(), Policy(), WEEK, MONDAY) is None
    stopped = Clock(node=Node.ACCEPT, since=FRIDAY, until=MONDAY, light=Light.RED)
    assert standing(with_clocks(stopped), Policy(), WEEK, MONDAY) is None


def test_the_worst_light_counts_and_of_two_alike_the_one_that_is_due_first():
    accept = Clock(node=Node.ACCEPT, since=FRIDAY)
    work = Clock(node=Node.WORK, since=FRIDAY)
    assert standing(with_clocks(accept, work), Policy(), WEEK, FRIDAY).node is Node.WORK
    yellow = replace(accept, light=Light.YELLOW)
    assert standing(with_clocks(yellow, work), Policy(), WEEK, FRIDAY).node is Node.ACCEPT


def test_the_due_time_stands_on_the_clocks_of_the_zone_and_the_weekend_does_not_count():
    case = with_clocks(Clock(node=Node.ACCEPT, since=FRIDAY.astimezone(UTC)))
    found = standing_of(case, 0, Policy(zone=ZONE), WEEK, MONDAY + timedelta(hours=3))
    assert (found.since, found.due) == (FRIDAY, MONDAY + timedelta(hours=1))
    assert (found.since.tzinfo, found.due.tzinfo) == (ZONE, ZONE)
    assert (found.late, found.working) == (timedelta(hours=2), True)


def test_nothing_is_late_before_it_is_due():
    case = with_clocks(Clock(node=Node.WORK, since=FRIDAY))
    found = standing_of(case, 0, Policy(), WEEK, MONDAY - timedelta(days=2))
    assert (found.late, found.working) == (timedelta(), False)
    assert standing_of(case, 0, Policy(), WEEK, FRIDAY + timedelta(days=3)).late == timedelta(days=1)


def test_yellow_comes_at_its_share_of_the_limit():
    case = with_clocks(Clock(node=Node.ACCEPT, since=FRIDAY))
    assert turns_at(case, 0, Light.YELLOW, Policy(yellow=0.5), WEEK) == FRIDAY + timedelta(hours=2)
    assert turns_at(case, 0, Light.RED, Policy(), WEEK) == MONDAY + timedelta(hours=1)
