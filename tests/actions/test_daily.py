"""What a group's memory keeps by the day."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from actions.daily import KEPT, Digests, Reads, counted
from actions.message import Kind, Message, Role
from actions.talk import Talk
from connectors.codec import dump, load
from tests.actions.stories import GROUP, START

MONDAY = date(2026, 3, 2)
DAY = timedelta(days=1)


def test_each_day_has_its_own_count():
    days = counted((), MONDAY, silent=True)
    days = counted(days, MONDAY, silent=False)
    days = counted(days, MONDAY + DAY, silent=True)
    assert days == (Reads(MONDAY, 2, 1), Reads(MONDAY + DAY, 1, 1))


def test_what_comes_late_counts_for_the_day_that_we_are_in():
    days = counted(counted((), MONDAY, silent=True), MONDAY - DAY, silent=True)
    assert days == (Reads(MONDAY, 2, 2),)


@given(st.lists(st.integers(0, 60), max_size=80))
def test_it_is_bounded_and_in_order(numbers: list[int]):
    days: tuple[Reads, ...] = ()
    for n in numbers:
        days = counted(days, MONDAY + n * DAY, silent=n % 2 == 0)
    assert len(days) <= KEPT.days
    assert [one.day for one in days] == sorted({one.day for one in days})
    assert all(days[-1].day - one.day < KEPT and one.silent <= one.read for one in days)


def message(**more: object) -> Message:
    given: dict[str, object] = {"role": Role.RESIDENT, "text": "早上好", **more}
    return Message(
        group=GROUP, id="m1", sender="memory:a", sender_name="a", at=START, kind=Kind.TEXT, **given
    )


def test_edits_and_other_bots_are_not_read():
    talk = Talk(group=GROUP)
    assert talk.read(message(edited=True), MONDAY, silent=True).days == ()
    assert talk.read(message(role=Role.BOT), MONDAY, silent=True).days == ()
    assert talk.read(message(), MONDAY, silent=True).days == (Reads(MONDAY, 1, 1),)


def test_whom_we_warned_we_did_not_keep_silent_to():
    talk = Talk(group=GROUP, warned=("m1",)).read(message(), MONDAY, silent=True)
    assert talk.days == (Reads(MONDAY, 1, 0),)


def test_a_memory_of_an_older_program_can_be_read_and_a_new_one_written():
    assert load(f'{{"group": "{GROUP}", "version": 3}}', Talk).digests == Digests()
    talk = Talk(group=GROUP, days=(Reads(MONDAY, 2, 1),), digests=Digests(shown=MONDAY, sent=MONDAY))
    assert load(dump(talk), Talk) == talk
