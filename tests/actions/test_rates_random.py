"""Random traces: rates are shares, parts sum up to the whole, and nothing but the trace is used."""

from datetime import UTC, date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from actions.advance import rebuild
from actions.case import SETTLED, IllegalMove
from actions.course import Count, Course, course_of
from actions.facts import Fact
from actions.nodes import Light
from actions.period import Period, week
from actions.rates import By, Counting, tally, total
from connectors.codec import dump, load
from tests.actions.stories import START
from tests.actions.test_case_random import CALM, told

DAY = START.date()
periods = st.tuples(st.integers(-3, 20), st.integers(0, 20)).map(
    lambda days: Period(DAY + timedelta(days[0]), DAY + timedelta(days[0] + days[1]), UTC)
)
EVER = Period(date(2026, 1, 1), date(2026, 12, 31), UTC)
