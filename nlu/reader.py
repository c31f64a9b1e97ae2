"""The reader: one trained model in memory, and what it says of a batch of messages."""

import os
import tempfile
import warnings
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

os.environ["RASA_TELEMETRY_ENABLED"] = "false"
warnings.filterwarnings("ignore", category=DeprecationWarning)

import examples  # noqa: E402
from components.letters import readable  # noqa: E402
from rasa.engine.loader import load_predict_graph_runner  # noqa: E402
from rasa.engine.runner.dask import DaskGraphRunner  # noqa: E402
from rasa.engine.storage.local_model_storage import LocalModelStorage  # noqa: E402
from rasa.shared.nlu.training_data.message import Message  # noqa: E402

LONGEST = 4096  # letters; Telegram's own limit of a message. What is beyond is not read.
_SAID = ("intent", "intent_ranking", "entities", "category", "category_ranking", "urgency")


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
    }


def _said(text: str, message: Message) -> dict[str, Any]:
    return {"text": text, **{field: message.get(field) for field in _SAID}}


class Reader:
    """Reads messages with one model. Not for two threads at once: the place tagger keeps state."""

    def __init__(self, model: Path) -> None:
        """Load the model; raises OSError or tarfile.TarError when the file cannot be read."""
        self.model = model
        self.loaded_at = datetime.now(tz=timezone.utc).isoformat(timespec="seconds")  # noqa: UP017 (Python 3.10)
        with tempfile.TemporaryDirectory() as folder:
            metadata, self._runner = load_predict_graph_runner(
                Path(folder), model, LocalModelStorage, DaskGraphRunner
            )
        self._target = metadata.nlu_target
        self.read(
            ["3号楼电梯坏了"]
        )  # the sentence encoder loads at first use: before the first resident waits

    def read(self, texts: list[str]) -> list[dict[str, Any]]:
        """Return a reading for each text, in the same order."""
        messages = [
            Message(data={"text": text[:LONGEST]}) if readable(text[:LONGEST]) else None for text in texts
        ]
        worth = [message for message in messages if message]
        if worth:
            self._runner.run(inputs={"__message__": worth}, targets=[self._target])
        return [
            _said(text, message) if message else silence(text)
            for text, message in zip(texts, messages, strict=True)
        ]
