"""Retention: what its time is over for goes, by kind, and only that; how much it was is written down."""

import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from actions.case import Stage
from actions.erasing import STAND_IN
from actions.ledger import Change, DeadLetter, Erasure
from actions.mask import HIDDEN
from actions.reading import Intent
from actions.verifying import verified
from bot.kept_days import Retention as Days
from bot.log import log_path, prune
from bot.retention import FileRetention, Retention
from connectors.codec import dump
from connectors.web_log import Files
from tests.town import GROUP, MORNING, Town, means, report

ZONE = ZoneInfo("Asia/Shanghai")
READINGS = {
    "3号楼2单元501门口灯不亮了": report("traffic.streetlight", "3号楼2单元501"),
    "5号楼电梯坏了": report("housing.elevator", "5号楼"),
    "今天天气真好": means(Intent.CHATTER),
}


async def a_town() -> Town:
    """A case that is over, one that is not, and some talk."""
    town = Town(READINGS)
    await town.say("张阿姨", "3号楼2单元501门口灯不亮了")
    await town.say("张阿姨", "/withdraw 1")
    await town.say("李姐", "5号楼电梯坏了")
    await town.say("李姐", "今天天气真好")
    return town


def retention(town: Town, **days: float) -> Retention:
    return Retention(town.house, Days(**days), ZONE)


async def first_fault(town: Town):
    return verified([link async for link in town.state.links(GROUP)], await town.state.head(GROUP)).first


async def after(town: Town, days: float, **kept: float) -> Retention:
    town.clock.set(MORNING + timedelta(days=days))
    swept = retention(town, **kept)
    await swept.once()
    return swept


async def test_the_words_of_a_case_that_is_over_go_when_their_time_is_over():
    town = await a_town()
    await after(town, 364)
    assert (await town.cases())[0].text == "3号楼2单元501门口灯不亮了"
    await after(town, 366)
    over, still_open = await town.cases()
    assert (over.stage, over.text, over.reporter_name, over.place) == (Stage.WITHDRAWN, HIDDEN, "", "3号楼")
    assert over.reporter.startswith(STAND_IN)
    assert still_open.text == "5号楼电梯坏了"
    stored = "\n".join(line for trace in town.state._traces.values() for line in trace)
    assert "张阿姨" not in stored
    assert "元501" not in stored
    assert await first_fault(town) is None


async def test_a_case_that_ends_later_is_erased_later():
    town = await a_town()
    await after(town, 366)
    await town.say("李姐", "/withdraw 2")
    await after(town, 400)
    assert (await town.cases())[1].text == "5号楼电梯坏了"
    await after(town, 800)
    assert [case.text for case in await town.cases()] == [HIDDEN, HIDDEN]
    assert await first_fault(town) is None


async def test_talk_is_forgotten_line_by_line():
    town = await a_town()
    await after(town, 6)
    assert len((await town.state.talk(GROUP)).recent) == 3
    await after(town, 8)
    assert (await town.state.talk(GROUP)).recent == ()


async def test_nought_days_is_for_ever():
    town = await a_town()
    names = ("talk", "case", "attachment", "dead_letter", "web_group", "log", "chronicle")
    before = [dump(case) for case in await town.cases()]
    await after(town, 9999, **{f"{name}_days": 0 for name in names})
    assert [dump(case) for case in await town.cases()] == before
    assert (await town.state.talk(GROUP)).recent
    assert await town.state.chronicles(10) == []


async def test_dead_letters_go_too():
    town = await a_town()
    letter = DeadLetter("1", GROUP, "memory", "no use", MORNING, "words")
    entry = await town.state.accept("memory", GROUP, "x", "{}", MORNING)
    [taken] = await town.state.take(1, 0)
    await town.state.bury(letter, entry=taken)
    assert entry
    await after(town, 29)
    assert len(await town.state.dead(9)) == 1
    await after(town, 31)
    assert await town.state.dead(9) == []


async def test_how_much_was_deleted_is_written_down_in_counts_only():
    town = await a_town()
    await after(town, 366)
    (decree,) = await town.state.chronicles(10)
    assert decree.what == "retention"
    assert decree.changes == ("cases: 1", "lines of talk: 3")
    await after(town, 367)
    assert len(await town.state.chronicles(10)) == 1


@pytest.mark.parametrize("hours", [1, 25, 49])
async def test_it_is_done_once_a_day(hours):
    town = await a_town()
    swept = retention(town)
    assert await swept.when_due()
    assert not await swept.when_due()
    town.clock.set(MORNING + timedelta(hours=hours))
    assert await swept.when_due() is (hours > 24)


async def test_a_group_of_a_time_before_chains_gets_one():
    town = await a_town()
    head = await town.state.head(GROUP)
    await town.state.save(
        Change(talk=await town.state.talk(GROUP), erasure=Erasure(MORNING, "retention", ()))
    )
    assert await town.state.head(GROUP) == head


def test_files_go_by_their_age(tmp_path):
    log_path(tmp_path).parent.mkdir(parents=True)
    media = Files(tmp_path / "media", "key")
    new, old = media.keep(b"\xff\xd8\xffnew").ref, media.keep(b"\xff\xd8\xffold").ref
    current, rotated = log_path(tmp_path), log_path(tmp_path).with_name("linli.jsonl.1")
    current.write_text("{}")
    rotated.write_text("{}")
    for path in (media.path(old), current, rotated):
        os.utime(path, (1, 1))
    before = datetime(2026, 1, 1, tzinfo=UTC)
    assert (media.prune(before), prune(tmp_path, before)) == (1, 1)
    assert (media.path(old), media.path(new) is not None) == (None, True)
    assert (current.exists(), rotated.exists()) == (True, False)


async def test_files_that_went_are_written_down(tmp_path):
    town = Town({})
    media = Files(tmp_path / "media", "key")
    os.utime(media.path(media.keep(b"\xff\xd8\xffold").ref), (1, 1))
    keeping = FileRetention(
        town.house, Days(attachment_days=30), lambda kind, at: media.prune(at) if kind == "media" else 0
    )
    await keeping.once()
    await keeping.once()
    assert [decree.changes for decree in await town.state.chronicles(5)] == [("files of media: 1",)]
