"""Themes: which runs of letters come together, learnt from the examples (latent semantic analysis).

The sentence encoder knows languages in general; these know how this town's people speak of lifts and drains.
"""

from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from components.features import grams_of
from components.learnt import Learnt

_SCALE = 1.25  # beside the numbers of the sentence vector


class ThemeFeaturizer(Learnt):
    """Puts on every message how much it has of each theme."""

    def __init__(self, *made_of: Any) -> None:
        super().__init__(*made_of)
        self._themes = np.zeros((0, 0), np.float32)
        self._places = np.zeros(0, np.int64)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return how many themes there are, and in how many examples a run must occur to count."""
        return {"count": 256, "min_df": 8}

    def take_up(self, folder: Path) -> None:
        """Read the themes, and where each run stands in them."""
        self._themes = np.load(folder / "themes.npy").astype(np.float32)
        self._places = np.load(folder / "places.npy")

    def train(self, training_data: TrainingData) -> Resource:
        """Learn the themes, and keep them."""
        grams = grams_of(training_data.training_examples)
        common = np.flatnonzero(grams.getnnz(axis=0) >= self._config["min_df"])
        count = min(self._config["count"], len(common), grams.shape[0])
        themes = np.zeros((0, 0))
        if count:
            themes = randomized_svd(grams[:, common], count, n_iter=2, random_state=0)[2].T
        places = np.full(grams.shape[1], -1, np.int64)
        places[common] = np.arange(len(common))
        with self._storage.write_to(self._resource) as folder:
            np.save(folder / "themes.npy", np.ascontiguousarray(themes, dtype=np.float16))
            np.save(folder / "places.npy", places)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Put the themes on every example."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Put the themes on every message."""
        for message, row in zip(
            messages, _SCALE * (self._common(grams_of(messages)) @ self._themes), strict=True
        ):
            message.add_features(
                Features(row[None, :].astype(np.float32), FEATURE_TYPE_SENTENCE, TEXT, type(self).__name__)
            )
        return messages

    def _common(self, grams: sparse.csr_matrix) -> sparse.csr_matrix:
        """Return the columns that themes are made of; scipy's own way walks through all columns each time."""
        places = self._places[grams.indices]
        kept = places >= 0
        ends = np.concatenate([[0], np.cumsum(kept)])[grams.indptr]
        return sparse.csr_matrix((grams.data[kept], places[kept], ends), (grams.shape[0], len(self._themes)))
