"""Stories of two districts with a bot each in one deployment."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actions.case import Stage
from bot.moving import kin
from bot.settings import Grid
from connectors.moves import Moves
from connectors.pace import Limits, MemoryPace
from connectors.telegram import HANDLED, TelegramChat
from connectors.telegram_bots import MAIN, TelegramBots, accepting
from connectors.telegram_roll import Roll
from tests.telegram_simulator import TelegramSimulator
from tests.telegram_town import TelegramTown
from tests.town import report

LIFT, LAMP, HIT = "3号楼2单元电梯又坏了", "5号楼路灯不亮", "老公喝了酒又在家里发酒疯"
READ = {
    LIFT: report("housing.elevator", "3号楼2单元"),
    LAMP: report("utilities.lighting", "5号楼"),
    HIT: report("disputes.family", "5号楼602"),
}


class Districts(TelegramTown):
    """`group` is in the west, with the bot of an installation that had one only; `far` in the east, with its own."""

    def __init__(self, sim: TelegramSimulator, **how: object) -> None:
        self.east = sim.another("770002:SIMULATED-token_of_the_east", "linli_east_bot")
        self.east._allowed = set(HANDLED)
        self.bots: dict[str, TelegramChat] = {}
        super().__init__(sim, READ, None, **how)
        self.far = self.east.group("东风里", administrators=[self.meng])

    def connector(self, pace=None):
        moves = Moves(self.state.remember, self.state.recall)
        for name, one in ((MAIN, self.sim), ("east", self.east)):
            self.bots[name] = TelegramChat(
                one.token, name=name, named_workers=self.house.grids.worker_ids, api_root=self.sim.url,
                clock=self.clock.now, moves=moves, kin=kin(self.state),
                pace=pace or MemoryPace(Limits(10_000, 10_000, 10_000)),
            )  # fmt: skip

        async def known(group: str) -> bool:
            return bool((await self.state.talk(group)).version)

        roll = Roll(self.state.recall, self.state.swap)
        self.house.chats["telegram"] = TelegramBots([*self.bots.values()], roll, known)
        return self.bots[MAIN]

    async def settle(self) -> None:
        for name, one in ((MAIN, self.sim), ("east", self.east)):
            while one.updates:
                raw = one.updates.popleft()
                accept = accepting(name, self.flow.heard)
                await accept("telegram", await self.bots[name].door(raw), str(raw["update_id"]), raw)
        await super().settle()

    async def close(self) -> None:
        for bot in self.bots.values():
            await bot.stop()


@asynccontextmanager
async def districts(**how: object) -> AsyncIterator[Districts]:
    async with TelegramSimulator() as sim:
        town = Districts(sim, **how)
        try:
            await town.settle()
            yield town
        finally:
            await town.close()


async def closes(town, group):
    """The two keys, in the group of the case."""
    card = next(one for one in reversed(group.said) if "确认修好" in one.labels)
    assert await town.presses(town.meng, group, card, "确认修好")
    question = next(one for one in reversed(group.said) if "解决了" in one.labels)
    assert await town.presses(town.wang, group, question, "解决了")
    (case,) = await town.cases(group)
    return case.stage


async def test_a_report_in_each_district_is_answered_by_its_own_bot_to_the_end():
    async with districts() as town:
        town.group.say(town.wang, LIFT)
        town.far.photo(town.wang, LAMP)
        await town.settle()
        for group, bot in ((town.group, town.sim.bot), (town.far, town.east.bot)):
            assert {one.sender for one in group.said} == {bot}
            assert "工单" in group.said[-1].text
        for ticket in ("1", "2"):
            for status in ("accepted", "in_progress", "fixed"):
                await town.dispatch_says(status, ticket=ticket)
        assert [await closes(town, group) for group in (town.group, town.far)] == [Stage.CLOSED] * 2
        assert {one.sender for one in town.far.said} == {town.east.bot}
        assert await town.state.dead(10) == []


async def test_one_group_with_both_bots_has_one_case_and_one_card():
    async with districts() as town:
        town.east.enter(town.group)
        town.group.say(town.wang, LIFT)
        await town.settle()
        assert len(await town.cases()) == 1
        assert [one.sender for one in town.group.said] == [town.sim.bot] * len(town.group.said)
        assert sum("#1" in one.text for one in town.group.said) == 1


async def test_a_group_is_handed_to_the_bot_of_its_district_while_a_case_is_open():
    async with districts() as town:
        west = town.sim.group("春风里二区", administrators=[town.meng])
        west.say(town.wang, LIFT)
        await town.settle()
        town.east.enter(west)
        await town.settle()
        west.set_bot("left")
        await town.settle()
        await town.dispatch_says("accepted")
        assert west.said[-1].sender == town.east.bot
        assert "#1" in west.said[-1].text, "the other's card cannot be edited: there is a new one"
        await town.dispatch_says("in_progress")
        await town.dispatch_says("fixed")
        assert await closes(town, west) == Stage.CLOSED
        west.say(town.li, LAMP)
        await town.settle()
        assert [case.number for case in await town.cases(west)] == [1, 2]
        assert await town.state.dead(10) == []


async def test_what_is_not_for_the_group_goes_on_with_the_bot_that_each_person_has_started():
    grids = (Grid(id="g1", name="东网格", workers=[{"id": "telegram:5000003", "name": "孟姐"}]),)
    async with districts(grids=grids) as town:
        assert town.meng.id == 5_000_003
        hers, wangs = town.sim.private(town.meng), town.east.private(town.wang)
        hers.say(town.meng, "/start")
        town.far.say(town.meng, "/bind g1")
        await town.settle()
        town.far.say(town.wang, HIT)
        await town.settle()
        (link,) = [
            data for one in town.far.said for row in one.buttons for _, data in row if "start=" in data
        ]
        assert link.startswith("https://t.me/linli_east_bot?start=")
        wangs.say(town.wang, f"/start {link.partition('=')[2]}")
        await town.settle()
        assert wangs.said[-1].sender == town.east.bot
        assert wangs.said[-1].reply_to in {None, wangs.messages[0].id}
        assert any("#1" in one.text for one in hers.said), "the worker has started the other bot only"
        assert town.east.called("sendMessage")
        assert await town.state.dead(10) == []


async def test_a_group_of_the_second_bot_becomes_a_supergroup_and_its_case_goes_on():
    async with districts() as town:
        small = town.east.group("东风里小群", administrators=[town.meng], basic=True)
        small.say(town.wang, LIFT)
        await town.settle()
        new = town.east.upgrade(small)
        await town.settle()
        await town.dispatch_says("accepted")
        assert [("#1" in one.text, one.sender) for one in new.said] == [(True, town.east.bot)]
        assert await town.presses(town.li, new, new.said[-1], "我也是") == "记下了，谢谢。"
        (case,) = await town.cases(small)
        assert case.followers == (town.li.ref,)
        assert case.origin.startswith("east.")
        assert await town.state.dead(10) == []


async def test_a_list_is_given_by_the_bot_that_was_asked():
    async with districts() as town:
        town.far.say(town.wang, LAMP)
        mine, easts = town.sim.private(town.wang), town.east.private(town.wang)
        for chat in (easts, mine):
            chat.say(town.wang, "/cases")
            await town.settle()
        assert (len(easts.said), len(mine.said)) == (1, 1)
        assert easts.said[0].reply_to == mine.said[0].reply_to == 1
