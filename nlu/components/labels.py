"""Labels: intent, category and urgency, each by logistic regressions over grams and vectors."""

import json
import warnings
from collections import Counter
from typing import Any

import examples
import importer
import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from components.likeness import Likeness, nearness


def _features(messages: list[Message]) -> tuple[sparse.csr_matrix, np.ndarray]:
    """Return one row a message of its grams, and one of its vector."""
    # Straight from the list: the getters of a message copy every matrix, which costs more than the regression.
    grams = [f.features for m in messages for f in m.features if f.is_sparse()]
    vectors = np.stack([f.features[0] for m in messages for f in m.features if f.is_dense()])
    return (grams[0] if len(grams) == 1 else sparse.vstack(grams, format="csr")), vectors


class LabelClassifier(GraphComponent):
    """Ranks all labels of one kind; the subclasses say which kind and who teaches it."""

    LABELS: tuple[str, ...] = ()

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config, self._storage, self._resource = config, storage, resource
        self._names: list[str] = []
        self._kept: dict[str, np.ndarray] = {}

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the views with C of the regression of each, and how their mean is made and sharpened.

        A view is what one regression sees: `both` grams and vector, `grams`, or `likeness` to examples. The mean
        of several is surer than each and less sure of itself, so it is multiplied by `sharpness`. `vector_weight`
        is how much the vector counts beside the grams. `shares` says how often each label is to be expected;
        without it, as often as in the examples.
        """
        return {"views": {"both": 10.0}, "vector_weight": 2.0, "rounds": 100, "sharpness": 1.0, "shares": {}}

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "LabelClassifier":
        """Return a classifier that has learnt nothing yet."""
        del execution_context
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "LabelClassifier":
        """Return the classifier as trained."""
        del execution_context, kwargs
        made = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            made._names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
            made._kept = {path.stem: np.load(path) for path in folder.glob("*.npy")}
        return made

    def label(self, message: Message) -> str | None:
        """Return what an example teaches, None when it teaches nothing of this kind."""
        raise NotImplementedError

    def put(self, message: Message, ranking: list[dict[str, Any]]) -> None:
        """Write the ranking, best first, on the message."""
        raise NotImplementedError

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples that teach a label, and keep the weights."""
        taught = [m for m in training_data.training_examples if self.label(m)]
        names = np.array([self.label(m) for m in taught])
        self._names = sorted(set(names.tolist()))
        self._fit(*_features(taught), names)
        with self._storage.write_to(self._resource) as folder:
            (folder / "names.json").write_text(json.dumps(self._names), encoding="utf-8")
            for kept, numbers in self._kept.items():
                np.save(folder / f"{kept}.npy", np.ascontiguousarray(numbers, dtype=np.float32))
        return self._resource

    def _fit(self, grams: sparse.csr_matrix, vectors: np.ndarray, names: np.ndarray) -> None:
        """Learn each view, and add all up: a mean of straight borders is one straight border."""
        views, count, cut = self._config["views"], len(self._names), grams.shape[1]
        part = self._config["sharpness"] / len(views)
        # A row a feature, in one piece: a product with few grams then touches few rows and copies nothing.
        kept = {
            "grams": np.zeros((cut, count)),
            "vectors": np.zeros((vectors.shape[1], count)),
            "bias": np.zeros(count),
        }
        for view, strength in views.items():
            if view == "likeness":
                likeness = Likeness(vectors)
                weights, bias = self._regression(likeness.features(vectors), names, strength)
                kept |= {"landmarks": likeness.landmarks, "likeness": part * likeness.folded(weights)}
            else:
                weight = self._config["vector_weight"] if view == "both" else 0.0
                rows = sparse.hstack([grams, sparse.csr_matrix(vectors * np.float32(weight))], format="csr")
                weights, bias = self._regression(rows, names, strength)
                kept["grams"] += part * weights[:cut]
                kept["vectors"] += part * weight * weights[cut:]
            kept["bias"] += part * bias
        self._kept = kept

    def _regression(
        self, rows: sparse.csr_matrix | np.ndarray, names: np.ndarray, strength: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return weights, a row a feature, and bias; one single label needs no regression."""
        if len(self._names) == 1:
            return np.zeros((rows.shape[1], 1)), np.zeros(1)
        # multi_class is stated so that two labels get two rows of weights through the same formula.
        regression = LogisticRegression(
            C=strength, max_iter=self._config["rounds"], multi_class="multinomial"
        )
        with warnings.catch_warnings():  # the rounds are bounded on purpose: more of them gain nothing
            warnings.simplefilter("ignore", ConvergenceWarning)
            regression.fit(rows, names, sample_weight=self._importance(names))
        weights, bias = regression.coef_, regression.intercept_
        if len(self._names) == 2:
            weights, bias = np.vstack([-weights, weights]), np.concatenate([-bias, bias])
        return weights.T, bias

    def _importance(self, names: np.ndarray) -> np.ndarray | None:
        """Return the weight of each example, so that the labels come in the shares that were asked for."""
        shares = self._config["shares"]
        if not shares:
            return None
        counts = Counter(names.tolist())
        total = sum(shares[name] for name in counts)
        return np.array([shares[name] / total * len(names) / counts[name] for name in names])

    def process(self, messages: list[Message]) -> list[Message]:
        """Write the ranking of all labels on every message; confidences add up to one."""
        grams, vectors = _features(messages)
        kept = self._kept
        scores = grams @ kept["grams"] + vectors @ kept["vectors"] + kept["bias"]
        if "likeness" in kept:
            scores += nearness(vectors, kept["landmarks"]) @ kept["likeness"]
        likely = np.exp(scores - scores.max(axis=1, keepdims=True))
        likely /= likely.sum(axis=1, keepdims=True)
        for message, row in zip(messages, likely, strict=True):
            self.put(message, self._ranking(row))
        return messages

    def _ranking(self, row: np.ndarray) -> list[dict[str, Any]]:
        """Return all labels, best first; one that no example teaches has confidence 0."""
        known = dict(zip(self._names, map(float, row), strict=True))
        order = sorted({*self.LABELS, *known}, key=lambda name: (-known.get(name, 0.0), name))
        return [{"name": name, "confidence": round(known.get(name, 0.0), 6)} for name in order]


class IntentClassifier(LabelClassifier):
    """What the message does: reports, asks, urges … or chatter; taught by every example."""

    LABELS = examples.INTENTS

    def label(self, message: Message) -> str | None:
        """Return the intent."""
        return message.get(INTENT)

    def put(self, message: Message, ranking: list[dict[str, Any]]) -> None:
        """Write `intent` and `intent_ranking`."""
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set("intent_ranking", ranking, add_to_output=True)


class CategoryClassifier(LabelClassifier):
    """Which matter a report is about; taught by reports, and by the names of the categories."""

    LABELS = tuple(examples.categories())

    def label(self, message: Message) -> str | None:
        """Return the category."""
        return importer.taught(message).get("category")

    def put(self, message: Message, ranking: list[dict[str, Any]]) -> None:
        """Write `category` and `category_ranking`."""
        message.set("category", ranking[0], add_to_output=True)
        message.set("category_ranking", ranking, add_to_output=True)


class UrgencyClassifier(LabelClassifier):
    """How soon somebody must come; taught by reports, and by all else that is said, for which nobody must."""

    LABELS = examples.URGENCIES

    def label(self, message: Message) -> str | None:
        """Return the urgency; what was made out of examples teaches none."""
        taught = importer.taught(message)
        if "as" in taught or not message.get(INTENT):
            return None
        return taught.get("urgency") or "normal"

    def put(self, message: Message, ranking: list[dict[str, Any]]) -> None:
        """Write `urgency`."""
        message.set("urgency", ranking[0], add_to_output=True)
