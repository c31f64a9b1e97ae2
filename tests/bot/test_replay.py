"""Replay: a transcript through the real intake on a virtual clock; a bad line is named."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.message import Kind, Role
from actions.reading import Intent
from bot.replay import HOME_ZONE, BadTranscript, VirtualClock, read_transcript
from bot.settings import Settings
from bot.wiring import replaying
from connectors.memory_nlu import MemoryNlu
from tests.town import means, report

LIFT = "3号楼电梯又坏了"
READ = {
    LIFT: report("housing.elevator", "3号楼"),
    "电梯坏了": report("housing.elevator"),
    "我们也坐不了": means(Intent.SECOND),
    "搞错了": means(Intent.WITHDRAW),
}


def row(number=1, text=LIFT, **changes):
    usual = {"id": number, "at": f"2026-03-02T08:{number:02d}:00", "sender": "王阿姨", "role": "resident"}
    return usual | {"reply_to": None, "kind": "text", "text": text} | changes


def write(tmp_path, *rows):
    path = tmp_path / "g1.jsonl"
    path.write_text("\n".join(one if isinstance(one, str) else json.dumps(one) for one in rows), "utf-8")
    return path


async def replayed(tmp_path, *rows):
    messages = read_transcript(write(tmp_path, *rows))
    return await replaying(Settings(), MemoryNlu(READ), messages[0].at).run(messages)


# --- the run ------------------------------------------------------------------------------------------------


async def test_what_comes_out_has_the_form_that_is_scored(tmp_path):
    outcome = await replayed(
        tmp_path, row(), row(2, "我们也坐不了", sender="r17", reply_to=1), row(3, "早上好")
    )
    found = json.loads(json.dumps(outcome.as_json()))
    (said,) = found["said"]
    assert found["cases"] == [
        {
            "id": "memory:g1:1",
            "category": "housing.elevator",
            "place": "3号楼",
            "urgency": "normal",
            "stage": "open",
            "messages": [{"id": 1, "as": "report"}, {"id": 2, "as": "second"}],
        }
    ]
    assert (said["after"], said["reply_to"]) == (1, 1)
    assert "3号楼" in said["text"]
    assert outcome.messages == 3


async def test_chatter_leaves_nothing(tmp_path):
    outcome = await replayed(tmp_path, row(1, "早"), row(2, "", kind="sticker"), row(3, "", kind="photo"))
    assert outcome.as_json() == {"cases": [], "said": []}


async def test_waits_run_out_between_messages_without_waiting(tmp_path):
    outcome = await replayed(tmp_path, row(1, "电梯坏了"), row(2, "早", at="2027-03-02T08:00:00"))
    (case,) = outcome.cases
    assert case.stage == "lapsed" or case.ticket
    assert len(outcome.said) >= 2


async def test_a_wait_does_not_run_out_before_its_time(tmp_path):
    outcome = await replayed(tmp_path, row(1, "电梯坏了"), row(2, "早", at="2026-03-02T08:10:59"))
    assert outcome.cases[0].stage == "asking_where"


async def test_messages_out_of_order_in_time_do_not_turn_the_clock_back(tmp_path):
    outcome = await replayed(tmp_path, row(9), row(2, "搞错了"))
    assert outcome.cases[0].stage == "withdrawn"


async def test_two_runs_come_to_the_same_and_share_nothing(tmp_path):
    rows = (row(), row(2, "我们也坐不了", sender="r17"), row(3, "搞错了"))
    assert (await replayed(tmp_path, *rows)).as_json() == (await replayed(tmp_path, *rows)).as_json()


async def test_nothing_is_written_beside_the_transcript(tmp_path):
    home = tmp_path / "home"
    messages = read_transcript(write(tmp_path, row()))
    await replaying(Settings(home=home), MemoryNlu(READ), messages[0].at).run(messages)
    assert [path.name for path in tmp_path.iterdir()] == ["g1.jsonl"]


def test_the_clock_never_goes_back():
    clock = VirtualClock(datetime(2026, 3, 2, tzinfo=UTC))
    clock.set(clock.now() - timedelta(days=1))
    assert clock.now() == datetime(2026, 3, 2, tzinfo=UTC)


# --- the file -----------------------------------------------------------------------------------------------


def test_a_line_becomes_a_message(tmp_path):
    (message,) = read_transcript(write(tmp_path, row(7, "看", kind="photo", reply_to=3, role="property")))
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
    (read,), (plain,) = read_transcript(write(tmp_path, marked)), read_transcript(write(tmp_path, row()))
    assert read == plain


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"text": None}, ""),
        ({"text": "a\u2028b\u0085c"}, "a\u2028b\u0085c"),
        ({"text": "half \ud83c"}, "half \ufffd"),
    ],
)
def test_strange_texts_are_read(tmp_path, changes, text):
    assert read_transcript(write(tmp_path, row(**changes)))[0].text == text


def test_only_a_line_feed_ends_a_line(tmp_path):
    path = tmp_path / "g1.jsonl"
    path.write_bytes(
        "\ufeff".encode() + json.dumps(row(text="a\u2028b"), ensure_ascii=False).encode() + b"\r\n\r\n"
    )
    assert read_transcript(path)[0].text == "a\u2028b"


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
    with pytest.raises(BadTranscript, match=r"g1.jsonl line 3: ") as fault:
        read_transcript(write(tmp_path, row(), "", bad))
    assert why in str(fault.value)


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "g1.jsonl"
    path.write_bytes(json.dumps(row()).encode() + b"\n\xff\xfe\n")
    with pytest.raises(BadTranscript, match=r"line 2: .*UTF-8"):
        read_transcript(path)


def test_an_empty_file_is_no_transcript(tmp_path):
    with pytest.raises(BadTranscript, match="no message"):
        read_transcript(write(tmp_path, "", "  "))


JSON = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.lists(st.integers(), max_size=2)
)


@settings(max_examples=200)
@given(
    st.binary(max_size=80)
    | st.dictionaries(st.sampled_from(sorted(row())), JSON).map(lambda d: json.dumps(row() | d).encode())
)
def test_any_file_is_read_or_its_line_is_named(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("t") / "g1.jsonl"
    path.write_bytes(content)
    with suppress(BadTranscript):
        assert all(message.at.tzinfo for message in read_transcript(path))
