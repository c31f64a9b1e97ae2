"""Random traces: rates are shares, parts sum up to the whole, and nothing but the trace is used."""

from datetime import UTC, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from actions.advance import rebuild
from actions.case import DROPPED, LIVE
from actions.course import Count, Course, course_of
from actions.facts import Fact
from actions.period import Period
from actions.rates import By, Counting, tally, total
from connectors.codec import dump, load
from tests.actions.stories import START
from tests.actions.test_case_random import CALM, Told, tellings

DAY = START.date()
DAYS = st.tuples(st.integers(-3, 15), st.integers(0, 40))
periods = DAYS.map(lambda days: Period(DAY + timedelta(days[0]), DAY + timedelta(days[0] + days[1]), UTC))
EVER = Period(DAY, DAY + timedelta(days=60), UTC)
ENDS = (Count.SETTLED, Count.LAPSED, Count.WITHDRAWN, Count.DISMISSED, Count.MERGED)


@settings(CALM, max_examples=100)
@given(tellings(), periods)
def test_every_rate_is_a_share(told: Told, period: Period) -> None:
    found = tally(course_of(told.trace), period)
    for share in (found.response, found.resolution, found.satisfaction):
        assert 0 <= share.part <= share.of
        assert share.rate is None if not share.of else 0 <= share.rate <= 1
    assert found.satisfaction.part <= found.resolution.part <= found.of(Count.SETTLED)
    assert found.of(Count.OVERDUE) <= found.of(Count.OPEN)


@settings(CALM, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(["g1", "g2"]), tellings()), max_size=4), periods)
def test_the_parts_of_each_division_sum_up_to_the_whole(
    several: list[tuple[str, Told]], period: Period
) -> None:
    counting = Counting(period)
    courses = [(grid, course_of(told.trace)) for grid, told in several]
    for grid, course in courses:
        counting.add(grid, course)
    report = counting.report()
    assert report.whole == total(tally(course, period) for _, course in courses)
    for by in By:
        assert total(report.rows[by].values()) == report.whole
    assert sum(opened for _, opened, _ in report.trend) == report.whole.of(Count.OPENED)
    assert sum(settled for _, _, settled in report.trend) == report.whole.of(Count.SETTLED)


@settings(CALM, max_examples=60)
@given(tellings())
def test_each_case_is_opened_once_and_has_one_end_or_is_open(told: Told) -> None:
    found, case = tally(course_of(told.trace), EVER), told.case
    if case.doubtful:
        assert not found.counts
        return
    assert found.of(Count.OPENED) == 1
    assert sum(found.of(end) for end in ENDS) == (case.stage not in LIVE)
    assert found.of(Count.OPEN) == (case.stage in LIVE)
    assert found.of(Count.FILED) <= 1
    assert found.response.of <= (case.stage not in DROPPED)
    assert found.of(Count.DISPUTED) == case.disputes
    assert found.of(Count.HALF_FIXED) == case.halves
    assert found.of(Count.RAISED) == case.raised
    assert found.of(Count.BOUNCED) == len(case.bounces)


@settings(CALM, max_examples=60)
@given(tellings(), periods)
def test_nothing_but_the_trace_is_used(told: Told, period: Period) -> None:
    stored = [load(dump(fact, Fact), Fact) for fact in told.trace]
    assert tally(course_of(stored), period) == tally(course_of(told.trace), period)
    assert rebuild(stored) == told.case


@settings(CALM, max_examples=60)
@given(tellings(), periods)
def test_what_happened_after_a_period_changes_nothing_in_it(told: Told, period: Period) -> None:
    known, latest = [], told.trace[0].at
    for fact in told.trace:
        latest = max(latest, fact.at)
        if latest >= period.until:
            break
        known.append(fact)
    earlier = course_of(known) if known else Course()
    assert tally(earlier, period) == tally(course_of(told.trace), period)
