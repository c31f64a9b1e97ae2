"""Intake: what a message means, given its reading and what the group is talking about."""

from dataclasses import replace
from datetime import timedelta
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions import facts as f
from actions.case import IllegalMove, Stage, advance
from actions.intake import PLACE_ANSWER_LENGTH, SILENT, Listening, with_number
from actions.message import Attachment, Kind, Message, Point, Role
from actions.policy import Policy
from actions.reading import SILENCE, Guess, Intent, Reading, Span, Urgency
from actions.talk import Talk
from tests.actions.stories import (
    AUNT,
    GROUP,
    LATER,
    NEIGHBOUR,
    NO_PLACE,
    PHOTO,
    WAYS,
    WORKER,
    Story,
    fact,
    in_stage,
)

LIFT = "facilities.lift"
WHERE = Point(31.2, 121.5)


def says(text="3号楼电梯坏了", by=NEIGHBOUR, role=Role.RESIDENT, **more):
    return Message(GROUP, "m50", by, "李叔", role, LATER, more.pop("kind", Kind.TEXT), text, **more)


def means(intent=Intent.REPORT, *places, confidence=0.9, category=LIFT, sure=0.9, urgency=Urgency.NORMAL):
    spans = tuple(Span(0, len(place), place) for place in places)
    return Reading(intent, confidence, (Guess(category, sure),), urgency, 0.9, spans)


def understood(message, reading, *cases, quoted=None, policy=None, warned=False, talk=None):
    talk = talk or Talk(group=GROUP, last_number=7)
    return Listening(message, reading, talk, cases, quoted, policy or Policy(), warned).understand()


def kinds(result):
    return [type(each) for each in result.facts]


OPEN = Story(f.Reported, f.TicketFiled).now
ASKING = Story(NO_PLACE).now


# --- a new report -------------------------------------------------------------------------------------------


def test_a_report_opens_a_case_with_all_that_was_said():
    photo = Attachment(Kind.PHOTO, "p1")
    message = says(kind=Kind.PHOTO, attachments=(photo,), point=WHERE)
    result = understood(message, means(Intent.REPORT, "3号楼", "东侧", "3号楼", urgency=Urgency.URGENT))
    (new,) = result.facts
    assert result.case is None
    assert new == f.Reported(
        at=LATER,
        by=NEIGHBOUR,
        by_name="李叔",
        message="m50",
        case=f"{GROUP}:8",
        number=8,
        group=GROUP,
        category=LIFT,
        text="3号楼电梯坏了",
        place="3号楼 东侧",
        point=WHERE,
        urgency=Urgency.URGENT,
        confidence=0.9,
        attachments=(photo,),
        categories=(LIFT,),
    )


def test_a_new_case_takes_the_next_number_and_nothing_else_does():
    talk = Talk(group=GROUP, last_number=7)
    assert with_number(talk, understood(says(), means())).last_number == 8
    assert with_number(talk, SILENT) == talk
    assert with_number(talk, understood(says(), means(Intent.SECOND), OPEN)) == talk


@pytest.mark.parametrize(
    ("role", "confidence", "opens"),
    [
        (Role.RESIDENT, 0.6, True),
        (Role.RESIDENT, 0.59, False),
        (Role.WORKER, 0.84, False),
        (Role.WORKER, 0.85, True),
        (Role.PROPERTY, 0.84, False),
        (Role.OFFICIAL, 0.84, False),
    ],
)
def test_staff_mostly_announce_so_more_certainty_is_asked_of_them(role, confidence, opens):
    result = understood(says(role=role), means(confidence=confidence))
    assert (not result.silent) is opens


@pytest.mark.parametrize(("sure", "expected"), [(0.4, True), (0.39, False)])
def test_an_unsure_category_is_left_to_the_worker(sure, expected):
    assert understood(says(), means(sure=sure)).facts[0].sure is expected


def test_without_any_category_it_is_other_and_unsure():
    (new,) = understood(says(), Reading(Intent.REPORT, 0.9)).facts
    assert (new.category, new.sure) == ("other.other", False)


def test_a_grid_may_want_its_worker_to_decide():
    assert not understood(says(), means(), policy=Policy(file_at_once=False)).facts[0].files_at_once


def test_emergency_words_make_an_emergency_whatever_the_model_says():
    (new,) = understood(says("着火了"), means(), warned=True).facts
    assert (new.urgency, new.warned) == (Urgency.EMERGENCY, True)


