"""Places: two wordings of one place are one, neighbours are not, and how they differ is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.places import Relation, plain, relation, same_place


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


@given(PLACES, PLACES)
def test_a_relation_goes_both_ways(one, other):
    assert relation(one, other) is relation(other, one)


@pytest.mark.parametrize(
    ("one", "other", "how"),
    [
        ("3号楼", "5号楼", Relation.BUILDING),
        ("block 7", "block 9 level 2", Relation.BUILDING),
        ("3号楼2单元", "三栋1单元", Relation.PART),
        ("3号楼3层", "3号楼5层", Relation.PART),
        ("幸福路3号", "建设路3号", Relation.NAME),
        ("3号楼", "地下车库", Relation.UNLIKE),
        ("3号楼", "2单元", Relation.UNLIKE),
        ("三号楼", "3栋2单元", Relation.SAME),
    ],
)
def test_how_two_places_differ(one, other, how):
    assert relation(one, other) is how


@pytest.mark.parametrize(
    ("written", "same"),
    [("３號樓", "3号楼"), ("二十三号楼", "23号楼"), ("三零二室", "302室"), (" BLOCK 7 ", "block 7")],
)
def test_a_plain_wording_has_no_differences_of_writing(written, same):
    assert plain(written) == same


def test_numerals_that_count_nothing_stay_words():
    assert plain("三里屯") == "三里屯"
