"""Verdicts: what the residents' answers come to, by each rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.verdicts import Answer, Answers, Keys, Rule, counted, verdict

YES, HALF, NO = Answer.FIXED, Answer.HALF, Answer.NOT_FIXED
MAJORITY, ANY = Keys(Rule.MAJORITY, quorum=3), Keys(Rule.ANY_DISPUTE, quorum=3)
answers_of_many = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(Answer)), max_size=12)


def given_by(*said: Answer) -> Answers:
    """These answers, each by somebody else."""
    return tuple((f"home {number}", answer) for number, answer in enumerate(said))


def all_of(said: list[tuple[str, Answer]]) -> Answers:
    """The answers as they are kept, one after the other."""
    kept: Answers = ()
    for who, answer in said:
        kept = counted(kept, who, answer)
    return kept


def test_nobody_has_said_anything() -> None:
    for rule in Rule:
        assert verdict((), Keys(rule), over=True) is None


@pytest.mark.parametrize("answer", Answer)
def test_by_the_first_rule_one_answer_decides(answer: Answer) -> None:
    assert verdict(given_by(answer), Keys(Rule.FIRST)) is answer


@pytest.mark.parametrize(
    ("said", "comes_to"),
    [
        ((YES,), None),
        ((NO, YES), None),
        ((YES, YES, YES), YES),
        ((YES, YES, NO), YES),
        ((NO, YES, YES), YES),
        ((YES, NO, NO), NO),
        ((YES, HALF, NO), NO),
        ((YES, HALF, HALF), HALF),
        ((YES, YES, HALF, HALF), HALF),
        ((YES, YES, NO, HALF), NO),
    ],
)
def test_by_majority_the_larger_part_of_a_quorum_decides(
    said: tuple[Answer, ...], comes_to: Answer | None
) -> None:
    assert verdict(given_by(*said), MAJORITY) is comes_to


@pytest.mark.parametrize(
    ("said", "comes_to"), [((YES,), YES), ((NO,), NO), ((HALF,), HALF), ((YES, NO), NO), ((YES, HALF), HALF)]
)
def test_when_the_time_is_over_those_who_answered_decide_and_a_tie_is_for_the_dispute(
    said: tuple[Answer, ...], comes_to: Answer
) -> None:
    assert verdict(given_by(*said), MAJORITY, over=True) is comes_to


@pytest.mark.parametrize(
    ("said", "comes_to"),
    [((YES, YES), None), ((YES, YES, YES), YES), ((YES, NO), NO), ((HALF,), HALF), ((YES, YES, YES, NO), NO)],
)
def test_by_any_dispute_one_is_enough(said: tuple[Answer, ...], comes_to: Answer | None) -> None:
    assert verdict(given_by(*said), ANY) is comes_to


@given(st.permutations([YES, YES, NO, HALF, YES]), st.sampled_from([MAJORITY, ANY]))
def test_the_order_of_the_answers_does_not_matter(said: list[Answer], keys: Keys) -> None:
    assert verdict(given_by(*said), keys) is (YES if keys is MAJORITY else NO)


@given(answers_of_many.flatmap(lambda said: st.tuples(st.just(said), st.permutations(all_of(said)))))
def test_whatever_was_answered_the_order_does_not_matter(
    both: tuple[list[tuple[str, Answer]], list[tuple[str, Answer]]],
) -> None:
    said, shuffled = both
    for keys in (MAJORITY, ANY):
        for over in (False, True):
            assert verdict(all_of(said), keys, over=over) is verdict(tuple(shuffled), keys, over=over)


@given(answers_of_many)
def test_each_counts_once_with_the_latest_answer(said: list[tuple[str, Answer]]) -> None:
    kept = all_of(said)
    assert dict(kept) == dict(said)
    assert len(dict(kept)) == len(kept)
    assert not said or kept[-1] == said[-1]


@given(answers_of_many, st.sampled_from([NO, HALF]), st.sampled_from(Rule))
def test_nobody_outvotes_the_reporter(said: list[tuple[str, Answer]], answer: Answer, rule: Rule) -> None:
    kept = counted(all_of(said), "reporter", answer)
    assert verdict(kept, Keys(rule, quorum=99), reporters="reporter") is answer


def test_that_the_reporter_is_content_does_not_outvote_the_others() -> None:
    kept = counted(given_by(NO, NO), "reporter", YES)
    assert verdict(kept, MAJORITY, reporters="reporter") is NO
    assert verdict(given_by(YES), MAJORITY, reporters="home 0") is None


def test_who_is_not_known_is_not_taken_for_the_reporter() -> None:
    assert verdict((("", NO),), MAJORITY, reporters="") is None


@given(answers_of_many, st.sampled_from(Rule), st.integers(1, 9))
def test_once_the_time_is_over_any_answer_comes_to_something(
    said: list[tuple[str, Answer]], rule: Rule, quorum: int
) -> None:
    assert (verdict(all_of(said), Keys(rule, quorum), over=True) is None) == (not said)


@given(answers_of_many, st.sampled_from(Rule), st.integers(1, 9))
def test_what_nobody_has_said_never_comes_out(
    said: list[tuple[str, Answer]], rule: Rule, quorum: int
) -> None:
    kept = all_of(said)
    assert verdict(kept, Keys(rule, quorum)) in {None, *dict(kept).values()}
