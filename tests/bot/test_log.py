"""The log: one JSON object a line, masked, on standard error and in the file, and read back."""

import asyncio
import io
import json
import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bot.log import clean, log_path, recording, relay
from bot.log_reader import Wanted, painted, read_logs, show
from bot.log_ring import Ring

TOKEN = "123456789:" + "AbCdEfGhIjKlMnOpQrStUvWxYz012345678"


def written(home):
    return [json.loads(line) for line in log_path(home).read_text("utf-8").splitlines()]


def test_an_event_is_one_line_on_standard_error_and_in_the_file(tmp_path):
    stream = io.StringIO()
    with recording(tmp_path, stream=stream):
        structlog.get_logger("flow").info("fact", fact="Reported\nand more", tries=1, nothing=None)
    (event,) = written(tmp_path)
    assert stream.getvalue() == log_path(tmp_path).read_text("utf-8")
    assert {key: event[key] for key in event if key != "ts"} == {
        "level": "info",
        "event": "fact",
        "fact": "Reported\nand more",
        "tries": 1,
    }
    assert datetime.fromisoformat(event["ts"]).tzinfo is not None


def test_what_is_bound_stands_in_every_event(tmp_path):
    with recording(tmp_path, stream=io.StringIO()):
        with structlog.contextvars.bound_contextvars(case="web:a:1", group="web:a"):
            structlog.get_logger().info("order")
        structlog.get_logger().info("after")
    first, second = written(tmp_path)
    assert list(first) == ["ts", "level", "event", "case", "group"]
    assert list(second) == ["ts", "level", "event"]


def test_no_telephone_number_gets_into_the_log_in_any_kind_of_value(tmp_path):
    number = "13812345678"
    stream, log, called = io.StringIO(), structlog.get_logger(), f"call {number}"
    with recording(tmp_path, stream=stream):
        log.info(
            called,
            text=f"找{number}",
            n=int(number),
            deep={"a": [{number: (number,)}]},
            any={number},
        )
        log.info("object", error=ValueError(number), raw=number.encode())
        logging.getLogger("library").warning("sent to %s", number)
        try:
            raise ValueError(number)
        except ValueError:
            log.exception("failed")
    assert number not in stream.getvalue()
    assert "Traceback" in written(tmp_path)[-1]["exception"]


def test_ids_of_ours_are_not_taken_for_numbers(tmp_path):
    with recording(tmp_path, stream=io.StringIO()):
        structlog.get_logger().info("x", group="telegram:13812345678", case="telegram:13812345678:1")
    assert written(tmp_path)[0]["group"] == "telegram:13812345678"


@pytest.mark.parametrize(
    "text",
    [
        f"POST https://api.telegram.org/bot{TOKEN}/getMe 401",
        "redis://:s3cret@host:6379",
        "redis://user:s3cret@host",
        "GET /login?token=s3cret&x=1",
        "api_key=s3cret",
        "my own s3cret-value here",
    ],
)
def test_no_secret_gets_into_the_log(tmp_path, text):
    stream = io.StringIO()
    with recording(tmp_path, stream=stream, secrets=["s3cret-value", ""]):
        logging.getLogger("httpx").error(text)
        structlog.get_logger().info("said", text=text, error=RuntimeError(text))
    assert "s3cret" not in stream.getvalue()
    assert TOKEN not in stream.getvalue()


def test_libraries_are_heard_from_warning_up(tmp_path):
    with recording(tmp_path, stream=io.StringIO()):
        logging.getLogger("httpx").info("HTTP Request: GET …")
        logging.getLogger("telegram.ext").warning("slow")
    assert [(e["event"], e["logger"]) for e in written(tmp_path)] == [("slow", "telegram.ext")]


def test_the_level_is_kept(tmp_path):
    with recording(tmp_path, level="ERROR", stream=io.StringIO()):
        structlog.get_logger().info("quiet")
        structlog.get_logger().error("loud")
    assert [e["event"] for e in written(tmp_path)] == ["loud"]


def test_half_an_emoji_and_a_broken_record_do_not_stop_the_log(tmp_path):
    class Broken:
        def __str__(self) -> str:
            raise RuntimeError

    with recording(tmp_path, stream=io.StringIO()):
        structlog.get_logger().info("x", name="\ud83d", broken=Broken())
        structlog.get_logger().info("y")
    assert [e["event"] for e in written(tmp_path)] == ["x", "y"]


def test_nothing_is_logged_after_the_block(tmp_path):
    handlers = list(logging.getLogger().handlers)
    with recording(tmp_path, stream=io.StringIO()):
        pass
    assert logging.getLogger().handlers == handlers


def test_the_folder_of_the_log_is_the_owners(tmp_path):
    with recording(tmp_path, stream=io.StringIO()):
        pass
    assert log_path(tmp_path).parent.stat().st_mode & 0o077 == 0


@settings(max_examples=50, deadline=None)
@given(
    st.dictionaries(
        st.text(max_size=9), st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5)
    )
)
def test_whatever_is_logged_becomes_json(event):
    json.dumps(clean(event))


# --- the ring ---------------------------------------------------------------------------------------


def test_the_ring_keeps_the_newest(tmp_path):
    ring = Ring(3)
    with recording(tmp_path, stream=io.StringIO(), ring=ring):
        for n in range(5):
            structlog.get_logger().info("e", i=n, phone="13812345678")
    assert [(e["i"], e["n"], e["phone"]) for e in ring.last()] == [
        (2, 3, "***"),
        (3, 4, "***"),
        (4, 5, "***"),
    ]
    assert ring.last(after=4) == ring.last()[-1:]


