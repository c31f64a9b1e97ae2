"""Stories of where workers work: in a group of their own, each in their own chat, or under the card as ever."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions.advance import rebuild
from actions.case import Stage
from actions.linking import Choice
from actions.message import Joined, Kind, Press, Reacted, Role
from actions.policy import Desk, Policy
from actions.post import Post
from actions.reading import Intent, Urgency
from bot.settings import Grid
from tests.contracts.states import on_redis
from tests.real_redis import real_redis
from tests.scenarios.test_unsure_in_memory import Doubting
from tests.telegram_town import telegram_town
from tests.town import GROUP, Town, means, report

LIFT, LAMP, HIT = "3号楼2单元电梯又坏了", "东门口路灯不亮", "老公又在家打人"
READ = {
    LIFT: report("housing.elevator", "3号楼2单元"),
    LAMP: report("traffic.streetlight", "东门口"),
    HIT: report("disputes.family", "5号楼"),
    "下午去看看": means(Intent.DETAIL),
    "修好了": means(Intent.RESOLVED),
    "已经好了": means(Intent.RESOLVED),
    "我家也是": means(Intent.SECOND),
    "5号楼着火了，救命": report("safety.fire", "5号楼", urgency=Urgency.EMERGENCY),
}
STAFF, OTHER = "memory:staff", "memory:other"
MENG, CHEN, ZHAO, ZHANG = "memory:孟姐", "memory:小陈", "memory:老赵", "memory:张阿姨"
NAMED = ({"id": MENG, "name": "孟姐"}, {"id": CHEN, "name": "小陈"})
NOTED = "记下了，谢谢。"


class Bench(Town):
    """A town whose workers, 孟姐 and 小陈, work as `desk` says; 老赵 is in the staff group too."""

    def __init__(self, desk: Desk, *, others: tuple[str, ...] = (), **how: object) -> None:
        grids = [Grid(id="g1", name="春风里", groups=(GROUP,), workers=NAMED, staff=STAFF)]
        if others:
            grids.append(Grid(id="g2", name="望江", groups=others, workers=NAMED, staff=STAFF))
        policy = replace(how.pop("policy", None) or Policy(), desk=desk)
        super().__init__(READ, grids=tuple(grids), policy=policy, **how)
        self.chat.staff = ((MENG, "孟姐"), (CHEN, "小陈"))

    async def settle(self) -> None:
        """What is said beside the group is handed on to it, where it is dealt with."""
        for _ in range(3):
            await super().settle()

    def shown(self, chat: str) -> list[tuple[str, Post]]:
        """The bot's messages in a chat, as they stand, with their ids."""
        posts = [(said.id, said.post) for said in self.chat.said if said.post.group == chat]
        return posts + [(at, post) for at, post in self.chat.asides.items() if post.group == chat]

    def seen(self, chat: str) -> list[str]:
        """Their words."""
        return [post.text for _, post in self.shown(chat)]

    def buttons(self, chat: str, on: int = -1) -> list[str]:
        """The labels under one of them."""
        return [button.label for row in self.shown(chat)[on][1].buttons for button in row]

    def find(self, chat: str, label: str) -> tuple[str, str]:
        """The newest message with this button, and what stands behind it."""
        return next(
            (at, button.data)
            for at, post in reversed(self.shown(chat))
            for row in post.buttons
            for button in row
            if button.label == label
        )

    async def taps(self, who: str, chat: str, label: str = "", *, data: str = "", on: str = "") -> str:
        """A press in a chat; the toast."""
        at, found = self.find(chat, label) if label else (on, data)
        self._count += 1
        role = Role.WORKER if f"memory:{who}" in dict(self.chat.staff) and chat == GROUP else Role.RESIDENT
        now = self.clock.now()
        press = Press(chat, f"tap{self._count}", f"memory:{who}", who, role, now, data or found, on or at)
        await self.hear(press)
        return dict(self.chat.answers)[press.id]

    async def writes(self, who: str, chat: str, text: str, **more: object) -> str:
        """A message in a chat beside the group."""
        return await self.say(who, text, role=Role.RESIDENT, group=chat, **more)

    def card(self, chat: str, words: str = "") -> str:
        """The id of the first message there, with these words."""
        return next(at for at, post in self.shown(chat) if words in post.text)

    async def sound(self) -> None:
        """Nothing was lost, and every trace leads to its case."""
        for case in [*await self.cases(), *await self.state.cases(OTHER)]:
            assert rebuild(await self.state.trace(case.id)) == case
        assert await self.state.dead(10) == []


