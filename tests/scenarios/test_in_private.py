"""Stories of what is not for the group: it sees one neutral line; the case goes on between its people alone."""

import re
from dataclasses import replace
from datetime import timedelta

from actions import facts as f
from actions.case import Stage
from actions.linking import Choice
from actions.message import Kind, Message, Press, Role
from actions.policy import Policy
from actions.reading import Intent, Urgency
from bot.settings import Grid
from connectors.memory_chat import MemoryChat
from tests.contracts.states import on_redis
from tests.real_redis import real_redis
from tests.scenarios.test_unsure_in_memory import Doubting
from tests.telegram_town import telegram_town
from tests.town import GROUP, Town, means, report

HIT, WHERE, LIFT, STOLEN = "老公喝了酒又在家里发酒疯", "在5号楼602", "3号楼电梯坏了", "5号楼电动车被偷了"
READ = {
    HIT: report("disputes.family", "5号楼"),
    "老公又在家里发酒疯": report("disputes.family"),
    LIFT: report("housing.elevator", "3号楼"),
    STOLEN: report("safety.crime", "5号楼"),
    "他还砸了东西": means(Intent.DETAIL),
    "算了，不用管了": means(Intent.WITHDRAW),
    "别管他家的事": means(Intent.DETAIL),
    "我也听到了": means(Intent.SECOND),
    "救命，他拿刀要杀我": report("disputes.family", urgency=Urgency.EMERGENCY),
    "已经好了": means(Intent.RESOLVED),
}
NEUTRAL = "有些事不适合在群里说。需要帮助的，点下面私下告诉我，只有网格员看得到。"
WANG, LI, MENG = "memory:王姐", "memory:李叔", "memory:孟姐"


class Private(Town):
    """A town whose chat has a private line; people who are no strangers have opened it."""

    def __init__(self, **how: object) -> None:
        super().__init__(READ, **how)
        self.chat.private_line = "https://chat.example/linli?start="

    async def settle(self) -> None:
        """What is said in private is handed on to the group, where it is dealt with."""
        for _ in range(3):
            await super().settle()

    @property
    def token(self) -> str:
        """What stands behind the button of the neutral line."""
        (button,) = (
            button for said in self.chat.said for row in said.post.buttons for button in row if button.url
        )
        return button.url.removeprefix(self.chat.private_line)

    async def tells(self, who: str, text: str, **more: object) -> None:
        """Somebody writes to the bot in private."""
        self._count += 1
        message = Message(
            who,
            f"p{self._count}",
            who,
            who.partition(":")[2],
            Role.RESIDENT,
            self.clock.now(),
            Kind.TEXT,
            text,
        )
        await self.hear(replace(message, addressed=True, **more))

    def seen_by(self, who: str) -> list[str]:
        """The messages in a private chat, as they stand."""
        return [post.text for post in self.chat.asides.values() if post.group == who]

    def card(self, who: str) -> str:
        """The id of the card in a private chat."""
        return next(at for at, post in self.chat.asides.items() if post.group == who)

    async def taps(self, who: str, label: str, *, by: str = "") -> str:
        """A press on the newest message in somebody's private chat that has the button; the toast."""
        at, data = next(
            (at, button.data)
            for at, post in reversed(self.chat.asides.items())
            if post.group == who
            for row in post.buttons
            for button in row
            if button.label == label
        )
        self._count += 1
        person = by or who
        press = Press(
            person, f"t{self._count}", person, person[7:], Role.RESIDENT, self.clock.now(), data, at
        )
        await self.hear(press)
        return dict(self.chat.answers)[press.id]

    def group_knows(self, *words: str) -> bool:
        """Whether any of the words ever stood in the group."""
        shown = [said.post.text for said in self.chat.said if said.post.group == GROUP]
        shown += [post.text for _, post in self.chat.edits if post.group == GROUP]
        return any(word in text for word in words for text in shown)


