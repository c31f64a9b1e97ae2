"""One event in two groups of a community is one ticket; told from both groups, on parts in memory."""

import asyncio
from datetime import timedelta

import pytest

from actions import facts as f
from actions.advance import rebuild
from actions.case import Stage
from actions.errors import Unreachable
from actions.policy import Policy
from actions.reading import Urgency
from bot.hands import Hands
from bot.settings import Grid
from connectors.codec import load
from connectors.open311 import ServiceRequestUpdate
from connectors.tickets import SHARED
from tests.contracts.states import on_redis
from tests.real_redis import real_redis
from tests.town import Town, report

EAST, WEST, NORTH = "memory:east", "memory:west", "memory:north"
POWER, NEXT_DOOR, LIFT, LIFT_TOO = (
    "3号楼停电了",
    "我们5号楼也没电，我叫王小红",
    "3号楼电梯坏了",
    "三号楼的电梯不动了",
)
READ = {
    POWER: report("utilities.power", "3号楼"),
    NEXT_DOOR: report("utilities.power", "5号楼"),
    LIFT: report("housing.elevator", "3号楼"),
    LIFT_TOO: report("housing.elevator", "三号楼"),
    "有人困在3号楼电梯里": report("housing.elevator", "3号楼", urgency=Urgency.EMERGENCY),
}
SPRING = (
    Grid(id="g1", name="一网格", groups=(EAST,), community="春风里"),
    Grid(id="g2", name="二网格", groups=(WEST,), community="春风里"),
    Grid(id="g3", name="三网格", groups=(NORTH,), community="秋水里"),
)


def town_of(*grids, policy=None, state=None):
    return Town(READ, grids=grids or SPRING, policy=policy, state=state)


async def both(town):
    """The last case of each group."""
    return [(await town.state.cases(group))[-1] for group in (EAST, WEST)]


async def stages(town):
    return [case.stage for case in await both(town)]


def card(town, group):
    return next(said.post.text for said in town.chat.said if said.post.group == group)


async def press(town, who, label, group):
    """The newest button of this label in the group."""
    for at in range(len(town.chat.said) - 1, -1, -1):
        post = town.chat.said[at].post
        if post.group == group and any(button.label == label for row in post.buttons for button in row):
            return await town.press(who, label, on=at)
    raise AssertionError(f"there is no {label} in {group}")


async def confirm(town, group, who="张阿姨"):
    await press(town, "孟姐", "确认修好", group)
    await press(town, who, "解决了", group)


async def power_cut(**more):
    town = town_of(**more)
    await town.say("张阿姨", POWER, group=EAST)
    town.clock.set(town.clock.now() + timedelta(minutes=4))
    await town.say("王小红", NEXT_DOOR, group=WEST)
    return town


# --- one ticket -----------------------------------------------------------------------------------------


async def test_a_power_cut_told_in_two_groups_is_one_ticket_that_both_follow():
    town = await power_cut()
    assert len(town.dispatch.filed) == 1
    assert [(case.stage, case.ticket) for case in await both(town)] == [(Stage.OPEN, "1")] * 2
    assert "别的群已经报过" in card(town, WEST)
    assert "工单 1" in card(town, WEST)
    assert "别的群" not in card(town, EAST)
    (ticket, status, words) = town.dispatch.told[-1]
    assert (ticket, status) == ("1", "received")
    assert "5号楼，1 人" in words
    assert NEXT_DOOR in words, "what would have stood in a ticket of its own"
    for case in await both(town):
        assert rebuild(await town.state.trace(case.id)) == case


async def test_no_group_learns_who_spoke_in_the_other_or_what():
    town = await power_cut()
    await town.dispatch_says("fixed", "已复电")
    await confirm(town, EAST)
    await press(town, "孟姐", "确认修好", WEST)
    await press(town, "王小红", "没解决", WEST)
    east = "".join(said.post.text for said in town.chat.said if said.post.group == EAST)
    west = "".join(said.post.text for said in town.chat.said if said.post.group == WEST)
    assert "王小红" not in east
    assert "5号楼" not in east
    assert "张阿姨" not in west
    assert "3号楼" not in west