@pytest.fixture
async def town():
    town = Bench(Desk.STAFF)
    await town.say("张阿姨", LIFT, group_title="春风里群")
    return town


# --- the staff group --------------------------------------------------------------------------------------------


async def test_the_loop_closes_with_the_worker_in_the_staff_group(town):
    assert town.buttons(GROUP) == ["我也是", "撤回"]
    assert town.buttons(STAFF) == ["我来处理", "不是报事", "更多…"]
    (card,) = town.seen(STAFF)
    assert all(words in card for words in ("#1 电梯", "张阿姨: " + LIFT, "春风里群"))
    await town.dispatch_says("fixed", "换了曳引机")
    assert (await town.case()).stage is Stage.WORKER_KEY
    assert len(town.seen(GROUP)) == 1, "the question is none of the residents' business"
    question = town.shown(STAFF)[-1]
    assert "换了曳引机" in question[1].text
    assert question[1].mentions == ((MENG, "孟姐"), (CHEN, "小陈"))
    assert await town.taps("孟姐", STAFF, "确认修好") == NOTED
    assert town.shown(STAFF)[-1][1].text.endswith("孟姐: 确认修好 ✔")
    assert await town.taps("李叔", GROUP, "解决了") == NOTED
    case = await town.case()
    assert (case.stage, case.worker_key, case.residents_key) == (Stage.CLOSED, MENG, "memory:李叔")
    assert "办结" in town.seen(STAFF)[0]
    assert not any(label in town.buttons(STAFF, 0) for label in ("我来处理", "没解决"))
    await town.sound()


async def test_everybody_in_the_staff_group_works_and_the_second_key_is_not_theirs(town):
    await town.dispatch_says("fixed")
    assert await town.taps("老赵", STAFF, "确认修好") == NOTED
    assert (await town.case()).worker_key == ZHAO
    assert "居民" in await town.taps("老赵", GROUP, "解决了")
    await town.say("老赵", "已经好了", reply_to=town.shown(GROUP)[-1][0])
    assert (await town.case()).stage is Stage.RESIDENTS_KEY
    await town.taps("张阿姨", GROUP, "解决了")
    assert (await town.case()).stage is Stage.CLOSED
    await town.sound()


async def test_a_menu_is_shown_under_the_card_in_the_staff_group_and_shuts_by_itself(town):
    assert await town.taps("孟姐", STAFF, "更多…") == "请在卡片下面选。"
    assert {"改类别", "选事项", "现场核实", "上报一级"} <= set(town.buttons(STAFF))
    assert town.buttons(GROUP) == ["我也是", "撤回"]
    await town.taps("孟姐", STAFF, "改类别")
    assert town.buttons(STAFF)[-1] == "返回"
    await town.wait(timedelta(minutes=4))
    assert town.buttons(STAFF) == ["我来处理", "不是报事", "更多…"]
    await town.taps("孟姐", STAFF, "更多…")
    await town.taps("孟姐", STAFF, "改类别")
    assert await town.taps("孟姐", STAFF, town.buttons(STAFF)[0]) == NOTED
    case = await town.case()
    assert (case.category, case.corrected) != ("housing.elevator", ())
    assert len(town.seen(STAFF)) == 1
    assert "更多…" in town.buttons(STAFF)
    await town.sound()


