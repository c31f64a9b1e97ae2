"""Who answers for a case: returns with reasons, rulings, and what a worker does at the desk beside the keys."""

import json

import pytest

from actions import facts as f
from actions import orders as o
from actions.advance import rebuild
from actions.case import AT_DISPATCH, LIVE, Case, IllegalMove, Stage
from actions.facts import Fact
from actions.levels import Level
from actions.message import Attachment, Kind
from actions.nodes import Node
from actions.orders import News, Sentence, Wait
from actions.verdicts import BY_DEFAULT
from connectors.codec import dump, load
from connectors.schemas import SCHEMA
from tests.actions.stories import (
    ABOVE,
    COLLEAGUE,
    FILED,
    JOINED,
    KNOWN,
    LATER,
    LIFTS,
    PHOTO,
    UNSURE,
    WORKER,
    Story,
    fact,
    in_stage,
)

S = Stage
AT_UNIT = (KNOWN, f.TicketFiled)
RULED = fact(f.TicketReturned, reason="not_ours", ruling=ABOVE)
WITH_THE_UNIT = (S.OPEN, S.ACCEPTED, S.IN_PROGRESS, S.WORK_DONE, S.WORKER_KEY)
SAYS_NOT_WHY = fact(f.TicketReturned, note="", reason="")


def sentences(story: Story) -> list[Sentence]:
    """What was said because of the last fact."""
    return [order.sentence for order in story.last if isinstance(order, o.Say)]


def news(story: Story) -> list[News]:
    """What dispatch was told because of the last fact."""
    return [order.news for order in story.last if isinstance(order, o.TellDispatch)]


class TestGivenBackByAUnit:
    """A unit says why; the second time the level above rules."""

    @pytest.mark.parametrize("stage", WITH_THE_UNIT)
    def test_the_first_time_the_worker_decides(self, stage: Stage) -> None:
        story = next(iter(in_stage(stage)))
        before = story.now.bounces
        story.tell(fact(f.TicketReturned, reason="not_ours"))
        assert (story.now.stage, story.now.bounces) == (S.RETURNED, (*before, "not_ours"))
        assert (sentences(story), news(story), story.now.raised) == ([Sentence.RETURNED], [], 0)

    def test_the_second_time_the_level_above_rules(self) -> None:
        story = Story(*AT_UNIT, fact(f.TicketReturned, reason="wrong_place"), f.Dispatched, RULED)
        case = story.now
        assert (case.stage, case.bounces, case.raised) == (S.OPEN, ("wrong_place", "not_ours"), 1)
        assert (case.assignment, case.level, case.ticket) == (ABOVE, Level.DISTRICT, "T-1")
        assert (sentences(story), news(story)) == ([Sentence.RULING], [News.RULING])

    @pytest.mark.parametrize("again", [f.TicketReturned, RULED, SAYS_NOT_WHY])
    def test_said_once_more_it_does_not_count_twice(self, again: Fact | type[Fact]) -> None:
        story = Story(*AT_UNIT, fact(f.TicketReturned, reason="wrong_place"), again)
        assert (story.now.stage, story.now.bounces, story.now.raised) == (S.RETURNED, ("wrong_place",), 0)
        assert (sentences(story), news(story), story.now.assignment) == ([], [], LIFTS)

    @pytest.mark.parametrize("stage", WITH_THE_UNIT)
    def test_without_a_reason_nothing_changes_and_dispatch_is_asked(self, stage: Stage) -> None:
        story = next(iter(in_stage(stage)))
        before = story.now
        story.tell(SAYS_NOT_WHY)
        after = story.now
        assert (after.stage, after.bounces, after.clocks) == (stage, before.bounces, before.clocks)
        assert (sentences(story), news(story)) == ([], [News.REASON_NEEDED])

    def test_without_a_reason_nobody_rules_either(self) -> None:
        story = Story(*AT_UNIT, fact(f.TicketReturned, note="", reason="", ruling=ABOVE))
        assert (story.now.assignment, story.now.raised, story.now.stage) == (LIFTS, 0, S.OPEN)

    def test_the_code_of_a_reason_is_not_said_for_its_words(self) -> None:
        story = Story(*AT_UNIT, fact(f.TicketReturned, note="", reason="not_ours"))
        assert [order.note for order in story.last if isinstance(order, o.Say)] == [""]

    def test_of_several_groups_the_one_whose_ticket_it_is_tells_of_a_ruling(self) -> None:
        story = Story(*JOINED, RULED)
        assert (sentences(story), news(story)) == ([Sentence.RULING], [])


