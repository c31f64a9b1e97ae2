"""Ensemble: what several small models make of the same message, as one mean.

A linear model sees every run of letters that it has met, and the sentence vector; small nets see vector and
themes, and bend. Each is wrong in its own way, so their mean is surer than either. All that is kept is arrays:
reading needs numpy alone.
"""

import warnings
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from components.vectors import WIDTH

_VECTOR_WEIGHT = np.float32(2)  # a sentence vector beside the grams
_NET_SCALE = np.float32(4)  # numbers of a unit vector are small, and a net's first steps are not
_MARGIN_SCALE = 3.0  # margins into scores: what gives the likeliest chances on examples left out
_LEAST = 1e-3  # no chance is smaller, lest one model silence the others


def softmax(scores: np.ndarray) -> np.ndarray:
    """Return one row of chances a row of scores."""
    likely = np.exp(scores - scores.max(axis=1, keepdims=True))
    return likely / likely.sum(axis=1, keepdims=True)


def logs(chances: np.ndarray) -> np.ndarray:
    """Return the logarithms of chances, none of them endless."""
    return np.log(chances + _LEAST)


class Nets:
    """Some nets with one hidden layer, which differ by chance only, and their mean."""

    def __init__(self, kept: dict[str, np.ndarray]) -> None:
        self.kept = kept

    @classmethod
    def learn(cls, rows: np.ndarray, names: np.ndarray, how: dict[str, Any]) -> "Nets":
        """Train `how["count"]` nets of `hidden` knots for `epochs` rounds; `decay` keeps weights small."""
        kept: dict[str, np.ndarray] = {}
        rows = rows.astype(np.float32)
        for seed in range(how["count"]):
            net = MLPClassifier(
                (how["hidden"],),
                alpha=how["decay"],
                batch_size=min(how["batch"], len(rows)),
                max_iter=how["epochs"],
                random_state=seed,
            )
            with warnings.catch_warnings():  # the rounds are bounded on purpose: more of them learn by heart
                warnings.simplefilter("ignore", ConvergenceWarning)
                net.fit(rows, names)
            for layer, (weights, bias) in enumerate(zip(net.coefs_, net.intercepts_, strict=True)):
                kept |= {f"net{seed}_weights{layer}": weights, f"net{seed}_bias{layer}": bias}
        return cls(kept)

    def chances(self, rows: np.ndarray) -> np.ndarray:
        """Return the mean of what the nets say, one row a message."""
        kept, said, seed = self.kept, [], 0
        while f"net{seed}_weights0" in kept:
            hidden = np.maximum(rows @ kept[f"net{seed}_weights0"] + kept[f"net{seed}_bias0"], 0)
            scores = hidden @ kept[f"net{seed}_weights1"] + kept[f"net{seed}_bias1"]
            if scores.shape[1] == 1:  # of two labels a net keeps one score
                scores = np.hstack([-scores / 2, scores / 2])
            said.append(softmax(scores))
            seed += 1
        return np.mean(said, axis=0)


class Ensemble:
    """A linear model over grams and sentence vectors, and nets over sentence vectors and themes."""

    def __init__(self, names: list[str], kept: dict[str, np.ndarray]) -> None:
        self.names, self.kept = names, kept
        self._nets = Nets(kept)

    @classmethod
    def learn(
        cls, grams: sparse.csr_matrix, vectors: np.ndarray, labels: np.ndarray, how: dict[str, Any]
    ) -> "Ensemble":
        """Train on one row an example; a single label needs no training."""
        names = sorted(set(labels.tolist()))
        if len(names) == 1:
            nothing = {
                "grams": np.zeros((grams.shape[1], 1)),
                "vectors": np.zeros((WIDTH, 1)),
                "bias": np.zeros(1),
            }
            return cls(names, nothing)
        rows = sparse.hstack([grams, sparse.csr_matrix(vectors[:, :WIDTH] * _VECTOR_WEIGHT)], format="csr")
        weights, bias = _linear(rows, labels, how)
        cut = grams.shape[1]
        kept = {"grams": weights[:cut], "vectors": _VECTOR_WEIGHT * weights[cut:], "bias": bias}
        return cls(names, kept | Nets.learn(vectors * _NET_SCALE, labels, how["nets"]).kept)

    def chances(self, grams: sparse.csr_matrix, vectors: np.ndarray) -> np.ndarray:
        """Return how likely each label is, one row a message."""
        kept = self.kept
        linear = softmax(grams @ kept["grams"] + vectors[:, :WIDTH] @ kept["vectors"] + kept["bias"])
        if "net0_weights0" not in kept:
            return linear
        return (linear + self._nets.chances(vectors * _NET_SCALE)) / 2


def _linear(
    rows: sparse.csr_matrix, labels: np.ndarray, how: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights, a row a feature, and the bias of the model that `how["linear"]` names."""
    if how["linear"] == "margin":  # one border a label: many times faster where labels are many
        model, scale = LinearSVC(C=how["strength"], max_iter=how["rounds"], random_state=0), _MARGIN_SCALE
    else:
        # multi_class is stated so that two labels get two rows of weights through the same formula.
        model = LogisticRegression(C=how["strength"], max_iter=how["rounds"], multi_class="multinomial")
        scale = 1.0
    with warnings.catch_warnings():  # the rounds are bounded on purpose: more of them gain nothing
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(rows, labels)
    weights, bias = model.coef_ * scale, model.intercept_ * scale
    if len(weights) == 1:
        weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
    # A row a feature, in one piece: a product with few grams then touches few rows and copies nothing.
    return np.ascontiguousarray(weights.T, dtype=np.float32), bias
