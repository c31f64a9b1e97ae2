"""Stories of corrections: a worker sets a case right by button or by a reply, a reporter edits or takes back."""

from datetime import timedelta

import pytest

from actions import facts as f
from actions.advance import rebuild
from actions.case import Stage
from actions.policy import Policy
from actions.reading import Guess, Intent, Reading, Span, Urgency
from connectors.duty import duty_of
from tests.town import Town, means, report

LIFT, DOOR, LAMP = "3号楼2单元电梯又坏了", "5号楼门禁坏了", "路灯不亮"
UNSURE = Reading(
    Intent.REPORT,
    0.9,
    (Guess("housing.elevator", 0.3), Guess("housing.common_facilities", 0.2), Guess("safety.injury", 0.1)),
    locations=(Span(0, 3, "3号楼"),),
)
READ = {
    LIFT: report("housing.elevator", "3号楼2单元"),
    DOOR: report("housing.common_facilities", "5号楼"),
    LAMP: report("traffic.streetlight"),
    "3号楼那个又不行了": UNSURE,
    "我们也坐不了": means(Intent.SECOND),
    "5号楼的门禁也坏了": means(Intent.SECOND, "5号楼"),
    "早上好": means(Intent.CHATTER),
    "3号楼2单元电梯困人了": report("safety.injury", "3号楼2单元", urgency=Urgency.EMERGENCY),
    "4号楼电梯又坏了": report("housing.elevator", "4号楼"),
    "9号楼着火了快来人": report("safety.fire", "9号楼", urgency=Urgency.EMERGENCY),
    "搞错了": means(Intent.WITHDRAW),
    "收到，我去看看": means(Intent.CHATTER),
}


@pytest.fixture
async def town():
    town = Town(READ)
    await town.say("张阿姨", LIFT)
    return town


def told(town):
    """The words of what dispatch was told, without the lines of who answers for it now."""
    return [duty_of(text)[1] for _, _, text in town.dispatch.told]


async def sound(town):
    """Every case is what its trace says."""
    for case in await town.cases():
        assert rebuild(await town.state.trace(case.id)) == case


# --- by button ------------------------------------------------------------------------------------------------


async def test_the_category_is_corrected_by_three_presses_and_without_a_word(town):
    assert await town.press("孟姐", "更多…") == "请在卡片下面选。"
    assert town.labels() == [["改类别", "改地点"], ["选事项", "现场核实"], ["上报一级"], ["不是报事", "返回"]]
    await town.press("孟姐", "改类别")
    await town.press("孟姐", "其他类别…")
    await town.press("孟姐", "交通道路")
    await town.press("孟姐", "路灯不亮")
    case = await town.case()
    assert case.category == "traffic.streetlight"
    assert "路灯不亮" in town.texts[0]
    assert town.labels()[0] == ["我也是", "撤回"], "the menu is gone"
    assert len(town.texts) == 1
    assert told(town) == ["网格员把类别改为：路灯不亮"]
    assert f.Recategorised in await town.facts(case)
    await sound(town)


async def test_the_likeliest_are_offered_first_and_the_case_then_files_itself():
    town = Town(READ)
    await town.say("张阿姨", "3号楼那个又不行了")
    assert (await town.case()).stage is Stage.WAITING_WORKER
    await town.wait(Policy().pause)
    await town.press("孟姐", "更多…")
    await town.press("孟姐", "改类别")
    assert town.labels() == [["楼道灯"], ["人员受伤"], ["其他类别…", "返回"]]
    await town.press("孟姐", "楼道灯")
    case = await town.case()
    assert (case.stage, case.category) == (Stage.OPEN, "housing.common_facilities")
    assert town.dispatch.filed[0].service_code == "housing.common_facilities"


async def test_where_the_policy_is_to_wait_the_corrected_case_waits():
    town = Town(READ, policy=Policy(file_at_once=False))
    await town.say("张阿姨", "3号楼那个又不行了")
    await town.say("孟姐", "类别 电梯", reply_to="1")
    case = await town.case()
    assert (case.stage, case.sure) == (Stage.WAITING_WORKER, True)


