"""Replay: a history through the real intake on a virtual clock."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from actions.case import Stage
from actions.linking import Choice
from actions.policy import Policy
from actions.reading import Intent
from bot.history import Wanted
from bot.replay import Replayed, VirtualClock
from bot.settings import Grid, Rules, Settings
from bot.transcript import read_transcript
from bot.wiring import replaying
from connectors.memory_nlu import MemoryNlu
from tests.actions.linkers import Told
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
    history = read_transcript(write(tmp_path, *rows))
    return await replaying(Settings(), MemoryNlu(READ), history).run(history.messages)


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
    assert len(outcome.messages) == 3


async def test_chatter_leaves_nothing(tmp_path):
    outcome = await replayed(tmp_path, row(1, "早"), row(2, "", kind="sticker"), row(3, "", kind="photo"))
    assert outcome.as_json() == {"cases": [], "unsure": [], "said": []}


class Doubting(Told):
    """Takes every report for one that might be none."""

    def choose(self, heard, cases, policy, *, warned):
        doubt = heard.reading.intent is Intent.REPORT
        return Choice(opens=True, doubtful=True, chance=0.3) if doubt else Choice()


async def test_what_was_only_suspected_stands_apart_also_when_it_was_forgotten(tmp_path):
    history = read_transcript(write(tmp_path, row(), row(2, "早", at="2026-03-04T08:00:00")))
    nlu = MemoryNlu(READ, Doubting(Choice()))
    outcome = await replaying(Settings(), nlu, history).run(history.messages)
    told = outcome.as_json()
    assert (told["cases"], told["said"]) == ([], [])
    assert [case["stage"] for case in told["unsure"]] == ["not_a_problem"]


async def test_waits_run_out_between_messages_without_waiting(tmp_path):
    outcome = await replayed(tmp_path, row(1, "电梯坏了"), row(2, "早", at="2027-03-02T08:00:00"))
    (case,) = outcome.cases
    assert case.stage == "lapsed" or case.ticket
    assert [one.after for one in outcome.said] == ["1"], "the card; it asks where, and is edited from then on"


async def test_the_pause_before_a_card_passes_on_the_virtual_clock(tmp_path):
    soon = row(2, "早", at="2026-03-02T08:01:30", sender="李叔")
    outcome = await replayed(tmp_path, row(1, "电梯坏了"), soon, row(3, LIFT, at="2026-03-02T08:01:40"))
    assert [one.after for one in outcome.said] == ["3"], "it was completed before it had to be asked"


async def test_a_wait_does_not_run_out_before_its_time(tmp_path):
    outcome = await replayed(tmp_path, row(1, "电梯坏了"), row(2, "早", at="2026-03-02T08:09:59"))
    assert outcome.cases[0].stage == "asking_where"


async def test_messages_out_of_order_in_time_do_not_turn_the_clock_back(tmp_path):
    outcome = await replayed(tmp_path, row(9), row(2, "搞错了"))
    assert outcome.cases[0].stage == "withdrawn"


async def test_two_runs_come_to_the_same_and_share_nothing(tmp_path):
    rows = (row(), row(2, "我们也坐不了", sender="r17"), row(3, "搞错了"))
    assert (await replayed(tmp_path, *rows)).as_json() == (await replayed(tmp_path, *rows)).as_json()


async def test_nothing_is_written_beside_the_transcript(tmp_path):
    home = tmp_path / "home"
    history = read_transcript(write(tmp_path, row()))
    await replaying(Settings(home=home), MemoryNlu(READ), history).run(history.messages)
    assert [path.name for path in tmp_path.iterdir()] == ["g1.jsonl"]


def test_the_clock_never_goes_back():
    clock = VirtualClock(datetime(2026, 3, 2, tzinfo=UTC))
    clock.set(clock.now() - timedelta(days=1))
    assert clock.now() == datetime(2026, 3, 2, tzinfo=UTC)


async def test_what_was_said_has_its_time_its_first_words_and_its_case(tmp_path):
    outcome = await replayed(tmp_path, row(1, "电梯坏了"), row(2, "早", at="2026-03-02T09:00:00"))
    (case,) = outcome.cases
    assert {said.case for said in outcome.said} == {case.id}
    assert [said.at for said in outcome.said] == sorted(said.at for said in outcome.said)
    assert outcome.said[0].at == outcome.messages[0].at + Policy().pause
    assert all(said.first for said in outcome.said)
    assert outcome.intents == {"1": Intent.REPORT, "2": Intent.CHATTER}


async def test_the_grid_of_the_group_in_linli_toml_counts(tmp_path):
    history = read_transcript(write(tmp_path, row(), row(2, "早", at="2026-03-02T09:00:00")))
    settings = Settings(lang="zh_CN", grid=(Grid(id="g", name="g", groups=("memory:g1",), lang="en"),))
    outcome = await replaying(settings, MemoryNlu(READ), history).run(history.messages)
    assert "Sent to the property company" in outcome.said[0].text


async def test_a_replay_has_no_digests(tmp_path):
    rows = (row(), row(2, "早", at="2026-03-04T09:00:00"), row(3, "早", at="2026-03-06T09:00:00"))
    always = Rules(digest_at="18:30", worker_digest=True)
    settings = Settings(grid=(Grid(id="g", name="g", groups=("memory:g1",), policy=always),), policy=always)
    history = read_transcript(write(tmp_path, *rows))
    outcome = await replaying(settings, MemoryNlu(READ), history).run(history.messages)
    assert not any("📋" in said.text for said in outcome.said)
    assert outcome.cases[0].live


async def test_a_group_of_another_platform_keeps_its_own_id(tmp_path):
    history = read_transcript(write(tmp_path, row()))
    there = tuple(replace(message, group="telegram:-1005") for message in history.messages)
    history = replace(history, group="telegram:-1005", messages=there)
    outcome = await replaying(Settings(), MemoryNlu(READ), history).run(history.messages)
    assert outcome.cases[0].id == "telegram:-1005:1"
    assert outcome.cases[0].stage is Stage.OPEN


async def test_whoever_is_named_a_worker_counts_as_one(tmp_path):
    rows = (row(), row(2, "/merge 1 1", sender="孟姐"), row(3, "/merge 1 1", sender="r17"))
    history = Wanted(("孟姐",)).of(read_transcript(write(tmp_path, *rows)))
    outcome = await replaying(Settings(lang="en"), MemoryNlu(READ), history).run(history.messages)
    by_worker, by_resident = outcome.said[-2:]
    assert "two different" in by_worker.text.casefold()
    assert "for grid workers" in by_resident.text


class Stopping(MemoryNlu):
    """An NLU that never answers to one text."""

    async def parse(self, text, *rest):
        if text == "停":
            self.stuck.set()
            await asyncio.Event().wait()
        return await super().parse(text, *rest)


async def test_a_run_that_is_cancelled_gives_what_there_is_so_far(tmp_path):
    history = read_transcript(write(tmp_path, row(), row(2, "停"), row(3, "电梯坏了")))
    nlu, counts = Stopping(READ), []
    nlu.stuck = asyncio.Event()
    run = asyncio.create_task(replaying(Settings(), nlu, history).run(history.messages, counts.append))
    await nlu.stuck.wait()
    run.cancel()
    outcome = await run
    assert isinstance(outcome, Replayed)
    assert (outcome.cut, len(outcome.messages), len(outcome.cases), counts) == (True, 1, 1, [1])
