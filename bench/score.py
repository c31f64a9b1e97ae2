"""`make score`: what the NLU and the replay reach on text that the model has not learnt from.

That is the measuring text, which is not part of this project: it and its scorers lie beside the checkout
(`shared/data`, `shared/tools`), or where --shared says. And the transcripts of tests/transcripts. Where the
measuring text is not there, only these are read.

nlu/reports/score.md holds the figures with their targets and shows the plots beside it; score.json holds all.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from actions.errors import Refused, Unreachable
from bench import figures, machine, readings, report
from bench.figures import Pair
from bot.log import only_errors
from bot.nlu_at_hand import nlu_at_hand
from bot.nlu_project import find_nlu, nlu_python
from bot.settings import load
from bot.transcript import read_transcript
from bot.wiring import replaying
from connectors.nlu import RasaNlu

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "nlu" / "reports"
OWN = ROOT / "tests" / "transcripts"
PICTURES = ROOT / "docs" / "pictures"
PLOTS = ("confusion.png", "reliability.png", "learning_curve.png")
WAYS = {"one by one": False, "with context": True}


async def score(shared: Path | None, sample: int) -> dict[str, Any]:
    """Every figure, by one NLU server. Raises `Unreachable` and `Refused`."""
    began, theirs, own = time.monotonic(), _transcripts(shared), sorted(OWN.glob("*.jsonl"))
    async with nlu_at_hand(load()) as url:
        scored = await asyncio.to_thread(_score_nlu, shared, url, sample)
        read = await _read(url, {"shared": theirs, "own": own})
        found = {**scored, **_figures(read), "replay": await _score_replay(shared, url, [*theirs, *own])}
        measured = {"sample": sample, **await _measured(url)}
    found["curve"] = await asyncio.to_thread(_in_nlu, "curve.py", *theirs, *own)
    return {"measured": {**measured, "seconds": time.monotonic() - began}, **found}


def _transcripts(shared: Path | None) -> list[Path]:
    return sorted((shared / "data" / "transcripts").glob("*.jsonl")) if shared else []


def _score_nlu(shared: Path | None, url: str, sample: int) -> dict[str, Any]:
    """What the scorer says of the measuring text, and of our own transcripts."""
    if shared is None:
        return {"nlu": None, "nlu_own": None}
    tool = [sys.executable, shared / "tools" / "score_nlu.py", "--url", url, "--sample", sample]
    text = ["--data", shared / "data/measure", "--transcripts", shared / "data/transcripts"]
    return {"nlu": _run(*tool, *text), "nlu_own": _run(*tool, "--transcripts", OWN)}


async def _read(url: str, sets: dict[str, list[Path]]) -> dict[str, dict[str, list[Pair]]]:
    """Every transcript in both ways, as way → set → messages."""
    found: dict[str, dict[str, list[Pair]]] = {way: {name: [] for name in sets} for way in WAYS}
    for way, context in WAYS.items():
        for name, paths in sets.items():
            for path in paths:
                found[way][name] += await readings.read(url, readings.transcript(path), context=context)
    return found


def _figures(read: dict[str, dict[str, list[Pair]]]) -> dict[str, Any]:
    together = {
        way: {**sets, "all": [p for pairs in sets.values() for p in pairs]} for way, sets in read.items()
    }
    plain = together["one by one"]["all"]
    return {
        "transcripts": {
            way: {name: figures.of_transcripts(pairs) if pairs else None for name, pairs in sets.items()}
            for way, sets in together.items()
        },
        "confusion": {"intents": figures.INTENTS, "counts": figures.confusion(plain)},
        "reliability": [
            {
                "title": "Intents of all transcripts",
                "series": {
                    "best intent": figures.reliability(figures.best_intents(plain)),
                    "'report'": figures.reliability(figures.report_guesses(plain)),
                },
            },
            {
                "title": "Category of true reports",
                "series": {"best category": figures.reliability(figures.best_categories(plain))},
            },
        ],
    }


async def _measured(url: str) -> dict[str, Any]:
    """What was measured, where and when."""
    nlu = RasaNlu(url)
    try:
        model = str((await nlu.status()).get("model"))
    finally:
        await nlu.close()
    file = ROOT / "nlu" / "models" / Path(model).name
    return {
        "model": model,
        "model_mb": file.stat().st_size / 1e6 if file.is_file() else None,
        "server_mb": machine.peak_memory_mb(url),
        "machine": machine.described(),
        "date": datetime.now().astimezone().isoformat(timespec="minutes"),
    }


async def _score_replay(shared: Path | None, url: str, transcripts: Sequence[Path]) -> Any:
    if shared is None:
        return None
    argv: list[Path] = []
    with tempfile.TemporaryDirectory() as folder:
        for transcript in transcripts:
            out = Path(folder) / f"{transcript.stem}.json"
            out.write_text(json.dumps(await _replayed(transcript, url), ensure_ascii=False), "utf-8")
            argv += [transcript, out]
        return _run(sys.executable, shared / "tools" / "score_replay.py", *argv)


async def _replayed(transcript: Path, url: str) -> dict[str, Any]:
    history, nlu = read_transcript(transcript), RasaNlu(url)
    try:
        return (await replaying(load(), nlu, history).run(history.messages)).as_json()
    finally:
        await nlu.close()


def _in_nlu(script: str, *arguments: object, told: Any = None) -> Any:
    """What a script of ours prints that needs the NLU's environment."""
    home = find_nlu()
    env = {**os.environ, "RASA_TELEMETRY_ENABLED": "false", "PYTHONPATH": str(home)}
    return _run(nlu_python(home), ROOT / "bench" / script, *arguments, told=told, env=env)


