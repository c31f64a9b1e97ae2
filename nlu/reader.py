"""The reader: one trained model in memory, and what it says of a batch of messages."""

import os
import tarfile
import tempfile
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
from components.talk import BEFORE, Heard, Talk  # noqa: E402
from rasa.engine.loader import load_predict_graph_runner  # noqa: E402
from rasa.engine.runner.dask import DaskGraphRunner  # noqa: E402
from rasa.engine.storage.local_model_storage import LocalModelStorage  # noqa: E402
from rasa.shared.nlu.training_data.message import Message  # noqa: E402

LINKING = "linking.json"
REMEMBERED = 8192  # messages, about 2 KB each
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

    What was read lately is remembered, for the next messages of its group are read against it.
    """

    def __init__(self, model: Path) -> None:
        """Load the model; raises OSError or tarfile.TarError when the file cannot be read."""
        self.model = model
        self.loaded_at = datetime.now(tz=timezone.utc).isoformat(timespec="seconds")  # noqa: UP017 (Python 3.10)
        with tempfile.TemporaryDirectory() as folder:
            metadata, self._runner = load_predict_graph_runner(
                Path(folder), model, LocalModelStorage, DaskGraphRunner
            )
        self.linking = linking_of(model)
        self._target = metadata.nlu_target
        self._heard: OrderedDict[str, Heard] = OrderedDict()
        # The sentence encoder loads at first use: before the first resident waits.
        self.read([Asked("3号楼电梯坏了")])

    def read(self, asked: list[Asked]) -> list[dict[str, Any]]:
        """Return a reading for each message, in the same order."""
        self._hear(text for one in asked for text in _around(one))
        messages = [self._message(one) if readable(one.text[:LONGEST]) else None for one in asked]
        self._run([message for message in messages if message])
        while len(self._heard) > REMEMBERED:
            self._heard.popitem(last=False)
        return [
            _said(one.text, message) if message else silence(one.text)
            for one, message in zip(asked, messages, strict=True)
        ]

    def _message(self, asked: Asked) -> Message:
        data: dict[str, Any] = {"text": asked.text[:LONGEST]}
        if not asked.alone:
            quoted = self._heard.get((asked.reply_to or "")[:LONGEST])
            data["talk"] = Talk(asked.role, [self._heard[text] for text in _before(asked)], quoted)
        return Message(data=data)

    def _hear(self, texts: Iterable[str]) -> None:
        """Read those texts that are not remembered, so that others can be read against them."""
        self._run([Message(data={"text": text}) for text in dict.fromkeys(texts) if text not in self._heard])

    def _run(self, messages: list[Message]) -> None:
        if messages:
            self._runner.run(inputs={"__message__": messages}, targets=[self._target])
        for message in messages:
            self._heard[message.get("text")] = message.get("heard")
            self._heard.move_to_end(message.get("text"))
