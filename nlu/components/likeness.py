"""Likeness: how near a message is to each of some examples, so that a regression can bend with the meaning.

A plain regression draws one straight border through all sentence vectors; small talk about a lift and a
broken lift lie on both sides of many borders. (Nyström's approximation of a radial kernel.)
"""

import numpy as np
from scipy.linalg import cholesky, solve_triangular

_LANDMARKS = 1000  # more of them gained nothing
_SCALE = 5.0  # a message is near few landmarks: without it the regression would need far more rounds
_RIDGE = 0.01  # near-equal landmarks would else cancel each other with huge weights


def nearness(vectors: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """Return one row a vector: 1 at a landmark, falling to 0 with the square of the distance."""
    squares = np.square(vectors).sum(axis=1)[:, None] + np.square(landmarks).sum(axis=1)[None, :]
    return np.exp(-np.maximum(squares - 2 * vectors @ landmarks.T, 0))


class Likeness:
    """Landmarks among the examples, and what turns nearness to them into features for a regression."""

    def __init__(self, vectors: np.ndarray) -> None:
        """Choose the landmarks, always the same ones for the same vectors."""
        chosen = np.random.default_rng(0).permutation(len(vectors))[:_LANDMARKS]
        self.landmarks = vectors[chosen]
        among = nearness(self.landmarks, self.landmarks).astype(np.float64)
        self._root = cholesky(among + _RIDGE * np.eye(len(chosen)), lower=True)

    def features(self, vectors: np.ndarray) -> np.ndarray:
        """Return one row a vector, whose products with each other are about the kernel."""
        near = nearness(vectors, self.landmarks).T
        return (_SCALE * solve_triangular(self._root, near, lower=True).T).astype(np.float32)

    def folded(self, weights: np.ndarray) -> np.ndarray:
        """Return the weights of the features as weights of plain nearness, which is all that reading needs."""
        return _SCALE * solve_triangular(self._root, weights, lower=True, trans="T")
