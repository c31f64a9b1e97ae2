"""Stories of clocks and lights: who is warned of what is due, when they may be told, and what the group's card shows."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from actions import facts as f
from actions.case import Stage
from actions.errors import Unreachable
from actions.levels import Level
from actions.limits import Limit
from actions.nodes import Light, Node
from actions.orders import Wait
from actions.policy import Policy
from actions.reading import Urgency
from actions.returns import Reason, marked
from bot.calendars import WorkingTime
from bot.hands import Hands
from bot.matter_list import Matters, shipped
from bot.people import Area, Unit, Worker
from bot.settings import Grid
from bot.work import Carrier
from connectors.memory_chat import MemoryChat
from tests.town import Town, report

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = WorkingTime().calendar("CN", "Asia/Shanghai")
LAMP, LIFT, LIVE_LIFT, HIT = "东门的路灯不亮了", "3号楼电梯有点怪", "3号楼电梯门关不上", "老公又在家里打人"
READ = {
    LAMP: report("traffic.streetlight", "东门"),
    LIFT: report("housing.elevator", "3号楼"),
    LIVE_LIFT: report("housing.elevator", "3号楼", urgency=Urgency.URGENT),
    HIT: report("disputes.family", "5号楼"),
}
OTHER_MATTER = "traffic.streetlight.section"
MENG, ZHOU = "memory:孟姐", "memory:周哥"
COMMUNITY, STREET, DISTRICT = "memory:社区书记", "memory:街道督导", "memory:区督导"
FITTER, CLERK = "memory:灯班老陈", "memory:灯班小何"


def area(name: str, level: Level, parent: str = "", *supervisors: str) -> Area:
    return Area(id=name, name=name, level=level, parent=parent, supervisors=supervisors)


HIERARCHY = {
    "area": (
        area("鼓楼区", Level.DISTRICT, "", DISTRICT),
        area("春风街道", Level.STREET, "鼓楼区", STREET),
        area("春风社区", Level.COMMUNITY, "春风街道", COMMUNITY),
    ),
    "unit": (
        Unit(id="lamps", name="市政所", area="春风街道", acts_for=("市政养护",), workers=(FITTER, CLERK)),
    ),
}
GRIDS = (
    Grid(
        id="g1",
        name="第一网格",
        area="春风社区",
        groups=("memory:demo",),
        workers=(Worker(id=MENG, name="孟姐"), Worker(id=ZHOU, name="周哥")),
    ),
)
ASKS_FIRST = Policy(file_at_once=False)
PATIENT = {**Policy().waits, **dict.fromkeys((Wait.WORKER, Wait.HANDLING), timedelta(days=20))}


class Lit(Town):
    """A town with a hierarchy above it and China's calendar; its workers take their time."""

    def __init__(self, at: str, policy: Policy | None = None, **how: object) -> None:
        policy = replace(policy or Policy(), waits=PATIENT, zone=SHANGHAI)
        super().__init__(READ, policy=policy, people=HIERARCHY, grids=GRIDS, calendar=CHINA, **how)
        self.clock.set(local(at))

    async def until(self, at: str) -> None:
        """Time passes until then, on China's clocks in 2026."""
        await self.wait(local(at) - self.clock.now())

    @property
    def warned(self) -> list[tuple[str, str]]:
        """Who was warned, in order, and by which lamp."""
        return [(who, text[0]) for who, text, _ in self.chat.whispered if text[0] in "🟡🔴"]

    @property
    def card(self) -> str:
        """The first card in the group."""
        return self.texts[0]

    async def light(self, node: Node) -> Light:
        """That of the node's newest clock."""
        return [clock.light for clock in (await self.case()).clocks if clock.node is node][-1]


