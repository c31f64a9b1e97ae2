"""Folds: what a model says of whole transcripts that it has not learnt from.

Whoever learns from what a model says must hear it speak of what is new to it; of its own examples it is too sure.
"""

from functools import partial
from typing import Any

import importer
import numpy as np
from rasa.shared.nlu.training_data.message import Message

from components.ensemble import Ensemble
from components.features import grams_of, vectors_of
from components.side_by_side import side_by_side

FOLDS = 2
SINGLE = -1  # the fold of what is part of no transcript


def folds_of(messages: list[Message]) -> np.ndarray:
    """Return the fold of each message; those of one transcript are in the same."""
    groups = [importer.taught(message).get("group") for message in messages]
    number = {group: n for n, group in enumerate(sorted({group for group in groups if group}))}
    return np.array([number[group] % FOLDS if group else SINGLE for group in groups])


def enough(messages: list[Message]) -> bool:
    """Return whether there are transcripts enough to leave some out."""
    groups = {importer.taught(message).get("group") for message in messages} - {None, ""}
    return len(groups) >= 2 * FOLDS


def unseen(
    taught: list[Message], labels: np.ndarray, asked: list[Message], names: list[str], how: dict[str, Any]
) -> np.ndarray:
    """Return the chances of `names` for each asked message of a transcript, a row each.

    Of the single messages every other teaches: half of them is enough.
    """
    told, asks = folds_of(taught), folds_of(asked)
    grams, vectors, half = grams_of(taught), vectors_of(taught), np.arange(len(told)) % 2 == 0
    asked_grams, asked_vectors = grams_of(asked), vectors_of(asked)

    def left_out(fold: int) -> np.ndarray:
        seen = (told != fold) & ((told != SINGLE) | half)
        ensemble = Ensemble.learn(grams[seen], vectors[seen], labels[seen], how)
        rows, columns = np.flatnonzero(asks == fold), [names.index(name) for name in ensemble.names]
        chances = np.zeros((len(rows), len(names)), np.float32)
        chances[:, columns] = ensemble.chances(asked_grams[rows], asked_vectors[rows])
        return chances

    chances = np.zeros((len(asked), len(names)), np.float32)
    for fold, found in enumerate(side_by_side([partial(left_out, fold) for fold in range(FOLDS)])):
        chances[asks == fold] = found
    return chances
