"""A server with sample cases on state in memory, for the tests of the operator's pages."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from aiohttp.test_utils import TestClient, TestServer

from actions import facts as f
from actions.advance import advance
from actions.case import Case
from actions.ledger import Change, DeadLetter, Due, Entry, Moved
from actions.nodes import Light
from actions.orders import WakeAt
from actions.reading import Urgency
from bot.grids import Grids
from bot.health import Health
from bot.log_ring import Ring
from bot.login import COOKIE, Logins, Visitor
from bot.metrics import Metrics
from bot.phrases import translations
from bot.server import make_app
from bot.settings import Settings, load
from connectors.memory_state import MemoryState
from connectors.once import MemoryOnce
from connectors.tries import MemoryTries

KEY = b"0123456789abcdef0123456789abcdef"


@dataclass
class Clock:
    """The time that a test says."""

    at: datetime = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@dataclass
class FakePart:
    """A part that is as well as the test says."""

    name: str
    ok: bool = True
    detail: str = ""
    vital: bool = True

    async def health(self) -> Health:
        return Health(self.ok, self.detail, vital=self.vital)


class FailingState(MemoryState):
    """State that fails as long as there is a `fault`."""

    fault: Exception | None = None

    async def groups(self) -> list[str]:
        if self.fault:
            raise self.fault
        return await super().groups()


@dataclass
class World:
    """The server and everything behind it."""

    client: TestClient
    state: FailingState
    logins: Logins
    ring: Ring
    metrics: Metrics
    clock: Clock
    parts: list[FakePart]

    async def log_in(self, role: str = "operator") -> None:
        """Open a fresh login link."""
        answer = await self.client.get("/login", params={"token": await self.logins.issue(role)})
        assert answer.status == 200

    @property
    def cookie(self) -> str:
        """The login's cookie, as the browser has it."""
        return self.client.session.cookie_jar.filter_cookies(self.client.make_url("/"))[COOKIE].value

    @property
    def form(self) -> dict[str, str]:
        """What a form of whoever is logged in carries."""
        session = self.logins._sealer.loads(self.cookie)
        return {"form_token": self.logins.form_token(Visitor("operator", session))}


@asynccontextmanager
async def world(
    settings: Settings | None = None, parts: Sequence[FakePart] | None = None, *, secure: bool = False
) -> AsyncIterator[World]:
    state, ring, metrics, clock = FailingState(), Ring(), Metrics(), Clock()
    given = list(parts) if parts is not None else [FakePart("redis"), FakePart("nlu")]
    logins = Logins(MemoryOnce(), MemoryTries(), KEY, secure=secure)
    settings = settings or load({}, None)
    app = make_app(
        settings=settings,
        grids=Grids(settings),
        state=state,
        clock=clock,
        metrics=metrics,
        logins=logins,
        ring=ring,
        parts=given,
        translations=translations,
        links=(("/group/demo", "Group"),),
    )
    async with TestClient(TestServer(app)) as client:
        yield World(client, state, logins, ring, metrics, clock, given)


GROUPS = {
    "telegram:-1001234567890": "春风里一网格",
    "telegram:-1009876543210": "望江花园居民群",
    "web:demo": "示范小区",
}


async def tell(state: MemoryState, *facts: f.Fact, case: Case | None = None) -> Case:
    """Let the facts happen, one after another, and keep what follows."""
    for fact in facts:
        case, orders = advance(case, fact)
        talk = replace(await state.talk(case.group), title=GROUPS.get(case.group, ""))
        due = tuple(
            Due(o, case.group, fact.at + timedelta(minutes=30) if isinstance(o, WakeAt) else fact.at)
            for o in orders
            if isinstance(o, WakeAt) or fact is facts[-1]
        )
        await state.save(Change(talk=talk, moved=(Moved(case, (fact,)),), orders=due))
    assert case is not None
    return case


def reported(number: int, at: datetime, category: str, text: str, **more: object) -> f.Reported:
    group = str(more.pop("group", "telegram:-1001234567890"))
    return f.Reported(
        at=at,
        by="telegram:42",
        by_name=str(more.pop("by_name", "王阿姨")),
        message=str(number * 10),
        case=f"{group}:{number}",
        number=number,
        group=group,
        category=category,
        text=text,
        **more,  # type: ignore[arg-type]
    )


