"""Grams of a batch in one matrix: counted by hand, since scikit-learn's own way costs more than the counting."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from components.grams import GramFeaturizer
from components.letters import plain, sounds
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from scipy import sparse

from swift.batch import Batch

Part = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Row, column and number of every run that counts."""

_WORD = re.compile(r"[a-z\u00df-\u024f']+|[0-9]+")


def letter_runs(text: str, shortest: int, longest: int) -> list[str]:
    """Return all runs of `shortest` to `longest` neighbouring letters."""
    return [
        text[at : at + length]
        for length in range(shortest, min(longest, len(text)) + 1)
        for at in range(len(text) - length + 1)
    ]


def word_runs(words: list[str], shortest: int, longest: int) -> list[str]:
    """Return all runs of `shortest` to `longest` neighbouring words."""
    return [
        " ".join(words[at : at + length])
        for length in range(shortest, min(longest, len(words)) + 1)
        for at in range(len(words) - length + 1)
    ]


class SwiftGrams(GramFeaturizer):
    """The same TF-IDF as GramFeaturizer."""

    def __init__(self, *made_of: Any) -> None:
        super().__init__(*made_of)
        self._columns: list[dict[str, int]] = []
        self._weights: list[np.ndarray] = []

    def take_up(self, folder: Path) -> None:
        """Read the runs that count."""
        for kind in ("letters", "words", "sounds"):
            self._columns.append(json.loads((folder / f"{kind}.json").read_text(encoding="utf-8")))
            self._weights.append(np.load(folder / f"{kind}.npy").astype(np.float64))

    def commonest(self) -> list[str]:
        """Return the runs of letters and of words, the commonest first."""
        kinds = zip(self._columns[:2], self._weights[:2], strict=True)
        rarity = {run: weights[column] for columns, weights in kinds for run, column in columns.items()}
        return sorted(rarity, key=rarity.__getitem__)

    def process(self, messages: list[Message]) -> list[Message]:
        """Put the grams on the batch."""
        batch: Batch = messages
        cut = [self._cut(message.get(TEXT)) for message in messages]
        parts = [
            _weighed([_counted(runs_of[kind], self._columns[kind]) for runs_of in cut], self._weights[kind])
            for kind in range(len(self._columns))
        ]
        batch.rows.grams = _side_by_side(parts, [len(w) for w in self._weights], len(batch))
        return messages

    def _cut(self, text: str) -> tuple[list[str], ...]:
        """Return the runs of letters, of words and of sounds."""
        folded = plain(text)
        return (
            letter_runs(folded, *self._config["letters"]),
            word_runs(_WORD.findall(folded), *self._config["words"]),
            word_runs(sounds(text).split(), *self._config["sounds"]),
        )


def _counted(found: list[str], columns: dict[str, int]) -> list[tuple[int, int]]:
    """Return (column, how often) of the runs that count, by column."""
    counts: dict[int, int] = {}
    for run in found:
        column = columns.get(run)
        if column is not None:
            counts[column] = counts.get(column, 0) + 1
    return sorted(counts.items())


def _weighed(counts: list[list[tuple[int, int]]], weights: np.ndarray) -> Part:
    rows = np.repeat(np.arange(len(counts)), [len(one) for one in counts])
    flat = np.array([pair for one in counts for pair in one], np.int64).reshape(-1, 2)
    numbers = (np.log(flat[:, 1].astype(np.float32)) + np.float32(1)) * weights[flat[:, 0]]
    lengths = np.sqrt(np.bincount(rows, numbers * numbers, len(counts)))
    return rows, flat[:, 0], (numbers / lengths[rows]).astype(np.float32)


def _side_by_side(parts: list[Part], widths: list[int], height: int) -> sparse.csr_matrix:
    rows = np.concatenate([part[0] for part in parts])
    starts = np.cumsum([0, *widths])
    columns = np.concatenate([part[1] + start for part, start in zip(parts, starts, strict=False)])
    numbers = np.concatenate([part[2] for part in parts])
    order = np.argsort(rows, kind="stable")
    ends = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=height))])
    return sparse.csr_matrix((numbers[order], columns[order], ends), (height, int(starts[-1])))
