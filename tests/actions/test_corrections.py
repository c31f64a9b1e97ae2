"""Corrections: which words of a worker set a case right, and which are an ordinary message."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.corrections import (
    CATEGORY_LENGTH,
    PLACE_LENGTH,
    Correction,
    Step,
    Wish,
    fitting,
    named,
    parse,
    token,
)
from actions.presses import Verb

NAMES = {
    "housing.elevator": ("电梯故障", "lift out of order"),
    "traffic.streetlight": ("路灯不亮", "street light out"),
    "environment.noise_social": ("生活噪声", "noise from neighbours"),
    "environment.noise_traffic": ("交通噪声", "traffic noise"),
    "safety.fire": ("火情", "fire"),
    "safety.fire_hazard": ("消防隐患", "fire hazard"),
}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("不是报事", Correction(Wish.DISMISS)),
        ("这个不是报事。", Correction(Wish.DISMISS)),
        ("/不是报事", Correction(Wish.DISMISS)),
        ("Not a problem", Correction(Wish.DISMISS)),
        ("合并到 #3", Correction(Wish.MERGE, 3)),
        ("合并到3", Correction(Wish.MERGE, 3)),
        ("并到第３件！", Correction(Wish.MERGE, 3)),
        ("合并到＃12号", Correction(Wish.MERGE, 12)),
        ("merge into 3", Correction(Wish.MERGE, 3)),
        ("/merge 3", Correction(Wish.MERGE, 3)),
        ("拆开", Correction(Wish.SPLIT)),
        ("@linli_bot 拆开。", Correction(Wish.SPLIT)),
        ("split off", Correction(Wish.SPLIT)),
        ("类别 电梯", Correction(Wish.CATEGORY, words="电梯")),
        ("类别：电梯故障", Correction(Wish.CATEGORY, words="电梯故障")),
        ("改类别 电梯", Correction(Wish.CATEGORY, words="电梯")),
        ("改类别电梯", Correction(Wish.CATEGORY, words="电梯")),
        ("类别改为路灯", Correction(Wish.CATEGORY, words="路灯")),
        ("category lift", Correction(Wish.CATEGORY, words="lift")),
        ("地点 3号楼2单元", Correction(Wish.PLACE, words="3号楼2单元")),
        ("改地点：东门", Correction(Wish.PLACE, words="东门")),
        ("地点应该是东门口。", Correction(Wish.PLACE, words="东门口")),
        ("更正…", Correction(Wish.MENU, words=Step.MENU)),
        ("改类别。", Correction(Wish.MENU, words=Step.CATEGORY)),
        ("合并到…", Correction(Wish.MENU, words=Step.MERGE)),
        ("Change place", Correction(Wish.MENU, words=Step.WHERE)),
        ("Place: block 3, entrance 2", Correction(Wish.PLACE, words="block 3, entrance 2")),
    ],
)
def test_a_correction_is_a_few_fixed_words(text, wanted):
    assert parse(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "这不是报事的地方",
        "不是报事，是通知",
        "合并到一起吧",
        "/merge 5 3",
        "合并到3号楼那件",
        "合并",
        "把3和5拆开",
        "类别",
        "类别不对",
        "地点 。",
        "correct, the lift is broken",
        "类别 什么",
        "地点在哪里？",
        "地点 哪里",
        "地点：在哪儿",
        "位置发一下",
        "where is it",
        "place where?",
        "收到，马上派人去",
        f"地点 {'长' * (PLACE_LENGTH + 1)}",
        f"类别 {'长' * (CATEGORY_LENGTH + 1)}",
        "地点 3号楼" + " " * 1000 + "x",
    ],
)
def test_anything_else_is_an_ordinary_message(text):
    assert parse(text) is None


@given(st.text(max_size=400) | st.text("类别地点改合并到拆开不是报事 :#/.123\n", max_size=60))
def test_whatever_is_written_is_read_or_left_alone(text):
    found = parse(text)
    if found:
        assert found.number < 10**9
        assert len(found.words) <= PLACE_LENGTH
        assert found.words == found.words.strip()
        assert bool(found.words) == (found.wish in (Wish.CATEGORY, Wish.PLACE, Wish.MENU))


@given(st.integers(1, 10**9 - 1), st.sampled_from(["合并到{}", "并入 #{}", "merge into {}", "/merge #{}"]))
def test_every_case_number_is_understood(number, form):
    assert parse(form.format(number)) == Correction(Wish.MERGE, number)


@given(st.text("甲乙丙3号楼单元东门abc", min_size=1, max_size=PLACE_LENGTH))
def test_every_plain_place_is_understood(place):
    assert parse(f"地点 {place}") == Correction(Wish.PLACE, words=place)


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("电梯", ["housing.elevator"]),
        ("LIFT", ["housing.elevator"]),
        ("housing.elevator", ["housing.elevator"]),
        ("楼下路灯不亮了", ["traffic.streetlight"]),
        ("fire", ["safety.fire"]),
        ("噪音", ["environment.noise_social", "environment.noise_traffic"]),
        ("Ｎｏｉｓｅ  social", ["environment.noise_social"]),
        ("飞船", []),
        ("", []),
        ("  ", []),
    ],
)
def test_a_category_goes_by_any_of_its_names(words, codes):
    assert list(fitting(words, NAMES)) == codes


@given(st.sampled_from(sorted(NAMES)), st.integers(0, 2))
def test_a_full_name_means_its_category_alone(code, which):
    assert fitting((code, *NAMES[code])[which], NAMES) == (code,)


def test_a_token_stands_for_one_thing_whatever_the_order():
    assert named(token("b"), ["a", "b"]) == named(token("b"), ["b", "c"]) == "b"
    assert named(token("b"), ["a"]) is None
    assert named("", ["a"]) is None


@given(st.text())
def test_a_token_fits_behind_a_button(thing):
    assert re.fullmatch(r"[0-9a-f]{8}", token(thing))


def test_no_step_of_the_menu_is_called_like_a_button_of_the_card():
    assert not {str(step) for step in Step} & {str(verb) for verb in Verb}
    assert all(len(step) <= 2 for step in Step), "its place in the 64 bytes"