async def fill(world: World) -> None:
    """A morning in three groups."""
    now, state = world.clock.at, world.state

    def ago(minutes: float) -> datetime:
        return now - timedelta(minutes=minutes)

    lift = reported(
        12, ago(190), "housing.elevator", "3号楼电梯又坏了，老人下不来，有事打 138 1234 5678", place="3号楼"
    )
    case = await tell(
        state,
        lift,
        f.Seconded(at=ago(186), by="telegram:43", by_name="老李", message="121"),
        f.TicketFiled(at=ago(185), ticket="DT-20261122-0031"),
        f.TicketAccepted(at=ago(150), note="区住建局物业科已受理", update="u1"),
        f.WorkDone(at=ago(60), note="已更换门机，试运行正常", update="u2"),
        f.Posted(at=ago(59), what="worker_key", post="130"),
        f.WorkerConfirmed(at=ago(40), by="telegram:7", by_name="网格员小陈"),
        f.ResidentDisputed(
            at=ago(12), by="telegram:43", by_name="老李", message="140", text="刚才又停在5楼了"
        ),
    )
    case = await tell(state, f.LightTurned(at=ago(2), clock=4, light=Light.YELLOW), case=case)
    assert case.disputes == 1
    gas = reported(
        4,
        ago(6),
        "utilities.gas",
        "二单元楼道里一股煤气味，很浓！",
        place="7栋2单元",
        urgency=Urgency.EMERGENCY,
        group="telegram:-1009876543210",
        by_name="赵女士",
    )
    await tell(state, gas, f.TicketFiled(at=ago(6), ticket="DT-20261122-0044"))
    lamp = reported(13, ago(50), "traffic.streetlight", "东门出来那排路灯三天没亮了")
    await tell(state, lamp)
    pit = reported(
        5,
        ago(1500),
        "traffic.pavement",
        "菜场门口的坑越来越大，昨天有人摔了",
        place="望江路菜场门口",
        group="telegram:-1009876543210",
        urgency=Urgency.URGENT,
    )
    await tell(state, pit, f.FilingDelayed(at=ago(1495)))
    noise = reported(
        14, ago(300), "environment.noise_construction", "夜里十一点还在打桩，孩子睡不着", place="春风路工地"
    )
    await tell(
        state,
        noise,
        f.TicketFiled(at=ago(299), ticket="DT-20261122-0022"),
        f.WorkStarted(at=ago(120), note="城管已到场", update="u9"),
    )
    fire = reported(
        1,
        ago(20),
        "safety.fire_hazard",
        "一楼有人飞线充电，消防通道也堵了",
        place="示范小区6栋",
        group="web:demo",
        sure=False,
    )
    await tell(state, fire, f.LightTurned(at=ago(5), clock=0, light=Light.YELLOW))
    trees = reported(2, ago(400), "greening.trees", "树枝压到电线了", place="北门", group="web:demo")
    await tell(
        state,
        trees,
        f.TakenOn(at=ago(390), by="web:c", by_name="网格员小周"),
        f.SolvedOnSite(at=ago(200), by="web:c", by_name="网格员小周"),
        f.ResidentConfirmed(at=ago(190), by="web:d", by_name="孙伯"),
    )
    entry = Entry("1", 0, "telegram:-1001234567890", "telegram", "u77", "{}", ago(33))
    letter = DeadLetter("d1", entry.group, "telegram update u77", "update 77 has no chat", ago(33), "{}")
    await state.bury(letter, entry=entry)
    await state.accept("telegram", "telegram:-1001234567890", "u78", "{}", now)


def events() -> list[dict[str, object]]:
    """What the log said that morning."""
    at = "2026-11-22T05:5{}:0{}.120000Z"
    case, group = "telegram:-1001234567890:12", "telegram:-1001234567890"
    said = [
        ("info", "message", {"group": group, "intent": "disputed", "confidence": 0.93}),
        ("info", "fact", {"fact": "ResidentDisputed", "case": case, "group": group, "stage": "open"}),
        ("info", "order", {"kind": "ShowCard", "case": case, "tries": 1}),
        ("info", "order", {"kind": "TellDispatch", "case": case, "tries": 1}),
        ("warning", "dispatch_unreachable", {"reason": "503 Service Unavailable", "tries": 3}),
        ("info", "message", {"group": "web:demo", "intent": "chatter", "confidence": 0.99}),
        (
            "error",
            "order_failed",
            {"order": f"{case}:9:0", "kind": "Say", "exception": "Traceback …\nValueError: no"},
        ),
        ("info", "fact", {"fact": "Reported", "case": "web:demo:1", "stage": "waiting_worker"}),
    ]
    return [
        {"ts": at.format(n, n), "level": level, "event": event, **more}
        for n, (level, event, more) in enumerate(said)
    ]
