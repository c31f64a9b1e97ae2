"""A batch: messages on their way through the graph, and what the steps know of all of them together."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from components.letters import plain
from components.talk import Heard
from rasa.shared.nlu.training_data.message import Message

if TYPE_CHECKING:
    from swift.grams import Grams


@dataclass(frozen=True)
class Known:
    """What a text is, whoever says it and amid whatever talk: once read, it need not be read again."""

    entities: list[dict[str, Any]]
    meaning: str
    chances: dict[str, np.ndarray]
    """Of each kind of label, by the text alone; the kinds are named as their steps."""
    heard: Heard


@dataclass
class Rows:
    """One row a message: its grams, and its sentence vector beside its themes."""

    grams: "Grams | None" = None
    dense: np.ndarray | None = None
    chances: dict[str, np.ndarray] = field(default_factory=dict)


class Batch(list[Message]):
    """Messages as Rasa's graph hands them on, with their rows.

    A batch of `texts` goes through the graph to find out what each is by itself; a batch of what is known enters
    the graph where the talk begins to count.
    """

    def __init__(self, messages: list[Message], *, texts: bool) -> None:
        super().__init__(messages)
        self.texts = texts
        self.plain: list[str] = []
        """The texts as grams and vectors see them."""
        self.rows = Rows()

    @classmethod
    def of_texts(cls, texts: list[str]) -> "Batch":
        """Return texts that nobody has read yet."""
        batch = cls([Message(data={"text": text}) for text in texts], texts=True)
        batch.plain = [plain(text) for text in texts]
        return batch

    @classmethod
    def of_known(cls, messages: list[Message], known: list[Known]) -> "Batch":
        """Return messages whose texts were read; `entities` and `meaning` are put on them."""
        batch = cls(messages, texts=False)
        for message, one in zip(messages, known, strict=True):
            message.set("entities", one.entities)
            message.set("meaning", one.meaning)
            message.set("heard", one.heard)
        kinds = known[0].chances
        batch.rows.chances = {kind: np.stack([one.chances[kind] for one in known]) for kind in kinds}
        return batch

    def known(self) -> list[Known]:
        """Return what was found out of each text."""
        kinds = self.rows.chances.items()
        return [
            Known(
                message.get("entities"),
                message.get("meaning"),
                {kind: rows[n] for kind, rows in kinds},
                message.get("heard"),
            )
            for n, message in enumerate(self)
        ]