async def test_a_case_is_handed_over_in_the_staff_group():
    town = Bench(Desk.STAFF)
    await town.say("张阿姨", LIFT, group_title="春风里群")
    await town.taps("孟姐", STAFF, "我来处理")
    await town.taps("孟姐", STAFF, "更多…")
    await town.taps("孟姐", STAFF, "转交…")
    assert town.buttons(STAFF) == ["小陈", "返回"]
    old = town.find(STAFF, "小陈")[1]
    assert await town.taps("孟姐", STAFF, "小陈") == NOTED
    case = await town.case()
    assert (case.handler, case.stage) == (CHEN, Stage.HANDLING)
    assert any("转给您" in text for text in town.seen(CHEN))
    assert "小陈" in town.seen(STAFF)[0]
    assert "小陈" in town.seen(GROUP)[0]
    assert "已经是这样" in await town.taps("孟姐", STAFF, data=old, on=town.card(STAFF))
    await town.taps("小陈", STAFF, "处理好了")
    assert (await town.case()).stage is Stage.RESIDENTS_KEY
    await town.sound()


async def test_a_colleague_who_cannot_be_told_alone_is_called_in_the_staff_group():
    town = Bench(Desk.STAFF)
    town.chat.strangers = {CHEN}
    await town.say("张阿姨", LIFT)
    for label in ("我来处理", "更多…", "转交…", "小陈"):
        await town.taps("孟姐", STAFF, label)
    called = town.shown(STAFF)[-1][1]
    assert (called.mentions, called.reply_to) == (((CHEN, "小陈"),), town.card(STAFF))
    assert "转给您" in called.text
    await town.wait(timedelta(hours=25))
    assert town.shown(STAFF)[-1][1].mentions == ((CHEN, "小陈"),), "and nobody else is reminded"


async def test_replies_in_the_staff_group_correct_show_evidence_and_open_menus(town):
    card = town.card(STAFF)
    await town.writes("孟姐", STAFF, "地点 3号楼3单元", reply_to=card)
    await town.writes("老赵", STAFF, "类别 路灯", reply_to=card)
    case = await town.case()
    assert (case.place, case.category) == ("3号楼3单元", "traffic.streetlight")
    await town.writes("孟姐", STAFF, "", reply_to=card, kind=Kind.PHOTO)
    case = await town.case()
    assert (case.inspected_by, len(case.attachments)) == (MENG, 1)
    assert "http://here/evidence/" in town.seen(STAFF)[0]
    assert "http" not in town.seen(GROUP)[0]
    await town.writes("孟姐", STAFF, "更多", reply_to=card)
    assert "改类别" in town.buttons(STAFF)
    assert len(town.seen(STAFF)) == 1
    await town.writes("孟姐", STAFF, "类别 没有这种", reply_to=card)
    assert "没有这种" in town.seen(STAFF)[-1]
    await town.sound()


async def test_a_picture_after_the_button_needs_no_reply_in_the_staff_group(town):
    await town.taps("小陈", STAFF, "更多…")
    assert "请拍张照片" in await town.taps("小陈", STAFF, "现场核实")
    assert "更多…" in town.buttons(STAFF)
    await town.writes("老赵", STAFF, "", kind=Kind.PHOTO)
    assert not (await town.case()).inspected_by, "it was not he who asked"
    await town.writes("小陈", STAFF, "", kind=Kind.PHOTO)
    assert (await town.case()).inspected_by == CHEN


async def test_a_reply_that_says_fixed_turns_the_key_and_takes_the_buttons_from_the_question(town):
    await town.dispatch_says("fixed")
    at, question = town.shown(STAFF)[-1]
    assert question.buttons
    await town.writes("小陈", STAFF, "修好了", reply_to=at, kind=Kind.PHOTO)
    case = await town.case()
    assert (case.worker_key, case.inspected_by, case.stage) == (CHEN, CHEN, Stage.RESIDENTS_KEY)
    assert town.shown(STAFF)[-1][1].buttons == ()
    await town.sound()