async def test_residents_open_no_menu(town):
    assert "网格员" in await town.press("李叔", "更多…")
    assert town.labels()[0] == ["我也是", "撤回"]
    await town.press("孟姐", "更多…")
    assert "网格员" in await town.press("李叔", "改类别")


async def test_back_and_anything_that_happens_close_the_menu(town):
    before = town.labels()
    await town.press("孟姐", "更多…")
    await town.press("孟姐", "返回")
    assert town.labels() == before
    await town.press("孟姐", "更多…")
    await town.say("李叔", "我们也坐不了")
    assert town.labels()[0] == ["我也是 1", "撤回"]
    await town.press("孟姐", "更多…")
    await town.dispatch_says("accepted")
    assert town.labels()[0] == ["我也是 1", "撤回"]


async def test_a_menu_that_is_left_standing_closes_by_itself(town):
    before = town.labels()
    await town.press("孟姐", "更多…")
    await town.wait(timedelta(minutes=2))
    await town.press("孟姐", "改类别")
    await town.wait(timedelta(minutes=2))
    assert town.labels()[-1] == ["其他类别…", "返回"], "somebody is still at it"
    await town.wait(timedelta(minutes=2))
    assert town.labels() == before


async def test_the_place_is_asked_for_in_words(town):
    await town.press("孟姐", "更多…")
    assert "地点" in await town.press("孟姐", "改地点")
    assert town.labels()[0] == ["我也是", "撤回"]


async def test_a_case_is_merged_by_button(town):
    message = await town.say("李叔", DOOR)
    await town.press("孟姐", "更多…")
    await town.press("孟姐", "合并到…")
    await town.press("孟姐", "#1 电梯故障 · 3号楼2单元")
    first, second = await town.cases()
    assert (second.stage, second.merged_into) == (Stage.MERGED, first.id)
    assert "memory:李叔" in first.followers
    await town.say("王叔", "我们也坐不了", reply_to=message)
    assert "memory:王叔" in (await town.cases())[0].followers, "a reply to it is now for the other"
    await sound(town)


async def test_a_message_is_split_off_by_button_and_becomes_a_case(town):
    await town.say("李叔", "5号楼的门禁也坏了")
    assert (await town.case()).followers == ("memory:李叔",)
    town.nlu.readings["5号楼的门禁也坏了"] = READ[DOOR]
    await town.press("孟姐", "更多…", on=0)
    await town.press("孟姐", "拆开", on=0)
    await town.press("孟姐", "李叔: 5号楼的门禁也坏了", on=0)
    first, second = await town.cases()
    assert (first.followers, [known for known, _ in first.messages]) == ((), ["1"])
    assert (second.category, second.place, second.stage) == ("housing.common_facilities", "5号楼", Stage.OPEN)
    assert (second.reporter, second.text) == ("memory:李叔", "5号楼的门禁也坏了")
    assert town.chat.said[-1].post.reply_to == second.origin
    assert any("另一件事" in text for text in told(town))
    assert f.SplitOff in await town.facts(first)
    assert await town.state.case_of(first.group, second.origin) == second.id
    await sound(town)


async def test_a_split_while_the_nlu_is_away_waits_for_the_worker(town):
    await town.say("李叔", "我们也坐不了")
    town.nlu.down = True
    await town.press("孟姐", "更多…")
    await town.press("孟姐", "拆开")
    await town.press("孟姐", "李叔: 我们也坐不了")
    _, second = await town.cases()
    assert (second.category, second.sure) == ("housing.elevator", False)


async def test_the_button_of_a_menu_whose_moment_has_passed_is_stale(town):
    await town.say("李叔", "我们也坐不了")
    await town.press("孟姐", "更多…")
    await town.press("孟姐", "拆开")
    off = town.chat.said[-1].post.buttons[0][0].data
    await town.press("孟姐", "李叔: 我们也坐不了")
    assert "已经过了" in await town.press("孟姐", "", data=off, on=0)
    assert len(await town.cases()) == 2
    await town.press("孟姐", "更多…", on=0)
    page = town.chat.said[0].post.buttons[0][0].data
    await town.say("孟姐", "不是报事", reply_to="1")
    assert "已经过了" in await town.press("孟姐", "", data=page, on=0)


