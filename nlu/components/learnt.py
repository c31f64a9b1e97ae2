"""Learnt: what every step of the pipeline has in common that is trained: how Rasa makes it, and makes it again."""

from abc import abstractmethod
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage


class Learnt(GraphComponent):
    """A step that keeps what it has learnt in a folder of its own; subclasses write it in `train`."""

    def __init__(self, config: dict[str, Any], storage: ModelStorage, resource: Resource) -> None:
        self._config, self._storage, self._resource = config, storage, resource

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "Learnt":
        """Return a step that has learnt nothing yet."""
        del execution_context
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **kwargs: Any,
    ) -> "Learnt":
        """Return the step as trained."""
        del execution_context, kwargs
        made = cls(config, model_storage, resource)
        with model_storage.read_from(resource) as folder:
            made.take_up(folder)
        return made

    @abstractmethod
    def take_up(self, folder: Path) -> None:
        """Read what `train` wrote into the folder."""