async def test_what_is_said_in_the_staff_group_is_no_report_and_no_part_of_a_case(town):
    before = await town.case()
    await town.writes("孟姐", STAFF, LAMP)
    await town.writes("孟姐", STAFF, "5号楼着火了，救命")
    await town.writes("孟姐", STAFF, "下午去看看", reply_to=town.card(STAFF))
    await town.writes("孟姐", STAFF, "大家早上好", addressed=True)
    assert await town.state.cases(STAFF) == []
    assert await town.case() == before
    assert len(town.seen(STAFF)) == 1
    assert not any("下午" in text for _, _, text in town.dispatch.told)


async def test_the_staff_group_is_greeted_as_what_it_is(town):
    await town.hear(Joined(STAFF, "网格员", town.clock.now(), hears_all=False))
    assert "网格员自己的群" in town.seen(STAFF)[-1]
    await town.writes("孟姐", STAFF, "/help")
    assert "网格员自己的群" in town.seen(STAFF)[-1]
    for command in ("/bind g1", "/withdraw 1", "/merge 1 2", "/home 3-2-501"):
        await town.writes("孟姐", STAFF, command)
        assert "请点卡片下面的按钮" in town.seen(STAFF)[-1]
    assert (await town.case()).stage is Stage.OPEN


async def test_reminders_and_what_comes_back_go_to_the_staff_group(town):
    await town.dispatch_says("returned", "not_ours 归市政")
    assert len(town.seen(GROUP)) == 1
    assert "退回" in town.seen(STAFF)[-1]
    assert town.shown(STAFF)[-1][1].reply_to == town.card(STAFF)
    await town.taps("孟姐", STAFF, "派单")
    await town.dispatch_says("fixed")
    said = len(town.seen(STAFF))
    await town.wait(timedelta(hours=5))
    assert len(town.seen(STAFF)) == said + 1
    assert len(town.seen(GROUP)) == 1
    assert await town.taps("孟姐", STAFF, "确认修好") == NOTED
    assert not any("确认修好" in town.buttons(STAFF, n) for n in range(len(town.seen(STAFF))))


async def test_at_night_nobody_is_reminded_in_the_staff_group():
    town = Bench(Desk.STAFF, policy=Policy(file_at_once=False))
    await town.wait(timedelta(hours=12))
    await town.say("张阿姨", LIFT)
    await town.wait(timedelta(minutes=50))
    assert ((await town.case()).reminders, len(town.seen(STAFF))) == (1, 1)
    assert town.shown(STAFF)[0][1].silent
    await town.wait(timedelta(hours=24))
    assert len(town.seen(STAFF)) == 1, "by the morning it was sent to dispatch"


async def test_a_button_in_another_hand_or_another_chat_is_nothing(town):
    at, data = town.find(STAFF, "我来处理")
    before = await town.case()
    assert "看最新" in await town.taps("张阿姨", GROUP, data=data, on=at)
    assert "看最新" in await town.taps("张阿姨", ZHANG, data=data, on=at)
    assert "看最新" in await town.taps("孟姐", MENG, data=data, on=at)
    assert "看最新" in await town.taps("张阿姨", STAFF, data=town.find(GROUP, "撤回")[1], on=at)
    assert await town.case() == before
    await town.hear(Reacted(STAFF, "r1", ZHAO, "老赵", town.clock.now(), at, ("👍",)))
    assert await town.case() == before, "a thumb up among colleagues is no resident's"


