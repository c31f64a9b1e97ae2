"""Reasons for giving a ticket back: read from whatever a unit writes, and written so that they are read again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.returns import NAMES, Reason, marked, read, reason_of, unmarked


@pytest.mark.parametrize(
    ("note", "reason", "words"),
    [
        ("[reason:not_ours] 归市政养护", Reason.NOT_OURS, "归市政养护"),
        ("[reason:wrong_place]", Reason.WRONG_PLACE, ""),
        ("归市政养护 [REASON: Not-Ours]", Reason.NOT_OURS, "归市政养护"),
        ("【reason：重复】见昨天的单", Reason.DUPLICATE, "见昨天的单"),
        ("not_ours: see the park office", Reason.NOT_OURS, "see the park office"),
        ("no_power", Reason.NO_POWER, ""),
        ("不属本单位职责：归市政", Reason.NOT_OURS, "归市政"),
        ("信息不全，请补充楼号", Reason.NEEDS_INFORMATION, "请补充楼号"),
        ("现场未发现", Reason.CANNOT_VERIFY, ""),
        ("重复工单 见昨天", Reason.DUPLICATE, "见昨天"),
        ("其他：等拆迁", Reason.OTHER, "等拆迁"),
        ("不归我们管", Reason.OTHER, "不归我们管"),
        ("重复报修的，请催", Reason.OTHER, "重复报修的，请催"),
        ("other people's road", Reason.OTHER, "other people's road"),
        ("[reason:nonsense] 归市政", Reason.OTHER, "归市政"),
        ("[reason:nonsense]", Reason.OTHER, "nonsense"),
        ("[reason:nonsense][reason:duplicate] x", Reason.DUPLICATE, "x"),
        ("[reason:]", None, ""),
        (" \n", None, ""),
        ("", None, ""),
    ],
)
def test_a_note_says_why(note, reason, words):
    assert read(note) == (reason, words)


@pytest.mark.parametrize("reason", Reason)
@pytest.mark.parametrize("words", ["", "归市政", "重复：见昨天", "不在辖区", "x [reason:no_power] y", "其他"])
def test_what_is_marked_is_read_again(reason, words):
    assert read(marked(reason, words)) == (reason, unmarked(words))


@given(st.sampled_from(Reason), st.text(max_size=80))
def test_any_words_survive_with_their_reason(reason, words):
    again, said = read(marked(reason, words))
    assert again in {reason, Reason.OTHER if unmarked(words) else reason}
    assert unmarked(marked(reason, words)) == said or again is None


def test_words_that_are_other_anyway_carry_no_mark():
    assert marked(Reason.OTHER, "不归我们管") == "不归我们管"


def test_every_reason_has_a_name_of_its_own():
    assert NAMES.keys() == set(Reason)
    names = [name for names in NAMES.values() for name in names]
    assert len(set(names)) == len(names)
    assert all(reason_of(name) is reason for reason, names in NAMES.items() for name in names)
    assert reason_of("Not-Ours ") is Reason.NOT_OURS
    assert reason_of("whatever") is None
