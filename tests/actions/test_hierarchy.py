"""The hierarchy: who is above whom, who acts for whom, and what is wrong with one that was written."""

import pytest

from actions.hierarchy import Area, Hierarchy, Seat, Unit, faults
from actions.levels import Level

CITY = Area("lin", "临江市", Level.CITY, supervisors=(("t:1", "周主任"),))
DISTRICT = Area("hu", "东湖区", Level.DISTRICT, "lin")
STREET = Area("wang", "望江街道", Level.STREET, "hu", (("t:3", "陈主任"),))
COMMUNITY = Area("chun", "春风里社区", Level.COMMUNITY, "wang", (("t:4", "冯书记"),))
VILLAGE = Area("cun", "直管村", Level.COMMUNITY, "lin")
AREAS = (COMMUNITY, STREET, VILLAGE, CITY, DISTRICT)
UNITS = (
    Unit("cg-lin", "市城管局", "lin", ("城市管理",)),
    Unit("cg-hu", "区城管局", "hu", ("城市管理",)),
    Unit("cg-chun", "社区城管岗", "chun", ("城市管理",)),
    Unit("wy-wang", "物业办", "wang", ("物业管理",), (("t:9", "蒋队"),)),
    Unit("jw-chun", "春风里居委会", "chun"),
)
TREE = Hierarchy(AREAS, UNITS)


def test_the_chain_goes_from_the_area_up_to_the_city():
    assert TREE.chain("chun") == (COMMUNITY, STREET, DISTRICT, CITY)
    assert TREE.chain("cun") == (VILLAGE, CITY)
    assert TREE.chain("nowhere") == TREE.chain("") == ()


def test_an_area_of_a_level_is_the_area_itself_or_one_above():
    assert TREE.at("chun", Level.COMMUNITY) is COMMUNITY
    assert TREE.at("chun", Level.DISTRICT) is DISTRICT
    assert TREE.at("cun", Level.STREET) is None
    assert TREE.at("hu", Level.COMMUNITY) is None


def test_where_nobody_oversees_a_level_the_next_above_does():
    assert TREE.supervisors("chun", Level.COMMUNITY) == (("t:4", "冯书记"),)
    assert TREE.supervisors("chun", Level.STREET) == (("t:3", "陈主任"),)
    assert TREE.supervisors("chun", Level.DISTRICT) == (("t:1", "周主任"),)
    assert TREE.supervisors("cun", Level.STREET) == (("t:1", "周主任"),)
    assert TREE.supervisors("", Level.CITY) == ()


@pytest.mark.parametrize(
    ("area", "role", "level", "unit"),
    [
        ("chun", "城市管理", Level.CITY, "cg-lin"),
        ("chun", "城市管理", Level.DISTRICT, "cg-hu"),
        ("chun", "城市管理", Level.STREET, "cg-hu"),
        ("chun", "城市管理", Level.COMMUNITY, "cg-chun"),
        ("chun", "物业管理", Level.CITY, "wy-wang"),
        ("chun", "春风里居委会", Level.CITY, "jw-chun"),
        ("chun", "jw-chun", Level.STREET, "jw-chun"),
        ("cun", "城市管理", Level.COMMUNITY, "cg-lin"),
        ("cun", "物业管理", Level.COMMUNITY, None),
        ("chun", "", Level.CITY, None),
        ("", "城市管理", Level.CITY, None),
    ],
)
def test_a_role_is_acted_for_at_its_level_else_above_else_below(area, role, level, unit):
    found = TREE.unit_for(area, role, level)
    assert (found and found.id) == unit


def test_the_level_above_is_one_that_there_is():
    assert TREE.level_above("chun", Level.COMMUNITY) is Level.STREET
    assert TREE.level_above("cun", Level.COMMUNITY) is Level.CITY
    assert TREE.level_above("chun", Level.CITY) is None
    assert TREE.level_above("", Level.COMMUNITY) is None


def test_a_circle_ends_where_it_began():
    ring = (Area("a", "甲", Level.STREET, "b"), Area("b", "乙", Level.DISTRICT, "a"))
    assert [area.id for area in Hierarchy(ring).chain("a")] == ["a", "b"]


def test_a_sound_hierarchy_has_no_faults():
    seats = [Seat("g1", "chun", "cg-chun", ("t:5",)), Seat("g2", "chun", "物业办", ("t:5",)), Seat("g3")]
    assert faults(AREAS, UNITS, seats) == []


AREA, BOSS = Area("a", "甲", Level.STREET), ("t:1", "赵")


@pytest.mark.parametrize(
    ("areas", "units", "seats", "told"),
    [
        ((Area("a", "甲", Level.STREET, "chum"), Area("chun", "春", Level.CITY)), (), (), ("area", 0, "parent", "did you mean chun?")),
        ((AREA, AREA), (), (), ("area", 1, "id", "there is an area a above")),
        ((Area("a", "甲", Level.CITY, "a"),), (), (), ("area", 0, "parent", "a → a")),
        (
            (Area("a", "甲", Level.STREET, "b"), Area("b", "乙", Level.CITY, "c"), Area("c", "丙", Level.CITY, "a")),
            (),
            (),
            ("area", 0, "parent", "a → b → c → a"),
        ),
        ((AREA, Area("b", "乙", Level.STREET, "a")), (), (), ("area", 1, "level", "street is not below a")),
        ((Area("a", "甲", Level.STREET, "", (BOSS, BOSS)),), (), (), ("area", 0, "supervisors", "t:1 is named twice")),
        ((AREA,), (Unit("u", "单位", "b"),), (), ("unit", 0, "area", "there is no area b")),
        ((AREA,), (Unit("u", "甲", "a"), Unit("u", "乙", "a")), (), ("unit", 1, "id", "there is a unit u above")),
        ((AREA,), (Unit("u", "甲", "a", (), (BOSS, BOSS)),), (), ("unit", 0, "workers", "t:1 is named twice")),
        ((AREA,), (), (Seat("g", "a"),), ("grid", 0, "workers", "name at least one")),
        ((AREA,), (), (Seat("g", "b", "", ("t:1",)),), ("grid", 0, "area", "there is no area b")),
        ((AREA,), (), (Seat("g", "a", "", ("t:1", "t:1")),), ("grid", 0, "workers", "t:1 is named twice")),
        ((AREA,), (Unit("u", "甲", "a"),), (Seat("g", "", "v"),), ("grid", 0, "unit", "there is no unit v")),
    ],
)  # fmt: skip
def test_each_fault_is_told_at_its_place(areas, units, seats, told):
    (fault,) = faults(areas, units, seats)
    assert (fault.kind, fault.at, fault.key) == told[:3]
    assert told[3] in fault.text


def test_a_grid_may_name_any_unit_where_none_are_stated():
    assert faults((), (), (Seat("g", "", "春风街道"),)) == []