def _run(*argv: object, told: Any = None, env: dict[str, str] | None = None) -> Any:
    """The JSON that a command prints, None when it prints nothing; `told` is its stdin."""
    done = subprocess.run(
        [*map(str, argv)], capture_output=True, text=True, check=False, env=env, input=json.dumps(told)
    )
    if done.returncode:
        sys.exit(f"{Path(str(argv[1])).name} failed: {done.stderr[-500:]}")
    return json.loads(done.stdout) if done.stdout.strip() else None


def write(found: dict[str, Any], folder: Path) -> None:
    """score.json, score.md and the plots that it shows."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "score.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    (folder / "score.md").write_text(report.markdown(found), "utf-8")
    _in_nlu("plots.py", folder, told=found)


def summary(found: dict[str, Any]) -> str:
    """The figures that have a target, for the terminal."""
    asked = [row for row in report.rows(found) if row.target is not None]
    words = {True: "met", False: "NOT MET", None: "-"}
    return "\n".join(
        f"{words[row.met]:8}{report.shown(row.value, row.unit):>13}  {'<=' if row.at_most else '>='}"
        f" {report.shown(row.target, row.unit):8} {row.name}"
        for row in asked
    )


def _shared(named: Path | None) -> Path | None:
    """The folder of the measuring text; one that was named must be there."""
    folder = named or ROOT.parent / "shared"
    if (folder / "tools" / "score_nlu.py").is_file():
        return folder
    if named:
        sys.exit(f"there is no measuring text at {folder}")
    print(f"there is no measuring text at {folder}: only tests/transcripts is read", file=sys.stderr)
    return None


def main() -> None:
    """Score, write, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, help="folder of the measuring text, default ../shared")
    parser.add_argument("--sample", type=int, default=1000, help="messages taken from each source")
    parser.add_argument("--pictures", action="store_true", help="copy the plots into docs/pictures")
    chosen = parser.parse_args()
    only_errors()
    try:
        found = asyncio.run(score(_shared(chosen.shared), chosen.sample))
    except (Refused, Unreachable) as error:
        sys.exit(str(error))
    write(found, REPORTS)
    if chosen.pictures:
        for name in PLOTS:
            shutil.copyfile(REPORTS / name, PICTURES / name)
    print(summary(found))
    print(f"written: {(REPORTS / 'score.md').relative_to(ROOT)}, beside it score.json and the plots")


if __name__ == "__main__":
    main()
