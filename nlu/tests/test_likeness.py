"""Rules of likeness: what is folded reads the same as what was learnt."""

import numpy as np
from components.likeness import Likeness, nearness


def some(count, seed):
    vectors = np.random.default_rng(seed).normal(size=(count, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_a_vector_is_nearest_to_itself():
    vectors = some(20, 1)
    near = nearness(vectors, vectors)
    assert np.allclose(np.diag(near), 1, atol=1e-5)
    assert (near.argmax(axis=1) == np.arange(20)).all()


def test_folded_weights_score_as_the_features_do_even_when_examples_repeat():
    vectors = np.concatenate([some(40, 2)] * 2)
    likeness, weights = Likeness(vectors), np.random.default_rng(3).normal(size=(80, 3))
    asked = some(7, 4)
    plainly = nearness(asked, likeness.landmarks) @ likeness.folded(weights)
    assert np.allclose(likeness.features(asked) @ weights, plainly, atol=1e-3)


def test_the_same_examples_give_the_same_landmarks():
    vectors = some(50, 5)
    assert (Likeness(vectors).landmarks == Likeness(vectors).landmarks).all()