def local(at: str) -> datetime:
    return datetime.strptime(f"2026-{at}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


# --- holidays -------------------------------------------------------------------------------------------------


async def test_on_the_eve_of_national_day_the_limit_stands_still_until_work_begins_again():
    town = Lit("09-30 10:00")
    await town.say("张阿姨", LAMP)
    case = await town.case()
    assert (case.assignment.unit, str(case.assignment.respond)) == ("市政所", "1wd")
    await town.until("09-30 16:44")
    assert town.warned == []
    assert "到期" not in town.card

    await town.until("09-30 16:45")
    assert town.warned == [(FITTER, "🟡"), (CLERK, "🟡")]
    assert "🟡 10月8日周四 10:00 到期" in town.card

    edits = len(town.chat.edits)
    await town.until("10-08 09:59")
    assert await town.light(Node.ACCEPT) is Light.YELLOW
    assert len(town.warned) == 2
    assert len(town.chat.edits) == edits, "the card stays as it is while the light does"

    await town.until("10-08 10:00")
    assert town.warned[2:] == [(who, "🔴") for who in (FITTER, CLERK, STREET, MENG, ZHOU)]
    assert "🔴 已超时，10月8日周四 10:00 到期" in town.card
    await town.until("10-20 10:00")
    assert len(town.warned) == 7, "each once"


async def test_a_light_that_turns_red_at_the_end_of_the_eve_is_told_on_the_first_working_morning():
    town = Lit("09-29 19:00", Policy(quiet_from=time(17, 30)))
    await town.say("张阿姨", LAMP)
    await town.until("09-30 17:00")
    assert [lamp for _, lamp in town.warned] == ["🟡", "🟡"]
    await town.until("09-30 18:00")
    assert "🔴" in town.card, "the light itself turns at its time"
    await town.until("10-08 08:59")
    assert len(town.warned) == 2
    await town.until("10-08 09:00")
    assert {who for who, lamp in town.warned if lamp == "🔴"} == {FITTER, CLERK, STREET, MENG, ZHOU}
    assert len(town.warned) == 7


async def test_what_is_said_names_the_case_the_group_the_node_and_the_times_and_no_telephone():
    town = Lit("09-29 10:00")
    await town.say("张阿姨", LAMP, group_title="春风里业主群")
    await town.flow.happened(
        (await town.case()).id, f.Relocated(at=town.clock.now(), place="东门13812345678")
    )
    town.chat.strangers = {FITTER, STREET}
    await town.until("09-30 10:00")
    red = next(text for who, text, _ in town.chat.whispered if who == MENG)
    lamp, group, node = red.split("\n")
    assert lamp.startswith("🔴 #1 路灯不亮 · 东门")
    assert "13812345678" not in red
    assert group == "春风里业主群"
    assert node == "单位受理 · 市政所：9月29日周二 10:00 开始，应于 9月30日周三 10:00 前完成"


async def test_who_hears_late_is_told_how_late_in_working_time():
    town = Lit("09-29 10:00")
    await town.say("张阿姨", LAMP)
    await town.until("09-30 09:00")
    town.chat.down = True
    await town.until("09-30 12:00")
    town.chat.down = False
    await town.until("09-30 12:10")
    red = [text for who, text, _ in town.chat.whispered if who == MENG]
    assert len(red) == 1
    assert "已超时 2 小时（工作时间）" in red[0]


# --- who ------------------------------------------------------------------------------------------------------


async def test_a_worker_who_does_not_decide_is_warned_then_the_community_and_the_unit_hear_of_it():
    town = Lit("09-28 09:00", ASKS_FIRST)
    await town.say("张阿姨", LIFT)
    assert (await town.case()).stage is Stage.WAITING_WORKER
    await town.until("09-28 12:00")
    assert town.warned == [(MENG, "🟡"), (ZHOU, "🟡")]
    await town.until("09-28 13:00")
    assert town.warned[2:] == [(MENG, "🔴"), (ZHOU, "🔴"), (COMMUNITY, "🔴")]
    assert town.dispatch.told == [], "no ticket, so dispatch has nothing to note"


async def test_the_one_who_handles_it_is_warned_alone():
    town = Lit("09-28 09:00", ASKS_FIRST)
    await town.say("张阿姨", LIFT)
    await town.press("孟姐", "我来处理")
    await town.until("09-28 12:30")
    assert town.warned == [(MENG, "🟡")]
    assert "网格员处置 · 孟姐" in town.chat.whispered[-1][1]


async def test_where_a_level_has_no_supervisor_the_next_above_hears_of_it():
    streets = tuple(one.model_copy(update={"supervisors": ()}) for one in HIERARCHY["area"][1:])
    town = Lit("09-29 10:00")
    settings = town.house.grids.settings.model_copy(update={"areas": (HIERARCHY["area"][0], *streets)})
    town.house.grids.adopt(settings)
    await town.say("张阿姨", LAMP)
    await town.until("09-30 10:00")
    assert (DISTRICT, "🔴") in town.warned


async def test_dispatch_has_a_note_on_the_ticket_whose_status_stays():
    town = Lit("09-29 10:00")
    await town.say("张阿姨", LAMP)
    await town.until("09-30 11:00")
    yellow, red = town.dispatch.told
    assert yellow[2] == "即将到期：市政所 · 单位受理 · 9月30日周三 10:00"
    assert red[2] == "已超期：市政所 · 单位受理 · 9月30日周三 10:00"
    assert {status for _, status, _ in town.dispatch.told} == {"received"}


async def test_residents_are_not_warned_of_their_own_limit_and_of_red_worker_and_superior_are():
    limits = {**Policy().limits, Node.CONFIRM: Limit.parse("8h")}
    town = Lit("09-28 09:00", replace(ASKS_FIRST, limits=limits))
    await town.say("张阿姨", LIFT)
    await town.press("孟姐", "我来处理")
    await town.press("孟姐", "处理好了")
    assert (await town.case()).stage is Stage.RESIDENTS_KEY
    await town.until("09-28 15:30")
    assert await town.light(Node.CONFIRM) is Light.YELLOW
    assert town.warned == []
    await town.until("09-28 17:30")
    assert {who for who, _ in town.warned} == {MENG, ZHOU, COMMUNITY}


async def test_a_private_case_is_warned_of_like_any_other_and_the_group_sees_nothing():
    town = Lit("09-28 09:00")
    await town.say("张阿姨", HIT)
    case = await town.case()
    assert case.private
    await town.until("09-30 18:00")
    assert any(lamp == "🔴" for _, lamp in town.warned)
    assert all("🔒" in text for _, text, _ in town.chat.whispered if text[0] in "🟡🔴")
    assert not any("🔴" in text or "家庭" in text for text in town.texts)


async def test_who_cannot_be_reached_in_private_is_left_out_and_the_group_hears_nothing_more():
    town = Lit("09-29 10:00")
    town.chat.strangers = {FITTER, CLERK, STREET, MENG, ZHOU}
    await town.say("张阿姨", LAMP)
    said = len(town.chat.said)
    await town.until("09-30 11:00")
    assert town.warned == []
    assert len(town.chat.said) == said
    assert "🔴" in town.card
    assert await town.state.dead(10) == []


async def test_somebody_on_a_platform_that_is_not_switched_on_is_left_out():
    unit = HIERARCHY["unit"][0].model_copy(update={"workers": (Worker(id="telegram:7"), Worker(id=CLERK))})
    town = Lit("09-29 10:00")
    town.house.grids.adopt(town.house.grids.settings.model_copy(update={"units": (unit,)}))
    await town.say("张阿姨", LAMP)
    await town.until("09-29 17:00")
    assert town.warned == [(CLERK, "🟡")]
    assert await town.state.dead(10) == []


# --- at night -------------------------------------------------------------------------------------------------

HALF_AN_HOUR = Policy(file_at_once=False, limits={**Policy().limits, Node.WORKER: Limit.parse("30m")})


async def test_a_warning_at_night_waits_for_the_morning_and_only_the_last_is_said():
    town = Lit("09-28 22:30", HALF_AN_HOUR)
    await town.say("张阿姨", LIFT)
    await town.until("09-28 23:00")
    assert "🔴" in town.card
    await town.until("09-29 06:59")
    assert town.warned == []
    await town.until("09-29 07:00")
    assert town.warned == [(MENG, "🔴"), (ZHOU, "🔴"), (COMMUNITY, "🔴")]
    assert "已超时 8 小时" in town.chat.whispered[-1][1]


async def test_what_is_urgent_is_told_at_night():
    town = Lit("09-28 22:30", HALF_AN_HOUR)
    await town.say("张阿姨", LIVE_LIFT)
    await town.until("09-28 23:00")
    assert [who for who, lamp in town.warned if lamp == "🔴"] == [MENG, ZHOU, COMMUNITY]
    assert not any(post.silent for post in town.chat.asides.values() if post.text[0] in "🟡🔴")


async def test_a_warning_that_waited_is_dropped_when_the_clock_has_stopped_meanwhile():
    town = Lit("09-28 22:30", HALF_AN_HOUR)
    await town.say("张阿姨", LIFT)
    await town.until("09-29 05:00")
    await town.press("孟姐", "不是报事")
    await town.until("09-29 08:00")
    assert town.warned == []


async def test_a_calendar_limit_is_told_on_a_day_off_but_not_at_night():
    town = Lit("09-30 23:00", HALF_AN_HOUR)
    await town.say("张阿姨", LIFT)
    await town.until("10-01 07:00")
    assert {who for who, _ in town.warned} == {MENG, ZHOU, COMMUNITY}


# --- clocks that run on, and clocks that stop -------------------------------------------------------------------


async def test_a_clock_that_stops_in_time_warns_nobody():
    town = Lit("09-29 10:00")
    await town.say("张阿姨", LAMP)
    await town.until("09-29 16:00")
    await town.dispatch_says("accepted")
    await town.until("09-30 12:00")
    assert town.warned == []
    assert town.dispatch.told == []
    assert "🟡" not in town.card


async def test_a_ticket_that_is_given_back_goes_on_to_be_late():
    town = Lit("09-29 10:00")
    await town.say("张阿姨", LAMP)
    await town.dispatch_says("returned", marked(Reason.NOT_OURS, "归供电公司"))
    assert (await town.case()).stage is Stage.RETURNED
    await town.until("09-29 17:00")
    assert (FITTER, "🟡") in town.warned
    await town.until("09-30 10:00")
    assert await town.light(Node.ACCEPT) is Light.RED
    told = [text for who, text, _ in town.chat.whispered if who == FITTER and text[0] == "🔴"]
    assert sum("单位受理" in text for text in told) == 1
    assert sum("网格员处置" in text for text in told) == 1, "the node beside theirs is late as well"


@pytest.mark.parametrize(
    ("respond", "before", "red"),
    [("3wd", "10-08 09:59", "10-08 10:00"), ("4wh", "09-28 13:59", "09-28 14:00")],
)
async def test_a_limit_that_a_worker_makes_longer_or_shorter_moves_the_lights(
    respond, before, red, tmp_path: Path
):
    matters = Matters(tmp_path)
    rows = [
        replace(row, respond=Limit.parse(respond)) if row.code == OTHER_MATTER else row
        for row in shipped().matters
    ]
    matters.adopt("2026.2", rows)
    town = Lit("09-28 10:00", matters=matters)
    await town.say("张阿姨", LAMP)
    await town.until("09-28 10:30")
    case = await town.case()
    assert (case.assignment.matter, str(case.assignment.respond)) != (OTHER_MATTER, respond)
    await town.flow.happened(case.id, f.Assigned(at=town.clock.now(), by=MENG, matter=OTHER_MATTER))
    await town.until(before)
    assert await town.light(Node.ACCEPT) is Light.YELLOW
    await town.until(red)
    assert await town.light(Node.ACCEPT) is Light.RED
    assert [who for who, _ in town.warned].count(FITTER) == 2


# --- handing over -----------------------------------------------------------------------------------------------


async def test_a_worker_to_whom_a_case_is_handed_hears_it_from_whom_with_its_words():
    town = Lit("09-28 09:00", ASKS_FIRST)
    await town.say("张阿姨", LIFT, group_title="春风里业主群")
    await town.press("孟姐", "我来处理")
    handed = f.HandedOver(at=town.clock.now(), by=MENG, by_name="孟姐", to=ZHOU, to_name="周哥")
    await town.flow.happened((await town.case()).id, handed)
    await town.settle()
    (who, text, _) = town.chat.whispered[-1]
    assert who == ZHOU
    for words in ("孟姐 把这件事转给您", "#1 电梯故障 · 3号楼", LIFT, "春风里业主群"):
        assert words in text


# --- crashes ----------------------------------------------------------------------------------------------------


class Breaking(MemoryChat):
    """A platform that is away for some people; `tried` are all whispers that were asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.away: set[str] = set()
        self.tried: list[str] = []

    async def whisper(self, person, text, key, buttons=(), *, silent=False):
        self.tried.append(person)
        if person in self.away:
            raise Unreachable("no answer")
        return await super().whisper(person, text, key, buttons, silent=silent)


async def test_a_crash_between_two_whispers_repeats_none_and_loses_none():
    town = Lit("09-29 10:00")
    town.house.chats["memory"] = town.chat = Breaking()
    await town.say("张阿姨", LAMP)
    town.chat.away = {CLERK, STREET}
    await town.until("09-30 10:00")
    assert {who for who, _ in town.warned} == {FITTER, MENG, ZHOU}, "who is away holds nobody up"

    await town.carrier.stop()
    town.carrier = Carrier(town.house, town.flow, Hands(town.house))
    town.chat.away = set()
    await town.until("09-30 10:30")
    reds = [who for who, lamp in town.warned if lamp == "🔴"]
    assert sorted(reds) == sorted((FITTER, CLERK, STREET, MENG, ZHOU))
    assert [town.chat.tried.count(who) for who in (FITTER, MENG, ZHOU)] == [2, 1, 1]
