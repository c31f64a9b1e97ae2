"""Answers and marks: whose they are, counted once for each household or person."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions import orders as o
from actions.advance import advance
from actions.answers import together
from actions.case import SETTLED, Stage
from actions.closing import VERBS
from actions.message import Press, Role
from actions.presses import RESIDENTS_ROWS, Refusal, Verb, fact_of, received
from actions.verdicts import Answer, Keys, Rule
from tests.actions.stories import (
    ASKED_RESIDENTS,
    ASKED_WORKER,
    AUNT,
    COUNTED,
    FILED,
    GROUP,
    LATER,
    NEIGHBOUR,
    PHOTO,
    PHOTO_NEEDED,
    Story,
    fact,
)

ASKED = (COUNTED, *ASKED_RESIDENTS[1:])
QUESTION = f.Posted(at=LATER, what="residents_key", post="q1")


def says(kind, by, household=""):
    return fact(kind, by=by, household=household, message=None)


FIXED, HALF, NOT = f.ResidentConfirmed, f.ResidentHalfConfirmed, f.ResidentDisputed


def test_two_of_one_household_are_one_answer_and_the_latest_counts():
    story = Story(*ASKED, says(FIXED, "a", "h1"), says(NOT, "b", "h1"), says(FIXED, "c", "h2"))
    assert story.now.stage is Stage.RESIDENTS_KEY
    assert story.now.answers == (("h1", Answer.NOT_FIXED), ("h2", Answer.FIXED))


def test_who_says_afterwards_where_they_live_has_one_answer_all_the_same():
    story = Story(*ASKED, says(FIXED, "a"), says(FIXED, "a", "h1"), says(FIXED, "a", "h2"))
    assert story.now.answers == (("h2", Answer.FIXED),)
    story.tell(says(FIXED, "a"))
    assert story.now.answers == (("a", Answer.FIXED),)


def test_who_moves_out_leaves_the_answer_of_the_others_behind():
    story = Story(*ASKED, says(FIXED, "a", "h1"), says(FIXED, "b", "h1"), says(NOT, "a", "h2"))
    assert story.now.answers == (("h1", Answer.FIXED), ("h2", Answer.NOT_FIXED))


def test_a_tie_is_for_whoever_says_that_it_is_not_fixed():
    keys = Keys(Rule.MAJORITY, quorum=2)
    story = Story(replace(COUNTED, keys=keys), *ASKED_RESIDENTS[1:], says(FIXED, "a"), says(NOT, "b"))
    assert (story.now.stage, story.now.disputes) == (Stage.OPEN, 1)


def test_the_reporter_is_outvoted_by_nobody():
    story = Story(*ASKED, says(FIXED, "a"), says(FIXED, "b"), says(HALF, AUNT))
    assert (story.now.stage, story.now.halves) == (Stage.OPEN, 1)


@pytest.mark.parametrize("changes", [{"private": True}, {"group": AUNT}])
def test_where_nobody_else_can_answer_one_answer_decides(changes):
    story = Story(replace(COUNTED, **changes), *ASKED_RESIDENTS[1:])
    assert not together(story.now)
    assert story.tell(says(FIXED, AUNT)).now.stage is Stage.CLOSED


def test_an_answer_that_decides_nothing_brings_the_question_up_to_date():
    story = Story(*ASKED, QUESTION, says(FIXED, "a"))
    assert story.ordered(o.ShowQuestion)
    assert not story.ordered(o.CloseQuestion)


def test_when_the_time_is_over_the_majority_decides_and_the_question_is_closed():
    story = Story(*ASKED, QUESTION, says(FIXED, "a"), f.TimeRanOut, f.TimeRanOut)
    (closing,) = story.ordered(o.CloseQuestion)
    assert (closing.post, closing.answer, closing.by_name, closing.rates) == ("q1", Verb.FIXED, "", True)
    assert story.now.stage is Stage.CLOSED


def test_when_nobody_answered_it_lapses_and_may_still_be_answered():
    story = Story(*ASKED, QUESTION, f.TimeRanOut, f.TimeRanOut)
    assert (story.now.stage, story.now.residents_key, story.now.scores) == (Stage.LAPSED, "", ())
    assert not story.ordered(o.CloseQuestion)


def test_words_that_decide_close_the_question_and_are_answered_with_words():
    story = Story(*ASKED_RESIDENTS, QUESTION, fact(FIXED, by_name="王阿姨"))
    (closing,) = story.ordered(o.CloseQuestion)
    assert (closing.answer, closing.by_name, closing.rates) == (Verb.FIXED, "王阿姨", False)
    assert story.ordered(o.AskSatisfaction)


def test_each_answer_has_its_button():
    assert [Verb(verb) for verb in VERBS.values()] == [Verb.FIXED, Verb.HALF, Verb.NOT_FIXED]
    assert RESIDENTS_ROWS[0] == (Verb.FIXED, Verb.NOT_FIXED)


# --- what whoever presses is told -------------------------------------------------------------------------


def press(by):
    return Press(GROUP, "p1", by, "李叔", Role.RESIDENT, LATER, "data")


def told(case, verb, by, household=""):
    answered = fact_of(verb, press(by), case, household)
    return received(case, advance(case, answered)[0], answered)


def test_whoever_answers_is_told_what_became_of_it():
    case = Story(*ASKED, says(FIXED, "a"), says(FIXED, "b", "h1")).now
    assert told(case, Verb.NOT_FIXED, "a") == "answer_replaced"
    assert told(case, Verb.HALF, "c", "h1") == "household_replaced"
    assert told(case, Verb.FIXED, NEIGHBOUR) == "noted", "it decides"
    assert told(Story(*ASKED).now, Verb.FIXED, NEIGHBOUR) == "counted"
    for by, household in (("a", ""), ("b", "h1"), ("c", "h1")):
        with pytest.raises(Refusal) as refused:
            fact_of(Verb.FIXED, press(by), case, household)
        assert refused.value.why == "already_answered"


# --- marks -------------------------------------------------------------------------------------------------

CLOSED = (*ASKED_RESIDENTS, f.ResidentConfirmed)


def mark(by, score, household="", after=timedelta()):
    return f.SatisfactionGiven(at=LATER + after, by=by, score=score, household=household)


def test_a_household_gives_one_mark_and_the_latest_counts():
    story = Story(*CLOSED, mark("a", 5, "h1"), mark("b", 2, "h1"), mark("c", 4))
    assert story.now.scores == (("h1", 2), ("c", 4))


def test_moving_house_gives_no_second_mark():
    assert Story(*CLOSED, mark("a", 5), mark("a", 1, "h1"), mark("a", 1, "h2")).now.scores == (("h2", 1),)


def test_what_came_back_and_was_closed_again_may_be_marked_again():
    story = Story(*CLOSED, mark("a", 5), fact(NOT), f.WorkDone, ASKED_WORKER, f.WorkerConfirmed, FIXED)
    assert story.now.stage in SETTLED
    assert story.tell(mark("a", 1, after=timedelta(days=3))).now.scores == (("a", 1),)


def test_whoever_changes_a_mark_is_told_so():
    case = Story(*CLOSED, mark(NEIGHBOUR, 5)).now
    assert told(case, Verb.RATE_1, NEIGHBOUR) == "mark_changed"
    assert told(case, Verb.RATE_1, "c") == "noted"


# --- the worker's photo -------------------------------------------------------------------------------------

DONE = (PHOTO_NEEDED, *FILED[1:], f.WorkDone, ASKED_WORKER)


def test_a_grid_may_want_a_photo_before_the_worker_confirms():
    story = Story(*DONE, f.WorkerConfirmed)
    assert (story.now.stage, story.now.worker_key) == (Stage.WORKER_KEY, "")
    with pytest.raises(Refusal) as refused:
        fact_of(Verb.CONFIRM, replace(press(AUNT), role=Role.WORKER), story.now)
    assert refused.value.why == "photo_needed"
    story.tell(f.Inspected, f.WorkerConfirmed)
    assert story.now.stage is Stage.RESIDENTS_KEY


def test_a_residents_photo_of_the_work_will_do_and_one_from_before_will_not():
    shown = fact(f.Detailed, attachments=(PHOTO,))
    assert Story(*DONE, shown).now.lacks_photo is False
    before = Story(PHOTO_NEEDED, *FILED[1:], shown, f.Inspected, f.WorkDone, ASKED_WORKER)
    assert before.now.lacks_photo
