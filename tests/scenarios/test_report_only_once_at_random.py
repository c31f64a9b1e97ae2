"""Three groups of a community do what they like: a ticket lives exactly as long as somebody follows it."""

import random
from datetime import timedelta

import pytest

from actions import facts as f
from actions.advance import rebuild
from actions.case import Stage
from bot.settings import Grid
from tests.town import Town, report

GROUPS = ("memory:east", "memory:west", "memory:south")
COMMUNITY = tuple(Grid(id=group, name="网格", groups=(group,), community="春风里") for group in GROUPS)
LIFT = "3号楼电梯坏了"
READ = {LIFT: report("housing.elevator", "3号楼")}
FOR_WORKERS = ("我来处理", "派单", "不是报事", "处理好了", "确认修好", "还没修好", "另一件事")
STATUSES = ("accepted", "in_progress", "returned", "fixed", "fixed")


class Telling:
    """A random story; the same seed is the same story."""

    def __init__(self, seed):
        self.dice, self.town = random.Random(seed), Town(READ, grids=COMMUNITY)

    async def step(self):
        self.town.clock.set(self.town.clock.now() + timedelta(seconds=7))
        group = self.dice.choice(GROUPS)
        acts = [self.say, self.withdraw, self.come_back, *[self.news] * 4, *[self.press] * 6]
        await self.dice.choice(acts)(group)

    async def say(self, group):
        await self.town.say(f"{group}的人", LIFT, group=group)

    async def withdraw(self, group):
        await self.town.say(f"{group}的人", "/withdraw", group=group)

    async def come_back(self, group):
        for case in (await self.town.state.cases(group))[-1:]:
            await self.town.flow.happened(case.id, f.CameBack(at=self.town.clock.now(), by="memory:乙"))
            await self.town.settle()

    async def news(self, group):
        ticket = self.dice.randint(1, max(1, len(self.town.dispatch.filed)))
        await self.town.dispatch_says(self.dice.choice(STATUSES), ticket=str(ticket))

    async def press(self, group):
        shown = [
            (at, button.label)
            for at, said in enumerate(self.town.chat.said)
            for row in said.post.buttons
            for button in row
            if said.post.group == group
        ]
        if shown:
            at, label = self.dice.choice(shown[-14:])
            await self.town.press("孟姐" if label in FOR_WORKERS else "甲", label, on=at)


@pytest.mark.parametrize("seed", range(60))
async def test_a_ticket_lives_as_long_as_somebody_follows_it(seed):
    telling = Telling(seed)
    town = telling.town
    for group in GROUPS:
        await telling.say(group)
    assert len(town.dispatch.filed) == 1
    for _ in range(25):
        await telling.step()
    cases = [case for group in GROUPS for case in await town.state.cases(group)]
    assert await town.state.dead(1) == []
    for case in cases:
        assert rebuild(await town.state.trace(case.id)) == case
    for ticket in map(str, range(1, len(town.dispatch.filed) + 1)):
        followers = [case for case in cases if case.ticket == ticket]
        told = [status for to, status, _ in town.dispatch.told if to == ticket]
        if any(case.live for case in followers):
            assert told[-1:] != ["closed"], "somebody still follows it"
        elif not any(case.stage is Stage.LAPSED for case in followers):
            assert "closed" in told[-2:], "nobody follows it any more"
