"""Meaning: a sentence vector made short enough to be kept with a case, so that later messages can be compared."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.features import vectors_of
from components.learnt import Learnt
from components.vectors import WIDTH

_MOST = 127  # a signed byte


class MeaningProjector(Learnt):
    """Puts on every message its meaning: as many signed bytes as configured, in base 64."""

    def __init__(self, *made_of: Any) -> None:
        super().__init__(*made_of)
        self._axes = np.zeros((WIDTH, 0), np.float32)

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return how many numbers a meaning has."""
        return {"width": 64}

    def take_up(self, folder: Path) -> None:
        """Read the axes."""
        self._axes = np.load(folder / "axes.npy").astype(np.float32)

    def train(self, training_data: TrainingData) -> Resource:
        """Find the directions in which the examples differ most, and keep them."""
        vectors = vectors_of(training_data.training_examples)[:, :WIDTH].astype(np.float64)
        _, axes = np.linalg.eigh(vectors.T @ vectors)
        with self._storage.write_to(self._resource) as folder:
            np.save(folder / "axes.npy", axes[:, ::-1][:, : self._config["width"]].astype(np.float16))
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Put the meaning on every example."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Put the meaning on every message."""
        short = vectors_of(messages)[:, :WIDTH] @ self._axes
        short /= np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-6)
        for message, row in zip(messages, np.rint(short * _MOST).astype(np.int8), strict=True):
            message.set("meaning", b64encode(row.tobytes()).decode("ascii"), add_to_output=True)
        return messages