async def test_every_step_of_the_ticket_reaches_both_groups_once():
    town = await power_cut()
    for status, stage in (("accepted", Stage.ACCEPTED), ("in_progress", Stage.IN_PROGRESS)):
        await town.dispatch_says(status)
        assert await stages(town) == [stage, stage]
    await town.dispatch_says("fixed", "已复电")
    assert await stages(town) == [Stage.WORKER_KEY, Stage.WORKER_KEY]
    facts = [await town.facts(case) for case in await both(town)]
    assert [kinds.count(f.WorkStarted) for kinds in facts] == [1, 1]


async def test_who_joins_late_is_brought_to_where_the_ticket_is():
    for status, stage in (
        ("accepted", Stage.ACCEPTED),
        ("in_progress", Stage.IN_PROGRESS),
        ("returned", Stage.RETURNED),
        ("fixed", Stage.WORKER_KEY),
    ):
        town = town_of()
        await town.say("张阿姨", LIFT, group=EAST)
        await town.dispatch_says(status, "说明")
        await town.say("李叔", LIFT_TOO, group=WEST)
        assert await stages(town) == [stage, stage]
        assert town.dispatch.told[-1][1] == {"returned": "returned", "fixed": "fixed"}.get(status, status)


async def test_news_that_waited_in_the_leaders_inbox_reaches_who_joined_meanwhile():
    town = town_of()
    await town.say("张阿姨", LIFT, group=EAST)
    update = ServiceRequestUpdate("n1", "1", "fixed", "fixed", town.clock.now(), "已修")
    await town.news.take(update)
    entries = await town.state.take(
        10, 0
    )  # and there it waits, behind a message that the NLU cannot read yet
    await town.say("李叔", LIFT_TOO, group=WEST)
    assert await stages(town) == [Stage.OPEN, Stage.OPEN]
    for entry in entries:
        await town.flow.handle(entry)
    await town.settle()
    assert await stages(town) == [Stage.WORKER_KEY, Stage.WORKER_KEY]


async def test_groups_of_one_grid_are_a_community_and_groups_without_a_grid_stand_alone():
    for grids, tickets in (
        ((Grid(id="g1", name="一网格", groups=(EAST, WEST)),), 1),
        ((Grid(id="g1", name="一网格", groups=(EAST,)), Grid(id="g2", name="二网格", groups=(WEST,))), 2),
        ((Grid(id="g9", name="别处"),), 2),
    ):
        town = town_of(*grids)
        await town.say("张阿姨", LIFT, group=EAST)
        await town.say("李叔", LIFT_TOO, group=WEST)
        assert len(town.dispatch.filed) == tickets


async def test_another_community_another_place_or_a_danger_is_a_ticket_of_its_own():
    town = town_of()
    await town.say("张阿姨", LIFT, group=EAST)
    await town.say("李叔", LIFT, group=NORTH)
    assert len(town.dispatch.filed) == 2
    await town.say("李叔", "有人困在3号楼电梯里", group=WEST)
    assert len(town.dispatch.filed) == 3, "an emergency does not wait behind a broken lift"


async def test_what_is_over_elsewhere_or_was_long_ago_is_not_joined():
    town = town_of()
    await town.say("张阿姨", LIFT, group=EAST)
    await town.say("张阿姨", "/withdraw", group=EAST)
    await town.say("李叔", LIFT_TOO, group=WEST)
    assert len(town.dispatch.filed) == 2
    town = town_of(policy=Policy(same_event=timedelta(hours=2)))
    await town.say("张阿姨", LIFT, group=EAST)
    await town.wait(timedelta(hours=3))
    await town.say("李叔", LIFT_TOO, group=WEST)
    assert len(town.dispatch.filed) == 2


