"""Stories of Telegram groups: they move, have topics, put the bot out and let it in again, and react by thumbs."""

from datetime import timedelta
from itertools import permutations

import pytest

from actions.case import Stage
from actions.reading import Urgency
from connectors.pace import Limits, MemoryPace
from tests.telegram_limits import Flood
from tests.telegram_simulator import TelegramSimulator
from tests.telegram_town import telegram_town
from tests.town import report

LIFT, LAMP, FIRE = "3号楼2单元电梯又坏了", "5号楼路灯不亮", "9号楼着火了快来人"
READ = {
    LIFT: report("housing.elevator", "3号楼2单元"),
    LAMP: report("utilities.lighting", "5号楼"),
    FIRE: report("safety.fire", "9号楼", urgency=Urgency.EMERGENCY),
    "电梯坏了": report("housing.elevator"),
}


# --- a group becomes a supergroup ---


@pytest.mark.parametrize(
    "says",
    [
        ("to", "from"),
        ("from", "to"),
        ("to",),
        ("from",),
        (),
        ("to", "from", "to"),
        ("out", "in", "to", "from"),
        ("to", "out", "from", "in"),
        ("in",),
    ],
)
async def test_a_group_that_moves_loses_nothing(says):
    async with telegram_town(READ) as town:
        town.group.say(town.wang, LIFT)
        await town.settle()
        before = await town.case()
        new = town.sim.upgrade(town.group, says)
        new.say(town.li, LAMP)
        await town.settle()
        lift, lamp = await town.cases()
        assert lift == before, "nothing of it has changed"
        assert (lamp.number, lamp.stage) == (2, Stage.OPEN)
        assert await town.cases(new) == [], "the group keeps the name it had"
        assert [one.reply_to for one in new.said] == [new.messages[-2].id], "the card, and no second greeting"
        await town.dispatch_says("accepted", ticket="1")
        assert "#1" in new.said[-1].text, "the old card stayed behind, so there is a new one"
        assert await town.presses(town.li, new, new.said[-1], "我也是") == "记下了，谢谢。"
        assert (await town.cases())[0].followers == (town.li.ref,)
        assert await town.state.dead(10) == []


async def test_a_moved_case_is_closed_by_two_keys_in_the_new_group():
    async with telegram_town(READ) as town:
        town.group.say(town.wang, LIFT)
        await town.settle()
        await town.dispatch_says("fixed")
        question = town.group.said[-1]
        new = town.sim.upgrade(town.group)
        await town.settle()
        assert await town.presses(town.meng, town.group, question, "确认修好") == "记下了，谢谢。", (
            "pressed in the old"
        )
        assert "确认修好" not in town.group.said[-1].edits
        await town.presses(town.wang, new, new.said[-1], "解决了")
        case = await town.case()
        assert case.stage is Stage.CLOSED
        assert await town.state.dead(10) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_messages_of_the_new_group_may_come_before_the_news_of_the_move(order):
    async with telegram_town(READ) as town:
        town.group.say(town.wang, LIFT)
        await town.settle()
        new = town.sim.upgrade(town.group)
        new.say(town.li, LAMP)
        updates = list(town.sim.updates)
        town.sim.updates.clear()
        for place in order:
            await town.arrive(updates[place])
            await town.settle()
        assert [case.number for case in await town.cases()] == [1, 2]
        assert await town.cases(new) == []
        for raw in updates:  # Telegram sends them once more
            await town.arrive(raw)
        await town.settle()
        assert [case.number for case in await town.cases()] == [1, 2]


async def test_what_already_waits_under_the_new_number_is_handed_to_the_group_whose_it_is():
    async with telegram_town(READ) as town:
        town.group.say(town.wang, LIFT)
        await town.settle()
        new = town.sim.upgrade(town.group)
        new.say(town.li, LAMP)
        *news, lamp = town.sim.updates
        town.sim.updates.clear()
        for raw in (lamp, *news):
            await town.arrive(raw)  # nothing is read before all of it is there
        await town.settle()
        assert [case.number for case in await town.cases()] == [1, 2]
        assert (await town.state.depth())["inbox"] == 0


