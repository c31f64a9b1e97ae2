"""What is read is what somebody says, not who says it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.mask import mask
from actions.reading import Span
from actions.unsigned import ALONE, unsigned

LEFT = [
    ("6号楼水管爆了 电话13812345678", "6号楼水管爆了"),
    ("13812345678 3栋电梯又坏了", "3栋电梯又坏了"),
    ("停水了 13812345678 12栋", "停水了 12栋"),
    ("11号楼煤气味很重，电话0571-88886666快来人看看", "11号楼煤气味很重，快来人看看"),
    ("2号楼402漏水，我叫王芳，电话：13700001111，请尽快处理", "2号楼402漏水，请尽快处理"),
    ("业主家里漏水 电话13812345678", "业主家里漏水"),
    ("１０栋停电　电话１３８１２３４５６７８", "１０栋停电"),
    ("联系人李强 13511223344 9栋漏雨", "9栋漏雨"),
    ("树倒了 电话 159-1234-8765 张师傅", "树倒了"),
    ("井盖没了（电话13812345678）快来", "井盖没了快来"),
    ("路灯灭了 13812345678/13912345678", "路灯灭了"),
    ("15栋203屋顶漏水 户主身份证330106198805123456", "15栋203屋顶漏水"),
    ("车牌浙A·8K6T2，停在4栋门口", "停在4栋门口"),
    ("井盖响一晚上。电话：139 1111 0000，谢谢！", "井盖响一晚上。谢谢！"),
    ("18栋顶楼水箱溢水，有急事找我 15512345555 刘师傅，微信同号", "18栋顶楼水箱溢水"),
    ("The lift is broken, call me at 13812345678", "The lift is broken"),
    ("Hi, my phone is +65 9123 4567. Water leaking", "Hi, Water leaking"),
]
NUMBER = st.sampled_from(
    ["13812345678", "330106198805123456", "bob@example.com", "沪B88M66", "138 1234 5678"]
)
WORDS = st.text("停水了，。 ()（）\n电话我的号楼callmeA", max_size=20)
PLAIN = [
    "3-2-501漏水",
    "2026-03-02停电 12栋3单元1502",
    "物业费 1280.50 元",
    "B座电话线断了",
    "工单 20260302-0015 怎么样了",
    "打12345没人接",
    "  两边的空格 ",
    "",
]


@pytest.mark.parametrize(("text", "left"), LEFT)
def test_a_number_goes_with_the_words_that_hand_it_over(text: str, left: str):
    assert unsigned(text).text == left


@pytest.mark.parametrize(
    "text", ["13812345678", "我的手机号 13812345678", "电话：13987654321 王女士", "(13812345678)"]
)
def test_a_number_by_itself_is_read_as_words(text: str):
    assert unsigned(text).text == ALONE


@pytest.mark.parametrize("text", PLAIN)
def test_a_text_without_such_a_number_is_read_as_it_is(text: str):
    assert unsigned(text).text == text


@given(st.text())
def test_nothing_else_is_changed(text: str):
    assert unsigned(text).text == text or mask(text) != text


@given(WORDS, NUMBER, WORDS)
def test_what_is_left_are_letters_of_the_text_in_their_order(before: str, number: str, behind: str):
    text = f"{before} {number} {behind}"
    left = unsigned(text)
    assert number not in left.text
    assert left.text == ALONE or left.text == "".join(text[n] for n in left.at)
    assert list(left.at) == sorted(set(left.at))


@given(WORDS, NUMBER, st.sampled_from(["在3号楼2单元这边", "，3号楼2单元"]))
def test_a_place_is_found_again_where_it_was_said(before: str, number: str, behind: str):
    text = f"{before} {number} {behind}"
    left = unsigned(text)
    start = left.text.rindex("3号楼2单元")
    back = left.back(Span(start, start + 6, "3号楼2单元", 0.5))
    assert (text[back.start : back.end], back.value, back.confidence) == ("3号楼2单元", "3号楼2单元", 0.5)


@pytest.mark.parametrize("piece", ["请打我的", " ", "13812345678 ", "电话", "call me at ", "小王"])
def test_a_hostile_text_is_done_with_at_once(piece: str):
    began = time.monotonic()
    unsigned(f"{piece * 4096}"[:4096] + "13812345678")
    assert time.monotonic() - began < 1
