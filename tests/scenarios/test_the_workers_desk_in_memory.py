"""Stories of the worker's desk: by thumb a case is raised, handed over, given back, looked at, and named."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions.advance import rebuild
from actions.case import Stage
from actions.levels import Level
from actions.message import Kind, Press, Role
from actions.nodes import Light
from actions.policy import Policy
from actions.reading import Intent
from bot.settings import Grid
from tests.town import Town, means, report

LIFT, LAMP = "3号楼2单元电梯又坏了", "东门口路灯不亮"
READ = {
    LIFT: report("housing.elevator", "3号楼2单元"),
    LAMP: report("traffic.streetlight", "东门口"),
    "现场看过": means(Intent.CHATTER),
    "修好了": means(Intent.RESOLVED),
    "老公又在家打人": report("disputes.family", "5号楼"),
    "5号楼水管爆了": report("utilities.water", "5号楼"),
    **{f"{n}号楼电梯停了": report("housing.elevator", f"{n}号楼") for n in range(1, 41)},
}
MENG, CHEN = "memory:孟姐", "memory:小陈"


class Desk(Town):
    """A town with two workers."""

    def __init__(self, **how: object) -> None:
        super().__init__(READ, **how)
        self.chat.staff = ((MENG, "孟姐"), (CHEN, "小陈"))

    async def taps(
        self, who: str, label: str = "", *, data: str = "", on: int | None = None, chat: str = ""
    ) -> str:
        """A press of a worker or a resident, on the newest message with the button; the toast."""
        at = self._newest(label) if on is None else on
        said = self.chat.said[at]
        buttons = {button.label: button.data for row in said.post.buttons for button in row}
        self._count += 1
        group = chat or said.post.group
        works = f"memory:{who}" in dict(self.chat.staff) and group != f"memory:{who}"
        role = Role.WORKER if works else Role.RESIDENT
        press = Press(
            group,
            f"tap{self._count}",
            f"memory:{who}",
            who,
            role,
            self.clock.now(),
            data or buttons[label],
            said.id,
        )
        await self.hear(press)
        return dict(self.chat.answers)[press.id]

    async def settle(self) -> None:
        """What is said in private is handed on to the group, where it is dealt with."""
        for _ in range(3):
            await super().settle()

    def data(self, label: str) -> str:
        """What stands behind a button now."""
        said = self.chat.said[self._newest(label)]
        return next(button.data for row in said.post.buttons for button in row if button.label == label)

    async def tells(self, who: str, text: str, **more: object) -> str:
        """Somebody writes to the bot in private."""
        me = f"memory:{who}"
        return await self.say(who, text, role=Role.RESIDENT, group=me, addressed=True, **more)


@pytest.fixture
async def town():
    town = Desk()
    await town.say("张阿姨", LIFT)
    return town


async def menu(town, *labels):
    await town.taps("孟姐", "更多…")
    toasts = [await town.taps("孟姐", label) for label in labels]
    return toasts[-1] if toasts else ""


def told(town):
    return [text for _, _, text in town.dispatch.told]


async def sound(town):
    for case in await town.cases():
        assert rebuild(await town.state.trace(case.id)) == case
    assert await town.state.dead(10) == []


# --- one level up -----------------------------------------------------------------------------------------------


async def test_a_case_is_raised_one_level_and_a_second_press_raises_it_no_further(town):
    before = (await town.case()).assignment
    await menu(town)
    old = town.data("上报一级")
    assert await town.taps("孟姐", "上报一级") == "记下了，谢谢。"
    case = await town.case()
    assert (case.assignment.level, case.raised, case.stage) == (before.level.above, 1, Stage.OPEN)
    assert len([text for text in told(town) if "上报一级" in text]) == 1
    assert "已经是这样" in await town.taps("孟姐", data=old, on=0)
    assert (await town.case()).raised == 1
    await sound(town)


async def test_above_the_city_there_is_nobody(town):
    while (await town.case()).level is not Level.CITY:
        await menu(town, "上报一级")
    await menu(town)
    assert not any("上报一级" in row for row in town.labels(0))
    case = await town.case()
    up = town.house.buttons.button(case, "…", "u", str(case.raised)).data
    assert "没有可以接的一级" in await town.taps("孟姐", data=up, on=0)
    assert await town.case() == case


async def test_what_waits_is_filed_with_the_level_above():
    town = Desk(policy=Policy(file_at_once=False))
    await town.say("张阿姨", LIFT)
    await menu(town, "上报一级")
    case = await town.case()
    assert (case.stage, case.raised) == (Stage.OPEN, 1)
    assert len(town.dispatch.filed) == 1


# --- handing over -----------------------------------------------------------------------------------------------


async def test_a_case_is_handed_over_by_name_and_once(town):
    await town.taps("孟姐", "我来处理")
    await menu(town, "转交…")
    assert town.labels(0) == [["小陈"], ["返回"]], "whoever has it is not offered"
    old = town.data("小陈")
    await town.taps("孟姐", "小陈")
    case = await town.case()
    assert (case.handler, case.handler_name, case.stage) == (CHEN, "小陈", Stage.HANDLING)
    assert "小陈" in town.texts[0]
    assert "已经是这样" in await town.taps("孟姐", data=old, on=0)
    await town.taps("小陈", "处理好了")
    assert (await town.case()).stage is Stage.RESIDENTS_KEY


async def test_a_colleague_takes_over_what_somebody_else_handles(town):
    await town.taps("孟姐", "我来处理")
    await town.taps("小陈", "更多…")
    await town.taps("小陈", "转交…")
    await town.taps("小陈", "小陈")
    assert (await town.case()).handler == CHEN


async def test_nobody_is_handed_what_dispatch_has_and_nobody_who_is_gone_gets_it(town):
    await menu(town)
    assert not any("转交…" in row for row in town.labels(0))
    await town.taps("孟姐", "返回")
    await town.taps("孟姐", "我来处理")
    await menu(town, "转交…")
    town.chat.staff = ((MENG, "孟姐"),)
    assert "已经过了" in await town.taps("孟姐", "小陈")
    assert (await town.case()).handler == MENG


# --- giving back ------------------------------------------------------------------------------------------------


async def test_whoever_took_it_on_gives_it_back_with_a_reason(town):
    await town.taps("孟姐", "我来处理")
    assert await menu(town, "退回…", "网格里办不了") == "记下了，谢谢。"
    case = await town.case()
    assert (case.stage, case.handler) == (Stage.OPEN, "")
    assert told(town)[-1] == "网格员再次派单，请处理。网格里办不了"
    await sound(town)


async def test_what_dispatch_never_had_waits_again_and_the_card_says_why():
    town = Desk(policy=Policy(file_at_once=False))
    await town.say("张阿姨", LIFT)
    await town.taps("孟姐", "我来处理")
    await menu(town, "退回…")
    old = town.data("不在本网格")
    await town.taps("孟姐", "不在本网格")
    assert (await town.case()).stage is Stage.WAITING_WORKER
    assert "网格员退回：不在本网格" in town.texts[0]
    assert "已经过了" in await town.taps("孟姐", data=old, on=0)
    await town.taps("小陈", "派单")
    assert (await town.case()).stage is Stage.OPEN


async def test_only_whoever_handles_it_gives_it_back(town):
    await town.taps("孟姐", "我来处理")
    await menu(town, "退回…")
    assert "谁在处理由谁退回" in await town.taps("小陈", "其他")
    assert (await town.case()).handler == MENG


# --- the matter -------------------------------------------------------------------------------------------------


async def test_the_matter_is_chosen_from_three_or_from_all_of_the_category(town):
    await menu(town, "选事项")
    assert len(town.labels(0)) == 4
    assert town.labels(0)[-1] == ["全部事项…", "返回"]
    await town.taps("孟姐", "全部事项…")
    matters = town.house.matters.in_force()
    case = await town.case()
    other = next(
        button
        for row in town.chat.said[0].post.buttons[:-1]
        for button in row
        if not button.label.startswith("✓")
    )
    assert await town.taps("孟姐", data=other.data, on=0) == "记下了，谢谢。"
    after = await town.case()
    chosen = matters.get(after.assignment.matter)
    assert chosen.code != case.assignment.matter
    assert (chosen.category, after.matters, "matter" in after.corrected) == (case.category, (), True)
    assert after.assignment.list_version == matters.version
    assert chosen.name_zh in told(town)[-1]
    assert "已经是这样" in await town.taps("孟姐", data=other.data, on=0)
    await sound(town)


# --- on the spot ------------------------------------------------------------------------------------------------


async def test_a_picture_in_reply_to_the_card_is_evidence(town):
    card = town.chat.said[0].id
    await town.say("孟姐", "现场看过", kind=Kind.PHOTO, reply_to=card)
    case = await town.case()
    assert (case.inspected_by, len(case.attachments), case.stage) == (MENG, 1, Stage.OPEN)
    (looked,) = (fact for fact in await town.state.trace(case.id) if isinstance(fact, f.Inspected))
    assert looked.text == "现场看过"
    assert "已到现场核实" in told(town)[-1]
    assert len(town.texts) == 1, "the card alone answers"
    await sound(town)


async def test_a_picture_that_says_fixed_in_reply_to_the_question_turns_the_key_too(town):
    await town.dispatch_says("fixed")
    question = (await town.case()).post("worker_key")
    await town.say("孟姐", "修好了", kind=Kind.PHOTO, reply_to=question)
    case = await town.case()
    assert (case.inspected_by, case.worker_key, case.stage) == (MENG, MENG, Stage.RESIDENTS_KEY)


async def test_after_the_button_a_picture_without_a_reply_counts_for_ten_minutes(town):
    assert "请拍张照片" in await menu(town, "现场核实")
    assert town.labels(0)[0] == ["我也是", "撤回"], "the card is back"
    await town.say("小陈", "", kind=Kind.PHOTO)
    assert not (await town.case()).inspected_by, "it was not he who asked"
    await town.wait(timedelta(minutes=9))
    await town.say("孟姐", "", kind=Kind.PHOTO)
    assert (await town.case()).inspected_by == MENG
    await sound(town)


async def test_later_it_counts_no_more(town):
    await menu(town, "现场核实")
    await town.wait(timedelta(minutes=11))
    await town.say("孟姐", "", kind=Kind.PHOTO)
    assert not (await town.case()).inspected_by


async def test_of_two_visits_the_picture_has_to_say_which(town):
    await town.say("李叔", LAMP)
    await menu(town, "现场核实")
    await town.taps("孟姐", "更多…", on=0)
    await town.taps("孟姐", "现场核实", on=0)
    await town.say("孟姐", "", kind=Kind.PHOTO)
    assert not any(case.inspected_by for case in await town.cases())
    await town.say("孟姐", "", kind=Kind.PHOTO, reply_to=town.chat.said[1].id)
    assert [case.inspected_by for case in await town.cases()] == ["", MENG]


async def test_a_new_problem_with_a_picture_stays_one(town):
    await menu(town, "现场核实")
    await town.say("孟姐", "5号楼水管爆了", kind=Kind.PHOTO)
    first, second = await town.cases()
    assert (first.inspected_by, second.category) == ("", "utilities.water")


async def test_a_residents_picture_is_no_inspection(town):
    await town.say("李叔", "", kind=Kind.PHOTO, reply_to=town.chat.said[0].id)
    case = await town.case()
    assert (case.inspected_by, len(case.attachments)) == ("", 1)


# --- the wrong person, the wrong time ---------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["上报一级", "现场核实", "选事项", "转交…", "退回…"])
async def test_residents_are_refused_politely_and_nothing_changes(town, label):
    if label in ("转交…", "退回…"):
        await town.taps("孟姐", "我来处理")
    await menu(town)
    before = await town.case()
    assert "网格员" in await town.taps("李叔", label)
    assert await town.case() == before


@pytest.mark.parametrize(
    "labels", [("上报一级",), ("现场核实",), ("选事项",), ("转交…", "小陈"), ("退回…", "其他")]
)
async def test_a_button_of_what_is_over_is_stale(town, labels):
    if len(labels) > 1:
        await town.taps("孟姐", "我来处理")
    await menu(town, *labels[:-1])
    old = town.data(labels[-1])
    await town.say("孟姐", "/withdraw 1")
    before = await town.case()
    assert "已经过了" in await town.taps("孟姐", data=old, on=0)
    assert await town.case() == before


async def test_words_that_stand_on_a_button_open_its_page(town):
    await town.taps("孟姐", "我来处理")
    for words, first in (("更多", "改类别"), ("转交", "小陈"), ("退回", "网格里办不了")):
        await town.say("孟姐", words, reply_to=town.chat.said[0].id)
        assert town.labels(0)[0][0] == first


# --- the worker's time ------------------------------------------------------------------------------------------


async def test_the_workers_hour_has_one_reminder_at_half_of_it():
    town = Desk(policy=Policy(file_at_once=False))
    await town.say("张阿姨", LIFT)
    await town.wait(timedelta(minutes=29))
    assert (await town.case()).reminders == 0
    await town.wait(timedelta(minutes=2))
    assert ((await town.case()).reminders, (await town.case()).stage) == (1, Stage.WAITING_WORKER)
    await town.wait(timedelta(minutes=30))
    assert (await town.case()).stage is Stage.OPEN


# --- lists ------------------------------------------------------------------------------------------------------


async def many(town, count):
    for n in range(1, count + 1):
        await town.say("李叔", f"{n}号楼电梯停了")


async def test_the_list_has_ten_a_page_and_turns_in_its_place():
    town = Desk()
    await many(town, 23)
    await town.say("王", "/cases")
    said = len(town.texts)
    page = town.texts[-1].splitlines()
    assert page[0] == "没办完的：23 件 · 第 1 页，共 3 页"
    assert len(page) == 11
    assert page[1].startswith("🟢 #1 ")
    assert town.labels() == [[f"#{n}" for n in range(1, 6)], [f"#{n}" for n in range(6, 11)], ["下一页"]]
    assert await town.taps("王", "下一页") == ""
    assert "#11 " in town.texts[-1]
    assert town.labels()[-1] == ["上一页", "下一页"]
    await town.taps("王", "下一页")
    assert town.labels() == [["#21", "#22", "#23"], ["上一页"]]
    assert len(town.texts) == said
    assert all(len(b.data.encode()) <= 64 for row in town.chat.said[-1].post.buttons for b in row)


async def test_what_is_late_comes_first():
    town = Desk()
    await many(town, 3)
    case = (await town.cases())[2]
    red = tuple(replace(clock, light=Light.RED) for clock in case.clocks)
    town.state._cases[case.id] = replace(case, clocks=red)
    await town.say("孟姐", "/cases")
    assert [line[:4] for line in town.texts[-1].splitlines()[1:]] == ["🔴 #3", "🟢 #1", "🟢 #2"]


async def test_a_page_that_is_gone_shows_the_last_one_and_an_empty_list_says_so():
    town = Desk()
    await many(town, 11)
    await town.say("孟姐", "/cases")
    for n in range(1, 11):
        await town.say("孟姐", f"/withdraw {n}")
    at = town._newest("下一页")
    await town.taps("孟姐", "下一页", on=at)
    assert town.texts[at].startswith("没办完的：1 件\n")
    await town.say("孟姐", "/withdraw 11")
    await town.say("孟姐", "/cases")
    assert "没有" in town.texts[-1]


async def test_a_number_opens_its_case_in_answer_to_the_card():
    town = Desk()
    await many(town, 2)
    await town.say("王", "/cases")
    await town.taps("王", "#2")
    card = (await town.cases())[1].post("card")
    assert town.chat.said[-1].post.reply_to == card
    assert "2号楼电梯停了" in town.texts[-1]


async def test_mine_is_what_i_handle_what_waits_for_me_and_what_i_reported():
    town = Desk()
    await many(town, 3)
    await town.taps("孟姐", "我来处理", on=1)
    await town.say("孟姐", "/mine")
    assert [line[2:4] for line in town.texts[-1].splitlines()[1:]] == ["#2"]
    await town.dispatch_says("fixed", ticket="3")
    await town.say("小陈", "/mine", role=Role.WORKER)
    assert [line[2:4] for line in town.texts[-1].splitlines()[1:]] == ["#3"]
    await town.say("李叔", "/mine")
    assert town.texts[-1].startswith("跟您有关的：3 件")
    await town.say("王", "/mine")
    assert "没有跟您有关" in town.texts[-1]


async def test_somebody_elses_list_turns_for_nobody_else():
    town = Desk()
    await many(town, 12)
    await town.say("李叔", "/mine")
    assert "别人的清单" in await town.taps("王", "下一页")
    assert "第 1 页" in town.texts[-1]
    assert await town.taps("李叔", "下一页") == ""
    assert "第 2 页" in town.texts[-1]


async def test_a_forged_or_foreign_button_of_a_list_is_stale():
    town = Desk()
    await many(town, 12)
    await town.say("王", "/cases")
    make = town.house.buttons.of_list
    group = town.chat.said[-1].post.group
    for data in (
        make("memory:other", "…", "l", "c1").data,
        make(group, "…", "l", "x1").data,
        make(group, "…", "l", "c").data,
        make(group, "…", "o", "00000000").data,
    ):
        assert "已经过了" in await town.taps("王", data=data, on=len(town.chat.said) - 1)


async def test_today_counts_what_was_reported_done_and_is_open():
    town = Desk()
    await many(town, 2)
    await town.wait(timedelta(days=1))
    await town.say("张阿姨", LAMP)
    await town.dispatch_says("fixed", ticket="1")
    await town.taps("孟姐", "确认修好")
    await town.taps("李叔", "解决了")
    await town.say("王", "/today")
    assert town.texts[-1] == "今天新报 1 件，办结 1 件；还有 2 件在办"
    await town.wait(timedelta(days=1))
    await town.taps("李叔", "5")
    await town.say("王", "/today")
    assert town.texts[-1].startswith("今天新报 0 件，办结 0 件"), "a mark given later closes nothing"


# --- several grids ----------------------------------------------------------------------------------------------

EAST, WEST, NORTH = "memory:east", "memory:west", "memory:north"
GRIDS = (
    Grid(id="g1", name="春风里", groups=(EAST,), workers=({"id": MENG, "name": "孟姐"},)),
    Grid(id="g2", name="秋月里", groups=(WEST,), workers=({"id": MENG, "name": "孟姐"},)),
    Grid(id="g3", name="北苑", groups=(NORTH,), workers=({"id": CHEN, "name": "小陈"},)),
)


async def district():
    town = Desk(grids=GRIDS)
    for group, title, text in (
        (EAST, "东门群", LIFT),
        (WEST, "西门群", LAMP),
        (NORTH, "北苑群", "7号楼电梯停了"),
    ):
        await town.say("张阿姨", text, group=group, group_title=title)
    return town


async def test_in_private_the_lists_are_of_all_my_grids_and_name_the_group():
    town = await district()
    await town.tells("孟姐", "/cases")
    lines = town.texts[-1].splitlines()
    assert lines[0] == "没办完的：2 件"
    assert [line.rpartition(" · ")[2] for line in lines[1:]] == ["东门群", "西门群"]
    assert town.labels() == [["东门群 #1", "西门群 #1"]]
    await town.tells("孟姐", "/today")
    assert town.texts[-1].splitlines() == [
        "东门群: 今天新报 1 件，办结 0 件；还有 1 件在办",
        "西门群: 今天新报 1 件，办结 0 件；还有 1 件在办",
    ]
    await town.tells("小陈", "/cases")
    assert "北苑群" in town.texts[-1]


async def test_a_case_opened_in_private_is_worked_on_there():
    town = await district()
    await town.tells("孟姐", "/cases")
    await town.taps("孟姐", "西门群 #1")
    assert LAMP in town.texts[-1]
    assert "我来处理" in town.labels()[0]
    await town.taps("孟姐", "我来处理", on=len(town.chat.said) - 1)
    (case,) = await town.state.cases(WEST)
    assert (case.stage, case.handler) == (Stage.HANDLING, MENG)
    opened = town.chat.said[-1].id
    await town.tells("孟姐", "地点 西门外", reply_to=opened)
    await town.tells("孟姐", "", reply_to=opened, kind=Kind.PHOTO)
    (case,) = await town.state.cases(WEST)
    assert (case.place, case.inspected_by) == ("西门外", MENG)
    assert await town.state.dead(10) == []


async def test_a_resident_has_their_own_in_private_and_nobody_elses():
    town = await district()
    await town.tells("张阿姨", "/mine")
    assert town.texts[-1].startswith("跟您有关的：3 件")
    await town.taps("张阿姨", "东门群 #1")
    assert town.labels() == []
    await town.tells("张阿姨", "/cases")
    assert "没有" in town.texts[-1]
    await town.tells("李叔", "/mine")
    assert "没有跟您有关" in town.texts[-1]


async def test_whoever_administers_a_group_that_names_no_workers_is_known_from_what_they_did():
    town = Desk()
    await town.say("张阿姨", LIFT, group=EAST, group_title="东门群")
    await town.tells("孟姐", "/cases")
    assert "没有" in town.texts[-1]
    await town.taps("孟姐", "我来处理")
    await town.tells("孟姐", "/cases")
    assert "东门群" in town.texts[-1]


async def test_a_confidential_case_stands_in_no_list():
    town = Desk()
    await town.say("王姐", "老公又在家打人")
    await town.say("张阿姨", LAMP)
    for text in ("/cases", "/mine", "/today"):
        await town.say("孟姐", text)
        assert "#1" not in town.texts[-1]
    assert "还有 1 件" in town.texts[-1]