@pytest.mark.parametrize("intent", set(Intent) - {Intent.REPORT})
def test_nothing_but_a_report_opens_a_case(intent):
    assert understood(says(), means(intent)) == SILENT


# --- repeats ------------------------------------------------------------------------------------------------


def test_the_same_report_again_joins_the_case():
    result = understood(says(), means(Intent.REPORT, "三栋"), OPEN)
    assert (result.case, kinds(result)) == (OPEN, [f.Repeated])


def test_a_repeat_brings_the_place_that_was_missing():
    first = replace(Story(NO_PLACE, f.TimeRanOut).now, changed_at=LATER)
    result = understood(says(), means(Intent.REPORT, "3号楼"), first)
    assert kinds(result) == [f.Repeated, f.PlaceGiven]


def test_another_lift_opens_another_case():
    assert kinds(understood(says(), means(Intent.REPORT, "5号楼"), OPEN)) == [f.Reported]


# --- answers to 「在哪里？」 ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "reading", "place"),
    [
        (says("3号楼", AUNT), means(Intent.DETAIL, "3号楼"), "3号楼"),
        (says("电梯在3号楼", AUNT), means(Intent.REPORT, "3号楼"), "3号楼"),
        (says("", AUNT, kind=Kind.LOCATION, point=WHERE), SILENCE, "31.20000, 121.50000"),
    ],
)
def test_the_reporter_says_where(message, reading, place):
    result = understood(message, reading, ASKING)
    assert result.case == ASKING
    assert result.facts[0] == f.PlaceGiven(
        at=LATER, by=AUNT, by_name="李叔", message="m50", place=place, point=message.point
    )


def test_anybody_may_answer_the_question_by_a_reply_even_with_bare_words():
    result = understood(says(" 小广场那部 "), SILENCE, ASKING, quoted=ASKING)
    assert result.facts[0].place == "小广场那部"


@pytest.mark.parametrize("intent", [Intent.WITHDRAW, Intent.URGE, Intent.RESOLVED, Intent.DISPUTED])
def test_a_reply_that_says_something_else_is_no_place(intent):
    assert f.PlaceGiven not in kinds(understood(says("快点吧", AUNT), means(intent), ASKING, quoted=ASKING))


def test_a_long_reply_is_a_story_and_no_place():
    assert understood(says("啊" * (PLACE_ANSWER_LENGTH + 1)), SILENCE, ASKING, quoted=ASKING) == SILENT


def test_a_photo_with_the_place_is_kept_with_it():
    message = says("3号楼", AUNT, kind=Kind.PHOTO, attachments=(PHOTO,))
    result = understood(message, means(Intent.DETAIL, "3号楼"), ASKING)
    assert kinds(result) == [f.PlaceGiven, f.Detailed]


def test_the_reporters_next_problem_is_no_answer():
    result = understood(
        says("5号楼没人收垃圾", AUNT), means(Intent.REPORT, "5号楼", category="sanitation.garbage"), ASKING
    )
    assert kinds(result) == [f.Reported]


# --- replies and follow-ups -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intent", "kind"),
    [
        (Intent.SECOND, f.Seconded),
        (Intent.DETAIL, f.Detailed),
        (Intent.URGE, f.Urged),
        (Intent.RESOLVED, f.SaidFixed),
        (Intent.DISPUTED, f.Urged),
        (Intent.REPORT, f.Seconded),
    ],
)
def test_a_reply_is_about_its_case(intent, kind):
    result = understood(says(), means(intent), quoted=OPEN)
    assert (result.case, kinds(result)) == (OPEN, [kind])


def test_a_reply_with_another_problem_is_another_case():
    assert kinds(understood(says(), means(category="traffic.manhole"), quoted=OPEN)) == [f.Reported]


def test_a_report_in_reply_to_an_old_case_is_a_new_one():
    old = Story(*WAYS[Stage.CLOSED][0]).now
    assert kinds(understood(says(), means(), quoted=old)) == [f.Reported]


def test_what_the_model_is_unsure_of_is_no_follow_up():
    assert understood(says(), means(Intent.SECOND, confidence=0.49), quoted=OPEN) == SILENT


