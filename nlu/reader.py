"""The reader: one trained model in memory, and what it says of a batch of messages."""

import os
import tarfile
import warnings
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

os.environ["RASA_TELEMETRY_ENABLED"] = "false"
warnings.filterwarnings("ignore", category=DeprecationWarning)

import examples  # noqa: E402
from asked import LONGEST, Asked  # noqa: E402
from components.letters import readable  # noqa: E402
from components.talk import BEFORE, Talk  # noqa: E402
from rasa.shared.nlu.training_data.message import Message  # noqa: E402
from swift import runner  # noqa: E402
from swift.batch import Batch, Known  # noqa: E402

LINKING = "linking.json"
REMEMBERED = 8192  # texts, about 4 KB each
_KNOWN_UNTIL, _LAST = "places", "urgency"
"""Steps of config.yml: the last that looks at the text alone, and the last of all."""
_SAID = ("intent", "intent_ranking", "entities", "category", "category_ranking", "urgency", "meaning")


def _ranking(first: str, names: tuple[str, ...], confidence: float) -> list[dict[str, Any]]:
    rest = [{"name": name, "confidence": 0.0} for name in names if name != first]
    return [{"name": first, "confidence": confidence}, *rest]


def silence(text: str) -> dict[str, Any]:
    """Return the reading of a text without a single readable letter: chatter, and no places."""
    intents = _ranking("chatter", examples.INTENTS, 1.0)
    matters = _ranking("other.other", tuple(examples.categories()), 0.0)
    return {
        "text": text,
        "intent": intents[0],
        "intent_ranking": intents,
        "entities": [],
        "category": matters[0],
        "category_ranking": matters,
        "urgency": {"name": "normal", "confidence": 1.0},
        "meaning": "",
    }


def _said(text: str, message: Message) -> dict[str, Any]:
    return {"text": text, **{field: message.get(field) for field in _SAID}}


def _before(asked: Asked) -> list[str]:
    return [text[:LONGEST] for text in asked.context[-BEFORE:] if readable(text[:LONGEST])]


def _around(asked: Asked) -> list[str]:
    """Return the texts that a message is to be read against."""
    quoted = (asked.reply_to or "")[:LONGEST]
    return [*_before(asked), *([quoted] if readable(quoted) else [])]


def linking_of(model: Path) -> str | None:
    """Return the weights of the linking that were learnt with the model, as JSON; None where none were."""
    with tarfile.open(model) as archive:
        name = next((name for name in archive.getnames() if name.endswith(f"/{LINKING}")), None)
        part = archive.extractfile(name) if name else None
        return part.read().decode("utf-8") if part else None


class Reader:
    """Reads messages with one model. Not for two threads at once: the place tagger keeps state.

    A text is read once and remembered: the same words come again and again in groups, and every message is read
    against those before it. What is not remembered is its talk, so the answer is what it would be without.
    """

    def __init__(self, model: Path) -> None:
        """Load the model; raises OSError or tarfile.TarError when the file cannot be read."""
        self.model = model
        self.loaded_at = datetime.now(tz=timezone.utc).isoformat(timespec="seconds")  # noqa: UP017 (Python 3.10)
        self._runner = runner.load(model)
        self.linking = linking_of(model)
        self._known: OrderedDict[str, Known] = OrderedDict()
        # The sentence encoder loads at first use: before the first resident waits.
        self.read([Asked("3号楼电梯坏了")])

    def read(self, asked: list[Asked]) -> list[dict[str, Any]]:
        """Return a reading for each message, in the same order."""
        worded = [one for one in asked if readable(one.text[:LONGEST])]
        self._know(text for one in worded for text in (*_around(one), one.text[:LONGEST]))
        said = dict(zip(worded, self._read(worded), strict=True))
        readings = [_said(one.text, said[one]) if one in said else silence(one.text) for one in asked]
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return readings

    def _know(self, texts: Iterable[str]) -> None:
        """Read those texts that are not remembered; the others were needed lately."""
        new = []
        for text in dict.fromkeys(texts):
            if text in self._known:
                self._known.move_to_end(text)
            else:
                new.append(text)
        if new:
            batch = Batch.of_texts(new)
            self._runner.run({"__message__": batch}, [_LAST])
            self._known |= zip(new, batch.known(), strict=True)

    def _read(self, asked: list[Asked]) -> list[Message]:
        """Return the messages with all that is said of them; their texts are known."""
        if not asked:
            return []
        known = [self._known[one.text[:LONGEST]] for one in asked]
        batch = Batch.of_known([self._message(one) for one in asked], known)
        self._runner.run({_KNOWN_UNTIL: batch}, [_LAST])
        return list(batch)

    def _message(self, asked: Asked) -> Message:
        data: dict[str, Any] = {"text": asked.text[:LONGEST]}
        if not asked.alone:
            quoted = self._known.get((asked.reply_to or "")[:LONGEST])
            before = [self._known[text].heard for text in _before(asked)]
            data["talk"] = Talk(asked.role, before, quoted.heard if quoted else None)
        return Message(data=data)
