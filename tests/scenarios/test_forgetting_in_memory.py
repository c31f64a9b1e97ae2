"""Forgetting, from the group's side: who asks is forgotten, and the group's cases and figures stay."""

from dataclasses import replace
from datetime import timedelta

from actions.case import Stage
from actions.erasing import STAND_IN
from actions.mask import HIDDEN
from actions.message import Kind, Message, Press, Role
from actions.orders import Forget
from actions.reading import Intent
from actions.verifying import verified
from connectors.codec import dump
from tests.scenarios.test_in_private import HIT, MENG, WANG, Private
from tests.town import GROUP, Town, means, report

AUNT, SISTER = "memory:张阿姨", "memory:李姐"
SAID = "3号楼2单元501门口灯不亮了"
READINGS = {
    SAID: report("traffic.streetlight", "3号楼2单元501"),
    "我家也是": means(Intent.SECOND),
    "今天天气真好": means(Intent.CHATTER),
    "5号楼电梯坏了": report("housing.elevator", "5号楼"),
}


async def told(town: Town) -> None:
    """A case with two people, worked on and closed with both keys."""
    report_id = await town.say("张阿姨", SAID)
    await town.say("张阿姨", "", kind=Kind.PHOTO, reply_to=report_id)
    await town.say("李姐", "我家也是", reply_to=report_id)
    await town.say("张阿姨", "今天天气真好")
    await town.dispatch_says("accepted")
    await town.dispatch_says("fixed", "换了灯，501张阿姨在场")
    await town.press("孟姐", "确认修好")
    await town.press("张阿姨", "解决了")
    await town.press("张阿姨", "5")


async def asks(town: Town, who: str = "张阿姨") -> str:
    await town.say(who, "/forgetme")
    return await town.press(who, "确定，忘掉我")


async def stored(town: Town) -> str:
    """All that the state holds of the group."""
    state = town.state
    cases = [dump(case) for case in await town.cases()]
    lines = [line for trace in state._traces.values() for line in trace]
    return "\n".join((*cases, *lines, dump(await state.talk(GROUP)), *state._values, *state._values.values()))


async def first_fault(town: Town):
    return verified([link async for link in town.state.links(GROUP)], await town.state.head(GROUP)).first


async def test_who_asks_is_forgotten_and_the_case_and_its_figures_stay():
    town = Town(READINGS)
    await told(town)
    before = await town.case()
    assert before.stage is Stage.CLOSED
    assert AUNT in await stored(town)

    assert await asks(town) == "正在删除您的信息。"

    kept = await stored(town)
    for gone in (AUNT, "张阿姨", SAID, "元501", "501张", "file2", "今天天气真好"):
        assert gone not in kept
    assert SISTER in kept
    after = await town.case()
    assert (after.stage, after.category, after.place, after.text) == (
        Stage.CLOSED,
        before.category,
        "3号楼",
        HIDDEN,
    )
    assert [score for _, score in after.scores] == [5]
    assert after.followers == (SISTER,)
    assert after.reporter.startswith(STAND_IN)
    assert await first_fault(town) is None


async def test_what_the_bot_itself_had_said_is_said_again_without_the_person():
    town = Town(READINGS)
    await told(town)
    assert any("张阿姨" in text or "灯不亮" in text for text in town.texts)
    await asks(town)
    shown = (await town.case()).post("card")
    card = next(said.post.text for said in town.chat.said if said.id == shown)
    assert "501" not in card
    assert "张阿姨" not in card
    assert "3号楼" in card
    assert any("已经删掉" in text for text in town.texts)


async def test_a_case_that_is_open_is_erased_after_its_end():
    town = Town(READINGS)
    await told(town)
    await town.say("张阿姨", "5号楼电梯坏了")
    await asks(town)
    closed, still_open = await town.cases()
    assert closed.text == HIDDEN
    assert (still_open.reporter, still_open.text) == (AUNT, "5号楼电梯坏了")
    assert any("办完以后我会自动删" in text for text in town.texts)
    number = still_open.number
    await town.say("张阿姨", f"/withdraw {number}")
    await town.wait(timedelta(days=2))
    assert (await town.cases())[1].text == HIDDEN
    assert AUNT not in await stored(town)
    assert await first_fault(town) is None
    assert not [due for due in town.state._due.values() if isinstance(due.order, Forget)]


