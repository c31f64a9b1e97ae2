"""Intent: what a message does, by its text alone, and better where the caller tells what surrounds it."""

from typing import Any

import examples
import importer
import numpy as np
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message
from scipy import sparse
from scipy.optimize import minimize

from components import talk
from components.ensemble import Ensemble, Nets, logs, softmax
from components.features import grams_of, vectors_of
from components.labels import LabelClassifier
from components.vectors import WIDTH

_FOLDS = 2
_SINGLE = -1  # the fold of what is part of no transcript
_HALFWAY = 0.5  # a bare text may come from a group, where reports are few, or from a city's mailbox
_STIFFNESS = 1e-3  # keeps the correction of a rare intent near nothing


class IntentClassifier(LabelClassifier):
    """Reports, asks, urges … or chatter; taught by every example.

    Whole transcripts teach twice more, each by a model that has not seen it: how sure the text alone may be
    (confidences become probabilities), and what the talk around a message tells about it.
    """

    LABELS = examples.INTENTS

    def __init__(self, *made_of: Any) -> None:
        super().__init__(*made_of)
        self._corrected: dict[str, np.ndarray] = {}
        self._nets: Nets | None = None

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults of every label, and how the nets learn that see the talk."""
        nets = {"count": 2, "hidden": 64, "decay": 1.0, "epochs": 15, "batch": 64}
        return {**LabelClassifier.get_default_config(), "talk_nets": nets}

    def label(self, message: Message) -> str | None:
        """Return the intent."""
        return message.get(INTENT)

    def put(self, message: Message, ranking: list[dict[str, Any]]) -> None:
        """Write `intent` and `intent_ranking`."""
        message.set(INTENT, ranking[0], add_to_output=True)
        message.set("intent_ranking", ranking, add_to_output=True)

    def restore(self, names: list[str], kept: dict[str, np.ndarray]) -> None:
        """Take up what was learnt; what begins with `talk_` belongs to the nets that see the talk."""
        talk_nets = {k.removeprefix("talk_"): v for k, v in kept.items() if k.startswith("talk_")}
        super().restore(names, {k: v for k, v in kept.items() if not k.startswith(("talk_", "corrected_"))})
        self._nets = Nets(talk_nets) if talk_nets else None
        self._corrected = {k: kept[k] for k in ("corrected_scale", "corrected_shift") if k in kept}

    def learn(
        self, taught: list[Message], grams: sparse.csr_matrix, vectors: np.ndarray, labels: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Learn the ensemble, then its correction and the talk from transcripts that it had not seen."""
        kept = super().learn(taught, grams, vectors, labels)
        groups = [importer.taught(m).get("group") for m in taught]
        number = {group: n for n, group in enumerate(sorted({g for g in groups if g}))}
        if set(labels.tolist()) != set(examples.INTENTS) or len(number) < 2 * _FOLDS:
            return kept
        fold = np.array([number[g] % _FOLDS if g else _SINGLE for g in groups])
        told = np.flatnonzero(fold != _SINGLE)
        unseen = self._unseen(grams, vectors, labels, fold)[told]
        talks = self._talk([taught[n] for n in told], vectors[told], unseen, labels[told])
        return kept | self._corrections(unseen, labels[told]) | talks

    def _unseen(
        self, grams: sparse.csr_matrix, vectors: np.ndarray, labels: np.ndarray, fold: np.ndarray
    ) -> np.ndarray:
        """Return the chances of every transcript message by an ensemble that has not seen its fold."""
        how = {**self._config, "nets": {**self._config["nets"], "count": 1}}
        every_other = np.arange(len(fold)) % 2 == 0  # of the single messages half is enough
        chances = np.zeros((len(fold), len(self._ensemble.names)))
        for left_out in range(_FOLDS):
            seen = (fold != left_out) & ((fold != _SINGLE) | every_other)
            ensemble = Ensemble.learn(grams[seen], vectors[seen], labels[seen], how)
            unseen = fold == left_out
            chances[unseen] = ensemble.chances(grams[unseen], vectors[unseen])
        return chances

    def _corrections(self, chances: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Return the scale and the shifts that make the right intents likeliest (Platt's, for many labels)."""
        scores, count = logs(chances), chances.shape[1]
        right = np.searchsorted(self._ensemble.names, labels)

        def surprise(numbers: np.ndarray) -> float:
            likely = softmax(numbers[0] * scores + numbers[1:])
            return float(
                -np.log(likely[np.arange(len(right)), right] + 1e-9).mean()
                + _STIFFNESS * (numbers[1:] ** 2).sum()
            )

        best = minimize(surprise, np.concatenate([[1.0], np.zeros(count)]), method="L-BFGS-B").x
        return {"corrected_scale": best[:1], "corrected_shift": _HALFWAY * best[1:]}

    def _talk(
        self, messages: list[Message], vectors: np.ndarray, chances: np.ndarray, labels: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Learn the nets that see the talk."""
        heard = [self._heard(*both) for both in zip(vectors, chances, strict=True)]
        rows = np.stack([talk.row(*both) for both in zip(heard, talk.told(messages, heard), strict=True)])
        nets = Nets.learn(rows, labels, self._config["talk_nets"])
        return {f"talk_{name}": numbers for name, numbers in nets.kept.items()}

    def _heard(self, vectors: np.ndarray, chances: np.ndarray) -> talk.Heard:
        by_name = dict(zip(self._ensemble.names, chances, strict=True))
        ordered = np.array([by_name.get(name, 0.0) for name in examples.INTENTS])
        return talk.Heard(vectors[:WIDTH].astype(np.float32), ordered.astype(np.float32))

    def process(self, messages: list[Message]) -> list[Message]:
        """Write the ranking on every message, and what a later one needs to know of it (`heard`)."""
        vectors = vectors_of(messages)
        chances = self._ensemble.chances(grams_of(messages), vectors)
        for message, vector, row, likely in zip(
            messages, vectors, chances, self._alone(chances), strict=True
        ):
            heard, around = self._heard(vector, row), message.get("talk")
            message.set("heard", heard)
            if self._nets and around is not None:
                # The nets see the talk, the ensemble has read far more text: again their mean is surer than either.
                in_talk = self._nets.chances(talk.row(heard, around)[None, :])[0]
                self.put(message, self.ranking((likely + in_talk) / 2))
            else:
                self.put(message, self.ranking(likely))
        return messages

    def _alone(self, chances: np.ndarray) -> np.ndarray:
        """Return the chances by the text alone, as probabilities."""
        if not self._corrected:
            return chances
        scale, shift = self._corrected["corrected_scale"], self._corrected["corrected_shift"]
        return softmax(scale * logs(chances) + shift)
