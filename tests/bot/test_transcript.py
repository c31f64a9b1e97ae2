"""Transcripts: a line becomes a message; a bad line is named."""

import json
from contextlib import suppress
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.message import Kind, Role
from bot.history import HOME_ZONE, BadHistory
from bot.transcript import read_transcript

LIFT = "3号楼电梯又坏了"


def row(number=1, text=LIFT, **changes):
    usual = {"id": number, "at": f"2026-03-02T08:{number:02d}:00", "sender": "王阿姨", "role": "resident"}
    return usual | {"reply_to": None, "kind": "text", "text": text} | changes


def write(tmp_path, *rows):
    path = tmp_path / "g1.jsonl"
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in rows), "utf-8")
    return path


def read(path):
    return read_transcript(path).messages


def test_a_line_becomes_a_message(tmp_path):
    (message,) = read(write(tmp_path, row(7, "看", kind="photo", reply_to=3, role="property")))
    assert (message.group, message.id, message.sender, message.sender_name) == (
        "memory:g1",
        "7",
        "memory:王阿姨",
        "王阿姨",
    )
    assert (message.kind, message.role, message.reply_to) == (Kind.PHOTO, Role.PROPERTY, "3")
    assert message.at == datetime(2026, 3, 2, 8, 7, tzinfo=HOME_ZONE)
    assert [one.kind for one in message.attachments] == [Kind.PHOTO]


def test_annotations_never_reach_the_bot(tmp_path):
    marked = row(intent="report", category="x", location=["3号楼"], urgency="emergency", refers_to=None)
    (one,), (plain,) = read(write(tmp_path, marked)), read(write(tmp_path, row()))
    assert one == plain


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"text": None}, ""),
        ({"text": "a\u2028b\u0085c"}, "a\u2028b\u0085c"),
        ({"text": "half \ud83c"}, "half \ufffd"),
    ],
)
def test_strange_texts_are_read(tmp_path, changes, text):
    assert read(write(tmp_path, row(**changes)))[0].text == text


def test_only_a_line_feed_ends_a_line(tmp_path):
    path = tmp_path / "g1.jsonl"
    path.write_bytes(
        "\ufeff".encode() + json.dumps(row(text="a\u2028b"), ensure_ascii=False).encode() + b"\r\n\r\n"
    )
    assert read(path)[0].text == "a\u2028b"


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("{", ""),
        ("[]", "no JSON object"),
        ("null", "no JSON object"),
        ('"x"', "no JSON object"),
        ("[" * 100_000, ""),
        (row(2, kind="smell"), "smell"),
        (row(2, role="king"), "king"),
        (row(2, at="yesterday"), "yesterday"),
        (row(2, at=5), ""),
        (row(1), "there is a message 1 above"),
        ({key: value for key, value in row(2).items() if key != "text"}, "the field 'text' is missing"),
    ],
)
def test_a_bad_line_is_named(tmp_path, bad, why):
    with pytest.raises(BadHistory, match=r"g1.jsonl line 3: ") as fault:
        read_transcript(write(tmp_path, row(), "", bad))
    assert why in str(fault.value)


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "g1.jsonl"
    path.write_bytes(json.dumps(row()).encode() + b"\n\xff\xfe\n")
    with pytest.raises(BadHistory, match=r"line 2: .*UTF-8"):
        read_transcript(path)


def test_an_empty_file_is_no_transcript(tmp_path):
    with pytest.raises(BadHistory, match="no message"):
        read_transcript(write(tmp_path, "", "  "))


JSON = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.lists(st.integers(), max_size=2)
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.binary(max_size=80)
    | st.dictionaries(st.sampled_from(sorted(row())), JSON).map(lambda d: json.dumps(row() | d).encode())
)
def test_any_file_is_read_or_its_line_is_named(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("t") / "g1.jsonl"
    path.write_bytes(content)
    with suppress(BadHistory):
        assert all(message.at.tzinfo for message in read(path))