async def test_two_grids_share_a_staff_group_and_their_cases_keep_apart():
    town = Bench(Desk.STAFF, others=(OTHER,))
    await town.say("张阿姨", LIFT, group_title="春风里群")
    await town.say("李叔", LAMP, group=OTHER, group_title="望江群")
    assert [("春风里群" in text, "望江群" in text) for text in town.seen(STAFF)] == [
        (True, False),
        (False, True),
    ]
    second = town.shown(STAFF)[1]
    await town.taps("孟姐", STAFF, data=second[1].buttons[0][0].data, on=second[0])
    (other,) = await town.state.cases(OTHER)
    assert (other.stage, (await town.case()).stage) == (Stage.HANDLING, Stage.OPEN)
    await town.writes("孟姐", STAFF, "地点 西门口", reply_to=second[0])
    assert ((await town.state.cases(OTHER))[0].place, (await town.case()).place) == ("西门口", "3号楼2单元")
    await town.writes("小陈", STAFF, "/cases")
    listed = town.seen(STAFF)[-1]
    assert listed.startswith("没办完的：2 件")
    assert "春风里群" in listed
    assert "望江群" in listed
    await town.writes("小陈", STAFF, "/case 1")
    assert town.seen(STAFF)[-1].count("#1") == 2
    assert len(town.buttons(STAFF)) == 2
    await town.taps("小陈", STAFF, town.buttons(STAFF)[1])
    assert LAMP in town.seen(STAFF)[-1]
    assert await town.taps("小陈", STAFF, "处理好了") == NOTED
    assert (await town.state.cases(OTHER))[0].stage is Stage.RESIDENTS_KEY
    await town.writes("老赵", STAFF, "/today")
    assert len(town.seen(STAFF)[-1].splitlines()) == 2
    await town.writes("老赵", STAFF, "/report")
    assert "网格" in town.seen(STAFF)[-1]
    await town.sound()


async def test_what_nobody_is_sure_of_is_listed_in_the_staff_group():
    town = Bench(Desk.STAFF, linker=Doubting(Choice(), Intent.REPORT), others=(OTHER,))
    await town.say("张阿姨", LIFT)
    await town.say("李叔", LAMP, group=OTHER)
    assert town.seen(STAFF) == []
    await town.say("孟姐", "/unsure")
    assert LIFT not in town.seen(GROUP)[-1]
    (doubts,) = town.seen(STAFF)
    assert LIFT in doubts
    assert LAMP in doubts
    at = town.shown(STAFF)[0][0]
    assert town.buttons(STAFF) == ["1 ✓", "1 ✗", "2 ✓", "2 ✗"]
    one = next(n for n in (1, 2) if LIFT in doubts.split(f"\n{3 - n}. ")[0].split(f"{n}. ")[-1])
    sends, drops = f"{one} ✓", f"{3 - one} ✗"
    assert await town.taps("老赵", STAFF, sends) == NOTED
    assert await town.taps("老赵", STAFF, drops) == NOTED
    assert (await town.case()).stage is Stage.OPEN
    assert (await town.state.cases(OTHER))[0].stage is Stage.NOT_A_PROBLEM
    old = next(b.data for row in town.shown(STAFF)[0][1].buttons for b in row if b.label == drops)
    assert "看最新" in await town.taps("老赵", STAFF, data=old, on=at)
    await town.writes("老赵", STAFF, "/unsure")
    assert "没有" in town.seen(STAFF)[-1]
    await town.sound()


async def test_words_of_a_worker_in_the_residents_group_open_the_menu_in_the_staff_group(town):
    await town.say("孟姐", "更多", reply_to=town.card(GROUP))
    assert "改类别" in town.buttons(STAFF)
    assert town.buttons(GROUP) == ["我也是", "撤回"]