async def test_three_groups_are_one_ticket_and_the_third_finds_it_when_the_first_has_gone():
    third = Grid(id="g4", name="四网格", groups=("memory:south",), community="春风里")
    town = town_of(*SPRING, third)
    await town.say("张阿姨", LIFT, group=EAST)
    await town.say("李叔", LIFT_TOO, group=WEST)
    await town.say("张阿姨", "/withdraw", group=EAST)
    await town.say("赵姐", LIFT, group="memory:south")
    assert len(town.dispatch.filed) == 1
    assert (await town.state.cases("memory:south"))[0].ticket == "1"


# --- the two keys -----------------------------------------------------------------------------------------


async def test_the_ticket_closes_when_both_groups_have_turned_both_keys():
    town = await power_cut()
    await town.dispatch_says("fixed", "已复电")
    await confirm(town, EAST)
    assert await stages(town) == [Stage.CLOSED, Stage.WORKER_KEY]
    assert "closed" not in [status for _, status, _ in town.dispatch.told], "one group still follows"
    await confirm(town, WEST, "王小红")
    assert await stages(town) == [Stage.CLOSED, Stage.CLOSED]
    assert [status for _, status, _ in town.dispatch.told].count("closed") == 1


async def test_a_dispute_in_one_group_sends_the_ticket_back_once_for_both():
    town = await power_cut()
    await town.dispatch_says("fixed", "已复电")
    await press(town, "孟姐", "确认修好", EAST)
    await press(town, "孟姐", "确认修好", WEST)
    await town.say("刘婶", "早上好", group=EAST)
    await press(town, "王小红", "没解决", WEST)
    assert await stages(town) == [Stage.OPEN, Stage.OPEN]
    assert [case.disputes for case in await both(town)] == [1, 1]
    assert [status for _, status, _ in town.dispatch.told[1:]] == ["received"]
    assert any("别的群反映还没解决" in said.post.text for said in town.chat.said if said.post.group == EAST)
    assert "×1" in card(town, EAST)
    assert "已经过了" in await press(town, "张阿姨", "解决了", EAST), "that question was of the round before"
    await town.dispatch_says("fixed", "已复电")
    assert await stages(town) == [Stage.WORKER_KEY, Stage.WORKER_KEY]


async def test_a_group_that_has_closed_is_left_in_peace_when_another_disputes():
    town = await power_cut()
    await town.dispatch_says("fixed", "已复电")
    await confirm(town, EAST)
    await press(town, "孟姐", "还没修好", WEST)
    assert await stages(town) == [Stage.CLOSED, Stage.OPEN]
    assert town.dispatch.told[-1][1] == "received"


async def test_what_the_worker_of_one_group_solves_is_checked_in_the_other():
    town = await power_cut()
    await press(town, "孟姐", "我来处理", EAST)
    await press(town, "孟姐", "处理好了", EAST)
    assert await stages(town) == [Stage.RESIDENTS_KEY, Stage.WORKER_KEY]
    assert "另一个群的网格员已处理" in card(town, WEST)


async def test_a_returned_ticket_is_sent_again_by_one_worker_for_both():
    town = await power_cut()
    await town.dispatch_says("returned", "不属本单位")
    await press(town, "孟姐", "派单", WEST)
    assert await stages(town) == [Stage.OPEN, Stage.OPEN]
    assert [status for _, status, _ in town.dispatch.told].count("received") == 2, "the joining, and this"


async def test_a_worker_who_hands_it_back_does_not_stop_the_unit_at_work():
    town = await power_cut()
    await town.dispatch_says("accepted")
    await press(town, "孟姐", "我来处理", WEST)
    await town.dispatch_says("in_progress")
    told = len(town.dispatch.told)
    await press(town, "孟姐", "派单", WEST)
    assert await stages(town) == [Stage.IN_PROGRESS, Stage.IN_PROGRESS]
    assert len(town.dispatch.told) == told