class TestRaised:
    """A worker sends it one level up."""

    @pytest.mark.parametrize("stage", [S.HANDLING, *AT_DISPATCH])
    def test_with_a_ticket_dispatch_is_told(self, stage: Stage) -> None:
        story = next(iter(in_stage(stage))).tell(f.Raised)
        assert (story.now.stage, story.now.assignment, story.now.raised) == (S.OPEN, ABOVE, 1)
        assert news(story) == [News.RAISED]

    @pytest.mark.parametrize("way", [(UNSURE,), (UNSURE, f.TakenOn)])
    def test_without_a_ticket_it_is_filed_there(self, way: tuple[Fact | type[Fact], ...]) -> None:
        story = Story(*way, f.Raised)
        assert (story.now.stage, story.now.level) == (S.FILING, Level.DISTRICT)
        assert story.ordered(o.FileTicket)

    def test_above_the_city_nobody_rules(self) -> None:
        assert [level.above for level in Level] == [Level.STREET, Level.DISTRICT, Level.CITY, None]
        for way in ((UNSURE,), FILED, (*FILED, f.TakenOn)):
            with pytest.raises(IllegalMove):
                Story(*way, fact(f.Raised, assignment=None))


class TestBetweenWorkers:
    """Handed over, given back."""

    def test_who_it_is_handed_to_handles_it_and_is_called(self) -> None:
        story = Story(*FILED, f.TakenOn, f.HandedOver)
        assert (story.now.stage, story.now.handler, story.now.handler_name) == (
            S.HANDLING,
            COLLEAGUE,
            "赵师傅",
        )
        assert [order.to for order in story.last if isinstance(order, o.CallWorker)] == [COLLEAGUE]

    def test_who_takes_it_over_is_not_called(self) -> None:
        story = Story(UNSURE, fact(f.HandedOver, by=WORKER, to=WORKER))
        assert (story.now.stage, story.ordered(o.CallWorker)) == (S.HANDLING, [])

    def test_the_next_one_has_the_whole_time_and_a_reminder(self) -> None:
        story = Story(UNSURE, f.TakenOn, f.TimeRanOut, f.HandedOver)
        assert [order.wait for order in story.last if isinstance(order, o.WakeAt)] == [Wait.HANDLING]
        assert (story.now.reminders, sentences(story.tell(f.TimeRanOut))) == (0, [Sentence.REMIND_WORKER])

    def test_what_a_worker_gives_back_waits_for_another(self) -> None:
        story = Story(UNSURE, f.TakenOn, f.GivenBack)
        assert (story.now.stage, story.now.handler, story.now.handler_name) == (S.WAITING_WORKER, "", "")

    def test_what_has_a_ticket_goes_back_to_it(self) -> None:
        story = Story(*FILED, f.TakenOn, f.GivenBack)
        assert (story.now.stage, news(story)) == (S.OPEN, [News.SENT_AGAIN])


class TestInspected:
    """Looking at it on the spot, with evidence."""

    def test_the_evidence_is_kept_and_sent(self) -> None:
        story = Story(*FILED, f.Inspected)
        assert (story.now.stage, story.now.inspected_by, story.now.attachments) == (S.OPEN, WORKER, (PHOTO,))
        told = [(order.news, order.attachments) for order in story.last if isinstance(order, o.TellDispatch)]
        assert told == [(News.INSPECTED, (PHOTO,))]

    def test_the_same_picture_is_kept_once(self) -> None:
        other = Attachment(Kind.PHOTO, "photo-2")
        story = Story(*FILED, f.Inspected, fact(f.Inspected, message="m14", attachments=(PHOTO, other)))
        assert story.now.attachments == (PHOTO, other)

    def test_it_moves_nothing(self) -> None:
        for stage in set(LIVE) - {S.UNSURE}:
            for story in in_stage(stage):
                assert story.tell(f.Inspected).now.stage is stage


class TestAssigned:
    """Which row of the responsibility list it is."""

    def test_the_list_says_who_answers_for_it(self) -> None:
        case = Story(KNOWN).now
        assert (case.assignment, case.level) == (LIFTS, Level.STREET)
        assert (Story(f.Reported).now.assignment, Story(f.Reported).now.level) == (None, None)

    def test_a_worker_settles_which_row_it_is(self) -> None:
        story = Story(fact(f.Reported, matters=("a", "b")), f.TicketFiled, f.Assigned)
        assert (story.now.assignment, story.now.matters) == (LIFTS, ())
        assert "matter" in story.now.corrected
        assert [(order.news, order.text) for order in story.last if isinstance(order, o.TellDispatch)] == [
            (News.ASSIGNED, "facilities.lift.fault")
        ]

    def test_a_confidential_matter_leaves_the_group_at_once(self) -> None:
        story = Story(*FILED, fact(f.Assigned, private=True))
        assert story.now.private
        assert story.ordered(o.Invite)
        assert story.tell(fact(f.Assigned)).now.private, "nothing was said of that"

    def test_another_matter_brings_it_back_unless_something_was_confided(self) -> None:
        private, public = fact(f.Assigned, private=True), fact(f.Assigned, private=False)
        assert not Story(*FILED, private, public).now.private
        assert Story(*FILED, private, f.Confided, public).now.private

    def test_another_category_has_another_unit(self) -> None:
        assert Story(KNOWN, fact(f.Recategorised, assignment=ABOVE)).now.assignment == ABOVE
        assert Story(KNOWN, f.Recategorised).now.assignment == LIFTS