async def test_a_confidential_case_is_for_the_workers_own_chats_and_never_for_the_staff_group():
    town = Bench(Desk.STAFF)
    await town.say("王姐", HIT)
    assert town.seen(STAFF) == []
    assert HIT in town.seen(MENG)[0]
    assert "更多…" in town.buttons(MENG)
    await town.taps("孟姐", MENG, "更多…")
    assert {"改类别", "选事项", "上报一级", "现场核实"} <= set(town.buttons(MENG))
    await town.taps("孟姐", MENG, "上报一级")
    assert (await town.case()).raised == 1
    await town.taps("孟姐", MENG, "我来处理")
    await town.taps("孟姐", MENG, "更多…")
    await town.taps("孟姐", MENG, "转交…")
    await town.taps("孟姐", MENG, "小陈")
    assert (await town.case()).handler == CHEN
    for command in ("/cases", "/unsure", "/case 1", "/mine"):
        await town.writes("孟姐", STAFF, command)
        assert "#1" not in town.seen(STAFF)[-1]
    await town.sound()


async def test_where_no_worker_can_be_reached_a_confidential_case_stays_out_of_the_staff_group():
    town = Bench(Desk.STAFF)
    town.chat.strangers = {MENG, CHEN}
    await town.say("王姐", HIT)
    case = await town.case()
    assert (town.seen(STAFF), case.unreached, case.stage) == ([], (MENG, CHEN), Stage.OPEN)
    assert not any("#1" in text for text in town.seen(GROUP))


async def test_a_case_that_becomes_confidential_is_taken_out_of_the_staff_group(town):
    await town.dispatch_says("fixed")
    card = town.card(STAFF)
    await town.writes("孟姐", STAFF, "类别 家庭纠纷", reply_to=card)
    assert (await town.case()).private
    assert not any(words in text for text in town.seen(STAFF) for words in (LIFT, "3号楼", "#1"))
    assert not any(post.buttons for _, post in town.shown(STAFF))
    assert LIFT in town.seen(MENG)[0]
    before = await town.case()
    await town.writes("老赵", STAFF, "不是报事", reply_to=card)
    assert await town.case() == before
    await town.sound()


async def test_a_staff_group_that_cannot_be_reached_leaves_the_buttons_in_the_group():
    town = Bench(Desk.STAFF)
    town.chat.closed = {STAFF}
    await town.say("张阿姨", LIFT)
    assert (await town.case()).unreached == (STAFF,)
    assert "我来处理" in town.buttons(GROUP)
    town.chat.closed = set()
    await town.taps("孟姐", GROUP, "我来处理")
    assert (await town.case()).unreached == ()
    assert "处理好了" in town.buttons(STAFF)
    assert town.buttons(GROUP) == ["我也是", "撤回"]
    await town.sound()


async def test_an_emergency_calls_the_workers_in_both_groups():
    town = Bench(Desk.STAFF)
    await town.say("张阿姨", "5号楼着火了，救命")
    assert town.shown(STAFF)[0][1].mentions
    assert town.shown(GROUP)[0][1].mentions
    assert "我来处理" not in town.buttons(GROUP)


# --- each in their own chat ------------------------------------------------------------------------------------


async def test_in_private_each_worker_has_the_card_and_one_of_them_turns_the_key():
    town = Bench(Desk.PRIVATE)
    await town.say("张阿姨", LIFT, group_title="春风里群")
    for chat in (MENG, CHEN):
        assert LIFT in town.seen(chat)[0]
        assert town.buttons(chat) == ["我来处理", "不是报事", "更多…"]
    assert town.buttons(GROUP) == ["我也是", "撤回"]
    await town.dispatch_says("fixed")
    assert len(town.seen(GROUP)) == 1
    assert await town.taps("小陈", CHEN, "确认修好") == NOTED
    assert "小陈: 确认修好" in town.seen(MENG)[-1]
    await town.taps("张阿姨", GROUP, "解决了")
    assert (await town.case()).stage is Stage.CLOSED
    assert town.seen(STAFF) == []
    await town.sound()


