"""The runner: Rasa's predict graph of a model, with our steps swapped for their swift kin, run node by node."""

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from components.grams import GramFeaturizer
from components.intent import IntentClassifier
from components.labels import CategoryClassifier, UrgencyClassifier
from components.meaning import MeaningProjector
from components.places import PlaceExtractor
from components.themes import ThemeFeaturizer
from components.vectors import VectorFeaturizer
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage

from swift import steps
from swift.grams import SwiftGrams

KIN = {
    GramFeaturizer: SwiftGrams,
    VectorFeaturizer: steps.SwiftVectors,
    ThemeFeaturizer: steps.SwiftThemes,
    MeaningProjector: steps.SwiftMeaning,
    PlaceExtractor: steps.SwiftPlaces,
    IntentClassifier: steps.SwiftIntent,
    CategoryClassifier: steps.SwiftCategory,
    UrgencyClassifier: steps.SwiftUrgency,
}


class SwiftRunner(DaskGraphRunner):
    """Runs the nodes one after the other; what the caller gives stands for a node's own output.

    Dask's scheduler and Rasa's log lines, which name every message, take longer than some of the steps.
    """

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """Return the outputs of the targets."""
        done = dict(inputs or {})
        wanted = targets or self._graph_schema.target_names
        for target in wanted:
            self._do(target, done)
        return {target: done[target] for target in wanted}

    def prepare(self) -> None:
        """Have the sentence encoder learn what people write most."""
        nodes = self._instantiated_nodes.values()
        grams = next(n._component for n in nodes if isinstance(n._component, SwiftGrams))  # noqa: SLF001
        steps.sentence_encoder().expect(grams.commonest())

    def _do(self, name: str, done: dict[str, Any]) -> None:
        if name not in done:
            needs, node = self._graph_schema.nodes[name].needs, self._instantiated_nodes[name]
            for need in needs.values():
                self._do(need, done)
            given = {what: done[need] for what, need in needs.items()}
            done[name] = node._fn(node._component, **given)  # noqa: SLF001


def load(model: Path) -> SwiftRunner:
    """Return the runner of a model; raises OSError or tarfile.TarError when the file cannot be read."""
    with tempfile.TemporaryDirectory() as folder:
        storage, metadata = LocalModelStorage.from_model_archive(Path(folder), model)
        nodes = metadata.predict_schema.nodes.items()
        schema = GraphSchema(
            {name: replace(node, uses=KIN.get(node.uses, node.uses)) for name, node in nodes}
        )
        context = ExecutionContext(graph_schema=schema, model_id=metadata.model_id)
        runner = SwiftRunner.create(schema, storage, context)
    runner.prepare()
    return runner
