"""A short run of the fault suite: a few faults at fixed times. `make chaos` does it for minutes, at random."""

import pytest

from tests.chaos.__main__ import Plan, figures_of, run
from tests.chaos.schedule import Fault, Kind

FAULTS = [
    Fault(1.0, Kind.TWICE, "dispatch", amount=2),
    Fault(2.0, Kind.POISON_MALFORMED, "a group"),
    Fault(3.0, Kind.KILL, "work1"),
    Fault(5.0, Kind.CUT, "redis"),
    Fault(6.0, Kind.LATE_ERROR, "dispatch", amount=1),
    Fault(7.0, Kind.KILL, "redis"),
    Fault(9.0, Kind.DROPPED, "telegram", amount=1),
    Fault(11.0, Kind.TOO_MANY, "telegram", amount=1),
    Fault(12.0, Kind.DEMOTION, "redis"),
]


@pytest.mark.timeout(600)
async def test_some_faults_in_a_few_seconds_lose_nothing_and_double_nothing(tmp_path):
    outcome = await run(Plan(1, 16.0, FAULTS, groups=3), tmp_path / "city", lambda text: None)
    assert [str(one) for one in outcome.findings] == []
    assert outcome.not_injected == {}
    figures = figures_of(outcome)
    assert figures["cases"] == figures["tickets"] > 3
    assert figures["closed"] >= 3
    assert figures["read"] + figures["poison"] == figures["said"]
