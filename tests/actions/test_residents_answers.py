"""Answers: what residents say to "is it fixed?" decides together, by the policy of the grid."""

from dataclasses import replace

import pytest

from actions import facts as f
from actions import orders as o
from actions.answers import answer_of, outcome, who
from actions.case import IllegalMove, Stage
from actions.orders import News, Sentence
from actions.verdicts import Answer, Keys, Rule
from tests.actions.stories import (
    ABOVE,
    ASKED_RESIDENTS,
    ASKED_WORKER,
    AUNT,
    COUNTED,
    FACTS,
    KNOWN,
    LIFTS,
    SILENCE,
    Story,
    fact,
)

S = Stage
ASKED = (COUNTED, *ASKED_RESIDENTS[1:])


def yes(by: str, household: str = "") -> f.Fact:
    """Somebody says that it is fixed."""
    return fact(f.ResidentConfirmed, by=by, household=household)


def half(by: str) -> f.Fact:
    """Somebody says that it is fixed in part."""
    return fact(f.ResidentHalfConfirmed, by=by)


def no(by: str, household: str = "", **changes: object) -> f.Fact:
    """Somebody says that it is not fixed."""
    return fact(f.ResidentDisputed, by=by, household=household, **changes)


def told(story: Story) -> tuple[list[Sentence], list[News]]:
    """What the group and dispatch were told because of the last fact."""
    said = [order.sentence for order in story.last if isinstance(order, o.Say)]
    return said, [order.news for order in story.last if isinstance(order, o.TellDispatch)]


def test_only_residents_answer() -> None:
    answers = {kind: answer_of(each) for kind, each in FACTS.items() if answer_of(each)}
    assert answers == {
        f.ResidentConfirmed: Answer.FIXED,
        f.ResidentHalfConfirmed: Answer.HALF,
        f.ResidentDisputed: Answer.NOT_FIXED,
    }
    assert outcome(Story(*ASKED_RESIDENTS).now, FACTS[f.Detailed]) is None


def test_a_household_counts_as_one() -> None:
    assert who(f.ResidentConfirmed(at=FACTS[f.Reported].at, by=AUNT, household="1-501")) == "1-501"
    assert who(f.ResidentConfirmed(at=FACTS[f.Reported].at, by=AUNT)) == AUNT
    story = Story(*ASKED, yes("a", "1-501"), yes("b", "1-501"), yes("c", "1-501"), yes("d"))
    assert story.now.stage is S.RESIDENTS_KEY
    assert story.now.answers == (("1-501", Answer.FIXED), ("d", Answer.FIXED))
    assert story.tell(yes("e")).now.stage is S.CLOSED


def test_of_a_household_the_latest_word_counts() -> None:
    story = Story(*ASKED, yes("a", "1-501"), no("b", "1-501"), no("c"), yes("d"))
    assert (story.now.stage, story.now.disputes) == (S.OPEN, 1)


def test_under_a_quorum_nothing_is_decided_and_the_card_keeps_up() -> None:
    story = Story(*ASKED, yes("a"), no("b"))
    assert (story.now.stage, story.now.disputes, story.now.residents_key) == (S.RESIDENTS_KEY, 0, "")
    assert (story.now.worker_key != "", told(story)) == (True, ([], []))
    assert story.ordered(o.ShowCard)


@pytest.mark.parametrize("last", ["yes", "no"])
def test_the_majority_closes_in_whichever_order_it_answers(last: str) -> None:
    answers = [yes("a"), no("b"), yes("c")]
    story = Story(*ASKED, *(answers if last == "yes" else [answers[0], answers[2], answers[1]]))
    assert (story.now.stage, told(story)) == (S.CLOSED, ([], [News.CONFIRMED]))
    assert story.now.residents_key in ("a", "c"), "whoever turned the key said that it is fixed"


def test_the_majority_sends_back_once_however_many_said_so() -> None:
    story = Story(*ASKED, no("a"), yes("b"), no("c"))
    assert (story.now.stage, story.now.disputes, story.now.answers) == (S.OPEN, 1, ())
    assert told(story) == ([Sentence.DISPUTED], [News.DISPUTED])


def test_the_reporters_dispute_decides_at_once() -> None:
    story = Story(*ASKED, yes("a"), yes("b"), no(AUNT))
    assert (story.now.stage, story.now.disputes) == (S.OPEN, 1)
    assert Story(*ASKED, half(AUNT)).now.halves == 1
    assert Story(*ASKED, yes(AUNT)).now.stage is S.RESIDENTS_KEY


def test_any_dispute_is_enough_where_the_grid_says_so() -> None:
    report = replace(COUNTED, keys=Keys(Rule.ANY_DISPUTE, quorum=2))  # type: ignore[call-arg]
    asked = (report, *ASKED_RESIDENTS[1:])
    assert Story(*asked, yes("a"), no("b")).now.stage is S.OPEN
    assert Story(*asked, yes("a"), yes("b")).now.stage is S.CLOSED


def test_half_fixed_goes_on_with_a_count_of_its_own() -> None:
    story = Story(*ASKED_RESIDENTS, f.ResidentHalfConfirmed)
    case = story.now
    assert (case.stage, case.halves, case.disputes, case.round) == (S.OPEN, 1, 0, 1)
    assert (case.worker_key, case.residents_key) == ("", "")
    assert told(story) == ([Sentence.HALF_FIXED], [News.HALF_FIXED])
    assert [order.text for order in story.last if isinstance(order, o.TellDispatch)] == ["只修了一边"]


