"""Transcripts as examples: what is taken, and what is wrong with a line is named."""

import json

import pytest
from examples import BadExampleError, Example, survey
from transcripts import read

CODES = ("housing.elevator",)
REPORT = {
    "id": 1,
    "at": "2026-03-02T07:41:00",
    "sender": "王阿姨",
    "role": "resident",
    "reply_to": None,
    "kind": "text",
    "text": "3号楼电梯坏了，3号楼的人都在爬楼",
    "intent": "report",
    "category": "housing.elevator",
    "location": ["3号楼"],
    "urgency": "normal",
    "refers_to": None,
}
FOLLOW_UP = REPORT | {
    "id": 2,
    "intent": "second",
    "category": None,
    "urgency": None,
    "location": [],
    "refers_to": 1,
}


def write(tmp_path, *rows):
    path = tmp_path / "zh_test.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def test_a_message_is_an_example_with_its_places(tmp_path):
    first, second = read(write(tmp_path, REPORT, FOLLOW_UP), CODES)
    assert isinstance(first, Example)
    assert (first.intent, first.category, first.places, first.language) == (
        "report",
        "housing.elevator",
        ((0, 3),),
        "zh",
    )
    assert (second.intent, second.category, second.places) == ("second", "", ())


def test_a_message_without_words_teaches_nothing(tmp_path):
    assert list(read(write(tmp_path, REPORT | {"text": " ", "location": [], "kind": "photo"}), CODES)) == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"id": 7}, "id 7 is not 1"),
        ({"intent": "shout"}, "unknown intent"),
        ({"category": "housing.moon"}, "unknown category"),
        ({"urgency": "soon"}, "unknown urgency"),
        ({"intent": "chatter"}, "no report"),
        ({"reply_to": 9}, "reply_to"),
        ({"refers_to": 9}, "refers_to"),
        ({"location": ["5号楼"]}, "does not hold"),
        ({"surplus": 1}, "surplus"),
    ],
)
def test_a_wrong_line_is_named_with_what_is_wrong(tmp_path, change, named):
    (wrong,) = read(write(tmp_path, REPORT | change), CODES)
    assert isinstance(wrong, BadExampleError)
    assert "zh_test.jsonl:1: " in str(wrong)
    assert named in str(wrong)


def test_what_is_no_json_is_named_and_the_rest_is_read(tmp_path):
    path = write(tmp_path, REPORT)
    path.write_text("oh\n[1]\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    found = list(read(path, CODES))
    assert [isinstance(one, BadExampleError) for one in found] == [True, True, True]


def test_the_transcripts_of_this_project_have_no_fault():
    good, bad = survey()
    assert bad == []
    assert sum("transcripts" in example.source for example in good) > 1000
