"""Grams: how much a message has of each short run of letters, of words and of sounds (TF-IDF)."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from components.learnt import Learnt
from components.letters import plain, sounds

_KINDS: dict[str, dict[str, Any]] = {
    "letters": {"analyzer": "char"},
    "words": {"analyzer": "word", "token_pattern": r"[a-z\u00df-\u024f']+|[0-9]+"},
    "sounds": {"analyzer": "word", "token_pattern": r"\S+"},
}


def _texts(kind: str, messages: list[Message]) -> list[str]:
    return [(sounds if kind == "sounds" else plain)(m.get(TEXT)) for m in messages]


class GramFeaturizer(Learnt):
    """Learns the runs that occur in at least `min_df` examples; unknown runs count for nothing."""

    def __init__(self, *made_of: Any) -> None:
        super().__init__(*made_of)
        self._counters: list[TfidfVectorizer] = []

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return shortest and longest run of each kind, how many runs of it, and in how many examples one must occur."""
        return {"letters": [1, 4], "words": [1, 2], "sounds": [1, 3], "most": 40000, "min_df": 2}

    def take_up(self, folder: Path) -> None:
        """Read the runs that count."""
        for kind in _KINDS:
            counter = self._counter(kind)
            counter.vocabulary = json.loads((folder / f"{kind}.json").read_text(encoding="utf-8"))
            counter.idf_ = np.load(folder / f"{kind}.npy")
            self._counters.append(counter)

    def _counter(self, kind: str) -> TfidfVectorizer:
        return TfidfVectorizer(
            ngram_range=tuple(self._config[kind]),
            min_df=self._config["min_df"],
            max_features=self._config["most"],
            sublinear_tf=True,
            lowercase=False,
            dtype=np.float32,
            **_KINDS[kind],
        )

    def train(self, training_data: TrainingData) -> Resource:
        """Learn which runs there are, and keep them."""
        with self._storage.write_to(self._resource) as folder:
            for kind in _KINDS:
                counter = self._counter(kind).fit(_texts(kind, training_data.training_examples))
                known = {run: int(column) for run, column in counter.vocabulary_.items()}
                (folder / f"{kind}.json").write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
                np.save(folder / f"{kind}.npy", counter.idf_)
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Put the features on every example."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Put the features on every message; all are counted in one go."""
        parts = [c.transform(_texts(kind, messages)) for kind, c in zip(_KINDS, self._counters, strict=True)]
        counts = sparse.hstack(parts, format="csr", dtype=np.float32)
        for row, message in enumerate(messages):
            message.add_features(Features(counts[row], FEATURE_TYPE_SENTENCE, TEXT, type(self).__name__))
        return messages
