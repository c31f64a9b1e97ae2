"""Briefs: what is kept of cases from look to look, and that only what has changed is read again."""

from datetime import timedelta

import pytest

from actions import facts as f
from actions.case import Case, Stage
from actions.nodes import Light
from bot.briefs import Brief, Briefs
from connectors.memory_state import MemoryState
from tests.actions.stories import START
from tests.console_world import reported, tell

GROUP, OTHER = "telegram:-1001234567890", "telegram:-1009876543210"


class Counted(MemoryState):
    """State that counts how often the cases of a group are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    async def cases(self, group: str, *, live: bool = False, every: bool = False) -> list[Case]:
        self.read.append(group)
        return await super().cases(group, live=live, every=every)


@pytest.fixture
def state():
    return Counted()


async def looked(briefs: Briefs, since=START) -> dict[str, Brief]:
    lots = [lot async for lot in briefs.look([GROUP, OTHER], since)]
    return {brief.case: brief for lot in lots for brief in lot}


async def test_a_group_is_read_again_only_when_something_happened_there(state):
    first = await tell(state, reported(1, START, "housing.elevator", "停了", place="3号楼", group=GROUP))
    await tell(state, reported(1, START, "housing.elevator", "停了", place="3号楼", group=OTHER))
    briefs = Briefs(state)
    assert (await looked(briefs)).keys() == {f"{GROUP}:1", f"{OTHER}:1"}
    state.read.clear()
    assert len(await looked(briefs)) == 2
    assert state.read == []
    await tell(state, f.TicketFiled(at=START, ticket="T-1"), case=first)
    assert (await looked(briefs))[f"{GROUP}:1"].filed
    assert state.read == [GROUP]


async def test_what_is_over_is_kept_while_it_counts(state):
    case = await tell(
        state, reported(1, START, "housing.elevator", "停了", place="3号楼", doubtful=True, group=GROUP)
    )
    await tell(state, f.TimeRanOut(at=START, timer=case.timer), case=case)
    found = await looked(Briefs(state))
    assert (found[case.id].live, found[case.id].doubtful) == (False, True)
    assert await looked(Briefs(state), START + timedelta(days=1)) == {}


async def test_the_light_is_the_worst_of_the_clocks_and_else_a_matter_of_the_stage(state):
    case = await tell(state, reported(1, START, "housing.elevator", "停了", place="3号楼", group=GROUP))
    assert (case.stage, Brief.of(case).light) == (Stage.FILING, Light.GREEN)
    case = await tell(state, f.FilingDelayed(at=START), case=case)
    assert Brief.of(case).light is Light.RED