@pytest.mark.parametrize(("leaves", "stays"), [(EAST, WEST), (WEST, EAST)])
async def test_who_withdraws_does_not_take_the_ticket_from_the_other(leaves, stays):
    town = await power_cut()
    who = {EAST: "张阿姨", WEST: "王小红"}
    await town.say(who[leaves], "/withdraw", group=leaves)
    assert "closed" not in [status for _, status, _ in town.dispatch.told]
    await town.dispatch_says("accepted")
    (case,) = await town.state.cases(stays)
    assert case.stage is Stage.ACCEPTED
    await town.say(who[stays], "/withdraw", group=stays)
    assert town.dispatch.told[-1][:2] == ("1", "closed")
    assert "撤回" in town.dispatch.told[-1][2]


async def test_the_last_to_withdraw_leaves_a_ticket_that_the_others_found_mended():
    town = await power_cut()
    await town.dispatch_says("fixed")
    await confirm(town, EAST)
    await town.say("王小红", "/withdraw", group=WEST)
    assert town.dispatch.told[-1][1] == "closed"
    assert "确认" in town.dispatch.told[-1][2]


async def test_a_dismissal_does_not_take_the_ticket_from_the_other():
    town = await power_cut()
    await press(town, "孟姐", "不是报事", EAST)
    assert await stages(town) == [Stage.NOT_A_PROBLEM, Stage.OPEN]
    assert "closed" not in [status for _, status, _ in town.dispatch.told]


async def test_a_worker_sets_apart_what_was_taken_for_the_same():
    town = await power_cut()
    await town.dispatch_says("accepted")
    await press(town, "孟姐", "另一件事", WEST)
    assert [case.ticket for case in await both(town)] == ["1", "2"]
    assert await stages(town) == [Stage.ACCEPTED, Stage.OPEN]
    assert "别的群" not in card(town, WEST)
    await town.dispatch_says("in_progress")
    assert await stages(town) == [Stage.IN_PROGRESS, Stage.OPEN], "news of the first ticket is not its own"
    await town.dispatch_says("accepted", ticket="2")
    assert await stages(town) == [Stage.IN_PROGRESS, Stage.ACCEPTED]


# --- at the same moment, through outages and crashes ---------------------------------------------------------


async def test_dispatch_away_while_both_file_is_one_ticket_when_it_is_back():
    town = town_of()
    town.dispatch.down = True
    await town.say("张阿姨", LIFT, group=EAST)
    await town.say("李叔", LIFT_TOO, group=WEST)
    await town.wait(timedelta(minutes=30))
    assert await stages(town) == [Stage.FILING, Stage.FILING]
    assert [case.delayed for case in await both(town)] == [True, True]
    town.dispatch.down = False
    await town.wait(timedelta(minutes=15))
    assert [case.ticket for case in await both(town)] == ["1", "1"]
    assert len(town.dispatch.filed) == 1


async def test_a_ticket_whose_answer_was_lost_is_waited_for_and_not_filed_again():
    town = town_of()
    town.dispatch.loses_answers = True
    await town.say("张阿姨", LIFT, group=EAST)
    await town.say("李叔", LIFT_TOO, group=WEST)
    town.dispatch.loses_answers = False
    await town.wait(timedelta(minutes=10))
    assert [case.ticket for case in await both(town)] == ["1", "1"]
    assert len(town.dispatch.filed) == 1


async def test_two_groups_that_file_in_the_same_moment_file_once():
    town = town_of()
    slow = town.dispatch.file

    async def file(filing):
        await asyncio.sleep(0.05)
        return await slow(filing)

    town.dispatch.file = file
    await asyncio.gather(town.say("张阿姨", LIFT, group=EAST), town.say("李叔", LIFT_TOO, group=WEST))
    await town.wait(timedelta(minutes=1))
    assert [case.ticket for case in await both(town)] == ["1", "1"]
    assert len(town.dispatch.filed) == 1


