"""The schedule of the fault suite: one seed, one schedule; everything comes about; nothing is hit twice at once."""

from collections import defaultdict
from itertools import pairwise

import pytest

from tests.chaos.schedule import deck, schedule


def test_one_seed_gives_one_schedule_and_another_gives_another():
    assert schedule(7, 300) == schedule(7, 300)
    assert schedule(7, 300) != schedule(8, 300)


@pytest.mark.parametrize("seed", range(20))
def test_in_five_minutes_every_fault_comes_about(seed):
    happened = {(fault.kind, fault.target) for fault in schedule(seed, 300)}
    assert happened == {*deck()}


@pytest.mark.parametrize("seed", range(20))
def test_a_target_is_hit_by_one_fault_at_a_time_and_within_the_run(seed):
    of = defaultdict(list)
    for fault in schedule(seed, 300):
        assert 0 < fault.at < 300
        of[fault.target].append(fault)
    for faults in of.values():
        for one, other in pairwise(faults):
            assert one.at + one.lasts < other.at
