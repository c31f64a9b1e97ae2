"""What is wanted of a history: who is a worker, who is left out, which days; and which kind of file it is in."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from actions.message import Role
from bot.history import HOME_ZONE, BadHistory, Wanted, day
from bot.history_file import read_history
from tests.bot.exports import account, chat, said, write

MENG = {"from": "孟姐 (社区)", "from_id": "user21"}
ROWS = (
    said(1),
    said(2, **MENG),
    said(3, via_bot="@gif"),
    said(4, **{"from": "Helper Bot", "from_id": "user99"}),
    said(5, **{"from": "街道", "from_id": "channel7"}),
)


@pytest.fixture
def history(tmp_path):
    return read_history(write(tmp_path, chat(*ROWS)))


@pytest.mark.parametrize("name", ["孟姐 (社区)", " 孟姐  (社区) ", "21", "user21", "telegram:21"])
def test_a_worker_is_called_by_name_or_id(history, name):
    wanted = Wanted((name,)).of(history)
    assert [message.id for message in wanted.messages if message.role is Role.WORKER] == ["2"]
    assert wanted.workers == (("telegram:21", "孟姐 (社区)"),)


def test_without_names_nobody_is_a_worker(history):
    assert Wanted().of(history).workers == ()


def test_the_workers_of_linli_toml_need_not_have_spoken(history):
    wanted = Wanted(staff=frozenset({"telegram:17", "telegram:404"})).of(history)
    assert wanted.workers == (("telegram:17", "王阿姨"),)


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("helper bot", "1235"),
        ("@Helper Bot", "1235"),
        ("user99", "1235"),
        ("@gif", "1245"),
        ("GIF", "1245"),
        ("channel7", "1234"),
    ],
)
def test_who_is_to_be_ignored_is_left_out(history, name, left):
    wanted = Wanted(ignored=(name,)).of(history)
    assert "".join(message.id for message in wanted.messages) == left
    assert wanted.left_out == {"ignored": 1}


@pytest.mark.parametrize("wanted", [Wanted(("孟",)), Wanted(ignored=("gifs",)), Wanted(("@gif",))])
def test_a_name_that_nobody_has_is_a_mistake(history, wanted):
    with pytest.raises(BadHistory, match="nobody of that name or id writes here"):
        wanted.of(history)


def test_only_the_days_between_count(tmp_path):
    days = [said(n, date_unixtime=str(1772409600 + 86_400 * n)) for n in range(4)]
    history = read_history(write(tmp_path, chat(*days)))
    wanted = Wanted(since=day("2026-03-03", HOME_ZONE), until=day("2026-03-04", HOME_ZONE, end=True))
    assert [message.id for message in wanted.of(history).messages] == ["1", "2"]
    assert wanted.of(history).left_out == {"outside": 2}


def test_nothing_left_is_a_mistake(history):
    with pytest.raises(BadHistory, match="no message is left"):
        Wanted(since=day("2030-01-01", HOME_ZONE)).of(history)


def test_a_day_ends_with_its_last_moment_and_an_hour_at_once():
    assert day("2026-03-01", HOME_ZONE, end=True) == day("2026-03-02", HOME_ZONE)
    assert day("2026-03-01T08:00", HOME_ZONE, end=True) == datetime(2026, 3, 1, 8, tzinfo=HOME_ZONE)
    assert day("2026-03-01T08:00+01:00", HOME_ZONE) == datetime(
        2026, 3, 1, 8, tzinfo=ZoneInfo("Africa/Lagos")
    )


# --- which kind of file -------------------------------------------------------------------------------------

LINE = {"id": 1, "at": "2026-03-02T08:00:00", "sender": "王阿姨", "kind": "text", "text": "早"}


@pytest.mark.parametrize("name", ["result.json", "group.jsonl", "群聊.txt"])
@pytest.mark.parametrize(
    ("told", "group"),
    [
        (json.dumps(LINE), "memory:"),
        ("\ufeff\n" + json.dumps(LINE) + "\n" + json.dumps(LINE | {"id": 2}), "memory:"),
        (chat(said(1)), "telegram:"),
        (json.dumps(chat(said(1))), "telegram:"),
        ("\ufeff" + json.dumps(chat(said(1)), indent=1), "telegram:"),
        (json.dumps(chat(said(1, "长" * 90_000))), "telegram:"),
    ],
)
def test_the_content_tells_which_kind_of_file_it_is(tmp_path, name, told, group):
    assert read_history(write(tmp_path, told, name)).group.startswith(group)


def test_an_account_is_an_export(tmp_path):
    assert read_history(write(tmp_path, account(chat(said(1)))), chat="阳光小区3号楼").messages


def test_a_page_is_refused_with_advice(tmp_path):
    with pytest.raises(BadHistory, match="machine-readable JSON"):
        read_history(write(tmp_path, "<!DOCTYPE html><html>", "messages.html"))


def test_a_transcript_has_no_chats(tmp_path):
    with pytest.raises(BadHistory, match="--chat"):
        read_history(write(tmp_path, json.dumps(LINE)), chat="x")


@pytest.mark.parametrize("text", ["", "hello", "{", "[1]", "\0\1", '{"id": 1'])
def test_what_is_neither_is_refused(tmp_path, text):
    with pytest.raises(BadHistory):
        read_history(write(tmp_path, text))


def test_a_zone_counts_for_both_kinds(tmp_path):
    berlin = ZoneInfo("Europe/Berlin")
    transcript = read_history(write(tmp_path, json.dumps(LINE), "a"), berlin)
    export = read_history(write(tmp_path, chat(said(0, date=LINE["at"], date_unixtime=...)), "b"), berlin)
    assert transcript.messages[0].at == export.messages[0].at == datetime(2026, 3, 2, 8, tzinfo=berlin)