async def test_a_reader_gets_what_was_and_what_comes_until_the_stop():
    ring, got = Ring(), []
    ring.add({"event": "before"})

    async def read():
        async for event in ring.follow(idle_seconds=60):
            got.append(event["event"])
            if len(got) == 1:
                await asyncio.to_thread(ring.add, {"event": "after"})
            if len(got) == 2:
                ring.stop()

    async with asyncio.timeout(5):
        await read()
    assert got == ["before", "after"]
    assert ring._readers == {}


async def test_a_reader_with_a_number_from_before_the_last_start_misses_nothing():
    ring = Ring()
    ring.add({"event": "new"})
    async with asyncio.timeout(5):
        assert (await anext(ring.follow(after=900)))["event"] == "new"


async def test_a_reader_hears_that_nothing_came():
    async with asyncio.timeout(5):
        assert await anext(Ring().follow(idle_seconds=0.01)) is None


# --- reading back -----------------------------------------------------------------------------------

LINES = [
    '{"ts": "2026-11-22T01:00:00Z", "level": "info", "event": "fact", "group": "web:a", "case": "web:a:1"}',
    "Traceback (most recent call last):",
    '{"ts": "2026-11-22T02:00:00Z", "level": "warning", "event": "poison", "group": "web:b"}',
    '["no", "event"]',
    '{"ts": "2026-11-22T03:00:00Z", "level": "error", "event": "fact", "case": "web:a:2"}',
]


@pytest.fixture
def log_file(tmp_path):
    path = tmp_path / "linli.jsonl"
    path.write_text("\n".join(LINES) + "\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("wanted", "hours"),
    [
        (Wanted(), [1, 2, 3]),
        (Wanted(level="WARNING"), [2, 3]),
        (Wanted(group="web:a"), [1]),
        (Wanted(case="web:a:2"), [3]),
        (Wanted(event="fact"), [1, 3]),
        (Wanted(since=datetime(2026, 11, 22, 2, tzinfo=UTC)), [2, 3]),
        (Wanted(event="fact", level="error"), [3]),
    ],
)
def test_only_what_is_wanted_is_read(log_file, wanted, hours):
    found = [line for line in read_logs(log_file, wanted) if isinstance(line, dict)]
    assert [datetime.fromisoformat(line["ts"]).hour for line in found] == hours


def test_a_line_that_is_no_event_is_shown_as_it_is(log_file):
    assert [line for line in read_logs(log_file, Wanted(level="error")) if isinstance(line, str)] == [
        LINES[1],
        LINES[3],
    ]


def test_rotated_files_come_first_the_oldest_before_the_others(log_file):
    for n in (2, 10, 1):
        log_file.with_name(f"linli.jsonl.{n}").write_text(f'{{"event": "{n}"}}\n', "utf-8")
    assert [line["event"] for line in read_logs(log_file) if isinstance(line, dict)][:3] == ["10", "2", "1"]


def test_following_goes_on_over_a_rotation_and_waits_for_the_end_of_a_line(log_file):
    steps = iter(["half", "rest", "rotate"])

    def wait() -> bool:
        step = next(steps, None)
        if step == "half":
            with log_file.open("a") as file:
                file.write('{"event": "ha')
        if step == "rest":
            with log_file.open("a") as file:
                file.write('lf"}\n')
        if step == "rotate":
            log_file.rename(log_file.with_name("linli.jsonl.1"))
            log_file.write_text('{"event": "next"}\n')
        return step is not None

    found = [line["event"] for line in read_logs(log_file, follow=True, wait=wait) if isinstance(line, dict)]
    assert found == ["fact", "poison", "fact", "half", "next"]


def test_a_log_that_is_not_there_is_empty(tmp_path):
    assert list(read_logs(tmp_path / "linli.jsonl")) == []


def test_a_log_does_not_steer_the_terminal(log_file):
    with log_file.open("a") as file:
        file.write("\x1b]0;owned\x07\n" + json.dumps({"event": "e\x1b[2J", "a": "b\nc"}) + "\n")
    out = io.StringIO()
    show(log_file, console=Console(file=out, width=200))
    assert "\x1b" not in out.getvalue()
    assert "poison" in out.getvalue()


def test_an_event_is_painted_with_its_fields_and_its_traceback():
    text = painted(
        {"ts": "x", "level": "error", "event": "failed", "tries": 2, "exception": "Traceback\nValueError"}
    )
    assert text.plain == "x error    failed tries=2\nTraceback\nValueError"


def test_every_day_has_a_file_of_its_own(tmp_path):
    log_path(tmp_path).parent.mkdir(parents=True)
    log_path(tmp_path).write_text('{"ts": "2020-01-01T08:00:00Z", "event": "old"}\n', "utf-8")
    with recording(tmp_path, stream=io.StringIO()):
        structlog.get_logger().info("new")
        structlog.get_logger().info("newer")
    assert [event["event"] for event in written(tmp_path)] == ["new", "newer"]
    assert "old" in log_path(tmp_path).with_name("linli.jsonl.1").read_text("utf-8")


def test_what_another_process_has_written_is_passed_on_as_it_is(tmp_path: Path):
    ring, stream = Ring(), io.StringIO()
    said = {
        "ts": "2026-05-04T08:00:00Z",
        "level": "info",
        "event": "fact",
        "case": "web:demo:1",
        "child": "work 1",
    }
    with recording(tmp_path, ring=ring, stream=stream):
        relay(said)
    assert json.loads(stream.getvalue()) == said
    assert json.loads(log_path(tmp_path).read_text()) == said
    assert ring.last() == [{**said, "n": 1}]
