"""Stories of what nobody is sure of: kept without a word, shown to the worker alone, borne out or forgotten."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from actions import facts as f
from actions.advance import rebuild
from actions.case import Stage
from actions.linking import Choice
from actions.reading import Intent, Urgency
from bot.api import record
from tests.actions.linkers import Told
from tests.town import Town, means, report

ODD, TOO, FIRE = "3号楼电梯今天有点怪", "我也觉得", "9号楼那边好像不太对"
MORE = [f"{n}号楼电梯也有点怪" for n in range(11, 17)]
READ = {
    ODD: report("housing.elevator", "3号楼", sure=0.3),
    TOO: means(Intent.SECOND),
    **{text: report("housing.elevator", text.partition("电")[0], sure=0.3) for text in MORE},
    FIRE: report("safety.fire", "9号楼", sure=0.3, urgency=Urgency.EMERGENCY),
}


class Doubting(Told):
    """Doubts whatever is new, and takes every second voice for one about the last case."""

    def choose(self, heard, cases, policy, *, warned):
        if heard.reading.intent is Intent.REPORT:
            return Choice(opens=True, doubtful=True, chance=0.3)
        known = [case for case in cases if case.live]
        return (
            Choice(known[-1], chance=0.9)
            if heard.reading.intent in self.said and known
            else Choice(chance=0.9)
        )


@pytest.fixture
async def town():
    town = Town(READ, linker=Doubting(Choice(), Intent.SECOND))
    await town.say("张阿姨", ODD)
    return town


async def test_nobody_is_told_and_nothing_is_filed(town):
    case = await town.case()
    assert (case.stage, case.doubtful) == (Stage.UNSURE, True)
    assert (town.texts, town.dispatch.filed) == ([], [])
    await town.wait(timedelta(hours=11))
    assert (town.texts, (await town.case()).stage) == ([], Stage.UNSURE)


async def test_after_half_a_day_it_is_forgotten(town):
    await town.wait(timedelta(hours=13))
    case = await town.case()
    assert (case.stage, case.doubtful) == (Stage.NOT_A_PROBLEM, True)
    assert town.texts == []
    await town.say("孟姐", "/unsure")
    assert town.texts == ["现在没有我拿不准的事。"]
    assert rebuild(await town.state.trace(case.id)) == case


async def test_somebody_else_bears_it_out(town):
    await town.say("李叔", TOO)
    case = await town.case()
    assert (case.stage, case.doubtful, case.followers) == (Stage.OPEN, False, ("memory:李叔",))
    assert len(town.dispatch.filed) == 1
    assert any("#1 电梯故障" in text for text in town.texts)


async def test_residents_do_not_get_to_see_it(town):
    for who, text, said in (
        ("张阿姨", "/cases", "没有未办完"),
        ("李叔", "/case 1", "没有这个编号"),
        ("张阿姨", "/withdraw", "没有未办完的报事"),
        ("张阿姨", "/withdraw 1", "没有这个编号"),
        ("张阿姨", "/unsure", "网格员"),
    ):
        await town.say(who, text)
        assert said in town.texts[-1]
        assert "电梯" not in town.texts[-1]
        assert town.labels() == []
    assert (await town.case()).stage is Stage.UNSURE


async def test_the_worker_gets_a_list_with_two_buttons_each(town):
    await town.say("孟姐", "/unsure")
    assert town.labels() == [["#1 ✓", "#1 ✗"]]
    assert "3号楼" in town.texts[-1]
    assert ODD in town.texts[-1]
    await town.say("孟姐", "/case 1")
    assert "拿不准" in town.texts[-1]


async def test_the_list_holds_the_newest_five(town):
    for n, text in enumerate(MORE):
        await town.say(f"r{n}", text)
    await town.say("孟姐", "/unsure")
    assert [row[0] for row in town.labels()] == [f"#{n} ✓" for n in (7, 6, 5, 4, 3)]


async def test_a_worker_who_says_yes_opens_it(town):
    await town.say("孟姐", "/unsure")
    assert await town.press("孟姐", "#1 ✓") == "记下了，谢谢。"
    case = await town.case()
    assert (case.stage, case.doubtful) == (Stage.OPEN, False)
    assert f.Dispatched in await town.facts(case)
    assert "已派给物业企业" in town.texts[-1]


async def test_a_worker_who_says_no_puts_it_away_without_a_word(town):
    await town.say("孟姐", "/unsure")
    said = len(town.texts)
    assert await town.press("孟姐", "#1 ✗") == "记下了，谢谢。"
    assert (await town.case()).stage is Stage.NOT_A_PROBLEM
    assert len(town.texts) == said
    assert "已经" in await town.press("孟姐", "#1 ✗")


async def test_a_resident_cannot_press_for_the_worker(town):
    await town.say("孟姐", "/unsure")
    assert "网格员" in await town.press("李叔", "#1 ✓")
    assert (await town.case()).stage is Stage.UNSURE


async def test_a_worker_may_settle_it_by_a_reply(town):
    await town.say("孟姐", "类别 停水", reply_to="1")
    case = await town.case()
    assert (case.stage, case.category) == (Stage.OPEN, "utilities.water")


async def test_what_may_be_an_emergency_raises_no_alarm_while_it_is_doubted():
    town = Town(READ, linker=Doubting(Choice(), Intent.SECOND))
    await town.say("张阿姨", FIRE)
    assert (await town.case()).stage is Stage.UNSURE
    assert town.texts == []


async def test_it_is_counted_and_logged_with_how_sure_it_is(town):
    assert b"linli_doubted_total 1.0" in town.house.metrics.render()
    with capture_logs() as logs:
        await town.say("王姨", MORE[0])
        await town.say("李叔", TOO)
        await town.say("王", "早上好")
    told = [(line["sure"], line["doubtful"]) for line in logs if line["event"] == "message"]
    assert told == [(0.3, True), (0.9, None), (0.9, None)]


async def test_for_programs_it_stands_apart(town):
    assert record(await town.case())["stage"] == "unsure"
