"""Where a group lives."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from connectors.partition import PARTITIONS, group_of_case, partition_of


def test_a_group_lives_where_it_always_lived() -> None:
    # These are stored in running installations: another hash would lose every group's memory.
    assert partition_of("telegram:-1001234567890") == 91
    assert partition_of("web:七号网格") == 113
    assert partition_of("telegram:-1001234567890", 16) == 11


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 4096))
def test_every_group_has_a_partition_within_bounds(group: str, partitions: int) -> None:
    assert 0 <= partition_of(group, partitions) < partitions


def test_groups_are_spread_evenly() -> None:
    homes = Counter(partition_of(f"telegram:-100{n}") for n in range(256 * 40))
    assert len(homes) == PARTITIONS
    assert max(homes.values()) < 3 * 40


@given(st.text(), st.integers(1, 10**6))
def test_a_case_lives_with_its_group(group: str, number: int) -> None:
    assert group_of_case(f"{group}:{number}") == group


def test_a_group_may_have_colons_in_its_name() -> None:
    assert group_of_case("telegram:-100:thread:7:12") == "telegram:-100:thread:7"
