"""The building of a place: as far as neighbours may read where something is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.building import building_of
from actions.places import numbered


@pytest.mark.parametrize(
    ("place", "building"),
    [
        ("3栋2单元501", "3栋"),
        ("三号楼二单元", "3号楼"),
        ("幸福小区3栋2单元501室", "幸福小区3栋"),
        ("阳光花园二期3号楼402", "阳光花园2期3号楼"),
        ("3号院5号楼2单元", "3号院5号楼"),
        ("建设路302号", "建设路302号"),
        ("3-2-501", "3#"),
        ("B-1104", "B#"),
        ("B栋1104", "B栋"),
        ("８栋１０１", "8栋"),
        ("3楼302", "3楼"),
        ("Block 5 #07-112", "Block 5"),
        ("Maple Court building B, flat 9", "Building B"),
    ],
)
def test_a_place_is_cut_behind_its_building(place, building):
    assert building_of(place) == building


@pytest.mark.parametrize("place", ["钱阿姨家3栋", "钱阿姨 3栋2单元"])
def test_what_people_say_before_a_building_goes_too(place):
    assert building_of(place) == "3栋"


@pytest.mark.parametrize(
    "place",
    [
        "",
        "501",
        "502室",
        "1203楼",
        "301号",
        "2单元5号",
        "501室3栋",
        "钱阿姨家",
        "小区东门",
        "5号门",
        "#07-112",
        "30.25, 120.17",
    ],
)
def test_where_no_building_can_be_told_nothing_is_shown(place):
    assert building_of(place) == ""


_HOMES = st.builds(
    "{}{}{}单元{}".format,
    st.integers(1, 40),
    st.sampled_from(["号楼", "栋", "幢", "座", "#"]),
    st.integers(1, 6),
    st.integers(100, 3300),
)


@given(_HOMES)
def test_of_a_home_the_building_alone_is_left(home):
    assert set(numbered(building_of(home))) == {"building"}
    assert numbered(building_of(home))["building"] == numbered(home)["building"]


@given(st.text(alphabet="0123456789号楼栋单元室层-#座AB 幸福小区钱家的在", max_size=20))
def test_no_wording_gives_a_flat_away(place):
    assert not {"room", "entrance", "floor"} & numbered(building_of(place)).keys()
