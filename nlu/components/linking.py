"""Linking: learns from whole transcripts which case a message is about, if any.

The bot decides that (actions/linking.py), by features that have names; here their weights are learnt. The
transcripts are lived through twice with the bot's own code: once with a teacher who knows what each message is
about, once with what was learnt from that, so that it also learns to go on after mistakes of its own.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import importer
import transcripts
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from components.learnt import Learnt
from components.places import PlaceExtractor
from components.scorer import Quick, fit
from components.side_by_side import side_by_side

# The bot's own code lies beside this project; its actions need nothing but Python.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from actions.linking import Linker, Scorer, words_of
from actions.reading import Guess, Intent, Reading, Span
from components.lived import Lesson, Lived

FILE = "linking.json"


class LinkingLearner(Learnt):
    """Learns the weights and keeps them as JSON, by the names of the features."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return how the scorers learn (see components.scorer), and how many words are too common to tell anything."""
        return {
            "common": 400,
            "least": 5,
            "nets": 2,
            "knots": 16,
            "epochs": 6,
            "batch": 64,
            "rate": 0.002,
            "decay": 0.0003,
        }

    def take_up(self, folder: Path) -> None:
        """Nothing is read here: the weights are the bot's."""

    def train(
        self, training_data: TrainingData, intent: Resource, category: Resource, places: Resource
    ) -> Resource:
        """Learn from the transcripts; `intent` and `category` have put on them what is said without having seen them."""
        del intent, category
        finder = PlaceExtractor.load({}, self._storage, places, None)
        read = {key: _reading(message, finder) for key, message in _told(training_data)}
        with self._storage.write_to(self._resource) as folder:
            if read:
                (folder / FILE).write_text(
                    json.dumps(self._learn(read), ensure_ascii=False), encoding="utf-8"
                )
        return self._resource

    def _learn(self, read: dict[tuple[str, int], Reading]) -> dict[str, Any]:
        groups = {group: transcripts.rows(Path(group)) for group in sorted({group for group, _ in read})}
        common = _common((row["text"] for rows in groups.values() for row in rows), self._config["common"])
        lived = [
            Lived(rows, {n: read[g, n] for g, n in read if g == group}) for group, rows in groups.items()
        ]
        taught = _all([partial(one.taught, common) for one in lived])
        kinds = self._fit([lesson.kinds for lesson in taught if lesson.kinds])
        guess = Linker(Quick(self._fit([lesson.options for lesson in taught])), Quick(kinds), common)
        tried = _all([partial(one.tried, guess) for one in lived])
        options = self._fit([lesson.options for lesson in (*taught, *tried)])
        return {"options": _written(options), "kinds": _written(kinds), "common": sorted(common)}

    def _fit(self, choices: Sequence[Any]) -> Scorer:
        return fit(choices, self._config)


def _all(work: list[Callable[[], list[Lesson]]]) -> list[Lesson]:
    return [lesson for lessons in side_by_side(work) for lesson in lessons]


def _told(training_data: TrainingData) -> list[tuple[tuple[str, int], Message]]:
    """Return the messages of transcripts that somebody read who had not seen them."""
    found = []
    for message in training_data.training_examples:
        example = importer.taught(message)
        if example.get("group") and message.get("unseen_intents") and message.get("unseen_categories"):
            found.append(((example["group"], example["number"]), message))
    return found


def _reading(message: Message, finder: PlaceExtractor) -> Reading:
    intents = tuple(Guess(one["name"], one["confidence"]) for one in message.get("unseen_intents"))
    categories = tuple(Guess(one["name"], one["confidence"]) for one in message.get("unseen_categories"))
    text = message.get("text")
    spans = tuple(Span(start, end, text[start:end]) for start, end in finder.find(message))
    first = intents[0]
    return Reading(
        Intent(first.name),
        first.confidence,
        categories,
        locations=spans,
        intents=intents,
        meaning=message.get("meaning"),
    )


def _common(texts: Any, most: int) -> frozenset[str]:
    counted = Counter(word for text in texts for word in words_of(text))
    # Sorted, since sets come in another order each time, and the last of the common words are equally common.
    return frozenset(sorted(counted, key=lambda word: (-counted[word], word))[:most])


def _written(scorer: Scorer) -> dict[str, Any]:
    rows = {name: [round(number, 4) for number in row] for name, row in scorer.weights.items()}
    return {
        "weights": rows,
        "bias": [round(n, 4) for n in scorer.bias],
        "out": [round(n, 4) for n in scorer.out],
    }
