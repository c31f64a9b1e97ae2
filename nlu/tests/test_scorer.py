"""Rules of the scorer: what is plainly right gets the best chances, and the bot's formula gives the same numbers."""

import numpy as np
import pytest
from components.scorer import Quick, Scorer, fit

HOW = {"least": 3, "nets": 2, "knots": 6, "epochs": 40, "batch": 16, "rate": 0.02, "decay": 0.0001}


def choices(count=120, seed=3):
    """Return choices among three options, of which the right one is near, unless it is far and quoted."""
    chance, made = np.random.default_rng(seed), []
    for n in range(count):
        right = int(chance.integers(3))
        options = [{"noise": float(chance.normal()), "far": 1.0} for _ in range(3)]
        options[right] = {
            "noise": float(chance.normal()),
            **({"far": 1.0, "quoted": 1.0} if n % 3 else {"near": 1.0}),
        }
        made.append((options, right))
    return made


@pytest.fixture(scope="module")
def learnt():
    return fit(choices(), HOW)


def test_what_is_plainly_right_gets_the_best_chances(learnt):
    for options, right in choices(40, seed=4):
        assert learnt.chances(options)[right] > 0.8


def test_what_only_a_pair_of_features_tells_is_learnt_by_the_net():
    chance, made = np.random.default_rng(5), []
    for _ in range(400):
        right = int(chance.integers(2))
        alike = bool(chance.integers(2))
        same, other = {"a": 1.0, "b": 1.0} if alike else {}, {"a": 1.0} if chance.integers(2) else {"b": 1.0}
        made.append(([same, other] if right == 0 else [other, same], right))
    learnt = fit(made, {**HOW, "knots": 12, "epochs": 80})
    for same in ({}, {"a": 1.0, "b": 1.0}):
        for other in ({"a": 1.0}, {"b": 1.0}):
            assert learnt.chances([same, other])[0] > 0.7


def test_the_same_choices_give_the_same_weights(learnt):
    assert fit(choices(), HOW) == learnt


def test_what_was_seen_too_seldom_weighs_nothing():
    told = [*choices(), ([{"odd": 1.0}, {}], 0), ([{"odd": 1.0}, {}], 0)]
    assert "odd" not in fit(told, HOW).weights
    assert "odd" in fit([*told, ([{"odd": 1.0}, {}], 0)], HOW).weights


def test_every_row_has_a_plain_weight_and_one_for_each_knot(learnt):
    assert len(learnt.bias) == len(learnt.out) == HOW["nets"] * HOW["knots"]
    assert {len(row) for row in learnt.weights.values()} == {1 + len(learnt.bias)}


def test_the_quick_one_scores_as_the_bots_own(learnt):
    quick = Quick(learnt)
    assert isinstance(quick, Scorer)
    for features in ({}, {"near": 1.0}, {"far": 0.5, "noise": -2.0}, {"unknown": 1.0, "quoted": 1.0}):
        assert quick.score(features) == pytest.approx(learnt.score(features), abs=1e-4)