async def test_in_private_whoever_handles_it_is_reminded_and_nobody_else():
    town = Bench(Desk.PRIVATE, policy=Policy(quiet_from=None))
    await town.say("张阿姨", LIFT)
    await town.taps("小陈", CHEN, "我来处理")
    await town.wait(timedelta(hours=25))
    reminded = "这件事还在等您处理"
    assert any(reminded in text for text in town.seen(CHEN))
    assert not any(reminded in text for text in (*town.seen(MENG), *town.seen(GROUP)))


async def test_with_one_worker_unreached_the_other_works_and_the_group_stays_the_residents():
    town = Bench(Desk.PRIVATE)
    town.chat.strangers = {CHEN}
    await town.say("张阿姨", LIFT)
    case = await town.case()
    assert case.unreached == (CHEN,)
    assert town.buttons(GROUP) == ["我也是", "撤回"]
    assert "我来处理" in town.buttons(MENG)
    await town.sound()


async def test_with_no_worker_reached_the_card_in_the_group_has_their_buttons():
    town = Bench(Desk.PRIVATE)
    town.chat.strangers = {MENG, CHEN}
    await town.say("张阿姨", LIFT)
    assert set((await town.case()).unreached) == {MENG, CHEN}
    assert town.buttons(GROUP) == ["我也是", "撤回", "我来处理", "不是报事", "更多…"]
    await town.taps("孟姐", GROUP, "更多…")
    assert "改类别" in town.buttons(GROUP)
    await town.taps("孟姐", GROUP, "返回")
    await town.say("李叔", "我家也是", reply_to=town.card(GROUP))
    await town.dispatch_says("fixed")
    assert (await town.case()).stage is Stage.WORKER_KEY
    assert await town.taps("孟姐", GROUP, "确认修好") == NOTED
    facts = await town.facts(await town.case())
    assert facts.count(f.Unreached) == 2, "each is noted down once"
    await town.sound()


async def test_who_writes_to_the_bot_at_last_gets_the_card_and_the_group_loses_the_buttons():
    town = Bench(Desk.PRIVATE)
    town.chat.strangers = {MENG, CHEN}
    await town.say("张阿姨", LIFT)
    town.chat.strangers = {CHEN}
    await town.say("李叔", "我家也是", reply_to=town.card(GROUP))
    assert (await town.case()).unreached == (CHEN,)
    assert LIFT in town.seen(MENG)[0]
    assert town.buttons(GROUP) == ["我也是 1", "撤回"]
    await town.sound()


async def test_in_private_the_unsure_list_comes_to_whoever_asks():
    town = Bench(Desk.PRIVATE, linker=Doubting(Choice(), Intent.REPORT))
    await town.say("张阿姨", LIFT)
    await town.say("孟姐", "/unsure")
    assert LIFT in town.seen(MENG)[-1]
    assert LIFT not in town.seen(GROUP)[-1]
    assert await town.taps("孟姐", MENG, "1 ✓") == NOTED
    assert (await town.case()).stage is Stage.OPEN
    town.chat.strangers = {CHEN}
    await town.say("小陈", "/unsure", role=Role.WORKER)
    assert "/start" in town.seen(GROUP)[-1]
    await town.writes("李叔", "memory:李叔", "/unsure")
    assert "网格员" in town.seen("memory:李叔")[-1]


async def test_a_resident_gets_nothing_by_a_workers_button():
    town = Bench(Desk.PRIVATE)
    await town.say("张阿姨", LIFT)
    before = await town.case()
    at, data = town.find(MENG, "我来处理")
    assert "看最新" in await town.taps("张阿姨", ZHANG, data=data, on=at)
    assert "看最新" in await town.taps("张阿姨", MENG, data=data, on=at)
    assert await town.case() == before


# --- as ever ---------------------------------------------------------------------------------------------------


