"""The report of a replay: all that was found and said, masked, in the operator's language, within the width."""

import io
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len
from rich.console import Console

from actions.case import Case, Stage
from actions.reading import Guess, Intent, Reading, Span, Urgency
from bot.cards import Writer
from bot.history import HOME_ZONE, Wanted
from bot.replay import Replayed, Utterance
from bot.replay_report import ReplayReport
from bot.settings import Settings
from bot.telegram_export import read_export
from bot.transcript import read_transcript
from bot.wiring import replaying
from connectors.memory_nlu import MemoryNlu
from tests.bot.exports import chat, said, service, write
from tests.town import means, report

TRANSCRIPTS = sorted((Path(__file__).parent.parent / "transcripts").glob("*.jsonl"))
GOLDEN = Path(__file__).parent / "replay_report"
WIDTH = 80
LIFT = "3号楼电梯又坏了，有事打 13800138000"
LAMP = "路灯坏了"
READ = {
    LIFT: report("housing.elevator", "3号楼"),
    "我家也坐不了": means(Intent.SECOND),
    LAMP: replace(report("housing.elevator", "东门"), categories=(Guess("utilities.power", 0.2),)),
    "几点开门？": means(Intent.CONSULT),
}


def told():
    return chat(
        service(1, "pin_message", message_id=0),
        said(2, LIFT),
        said(3, "我家也坐不了", **{"from": "r17\x1b[31m", "from_id": "user18"}),
        said(4, "", photo="(File not included. …)", reply_to_message_id=2),
        said(5, "早上好", **{"from": None, "from_id": "user19"}),
        said(6, "几点开门？", **{"from": "r17\x1b[31m", "from_id": "user18"}),
        said(7, LAMP, **{"from": "老李", "from_id": "user20"}),
        said(8, "收到", **{"from": "孟姐", "from_id": "user21"}),
        said(60, "晚安"),
    )


async def outcome(history, nlu):
    return await replaying(Settings(), nlu, history).run(history.messages)


def shown(history, replayed, lang="zh_CN", zone=HOME_ZONE, width=WIDTH):
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, highlight=False, emoji=False)
    ReplayReport(history, replayed, Writer(lang), lang, zone).show(console)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


async def example(tmp_path, workers=("孟姐",)):
    history = Wanted(workers).of(read_export(write(tmp_path, told())))
    return shown(history, await outcome(history, MemoryNlu(READ)))


# --- the form ------------------------------------------------------------------------------------------------


def a_case(number, message, stage, joined=(), **more):
    usual = {
        "id": f"telegram:-1001:{number}",
        "number": number,
        "group": "telegram:-1001",
        "opened_at": message.at,
        "changed_at": message.at,
        "category": "housing.elevator",
        "text": message.text,
        "reporter": message.sender,
        "reporter_name": message.sender_name,
        "stage": stage,
        "messages": ((message.id, "report"), *joined),
    }
    return Case(**usual | more)


def a_replay(tmp_path):
    history = Wanted(("孟姐",), ("telegram:19",)).of(read_export(write(tmp_path, told())))
    said = {message.id: message for message in history.messages}
    cases = (
        a_case(1, said["2"], Stage.OPEN, [("3", "second"), ("4", "detail")], place="3号楼", ticket="7"),
        a_case(2, said["7"], Stage.WAITING_WORKER, place="东门", sure=False, urgency=Urgency.URGENT),
    )
    first, second = (case.id for case in cases)
    when = said["2"].at
    words = (
        Utterance(when, "2", "2", "#1 电梯故障 · 3号楼\n正在上报", "later", first),
        Utterance(when + timedelta(minutes=35), "8", "bot2", "网格员您好，这件事还在等您处理。", "", second),
        Utterance(when, "6", "6", "命令：/cases 看正在处理的事", "", ""),
    )
    read = {"6": Intent.CONSULT, "8": Intent.CHATTER, "60": Intent.URGE}
    return history, Replayed(history.messages, cases, words, read)


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_the_report_reads_as_it_should(tmp_path, lang):
    history, replayed = a_replay(tmp_path)
    assert shown(history, replayed, lang) == (GOLDEN / f"{lang}.txt").read_text("utf-8")


def test_what_could_command_a_terminal_is_taken_out(tmp_path):
    history, replayed = a_replay(tmp_path)
    title = "\x1b]0;\u202e坏\x07"
    text = shown(replace(history, title=title), replayed)
    assert "《]0;坏》" in text
    assert not {"\x1b", "\x07", "\u202e"} & set(text)
    assert "13800138000" not in text


async def test_without_workers_it_says_so(tmp_path):
    assert "--worker" in await example(tmp_path, workers=())
    assert "--worker" not in await example(tmp_path)


def test_what_was_only_suspected_is_no_case(tmp_path):
    _, replayed = a_replay(tmp_path)
    suspected, other = (
        replace(replayed.every_case[0], stage=Stage.UNSURE, doubtful=True),
        replayed.every_case[1],
    )
    told = replace(replayed, every_case=(suspected, other)).as_json()
    assert [case["id"] for case in told["unsure"]] == [suspected.id]
    assert [case["id"] for case in told["cases"]] == [other.id]


async def test_a_run_that_was_broken_off_says_how_far_it_came(tmp_path):
    history = read_export(write(tmp_path, told()))
    replayed = replace(await outcome(history, MemoryNlu(READ)), cut=True, failed=2)
    assert "8 条消息读了 8 条" in shown(history, replayed)
    assert "2 条没能处理" in shown(history, replayed)


async def test_nothing_at_all_can_be_reported(tmp_path):
    history = read_export(write(tmp_path, told()))
    nothing = await replaying(Settings(), MemoryNlu(), history).run(())
    assert "0" in shown(history, nothing)


async def test_times_are_those_of_the_zone(tmp_path):
    history = read_export(write(tmp_path, told()))
    text = shown(history, await outcome(history, MemoryNlu(READ)), zone=ZoneInfo("Europe/Berlin"))
    assert "2026-03-02 01:02" in text


# --- whole groups, with an NLU that says what is marked in them ------------------------------------------------


def marked(path):
    readings = {}
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        spans = tuple(Span(0, len(place), place) for place in row["location"] or ())
        categories = (Guess(row["category"], 0.9),) if row["category"] else ()
        urgency = Urgency(row["urgency"] or "normal")
        readings[row["text"]] = Reading(Intent(row["intent"]), 0.95, categories, urgency, 0.9, spans)
    return readings


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize(("lang", "width"), [("zh_CN", 80), ("en", 46)])
async def test_nothing_is_missing_in_the_report_of_a_whole_group(path, lang, width):
    history = read_transcript(path)
    replayed = await outcome(history, MemoryNlu(marked(path)))
    text = shown(history, replayed, lang, width=width)
    assert max(map(cell_len, text.splitlines())) <= width
    joined = "".join(text.split())
    assert replayed.every_case
    for case in replayed.every_case:
        assert "".join(Writer(lang).line(case).split()) in joined
    for one in replayed.said:
        assert all("".join(line.split()) in joined.replace("\n", "") for line in one.first.splitlines())
    linked = sum(len(case.messages) for case in replayed.every_case)
    assert str(len(history.messages)) in text
    assert str(len(history.messages) - linked) in text
    assert {case.stage for case in replayed.cases} - {Stage.MERGED}