async def test_the_group_sees_one_neutral_line_while_two_keys_close_a_private_case():
    town = Private()
    await town.say("王姐", HIT)
    assert town.texts == [NEUTRAL]
    assert town.labels() == [["私下说"]]
    assert town.chat.said[0].post.reply_to is None, "it points at nobody"
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", town.token)
    (told,) = town.seen_by(MENG)
    assert all(words in told for words in (HIT, "5号楼", "保密件"))

    await town.tells(WANG, f"/start {town.token}")
    assert (await town.case()).confided == WANG
    await town.tells(WANG, WHERE)
    assert any(WHERE in text for text in town.seen_by(MENG))
    (filing,) = town.dispatch.filed
    assert filing.confidential
    assert filing.description.startswith("【保密件")

    await town.dispatch_says("fixed", "民警已上门")
    assert (await town.case()).stage is Stage.WORKER_KEY
    assert await town.taps(MENG, "确认修好") == "记下了，谢谢。"
    assert await town.taps(WANG, "解决了") == "记下了，谢谢。"
    assert (await town.case()).stage is Stage.CLOSED
    assert town.texts == [NEUTRAL]
    assert town.chat.edits == [(one, post) for one, post in town.chat.edits if post.group != GROUP]
    assert await town.state.dead(10) == []


async def test_a_curious_neighbour_learns_nothing_not_even_that_there_is_a_case():
    town = Private()
    await town.say("王姐", HIT)
    before, asides = await town.case(), dict(town.chat.asides)
    await town.tells(LI, f"/start {town.token}")
    await town.tells(LI, "/start AAAAAAAAAAAAAAAAAAAAAAAAAAA")
    mine, forged = (said.post.text for said in town.chat.said if said.post.group == LI)
    assert mine == forged
    assert not any(word in mine for word in ("老公", "5号楼", "#1", "家"))
    assert (await town.case(), town.chat.asides) == (before, asides)
    await town.tells(LI, "他们家怎么了")
    assert await town.case() == before


async def test_a_copied_button_is_nothing_in_another_hand():
    town = Private()
    await town.say("王姐", HIT)
    before = await town.case()
    assert "看最新" in await town.taps(MENG, "不是报事", by=LI)
    assert await town.case() == before


async def test_the_token_said_in_the_group_opens_nothing():
    town = Private()
    await town.say("王姐", HIT)
    await town.say("王姐", f"/start {town.token}")
    assert (await town.case()).confided == ""
    assert not town.group_knows("5号楼", "老公")


async def test_commands_and_lists_in_the_group_pass_a_private_case_over():
    town = Private()
    await town.say("王姐", HIT)
    await town.say("张三", LIFT)
    for who, text in (
        ("李叔", "/cases"),
        ("李叔", "/case 1"),
        ("孟姐", "/merge 1 2"),
        ("孟姐", "/withdraw 1"),
    ):
        await town.say(who, text)
    assert not town.group_knows("5号楼", "#1", HIT, "家庭")
    assert [case.stage for case in await town.cases()] == [Stage.OPEN, Stage.OPEN]


async def test_only_the_reporter_moves_it_from_the_group_and_nobody_sees_that():
    town = Private()
    first = await town.say("王姐", HIT)
    await town.say("老王", "已经好了", reply_to=first)
    await town.say("老王", "别管他家的事", reply_to=first)
    case = await town.case()
    assert case.stage is Stage.OPEN
    assert not any("别管" in text for _, _, text in town.dispatch.told)
    await town.say("王姐", "老公又在家里发酒疯", edits=first)
    assert (await town.case()).text == "老公又在家里发酒疯"
    await town.say("王姐", "/withdraw")
    assert (await town.case()).stage is Stage.WITHDRAWN
    assert town.texts == [NEUTRAL]


async def test_where_it_is_is_asked_and_answered_in_private():
    town = Private()
    await town.say("王姐", "老公又在家里发酒疯")
    assert (await town.case()).stage is Stage.ASKING_WHERE
    await town.tells(WANG, f"/start {town.token}")
    assert any("请问在哪里" in text for text in town.seen_by(WANG))
    await town.tells(WANG, "5号楼602")
    case = await town.case()
    assert (case.stage, case.place) == (Stage.OPEN, "5号楼602")
    assert town.texts == [NEUTRAL]


async def test_a_danger_is_answered_in_the_group_by_the_fixed_warning_and_nothing_else():
    town = Private()
    text = "救命！他拿刀要杀我"
    town.nlu.readings[text] = report("disputes.family", urgency=Urgency.EMERGENCY)
    await town.say("王姐", text)
    warning, line = town.texts
    assert "110" in warning
    assert line == NEUTRAL
    assert not town.group_knows("#1", "家庭", "刀")


async def test_where_there_is_no_private_line_the_worker_is_named_as_the_way():
    town = Town(READ)
    await town.say("王姐", HIT)
    assert town.texts == ["有些事不适合在群里说。需要帮助的，请给网格员打电话，或者当面说。"]
    assert town.labels() == []


