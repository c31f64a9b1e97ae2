"""Intake: what follows from a message, given its reading, what the group talks about, and what the linking chose."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions.advance import advance
from actions.case import Stage
from actions.intake import ONE_A_BUILDING, PLACE_ANSWER_LENGTH, SILENT, Listening, with_number
from actions.linking import KINDS, SURE, Choice
from actions.message import Attachment, Kind, Message, Point, Role
from actions.policy import Policy
from actions.reading import SILENCE, Guess, Intent, Reading, Span, Urgency
from actions.talk import Talk
from tests.actions.linkers import Told
from tests.actions.stories import (
    AUNT,
    DOUBTFUL,
    GROUP,
    LATER,
    NEIGHBOUR,
    NO_PLACE,
    PHOTO,
    WAYS,
    WORKER,
    Story,
    fact,
)

LIFT = "facilities.lift"
WHERE = Point(31.2, 121.5)
OPENS = Choice(opens=True, chance=0.9)


def says(text="3号楼电梯坏了", by=NEIGHBOUR, role=Role.RESIDENT, **more):
    return Message(GROUP, "m50", by, "李叔", role, LATER, more.pop("kind", Kind.TEXT), text, **more)


def means(intent=Intent.REPORT, *places, confidence=0.9, category=LIFT, sure=0.9, urgency=Urgency.NORMAL):
    spans = tuple(Span(0, len(place), place) for place in places)
    return Reading(intent, confidence, (Guess(category, sure),), urgency, 0.9, spans, meaning="AQID")


def told(reading, cases, quoted, *, choice=None, kind=None, sure=1.0):
    """A linker that chooses as told; else what is quoted or the first case, or a new one for a report."""
    if choice is None:
        joined = quoted or next(iter(cases), None)
        choice = (
            Choice(joined, chance=0.9) if joined else OPENS if reading.intent is Intent.REPORT else Choice()
        )
    usual = reading.intent if reading.intent in KINDS else Intent.DETAIL
    return Told(choice, kind or usual, sure)


def understood(message, reading, *cases, quoted=None, policy=None, warned=False, talk=None, **choosing):
    talk = talk or Talk(group=GROUP, last_number=7)
    linker = told(reading, cases, quoted, **choosing)
    return Listening(message, reading, talk, cases, quoted, policy or Policy(), linker, warned).understand()


def kinds(result):
    return [type(each) for each in result.facts]


OPEN = Story(f.Reported, f.TicketFiled).now
ASKING = Story(NO_PLACE).now
CARD = fact(f.Posted).post
SUSPECTED = Story(DOUBTFUL).now


# --- a new report -------------------------------------------------------------------------------------------


def test_a_report_opens_a_case_with_all_that_was_said():
    photo = Attachment(Kind.PHOTO, "p1")
    message = says(kind=Kind.PHOTO, attachments=(photo,), point=WHERE)
    result = understood(message, means(Intent.REPORT, "3号楼", "东侧", "3号楼", urgency=Urgency.URGENT))
    (new,) = result.facts
    assert (result.case, result.chance, result.doubtful) == (None, 0.9, False)
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
        meaning="AQID",
        categories=(LIFT,),
    )


def test_a_new_case_takes_the_next_number_and_nothing_else_does():
    talk = Talk(group=GROUP, last_number=7)
    assert with_number(talk, understood(says(), means())).last_number == 8
    assert with_number(talk, SILENT) == talk
    assert with_number(talk, understood(says(), means(Intent.SECOND), OPEN)) == talk


def test_what_the_linking_is_not_sure_of_is_reported_in_doubt():
    result = understood(says(), means(), choice=Choice(opens=True, doubtful=True, chance=0.3))
    (new,) = result.facts
    assert (new.doubtful, new.confidence, result.doubtful, result.chance) == (True, 0.3, True, 0.3)


def test_silence_says_how_sure_it_is():
    result = understood(says("早"), means(Intent.CHATTER), choice=Choice(chance=0.97))
    assert (result.silent, result.chance, result.doubtful) == (True, 0.97, False)


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


def test_what_reads_as_an_emergency_is_one_unless_it_is_doubted():
    fire = means(urgency=Urgency.EMERGENCY)
    assert understood(says(), fire).facts[0].warned
    doubted = understood(says(), fire, choice=Choice(opens=True, doubtful=True, chance=0.3))
    assert not doubted.facts[0].warned


def test_the_linking_is_asked_with_all_that_is_known():
    talk = Talk(group=GROUP).heard(replace(says("早"), id="m49"), Intent.CHATTER)
    linker = Told(Choice())
    cases = (OPEN, ASKING)
    Listening(
        says(reply_to="m1"), means(), talk, cases, SUSPECTED, Policy(), linker, warned=True
    ).understand()
    ((heard, known, warned),) = linker.asked
    assert (heard.quoted, warned) == (SUSPECTED.id, True)
    assert [line.id for line in heard.lines] == ["m49"]
    assert SUSPECTED.id in known


# --- what needs no weighing -----------------------------------------------------------------------------------


def certain(message, reading, *cases, **more):
    """What follows although the linking would keep silent."""
    return understood(message, reading, *cases, choice=Choice(), **more)


def test_the_same_words_of_the_same_place_are_the_same_report():
    first = replace(OPEN, text="３号楼电梯坏了")
    result = certain(says(), means(Intent.REPORT, "3号楼"), first)
    assert (result.case, kinds(result)) == (first, [f.Repeated])
    assert certain(says(), means(), first).silent, "no place is named: it may be another lift"
    assert certain(says("3号楼电梯"), means(Intent.REPORT, "3号楼"), first).silent
    over = Story(*WAYS[Stage.CLOSED][0]).now
    assert certain(says(), means(Intent.REPORT, "3号楼"), over).silent, "it broke again"


def test_the_same_words_again_bear_a_doubt_out():
    result = certain(says(), means(Intent.REPORT, "3号楼"), SUSPECTED)
    assert not advance(result.case, result.facts[0])[0].doubtful


def back(by=AUNT, **more):
    return says("搞错了", by, **more)


def test_whoever_has_one_live_report_takes_it_back_in_words():
    assert kinds(certain(back(), means(Intent.WITHDRAW), OPEN)) == [f.Withdrawn]
    assert kinds(certain(back(reply_to="m1"), means(Intent.WITHDRAW), quoted=OPEN)) == [f.Withdrawn]


@pytest.mark.parametrize(
    ("message", "reading", "cases"),
    [
        (back(NEIGHBOUR), means(Intent.WITHDRAW), (OPEN,)),
        (back(), means(Intent.WITHDRAW, confidence=0.4), (OPEN,)),
        (back(), means(Intent.WITHDRAW), (OPEN, replace(OPEN, id=f"{GROUP}:2"))),
        (back(), means(Intent.WITHDRAW), (replace(OPEN, last_message_at=LATER - timedelta(hours=25)),)),
        (back(), means(Intent.WITHDRAW), (Story(*WAYS[Stage.CLOSED][0]).now,)),
        (back(reply_to="m9"), means(Intent.WITHDRAW), (OPEN,)),
    ],
    ids=["a neighbour", "unclear", "two reports", "long ago", "over already", "about other words"],
)
def test_what_is_not_certain_to_take_it_back_is_weighed(message, reading, cases):
    assert certain(message, reading, *cases).silent


def test_whoever_spoke_of_another_case_since_may_mean_that_one():
    talk = Talk(group=GROUP).heard(replace(says("我家也停水", AUNT), id="m49"), Intent.SECOND, f"{GROUP}:2")
    assert certain(back(), means(Intent.WITHDRAW), OPEN, talk=talk).silent


def lift(*places):
    return means(Intent.REPORT, *places, category=ONE_A_BUILDING[0])


@pytest.mark.parametrize(
    ("reading", "possible"),
    [(lift("5号楼"), False), (lift("3号楼2单元"), True), (lift("3号楼", "5号楼"), True), (lift(), True)],
)
def test_a_lift_of_another_building_is_another_lift(reading, possible):
    known = replace(OPEN, category=ONE_A_BUILDING[0])
    linker = Told(Choice())
    Listening(says("也坏了"), reading, Talk(group=GROUP), (known,), None, Policy(), linker).understand()
    assert linker.asked[0][1] == ([known.id] if possible else [])


@pytest.mark.parametrize(
    ("place", "kin", "possible"), [("5号楼", 0.04, False), ("5号楼", 0.06, True), ("3号楼", 0.04, True)]
)
def test_another_thing_in_another_building_is_another_problem(place, kin, possible):
    linker, lamp = Told(Choice()), means(Intent.REPORT, place, category="traffic.streetlight")
    lamp = replace(lamp, categories=(*lamp.categories, Guess(LIFT, kin)))
    Listening(says("路灯不亮", AUNT), lamp, Talk(group=GROUP), (OPEN,), None, Policy(), linker).understand()
    assert linker.asked[0][1] == ([OPEN.id] if possible else [])


def test_most_troubles_can_be_in_two_buildings():
    linker = Told(Choice())
    power = means(Intent.REPORT, "5号楼", category="utilities.power")
    known = replace(OPEN, category="utilities.power")
    Listening(says("也停电了"), power, Talk(group=GROUP), (known,), None, Policy(), linker).understand()
    assert linker.asked[0][1] == [known.id]


# --- answers to 「在哪里？」 ------------------------------------------------------------------------------------


def test_whoever_was_asked_where_and_shares_a_point_has_answered():
    point = says("", AUNT, kind=Kind.LOCATION, point=WHERE)
    result = certain(point, SILENCE, ASKING)
    assert result.facts[0] == f.PlaceGiven(
        at=LATER, by=AUNT, by_name="李叔", message="m50", place="31.20000, 121.50000", point=WHERE
    )
    assert certain(point, SILENCE, OPEN).silent
    assert certain(point, SILENCE, ASKING, replace(ASKING, id=f"{GROUP}:2")).silent, "which of the two?"
    assert certain(replace(point, sender=NEIGHBOUR), SILENCE, ASKING).silent


@pytest.mark.parametrize(
    ("text", "reading", "place"),
    [
        ("3号楼", means(Intent.DETAIL, "3号楼"), "3号楼"),
        ("电梯在3号楼", means(Intent.REPORT, "3号楼"), "3号楼"),
        (" 小广场那部 ", SILENCE, "小广场那部"),
    ],
)
def test_anybody_may_answer_the_question_by_a_reply_to_it(text, reading, place):
    asking = Story(NO_PLACE, f.Posted).now
    result = certain(says(text, reply_to=CARD), reading, asking, quoted=asking)
    assert (kinds(result), result.facts[0].place) == ([f.PlaceGiven], place)


def test_under_a_residents_message_people_say_all_kinds_of_things():
    asking = Story(NO_PLACE, f.Posted).now
    assert certain(says("哈哈", reply_to="m1"), SILENCE, asking, quoted=asking).silent


@pytest.mark.parametrize("intent", [Intent.WITHDRAW, Intent.URGE, Intent.RESOLVED, Intent.DISPUTED])
def test_a_reply_that_says_something_else_is_no_place(intent):
    asking = Story(NO_PLACE, f.Posted).now
    message = says("快点吧", AUNT, reply_to=CARD)
    assert f.PlaceGiven not in kinds(understood(message, means(intent), asking, quoted=asking))


def test_a_long_reply_is_a_story_and_no_place():
    asking = Story(NO_PLACE, f.Posted).now
    story = says("啊" * (PLACE_ANSWER_LENGTH + 1), reply_to=CARD)
    assert certain(story, SILENCE, asking, quoted=asking).silent


def test_a_photo_with_the_place_is_kept_with_it():
    asking = Story(NO_PLACE, f.Posted).now
    message = says("3号楼", AUNT, kind=Kind.PHOTO, attachments=(PHOTO,), reply_to=CARD)
    result = understood(message, means(Intent.DETAIL, "3号楼"), asking, quoted=asking)
    assert kinds(result) == [f.PlaceGiven, f.Detailed]


# --- one more message of a case ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Intent.REPORT, f.Repeated),
        (Intent.SECOND, f.Seconded),
        (Intent.DETAIL, f.Detailed),
        (Intent.URGE, f.Urged),
        (Intent.RESOLVED, f.SaidFixed),
        (Intent.DISPUTED, f.Urged),
        (Intent.WITHDRAW, f.SaidFixed),
    ],
)
def test_what_joins_a_case_is_what_the_linking_says_it_is(kind, expected):
    result = understood(says("x"), means(Intent.CONSULT), OPEN, kind=kind)
    assert (result.case, kinds(result), result.chance) == (OPEN, [expected], 0.9)


def test_a_cry_for_help_about_a_case_reports_it_again_as_an_emergency():
    (again,) = understood(says("着火了"), means(), OPEN, warned=True, kind=Intent.DETAIL).facts
    assert (type(again), again.urgency) == (f.Repeated, Urgency.EMERGENCY)


def test_a_follow_up_brings_the_place_that_was_missing():
    waiting = Story(NO_PLACE, f.TimeRanOut).now
    result = understood(says("x"), means(Intent.SECOND, "3号楼"), waiting)
    assert kinds(result) == [f.Seconded, f.PlaceGiven]


@pytest.mark.parametrize(("chance", "told"), [(SURE, True), (SURE - 0.01, False)])
def test_dispatch_hears_only_what_surely_belongs_to_it(chance, told):
    (detail,) = understood(says("x"), means(Intent.DETAIL), OPEN, choice=Choice(OPEN, chance=chance)).facts
    assert detail.told is told


@pytest.mark.parametrize(("chance", "silent"), [(0.5, False), (0.49, True)])
def test_a_doubt_is_borne_out_only_by_what_surely_belongs_to_it(chance, silent):
    choice = Choice(SUSPECTED, chance=chance)
    assert understood(says("x"), means(Intent.SECOND), SUSPECTED, choice=choice).silent is silent


def test_items_of_one_album_go_where_the_first_went():
    talk = Talk(group=GROUP).heard(replace(says("", AUNT, album="a1"), id="m49"), Intent.CHATTER, OPEN.id)
    second = says("", AUNT, kind=Kind.PHOTO, attachments=(PHOTO,), album="a1")
    assert kinds(certain(second, SILENCE, OPEN, talk=talk)) == [f.Detailed]
    assert certain(replace(second, album="a2"), SILENCE, OPEN, talk=talk).silent


# --- words that move a case --------------------------------------------------------------------------------------


def test_a_residents_word_is_the_second_key_only_when_asked_and_sure():
    asked = Story(*WAYS[Stage.RESIDENTS_KEY][0]).now
    fixed = means(Intent.RESOLVED)
    assert kinds(understood(says("好了"), fixed, asked)) == [f.ResidentConfirmed]
    assert kinds(understood(says("好了"), fixed, asked, sure=0.4)) == [f.SaidFixed]
    assert kinds(understood(says("好了"), fixed, OPEN)) == [f.SaidFixed]


@pytest.mark.parametrize("role", [Role.WORKER, Role.PROPERTY, Role.OFFICIAL, Role.BOT])
def test_staff_can_neither_confirm_nor_dispute_for_the_residents(role):
    asked = Story(*WAYS[Stage.RESIDENTS_KEY][0]).now
    assert kinds(understood(says("好了", WORKER, role), means(Intent.RESOLVED), asked)) == [f.SaidFixed]
    assert kinds(understood(says("没好", WORKER, role), means(Intent.DISPUTED), asked)) == [f.Urged]


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        (Stage.WORKER_KEY, f.WorkerConfirmed),
        (Stage.HANDLING, f.SolvedOnSite),
        (Stage.OPEN, f.SolvedOnSite),
        (Stage.RESIDENTS_KEY, f.SaidFixed),
        (Stage.UNSURE, f.SaidFixed),
    ],
)
def test_a_workers_word_that_it_is_done_is_the_first_key(stage, expected):
    case = Story(*WAYS[stage][0]).now
    assert kinds(understood(says("好了", WORKER, Role.WORKER), means(Intent.RESOLVED), case)) == [expected]
    unsure = understood(says("好了", WORKER, Role.WORKER), means(Intent.RESOLVED), case, sure=0.4)
    assert kinds(unsure) == [f.SaidFixed]


@pytest.mark.parametrize(
    "stage", [Stage.WORK_DONE, Stage.WORKER_KEY, Stage.RESIDENTS_KEY, Stage.CLOSED, Stage.LAPSED]
)
def test_a_dispute_counts_once_somebody_says_that_it_is_done(stage):
    done = Story(*WAYS[stage][0]).now
    (said,) = understood(says("哪里修好了"), means(Intent.DISPUTED), done).facts
    assert (type(said), said.text) == (f.ResidentDisputed, "哪里修好了")
    assert kinds(understood(says("哪里修好了"), means(Intent.DISPUTED), done, sure=0.4)) == [f.Urged]


def test_only_the_reporter_can_take_it_back_and_only_if_it_is_sure():
    takes = {"kind": Intent.WITHDRAW}
    two = (OPEN, replace(OPEN, id=f"{GROUP}:2"))
    assert kinds(understood(back(), means(Intent.DETAIL), *two, **takes)) == [f.Withdrawn]
    assert kinds(understood(back(), means(Intent.DETAIL), *two, sure=0.4, **takes)) == [f.SaidFixed]
    assert kinds(understood(back(NEIGHBOUR), means(Intent.DETAIL), *two, **takes)) == [f.SaidFixed]


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
        assert understood(edits("x", "m60", NEIGHBOUR), means(intent), OPEN).silent
    assert kinds(understood(edits("x", "m60", reply_to="m1"), means(), quoted=OPEN)) == [f.Repeated]


def test_an_edit_that_only_might_be_a_report_is_none():
    doubt = Choice(opens=True, doubtful=True, chance=0.3)
    assert understood(edits("x", "m60", NEIGHBOUR), means(), choice=doubt).silent


def test_an_edit_that_adds_the_place_answers_where():
    result = understood(edits("3号楼的电梯坏了"), means(Intent.REPORT, "3号楼"), quoted=ASKING)
    assert kinds(result) == [f.Reworded, f.PlaceGiven]


def test_an_edit_can_turn_chatter_into_a_report():
    assert kinds(understood(says(edited=True), means())) == [f.Reported]


@pytest.mark.parametrize(
    ("stage", "becomes"),
    [(Stage.CLOSED, f.CameBack), (Stage.LAPSED, f.CameBack), (Stage.RESIDENTS_KEY, f.Repeated)],
)
def test_a_clear_report_after_the_work_is_not_taken_for_thanks(stage, becomes):
    case = Story(*WAYS[stage][0]).now
    message = says("3号楼电梯又坏了")
    result = understood(message, means(Intent.REPORT, "3号楼"), case, kind=Intent.RESOLVED)
    assert becomes in kinds(result)
    assert not {f.SaidFixed, f.ResidentConfirmed} & set(kinds(result))
