"""The rules of the loop, told as short stories; every pair of stage and fact is in test_case_pairs.py."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions import orders as o
from actions.advance import advance, rebuild
from actions.case import AT_DISPATCH, LIVE, SETTLED, IllegalMove, Stage
from actions.message import Attachment, Kind
from actions.orders import News, Sentence, Wait
from actions.reading import Urgency
from tests.actions.stories import (
    ASKED_RESIDENTS,
    ASKED_WORKER,
    AUNT,
    CASE,
    FACTS,
    FILED,
    GROUP,
    LATER,
    NEIGHBOUR,
    NO_PLACE,
    PHOTO,
    POINT,
    SILENCE,
    START,
    UNSURE,
    WAYS,
    WORKER,
    Story,
    emergency,
    fact,
    in_stage,
)

S = Stage


def sentences(story: Story) -> list[Sentence]:
    """What was said because of the last fact."""
    return [order.sentence for order in story.last if isinstance(order, o.Say)]


def news(story: Story) -> list[News]:
    """What dispatch was told because of the last fact."""
    return [order.news for order in story.last if isinstance(order, o.TellDispatch)]


def waits(story: Story) -> list[Wait]:
    """The waits that began with the last fact."""
    return [order.wait for order in story.last if isinstance(order, o.WakeAt)]


class TestBeginning:
    """From the first word to the ticket."""

    def test_a_confident_report_with_a_place_is_filed_at_once(self) -> None:
        story = Story(f.Reported)
        assert story.now.stage is S.FILING
        assert [type(order) for order in story.last] == [o.ShowCard, o.FileTicket]

    def test_a_report_knows_who_said_what_where_and_in_which_message(self) -> None:
        case = Story(fact(f.Reported, attachments=(PHOTO,), point=POINT)).now
        assert (case.id, case.number, case.group, case.opened_at) == (CASE, 1, GROUP, START)
        assert (case.reporter, case.reporter_name, case.origin) == (AUNT, "王阿姨", "m1")
        assert (case.place, case.point, case.attachments) == ("3号楼", POINT, (PHOTO,))
        assert case.messages == (("m1", "report"),)

    def test_a_report_without_a_place_is_asked_where_once(self) -> None:
        story = Story(NO_PLACE)
        assert [type(order) for order in story.last] == [o.ShowCard, o.WakeAt]
        story.tell(f.Seconded, f.Detailed, f.TimeRanOut)
        assert waits(story) == [Wait.WORKER]
        assert not [order for order in story.orders if isinstance(order, o.Say)], (
            "the card asks, nothing else"
        )

    def test_a_point_on_the_map_is_a_place(self) -> None:
        assert Story(fact(f.Reported, place="", point=POINT)).now.stage is S.FILING

    def test_an_answer_to_where_files_the_ticket(self) -> None:
        story = Story(NO_PLACE, f.PlaceGiven)
        assert (story.now.stage, story.now.place) == (S.FILING, "3号楼二单元")
        assert story.ordered(o.FileTicket)

    def test_a_place_that_nobody_names_is_left_to_the_worker(self) -> None:
        story = Story(NO_PLACE, f.TimeRanOut)
        assert story.now.stage is S.WAITING_WORKER
        assert not story.ordered(o.FileTicket)

    @pytest.mark.parametrize("doubt", [{"sure": False}, {"files_at_once": False}])
    def test_what_the_bot_may_not_file_alone_waits_for_the_worker(self, doubt: dict[str, bool]) -> None:
        story = Story(fact(f.Reported, **doubt))
        assert story.now.stage is S.WAITING_WORKER
        assert waits(story) == [Wait.WORKER]
        assert story.tell(f.Dispatched).now.stage is S.FILING

    def test_a_sure_report_is_filed_when_the_worker_stays_silent(self) -> None:
        story = Story(fact(f.Reported, files_at_once=False), f.TimeRanOut)
        assert sentences(story) == [Sentence.REMIND_WORKER]
        assert story.tell(f.TimeRanOut).now.stage is S.FILING

    def test_an_unsure_report_lapses_after_one_reminder_and_is_never_filed(self) -> None:
        story = Story(UNSURE, *SILENCE)
        assert story.now.stage is S.LAPSED
        assert not any(isinstance(order, o.FileTicket) for order in story.orders)

    def test_only_a_report_begins_a_case(self) -> None:
        for kind in set(FACTS) - {f.Reported}:
            with pytest.raises(IllegalMove):
                advance(None, FACTS[kind])

    def test_a_case_is_reported_once(self) -> None:
        for stage in WAYS:
            for story in in_stage(stage):
                with pytest.raises(IllegalMove):
                    advance(story.now, FACTS[f.Reported])

    def test_an_emergency_is_an_emergency_from_the_first_word(self) -> None:
        case = Story(emergency()).now
        assert (case.urgency, case.warned, case.stage) == (Urgency.EMERGENCY, True, S.FILING)

    def test_an_emergency_heard_later_makes_the_case_one_and_calm_words_do_not_end_it(self) -> None:
        story = Story(f.Reported, fact(f.Repeated, urgency=Urgency.EMERGENCY))
        assert story.now.urgency is Urgency.EMERGENCY
        assert story.tell(f.Repeated).now.urgency is Urgency.EMERGENCY


class TestOneProblemManyPeople:
    """Several messages of several people are one case."""

    def test_those_who_say_me_too_follow_the_case_once(self) -> None:
        story = Story(f.Reported, f.Seconded, f.Seconded, fact(f.Repeated, by=AUNT))
        assert story.now.followers == (NEIGHBOUR,)

    def test_a_message_belongs_to_a_case_once(self) -> None:
        story = Story(f.Reported, f.Detailed, fact(f.Seconded, message="m4"))
        assert story.now.messages == (("m1", "report"), ("m4", "detail"))

    def test_each_message_is_remembered_for_what_it_was(self) -> None:
        story = Story(f.Reported, f.Repeated, f.Seconded, f.Detailed, f.PlaceGiven, f.Urged, f.SaidFixed)
        kinds = ["report", "report", "second", "detail", "detail", "urge", "resolved"]
        assert [what for _, what in story.now.messages] == kinds

    def test_a_neighbours_place_fills_a_gap_and_corrects_nothing(self) -> None:
        assert Story(NO_PLACE, f.Seconded).now.place == "二单元"
        assert Story(f.Reported, f.Seconded).now.place == "3号楼"

    def test_a_detail_reaches_dispatch_only_where_dispatch_has_a_ticket(self) -> None:
        assert news(Story(f.Reported, f.Detailed)) == []
        story = Story(*FILED, f.Detailed)
        assert news(story) == [News.DETAIL]
        assert story.now.attachments == (PHOTO,)
        assert story.now.point == POINT

    def test_pictures_add_up_and_the_first_point_stays(self) -> None:
        other = Attachment(Kind.VOICE, "voice-1")
        more = fact(f.Detailed, message="m41", attachments=(other,), point=replace(POINT, lat=31.0))
        story = Story(f.Reported, f.Detailed, more)
        assert (story.now.attachments, story.now.point) == ((PHOTO, other), POINT)

    def test_an_edit_of_the_report_changes_its_text_and_keeps_the_wording(self) -> None:
        story = Story(f.Reported, f.Reworded, fact(f.Reworded, message="m4", text="别的"))
        assert story.now.text == "3号楼电梯又坏了"
        assert story.now.wordings == (("m1", "3号楼电梯又坏了"), ("m4", "别的"))
        assert story.trace[0] == FACTS[f.Reported]

    def test_a_merged_case_brings_its_people_and_messages(self) -> None:
        story = Story(f.Reported, f.Absorbed)
        assert story.now.followers == (NEIGHBOUR,)
        assert story.now.messages == (("m1", "report"), ("m20", "report"), ("m21", "detail"))
        assert story.tell(f.Absorbed).now.messages == (("m1", "report"), ("m20", "report"), ("m21", "detail"))

    def test_a_merged_case_says_where_it_went_and_is_told_to_dispatch(self) -> None:
        story = Story(*FILED, f.Merged)
        assert (story.now.stage, story.now.merged_into) == (S.MERGED, f"{GROUP}:2")
        assert news(story) == [News.WITHDRAWN]

    def test_what_residents_say_unasked_closes_nothing(self) -> None:
        for stage in LIVE:
            for story in in_stage(stage):
                assert story.tell(f.SaidFixed).now.stage is stage


class TestDispatch:
    """Filing, and what comes back."""

    def test_a_delay_stands_on_the_card_and_the_ticket_still_goes_out(self) -> None:
        story = Story(f.Reported, f.FilingDelayed)
        assert [type(order) for order in story.last] == [o.ShowCard]
        assert story.tell(f.FilingDelayed).last == ()
        assert story.tell(f.TicketFiled).now.stage is S.OPEN

    def test_a_refused_ticket_comes_back_to_the_worker_with_the_reason(self) -> None:
        story = Story(f.Reported, f.TicketRefused)
        assert (story.now.stage, story.now.note) == (S.WAITING_WORKER, "不属于本级")
        assert [order.note for order in story.last if isinstance(order, o.Say)] == ["不属于本级"]

    def test_a_refused_ticket_is_not_filed_again_by_silence(self) -> None:
        story = Story(f.Reported, f.TicketRefused, *SILENCE)
        assert story.now.stage is S.LAPSED
        assert sum(isinstance(order, o.FileTicket) for order in story.orders) == 1

    def test_a_returned_ticket_goes_to_the_same_ticket_again(self) -> None:
        story = Story(*FILED, f.TicketReturned)
        assert (sentences(story), story.now.note) == ([Sentence.RETURNED], "非我单位职责")
        story.tell(f.Dispatched)
        assert (story.now.stage, story.now.ticket, news(story)) == (S.OPEN, "T-1", [News.SENT_AGAIN])

    def test_every_update_of_dispatch_is_remembered(self) -> None:
        story = Story(*FILED, f.TicketAccepted, f.WorkStarted, f.TicketNoted, f.WorkDone)
        assert story.now.updates == ("u1", "u2", "u4", "u5")
        assert story.now.note == "已更换门机"

    def test_dispatch_may_skip_steps(self) -> None:
        for stage in AT_DISPATCH:
            for story in in_stage(stage):
                assert story.tell(f.WorkDone).now.stage is S.WORK_DONE

    @pytest.mark.parametrize("end", [f.Withdrawn, f.Merged, f.Dismissed])
    def test_a_ticket_filed_in_the_moment_of_withdrawal_is_told_to_dispatch(self, end: type[f.Fact]) -> None:
        story = Story(f.Reported, end)
        assert news(story) == []
        stage = story.now.stage
        story.tell(f.TicketFiled)
        assert (story.now.stage, story.now.ticket, news(story)) == (stage, "T-1", [News.WITHDRAWN])

    def test_a_ticket_filed_while_the_worker_solves_it_is_told_to_dispatch(self) -> None:
        story = Story(f.Reported, f.SolvedOnSite, f.TicketFiled)
        assert (story.now.stage, news(story)) == (S.RESIDENTS_KEY, [News.HANDLED])
        assert story.tell(f.ResidentConfirmed).now.stage is S.CLOSED

    def test_dispatch_cannot_have_done_what_it_was_never_sent(self) -> None:
        with pytest.raises(IllegalMove):
            Story(UNSURE, f.TakenOn, f.WorkDone)

    def test_a_ticket_filed_after_the_residents_agreed_is_told_as_confirmed(self) -> None:
        story = Story(f.Reported, f.SolvedOnSite, f.ResidentConfirmed, f.TicketFiled)
        assert news(story) == [News.CONFIRMED]

    def test_a_ticket_filed_after_the_case_lapsed_is_not_told_as_confirmed(self) -> None:
        story = Story(f.Reported, f.SolvedOnSite, *SILENCE, f.TicketFiled)
        assert (story.now.stage, news(story)) == (S.LAPSED, [News.HANDLED])

    def test_a_ticket_that_arrives_after_a_dispute_is_not_lost(self) -> None:
        story = Story(f.Reported, f.SolvedOnSite, f.ResidentConfirmed, f.ResidentDisputed, f.TicketFiled)
        assert (story.now.stage, story.now.ticket) == (S.OPEN, "T-1")

    def test_a_case_with_a_ticket_is_not_filed_again(self) -> None:
        story = Story(*FILED, f.TakenOn, f.Dispatched, f.Dismissed, f.Dispatched, f.TakenOn, *SILENCE)
        assert story.now.stage is S.OPEN
        assert sum(isinstance(order, o.FileTicket) for order in story.orders) == 1


class TestTheWorker:
    """What a grid worker's presses do."""

    def test_a_worker_may_take_on_what_is_with_dispatch(self) -> None:
        story = Story(*FILED, f.TakenOn)
        assert (story.now.stage, story.now.handler, story.now.handler_name) == (S.HANDLING, WORKER, "李师傅")
        assert waits(story) == [Wait.HANDLING]

    def test_what_is_solved_in_the_grid_needs_no_ticket(self) -> None:
        story = Story(UNSURE, f.TakenOn, f.SolvedOnSite, f.ResidentConfirmed)
        assert (story.now.stage, story.now.ticket) == (S.SOLVED_IN_GRID, None)
        assert not any(isinstance(order, o.FileTicket | o.TellDispatch) for order in story.orders)

    def test_what_a_worker_forgets_goes_to_dispatch_after_one_reminder(self) -> None:
        story = Story(UNSURE, f.TakenOn, f.TimeRanOut)
        assert sentences(story) == [Sentence.REMIND_WORKER]
        assert story.tell(f.TimeRanOut).now.stage is S.FILING

    def test_what_a_worker_forgets_goes_back_to_its_ticket_where_it_has_one(self) -> None:
        story = Story(*FILED, f.TakenOn, *SILENCE)
        assert (story.now.stage, news(story)) == (S.OPEN, [News.SENT_AGAIN])

    def test_a_worker_can_take_a_dismissal_back(self) -> None:
        assert Story(f.Reported, f.Dismissed, f.Dispatched).now.stage is S.FILING
        story = Story(*FILED, f.Dismissed, f.Dispatched)
        assert (story.now.stage, news(story)) == (S.OPEN, [News.SENT_AGAIN])