async def test_messages_count_anew_and_are_not_taken_for_the_old_ones():
    async with telegram_town(READ) as town:
        first = town.group.say(town.wang, LIFT)
        await town.settle()
        new = town.sim.upgrade(town.group, ())
        new._last_id = first.id - 1
        again = new.say(town.li, LAMP)
        await town.settle()
        assert again.id == first.id
        lift, lamp = await town.cases()
        assert (lift.origin, lamp.origin) == (str(first.id), f"2-{again.id}")
        belongs = [await town.state.case_of(town.group.ref, id_) for id_ in (lift.origin, lamp.origin)]
        assert belongs == [lift.id, lamp.id]


async def test_a_move_is_known_after_a_restart_and_to_other_processes():
    async with telegram_town(READ) as town:
        town.group.say(town.wang, LIFT)
        new = town.sim.upgrade(town.group)
        await town.settle()
        await town.telegram.stop()
        town.connector()
        new.say(town.li, LAMP)
        await town.settle()
        assert [case.number for case in await town.cases()] == [1, 2]
        assert "#2" in new.said[-1].text


async def test_a_group_that_moved_unseen_and_under_another_name_is_known_by_its_people():
    async with telegram_town(READ) as town:
        town.group.say(town.wang, LIFT)
        await town.settle()
        new = town.sim.upgrade(town.group, ())
        new.title = "春风里二期"
        new.say(town.wang, LAMP)
        await town.settle()
        assert [case.number for case in await town.cases()] == [1, 2]


async def test_a_group_that_only_has_the_same_name_is_another_group():
    async with telegram_town(READ) as town:
        other = town.sim.group(town.group.title)
        other.say(town.li, LAMP)
        await town.settle()
        assert (await town.cases(), [case.number for case in await town.cases(other)]) == ([], [1])


# --- put out, and let in again ---


@pytest.mark.parametrize("told", [True, False])
async def test_a_group_that_put_us_out_is_left_alone_and_its_cases_go_on(told):
    async with telegram_town(READ) as town:
        town.group.say(town.wang, LIFT)
        await town.settle()
        town.group.set_bot("kicked")
        if not told:
            town.sim.updates.clear()
        await town.settle()
        await town.dispatch_says("accepted")
        calls = len(town.sim.calls)
        await town.dispatch_says("fixed")
        assert [name for name, _ in town.sim.calls[calls:]] == [], "nothing more is tried"
        assert (await town.case()).stage is Stage.WORK_DONE
        depth = await town.state.depth()
        assert (depth["dead"], depth["orders"]) == (0, 4), (
            "only the wait for the worker and three clocks are left"
        )
        said = len(town.group.said)
        town.group.set_bot("member")
        await town.settle()
        card = town.group.said[1]
        assert "到现场看" in card.text, "it has caught up"
        assert "确认修好" in card.labels
        assert len(town.group.said) == said, "no second greeting"
        await town.presses(town.meng, town.group, card, "确认修好")
        assert (await town.case()).stage is Stage.RESIDENTS_KEY


async def test_after_a_long_absence_or_with_other_ears_the_group_is_greeted_again():
    async with telegram_town(READ) as town:
        for status, days, greetings in (("member", 1, 1), ("member", 31, 2), ("member", 2, 2)):
            town.group.set_bot("left")
            await town.settle()
            await town.wait(timedelta(days=days))
            town.group.set_bot(status)
            town.sim.updates[-1]["my_chat_member"]["date"] = int(town.clock.now().timestamp())
            await town.settle()
            assert len(town.group.said) == greetings


async def test_whoever_speaks_to_us_again_has_let_us_in_again():
    async with telegram_town(READ) as town:
        town.group.set_bot("left")
        await town.settle()
        town.group.bot_status = "member"  # the news of it is lost
        town.group.say(town.wang, LIFT)
        await town.settle()
        assert "#1" in town.group.said[-1].text


