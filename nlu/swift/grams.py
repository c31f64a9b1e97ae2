"""Grams of a batch in one matrix: counted by hand, since scikit-learn's own way costs more than the counting."""

import json
import re
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from components import letters
from components.grams import GramFeaturizer
from scipy.sparse import _sparsetools

from swift.batch import Batch

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


@dataclass(frozen=True)
class Grams:
    """The rows of a sparse matrix, one behind the other; scipy's own class asks more questions than it multiplies."""

    ends: np.ndarray
    """Where each row begins, and where the last one ends."""
    columns: np.ndarray
    numbers: np.ndarray

    def __matmul__(self, weights: np.ndarray) -> np.ndarray:
        """Return the rows times weights."""
        found = np.zeros((len(self.ends) - 1, weights.shape[1]), np.float32)
        _sparsetools.csr_matvecs(
            *found.shape[:1],
            *weights.shape,
            self.ends,
            self.columns,
            self.numbers,
            weights.ravel(),
            found.ravel(),
        )
        return found


class SwiftGrams(GramFeaturizer):
    """The same TF-IDF as GramFeaturizer."""

    def __init__(self, *made_of: Any) -> None:
        super().__init__(*made_of)
        self._columns: list[dict[str, int]] = []
        """Of the runs of letters, of words and of sounds; they stand side by side."""
        self._starts = np.zeros(1, np.int64)
        self._weights = np.zeros(0)

    def take_up(self, folder: Path) -> None:
        """Read the runs that count."""
        weights = []
        for kind in ("letters", "words", "sounds"):
            columns = json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))
            before = sum(map(len, weights))
            self._columns.append({run: before + column for run, column in columns.items()})
            weights.append(np.load(folder / f"{kind}.npy").astype(np.float64))
        self._starts = np.cumsum([0, *map(len, weights[:-1])])
        self._weights = np.concatenate(weights)

    def commonest(self) -> list[str]:
        """Return the runs of letters and of words, the commonest first."""
        rarity = {
            run: self._weights[column] for columns in self._columns[:2] for run, column in columns.items()
        }
        return sorted(rarity, key=rarity.__getitem__)

    def process(self, messages: Batch) -> Batch:
        """Put the grams on the batch."""
        messages.rows.grams = self._weighed([self._found(text) for text in messages.plain])
        return messages

    def _found(self, text: str) -> list[int]:
        """Return the columns of all runs in a text that count, each as often as it occurs."""
        sounds = [sound for sound in map(letters._sound, text) if sound]  # noqa: SLF001
        runs = (
            letter_runs(text, *self._config["letters"]),
            word_runs(_WORD.findall(text), *self._config["words"]),
            word_runs(sounds, *self._config["sounds"]),
        )
        known = zip(runs, self._columns, strict=True)
        return [column for some, columns in known for column in map(columns.get, some) if column is not None]

    def _weighed(self, found: list[list[int]]) -> Grams:
        """Return a row a text; each kind of runs has the length one."""
        width, kinds = len(self._weights), len(self._starts)
        rows = np.repeat(np.arange(len(found)), [*map(len, found)])
        places, counts = np.unique(
            rows * width + np.array([*chain.from_iterable(found)], np.int64), return_counts=True
        )
        rows, columns = np.divmod(places, width)
        numbers = (np.log(counts.astype(np.float32)) + np.float32(1)) * self._weights[columns]
        parts = rows * kinds + np.searchsorted(self._starts, columns, side="right") - 1
        lengths = np.sqrt(np.bincount(parts, numbers * numbers, len(found) * kinds))
        ends = np.searchsorted(rows, np.arange(len(found) + 1))
        return Grams(ends, columns, (numbers / lengths[parts]).astype(np.float32))
