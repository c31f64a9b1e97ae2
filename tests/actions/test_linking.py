"""Linking: two wordings of one place are one, neighbours are not; a message finds its case or none."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import facts as f
from actions.case import Stage
from actions.linking import SAME_BREATH, SAME_DAY, SAME_EVENT, about, asks_where, same_event, same_place
from actions.message import Kind, Message, Role
from actions.reading import Guess, Intent, Reading, Span
from tests.actions.stories import AUNT, GROUP, LATER, NEIGHBOUR, NO_PLACE, Story, fact

CATEGORY = "facilities.lift"


def message(text="还是坏的", by=AUNT, after=timedelta(0)):
    return Message(GROUP, "m50", by, "王阿姨", Role.RESIDENT, LATER + after, Kind.TEXT, text)


def reading(intent=Intent.REPORT, place="", category=CATEGORY):
    spans = (Span(0, len(place), place),) if place else ()
    return Reading(intent, 0.9, (Guess(category, 0.9),), locations=spans)


def case(number=1, *steps, **changes):
    first = fact(f.Reported, case=f"{GROUP}:{number}", number=number, **changes)
    return Story(first, *(steps or (f.TicketFiled,))).now


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3号楼", "三号楼"),
        ("3号楼", "3栋"),
        ("3号楼", "3#"),
        ("3号楼", "3幢"),
        ("3号楼", "３号楼"),
        ("3号樓", "3號楼"),
        ("13号楼", "十三号楼"),
        ("20栋", "二十栋"),
        ("3号楼2单元", "3号楼"),
        ("三栋二单元", "3号楼2单元"),
        ("3-2-501", "3号楼2单元501室"),
        ("3-2", "3号楼"),
        ("3号楼", "幸福里3号楼电梯"),
        ("A座", "a座大堂"),
        ("幸福路", "幸福路口"),
        ("幸福路3号", "在幸福路3号"),
        ("小广场", "小广场边上"),
        ("block 7", "blk 7 level 3"),
        ("Blk 7", "Block 07"),
        ("tower B", "Tower b, level 2"),
        ("3号楼北门", "北门"),
        ("三零二室", "302室"),
    ],
)
def test_wordings_of_one_place_are_one(one, other):
    assert same_place(one, other)
    assert same_place(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("3号楼", "13号楼"),
        ("3号楼", "5号楼"),
        ("13号楼", "5号楼"),
        ("3号楼", "十三号楼"),
        ("3号楼2单元", "3号楼3单元"),
        ("3号楼2单元", "2号楼3单元"),
        ("3号楼东单元", "3号楼西单元"),
        ("3号楼3层", "3号楼5层"),
        ("3-2-501", "3-2-502"),
        ("3-1", "3-2"),
        ("东门", "西门"),
        ("东门岗亭", "西门"),
        ("A座", "B座"),
        ("A区3号楼", "B区3号楼"),
        ("幸福路3号", "建设路3号"),
        ("小广场", "地下车库"),
        ("3号楼", "地下车库"),
        ("block 7", "block 17"),
        ("blk 7 level 3", "blk 7 level 4"),
        ("tower A", "tower B"),
    ],
)
def test_neighbouring_places_are_two(one, other):
    assert not same_place(one, other)
    assert not same_place(other, one)


PLACES = st.text("3一十百#-号楼栋单元层路口幸福abck block 7", max_size=12) | st.text(max_size=30)


@given(PLACES, PLACES)
def test_sameness_goes_both_ways(one, other):
    assert same_place(one, other) == same_place(other, one)


@given(PLACES)
def test_a_place_is_itself(place):
    assert same_place(place, place)


# --- the same event ---------------------------------------------------------------------------------------


def test_a_like_report_from_the_same_place_is_the_same_event():
    assert same_event(message(by=NEIGHBOUR), reading(place="三栋"), [case()]) == case()


@pytest.mark.parametrize(
    "changed", [reading(place="5号楼"), reading(place="3号楼", category="traffic.manhole")]
)
def test_another_place_or_another_matter_is_another_event(changed):
    assert same_event(message(by=NEIGHBOUR), changed, [case()]) is None


def test_after_three_days_it_is_another_event():
    assert same_event(message(after=SAME_EVENT), reading(place="3号楼"), [case()]) is None


def test_without_a_place_the_same_person_means_the_same():
    assert same_event(message(after=SAME_DAY), reading(), [case()]) == case()
    assert same_event(message(by=NEIGHBOUR, after=SAME_DAY), reading(), [case()]) is None


def test_without_a_place_a_neighbour_means_what_was_just_said():
    nearly = SAME_BREATH - timedelta(seconds=1)
    assert same_event(message(by=NEIGHBOUR, after=nearly), reading(), [case()]) == case()


def test_of_several_the_latest_is_meant():
    old, new = case(1), replace(case(2), changed_at=LATER + timedelta(minutes=5))
    assert same_event(message(after=timedelta(minutes=6)), reading(place="3号楼"), [new, old]) == new


# --- what a message without a quotation is about -------------------------------------------------------------


@pytest.mark.parametrize("intent", [Intent.SECOND, Intent.URGE, Intent.RESOLVED, Intent.DISPUTED])
def test_a_neighbours_word_is_about_the_open_case(intent):
    assert about(message(by=NEIGHBOUR), reading(intent), [case()]) == case()


@pytest.mark.parametrize("intent", [Intent.URGE, Intent.RESOLVED, Intent.DISPUTED])
def test_a_word_about_another_place_is_about_another_case(intent):
    assert about(message(by=NEIGHBOUR), reading(intent, "5号楼"), [case()]) is None


def test_a_second_of_another_place_is_about_another_case():
    assert (
        about(message(by=NEIGHBOUR), reading(Intent.SECOND, "5号楼"), [case(), case(2, place="5号楼")]).number
        == 2
    )


def test_only_the_reporter_can_take_it_back_and_within_a_day():
    assert about(message(), reading(Intent.WITHDRAW), [case()]) == case()
    assert about(message(by=NEIGHBOUR), reading(Intent.WITHDRAW), [case()]) is None
    assert about(message(after=SAME_DAY), reading(Intent.WITHDRAW), [case()]) is None


def test_a_picture_of_the_reporter_belongs_to_what_was_just_said():
    picture = reading(Intent.CHATTER)
    assert about(message(""), picture, [case()]) == case()
    assert about(message("", by=NEIGHBOUR), picture, [case()]) is None
    assert about(message("", after=SAME_BREATH), picture, [case()]) is None


def test_ones_own_case_comes_first():
    mine, newer = case(1), replace(case(2, by=NEIGHBOUR), changed_at=LATER + timedelta(seconds=30))
    assert about(message(after=timedelta(minutes=1)), reading(Intent.URGE), [mine, newer]) == mine


def test_a_case_that_waits_for_an_answer_waits_longer():
    asked = replace(case(), stage=Stage.RESIDENTS_KEY)
    later = message(by=NEIGHBOUR, after=SAME_EVENT * 2)
    assert about(later, reading(Intent.RESOLVED), [asked]) == asked
    assert about(later, reading(Intent.RESOLVED), [case()]) is None


def test_only_the_reporter_is_asked_where():
    asking = Story(NO_PLACE).now
    assert asks_where(message(), [case(2), asking]) == asking
    assert asks_where(message(by=NEIGHBOUR), [asking]) is None
    assert asks_where(message(), [case()]) is None