class TestTwoKeys:
    """Closing takes the worker's key and the residents' key."""

    def test_dispatchs_word_alone_does_not_close(self) -> None:
        story = Story(*FILED, f.WorkDone)
        assert story.now.stage is S.WORK_DONE
        assert story.ordered(o.AskWorker)
        assert not story.ordered(o.AskIfFixed)

    def test_the_workers_key_alone_does_not_close(self) -> None:
        story = Story(*FILED, f.WorkDone, ASKED_WORKER, f.WorkerConfirmed)
        assert (story.now.stage, story.now.worker_key, story.now.residents_key) == (
            S.RESIDENTS_KEY,
            WORKER,
            "",
        )
        assert story.ordered(o.AskIfFixed)
        assert not story.ordered(o.AskSatisfaction)

    def test_the_residents_key_alone_does_not_close(self) -> None:
        for stage in set(WAYS) - {S.RESIDENTS_KEY, S.LAPSED}:
            for story in in_stage(stage):
                with pytest.raises(IllegalMove):
                    story.tell(f.ResidentConfirmed)

    def test_both_keys_close(self) -> None:
        story = Story(*ASKED_RESIDENTS, f.ResidentConfirmed)
        assert (story.now.stage, story.now.worker_key, story.now.residents_key) == (S.CLOSED, WORKER, AUNT)
        assert (sentences(story), news(story)) == ([], [News.CONFIRMED])
        assert story.ordered(o.AskSatisfaction)

    def test_who_solved_it_on_site_has_turned_the_workers_key(self) -> None:
        assert Story(UNSURE, f.SolvedOnSite).now.worker_key == WORKER

    def test_the_wait_for_the_worker_begins_anew_when_the_question_is_in_the_group(self) -> None:
        story = Story(*FILED, f.WorkDone)
        assert waits(story) == [Wait.WORKER_KEY]
        first = story.now.timer
        assert story.tell(FACTS[f.Posted]).now.stage is S.WORK_DONE
        assert waits(story.tell(ASKED_WORKER)) == [Wait.WORKER_KEY]
        assert story.now.timer != first

    def test_a_question_that_never_reached_the_group_does_not_hold_the_case_for_ever(self) -> None:
        assert Story(*FILED, f.WorkDone, *SILENCE).now.stage is S.LAPSED

    def test_a_quick_worker_may_turn_the_key_before_the_question_is_known_to_be_posted(self) -> None:
        assert Story(*FILED, f.WorkDone, f.WorkerConfirmed).now.stage is S.RESIDENTS_KEY

    def test_a_denied_fix_returns_to_the_same_ticket_with_the_count(self) -> None:
        story = Story(*FILED, f.WorkDone, ASKED_WORKER, f.WorkerDenied)
        assert (story.now.stage, story.now.ticket, story.now.disputes) == (S.OPEN, "T-1", 1)
        assert (sentences(story), news(story)) == ([Sentence.DENIED], [News.DENIED])

    @pytest.mark.parametrize("stage", [S.WORK_DONE, S.WORKER_KEY, S.RESIDENTS_KEY, S.CLOSED, S.LAPSED])
    def test_a_disputed_fix_returns_to_the_same_ticket_with_the_count(self, stage: Stage) -> None:
        story = next(iter(in_stage(stage))).tell(f.ResidentDisputed)
        assert (story.now.stage, story.now.ticket, story.now.disputes) == (S.OPEN, "T-1", 1)
        assert (sentences(story), news(story)) == ([Sentence.DISPUTED], [News.DISPUTED])
        assert [order.text for order in story.last if isinstance(order, o.TellDispatch)] == ["哪里修好了"]

    def test_every_dispute_counts_and_both_keys_must_be_turned_anew(self) -> None:
        again = (f.WorkDone, ASKED_WORKER, f.WorkerConfirmed, f.ResidentDisputed)
        story = Story(*FILED, *again, *again, *again)
        assert (story.now.disputes, story.now.worker_key, story.now.residents_key) == (3, "", "")
        with pytest.raises(IllegalMove):
            story.tell(f.ResidentConfirmed)

    def test_a_dispute_of_what_the_worker_did_comes_back_to_the_worker(self) -> None:
        story = Story(UNSURE, f.SolvedOnSite, f.ResidentDisputed)
        assert (story.now.stage, story.now.disputes, waits(story)) == (S.HANDLING, 1, [Wait.HANDLING])

    def test_a_case_solved_in_the_grid_can_be_disputed_later(self) -> None:
        story = Story(UNSURE, f.SolvedOnSite, f.ResidentConfirmed, f.ResidentDisputed)
        assert (story.now.stage, waits(story)) == (S.WAITING_WORKER, [Wait.WORKER])

    @pytest.mark.parametrize("stage", [S.WORKER_KEY, S.RESIDENTS_KEY])
    def test_silence_lapses_after_one_reminder_and_never_closes(self, stage: Stage) -> None:
        story = next(iter(in_stage(stage))).tell(f.TimeRanOut)
        assert story.now.stage is stage
        assert len(sentences(story)) == 1
        story.tell(f.TimeRanOut)
        assert (story.now.stage, story.now.residents_key) == (S.LAPSED, "")
        assert (sentences(story), news(story)) == ([], [])

    def test_a_late_yes_still_closes_what_the_worker_had_confirmed(self) -> None:
        story = Story(*ASKED_RESIDENTS, *SILENCE, f.ResidentConfirmed)
        assert (story.now.stage, news(story)) == (S.CLOSED, [News.CONFIRMED])
        grid = Story(UNSURE, f.SolvedOnSite, *SILENCE, f.ResidentConfirmed)
        assert grid.now.stage is S.SOLVED_IN_GRID

    def test_a_late_yes_does_not_stand_in_for_the_workers_key(self) -> None:
        never_confirmed = Story(*FILED, f.WorkDone, ASKED_WORKER, *SILENCE)
        never_handled = Story(UNSURE, *SILENCE)
        confirmed_before_a_dispute = Story(
            *ASKED_RESIDENTS, f.ResidentDisputed, f.WorkDone, ASKED_WORKER, *SILENCE
        )
        for story in (never_confirmed, never_handled, confirmed_before_a_dispute):
            assert story.now.stage is S.LAPSED
            with pytest.raises(IllegalMove):
                story.tell(f.ResidentConfirmed)

    def test_satisfaction_is_given_once_per_person_and_may_be_changed_for_a_day(self) -> None:
        story = Story(*ASKED_RESIDENTS, f.ResidentConfirmed, f.SatisfactionGiven)
        story.tell(fact(f.SatisfactionGiven, by=NEIGHBOUR, score=2))
        assert story.now.scores == ((AUNT, 5), (NEIGHBOUR, 2))
        story.tell(fact(f.SatisfactionGiven, at=LATER + timedelta(hours=23), score=1))
        assert story.now.scores == ((NEIGHBOUR, 2), (AUNT, 1))
        with pytest.raises(IllegalMove):
            story.tell(fact(f.SatisfactionGiven, at=LATER + timedelta(hours=25), score=5))

    def test_satisfaction_is_asked_only_of_what_was_confirmed(self) -> None:
        lapsed = Story(*ASKED_RESIDENTS, *SILENCE)
        assert not any(isinstance(order, o.AskSatisfaction) for order in lapsed.orders)


