"""The field: the conditional random field of components.places, its weights laid out so that a batch is a few sums."""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
from components import places

_STEPS = {
    "w": range(-3, 4),
    "k": range(-2, 3),
    "ww": range(-2, 2),
    "kk": range(-2, 2),
    "www": (0,),
    "kkk": (0,),
}
"""Of each kind of clue, where it can stand, seen from the token that it tells of; of three joined ones, their middle."""
_EDGE = 3
"""Tokens that are looked at beyond either end of a text."""

Tokens = Sequence[str]


@lru_cache(maxsize=16384)
def _seen(token: str) -> tuple[str, str]:
    """Return a token as the field sees it, and its class."""
    return places._shown(token), places._kind(token)  # noqa: SLF001


_FIRST, _LAST = [("^", "^")] * _EDGE, [("$", "$")] * _EDGE


def clues(texts: Sequence[Tokens]) -> dict[str, list[str]]:
    """Return the clues of each kind, all texts in a row with their edges; a clue stands where it begins, or its middle is."""
    seen = [one for tokens in texts for one in (*_FIRST, *map(_seen, tokens), *_LAST)]
    found = {}
    for sign, own in zip("wk", zip(*seen, strict=True), strict=True):
        pairs = [f"{one}|{other}" for one, other in pairwise(own)]
        threes = [f"{pair}|{other}" for pair, other in zip(pairs, own[2:], strict=False)]
        found |= {sign: [*own], 2 * sign: [*pairs, ""], 3 * sign: ["", *threes, ""]}
    return found


class Field:
    """Tags tokens as pycrfsuite's tagger does."""

    def __init__(self, model: Any) -> None:
        """Take up what the tagger tells of its model."""
        self._labels = [*model.labels]
        self._into = [[model.transitions.get((one, to), 0.0) for one in self._labels] for to in self._labels]
        self._rows: dict[str, dict[str, int]] = defaultdict(dict)
        weights = [
            (*self._place(clue), self._labels.index(label), w)
            for (clue, label), w in model.state_features.items()
        ]
        # The last row is that of all clues that are not known.
        sizes = {
            sign: (len(self._rows[sign]) + 1, len(steps), len(self._labels)) for sign, steps in _STEPS.items()
        }
        self._tables = {sign: np.zeros(size) for sign, size in sizes.items()}
        for sign, row, step, label, weight in weights:
            self._tables[sign][row, step, label] = weight

    def _place(self, clue: str) -> tuple[str, int, int]:
        """Return where a clue stands in the tables: of which kind, in which row, at which step."""
        name, _, said = clue.partition("=")
        sign = name.rstrip("-0123456789")
        rows = self._rows[sign]
        return sign, rows.setdefault(said, len(rows)), _STEPS[sign].index(int(name[len(sign) :] or 0))

    def tags(self, texts: Sequence[Tokens]) -> list[list[str]]:
        """Return the likeliest tags of each text."""
        if not texts:
            return []
        scores, tags, at = self._scores(clues(texts)).tolist(), [], 0
        for tokens in texts:
            tags.append(self._best(scores[at : at + len(tokens)]))
            at += len(tokens) + 2 * _EDGE
        return tags

    def _scores(self, found: dict[str, list[str]]) -> np.ndarray:
        """Return what the clues add up to for each label, a row a token; those of the edges mean nothing."""
        count = len(found["w"]) - 2 * _EDGE
        scores = np.zeros((count, len(self._labels)))
        for sign, own in found.items():
            rows, unknown = self._rows[sign], len(self._rows[sign])
            weights = self._tables[sign][[rows.get(clue, unknown) for clue in own]]
            for n, step in enumerate(_STEPS[sign]):
                scores += weights[_EDGE + step : _EDGE + step + count, n]
        return scores

    def _best(self, scores: list[list[float]]) -> list[str]:
        """Return the labels of the likeliest way through a text (Viterbi)."""
        if not scores:
            return []
        best, ways = scores[0], []
        for row in scores[1:]:
            sums = [[before + step for before, step in zip(best, into, strict=True)] for into in self._into]
            most = [*map(max, sums)]
            ways.append([of.index(one) for of, one in zip(sums, most, strict=True)])
            best = [one + own for one, own in zip(most, row, strict=True)]
        at = [best.index(max(best))]
        for way in reversed(ways):
            at.append(way[at[-1]])
        return [self._labels[one] for one in reversed(at)]
