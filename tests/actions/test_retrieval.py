"""Retrieval inside a category: the nearest matter first, the other one where nothing fits, unsure where two are near."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.retrieval import grams, rank, sure
from tests.actions.test_matters import matter

LAMP = matter(
    "traffic.streetlight.out", name_zh="路灯不亮", name_en="street lamp out", synonyms=("路灯坏了", "灯瞎了")
)
POLE = matter(
    "traffic.streetlight.pole",
    name_zh="灯杆倾斜",
    name_en="leaning pole",
    synonyms=("灯杆歪了", "撞断的灯杆"),
)
OTHER = matter("traffic.streetlight.other", name_zh="其他路灯问题", name_en="other")
ALL = (POLE, LAMP, OTHER)


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("我们巷子口路灯坏了三天了", LAMP),
        ("灯杆被车撞歪了", POLE),
        ("the Street Lamps are out", LAMP),
        ("LEANING pole", POLE),
        ("ｐｏｌｅ", POLE),
        ("鹅鹅鹅", OTHER),
        ("", OTHER),
    ],
)
def test_the_nearest_matter_comes_first(text, first):
    assert rank(ALL, text)[0].matter == first


def test_scores_go_down_and_lie_between_none_and_all():
    scores = [one.score for one in rank(ALL, "路灯坏了")]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 0
    assert max(scores) <= 1


def test_it_is_sure_of_what_the_list_says_word_for_word_and_of_nothing_it_does_not():
    assert sure(rank(ALL, "路灯坏了"))
    assert not sure(rank(ALL, "鹅鹅鹅"))
    assert not sure(())


def test_two_matters_that_are_equally_near_leave_it_unsure():
    twins = (matter("a.b.c", name_zh="电梯困人"), matter("a.b.d", name_zh="电梯困人"))
    ranked = rank(twins, "电梯困人")
    assert not sure(ranked)
    assert [one.matter.code for one in ranked] == ["a.b.c", "a.b.d"]


def test_a_category_without_matters_gives_none():
    assert rank((), "路灯坏了") == ()


@given(st.text(max_size=200))
def test_whatever_is_said_every_matter_is_ranked_once(text):
    ranked = rank(ALL, text)
    assert {one.matter for one in ranked} == set(ALL)
    assert all(0 <= one.score <= 1 for one in ranked)


def test_chinese_is_read_by_characters_and_pairs_the_rest_by_words():
    assert grams("灯坏了 LED Lamps") == {"灯", "坏", "了", "灯坏", "坏了", "led", "lamp"}