class TestWaits:
    """The clock's door."""

    def test_a_stale_timer_changes_nothing(self) -> None:
        story = Story(UNSURE)
        old = story.now.timer
        story.tell(f.TimeRanOut)
        with pytest.raises(IllegalMove):
            story.tell(f.TimeRanOut(at=LATER, timer=old))
        assert story.now.stage is S.WAITING_WORKER

    def test_a_timer_of_a_stage_that_was_left_changes_nothing(self) -> None:
        story = Story(UNSURE)
        old = story.now.timer
        story.tell(f.Dispatched, f.TicketRefused)
        assert story.now.stage is S.WAITING_WORKER
        with pytest.raises(IllegalMove):
            story.tell(f.TimeRanOut(at=LATER, timer=old))

    def test_talk_in_between_does_not_stop_a_wait(self) -> None:
        story = Story(UNSURE)
        timer = story.now.timer
        story.tell(f.Seconded, f.Detailed, f.Urged, f.Posted)
        assert story.now.timer == timer

    def test_reminders_are_counted_anew_in_a_new_stage(self) -> None:
        story = Story(UNSURE, f.TimeRanOut, f.TakenOn)
        assert story.now.reminders == 0
        assert story.tell(f.TimeRanOut).now.stage is S.HANDLING

    def test_every_stage_in_which_people_must_act_has_a_wait(self) -> None:
        for stage in (S.ASKING_WHERE, S.WAITING_WORKER, S.HANDLING, S.WORKER_KEY, S.RESIDENTS_KEY):
            for story in in_stage(stage):
                assert story.now.timer

    def test_no_wait_runs_where_nothing_is_waited_for(self) -> None:
        for stage in (*AT_DISPATCH, *SETTLED, S.FILING, S.WITHDRAWN, S.MERGED, S.NOT_A_PROBLEM):
            for story in in_stage(stage):
                assert story.now.timer == ""


