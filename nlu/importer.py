"""The importer: hands the examples to Rasa, so that both our trainer and `rasa train nlu` can use them."""

import re
from pathlib import Path
from typing import Any

import examples
import yaml
from components import mixtures
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

# Ends of clauses: signs, and a blank between two Chinese letters, which stands for one.
_BREAK = re.compile(r"[，。！？!?；;\n]+|[,.](?= |$)|(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


def message(example: examples.Example) -> Message:
    """Return an example as Rasa's message; category and urgency travel in its metadata."""
    return Message.build(
        example.text,
        intent=example.intent,
        entities=examples.entities(example),
        example_metadata={"category": example.category, "urgency": example.urgency},
    )


def taught(told: Message) -> dict[str, str]:
    """Return what an example teaches beside its intent: `category` and `urgency`, for reports only."""
    return (told.get("metadata") or {}).get("example") or {}


def names(code: str, said: str) -> list[Message]:
    """Return a category's own names as examples of it: they say what is reported, and nothing of urgency."""
    taught_too = {"category": code} if code == examples.OTHER else {"category": code, "as": "report"}
    return [Message.build(part, example_metadata=taught_too) for part in said.split(" / ")]


def clauses(example: examples.Example) -> list[Message]:
    """Return the clauses of a report that has several; components.clauses keeps the one that tells most."""
    shortest = 10 if example.text.isascii() else 4
    parts = [part.strip() for part in _BREAK.split(example.text)]
    parts = [part for part in parts if len(part) >= shortest and part != example.text]
    taught_too = {"category": example.category, "clause_of": example.source, "as": "report"}
    return [Message.build(part, example_metadata=taught_too) for part in parts if example.intent == "report"]


class TsvImporter(TrainingDataImporter):
    """Reads data/*/*.tsv and categories.tsv; there are no stories and no domain."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        data: Path = examples.HERE / "data",
    ) -> None:
        del domain_path, training_data_paths
        self._config = Path(config_file or examples.HERE / "config.yml")
        self._data = data

    def get_domain(self) -> Domain:
        """Return an empty domain: we only parse."""
        return Domain.empty()

    def get_stories(self, exclusion_percentage: int | None = None) -> StoryGraph:
        """Return no stories."""
        del exclusion_percentage
        return StoryGraph([])

    def get_config(self) -> dict[str, Any]:
        """Return config.yml as written."""
        return yaml.safe_load(self._config.read_text(encoding="utf-8"))

    def get_config_file_for_auto_config(self) -> str | None:
        """Return nothing: Rasa may not write into our configuration."""
        return None

    def get_nlu_data(self, language: str | None = "en") -> TrainingData:
        """Return all examples of all languages; raises BadExampleError when any line is wrong."""
        del language
        read = examples.load(self._data)
        said = [message(example) for example in read] + [
            part for example in read for part in clauses(example)
        ]
        for code, both in examples.categories().items():
            said.extend(names(code, both))
        said += [Message.build(text, example_metadata={"as": intent}) for intent, text in mixtures.made(read)]
        return TrainingData(said)