OLD_TRACE = (
    (
        '{"is":"Reported","at":"2026-03-02T07:41:00+00:00","by":"memory:aunt","by_name":"王阿姨","message":"m1",'
        '"case":"memory:grid-7:1","number":1,"group":"memory:grid-7","category":"facilities.lift",'
        '"text":"3号楼电梯坏了","place":"3号楼"}'
    ),
    '{"is":"TicketFiled","at":"2026-03-02T07:42:00+00:00","ticket":"T-1"}',
    '{"is":"TicketReturned","at":"2026-03-02T07:43:00+00:00","note":"非我单位职责","update":"u3"}',
    '{"is":"Dispatched","at":"2026-03-02T07:44:00+00:00","by":"memory:worker"}',
    '{"is":"TicketReturned","at":"2026-03-02T07:45:00+00:00","update":"u4"}',
    '{"is":"Dispatched","at":"2026-03-02T07:46:00+00:00","by":"memory:worker"}',
    '{"is":"WorkDone","at":"2026-03-02T08:00:00+00:00","note":"已修","update":"u5"}',
    '{"is":"Posted","at":"2026-03-02T08:00:00+00:00","what":"worker_key","post":"p2"}',
    '{"is":"WorkerConfirmed","at":"2026-03-02T08:01:00+00:00","by":"memory:worker"}',
    '{"is":"ResidentDisputed","at":"2026-03-02T08:02:00+00:00","by":"memory:neighbour","text":"没好"}',
    '{"is":"WorkDone","at":"2026-03-02T09:00:00+00:00","note":"已修","update":"u6"}',
    '{"is":"WorkerConfirmed","at":"2026-03-02T09:01:00+00:00","by":"memory:worker"}',
    '{"is":"ResidentConfirmed","at":"2026-03-02T09:02:00+00:00","by":"memory:aunt"}',
)
OLD_CASE = (
    '{"id":"memory:grid-7:1","number":1,"group":"memory:grid-7","opened_at":"2026-03-02T07:41:00+00:00",'
    '"changed_at":"2026-03-02T07:42:00+00:00","category":"facilities.lift","text":"3号楼电梯坏了",'
    '"reporter":"memory:aunt","reporter_name":"王阿姨","stage":"open","version":2,"place":"3号楼","ticket":"T-1"}'
)


class TestWhatWasStoredBefore:
    """Traces and cases from before there were clocks, assignments and counted answers."""

    def test_an_old_trace_rebuilds_to_where_it_led(self) -> None:
        case = rebuild(load(line, Fact) for line in OLD_TRACE)
        assert (case.stage, case.ticket, case.disputes, case.residents_key) == (
            S.CLOSED,
            "T-1",
            1,
            "memory:aunt",
        )
        assert (case.bounces, case.raised, case.assignment, case.keys) == (
            ("other", "other"),
            0,
            None,
            BY_DEFAULT,
        )
        assert load(dump(case), Case) == case

    @pytest.mark.parametrize("length", range(1, len(OLD_TRACE) + 1))
    def test_so_does_every_beginning_of_it(self, length: int) -> None:
        assert rebuild(load(line, Fact) for line in OLD_TRACE[:length]).version == length

    def test_an_old_case_loads_and_goes_on(self) -> None:
        story = Story(*FILED)
        story.case = load(OLD_CASE, Case)
        assert (story.now.clocks, story.now.answers, story.now.keys) == ((), (), BY_DEFAULT)
        story.tell(f.Detailed)
        assert [(clock.node, clock.since) for clock in story.now.clocks] == [(Node.ACCEPT, LATER)]
        assert story.ordered(o.WatchClock)

    def test_an_old_case_stores_as_little_as_before_and_in_which_form(self) -> None:
        assert json.loads(dump(load(OLD_CASE, Case))) == {"schema": SCHEMA, **json.loads(OLD_CASE)}

    def test_a_case_of_before_is_renewed_and_its_clock_begins(self) -> None:
        story = Story(*FILED)
        story.case = load(OLD_CASE, Case)
        story.tell(fact(f.Renewed, assignment=LIFTS))
        assert story.now.assignment == LIFTS
        assert [(clock.node, clock.since) for clock in story.now.clocks] == [(Node.ACCEPT, LATER)]
        assert story.ordered(o.WatchClock)
        assert not story.ordered(o.ShowCard), "thousands of cards at once are for nobody"
        assert story.tell(fact(f.Renewed, assignment=ABOVE)).now.assignment == LIFTS, "once is enough"