class TestOrdersAndTrace:
    """What the rest of the house relies on."""

    def test_order_keys_are_unique_and_stable(self) -> None:
        steps = (*ASKED_RESIDENTS, f.ResidentDisputed, f.WorkDone)
        keys = [order.key for order in Story(*steps).orders]
        assert len(keys) == len(set(keys))
        assert keys == [order.key for order in Story(*steps).orders]

    def test_an_orders_key_names_its_case_the_version_and_its_place(self) -> None:
        story = Story(f.Reported)
        assert [(order.case, order.key) for order in story.last] == [
            (CASE, f"{CASE}:1:0"),
            (CASE, f"{CASE}:1:1"),
        ]

    def test_an_order_that_falls_away_leaves_no_gap(self) -> None:
        story = Story(UNSURE, f.SolvedOnSite)
        assert [order.key[-1] for order in story.last] == ["0", "1", "2", "3"]

    def test_a_post_is_found_by_what_it_is_and_a_new_one_replaces_it(self) -> None:
        story = Story(f.Reported, f.Posted, fact(f.Posted, post="p9", face="f9"))
        assert (story.now.post("card"), story.now.face, story.now.post("where")) == ("p9", "f9", None)

    def test_a_case_is_rebuilt_from_its_trace(self) -> None:
        for stage in WAYS:
            for story in in_stage(stage):
                assert rebuild(story.trace) == story.now

    def test_a_broken_trace_is_no_case(self) -> None:
        for trace in ([], [FACTS[f.TicketFiled]], [FACTS[f.Reported], FACTS[f.WorkerConfirmed]]):
            with pytest.raises(IllegalMove):
                rebuild(trace)

    def test_a_case_is_live_until_it_is_settled_or_dropped(self) -> None:
        live = {stage for stage in WAYS for story in in_stage(stage) if story.now.live}
        assert live == set(LIVE)