def test_only_the_reporter_can_take_it_back():
    assert understood(says("搞错了"), means(Intent.WITHDRAW), quoted=OPEN) == SILENT
    assert kinds(understood(says("搞错了", AUNT), means(Intent.WITHDRAW), quoted=OPEN)) == [f.Withdrawn]


def test_a_follow_up_brings_the_place_that_was_missing():
    waiting = Story(NO_PLACE, f.TimeRanOut).now
    result = understood(says(), means(Intent.SECOND, "3号楼"), quoted=waiting)
    assert kinds(result) == [f.Seconded, f.PlaceGiven]


def test_a_residents_word_is_the_second_key_only_when_asked():
    asked = Story(*WAYS[Stage.RESIDENTS_KEY][0]).now
    fixed = means(Intent.RESOLVED)
    assert kinds(understood(says("好了"), fixed, quoted=asked)) == [f.ResidentConfirmed]
    assert kinds(understood(says("好了"), fixed, quoted=OPEN)) == [f.SaidFixed]


@pytest.mark.parametrize("role", [Role.WORKER, Role.PROPERTY, Role.OFFICIAL, Role.BOT])
def test_staff_can_neither_confirm_nor_dispute_for_the_residents(role):
    asked = Story(*WAYS[Stage.RESIDENTS_KEY][0]).now
    assert kinds(understood(says("好了", WORKER, role), means(Intent.RESOLVED), quoted=asked)) == [
        f.SaidFixed
    ]
    assert understood(says("没好", WORKER, role), means(Intent.DISPUTED), quoted=asked) == SILENT


@pytest.mark.parametrize(
    "stage", [Stage.WORK_DONE, Stage.WORKER_KEY, Stage.RESIDENTS_KEY, Stage.CLOSED, Stage.LAPSED]
)
def test_a_dispute_counts_once_somebody_says_that_it_is_done(stage):
    done = Story(*WAYS[stage][0]).now
    (said,) = understood(says("哪里修好了"), means(Intent.DISPUTED), quoted=done).facts
    assert isinstance(said, f.ResidentDisputed)
    assert said.text == "哪里修好了"


def test_a_bare_photo_of_the_reporter_joins_the_case():
    photo = says("", AUNT, kind=Kind.PHOTO, attachments=(PHOTO,))
    (detail,) = understood(photo, SILENCE, OPEN).facts
    assert detail.attachments == (PHOTO,)


def test_a_strangers_bare_photo_is_chatter():
    assert understood(says("", kind=Kind.PHOTO, attachments=(PHOTO,)), SILENCE, OPEN) == SILENT


def test_a_photo_in_reply_joins_its_case_whatever_its_caption():
    photo = says("看", kind=Kind.PHOTO, attachments=(PHOTO,))
    assert kinds(understood(photo, SILENCE, quoted=OPEN)) == [f.Detailed]


@pytest.mark.parametrize("intent", [Intent.CHATTER, Intent.CONSULT])
def test_talk_about_nothing_of_ours_is_met_with_silence(intent):
    assert understood(says(by=AUNT), means(intent), OPEN) == SILENT
    assert understood(says(by=AUNT), means(intent), quoted=OPEN) == SILENT


# --- edits ----------------------------------------------------------------------------------------------------


def test_an_edit_rewords_its_case():
    result = understood(edits("3号楼2单元"), means(), quoted=OPEN)
    assert kinds(result) == [f.Reworded]


def edits(text, message="m1", by=AUNT, **more):
    return replace(says(text, by, edited=True, **more), id=message)


def test_an_edit_of_the_report_says_what_it_reads_otherwise():
    (reworded,) = understood(
        edits("5号楼门坏了"),
        means(Intent.REPORT, "5号楼", category="door", urgency=Urgency.URGENT),
        quoted=OPEN,
    ).facts
    assert (reworded.category, reworded.place, reworded.urgency) == ("door", "5号楼", Urgency.URGENT)


def test_an_edit_that_is_not_clear_about_the_kind_leaves_it():
    (reworded,) = understood(edits("5号楼坏了"), means(category="door", sure=0.2), quoted=OPEN).facts
    assert reworded.category == ""


def test_an_edit_of_another_message_only_keeps_its_words():
    case = Story(f.Reported, f.Repeated).now
    (reworded,) = understood(edits("5号楼", "m2"), means(Intent.REPORT, "5号楼"), quoted=case).facts
    assert reworded == f.Reworded(at=LATER, by=AUNT, by_name="李叔", message="m2", text="5号楼")


