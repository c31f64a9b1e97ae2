"""Labels: category and urgency, each by an ensemble over grams and vectors; and what intent shares with them."""

import json
from abc import abstractmethod
from pathlib import Path
from typing import Any

import examples
import importer
import numpy as np
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy import sparse

from components.ensemble import Ensemble, logs, softmax
from components.features import grams_of, vectors_of
from components.folds import enough, unseen
from components.learnt import Learnt


class LabelClassifier(Learnt):
    """Ranks all labels of one kind; the subclasses say which kind and who teaches it."""

    LABELS: tuple[str, ...] = ()

    def __init__(self, *made_of: Any) -> None:
        super().__init__(*made_of)
        self._ensemble = Ensemble([], {})

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return how the ensemble learns, and how its scores become confidences.

        `linear` is `regression` or `margin` (see components.ensemble), `strength` and `rounds` are its own.
        `sharpness` multiplies the logarithm of all chances, for a mean is less sure than it might be; `lean`
        adds to that of single labels.
        """
        nets = {"count": 1, "hidden": 256, "decay": 0.1, "epochs": 8, "batch": 128}
        return {
            "linear": "regression",
            "strength": 2.0,
            "rounds": 30,
            "nets": nets,
            "sharpness": 1.0,
            "lean": {},
        }

    def take_up(self, folder: Path) -> None:
        """Read the labels and the weights."""
        names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
        self.restore(names, {p.stem: np.load(p).astype(np.float32) for p in folder.glob("*.npy")})

    @abstractmethod
    def label(self, message: Message) -> str | None:
        """Return what an example teaches, None when it teaches nothing of this kind."""

    @abstractmethod
    def put(self, message: Message, ranking: list[dict[str, Any]]) -> None:
        """Write the ranking, best first, on the message."""

    def restore(self, names: list[str], kept: dict[str, np.ndarray]) -> None:
        """Take up what was learnt."""
        self._ensemble = Ensemble(names, kept)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples that teach a label, and keep the weights."""
        taught = [m for m in training_data.training_examples if self.label(m)]
        labels = np.array([self.label(m) for m in taught])
        kept = self.learn(taught, grams_of(taught), vectors_of(taught), labels)
        with self._storage.write_to(self._resource) as folder:
            (folder / "names.json").write_text(json.dumps(self._ensemble.names), encoding="utf-8")
            for name, numbers in kept.items():  # half precision: the figures are the same, the model is half
                np.save(folder / f"{name}.npy", np.asarray(numbers, dtype=np.float16))
        return self._resource

    def learn(
        self, taught: list[Message], grams: sparse.csr_matrix, vectors: np.ndarray, labels: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Learn the ensemble, from a row an example; return what is to be kept."""
        del taught
        self._ensemble = Ensemble.learn(grams, vectors, labels, self._config)
        return self._ensemble.kept

    def process(self, messages: list[Message]) -> list[Message]:
        """Write the ranking of all labels on every message; confidences add up to one."""
        lean = np.array([self._config["lean"].get(name, 0.0) for name in self._ensemble.names])
        scores = self._config["sharpness"] * logs(self.chances(messages)) + lean
        for message, row in zip(messages, softmax(scores), strict=True):
            self.put(message, self.ranking(row))
        return messages

    def chances(self, messages: list[Message]) -> np.ndarray:
        """Return how likely each label is, one row a message."""
        return self._ensemble.chances(grams_of(messages), vectors_of(messages))

    def ranking(self, row: np.ndarray) -> list[dict[str, Any]]:
        """Return all labels, best first; one that no example teaches has confidence 0."""
        known = dict(zip(self._ensemble.names, map(float, row), strict=True))
        order = sorted({*self.LABELS, *known}, key=lambda name: (-known.get(name, 0.0), name))
        return [{"name": name, "confidence": round(known.get(name, 0.0), 6)} for name in order]


class CategoryClassifier(LabelClassifier):
    """Which matter a report is about; taught by reports, and by the names of the categories."""

    LABELS = tuple(examples.categories())

    def train(self, training_data: TrainingData) -> Resource:
        """Learn, and hand on what is said of transcripts by who has not seen them."""
        resource = super().train(training_data)
        taught = [m for m in training_data.training_examples if self.label(m)]
        asked = [m for m in training_data.training_examples if importer.taught(m).get("group")]
        if enough(taught):
            labels = np.array([self.label(m) for m in taught])
            how = {**self._config, "nets": {**self._config["nets"], "count": 0}}
            chances = unseen(taught, labels, asked, self._ensemble.names, how)
            likely = softmax(self._config["sharpness"] * logs(chances))
            for message, row in zip(asked, likely, strict=True):
                message.set("unseen_categories", self.ranking(row)[:10])
        return resource

    def label(self, message: Message) -> str | None:
        """Return the category."""
        return importer.taught(message).get("category")

    def put(self, message: Message, ranking: list[dict[str, Any]]) -> None:
        """Write `category` and `category_ranking`."""
        message.set("category", ranking[0], add_to_output=True)
        message.set("category_ranking", ranking, add_to_output=True)


class UrgencyClassifier(LabelClassifier):
    """How soon somebody must come: taught by reports, and as likely as it is that there is a report at all.

    So a fire in a film, or one that is out, is no emergency, though its words are those of one.
    """

    LABELS = examples.URGENCIES

    def label(self, message: Message) -> str | None:
        """Return the urgency."""
        return importer.taught(message).get("urgency")

    def chances(self, messages: list[Message]) -> np.ndarray:
        """Return how likely each urgency is; what is no report is normal."""
        rankings = (message.get("intent_ranking") for message in messages)
        reported = np.array([_confidence(ranking, "report") for ranking in rankings])[:, None]
        chances = super().chances(messages) * reported
        normal = np.array([name == "normal" for name in self._ensemble.names])
        return chances + (1 - reported) * normal

    def put(self, message: Message, ranking: list[dict[str, Any]]) -> None:
        """Write `urgency`."""
        message.set("urgency", ranking[0], add_to_output=True)


def _confidence(ranking: list[dict[str, Any]], name: str) -> float:
    return next(row["confidence"] for row in ranking if row["name"] == name)
