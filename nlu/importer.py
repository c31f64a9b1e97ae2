"""The importer: hands the examples to Rasa, so that both our trainer and `rasa train nlu` can use them."""

from pathlib import Path
from typing import Any

import examples
import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.core.training_data.structures import StoryGraph
from rasa.shared.importers.importer import TrainingDataImporter
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData


def message(example: examples.Example) -> Message:
    """Return an example as Rasa's message; what else is known of it travels in its metadata."""
    return Message.build(
        example.text,
        intent=example.intent,
        entities=examples.entities(example),
        example_metadata={
            "category": example.category,
            "urgency": example.urgency,
            "marked": example.marked,
            "group": example.group,
            "number": example.number,
            "role": example.role,
            "reply_to": example.reply_to,
        },
    )


def taught(told: Message) -> dict[str, Any]:
    """Return what an example teaches beside its intent: `category` and `urgency` for reports, and where it stands."""
    return (told.get("metadata") or {}).get("example") or {}


def names(code: str, said: str) -> list[Message]:
    """Return a category's own names as examples of it, and of nothing else."""
    return [Message.build(part, example_metadata={"category": code}) for part in said.split(" / ")]


class TsvImporter(TrainingDataImporter):
    """Reads data/*/*.tsv and categories.tsv; there are no stories and no domain."""

    def __init__(
        self,
        config_file: str | None = None,
        domain_path: str | None = None,
        training_data_paths: list[str] | str | None = None,
        data: examples.Folders = examples.HERE / "data",
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
        said = [message(example) for example in examples.load(self._data)]
        for code, both in examples.categories().items():
            said.extend(names(code, both))
        return TrainingData(said)
