"""Scorer: learns to tell the right one of several options by their named features.

Every feature has a plain weight, and a small net over all of them bends what a sum alone cannot. It is the same
formula as the bot's (actions.linking.Scorer), which needs no library to use what is learnt here.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

# The bot's own code lies beside this project; its actions need nothing but Python.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from actions.linking import Features, Scorer

_SLOW, _SLOWER, _TINY = 0.9, 0.999, 1e-8  # Adam's usual (Kingma and Ba, 2015)


class _Choices:
    """All options as one matrix; those of one choice stand together, from `starts[n]` to `starts[n + 1]`."""

    def __init__(self, choices: Sequence[tuple[list[Features], int]], least: int) -> None:
        counted = Counter(name for options, _ in choices for features in options for name in features)
        self.names = sorted(name for name, count in counted.items() if count >= least)
        number = {name: n for n, name in enumerate(self.names)}
        values, columns, ends = [], [], [0]
        for options, _ in choices:
            for features in options:
                known = [
                    (number[name], value) for name, value in features.items() if value and name in number
                ]
                columns += [column for column, _ in known]
                values += [value for _, value in known]
                ends.append(len(columns))
        shape = (len(ends) - 1, len(self.names))
        self.rows = sparse.csr_matrix((np.array(values, np.float32), columns, ends), shape)
        self.starts = np.concatenate([[0], np.cumsum([len(options) for options, _ in choices])])
        self.right = self.starts[:-1] + np.array([right for _, right in choices])

    def __len__(self) -> int:
        return len(self.right)


class Quick(Scorer):
    """The same as a scorer, with numpy: a training asks a hundred thousand times."""

    def __init__(self, scorer: Scorer) -> None:
        super().__init__(scorer.weights, scorer.bias, scorer.out)
        object.__setattr__(self, "number", {name: n for n, name in enumerate(scorer.weights)})
        object.__setattr__(self, "rows", np.array(list(scorer.weights.values()), np.float32))

    def score(self, features: Features) -> float:
        """The weight of one option."""
        known = [(self.number[name], value) for name, value in features.items() if name in self.number]
        total = np.zeros(1 + len(self.bias), np.float32)
        if known:
            total = np.array([value for _, value in known]) @ self.rows[[number for number, _ in known]]
        return float(total[0] + np.maximum(total[1:] + self.bias, 0) @ np.array(self.out))


def fit(choices: Sequence[tuple[list[Features], int]], how: dict[str, Any]) -> Scorer:
    """Return a scorer that gives the right options the best chances; features seen less than `least` times are none.

    `nets` scorers, which differ by chance only, are learnt and become one whose score is their mean.
    """
    told = _Choices(choices, how["least"])
    learnt = [_learn(told, how, seed) for seed in range(how["nets"])]
    net, bias, out, plain = zip(*learnt, strict=True)
    rows = np.hstack([np.mean(plain, axis=0)[:, None], *net])
    weights = {name: [float(number) for number in row] for name, row in zip(told.names, rows, strict=True)}
    shares = np.concatenate(out) / len(learnt)
    return Scorer(weights, [float(n) for n in np.concatenate(bias)], [float(n) for n in shares])


def _learn(told: _Choices, how: dict[str, Any], seed: int) -> list[np.ndarray]:
    """Return the layers of one net after some rounds: its weights, bias and out, and the plain weights beside it."""
    chance = np.random.default_rng(seed)
    width, knots = len(told.names), how["knots"]
    layers = [
        chance.normal(0, 0.15, (width, knots)).astype(np.float32),
        np.zeros(knots, np.float32),
        chance.normal(0, 0.1, knots).astype(np.float32),
        np.zeros(width, np.float32),
    ]
    means, squares = [np.zeros_like(one) for one in layers], [np.zeros_like(one) for one in layers]
    step = 0
    for epoch in range(how["epochs"]):
        rate = how["rate"] * (1 - 0.8 * epoch / how["epochs"])
        for batch in np.array_split(chance.permutation(len(told)), max(1, len(told) // how["batch"])):
            step += 1
            for n, slope in enumerate(_slopes(told, batch, layers, how["decay"])):
                means[n] = _SLOW * means[n] + (1 - _SLOW) * slope
                squares[n] = _SLOWER * squares[n] + (1 - _SLOWER) * slope**2
                size = np.sqrt(squares[n] / (1 - _SLOWER**step)) + _TINY
                layers[n] = layers[n] - rate * means[n] / (1 - _SLOW**step) / size
    return layers


def _slopes(told: _Choices, batch: np.ndarray, layers: list[np.ndarray], decay: float) -> list[np.ndarray]:
    """Return how the surprise at the right options changes with each number."""
    net, bias, out, plain = layers
    sizes = told.starts[batch + 1] - told.starts[batch]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    owner = np.repeat(np.arange(len(batch)), sizes)
    at = np.arange(sizes.sum()) - starts[owner] + told.starts[batch][owner]
    rows = told.rows[at]
    hidden = np.maximum(rows @ net + bias, 0)
    scores = hidden @ out + rows @ plain
    raised = np.exp(scores - np.maximum.reduceat(scores, starts)[owner])
    off = raised / np.add.reduceat(raised, starts)[owner]
    off[starts + told.right[batch] - told.starts[batch]] -= 1
    off = (off / len(batch)).astype(np.float32)
    bent = np.outer(off, out) * (hidden > 0)
    return [
        rows.T @ bent + decay * net,
        bent.sum(axis=0),
        hidden.T @ off + decay * out,
        rows.T @ off + decay * plain,
    ]