# --- topics ---


async def test_everything_about_a_report_goes_to_its_topic():
    async with telegram_town(READ) as town:
        group = town.sim.group("秋月里", administrators=[town.meng])
        topic = group.topic(town.meng, "报修")
        group.say(town.wang, "早上好")
        group.say(town.wang, "/cases", thread=topic)
        group.say(town.wang, LIFT, thread=topic)
        group.say(town.wang, FIRE, thread=topic)
        await town.settle()
        group.say(town.li, "知道了", thread=topic)
        await town.dispatch_says("fixed")
        elsewhere = [one for one in group.said if one.thread != topic]
        assert [one.text for one in elsewhere] == [town.group.said[0].text], "only the greeting"
        assert len(group.said) >= 5
        assert (await town.cases(group))[0].thread == str(topic)


@pytest.mark.parametrize("end", ["closed", "deleted"])
async def test_what_cannot_be_said_in_its_topic_is_said_to_the_group(end):
    async with telegram_town(READ) as town:
        group = town.sim.group("秋月里", administrators=[town.meng])
        topic = group.topic(town.meng, "报修")
        group.say(town.wang, LIFT, thread=topic)
        await town.settle()
        group.say(town.li, "知道了", thread=topic)
        await town.settle()
        group.end_topic(topic, end)
        await town.dispatch_says("fixed")
        assert "确认修好" in group.said[-1].labels
        assert group.said[-1].thread is None
        assert await town.state.dead(10) == []


# --- thumbs ---


async def test_a_thumb_up_on_the_card_is_me_too_once():
    async with telegram_town(READ) as town:
        town.group.set_bot("administrator")
        report_ = town.group.say(town.wang, LIFT)
        await town.settle()
        card = next(one for one in town.group.said if "#1" in one.text)
        town.group.react(town.li, report_, "👍")
        town.group.react(town.wang, card, "👍")
        town.group.react(town.meng, card, "❤")
        await town.settle()
        assert (await town.case()).followers == ()
        for emoji in (["👍"], [], ["👍"]):
            town.group.react(town.li, card, *emoji)
        await town.settle()
        assert (await town.case()).followers == (town.li.ref,)
        assert "我也是 1" in card.labels


# --- what changes without a word ---


async def test_edits_that_nobody_can_see_and_points_that_move_are_no_news():
    async with telegram_town(READ) as town:
        said = town.group.say(town.wang, "电梯坏了")
        await town.settle()
        point = town.group.live_location(town.wang, 31.2, 121.4, reply_to=town.group.said[-1])
        await town.settle()
        case = await town.case()
        assert (case.point.lat, case.stage) == (31.2, Stage.OPEN)
        town.group.move(point, 31.3, 121.5)
        town.group.touch(said)
        town.group.edit(said, "电梯坏了")
        await town.settle()
        assert await town.case() == case


# --- as much as Telegram takes ---


async def test_sentences_that_wait_for_their_turn_become_one_edit():
    seconds = [0.0]
    pace = MemoryPace(Limits(), clock=lambda: seconds[0])
    async with telegram_town(READ, pace=pace) as town:
        town.group.say(town.wang, LIFT)
        await town.settle()
        card = next(one for one in town.group.said if "#1" in one.text)
        await pace.hold(town.group.id, 30)
        calls, edits = len(town.sim.called("editMessageText")), len(card.edits)
        for n in range(12):
            town.group.press(town.sim.person(f"r{n}"), card, "我也是")
        await town.settle()
        assert len((await town.case()).followers) == 12
        assert all(press.answer for press in town.group.presses), "whoever presses is answered at once"
        assert len(town.sim.called("editMessageText")) == calls
        seconds[0] = 31.0
        await town.wait(timedelta(seconds=60))
        assert len(card.edits) == edits + 1, "twelve more people, one edit"
        assert "我也是 12" in card.labels