async def test_where_no_worker_can_be_reached_dispatch_gets_it_all_the_same():
    town = Private(policy=Policy(file_at_once=False))
    town.chat.strangers = {MENG}
    await town.say("王姐", HIT)
    assert (await town.case()).stage is Stage.WAITING_WORKER
    await town.wait(timedelta(hours=2))
    assert (await town.case()).stage is Stage.OPEN
    assert town.texts == [NEUTRAL]
    assert (await town.case()).whispers == ()


async def test_a_worker_sets_it_right_in_private_and_what_was_misheard_becomes_the_groups():
    town = Private()
    await town.say("王姐", STOLEN)
    await town.tells(MENG, "类别 电梯", reply_to=town.card(MENG))
    case = await town.case()
    assert (case.category, case.private) == ("housing.elevator", False)
    assert town.group_knows("#1 电梯")


async def test_what_was_said_in_confidence_stays_so_whatever_it_is_called():
    town = Private()
    await town.say("王姐", STOLEN)
    await town.tells(WANG, f"/start {town.token}")
    await town.tells(MENG, "类别 电梯", reply_to=town.card(MENG))
    case = await town.case()
    assert (case.category, case.private) == ("housing.elevator", True)
    assert town.texts == [NEUTRAL]


async def test_a_case_that_turns_out_to_be_private_is_taken_off_the_group():
    town = Private()
    await town.say("王姐", LIFT)
    card = town.chat.said[0].id
    await town.say("孟姐", "类别 家庭纠纷", reply_to=card)
    assert (await town.case()).private
    assert town.texts == [NEUTRAL]
    assert town.labels() == [["私下说"]]
    await town.dispatch_says("fixed")
    assert town.texts == [NEUTRAL]


async def test_what_the_reporter_writes_in_private_comes_once_however_often_it_is_told():
    town = Private()
    await town.say("王姐", HIT)
    await town.tells(WANG, f"/start {town.token}")
    message = Message(WANG, "p9", WANG, "王姐", Role.RESIDENT, town.clock.now(), Kind.TEXT, "他还砸了东西")
    for _ in range(2):
        await town.hear(message)
    told = [fact for fact in await town.state.trace(f"{GROUP}:1") if isinstance(fact, f.Detailed)]
    assert [fact.text for fact in told] == ["他还砸了东西"]
    assert [known for known, _ in (await town.case()).messages].count("memory:王姐/p9") == 1


async def test_the_newest_is_spoken_of_unless_the_card_of_another_is_answered():
    town = Private()
    await town.say("王姐", HIT)
    await town.tells(WANG, f"/start {town.token}")
    older = town.card(WANG)
    await town.say("王姐", "聊点别的")
    await town.wait(timedelta(days=2))
    await town.say("王姐", STOLEN)
    second = (await town.cases())[-1]
    await town.tells(WANG, f"/start {town.house.buttons.token(second.id)}")
    await town.tells(WANG, "他还砸了东西")
    await town.tells(WANG, "他还砸了东西", reply_to=older)
    assert [len(case.messages) for case in await town.cases()] == [2, 2]


async def test_the_reporter_takes_it_back_in_private():
    town = Private()
    await town.say("王姐", HIT)
    await town.tells(WANG, f"/start {town.token}")
    assert await town.taps(WANG, "撤回") == "记下了，谢谢。"
    assert (await town.case()).stage is Stage.WITHDRAWN
    assert await town.taps(WANG, "还是要办") == "记下了，谢谢。"
    assert (await town.case()).live
    assert town.texts == [NEUTRAL]


async def test_a_private_chat_of_its_own_goes_on_as_any_group():
    town = Private()
    await town.tells(LI, HIT)
    (case,) = await town.state.cases(LI)
    assert not case.private, "nobody else is there"


async def test_categories_are_the_operators_choice():
    town = Private(policy=Policy(private_categories=("housing",)))
    await town.say("王姐", LIFT)
    assert town.texts == [NEUTRAL]
    assert Policy().is_private("health.medical")
    assert not any(
        Policy().is_private(code) for code in ("safety.fire", "safety.injury", "healthy", "housing")
    )


def test_a_memory_chat_has_a_private_line_only_where_it_is_given_one():
    assert MemoryChat().private_line == ""


