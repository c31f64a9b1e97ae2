"""Rules of the ensemble: chances are chances, whatever it learnt from."""

import numpy as np
import pytest
from components.ensemble import Ensemble, logs, softmax
from components.vectors import WIDTH
from scipy import sparse

HOW = {
    "linear": "regression",
    "strength": 1.0,
    "rounds": 20,
    "nets": {"count": 2, "hidden": 8, "decay": 0.1, "epochs": 30, "batch": 16},
}


def some(names, seed=1):
    """Return grams, vectors and labels: each label has a gram and a direction of its own."""
    chance = np.random.default_rng(seed)
    labels = np.array([name for name in names for _ in range(20)])
    which = np.repeat(np.arange(len(names)), 20)
    grams = sparse.csr_matrix(np.eye(len(names) + 3, dtype=np.float32)[which])
    vectors = chance.normal(size=(len(labels), WIDTH + 4)).astype(np.float32) / 40
    vectors[np.arange(len(labels)), which] += 1
    return grams, vectors, labels


@pytest.mark.parametrize("linear", ["regression", "margin"])
@pytest.mark.parametrize("names", ["a", "ab", "abcd"])
def test_what_was_learnt_is_likeliest_and_chances_add_up_to_one(linear, names):
    grams, vectors, labels = some(names)
    ensemble = Ensemble.learn(grams, vectors, labels, {**HOW, "linear": linear})
    chances = ensemble.chances(grams, vectors)
    assert np.allclose(chances.sum(axis=1), 1, atol=1e-5)
    assert [ensemble.names[n] for n in chances.argmax(axis=1)] == labels.tolist()


def test_the_same_examples_give_the_same_ensemble():
    first, second = (Ensemble.learn(*some("abc"), HOW).kept for _ in range(2))
    assert first.keys() == second.keys()
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_no_chance_is_so_small_that_one_model_silences_the_others():
    assert np.isfinite(logs(np.array([[0.0, 1.0]]))).all()


def test_huge_scores_do_not_overflow():
    assert softmax(np.array([[1e5, -1e5, 0.0]]))[0].tolist() == [1.0, 0.0, 0.0]