async def test_what_is_so_already_is_said_to_be_so(town):
    await town.press("孟姐", "不是报事")
    old = town.chat.edits[0][1].buttons[1][1].data
    assert "已经是这样" in await town.press("孟姐", "", data=old)


# --- by a reply -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", ["the card", "the report"])
async def test_a_reply_corrects_and_the_card_alone_answers(town, to):
    target = town.chat.said[0].id if to == "the card" else "1"
    await town.say("孟姐", "地点 3号楼1单元", reply_to=target)
    await town.say("孟姐", "类别 路灯", reply_to=target)
    case = await town.case()
    assert (case.place, case.category, case.corrected) == (
        "3号楼1单元",
        "traffic.streetlight",
        ("place", "category"),
    )
    assert told(town) == ["网格员把地点改为：3号楼1单元", "网格员把类别改为：路灯不亮"]
    await town.say("孟姐", "不是报事", reply_to=target)
    assert (await town.case()).stage is Stage.NOT_A_PROBLEM
    assert len(town.texts) == 1
    await sound(town)


async def test_a_worker_says_where_before_the_reporter_does():
    town = Town(READ)
    await town.say("张阿姨", LAMP)
    await town.wait(Policy().pause)
    await town.say("孟姐", "地点 东门", reply_to=town.chat.said[0].id)
    assert ((await town.case()).stage, (await town.case()).place) == (Stage.OPEN, "东门")


async def test_words_that_fit_several_categories_open_the_menu_with_those(town):
    await town.say("孟姐", "类别 噪声", reply_to="1")
    assert len(town.texts) == 1
    assert len(town.labels()) == 6
    await town.press("孟姐", "交通噪声")
    assert (await town.case()).category == "environment.noise_traffic"


async def test_whoever_writes_what_stands_on_a_button_gets_its_menu(town):
    await town.say("李叔", DOOR)
    for text, first in (("更多…", "改类别"), ("改类别", "停水"), ("合并到…", "#2 楼道灯 · 5号楼")):
        await town.say("孟姐", text, reply_to="1")
        assert town.labels(0)[0][0] == first
    await town.say("孟姐", "改地点", reply_to="1")
    assert "地点 3号楼2单元" in town.texts[-1]


async def test_merging_by_a_reply(town):
    second = await town.say("李叔", DOOR)
    await town.say("孟姐", "合并到 #1", reply_to=second)
    assert [case.stage for case in await town.cases()] == [Stage.OPEN, Stage.MERGED]
    assert len(town.texts) == 2


async def test_merging_by_command_leads_replies_to_the_other_case_too(town):
    message = await town.say("李叔", DOOR)
    await town.say("孟姐", "/merge 2 1")
    await town.say("王叔", "我们也坐不了", reply_to=message)
    assert "memory:王叔" in (await town.cases())[0].followers
    await sound(town)


async def test_splitting_by_a_reply_to_the_message(town):
    joined = await town.say("李叔", "我们也坐不了")
    await town.say("孟姐", "拆开", reply_to=joined)
    first, second = await town.cases()
    assert (first.followers, second.reporter) == ((), "memory:李叔")


async def test_splitting_by_a_reply_to_the_card_opens_the_menu(town):
    await town.say("李叔", "我们也坐不了")
    await town.say("孟姐", "split", reply_to=town.chat.said[0].id)
    assert town.labels() == [["李叔: 我们也坐不了"], ["返回"]]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("合并到9", "没有这个编号"),
        ("合并到1", "不能并到自己"),
        ("拆开", "只有一条消息"),
        ("类别 飞船", "没有「飞船」"),
        ("类别 电梯", "已经是这样"),
        ("地点 3号楼2单元", "已经是这样"),
    ],
)
async def test_a_mistake_is_answered_briefly_and_changes_nothing(town, text, answer):
    before = await town.case()
    await town.say("孟姐", text, reply_to="1")
    assert answer in town.texts[-1]
    assert await town.case() == before


