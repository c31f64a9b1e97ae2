"""Clauses: the one clause of a long report that tells the matter teaches as a short report does.

People write 「没水了」 and also three sentences of anger around it. Without this step the length of a message
would say more about its intent than its words do.
"""

from collections import defaultdict
from typing import Any

import importer
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


def _vector(message: Message) -> np.ndarray:
    return message.get_dense_features(TEXT)[1].features[0]


def _middles(messages: list[Message]) -> dict[str, np.ndarray]:
    """Return for each category the mean vector of its whole reports."""
    grouped: dict[str, list[np.ndarray]] = defaultdict(list)
    for message in messages:
        if message.get(INTENT) == "report":
            grouped[importer.taught(message)["category"]].append(_vector(message))
    return {category: np.mean(vectors, axis=0) for category, vectors in grouped.items()}


class TellingClauses(GraphComponent):
    """Keeps of each report's clauses the one nearest to the other reports of its category."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "TellingClauses":
        """Return the step; nothing of it is kept."""
        del config, model_storage, resource, execution_context
        return cls()

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Keep the most telling clause of each report; what was made out of examples gets its intent here."""
        middles = _middles(training_data.training_examples)
        kept, clauses = [], defaultdict(list)
        for message in training_data.training_examples:
            whole = importer.taught(message).get("clause_of")
            (clauses[whole] if whole else kept).append(message)
        for parts in clauses.values():
            middle = middles[importer.taught(parts[0])["category"]]
            best = max(parts, key=lambda part: float(_vector(part) @ middle))
            kept.append(best)
        for message in kept:
            if intent := importer.taught(message).get("as"):
                message.set(INTENT, intent)
        training_data.training_examples = kept
        return training_data
