"""Addresses: who lives behind one door writes the same, and a building is no household."""

import pytest

from actions.households import normal


@pytest.mark.parametrize(
    "address",
    [
        "3栋2单元501",
        "3号楼2单元501室",
        "三栋二单元501",
        "3幢 2单元 501",
        "3-2-501",
        "３栋２单元５０１户",
        "03-2-501",
    ],
)
def test_one_door_is_written_in_many_ways(address):
    assert normal(address) == normal("3栋2单元501") != ""


@pytest.mark.parametrize(
    "address", ["3栋2单元502", "3栋1单元501", "5栋2单元501", "幸福里3栋2单元501", "32-501"]
)
def test_another_door_is_another_household(address):
    assert normal(address) not in ("", normal("3栋2单元501"))


@pytest.mark.parametrize(
    "address", ["", "3栋", "3号楼", "三号楼2单元", "block 3", "我家", "🏠", "x" * 500, "3" * 61, "\x00", "-"]
)
def test_what_names_no_door_is_no_address(address):
    assert normal(address) == ""


def test_english_addresses_count_too():
    assert normal("block 3, unit 501") == normal("Blk 3 #501") == normal("3-501")