async def test_nobody_else_can_have_a_person_forgotten():
    town = Town(READINGS)
    await told(town)
    await town.say("张阿姨", "/forgetme")
    assert await town.press("李姐", "确定，忘掉我") == "只有提出的人能按。您自己要删，请发 /forgetme。"
    assert AUNT in await stored(town)


async def test_what_a_worker_did_stays():
    town = Town(READINGS)
    await town.say("孟姐", "/forgetme")
    assert "工作留痕" in town.texts[-1]
    assert town.labels() == []


async def test_a_household_and_the_groups_of_a_person_are_forgotten():
    town = Town(READINGS)
    await town.say("张阿姨", "/home 3栋2单元501")
    await town.say("张阿姨", SAID)
    assert any(AUNT in name for name in town.state._values)
    await asks(town)
    assert not any(AUNT in name for name in town.state._values)


async def test_every_forgetting_is_in_the_chronicle_without_a_name():
    town = Town(READINGS)
    await told(town)
    await asks(town)
    (decree,) = await town.state.chronicles(10)
    assert decree.what == "privacy"
    assert "cases: 1" in decree.changes
    assert AUNT not in dump(decree)
    assert town.chat.erased == [(GROUP, AUNT)]


async def test_forgetting_twice_does_no_harm():
    town = Town(READINGS)
    await told(town)
    await asks(town)
    once = await town.cases()
    await asks(town)
    assert [case.text for case in await town.cases()] == [case.text for case in once]
    assert await first_fault(town) is None


async def test_what_was_confided_is_forgotten_by_a_word_in_private():
    town = Private()
    await town.say("王姐", HIT)
    await town.tells(WANG, f"/start {town.token}")
    await town.tells(WANG, "他还砸了东西")
    await town.dispatch_says("fixed", "民警已上门")
    await town.taps(MENG, "确认修好")
    await town.taps(WANG, "解决了")
    assert (await town.case()).stage is Stage.CLOSED

    await town.tells(WANG, "/forgetme")
    at, button = next(
        (said.id, button.data)
        for said in reversed(town.chat.said)
        for row in said.post.buttons
        for button in row
        if button.label == "确定，忘掉我"
    )
    press = Press(WANG, "sure", WANG, "王姐", Role.RESIDENT, town.clock.now(), button, at)
    await town.hear(press)
    await town.settle()
    case = await town.case()
    assert (case.text, case.reporter_name, case.place) == (HIDDEN, "", "5号楼")
    kept = await stored(town)
    for gone in (WANG, "王姐", HIT, "砸了东西"):
        assert gone not in kept
    for group in (GROUP, WANG):
        talk = await town.state.talk(group)
        assert WANG not in dump(talk).replace(f'"group": "{WANG}"', "")
    assert not any("砸了东西" in text or HIT in text for text in town.seen_by(MENG))
    assert await first_fault(town) is None


async def test_another_group_forgets_in_its_own_turn():
    town = Town(READINGS)
    await told(town)
    garden = replace(
        Message(GROUP, "g1", AUNT, "张阿姨", Role.RESIDENT, town.clock.now(), Kind.TEXT, "5号楼电梯坏了"),
        group="memory:garden",
    )
    await town.hear(garden)
    await town.hear(replace(garden, id="g2", text="/withdraw 1"))
    await asks(town)
    (case,) = await town.state.cases("memory:garden")
    assert (case.text, case.reporter_name) == (HIDDEN, "")
    assert AUNT not in await stored(town)
    links = [link async for link in town.state.links("memory:garden")]
    assert verified(links).first is None
