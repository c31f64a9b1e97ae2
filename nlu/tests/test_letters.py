"""Rules of folding and cutting: offsets always hold in the text as sent."""

from components.letters import folded, pieces, plain, readable, sounds
from hypothesis import given
from hypothesis import strategies as st


@given(st.text())
def test_folding_keeps_the_length(text):
    assert len(folded(text)) == len(text)


@given(st.text())
def test_folding_twice_changes_nothing_more(text):
    assert folded(folded(text)) == folded(text)


@given(st.text())
def test_tokens_are_in_order_apart_and_lie_in_the_text(text):
    ends = 0
    for start, end, token in pieces(text):
        assert ends <= start < end <= len(text)
        assert folded(text[start:end]) == token
        ends = end


@given(st.text())
def test_no_readable_letter_is_lost_between_tokens(text):
    kept = "".join(token for _, _, token in pieces(text))
    assert kept == folded(text).replace("\x00", "").replace(" ", "")


def test_chinese_is_cut_by_letter_and_words_and_numbers_stay_whole():
    assert [t for _, _, t in pieces("3号楼Block 12坏了")] == ["3", "号", "楼", "block", "12", "坏", "了"]


def test_wide_small_and_traditional_letters_are_read_alike():
    assert folded("３號樓ＡＢ") == "3号楼ab"


def test_unseen_signs_do_not_split_words_for_the_grams():
    assert plain("电\u200b梯\u202e坏 \t了\ufeff") == "电梯坏 了"


def test_only_chinese_latin_and_digits_can_be_read():
    assert [readable(t) for t in ("电", "a", "３", "", " \n", "👍🏽", "\u200b", "\x07", "مرحبا", "？！", "\ud800")] == [
        True, True, True, False, False, False, False, False, False, False, False,
    ]  # fmt: skip


def test_typos_by_sound_sound_the_same():
    assert sounds("搂道灯坏了") == sounds("楼道灯坏了") == sounds("樓道燈壞了") == "lou dao deng huai le"


def test_what_is_not_chinese_makes_no_sound():
    assert sounds("B座 lift 3, 👍 ？") == "zuo"
