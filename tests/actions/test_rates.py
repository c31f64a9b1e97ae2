"""The three rates, each by made-up traces: what counts, for whom, when, and what does not."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from actions import facts as f
from actions.assignment import Assignment, Secrecy
from actions.course import GRID, IN_GRID, UNNAMED, Count, Course, Holder, course_of
from actions.levels import Level
from actions.nodes import Light
from actions.period import Period, month, named, week
from actions.rates import CONFIDENTIAL, By, Counting, Share, Tally, tally

CHINA = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
WEEK = week(date(2026, 3, 2), CHINA)
NEXT_WEEK = week(date(2026, 3, 9), CHINA)
STREET = Assignment(matter="1", list_version="1", level=Level.STREET, unit="城管")
COMMUNITY = replace(STREET, level=Level.COMMUNITY, unit="物业")
WORKER, AUNT = "memory:worker", "memory:aunt"


class Told:
    """A trace told hour by hour; `course` is what follows from it."""

    def __init__(self, **report: object) -> None:
        given: dict[str, object] = {"assignment": COMMUNITY, "place": "3号楼", **report}
        self.at = MONDAY
        self.trace: list[f.Fact] = [
            f.Reported(
                at=self.at,
                by=AUNT,
                case="memory:g:1",
                number=1,
                group="memory:g",
                category=str(given.pop("category", "housing.elevator")),
                text="电梯坏了",
                **given,
            )
        ]

    def then(self, kind: type[f.Fact], hours: float = 1, **words: object) -> "Told":
        self.at += timedelta(hours=hours)
        by = {"by": WORKER} if kind in (f.TakenOn, f.SolvedOnSite, f.WorkerConfirmed) else {}
        self.trace.append(kind(at=self.at, **{**by, **words}))
        return self

    def filed(self) -> "Told":
        return self.then(f.TicketFiled, ticket="T-1")

    def done(self) -> "Told":
        return self.then(f.WorkDone).then(f.Posted, 0, what="worker_key", post="p")

    def confirmed(self) -> "Told":
        return self.then(f.WorkerConfirmed).then(f.ResidentConfirmed, by=AUNT)

    def red(self, clock: int = 0, hours: float = 30) -> "Told":
        return self.then(f.LightTurned, hours, clock=clock, light=Light.RED)

    def lapsed(self) -> "Told":
        for _ in range(2):
            self.then(f.TimeRanOut, timer=self.timer)
        return self

    @property
    def timer(self) -> str:
        from actions.advance import rebuild

        return rebuild(self.trace).timer

    @property
    def course(self) -> Course:
        return course_of(self.trace)

    def in_(self, period: Period = WEEK) -> Tally:
        return tally(self.course, period)


def closed() -> Told:
    return Told().filed().then(f.TicketAccepted).done().confirmed()


# --- response ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [f.TicketAccepted, f.WorkStarted, f.WorkDone, f.TakenOn, f.SolvedOnSite])
def test_an_answer_before_a_red_light_is_in_time(answer):
    assert Told().filed().then(answer).in_().response == Share(1, 1)


def test_an_answer_after_a_red_light_is_too_late():
    assert Told().filed().red().then(f.TicketAccepted).in_().response == Share(0, 1)


def test_a_red_light_without_an_answer_counts_at_once():
    assert Told().filed().red().in_().response == Share(0, 1)


def test_what_is_not_due_yet_counts_not_at_all():
    assert Told().filed().in_().response == Share(0, 0)
    assert Told().filed().in_().response.rate is None


def test_a_unit_that_gives_the_ticket_back_has_not_answered_nor_has_who_sends_it_again():
    told = Told().filed().then(f.TicketReturned).then(f.Dispatched)
    assert told.in_().response == Share(0, 0)
    assert told.red().in_().response == Share(0, 1)


def test_a_worker_who_sends_it_on_has_answered():
    assert Told(sure=False).then(f.Dispatched, by=WORKER).in_().response == Share(1, 1)
    corrected = Told(sure=False).then(f.Recategorised, by=WORKER, category="housing.leak")
    assert corrected.in_().response == Share(1, 1)


def test_a_worker_who_only_corrects_what_waits_at_dispatch_has_not_answered():
    told = Told().filed().then(f.Recategorised, by=WORKER, category="housing.leak")
    assert told.in_().response == Share(0, 0)


def test_what_lapsed_without_any_answer_had_none():
    told = Told(sure=False).then(f.TimeRanOut, timer="1:worker")
    told = told.then(f.TimeRanOut, timer=told.timer)
    assert told.in_().of(Count.LAPSED) == 1
    assert told.in_().response == Share(0, 1)


def test_only_the_first_answer_counts():
    told = closed().then(f.ResidentDisputed, by=AUNT).red(clock=4, hours=1).then(f.TicketAccepted)
    assert told.in_().response == Share(1, 1)
    assert told.in_().of(Count.LATE) == 1


def test_an_answer_counts_in_the_period_in_which_it_was_given():
    told = Told().filed().then(f.TicketAccepted, 7 * 24)
    assert told.in_().response == Share(0, 0)
    assert told.in_(NEXT_WEEK).response == Share(1, 1)


# --- resolution --------------------------------------------------------------------------------------


def test_both_keys_settle_a_case_with_or_without_a_ticket():
    assert closed().in_().resolution == Share(1, 1)
    on_site = Told(sure=False).then(f.SolvedOnSite).then(f.ResidentConfirmed, by=AUNT)
    assert on_site.in_().resolution == Share(1, 1)


def test_an_unconfirmed_case_counts_against():
    assert Told().filed().done().then(f.WorkerConfirmed).lapsed().in_().resolution == Share(0, 1)


def test_an_open_case_counts_against_as_soon_as_a_light_is_red():
    told = Told().filed().then(f.TicketAccepted)
    assert told.in_().resolution == Share(0, 0)
    assert told.red(clock=1).in_().resolution == Share(0, 1)


def test_a_late_case_counts_against_every_week_until_it_is_settled_and_then_for():
    told = Told().filed().then(f.TicketAccepted).red(clock=1)
    assert (told.in_().resolution, told.in_(NEXT_WEEK).resolution) == (Share(0, 1), Share(0, 1))
    told.then(f.WorkDone, 7 * 24).then(f.Posted, 0, what="worker_key", post="p").confirmed()
    assert (told.in_().resolution, told.in_(NEXT_WEEK).resolution) == (Share(0, 1), Share(1, 1))


def test_a_disputed_fix_is_open_again_and_counts_once_in_the_end():
    told = closed().then(f.ResidentDisputed, by=AUNT)
    assert told.in_().resolution == Share(0, 0)
    told.done().confirmed()
    assert told.in_().resolution == Share(1, 1)
    assert (told.in_().of(Count.DISPUTED), told.in_().of(Count.REOPENED)) == (1, 1)


def test_what_happens_later_changes_nothing_in_an_earlier_period():
    told = closed()
    then = told.in_()
    told.then(f.ResidentDisputed, 7 * 24, by=AUNT)
    assert told.in_() == then
    assert told.in_(NEXT_WEEK).of(Count.REOPENED) == 1


@pytest.mark.parametrize(
    ("dropped", "count"),
    [(f.Withdrawn, Count.WITHDRAWN), (f.Dismissed, Count.DISMISSED), (f.Merged, Count.MERGED)],
)
def test_what_was_dropped_is_counted_and_is_in_no_rate(dropped, count):
    more = {"into": "memory:g:2"} if dropped is f.Merged else {}
    told = Told().filed().red().then(f.TicketAccepted).then(dropped, **more).in_()
    assert told.of(count) == 1
    assert (told.response, told.resolution, told.satisfaction) == (Share(0, 0),) * 3


# --- satisfaction ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marks", "satisfied"), [((), 1), ((5,), 1), ((3,), 1), ((2,), 0), ((5, 1), 1), ((4, 1), 0)]
)
def test_who_confirmed_is_satisfied_unless_the_marks_are_low(marks, satisfied):
    told = closed()
    for at, mark in enumerate(marks):
        told.then(f.SatisfactionGiven, 0, by=f"memory:{at}", score=mark)
    assert told.in_().satisfaction == Share(satisfied, 1)


def test_a_changed_mark_counts_as_it_stands_and_a_household_has_one():
    told = (
        closed().then(f.SatisfactionGiven, 0, by=AUNT, score=5).then(f.SatisfactionGiven, 0, by="b", score=5)
    )
    told.then(f.SatisfactionGiven, 0, by=AUNT, score=1)
    assert told.in_().satisfaction == Share(1, 1), "5 and 1 are good enough"
    told.then(f.SatisfactionGiven, 0, by="b", score=1, household="h").then(
        f.SatisfactionGiven, 0, by="c", score=2, household="h"
    )
    assert told.in_().satisfaction == Share(0, 1)


def test_an_unconfirmed_case_is_never_satisfied():
    told = Told().filed().done().then(f.WorkerConfirmed).lapsed()
    told.then(f.SatisfactionGiven, 0, by=AUNT, score=5)
    assert told.in_().satisfaction == Share(0, 1)


def test_of_a_disputed_case_only_the_last_word_counts():
    told = closed().then(f.SatisfactionGiven, 0, by=AUNT, score=1).then(f.ResidentDisputed, by=AUNT)
    assert told.in_().satisfaction == Share(0, 0)
    assert told.done().confirmed().in_().satisfaction == Share(1, 1)


# --- counts ------------------------------------------------------------------------------------------


def test_what_nobody_is_sure_of_is_no_case_until_somebody_bears_it_out():
    doubt = Told(doubtful=True)
    assert doubt.in_() == Tally()
    assert tally(course_of([*doubt.trace, f.TimeRanOut(at=MONDAY, timer="1:doubt")]), WEEK) == Tally()
    assert doubt.then(f.Seconded, by="memory:b").in_().of(Count.OPENED) == 1


def test_bounces_are_counted_by_reason_for_the_unit_that_gave_it_back():
    told = Told().filed().then(f.TicketReturned, reason="not_ours").then(f.Dispatched)
    told.then(f.TicketReturned, reason="no_power", ruling=STREET)
    assert told.in_().by(Count.BOUNCED) == {"no_power": 1, "not_ours": 1}
    assert told.in_().of(Count.RAISED) == 1
    rows = report_of(told).rows
    assert rows[By.UNIT]["物业"].of(Count.BOUNCED) == 2
    assert rows[By.UNIT]["城管"].of(Count.OPENED) == 1
    assert rows[By.LEVEL]["community"].of(Count.RAISED) == 1


def test_a_return_without_a_reason_is_no_bounce():
    assert Told().filed().then(f.TicketReturned, reason="").in_().of(Count.BOUNCED) == 0


def test_half_fixes_are_counted():
    told = Told().filed().done().then(f.WorkerConfirmed).then(f.ResidentHalfConfirmed, by=AUNT)
    assert told.in_().of(Count.HALF_FIXED) == 1


def test_a_red_light_counts_to_whoever_has_the_node():
    told = Told().filed().red().then(f.TicketAccepted).red(1).done().red(2)
    assert told.in_().by(Count.LATE) == {"accept": 1, "verify": 1, "work": 1}
    rows = report_of(told).rows
    assert rows[By.UNIT]["物业"].by(Count.LATE) == {"accept": 1, "work": 1}
    assert rows[By.UNIT][""].by(Count.LATE) == {"verify": 1}


def test_a_message_that_came_late_does_not_turn_the_order_round():
    told = closed()
    told.trace.append(f.ResidentDisputed(at=MONDAY - timedelta(days=9), by=AUNT))
    assert told.in_().of(Count.REOPENED) == 1
    assert tally(told.course, week(date(2026, 2, 23), CHINA)) == Tally()


# --- by what -----------------------------------------------------------------------------------------


def report_of(*stories: Told, period: Period = WEEK):
    counting = Counting(period)
    for told in stories:
        counting.add("g1", told.course)
    return counting.report()


def test_the_grid_has_what_never_went_to_dispatch_and_nobody_what_the_list_does_not_know():
    told = report_of(Told(sure=False), Told(assignment=None).filed(), Told().filed())
    assert {key: one.of(Count.OPEN) for key, one in told.rows[By.UNIT].items()} == {
        "": 1,
        UNNAMED: 1,
        "物业": 1,
    }
    assert set(told.rows[By.LEVEL]) == {IN_GRID, UNNAMED, "community"}
    assert Told(sure=False).course.standings[0].holder == GRID == Holder("", IN_GRID)


def test_a_category_is_the_one_that_it_turned_out_to_be():
    told = closed()
    told.trace.insert(2, f.Recategorised(at=told.trace[1].at, by=WORKER, category="housing.leak"))
    assert set(report_of(told).rows[By.CATEGORY]) == {"housing.leak"}


def test_few_confidential_cases_of_a_category_do_not_stand_by_themselves():
    def confidential(category: str) -> Told:
        return Told(category=category, private=True)

    secret = Told(category="labour.wages", assignment=replace(STREET, secrecy=Secrecy.CONFIDENTIAL))
    few = report_of(*[confidential("disputes.family")] * 2, secret, Told())
    assert {key: one.of(Count.OPENED) for key, one in few.rows[By.CATEGORY].items()} == {
        "housing.elevator": 1,
        CONFIDENTIAL: 3,
    }
    many = report_of(*[confidential("disputes.family")] * 3, secret)
    assert set(many.rows[By.CATEGORY]) == {"disputes.family", CONFIDENTIAL}


def test_the_trend_shows_each_day_of_a_week():
    told = closed()
    told.trace[0] = replace(told.trace[0], at=MONDAY)
    trend = report_of(told, Told()).trend
    assert [(opened, settled) for _, opened, settled in trend] == [(2, 1), *[(0, 0)] * 6]


def test_no_cases_no_rate_and_all_of_them_is_only_said_of_all():
    assert (Share(0, 0).rate, Share(0, 0).percent) == (None, "—")
    assert Share(1999, 2000).percent == "99.9%"
    assert Share(3, 3).percent == "100%"
    assert Share(0, 3).percent == "0.0%"


def test_the_example_of_the_document():
    """docs/rates.md tells this week of ten cases."""
    counts = Counter(
        {
            (Count.OPENED, ""): 10,
            (Count.IN_TIME, ""): 7,
            (Count.TOO_LATE, ""): 2,
            (Count.SETTLED, ""): 5,
            (Count.LAPSED, ""): 1,
            (Count.SATISFIED, ""): 4,
            (Count.OPEN, ""): 3,
            (Count.OVERDUE, ""): 1,
            (Count.WITHDRAWN, ""): 1,
        }
    )
    told = Tally(counts)
    assert [one.percent for one in (told.response, told.resolution, told.satisfaction)] == [
        "77.7%",
        "71.4%",
        "66.6%",
    ]


# --- periods -----------------------------------------------------------------------------------------


def test_weeks_begin_on_monday_on_the_clocks_of_the_zone():
    sunday_night = datetime(2026, 3, 8, 15, 59, tzinfo=UTC)
    assert WEEK.has(sunday_night)
    assert not WEEK.has(sunday_night + timedelta(minutes=1))
    assert named("week", sunday_night + timedelta(minutes=1), CHINA) == NEXT_WEEK
    assert (WEEK.first, WEEK.last) == (date(2026, 3, 2), date(2026, 3, 8))


def test_a_month_is_whole_and_its_parts_cover_it():
    december = month(date(2026, 12, 31), CHINA)
    assert (december.first, december.last) == (date(2026, 12, 1), date(2026, 12, 31))
    assert len(december.parts()) == 31
    year = Period(date(2026, 1, 1), date(2026, 12, 31), CHINA)
    assert [part.first.month for part in year.parts()] == list(range(1, 13))
    quarter = Period(date(2026, 1, 1), date(2026, 3, 31), CHINA)
    assert quarter.parts()[0].last == date(2026, 1, 4)
    assert sum((one.last - one.first).days + 1 for one in quarter.parts()) == 90


@pytest.mark.parametrize(
    ("first", "last"),
    [("2026-03-02", "2026-03-01"), ("1969-01-01", "1969-01-02"), ("2001-01-01", "2026-01-01")],
)
def test_what_is_no_period_is_refused(first, last):
    with pytest.raises(ValueError):
        Period(date.fromisoformat(first), date.fromisoformat(last), CHINA)
