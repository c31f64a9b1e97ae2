"""The names of the reasons: what people read is what dispatchers may write, on cards and at the desk."""

import csv
from pathlib import Path

import pytest

from actions.returns import NAMES, Reason
from bot.reasons import name_of_reason, named

WORDS = Path(__file__).parent.parent.parent / "connectors" / "desk" / "words.tsv"


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_called_the_same_everywhere(reason):
    with WORDS.open(encoding="utf-8", newline="") as file:
        rows = {row["key"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}
    desk = rows[f"reason_{reason}"]
    assert name_of_reason(reason, "zh_CN") == NAMES[reason][0] == desk["zh"]
    assert name_of_reason(reason, "en") == desk["en"]


@pytest.mark.parametrize(
    ("note", "lang", "shown"),
    [
        ("[reason:not_ours] 归市政", "zh_CN", "不属本单位职责（归市政）"),
        ("[reason:not_ours] ask the park", "en", "not this unit's responsibility: ask the park"),
        ("[reason:duplicate]", "zh_CN", "重复"),
        ("[reason:nonsense] 归市政", "zh_CN", "其他（归市政）"),
        ("已更换门机", "zh_CN", "已更换门机"),
        ("", "zh_CN", ""),
    ],
)
def test_a_note_shows_the_name_and_not_the_mark(note, lang, shown):
    assert named(note, lang) == shown