async def test_a_storm_in_one_group_loses_nothing_and_never_angers_telegram():
    seconds = [0.0]
    sim = TelegramSimulator(flood=Flood(clock=lambda: seconds[0]))
    pace = MemoryPace(Limits(), clock=lambda: seconds[0])
    async with telegram_town(READ, pace=pace, sim=sim) as town:
        asked = [town.group.say(town.wang, "/cases") for _ in range(30)]
        town.group.say(town.li, FIRE)
        await town.settle()
        assert sum("119" in one.text for one in town.group.said) == 1, (
            "the warning goes ahead of thirty answers"
        )
        assert len(town.group.said) < 10
        for _ in range(300):
            seconds[0] += 1
            await town.wait(timedelta(seconds=1))
        answered = [one.reply_to for one in town.group.said if one.reply_to in {said.id for said in asked}]
        assert answered == [said.id for said in asked], "each once, in their order"
        assert sum("119" in one.text for one in town.group.said) == 1
        assert any("#1" in one.text for one in town.group.said)
        assert sim.flood.refused == []
        assert await town.state.dead(10) == []


async def test_a_sentence_that_waits_its_turn_is_never_too_old_to_be_said():
    seconds = [0.0]
    pace = MemoryPace(Limits(), clock=lambda: seconds[0])
    async with telegram_town(READ, pace=pace) as town:
        town.group.say(town.wang, "早上好")
        await town.settle()
        await pace.hold(town.group.id, 2 * 24 * 3600)
        town.group.say(town.wang, LIFT)
        await town.settle()
        await town.wait(timedelta(days=1, hours=12))
        seconds[0] = 2 * 24 * 3600 + 1.0
        await town.wait(timedelta(days=1))
        assert any("#1" in one.text for one in town.group.said)
        here = [
            (name, given) for name, given in town.sim.calls if str(given.get("chat_id")) == str(town.group.id)
        ]
        calls = [name for name, given in here if "#1" in str(given.get("text"))]
        assert calls.count("sendMessage") == 1


# --- the worker's thumb ---


async def test_a_worker_hands_over_raises_looks_and_lists_by_thumb():
    async with telegram_town(READ) as town:
        chen = town.sim.person("小陈")
        group = town.sim.group("秋月里", administrators=[town.meng, chen])
        group.set_bot("administrator")
        for text in (LIFT, LAMP):
            group.say(town.wang, text)
            await town.settle()
        card = next(one for one in group.said if "#1" in one.text)

        async def thumb(*labels, by=town.meng):
            return [await town.presses(by, group, card, label) for label in labels][-1]

        await thumb("我来处理", "更多…", "转交…", "小陈")
        (lift, _), noted = await town.cases(group), "记下了，谢谢。"
        assert (lift.handler, lift.handler_name) == (chen.ref, "小陈")
        assert "谁在处理由谁退回" in await thumb("更多…", "退回…", "其他")
        assert await thumb("要专业单位来办", by=chen) == noted
        await thumb("更多…", "上报一级")
        assert "请拍张照片" in await thumb("更多…", "现场核实")
        group.photo(town.meng)
        await town.settle()
        (lift, _) = await town.cases(group)
        assert (lift.raised, lift.inspected_by, lift.stage) == (1, town.meng.ref, Stage.OPEN)

        group.say(town.li, "/cases")
        await town.settle()
        listed = group.said[-1]
        assert listed.labels == ["#1", "#2"]
        await town.presses(town.li, group, listed, "#2")
        assert group.said[-1].reply_to == next(one.id for one in group.said if "#2" in one.text)

        private = town.sim.private(chen)
        private.say(chen, "/cases")
        await town.settle()
        assert "秋月里" in private.said[-1].text
        behind = [data for one in (*group.said, *private.said) for row in one.buttons for _, data in row]
        assert all(len(data.encode()) <= 64 for data in behind)
