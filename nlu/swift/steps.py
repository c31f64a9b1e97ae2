"""The steps behind the grams, each with the numbers of the step that it stands for, worked out for a whole batch."""

from base64 import b64encode
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from components import meaning, places, talk, themes
from components.ensemble import logs, softmax
from components.intent import IntentClassifier
from components.labels import CategoryClassifier, LabelClassifier, UrgencyClassifier
from components.meaning import MeaningProjector
from components.places import PlaceExtractor
from components.themes import ThemeFeaturizer
from components.vectors import WIDTH, VectorFeaturizer
from rasa.nlu.constants import TOKENS_NAMES
from rasa.shared.nlu.constants import ENTITIES, TEXT

from swift.batch import Batch
from swift.encoder import SwiftEncoder, encoder
from swift.ensemble import SwiftEnsemble
from swift.field import Field
from swift.grams import Grams


@lru_cache(maxsize=1)
def sentence_encoder() -> SwiftEncoder:
    """Return the encoder of this process, with its weights read."""
    return encoder()


class SwiftVectors(VectorFeaturizer):
    """Sentence vectors."""

    def process(self, messages: Batch) -> Batch:
        """Put the vectors on the batch."""
        texts = [text[: self._longest] for text in messages.plain]
        messages.rows.dense = sentence_encoder()._encode(texts)  # noqa: SLF001 (its public way sets threads each time)
        return messages


class SwiftThemes(ThemeFeaturizer):
    """Themes, beside the vectors."""

    def process(self, messages: Batch) -> Batch:
        """Put the themes on the batch."""
        found = self._common(messages.rows.grams) @ self._themes
        found *= themes._SCALE  # noqa: SLF001
        messages.rows.dense = np.hstack([messages.rows.dense, found])
        return messages

    def _common(self, grams: Grams) -> Grams:
        places = self._places[grams.columns]
        kept = places >= 0
        return Grams(np.concatenate([[0], np.cumsum(kept)])[grams.ends], places[kept], grams.numbers[kept])


class SwiftMeaning(MeaningProjector):
    """Meanings."""

    def process(self, messages: Batch) -> Batch:
        """Put the meaning on every message."""
        short = messages.rows.dense[:, :WIDTH] @ self._axes
        short /= np.maximum(np.linalg.norm(short, axis=1, keepdims=True), 1e-6)
        for message, row in zip(messages, np.rint(short * meaning._MOST).astype(np.int8), strict=True):  # noqa: SLF001
            message.set("meaning", b64encode(row.tobytes()).decode("ascii"), add_to_output=True)
        return messages


class SwiftPlaces(PlaceExtractor):
    """Places."""

    def take_up(self, folder: Path) -> None:
        """Read the field."""
        super().take_up(folder)
        self._field = Field(self._tagger.info())

    def process(self, messages: Batch) -> Batch:
        """Write the places of every message into its `entities`."""
        tokens = [message.get(TOKENS_NAMES[TEXT]) or [] for message in messages]
        tags = self._field.tags([[token.text for token in some] for some in tokens])
        for message, some, said in zip(messages, tokens, tags, strict=True):
            text = message.get(TEXT)
            spans = places._spans(text, some, said)  # noqa: SLF001
            message.set(ENTITIES, [self._entity(text, span) for span in spans], add_to_output=True)
        return messages

    def _entity(self, text: str, span: tuple[int, int]) -> dict[str, Any]:
        return {**super()._entity(text, span), "extractor": PlaceExtractor.__name__}


class SwiftLabel(LabelClassifier):
    """Labels: chances once a text, rankings for all messages of a batch in one go."""

    def restore(self, names: list[str], kept: dict[str, np.ndarray]) -> None:
        """Take up what was learnt."""
        self._ensemble = SwiftEnsemble(names, kept)
        self._names = sorted({*self.LABELS, *names})
        self._columns = [self._names.index(name) for name in names]
        self._lean = np.array([self._config["lean"].get(name, 0.0) for name in names])

    def chances(self, messages: Batch) -> np.ndarray:
        """Return how likely each label is, one row a message."""
        kept, kind, rows = messages.rows.chances, type(self).__name__, messages.rows
        if kind not in kept:
            kept[kind] = self._ensemble.chances(rows.grams, rows.dense)
        return kept[kind]

    def process(self, messages: Batch) -> Batch:
        """Write the ranking of all labels on every message."""
        if messages.texts:
            SwiftLabel.chances(self, messages)
            return messages
        scores = self._config["sharpness"] * logs(self.chances(messages)) + self._lean
        for message, ranking in zip(messages, self.rankings(softmax(scores)), strict=True):
            self.put(message, ranking)
        return messages

    def rankings(self, rows: np.ndarray) -> list[list[dict[str, Any]]]:
        """Return all labels, best first, for each row of chances; see `ranking`."""
        names, every = self._names, np.zeros((len(rows), len(self._names)))
        every[:, self._columns] = rows
        order = (-every).argsort(axis=1, kind="stable")
        sure = every[np.arange(len(rows))[:, None], order].round(6).tolist()
        return [
            [{"name": names[at], "confidence": one} for at, one in zip(*both, strict=True)]
            for both in zip(order.tolist(), sure, strict=True)
        ]


class SwiftCategory(CategoryClassifier, SwiftLabel):
    """Categories."""


class SwiftUrgency(UrgencyClassifier, SwiftLabel):
    """Urgencies."""


class SwiftIntent(IntentClassifier, SwiftLabel):
    """Intents."""

    def process(self, messages: Batch) -> Batch:
        """Write on every text what a later message needs to know of it, and the ranking on every message."""
        chances = self.chances(messages)
        if messages.texts:
            for message, vector, row in zip(messages, messages.rows.dense, chances, strict=True):
                message.set("heard", self._heard(vector, row))
            return messages
        likely = self._alone(chances)
        told = [n for n, message in enumerate(messages) if self._nets and message.get("talk") is not None]
        if told:
            rows = np.stack([talk.row(messages[n].get("heard"), messages[n].get("talk")) for n in told])
            # The nets see the talk, the ensemble has read far more text: again their mean is surer than either.
            likely[told] = (likely[told] + self._nets.chances(rows)) / 2
        for message, ranking in zip(messages, self.rankings(likely), strict=True):
            self.put(message, ranking)
        return messages
