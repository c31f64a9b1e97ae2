"""Stories of who answers for a case: the list names a unit, a unit cannot send it away, and what was assigned stays."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from actions import facts as f
from actions.advance import rebuild
from actions.case import Stage
from actions.levels import Level
from actions.limits import Limit
from actions.nodes import Node
from actions.returns import Reason, marked
from bot.matter_list import Matters, shipped
from bot.people import Area, Unit, Worker
from bot.settings import Grid
from connectors.duty import duty_of
from tests.town import Town, report

LIGHT, LIFT = "东门外有一盏路灯不亮了", "3号楼电梯坏了"
NIGHT = {
    "工地半夜还在打桩": ("environment.noise_construction", "environment.noise_construction.night"),
    "楼下KTV唱到凌晨三点": ("environment.noise_commercial", "environment.noise_commercial.ktv_bar"),
    "烧烤大排档划拳吵到两点": ("environment.noise_commercial", "environment.noise_commercial.night_market"),
    "广场舞音响开那么大": ("environment.noise_social", "environment.noise_social.dancing"),
    "半夜飙车炸街": ("environment.noise_traffic", "environment.noise_traffic.racing"),
    "变压器整夜嗡嗡响": ("environment.noise_industrial", "environment.noise_industrial.transformer"),
}
READ = {
    LIGHT: report("traffic.streetlight", "东门"),
    LIFT: report("housing.elevator", "3号楼"),
    **{words: report(category, "5号楼") for words, (category, _) in NIGHT.items()},
}
HIERARCHY = {
    "area": (
        Area(id="city", name="开封市", level=Level.CITY),
        Area(id="gulou", name="鼓楼区", level=Level.DISTRICT, parent="city"),
        Area(id="street", name="春风街道", level=Level.STREET, parent="gulou"),
    ),
    "unit": (
        Unit(id="lamps", name="春风街道市政所", area="street", acts_for=("市政养护",)),
        Unit(id="works", name="鼓楼区市政处", area="gulou", acts_for=("市政养护",)),
    ),
}
GRIDS = (
    Grid(
        id="g1", name="第一网格", area="street", groups=("memory:demo",), workers=(Worker(id="memory:孟姐"),)
    ),
)


@pytest.mark.parametrize("words", NIGHT)
async def test_noise_at_night_finds_its_own_matter_among_the_thirty(words):
    town = Town(READ)
    await town.say("张阿姨", words)
    case, (filing,) = await town.case(), town.dispatch.filed
    category, matter = NIGHT[words]
    row = shipped().get(matter)
    assert (case.category, case.assignment.matter) == (category, matter)
    assert (case.assignment.unit, case.assignment.list_version) == (row.lead, shipped().version)
    assert (filing.matter, filing.unit) == (f"{row.name_zh} ({matter})", row.lead)
    assert filing.list_version == shipped().version
    assert filing.respond_by < filing.resolve_by


async def test_a_street_light_that_two_units_send_away_goes_to_the_district_and_the_clock_runs_on():
    town = Town(READ, people=HIERARCHY, grids=GRIDS)
    await town.say("张阿姨", LIGHT)
    case = await town.case()
    assert (case.level, case.assignment.unit) == (Level.STREET, "春风街道市政所")

    await town.dispatch_says("returned", marked(Reason.NOT_OURS, "这是供电公司的"))
    case = await town.case()
    assert (case.stage, case.bounces) == (Stage.RETURNED, ("not_ours",))
    assert "这是供电公司的" in town.texts[-1]
    assert "[reason:" not in town.texts[-1]

    await town.wait(timedelta(hours=1))
    await town.press("孟姐", "派单")
    await town.dispatch_says("returned", marked(Reason.NEEDS_OTHER_UNIT, "先要供电断电"))
    case = await town.case()
    assert (case.stage, case.bounces) == (Stage.OPEN, ("not_ours", "needs_other_unit"))
    assert (case.level, case.assignment.unit, case.raised) == (Level.DISTRICT, "鼓楼区市政处", 1)
    (accept,) = [clock for clock in case.clocks if clock.node is Node.ACCEPT]
    assert accept.runs, "it has run since it was filed"
    assert accept.since == case.opened_at
    assert any("鼓楼区市政处" in text for text in town.texts), "the group hears who has it now"
    assert any("鼓楼区市政处" in text for _, _, text in town.dispatch.told)
    assert rebuild(await town.state.trace(case.id)) == case


async def test_a_return_without_a_reason_changes_nothing_and_the_unit_is_asked_for_one():
    town = Town(READ, people=HIERARCHY, grids=GRIDS)
    await town.say("张阿姨", LIGHT)
    before = len(town.chat.said)
    await town.dispatch_says("returned")
    case = await town.case()
    assert (case.stage, case.bounces) == (Stage.OPEN, ())
    assert len(town.chat.said) == before
    assert town.dispatch.told, "dispatch is told that a reason is needed"


async def test_above_the_city_there_is_nobody_to_rule():
    town = Town(READ, people=HIERARCHY, grids=GRIDS)
    await town.say("张阿姨", LIGHT)
    for reason in ("一", "二", "三", "四"):
        await town.dispatch_says("returned", marked(Reason.OTHER, reason))
        if (await town.case()).stage is Stage.RETURNED:
            await town.press("孟姐", "派单")
    case = await town.case()
    assert (case.level, case.raised, len(case.bounces)) == (Level.CITY, 2, 4)


async def test_a_new_list_in_the_middle_of_open_cases_leaves_them_their_version(tmp_path: Path):
    matters = Matters(tmp_path)
    town = Town(READ, matters=matters)
    await town.say("张阿姨", LIGHT)
    old = (await town.case()).assignment
    rows = [
        replace(row, lead="城市管理", resolve=Limit.parse("1wd"))
        if row.category == "housing.elevator"
        else row
        for row in shipped().matters
    ]
    matters.adopt("2026.2", rows)
    await town.say("李叔", LIFT)
    first, second = await town.cases()
    assert first.assignment == old
    assert (old.list_version, old.unit) == (shipped().version, "市政养护")
    assert (second.assignment.list_version, second.assignment.unit) == ("2026.2", "城市管理")
    assert matters.name_of(old), "the old version can still be read"
    for case in (first, second):
        assert rebuild(await town.state.trace(case.id)) == case


async def test_a_matter_that_is_not_yet_or_no_longer_in_effect_is_not_chosen(tmp_path: Path):
    matters = Matters(tmp_path)
    rows = [
        replace(row, ends=date(2026, 2, 1)) if row.code == "traffic.streetlight.single" else row
        for row in shipped().matters
    ]
    matters.adopt("2026.2", rows)
    town = Town(READ, matters=matters)
    await town.say("张阿姨", LIGHT)
    assert (await town.case()).assignment.matter != "traffic.streetlight.single"


async def test_a_new_category_brings_its_own_matter_unit_and_limits():
    town = Town(READ)
    card = await town.say("张阿姨", LIGHT)
    await town.say("孟姐", "类别 电梯故障", reply_to=card)
    case = await town.case()
    assert case.category == "housing.elevator"
    assert case.assignment.matter.startswith("housing.elevator.")
    (told,) = [fact for fact in await town.state.trace(case.id) if isinstance(fact, f.Recategorised)]
    assert told.assignment == case.assignment


async def test_dispatch_hears_who_answers_and_by_when_after_a_correction_on_the_clock_of_the_place():
    town = Town(READ, people=HIERARCHY, grids=GRIDS)
    await town.say("张阿姨", LIFT)
    (filing,) = town.dispatch.filed
    assert filing.respond_by.utcoffset() == timedelta(hours=8)
    await town.say("孟姐", "类别 路灯不亮", reply_to=town.chat.said[0].id)
    case = await town.case()
    duty, words = duty_of(town.dispatch.told[-1][2])
    assert case.assignment.matter.startswith("traffic.streetlight.")
    assert f"({case.assignment.matter})" in duty.matter
    assert (duty.unit, duty.level) == (case.assignment.unit, case.assignment.level)
    assert duty.respond_by == town.house.calendar.after(case.opened_at, case.assignment.respond)
    assert "路灯不亮" in words


async def test_raised_to_a_level_without_such_a_unit_it_is_the_areas_and_not_the_same_units():
    people = HIERARCHY | {"unit": HIERARCHY["unit"][:1]}
    town = Town(READ, people=people, grids=GRIDS)
    await town.say("张阿姨", LIGHT)
    assert (await town.case()).assignment.unit == "春风街道市政所"
    for reason in ("一", "二"):
        await town.dispatch_says("returned", marked(Reason.OTHER, reason))
        if (await town.case()).stage is Stage.RETURNED:
            await town.press("孟姐", "派单")
    assert (await town.case()).assignment.unit == "鼓楼区"
    assert any("鼓楼区" in text for text in town.texts)


async def test_a_unit_that_acts_for_several_roles_is_named_once():
    all_roles = tuple({role for row in shipped().matters for role in (row.lead, *row.assisting)})
    people = HIERARCHY | {"unit": (Unit(id="all", name="综合办", area="street", acts_for=all_roles),)}
    town = Town(READ, people=people, grids=GRIDS)
    await town.say("张阿姨", "工地半夜还在打桩")
    said = (await town.case()).assignment
    assert (said.unit, said.assisting) == ("综合办", ())
