"""What belongs into the day of a group, and what counts as relief, each by made-up traces."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from actions import facts as f
from actions.advance import rebuild
from actions.assignment import Assignment, Secrecy
from actions.case import Case
from actions.course import Course, course_of
from actions.digest import Account, Day, Did, Relief, day_of, lights_of, relief_of
from actions.levels import Level
from actions.nodes import Light
from actions.period import Period
from actions.rates import Counting

CHINA = timezone(timedelta(hours=8))
MONDAY = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DAY = Period(date(2026, 3, 2), date(2026, 3, 2), CHINA)
HOUR = timedelta(hours=1)
STREET = Assignment(matter="1", list_version="1", level=Level.STREET, unit="城管")
WORKER, AUNT = "memory:worker", "memory:aunt"


class Told:
    """A trace told hour by hour."""

    def __init__(self, number: int = 1, **report: object) -> None:
        given: dict[str, object] = {"assignment": STREET, "place": "3号楼", **report}
        self.at = MONDAY
        self.trace: list[f.Fact] = [
            f.Reported(
                at=self.at,
                by=AUNT,
                case=f"memory:g:{number}",
                number=number,
                group="memory:g",
                category="housing.elevator",
                text="电梯坏了",
                **given,
            )
        ]

    def then(self, kind: type[f.Fact], hours: float = 1, **words: object) -> "Told":
        self.at += timedelta(hours=hours)
        self.trace.append(kind(at=self.at, **words))
        return self

    def filed(self) -> "Told":
        return self.then(f.TicketFiled, ticket="T-1")

    def closed(self) -> "Told":
        asked = self.then(f.WorkDone).then(f.Posted, 0, what="worker_key", post="p")
        return asked.then(f.WorkerConfirmed, by=WORKER).then(f.ResidentConfirmed, by=AUNT)

    def waited(self) -> "Told":
        return self.then(f.TimeRanOut, timer=rebuild(self.trace).timer)

    @property
    def known(self) -> tuple[Case, Course]:
        return rebuild(self.trace), course_of(self.trace)

    @property
    def did(self) -> Counter[Did]:
        return relief_of(self.trace, DAY)


def day(*told: Told, since: datetime = MONDAY, hours: int = 24) -> Day:
    return day_of([one.known for one in told], since, since + hours * HOUR)


def numbers(cases: tuple[Case, ...]) -> list[int]:
    return [case.number for case in cases]


# --- the day -----------------------------------------------------------------------------------------------


def test_what_was_reported_settled_and_is_open():
    told = day(Told(1).filed(), Told(2).filed().closed(), Told(3).filed().then(f.Withdrawn, by=AUNT))
    assert (numbers(told.raised), numbers(told.done), numbers(told.open)) == ([1, 2], [2], [1])


def test_nothing_is_uneventful():
    assert day().uneventful
    assert day(Told().filed().then(f.Dismissed, by=WORKER)).uneventful
    assert not day(Told()).uneventful


def test_each_thing_belongs_to_its_own_day():
    told = Told(1).filed().closed()
    tomorrow = day(told, since=MONDAY + 24 * HOUR)
    assert tomorrow.uneventful
    later = day(Told(1).filed(), since=MONDAY + 24 * HOUR)
    assert (numbers(later.raised), numbers(later.open)) == ([], [1])


def test_a_mark_later_does_not_settle_it_again():
    told = Told().filed().closed().then(f.SatisfactionGiven, 30, score=5, by=AUNT)
    assert day(told, since=MONDAY + 24 * HOUR).uneventful
    assert numbers(day(told).done) == [1]


def test_unconfirmed_is_not_settled():
    told = Told(assignment=None, sure=False)
    while rebuild(told.trace).live:
        told.waited()
    assert (numbers(day(told).done), numbers(day(told).lapsed)) == ([], [1])


@pytest.mark.parametrize("secrecy", Secrecy)
def test_the_group_is_told_only_of_what_it_may_know(secrecy: Secrecy):
    told = Told(assignment=replace(STREET, secrecy=secrecy)).filed()
    assert day(told).uneventful is (secrecy is Secrecy.CONFIDENTIAL)
    assert day(Told(private=True)).uneventful


def test_what_nobody_is_sure_of_is_no_part_of_it():
    assert day(Told(doubtful=True, sure=False)).uneventful
    borne_out = Told(doubtful=True, sure=False).then(f.Repeated, by="memory:other", text="电梯又坏了")
    assert numbers(day(borne_out).raised) == [1]


def test_the_worst_light_stands_first_then_what_waited_longest():
    red = Told(3).filed().then(f.LightTurned, clock=0, light=Light.YELLOW)
    red.then(f.LightTurned, clock=0, light=Light.RED)
    yellow = Told(2).filed().then(f.LightTurned, clock=0, light=Light.YELLOW)
    told = day(Told(1).filed(), yellow, red)
    assert numbers(told.open) == [3, 2, 1]
    assert lights_of(told.open) == {Light.RED: 1, Light.YELLOW: 1, Light.GREEN: 1}


# --- relief ------------------------------------------------------------------------------------------------


def test_a_case_that_went_to_dispatch_by_itself():
    assert Told().filed().did == {Did.OPENED: 1, Did.FILED: 1}


def test_what_a_worker_sent_was_not_filed_by_itself():
    told = Told(sure=False).then(f.Dispatched, by=WORKER).filed()
    assert told.did == {Did.OPENED: 1, Did.BY_HAND: 1}


def test_a_correction_that_sent_it_was_by_hand_and_one_that_came_after_was_not():
    sent = Told(sure=False).then(f.Recategorised, by=WORKER, category="utilities.water").filed()
    assert sent.did == {Did.OPENED: 1, Did.BY_HAND: 1}
    after = Told().filed().then(f.Recategorised, by=WORKER, category="utilities.water")
    assert after.did == {Did.OPENED: 1, Did.FILED: 1, Did.BY_HAND: 1}


def test_reminders_and_warnings_are_counted_where_they_are_given():
    assert Told(sure=False).waited().did[Did.CHASED] == 1
    lit = Told().filed().then(f.LightTurned, clock=0, light=Light.YELLOW)
    assert lit.did[Did.CHASED] == 1


def test_questions_with_keys_and_places_that_were_asked_for():
    told = Told(place="").then(f.Posted, 0, what="card", post="c").then(f.Posted, 0, what="card", post="c")
    assert told.did == {Did.OPENED: 1, Did.PLACES: 1}
    asked = Told().filed().then(f.WorkDone).then(f.Posted, 0, what="worker_key", post="p")
    asked.then(f.WorkerConfirmed, by=WORKER).then(f.Posted, 0, what="residents_key", post="q")
    assert (asked.did[Did.ASKED], asked.did[Did.BY_HAND]) == (2, 1)


def test_a_private_question_counts_as_any_other():
    told = Told(private=True).filed().then(f.WorkDone)
    assert told.then(f.Whispered, what="worker_key", to=WORKER, post="w").did[Did.ASKED] == 1


def test_a_report_of_what_is_a_case_already_is_joined():
    told = Told().filed().then(f.Repeated, by="memory:other", text="3号楼电梯坏了")
    assert told.did[Did.MERGED] == 1
    joined = Told().then(f.JoinedTicket, ticket="T-1", leader="memory:h:4")
    assert joined.did == {Did.OPENED: 1, Did.MERGED: 1}


def test_it_counts_on_the_day_on_which_it_was_done():
    told = Told().then(f.TicketFiled, 24, ticket="T-1")
    assert told.did == {Did.OPENED: 1}
    tuesday = Period(date(2026, 3, 3), date(2026, 3, 3), CHINA)
    assert relief_of(told.trace, tuesday) == {Did.FILED: 1}
    assert relief_of([], DAY) == {}


def test_chatter_alone_is_no_news_for_whoever_oversees():
    nothing = Counting(DAY).report()
    assert Account(nothing, nothing, {}, Relief(read=40, silent=40)).uneventful
    assert not Account(nothing, nothing, {Light.GREEN: 1}, Relief()).uneventful


def test_relief_adds_up():
    one = Relief(Counter({Did.FILED: 1}), 3, 2)
    assert one + one == Relief(Counter({Did.FILED: 2}), 6, 4)
    assert Relief() + Relief() == Relief()