def test_the_same_words_again_change_nothing():
    assert understood(edits(OPEN.text), means(), quoted=OPEN) == SILENT
    again = Story(f.Reported, fact(f.Reworded, text="电梯")).now
    assert understood(edits("电梯"), means(), quoted=again) == SILENT
    assert kinds(understood(edits(OPEN.text), means(), quoted=again)) == [f.Reworded]
    assert understood(edits(""), means(), quoted=OPEN) == SILENT
    followed = Story(f.Reported, f.Repeated).now
    talk = Talk(group=GROUP).heard(replace(says("也坏了"), id="m2"), Intent.SECOND)
    assert understood(edits("也坏了", "m2"), means(), quoted=followed, talk=talk) == SILENT


def test_an_edit_can_take_the_report_back():
    assert kinds(understood(edits("搞错了"), means(Intent.WITHDRAW), quoted=OPEN)) == [
        f.Reworded,
        f.Withdrawn,
    ]
    for other in (edits("搞错了", by=NEIGHBOUR), edits("搞错了", "m2")):
        case = Story(f.Reported, f.Repeated).now
        assert kinds(understood(other, means(Intent.WITHDRAW), quoted=case)) == [f.Reworded]


def test_an_edit_of_a_message_of_no_case_counts_only_if_it_now_reports():
    for intent in (Intent.SECOND, Intent.URGE, Intent.DETAIL, Intent.WITHDRAW):
        assert understood(edits("x", "m60", NEIGHBOUR), means(intent), OPEN) == SILENT
    assert kinds(understood(edits("x", "m60", reply_to="m1"), means(), quoted=OPEN)) == [f.Seconded]


def test_an_edit_that_adds_the_place_answers_where():
    result = understood(edits("3号楼的电梯坏了"), means(Intent.REPORT, "3号楼"), quoted=ASKING)
    assert kinds(result) == [f.Reworded, f.PlaceGiven]


def test_an_edit_can_turn_chatter_into_a_report():
    assert kinds(understood(says(edited=True), means())) == [f.Reported]


# --- whatever is said -----------------------------------------------------------------------------------------

CASES = [story.now for story in chain.from_iterable(in_stage(stage) for stage in WAYS)]
TEXTS = st.text(max_size=60)
MESSAGES = st.builds(
    Message,
    group=st.just(GROUP),
    id=st.sampled_from(["m1", "m50"]),
    sender=st.sampled_from([AUNT, NEIGHBOUR, WORKER]),
    sender_name=TEXTS,
    role=st.sampled_from(Role),
    at=st.integers(0, 10**6).map(lambda seconds: LATER + timedelta(seconds=seconds)),
    kind=st.sampled_from(Kind),
    text=TEXTS,
    attachments=st.sampled_from([(), (PHOTO,)]),
    point=st.sampled_from([None, WHERE]),
    edited=st.booleans(),
)
PROBABILITIES = st.floats(0, 1)
READINGS = st.builds(
    Reading,
    intent=st.sampled_from(Intent),
    confidence=PROBABILITIES,
    categories=st.lists(st.builds(Guess, st.sampled_from([LIFT, "x.y"]), PROBABILITIES), max_size=2).map(
        tuple
    ),
    urgency=st.sampled_from(Urgency),
    locations=st.lists(st.builds(Span, st.just(0), st.just(1), TEXTS), max_size=3).map(tuple),
)


@settings(max_examples=300)
@given(
    MESSAGES,
    READINGS,
    st.lists(st.sampled_from(CASES), max_size=3),
    st.none() | st.sampled_from(CASES),
    st.booleans(),
)
def test_whatever_is_said_is_understood_and_the_table_has_the_last_word(
    message, reading, cases, quoted, warned
):
    result = understood(message, reading, *cases, quoted=quoted, warned=warned)
    case = result.case
    assert result.silent or (case is None) is isinstance(result.facts[0], f.Reported)
    for each in result.facts:
        try:
            case, _ = advance(case, each)
        except IllegalMove:
            return


@given(MESSAGES, READINGS)
def test_a_case_is_opened_by_its_first_fact_and_that_is_legal(message, reading):
    result = understood(message, reading)
    for case, each in zip([None] * len(result.facts), result.facts, strict=True):
        assert advance(case, each)[0].live
    assert fact(f.Reported).case != f"{GROUP}:8"
