"""Two weeks of cases in two grids and a group without one, for the tests of reports."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from actions import facts as f
from actions.assignment import Assignment
from actions.levels import Level
from actions.nodes import Light
from bot.settings import Grid, Settings
from connectors.memory_state import MemoryState
from tests.console_world import reported, tell

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
"""A Sunday, 14:00 in China."""
SPRING, RIVER, DEMO = "telegram:-1001234567890", "telegram:-1009876543210", "web:demo"
GRIDS = (
    Grid(id="spring", name="春风里一网格", groups=(SPRING,)),
    Grid(id="river", name='=HYPERLINK("http://evil","望江")', groups=(RIVER,)),
)
PROPERTY = Assignment(matter="m1", list_version="1", level=Level.COMMUNITY, unit="春风里物业")
LAMPS = replace(PROPERTY, level=Level.STREET, unit="街道市政所")
SECRET = "不能让人知道的事"


def settings(**more: object) -> Settings:
    """Settings with the grids."""
    return Settings(grid=GRIDS, **more)


async def live_through(state: MemoryState, now: datetime = NOW) -> None:
    """One settled and liked, one settled and marked badly, one unconfirmed, one late and given back, one in confidence."""

    def ago(hours: float) -> datetime:
        return now - timedelta(hours=hours)

    def filed(number: int, hours: float, category: str, text: str, **more: object) -> list[f.Fact]:
        report = reported(number, ago(hours), category, text, place="3号楼", **more)
        return [report, f.TicketFiled(at=ago(hours), ticket=f"T-{number}-{report.group}")]

    def done(hours: float) -> list[f.Fact]:
        return [
            f.TicketAccepted(at=ago(hours + 3), update="a"),
            f.WorkDone(at=ago(hours + 2), update="d"),
            f.Posted(at=ago(hours + 2), what="worker_key", post="9"),
            f.WorkerConfirmed(at=ago(hours + 1), by="telegram:7"),
        ]

    def yes(hours: float, mark: int) -> list[f.Fact]:
        return [
            f.ResidentConfirmed(at=ago(hours), by="telegram:42"),
            f.SatisfactionGiven(at=ago(hours), by="telegram:42", score=mark),
        ]

    lift = filed(1, 60, "housing.elevator", "电梯坏了", assignment=PROPERTY)
    await tell(state, *lift, *done(40), *yes(40, 5))
    leak = filed(2, 50, "housing.leak", "顶楼漏水", assignment=PROPERTY)
    await tell(state, *leak, *done(30), *yes(30, 1))
    lapsing = filed(3, 90, "housing.leak", "楼道漏水", assignment=PROPERTY)
    case = await tell(state, *lapsing, *done(70))
    for hours in (50, 26):
        case = await tell(state, f.TimeRanOut(at=ago(hours), timer=case.timer), case=case)
    lamp = filed(4, 120, "traffic.streetlight", "路灯不亮", assignment=LAMPS, group=RIVER)
    await tell(
        state,
        *lamp,
        f.TicketReturned(at=ago(110), reason="not_ours", update="r"),
        f.LightTurned(at=ago(60), clock=0, light=Light.RED),
    )
    private = reported(5, ago(20), "disputes.family", SECRET, place="5号楼", private=True, group=RIVER)
    await tell(state, private)
    await tell(state, reported(1, ago(300), "greening.trees", "树枝压线", place="北门", group=DEMO))
    before = [reported(2, ago(340), "greening.trees", "草坪枯了", place="北门", group=DEMO)]
    solved = [f.SolvedOnSite(at=ago(330), by="web:c"), f.ResidentConfirmed(at=ago(320), by="web:d")]
    await tell(state, *before, *solved)