async def test_on_telegram_the_link_opens_the_private_chat():
    async with telegram_town(READ) as town:
        workers, mine, theirs = (town.sim.private(one) for one in (town.meng, town.wang, town.li))
        town.group.say(town.wang, HIT)
        await town.settle()
        line = town.group.said[-1]
        assert line.text == NEUTRAL
        (button,) = line.raw["reply_markup"]["inline_keyboard"][0]
        token = button["url"].removeprefix("https://t.me/linli_test_bot?start=")
        before = len(town.group.said)
        theirs.say(town.li, f"/start {token}")
        mine.say(town.wang, f"/start {token}")
        await town.settle()
        mine.say(town.wang, WHERE)
        mine.photo(town.wang)
        await town.settle()
        assert len((await town.case()).attachments) == 1
        assert WHERE in workers.said[0].text
        await town.dispatch_says("fixed")
        assert await town.presses(town.meng, workers, workers.said[-1], "确认修好") == "记下了，谢谢。"
        assert await town.presses(town.wang, mine, mine.said[-1], "解决了") == "记下了，谢谢。"
        assert (await town.case()).stage is Stage.CLOSED
        assert len(town.group.said) == before
        assert (line.text, line.edits) == (NEUTRAL, [])
        assert not any(HIT in one.text or "#1" in one.text for one in theirs.said)
        assert await town.state.dead(10) == []


async def test_a_cry_for_help_in_private_is_answered_there_and_heard_by_the_workers():
    town = Private()
    await town.say("王姐", HIT)
    await town.tells(WANG, f"/start {town.token}")
    before = len(town.seen_by(MENG))
    await town.tells(WANG, "救命，他拿刀要杀我")
    assert (await town.case()).urgency is Urgency.EMERGENCY
    assert any("110" in said.post.text for said in town.chat.said if said.post.group == WANG)
    assert len(town.seen_by(MENG)) == before + 1
    assert "拿刀" in town.seen_by(MENG)[-1]
    assert [said.post.text for said in town.chat.said if said.post.group == GROUP] == [NEUTRAL]


async def test_a_worker_comes_by_the_link_too_and_sees_the_card():
    town = Private()
    town.chat.strangers = {MENG}
    await town.say("王姐", HIT)
    assert town.seen_by(MENG) == []
    town.chat.strangers = set()
    await town.tells(MENG, f"/start {town.token}")
    assert HIT in town.seen_by(MENG)[0]
    assert (await town.case()).confided == ""


async def test_a_doubtful_private_matter_is_kept_without_a_word_until_it_is_borne_out():
    town = Private(linker=Doubting(Choice(), Intent.SECOND))
    await town.say("王姐", HIT)
    assert ((await town.case()).stage, town.texts, town.chat.asides) == (Stage.UNSURE, [], {})
    await town.say("孟姐", "/unsure")
    assert not town.group_knows("5号楼", "#1")
    await town.say("李叔", "我也听到了")
    assert (await town.case()).stage is Stage.OPEN
    assert town.texts[1:] == [NEUTRAL]
    assert HIT in town.seen_by(MENG)[0]


async def test_on_a_real_redis_two_private_chats_and_the_group_keep_their_own_order(tmp_path):
    async with real_redis(tmp_path / "redis") as server, on_redis(server) as state:
        town = Private(state=state)
        await town.say("王姐", HIT)
        await town.tells(WANG, f"/start {town.token}")
        await town.tells(WANG, WHERE)
        await town.tells(LI, f"/start {town.token}")
        await town.dispatch_says("fixed")
        await town.taps(MENG, "确认修好")
        await town.taps(WANG, "解决了")
        assert (await town.case()).stage is Stage.CLOSED
        assert [said.post.text for said in town.chat.said if said.post.group == GROUP] == [NEUTRAL]
        assert await state.dead(10) == []


async def test_a_private_case_joins_no_ticket_of_another_group_and_none_joins_its_own():
    spring = Grid(id="g1", name="春风里", groups=("memory:east", "memory:west"))
    town = Private(grids=(spring,))
    await town.say("王姐", STOLEN, group="memory:east")
    await town.say("李叔", STOLEN, group="memory:west")
    assert len(town.dispatch.filed) == 2
    assert all(filing.confidential for filing in town.dispatch.filed)
    assert [said.post.text for said in town.chat.said] == [NEUTRAL, NEUTRAL]


async def test_the_menu_of_another_case_does_not_offer_it():
    town = Private()
    await town.say("王姐", HIT)
    await town.say("张三", LIFT)
    await town.press("孟姐", "更多…")
    assert not any("合并" in label for row in town.labels() for label in row)
    await town.say("孟姐", "合并到 #1", reply_to=town.chat.said[-1].id)
    assert not (await town.cases())[1].merged_into
    assert not town.group_knows("老公", "家庭")