async def test_a_crash_between_looking_and_filing_loses_no_ticket_and_doubles_none():
    town = town_of()
    town.dispatch.down = True
    await town.say("张阿姨", LIFT, group=EAST)
    (due,) = [due for due in town.state._due.values() if due.order.key.startswith(EAST) and due.tries]
    with pytest.raises(Unreachable):
        await Hands(town.house).carry_out(due)  # it looks, and comes no further
    town.dispatch.down = False
    await town.say("李叔", LIFT_TOO, group=WEST)
    assert len(town.dispatch.filed) <= 1, "the second waits for the first, which came before it"
    await town.wait(timedelta(minutes=10))
    assert [case.ticket for case in await both(town)] == ["1", "1"]


async def test_nobody_waits_for_a_filing_that_lies_among_the_dead_letters():
    town = town_of()
    file = town.dispatch.file

    async def breaks(filing):
        raise RuntimeError("nobody foresaw this")

    town.dispatch.file = breaks
    await town.say("张阿姨", LIFT, group=EAST)
    await town.wait(timedelta(minutes=5))
    (letter,) = await town.state.dead(10)
    town.dispatch.file = file  # mended
    await town.say("李叔", LIFT_TOO, group=WEST)
    assert await stages(town) == [Stage.FILING, Stage.OPEN]
    assert await town.state.replay(letter.id)
    await town.settle()
    assert [case.ticket for case in await both(town)] == ["1", "1"], "put back, it follows too"


async def test_a_refused_ticket_is_not_waited_for():
    town = town_of()
    town.dispatch.refusing = "no such service"
    await town.say("张阿姨", LIFT, group=EAST)
    town.dispatch.refusing = ""
    await town.say("李叔", LIFT_TOO, group=WEST)
    assert await stages(town) == [Stage.WAITING_WORKER, Stage.OPEN]
    await press(town, "孟姐", "派单", EAST)
    assert [case.ticket for case in await both(town)] == ["1", "1"]


async def test_what_one_group_tells_another_is_told_once_however_often_it_is_tried():
    town = await power_cut()
    await town.dispatch_says("fixed")
    await press(town, "孟姐", "确认修好", EAST)
    town.dispatch.down = True
    await press(town, "张阿姨", "没解决", EAST)
    await town.wait(timedelta(minutes=20))
    assert [case.disputes for case in await both(town)] == [1, 1], "told before dispatch was"
    town.dispatch.down = False
    await town.wait(timedelta(minutes=10))
    assert [case.disputes for case in await both(town)] == [1, 1]
    disputes = [status for _, status, text in town.dispatch.told if "（第 1 次）" in text]
    assert disputes == ["received"], "beside it the unit is only warned of its limit"


async def test_a_message_from_another_group_that_makes_no_sense_is_buried():
    town = await power_cut()
    await town.flow.heard(
        SHARED, EAST, "x", {"case": f"{EAST}:1", "ticket": "1", "fact": '{"is": "Nonsense"}'}
    )
    await town.flow.heard(SHARED, EAST, "y", {"case": f"{EAST}:7", "ticket": "1", "fact": ""})
    await town.settle()
    assert len(await town.state.dead(10)) == 1
    assert await stages(town) == [Stage.OPEN, Stage.OPEN]
    with pytest.raises(ValueError):
        load('{"is": "Nonsense"}', f.Fact)


async def test_on_a_real_redis_a_crash_while_both_file_leaves_one_ticket_and_both_hear_of_it(tmp_path):
    async with real_redis(tmp_path / "redis") as server:
        async with on_redis(server) as state:
            town = town_of(state=state)
            town.dispatch.loses_answers = True
            await town.say("张阿姨", LIFT, group=EAST)
            await town.say("李叔", LIFT_TOO, group=WEST)
            assert await stages(town) == [Stage.FILING, Stage.FILING]
        async with on_redis(server) as state:
            after = town_of(state=state)
            after.dispatch.filed, after.chat.said = town.dispatch.filed, town.chat.said
            after._count = town._count
            after.clock.set(town.clock.now() + timedelta(minutes=5))
            await after.settle()
            after.clock.set(after.clock.now() + timedelta(minutes=5))
            await after.settle()
            assert [case.ticket for case in await both(after)] == ["1", "1"]
            assert len(after.dispatch.filed) == 1
            assert await state.open_tickets() == ["1"]
            await after.dispatch_says("fixed")
            await confirm(after, EAST)
            await press(after, "孟姐", "确认修好", WEST)
            await press(after, "李叔", "没解决", WEST)
            assert await stages(after) == [Stage.CLOSED, Stage.OPEN]
            await after.dispatch_says("fixed")
            await confirm(after, WEST, "李叔")
            assert await stages(after) == [Stage.CLOSED, Stage.CLOSED]
            assert [status for _, status, _ in after.dispatch.told][-2:] == ["received", "closed"]
            assert await state.open_tickets() == []


