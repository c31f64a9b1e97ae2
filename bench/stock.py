"""Stock Rasa, as a team would run it without us: its models, its server with the REST channel, its action server.

Trained on our examples (`python -m rasa_yaml`), once; models are kept in var/bench until examples or settings change.
"""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from bench.processes import Server, answers
from bot.nlu_project import find_nlu, nlu_python

HERE = Path(__file__).resolve().parent
SETTINGS = HERE / "stock"
KEPT = HERE.parent / "var" / "bench"
PIPELINES = {"diet": 8, "logistic": 4}
"""Of how many examples one teaches: a whole round of either takes a quarter of an hour here."""


def environment(desk: str = "") -> dict[str, str]:
    """What Rasa is started with: as it is by default, without a word to its makers."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("LINLI_")}
    path = f"{find_nlu()}{os.pathsep}{SETTINGS}"
    return clean | {"RASA_TELEMETRY_ENABLED": "false", "PYTHONPATH": path, "BENCH_DESK": desk}


def trained(pipeline: str) -> Path:
    """The model of a pipeline, trained now if it is not there."""
    folder = KEPT / f"{pipeline}-{_fingerprint(pipeline)}"
    models = sorted((folder / "models").glob("*.tar.gz"))
    return models[-1] if models else _train(pipeline, folder)


def _fingerprint(pipeline: str) -> str:
    parts = [
        SETTINGS / f"{pipeline}.yml",
        SETTINGS / "domain.yml",
        SETTINGS / "rules.yml",
        SETTINGS / "letters.py",
    ]
    parts += sorted((find_nlu() / "data").rglob("*.*"))
    digest = hashlib.sha256(str(PIPELINES[pipeline]).encode())
    for part in parts:
        digest.update(part.read_bytes())
    return digest.hexdigest()[:12]


def _train(pipeline: str, folder: Path) -> Path:
    print(f"training stock Rasa, {pipeline}: some minutes, once", file=sys.stderr)
    folder.mkdir(parents=True, exist_ok=True)
    python = str(nlu_python(find_nlu()))
    _run([python, "-m", "rasa_yaml", "--out", str(folder / "yaml")], find_nlu())
    for file in (folder / "yaml").glob("*.yml"):
        _thin(file, PIPELINES[pipeline])
    data = [str(folder / "yaml"), str(SETTINGS / "rules.yml")]
    config = ["-c", str(SETTINGS / f"{pipeline}.yml"), "-d", str(SETTINGS / "domain.yml")]
    _run(
        [python, "-m", "rasa", "train", "--skip-validation", *config, "--data", *data, "--out", "models"],
        folder,
    )
    return max((folder / "models").glob("*.tar.gz"))


def _thin(file: Path, every: int) -> None:
    """Keep each `every`-th example of an intent."""
    kept, n = [], 0
    for line in file.read_text("utf-8").splitlines(keepends=True):
        begins = line.startswith("  - text:")
        n += begins
        if line.startswith("- intent:"):
            n = 0
        if not line.startswith("  ") or line.startswith("  examples:") or (n - 1) % every == 0:
            kept.append(line)
    file.write_text("".join(kept), "utf-8")


def _run(argv: list[str], folder: Path) -> None:
    done = subprocess.run(argv, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(argv[2:4])} failed: {done.stderr[-800:]}")


def rasa(pipeline: str, folder: Path, port: int, actions: int) -> Server:
    """`rasa run --enable-api` with the REST channel: both of what is measured."""
    endpoints = folder / f"endpoints-{pipeline}.yml"
    folder.mkdir(parents=True, exist_ok=True)
    endpoints.write_text(f"action_endpoint:\n  url: http://127.0.0.1:{actions}/webhook\n", "utf-8")
    argv = [
        str(nlu_python(find_nlu())), "-m", "rasa", "run", "--enable-api", "-p", str(port), "-i", "127.0.0.1",
        "-m", str(trained(pipeline)), "--endpoints", str(endpoints), "--credentials", str(SETTINGS / "credentials.yml"),
    ]  # fmt: skip
    ready = answers(f"http://127.0.0.1:{port}/model/parse", json.dumps({"text": "早"}).encode())
    return Server(f"stock-{pipeline}", argv, folder, environment(), ready)


def action_server(folder: Path, port: int, desk: str) -> Server:
    """The action server, which files tickets with a desk of ours."""
    argv = [str(nlu_python(find_nlu())), "-m", "rasa_sdk", "--actions", "actions", "-p", str(port)]
    return Server(
        "stock-actions", argv, folder, environment(desk), answers(f"http://127.0.0.1:{port}/health")
    )


def desk(folder: Path, port: int) -> Server:
    """The dispatch that its tickets go to: the same that comes with Linli."""
    argv = [
        sys.executable,
        "-P",
        "-m",
        "connectors.desk",
        "--home",
        str(folder / "desk"),
        "--port",
        str(port),
    ]
    clean = {key: value for key, value in os.environ.items() if not key.startswith("LINLI_")}
    url = f"http://127.0.0.1:{port}/open311/v2/services.json"
    return Server("stock-desk", argv, folder, clean, answers(url))
