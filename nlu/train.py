"""The trainer: `python -m train` makes models/<hash>.tar.gz, unless a model of just this project is there."""

import argparse
import hashlib
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

os.environ["RASA_TELEMETRY_ENABLED"] = "false"
os.environ.setdefault("OPENBLAS_NUM_THREADS", "2")  # more of them only wait for each other
warnings.filterwarnings("ignore", category=DeprecationWarning)

import examples  # noqa: E402
import importer  # noqa: E402
from rasa.engine.graph import ExecutionContext, GraphModelConfiguration, GraphNodeHook, GraphSchema  # noqa: E402
from rasa.engine.runner.dask import DaskGraphRunner  # noqa: E402
from rasa.engine.storage.local_model_storage import LocalModelStorage  # noqa: E402
from rasa.shared.data import TrainingType  # noqa: E402

HERE = Path(__file__).resolve().parent
MODELS = HERE / "models"
# What a model is made of, beside a city's records; reports, tests, caches and the environment change nothing in it.
SOURCES = (
    "examples.py",
    "importer.py",
    "train.py",
    "transcripts.py",
    "components/*.py",
    "data/*/*.tsv",
    "data/transcripts/*.jsonl",
    "categories.tsv",
    "config.yml",
    "requirements.lock",
    "../actions/linking.py",
    "../actions/places.py",
)
KEPT = 3  # the newest and the two before it


class Progress(GraphNodeHook):
    """Prints a line for each finished step of the graph, with its seconds."""

    def on_before_node(
        self,
        node_name: str,
        execution_context: ExecutionContext,
        config: dict[str, Any],
        received_inputs: dict[str, Any],
    ) -> dict[str, Any]:
        """Note when the step began."""
        del node_name, execution_context, config, received_inputs
        return {"began": time.monotonic()}

    def on_after_node(
        self,
        node_name: str,
        execution_context: ExecutionContext,
        config: dict[str, Any],
        output: Any,
        input_hook_data: dict[str, Any],
    ) -> None:
        """Say that the step is done."""
        del execution_context, config, output
        print(f"  {node_name}: {time.monotonic() - input_hook_data['began']:.1f} s", flush=True)


def named_records() -> Path | None:
    """Return the folder of the city's own records that LINLI_NLU_RECORDS names; None where it names none."""
    named = os.environ.get("LINLI_NLU_RECORDS")
    return Path(named).absolute() if named else None


def fingerprint(home: Path = HERE, records: Path | None = None) -> str:
    """Return the hash of all that a model is made of: names and contents, in one order.

    A folder of records counts by what is in it and not by its own name; an empty one is as none.
    """
    records = records or named_records()
    made_of = {
        (Path(os.path.relpath(p, home)).as_posix(), p) for pattern in SOURCES for p in home.glob(pattern)
    }
    if records:
        made_of |= {(f"records/{p.relative_to(records).as_posix()}", p) for p in records.glob("*/*.tsv")}
    digest = hashlib.sha256()
    for name, path in sorted(made_of):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def configuration(config: dict[str, Any]) -> GraphModelConfiguration:
    """Return Rasa's view of config.yml; raises GraphSchemaException when a class is not there."""
    return GraphModelConfiguration(
        train_schema=GraphSchema.from_dict(config["train_schema"]),
        predict_schema=GraphSchema.from_dict(config["predict_schema"]),
        training_type=TrainingType.NLU,
        assistant_id=config["assistant_id"],
        language=config["language"],
        core_target=None,
        nlu_target=config["nlu_target"],
        spaces=None,
    )


def train(path: Path, data: Path = HERE / "data", records: Path | None = None) -> None:
    """Train on `data` and `records`; write the model to `path`, whole or not at all; raises BadExampleError."""
    folders = (data, records) if records else data
    for wrong in examples.left_out(folders):
        print(f"left out: {wrong}", file=sys.stderr)
    examples.load(folders)  # before the graph, which would wrap the fault in its own
    source = importer.TsvImporter(data=folders)
    made_of = configuration(source.get_config())
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        storage = LocalModelStorage.create(Path(folder))
        runner = DaskGraphRunner.create(
            made_of.train_schema,
            storage,
            ExecutionContext(graph_schema=made_of.train_schema),
            hooks=[Progress()],
        )
        runner.run(inputs={"__importer__": source})
        unfinished = path.with_name(f".{os.getpid()}.{path.name}")
        try:
            storage.create_model_package(unfinished, made_of, source.get_domain())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)


def sweep(models: Path, keep: Path) -> None:
    """Remove old models but the last two, never `keep`, and what a killed training left behind."""
    found = sorted(models.glob("[!.]*.tar.gz"), key=lambda p: p.stat().st_mtime, reverse=True)
    old = [p for p in found if p != keep][KEPT - 1 :]
    left = [p for p in models.glob(".*.tar.gz") if time.time() - p.stat().st_mtime > 3600]
    for path in old + left:
        path.unlink(missing_ok=True)


def ensure(*, force: bool = False, records: Path | None = None) -> Path:
    """Return the model of this project and the city's records as they stand, trained now if it is not there."""
    records = records or named_records()
    path = MODELS / f"{fingerprint(records=records)}.tar.gz"
    if path.exists() and not force:
        print(f"model {path.name} is there", flush=True)
        return path
    began = time.monotonic()
    print(f"training {path.name}", flush=True)
    train(path, records=records)
    sweep(MODELS, path)
    print(
        f"trained {path.name} in {time.monotonic() - began:.0f} s, {path.stat().st_size / 1e6:.1f} MB",
        flush=True,
    )
    return path


def main() -> int:
    """Train if needed; 1 when the examples are faulty."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--force", action="store_true", help="train even if the model is there")
    parser.add_argument(
        "--with", dest="records", type=Path, help="a folder of records; LINLI_NLU_RECORDS by default"
    )
    parser.add_argument("--to", type=Path, help="write the model here, and leave models/ as it is")
    asked = parser.parse_args()
    try:
        if asked.to:
            train(asked.to, records=asked.records or named_records())
        else:
            ensure(force=asked.force, records=asked.records)
    except examples.BadExampleError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