async def test_under_the_card_in_the_group_as_ever_though_there_is_a_staff_group():
    town = Bench(Desk.GROUP)
    await town.say("张阿姨", LIFT)
    assert town.buttons(GROUP) == ["我也是", "撤回", "我来处理", "不是报事", "更多…"]
    assert town.seen(STAFF) == []
    await town.writes("老赵", STAFF, "/cases")
    await town.taps("老赵", STAFF, "#1")
    assert await town.taps("老赵", STAFF, "我来处理") == NOTED
    assert (await town.case()).handler == ZHAO
    assert "处理好了" in town.buttons(STAFF), "what was opened is brought up to date"
    await town.taps("老赵", STAFF, "更多…")
    assert "改类别" in town.buttons(STAFF)
    await town.wait(timedelta(minutes=4))
    assert "处理好了" in town.buttons(STAFF)
    await town.sound()


async def test_when_the_desk_moves_the_next_card_follows():
    town = Bench(Desk.GROUP)
    await town.say("张阿姨", LIFT)
    town.house.grids._policy = replace(town.house.grids._policy, desk=Desk.STAFF)
    old = town.find(GROUP, "更多…")
    assert await town.taps("孟姐", GROUP, data=old[1], on=old[0]) == "请在卡片下面选。"
    assert "改类别" in town.buttons(STAFF), "an old button leads to where workers work now"
    assert town.buttons(GROUP) == ["我也是", "撤回"]
    town.house.grids._policy = replace(town.house.grids._policy, desk=Desk.GROUP)
    await town.say("李叔", "我家也是", reply_to=town.card(GROUP))
    assert "我来处理" in town.buttons(GROUP)
    await town.sound()


# --- on Redis, on Telegram -----------------------------------------------------------------------------------------------


async def test_on_a_real_redis_the_groups_and_the_staff_keep_their_own_order(tmp_path):
    async with real_redis(tmp_path / "redis") as server, on_redis(server) as state:
        town = Bench(Desk.STAFF, state=state, others=(OTHER,))
        await town.say("张阿姨", LIFT)
        await town.say("李叔", LAMP, group=OTHER)
        first, second = town.shown(STAFF)
        await town.taps("孟姐", STAFF, data=first[1].buttons[0][-1].data, on=first[0])
        await town.taps("孟姐", STAFF, "返回")
        await town.taps("老赵", STAFF, data=second[1].buttons[0][0].data, on=second[0])
        await town.dispatch_says("fixed")
        await town.taps("小陈", STAFF, "确认修好")
        await town.taps("张阿姨", GROUP, "解决了")
        assert (await town.case()).stage is Stage.CLOSED
        assert (await town.state.cases(OTHER))[0].handler == ZHAO
        await town.sound()


async def test_on_telegram_a_grid_works_in_its_staff_group():
    async with telegram_town(READ, policy=Policy(desk=Desk.STAFF)) as town:
        staff = town.sim.group("网格员", administrators=[town.meng])
        grid = Grid(id="g1", name="春风里", groups=(town.group.ref,), staff=staff.ref)
        town.house.grids.adopt(town.house.grids.settings.model_copy(update={"grids": (grid,)}))
        await town.settle()
        town.group.say(town.wang, LIFT)
        await town.settle()
        (card,) = [one for one in staff.said if LIFT in one.text]
        assert not any("我来处理" in str(one.raw.get("reply_markup")) for one in town.group.said)
        assert await town.presses(town.li, staff, card, "更多…") == "请在卡片下面选。"
        assert "改类别" in str(card.raw["reply_markup"])
        staff.say(town.li, "地点 3号楼3单元", reply_to=card)
        await town.settle()
        assert (await town.case()).place == "3号楼3单元"
        await town.dispatch_says("fixed")
        assert await town.presses(town.meng, staff, staff.said[-1], "确认修好") == NOTED
        assert await town.presses(town.wang, town.group, town.group.said[-1], "解决了") == NOTED
        assert (await town.case()).stage is Stage.CLOSED
        assert await town.state.cases(staff.ref) == []
        assert await town.state.dead(10) == []
