"""Ensemble: what components.ensemble says, with the first layers of all its nets as one."""

import numpy as np
from components import ensemble
from components.ensemble import Ensemble, softmax
from components.vectors import WIDTH

from swift.grams import Grams
from swift.product import product


class SwiftEnsemble(Ensemble):
    """The same chances as Ensemble."""

    def __init__(self, names: list[str], kept: dict[str, np.ndarray]) -> None:
        super().__init__(names, kept)
        count = sum(name.startswith("net") for name in kept) // 4  # two layers each, of weights and a bias
        self._first = np.hstack([kept.pop(f"net{n}_weights0") for n in range(count)] or [np.zeros((0, 0))])
        self._bias = np.concatenate([kept.pop(f"net{n}_bias0") for n in range(count)] or [np.zeros(0)])
        self._seconds = [(kept[f"net{n}_weights1"], kept[f"net{n}_bias1"]) for n in range(count)]

    def chances(self, grams: Grams, vectors: np.ndarray) -> np.ndarray:
        """Return how likely each label is, one row a message."""
        kept = self.kept
        linear = softmax(grams @ kept["grams"] + product(vectors[:, :WIDTH], kept["vectors"]) + kept["bias"])
        return (linear + self._of_nets(vectors)) / 2 if self._seconds else linear

    def _of_nets(self, vectors: np.ndarray) -> np.ndarray:
        hidden = product(vectors * ensemble._NET_SCALE, self._first)  # noqa: SLF001
        hidden += self._bias
        np.maximum(hidden, 0, out=hidden)
        said = []
        for knots, (weights, bias) in zip(np.hsplit(hidden, len(self._seconds)), self._seconds, strict=True):
            scores = knots @ weights + bias
            if scores.shape[1] == 1:  # of two labels a net keeps one score
                scores = np.hstack([-scores / 2, scores / 2])
            said.append(softmax(scores))
        return sum(said) / len(said)
