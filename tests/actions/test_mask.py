"""What identifies a person is taken out; what locates a problem stays."""

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.mask import HIDDEN, mask, nameless

FULL_WIDTH = str.maketrans({chr(c): chr(c + 0xFEE0) for c in range(0x21, 0x7F)} | {" ": "\u3000"})

TAKEN_OUT = [
    "浙A·8K6T2",
    "沪B88M66",
    "13812345678",
    "138 1234 5678",
    "138-1234-5678",
    "138.1234.5678",
    "138 123 45678",
    "1381 234 5678",
    "13812 345678",
    "138 12 34 56 78",
    "1 3 8 1 2 3 4 5 6 7 8",
    "1-3-8-1-2-3-4-5-6-7-8",
    "+8613812345678",
    "+86 138 1234 5678",
    "0086-138-1234-5678",
    "8613812345678",
    "010-62345678",
    "(010) 62345678",
    "01062345678",
    "0755-8675 1234",
    "0755 86751234转8012",
    "021-6234567",
    "11010519491231002X",
    "11010519491231002x",
    "110105 19491231 0021",
    "1101 0519 4912 3100 2X",
    "110105491231002",
    "6222021234567894",
    "6222 0212 3456 7894",
    "4111-1111-1111-1111",
    "378282246310005",
    "3782 822463 10005",
    "+44 7911 123456",
    "+1 (212) 555-0123",
    "+852 9123 4567",
    "0044 7911 123456",
    "00447911123456",
    "(212) 555-0123",
    "zhang.san+grid@example.com",
    "li@mail.example.com.cn",
    "京A12345",
    "京A·12345",
    "粤BD12345",
    "沪a 12345",
    "川A1234学",
    "京 A12345",
    "京 A·12345",
    "粤 B D12345",
    "粤B·D 12345",
    "粤B D12345",
    "138/1234/5678",
    "138,1234,5678",
    "138(1234)5678",
    "138 / 1234 / 5678",
    "一三八一二三四五六七八",
    "幺三八零零一三八零零零",
]

KEPT = [
    "3-2-501",
    "3号楼2单元501室",
    "13-2-1501",
    "1栋13层1301",
    "15-16-17-18",
    "2026-11-22",
    "2026-11-22 18:30:00",
    "20261122",
    "2026/11/22",
    "11.22",
    "13800元",
    "¥1,380.00",
    "¥138001.25",
    "T20261122-0007",
    "202611220007",
    "20261122183000123",
    "#1024",
    "110",
    "119、120",
    "打12345热线",
    "95598",
    "电话亭坏了3天",
    "京A栋楼下",
    "新A座1201室",
    "云B2栋3单元",
    "新 A 1201室",
    "新A1201室",
    "3、5、13号楼",
    "1,3,5,7,9,11,13号楼",
    "一二三四五六七八九十",
    "护照在哪里办",
    "@物业 在吗",
    "100米 x 200米 x 300米",
    "telegram:-1001234567890",
    "3.1415926535897",
]


@pytest.mark.parametrize("secret", TAKEN_OUT)
@pytest.mark.parametrize("around", ["{}", "我家在3-2-501，打{}找我", "tel: {}，急", "（{}）", "{}\n谢谢"])
def test_what_identifies_a_person_is_taken_out(secret: str, around: str):
    assert mask(around.format(secret)) == around.format(HIDDEN)


@pytest.mark.parametrize("secret", TAKEN_OUT)
def test_full_width_hides_nothing(secret: str):
    assert mask(f"找我{secret.translate(FULL_WIDTH)}。") == f"找我{HIDDEN}。"


@pytest.mark.parametrize("text", KEPT)
def test_what_locates_a_problem_stays(text: str):
    assert mask(text) == text
    assert mask(text.translate(FULL_WIDTH)) == text.translate(FULL_WIDTH)


def test_two_numbers_in_a_row_both_go():
    assert mask("13812345678 13912345678") == f"{HIDDEN} {HIDDEN}"


def test_a_local_number_goes_where_it_is_called_a_telephone():
    assert mask("电话：62345678") == f"电话：{HIDDEN}"
    assert mask("手机号 9123 4567") == f"手机号 {HIDDEN}"
    assert mask("单号62345678") == "单号62345678"


@pytest.mark.parametrize("said", ["护照 {}", "护照号：{}", "港澳通行证{}", "Passport no. {}"])
@pytest.mark.parametrize("number", ["E12345678", "E1234 5678", "H12345678", "123456789"])
def test_the_number_of_a_document_goes_where_the_document_is_named(said: str, number: str):
    assert mask(said.format(number)) == said.format(HIDDEN)


@pytest.mark.parametrize(
    ("text", "taken", "left"),
    [
        ("8号楼前有辆粤B D12345 违停", "B D12345", ""),
        ("7号楼 13812345678 停电", "7号楼 13812345678", "7号楼"),
        ("5号楼漏水，联系 138-1234-5678", "138-1234-5678", ""),
        ("浙 A12345 堵门 4号楼", "12345 堵门 4号楼", "堵门 4号楼"),
        ("3-2-501漏水", "3-2-501", "3-2-501"),
    ],
)
def test_a_stretch_of_a_text_is_left_without_the_piece_of_a_number(text: str, taken: str, left: str):
    start = text.index(taken)
    assert nameless(text, start, start + len(taken)) == left


def test_an_invisible_character_does_not_break_a_number():
    assert mask("138\u200b1234\u200b5678") == HIDDEN


def test_a_number_of_card_length_that_is_no_card_stays():
    assert mask("6222021234567895") == "6222021234567895"


@given(st.text())
def test_masking_twice_is_masking_once(text: str):
    assert mask(mask(text)) == mask(text)


@given(
    st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="-.·_+()@"), max_size=20),
    st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True),
    st.sampled_from(["", " ", "-", ".", " - ", "\u3000"]),
)
def test_no_mobile_number_survives_any_words_around_it(words: str, number: str, gap: str):
    written = gap.join([number[:3], number[3:7], number[7:]])
    masked = mask(f"{words}{written}{words}")
    assert not set(masked) & set(string.digits)


@given(st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="@")))
def test_a_text_without_digits_and_addresses_is_left_alone(text: str):
    assert mask(text) == text


def test_a_hostile_text_of_4096_characters_is_masked_at_once():
    for text in (
        "1 " * 2048,
        "a" * 4096,
        "a.a@" * 1024,
        "电话" * 2048,
        "6222-" * 819,
        "京A" * 2048,
        "1" * 4096,
    ):
        start = time.perf_counter()
        mask(text)
        assert time.perf_counter() - start < 0.5
