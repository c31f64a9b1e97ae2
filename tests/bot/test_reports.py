"""Reports over groups: what they read, what they keep, and that the trace has the last word."""

from dataclasses import replace
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from actions import facts as f
from actions.case import Stage
from actions.course import Count
from actions.ledger import Change, Moved
from actions.period import named
from actions.rates import CONFIDENTIAL, By, Share
from bot.grids import Grids
from bot.reports import Reports
from connectors.memory_state import MemoryState
from tests.bot.rates_world import DEMO, NOW, RIVER, SPRING, live_through, settings
from tests.console_world import reported, tell

CHINA = ZoneInfo("Asia/Shanghai")
WEEK, MONTH = named("week", NOW, CHINA), named("month", NOW, CHINA)


class Counted(MemoryState):
    """State that counts how often a trace is read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []

    async def trace(self, case: str) -> list[f.Fact]:
        self.read.append(case)
        return await super().trace(case)


@pytest.fixture
async def state():
    made = Counted()
    await live_through(made)
    return made


async def test_the_week_of_all_grids(state):
    report = await Reports(state, Grids(settings())).report(WEEK)
    assert report.whole.response == Share(3, 4)
    assert report.whole.resolution == Share(2, 4)
    assert report.whole.satisfaction == Share(1, 3)
    assert report.whole.of(Count.OPENED) == 5
    assert report.whole.by(Count.BOUNCED) == {"not_ours": 1}


async def test_rows_are_by_grid_and_for_a_group_without_one_by_the_group(state):
    reports = Reports(state, Grids(settings()))
    report = await reports.report(MONTH)
    assert set(report.rows[By.GRID]) == {"spring", "river", DEMO}
    assert set(report.rows[By.UNIT]) == {"春风里物业", "街道市政所", ""}
    assert set(report.rows[By.LEVEL]) == {"community", "street", "grid"}
    names = await reports.names(report.rows[By.GRID])
    assert (names["spring"], names[DEMO]) == ("春风里一网格", "示范小区")


async def test_of_a_confidential_case_there_is_only_a_number(state):
    report = await Reports(state, Grids(settings())).report(WEEK)
    assert report.rows[By.CATEGORY][CONFIDENTIAL].of(Count.OPENED) == 1
    assert "disputes.family" not in report.rows[By.CATEGORY]


async def test_some_groups_alone(state):
    report = await Reports(state, Grids(settings())).report(WEEK, [RIVER])
    assert set(report.rows[By.GRID]) == {"river"}
    assert report.whole.of(Count.OPENED) == 2


async def test_a_trace_is_read_again_only_when_it_has_grown_and_one_that_ended_before_not_at_all(state):
    reports = Reports(state, Grids(settings()))
    await reports.report(WEEK)
    assert f"{DEMO}:2" not in state.read
    assert len(state.read) == 6
    await reports.report(MONTH)
    assert sorted(state.read) == sorted({*state.read})
    assert len(state.read) == 7
    case = await state.case(f"{SPRING}:1")
    await tell(state, f.ResidentDisputed(at=NOW, by="telegram:43"), case=case)
    fresh = Reports(state, Grids(settings()))
    fresh._courses = reports._courses
    state.read.clear()
    report = await fresh.report(WEEK)
    assert state.read == [f"{SPRING}:1"]
    assert report.whole.of(Count.REOPENED) == 1


async def test_what_is_stored_of_a_case_beside_its_trace_is_not_believed(state):
    before = await Reports(state, Grids(settings())).report(WEEK)
    forged = replace(
        await state.case(f"{RIVER}:4"), stage=Stage.CLOSED, clocks=(), bounces=(), changed_at=NOW, raised=9
    )
    await state.save(Change(talk=await state.talk(RIVER), moved=(Moved(forged, ()),)))
    assert await Reports(state, Grids(settings())).report(WEEK) == before


async def test_a_broken_trace_is_counted_apart_and_stops_nothing(state):
    broken = await tell(state, reported(77, NOW, "housing.leak", "漏水", place="9栋", group=DEMO))
    state._traces[broken.id] = [f.Urged(at=NOW)]
    report = await Reports(state, Grids(settings())).report(WEEK)
    assert report.unreadable == 1
    assert report.whole.of(Count.OPENED) == 5


async def test_no_groups_no_rates():
    report = await Reports(MemoryState(), Grids(settings())).report(WEEK)
    assert (report.whole.response.rate, report.rows[By.GRID]) == (None, {})


def test_the_week_is_that_of_the_zone():
    monday = NOW + timedelta(hours=11)
    assert named("week", monday, CHINA).first == WEEK.first + timedelta(days=7)
    assert named("week", monday, UTC) == replace(WEEK, zone=UTC)