# --- corrections ----------------------------------------------------------------------------------------------


def test_what_a_worker_has_settled_no_edit_changes() -> None:
    edit = fact(f.Reworded, category="other.other", place="9号楼", urgency=Urgency.URGENT)
    settled = Story(f.Reported, f.Recategorised, f.Relocated, edit).now
    assert (settled.category, settled.place) == ("facilities.door", "5号楼一单元")
    assert settled.urgency is Urgency.URGENT
    free = Story(f.Reported, edit).now
    assert (free.category, free.place, free.text) == ("other.other", "9号楼", "3号楼电梯又坏了")


def test_an_edit_does_not_make_less_urgent_what_others_reported() -> None:
    calm = fact(f.Reworded, urgency=Urgency.NORMAL)
    assert Story(emergency(), calm).now.urgency is Urgency.NORMAL
    assert Story(emergency(), f.Seconded, calm).now.urgency is Urgency.EMERGENCY


def test_an_edit_of_another_message_tells_dispatch_nothing() -> None:
    story = Story(*FILED, f.Repeated, fact(f.Reworded, message="m2"))
    assert not story.ordered(o.TellDispatch)
    assert story.now.text == "3号楼电梯坏了"


def test_a_place_that_a_worker_gives_takes_a_wrong_point_away() -> None:
    assert Story(f.Reported, f.Detailed, f.Relocated).now.point is None


def test_a_corrected_case_without_a_place_still_waits() -> None:
    assert Story(NO_PLACE, f.TimeRanOut, f.Recategorised).now.stage is Stage.WAITING_WORKER


def test_a_case_that_waits_by_policy_waits_on_when_it_is_corrected() -> None:
    waits = fact(f.Reported, sure=False, files_at_once=False)
    assert Story(waits, f.Recategorised).now.stage is Stage.WAITING_WORKER


def test_after_a_day_nobody_wants_it_after_all() -> None:
    story = Story(f.Reported, f.Withdrawn)
    assert story.now.withdrawn_by == AUNT
    with pytest.raises(IllegalMove):
        story.tell(fact(f.Restored, at=LATER + timedelta(hours=25)))
    assert story.tell(fact(f.Restored, at=LATER + timedelta(hours=23))).now.stage is Stage.FILING