# --- what comes back ----------------------------------------------------------------------------------------


async def comes_back(town, group=EAST, who="李叔"):
    case = (await town.state.cases(group))[-1]
    fact = f.CameBack(at=town.clock.now(), by=f"memory:{who}", message="m99", text="又坏了")
    assert await town.flow.happened(case.id, fact)
    await town.settle()


async def test_what_comes_back_after_its_end_reopens_the_ticket_and_counts():
    town = town_of()
    await town.say("张阿姨", LIFT, group=EAST)
    await town.dispatch_says("fixed")
    await confirm(town, EAST)
    await comes_back(town)
    (case,) = await town.state.cases(EAST)
    assert (case.stage, case.ticket, case.reopened, case.disputes) == (Stage.OPEN, "1", 1, 0)
    assert case.followers == ("memory:李叔",)
    assert "再次出现 ×1" in card(town, EAST)
    assert any("第 1 次" in text for text in town.texts)
    ticket, status, words = town.dispatch.told[-1]
    assert (ticket, status) == ("1", "received")
    assert "第 1 次" in words
    await town.dispatch_says("fixed")
    await confirm(town, EAST)
    await comes_back(town)
    assert "再次出现 ×2" in card(town, EAST)


async def test_what_comes_back_in_one_group_while_the_unit_works_for_the_other_does_not_stop_it():
    town = await power_cut()
    await town.dispatch_says("fixed")
    await confirm(town, EAST)
    await press(town, "孟姐", "还没修好", WEST)
    await town.dispatch_says("in_progress")
    await comes_back(town)
    assert await stages(town) == [Stage.IN_PROGRESS, Stage.IN_PROGRESS]
    assert town.dispatch.told[-1][1] == "in_progress"
    assert "再次出现" in town.dispatch.told[-1][2]


async def test_what_comes_back_is_checked_again_where_it_was_about_to_be_confirmed():
    town = await power_cut()
    await town.dispatch_says("fixed")
    await confirm(town, EAST)
    await press(town, "孟姐", "确认修好", WEST)
    await comes_back(town)
    assert await stages(town) == [Stage.OPEN, Stage.OPEN]


async def test_a_button_of_the_round_before_it_came_back_counts_no_more():
    town = town_of()
    await town.say("张阿姨", LIFT, group=EAST)
    await town.dispatch_says("fixed")
    await press(town, "孟姐", "确认修好", EAST)
    old = town.chat.said[-1].post.buttons[0][0].data
    await press(town, "张阿姨", "解决了", EAST)
    await comes_back(town)
    await town.dispatch_says("fixed")
    await press(town, "孟姐", "确认修好", EAST)
    assert "已经过了" in await town.press("张阿姨", "", data=old)


async def test_what_was_solved_in_the_grid_comes_back_to_the_worker():
    town = town_of(policy=Policy(file_at_once=False))
    await town.say("张阿姨", LIFT, group=EAST)
    await press(town, "孟姐", "我来处理", EAST)
    await press(town, "孟姐", "处理好了", EAST)
    await press(town, "张阿姨", "解决了", EAST)
    await comes_back(town)
    (case,) = await town.state.cases(EAST)
    assert (case.stage, case.reopened) == (Stage.WAITING_WORKER, 1)
    assert town.dispatch.told == []
