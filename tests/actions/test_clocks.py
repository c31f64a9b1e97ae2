"""Clocks: when a node's time begins, stops and runs on, and how its light turns."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions import orders as o
from actions.advance import advance
from actions.case import IllegalMove, Stage
from actions.clocks import light_of
from actions.limits import Limit
from actions.nodes import Clock, Light, Node
from tests.actions.stories import (
    ABOVE,
    ASKED_RESIDENTS,
    ASKED_WORKER,
    FILED,
    LATER,
    LIFTS,
    NEIGHBOUR,
    START,
    UNSURE,
    Story,
    fact,
)

HOUR = timedelta(hours=1)


def running(story: Story) -> list[Node]:
    """Whose time runs."""
    return [clock.node for clock in story.now.clocks if clock.runs]


def clock_of(story: Story, node: Node) -> Clock:
    """The newest clock of a node."""
    return next(clock for clock in reversed(story.now.clocks) if clock.node is node)


def turned(story: Story, light: Light) -> Story:
    """The story after the light of the clock that runs has turned."""
    number = next(number for number, clock in enumerate(story.now.clocks) if clock.runs)
    return story.tell(f.LightTurned(at=LATER, clock=number, light=light))


@pytest.mark.parametrize(
    ("way", "node"),
    [
        ((UNSURE,), Node.WORKER),
        ((f.Reported, f.TakenOn), Node.WORKER),
        (FILED, Node.ACCEPT),
        ((*FILED, f.TicketAccepted), Node.WORK),
        ((*FILED, f.WorkStarted), Node.WORK),
        ((*FILED, f.WorkDone), Node.VERIFY),
        ((*FILED, f.WorkDone, ASKED_WORKER), Node.VERIFY),
        (ASKED_RESIDENTS, Node.CONFIRM),
    ],
)
def test_the_time_runs_of_whoever_has_it(way: tuple[f.Fact | type[f.Fact], ...], node: Node) -> None:
    assert running(Story(*way)) == [node]


def test_no_time_runs_while_the_bot_asks_files_or_is_not_sure() -> None:
    for way in ((f.Reported,), (fact(f.Reported, place=""),), (fact(f.Reported, doubtful=True),)):
        assert running(Story(*way)) == []


def test_a_clock_knows_when_it_began_and_when_it_stopped() -> None:
    story = Story(
        f.Reported, fact(f.TicketFiled, at=START + HOUR), fact(f.TicketAccepted, at=START + 3 * HOUR)
    )
    assert story.now.clocks == (
        Clock(node=Node.ACCEPT, since=START + HOUR, until=START + 3 * HOUR),
        Clock(node=Node.WORK, since=START + 3 * HOUR),
    )


def test_whenever_a_clock_begins_it_is_watched_for_yellow() -> None:
    story = Story(*FILED)
    assert [(order.clock, order.light) for order in story.last if isinstance(order, o.WatchClock)] == [
        (0, Light.YELLOW)
    ]
    assert not story.tell(f.Detailed).ordered(o.WatchClock)


def test_two_questions_to_the_worker_are_one_wait() -> None:
    story = Story(*FILED, fact(f.WorkDone, at=START + HOUR), ASKED_WORKER, f.TimeRanOut)
    assert clock_of(story, Node.VERIFY).since == START + HOUR
    assert [clock.node for clock in story.now.clocks] == [Node.ACCEPT, Node.VERIFY]


class TestAUnit:
    """Whoever is called first answers for it."""

    def test_giving_back_what_was_not_accepted_does_not_stop_the_time(self) -> None:
        story = Story(*FILED)
        began = clock_of(story, Node.ACCEPT)
        story.tell(fact(f.TicketReturned, at=START + HOUR))
        assert running(story) == [Node.ACCEPT, Node.WORKER]
        story.tell(fact(f.Dispatched, at=START + 2 * HOUR))
        assert running(story) == [Node.ACCEPT]
        assert clock_of(story, Node.ACCEPT) == began

    def test_giving_back_what_was_accepted_does_not_stop_the_time(self) -> None:
        story = Story(*FILED, f.TicketAccepted)
        began = clock_of(story, Node.WORK)
        story.tell(f.TicketReturned, fact(f.Dispatched, at=START + 2 * HOUR))
        assert running(story) == [Node.WORK]
        assert clock_of(story, Node.WORK) == began

    def test_a_ruling_does_not_stop_the_time_either(self) -> None:
        story = Story(*FILED, f.TicketReturned, f.Dispatched)
        began = clock_of(story, Node.ACCEPT)
        story.tell(fact(f.TicketReturned, ruling=ABOVE))
        assert (running(story), clock_of(story, Node.ACCEPT)) == ([Node.ACCEPT], began)

    def test_accepting_again_after_a_bounce_gives_no_new_time(self) -> None:
        story = Story(*FILED, fact(f.TicketAccepted, at=START + HOUR), f.TicketReturned, f.Dispatched)
        story.tell(fact(f.TicketAccepted, at=START + 9 * HOUR))
        assert clock_of(story, Node.WORK).since == START + HOUR
        assert [clock.node for clock in story.now.clocks if clock.node is not Node.WORKER] == [
            Node.ACCEPT,
            Node.WORK,
        ]

    @pytest.mark.parametrize("back", [f.Dispatched, f.GivenBack, f.Raised])
    def test_what_a_worker_took_on_and_sent_again_finds_its_time_running(self, back: type[f.Fact]) -> None:
        story = Story(*FILED)
        began = clock_of(story, Node.ACCEPT)
        story.tell(f.TakenOn)
        assert running(story) == [Node.WORKER]
        story.tell(back)
        assert (running(story), clock_of(story, Node.ACCEPT)) == ([Node.ACCEPT], began)
        assert [order.light for order in story.last if isinstance(order, o.WatchClock)] == [Light.YELLOW]

    def test_what_was_not_done_after_all_gives_no_new_time(self) -> None:
        story = Story(*FILED, fact(f.TicketAccepted, at=START + HOUR), f.WorkDone)
        assert running(story) == [Node.VERIFY]
        story.tell(fact(f.WorkStarted, at=START + 9 * HOUR))
        assert (running(story), clock_of(story, Node.WORK).since) == ([Node.WORK], START + HOUR)

    @pytest.mark.parametrize("dispute", [f.ResidentDisputed, f.ResidentHalfConfirmed])
    def test_a_dispute_begins_both_clocks_anew(self, dispute: type[f.Fact]) -> None:
        story = Story(*FILED, f.TicketAccepted, f.WorkDone, ASKED_WORKER, f.WorkerConfirmed)
        story.tell(fact(dispute, at=START + 9 * HOUR))
        assert clock_of(story, Node.ACCEPT) == Clock(node=Node.ACCEPT, since=START + 9 * HOUR, round=1)
        story.tell(fact(f.TicketAccepted, at=START + 10 * HOUR))
        assert clock_of(story, Node.WORK) == Clock(node=Node.WORK, since=START + 10 * HOUR, round=1)
        assert running(story) == [Node.WORK]

    def test_a_denied_fix_begins_them_anew(self) -> None:
        story = Story(*FILED, f.TicketAccepted, f.WorkDone, f.WorkerDenied)
        assert (running(story), clock_of(story, Node.ACCEPT).round) == ([Node.ACCEPT], 1)


class TestLights:
    """Green, yellow, red, and never back."""

    def test_yellow_warns_and_is_watched_for_red(self) -> None:
        story = turned(Story(*FILED), Light.YELLOW)
        assert light_of(story.now) is Light.YELLOW
        (alert,), (watch,) = story.ordered(o.Alert), story.ordered(o.WatchClock)
        assert isinstance(alert, o.Alert)
        assert isinstance(watch, o.WatchClock)
        assert (alert.node, alert.light, watch.clock, watch.light) == (
            Node.ACCEPT,
            Light.YELLOW,
            0,
            Light.RED,
        )

    def test_red_warns_and_nothing_comes_after_it(self) -> None:
        story = turned(turned(Story(*FILED), Light.YELLOW), Light.RED)
        assert light_of(story.now) is Light.RED
        assert story.ordered(o.Alert)
        assert not story.ordered(o.WatchClock)

    @pytest.mark.parametrize(
        ("shown", "to"),
        [
            (Light.YELLOW, Light.YELLOW),
            (Light.YELLOW, Light.GREEN),
            (Light.RED, Light.YELLOW),
            (Light.RED, Light.RED),
        ],
    )
    def test_a_light_never_goes_back_and_warns_once(self, shown: Light, to: Light) -> None:
        story = turned(Story(*FILED), shown)
        with pytest.raises(IllegalMove):
            turned(story, to)

    def test_a_light_does_not_move_the_case(self) -> None:
        story = Story(*ASKED_RESIDENTS, f.TimeRanOut)
        timer = story.now.timer
        turned(story, Light.RED)
        assert (story.now.stage, story.now.timer, story.now.reminders) == (Stage.RESIDENTS_KEY, timer, 1)

    def test_a_clock_that_has_stopped_does_not_turn(self) -> None:
        story = Story(*FILED, f.TicketAccepted)
        with pytest.raises(IllegalMove):
            advance(story.now, f.LightTurned(at=LATER, clock=0, light=Light.YELLOW))

    @pytest.mark.parametrize("number", [-1, 1, 99])
    def test_a_clock_that_is_not_there_does_not_turn(self, number: int) -> None:
        with pytest.raises(IllegalMove):
            advance(Story(*FILED).now, f.LightTurned(at=LATER, clock=number, light=Light.RED))

    def test_late_stays_late(self) -> None:
        story = turned(Story(*FILED), Light.RED).tell(f.TicketAccepted)
        assert (clock_of(story, Node.ACCEPT).light, light_of(story.now)) == (Light.RED, Light.GREEN)
        story.tell(f.WorkDone, ASKED_WORKER, f.WorkerConfirmed, f.ResidentConfirmed)
        assert (story.now.stage, running(story)) == (Stage.CLOSED, [])
        assert clock_of(story, Node.ACCEPT).light is Light.RED

    def test_what_comes_back_yellow_is_watched_for_red_only(self) -> None:
        story = turned(Story(*FILED), Light.YELLOW).tell(f.TakenOn, f.Dispatched)
        assert [order.light for order in story.last if isinstance(order, o.WatchClock)] == [Light.RED]
        red = turned(Story(*FILED), Light.RED).tell(f.TakenOn, f.Dispatched)
        assert not red.ordered(o.WatchClock)
        assert light_of(red.now) is Light.RED

    def test_of_several_clocks_the_worst_light_counts(self) -> None:
        story = turned(Story(*FILED), Light.YELLOW).tell(f.TicketReturned)
        assert (running(story), light_of(story.now)) == ([Node.ACCEPT, Node.WORKER], Light.YELLOW)
        assert light_of(Story(f.Reported).now) is Light.GREEN

    def test_talk_leaves_the_clocks_alone(self) -> None:
        story = Story(*FILED)
        before = story.now.clocks
        story.tell(f.Seconded, f.Detailed, f.Urged, fact(f.Inspected, by=NEIGHBOUR), f.Assigned)
        assert story.now.clocks == before


def test_a_nodes_neighbours_are_those_before_and_after_it() -> None:
    assert Node.WORKER.neighbours == (Node.ACCEPT,)
    assert Node.WORK.neighbours == (Node.ACCEPT, Node.VERIFY)
    assert Node.CONFIRM.neighbours == (Node.VERIFY,)


def test_with_another_matter_a_light_that_was_red_is_looked_at_afresh() -> None:
    story = turned(Story(replace(fact(f.Reported), assignment=LIFTS), f.TicketFiled), Light.RED)
    assert clock_of(story, Node.ACCEPT).light is Light.RED
    other = replace(LIFTS, matter="facilities.lift.other", respond=Limit.parse("5wd"))
    case, orders = advance(story.now, replace(fact(f.Assigned), assignment=other))
    (clock,) = (one for one in case.clocks if one.runs)
    assert (clock.light, clock.since) == (Light.GREEN, clock_of(story, Node.ACCEPT).since)
    assert [order.light for order in orders if isinstance(order, o.WatchClock)] == [Light.YELLOW]
    raised, _ = advance(story.now, replace(fact(f.Raised), assignment=ABOVE))
    assert light_of(raised) is Light.RED, "the same limits at the next level: late remains late"