async def test_what_is_over_is_corrected_no_more(town):
    await town.press("孟姐", "不是报事")
    for text in ("类别 路灯", "地点 东门", "合并到1", "拆开", "不是报事"):
        await town.say("孟姐", text, reply_to="1")
    assert sum("已经结束" in text for text in town.texts) == 4
    assert (await town.case()).category == "housing.elevator"


async def test_only_a_worker_corrects_and_only_in_a_reply(town):
    before = await town.case()
    await town.say("李叔", "不是报事", reply_to="1")
    await town.say("孟姐", "不是报事")
    await town.say("孟姐", "收到，我去看看", reply_to="1")
    assert (await town.case()).stage is before.stage
    assert len(town.texts) == 1


async def test_a_worker_may_mend_a_typing_error_in_a_correction(town):
    message = await town.say("孟姐", "地点 3号搂", reply_to="1")
    await town.say("孟姐", "地点 3号楼", reply_to="1", edits=message)
    assert (await town.case()).place == "3号楼"


# --- edits ------------------------------------------------------------------------------------------------------


async def test_an_edited_report_is_read_anew(town):
    await town.say("张阿姨", "4号楼电梯又坏了", edits="1")
    case = await town.case()
    assert (case.place, case.text) == ("4号楼", "4号楼电梯又坏了")
    assert "4号楼" in town.texts[0]
    assert told(town) == ["报事人改了说法：4号楼电梯又坏了"]
    await town.say("张阿姨", "4号楼电梯又坏了", edits="1")
    assert len((await town.case()).wordings) == 1
    await town.say("李叔", "/case 1")
    assert "改过 1 次" in town.texts[-1]
    await sound(town)


async def test_what_a_worker_has_settled_no_edit_changes(town):
    await town.say("孟姐", "地点 3号楼1单元", reply_to="1")
    await town.say("孟姐", "类别 路灯", reply_to="1")
    await town.say("张阿姨", "3号楼2单元电梯困人了", edits="1")
    case = await town.case()
    assert (case.place, case.category) == ("3号楼1单元", "traffic.streetlight")
    assert case.urgency is Urgency.EMERGENCY


async def test_a_message_edited_into_a_report_is_one_once(town):
    message = await town.say("李叔", "早上好")
    assert len(await town.cases()) == 1
    await town.say("李叔", DOOR, edits=message)
    await town.say("李叔", DOOR, edits=message)
    assert [case.place for case in await town.cases()] == ["3号楼2单元", "5号楼"]


async def test_danger_that_an_edit_tells_of_is_answered_once(town):
    message = await town.say("李叔", "早上好")
    for _ in range(2):
        await town.say("李叔", "9号楼着火了快来人", edits=message)
    assert sum("119" in text for text in town.texts) == 1


# --- taking back -------------------------------------------------------------------------------------------------


async def test_the_reporter_takes_it_back_by_button_and_wants_it_after_all(town):
    assert "只有报事的人" in await town.press("李叔", "撤回")
    await town.press("张阿姨", "撤回")
    assert (await town.case()).stage is Stage.WITHDRAWN
    assert town.labels() == [["还是要办"]]
    assert "撤回的人" in await town.press("李叔", "还是要办")
    await town.press("张阿姨", "还是要办")
    case = await town.case()
    assert (case.stage, case.ticket) == (Stage.OPEN, "1")
    assert [status for _, status, _ in town.dispatch.told] == ["closed", "received"]
    await sound(town)


async def test_after_a_day_it_stays_taken_back(town):
    await town.say("张阿姨", "搞错了")
    await town.wait(timedelta(hours=25))
    assert "已经过了" in await town.press("张阿姨", "还是要办")
    assert (await town.case()).stage is Stage.WITHDRAWN