def test_half_fixed_in_the_grid_goes_back_to_the_worker() -> None:
    story = Story(fact(f.Reported, sure=False), f.SolvedOnSite, f.ResidentHalfConfirmed)
    assert (story.now.stage, told(story)) == (S.HANDLING, ([Sentence.HALF_FIXED], []))


def test_half_fixed_after_the_end_opens_it_again() -> None:
    story = Story(*ASKED_RESIDENTS, f.ResidentConfirmed, f.ResidentHalfConfirmed)
    assert (story.now.stage, story.now.halves) == (S.OPEN, 1)


class TestTheEndOfTheTime:
    """After one reminder, those who have answered decide."""

    def test_a_reminder_comes_first(self) -> None:
        story = Story(*ASKED, yes("a"), f.TimeRanOut)
        assert (story.now.stage, told(story)) == (S.RESIDENTS_KEY, ([Sentence.REMIND_RESIDENTS], []))

    def test_the_majority_of_those_who_answered_closes(self) -> None:
        story = Story(*ASKED, yes("a"), *SILENCE)
        assert (story.now.stage, story.now.residents_key) == (S.CLOSED, "a")
        assert told(story) == ([], [News.CONFIRMED])

    def test_a_tie_sends_back(self) -> None:
        story = Story(*ASKED, yes("a"), no("b"), *SILENCE)
        assert (story.now.stage, story.now.disputes) == (S.OPEN, 1)
        assert told(story) == ([Sentence.DISPUTED], [News.DISPUTED])

    def test_half_counts_as_half(self) -> None:
        assert Story(*ASKED, half("a"), *SILENCE).now.halves == 1

    def test_silence_closes_nothing(self) -> None:
        story = Story(*ASKED, *SILENCE)
        assert (story.now.stage, story.now.residents_key) == (S.LAPSED, "")

    def test_a_ruling_counts_only_where_it_comes_to_a_dispute(self) -> None:
        first = f.TimeRanOut
        for answers, raised in (((no("a"),), 1), ((yes("a"),), 0), ((), 0)):
            story = Story(*ASKED, *answers, first)
            story.tell(fact(f.TimeRanOut, timer=story.now.timer, ruling=ABOVE))
            assert story.now.raised == raised


def test_answers_of_an_earlier_round_do_not_count() -> None:
    story = Story(*ASKED, no("a"), no(AUNT), f.WorkDone, ASKED_WORKER, f.WorkerConfirmed)
    assert (story.now.stage, story.now.answers) == (S.RESIDENTS_KEY, ())
    assert story.tell(yes("b"), yes("c")).now.stage is S.RESIDENTS_KEY


@pytest.mark.parametrize(
    "between",
    [
        (fact(f.SentBack), f.WorkDone, f.WorkerConfirmed),
        (f.Withdrawn, f.Restored, f.WorkDone, f.WorkerConfirmed),
        (yes("b"), yes("c"), f.CameBack, f.WorkDone, f.WorkerConfirmed),
    ],
)
def test_however_the_question_is_asked_again_it_begins_with_no_answers(
    between: tuple[f.Fact | type[f.Fact], ...],
) -> None:
    story = Story(*ASKED, yes("a"), *between)
    assert (story.now.stage, story.now.answers) == (S.RESIDENTS_KEY, ())


class TestTheThirdDispute:
    """After so many disputes the level above rules."""

    def test_a_dispute_with_a_ruling_raises_the_case(self) -> None:
        story = Story(KNOWN, *ASKED_RESIDENTS[1:], no(AUNT, ruling=ABOVE))
        case = story.now
        assert (case.stage, case.assignment, case.raised, case.disputes) == (S.OPEN, ABOVE, 1, 1)
        assert told(story) == ([Sentence.RULING], [News.DISPUTED, News.RULING])

    @pytest.mark.parametrize(
        "dispute", [fact(f.WorkerDenied, ruling=ABOVE), fact(f.ResidentHalfConfirmed, ruling=ABOVE)]
    )
    def test_so_do_a_denied_and_a_half_fix(self, dispute: f.Fact) -> None:
        story = Story(KNOWN, f.TicketFiled, f.WorkDone, ASKED_WORKER, dispute)
        assert (story.now.stage, story.now.level, story.now.raised) == (S.OPEN, ABOVE.level, 1)
        assert told(story)[0] == [Sentence.RULING]

    def test_while_nothing_is_decided_nobody_rules(self) -> None:
        counting = replace(KNOWN, keys=Keys(Rule.MAJORITY, quorum=3))  # type: ignore[call-arg]
        story = Story(counting, *ASKED_RESIDENTS[1:], no("a", ruling=ABOVE))
        assert (story.now.stage, story.now.assignment, story.now.raised) == (S.RESIDENTS_KEY, LIFTS, 0)
        story.tell(no("b", ruling=ABOVE), fact(f.ResidentConfirmed, by="c", ruling=ABOVE))
        assert (story.now.stage, story.now.assignment, story.now.raised) == (S.OPEN, ABOVE, 1)

    def test_what_closes_is_not_raised(self) -> None:
        story = Story(KNOWN, *ASKED_RESIDENTS[1:], fact(f.ResidentConfirmed, ruling=ABOVE))
        assert (story.now.stage, story.now.raised) == (S.CLOSED, 0)


def test_a_late_yes_needs_no_quorum() -> None:
    assert Story(*ASKED, *SILENCE, yes("a")).now.stage is S.CLOSED
    nobody = fact(f.ResidentConfirmed, by="")
    assert Story(*ASKED, *SILENCE, nobody).now.residents_key == ""


def test_after_both_keys_nobody_answers_again() -> None:
    with pytest.raises(IllegalMove):
        Story(*ASKED_RESIDENTS, f.ResidentConfirmed, f.ResidentConfirmed)
