"""Intent: what a message does, by its text alone, and better where the caller tells what surrounds it."""

from typing import Any

import examples
import numpy as np
from rasa.shared.nlu.constants import INTENT
from rasa.shared.nlu.training_data.message import Message
from scipy import sparse
from scipy.optimize import minimize

from components import talk
from components.ensemble import Nets, logs, softmax
from components.features import grams_of, vectors_of
from components.folds import FOLDS, SINGLE, enough, folds_of, unseen
from components.labels import LabelClassifier
from components.vectors import WIDTH

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
        if set(labels.tolist()) != set(examples.INTENTS) or not enough(taught):
            return kept
        fold = folds_of(taught)
        told = np.flatnonzero(fold != SINGLE)
        messages = [taught[n] for n in told]
        how = {**self._config, "nets": {**self._config["nets"], "count": 1}}
        chances = unseen(taught, labels, messages, self._ensemble.names, how)
        self._corrected = self._corrections(chances, labels[told])
        heard = [self._heard(*both) for both in zip(vectors[told], chances, strict=True)]
        rows = np.stack([talk.row(*both) for both in zip(heard, talk.told(messages, heard), strict=True)])
        self._hand_on(
            messages, (self._alone(chances) + self._unseen_talk(rows, labels[told], fold[told])) / 2
        )
        nets = Nets.learn(rows, labels[told], self._config["talk_nets"])
        return kept | self._corrected | {f"talk_{name}": numbers for name, numbers in nets.kept.items()}

    def _unseen_talk(self, rows: np.ndarray, labels: np.ndarray, fold: np.ndarray) -> np.ndarray:
        """Return what nets make of the talk that have not seen its transcript."""
        chances = np.zeros((len(rows), len(self._ensemble.names)))
        for left_out in range(FOLDS):
            nets = Nets.learn(rows[fold != left_out], labels[fold != left_out], self._config["talk_nets"])
            chances[fold == left_out] = nets.chances(rows[fold == left_out])
        return chances

    def _hand_on(self, messages: list[Message], chances: np.ndarray) -> None:
        """Put on each message what is said of it by who has not seen it, for the linking to learn from."""
        for message, row in zip(messages, chances, strict=True):
            message.set("unseen_intents", self.ranking(row))

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
