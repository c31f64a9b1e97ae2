"""`make score`: what the NLU and the replay reach on measuring text, which is not part of this project.

The text and its scorers lie beside the checkout (`shared/data`, `shared/tools`), or where --shared says.
The figures are printed and written to nlu/reports/score.json. Nothing here trains on that text.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bot.log import only_errors
from bot.nlu_at_hand import nlu_at_hand
from bot.replay import read_transcript
from bot.settings import load
from bot.wiring import replaying
from connectors.nlu import RasaNlu

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "nlu" / "reports" / "score.json"


async def score(shared: Path, sample: int) -> dict[str, Any]:
    """Both scores, by one NLU server. Raises `Unreachable` and `Refused`."""
    settings = load()
    async with nlu_at_hand(settings) as url:
        nlu = await asyncio.to_thread(_score_nlu, shared, url, sample)
        return {"nlu": nlu, "replay": await _score_replay(shared, url)}


def _score_nlu(shared: Path, url: str, sample: int) -> Any:
    tool = shared / "tools" / "score_nlu.py"
    argv = ["--url", url, "--data", shared / "data/measure", "--transcripts", shared / "data/transcripts"]
    return _run(tool, *argv, "--sample", sample)


async def _score_replay(shared: Path, url: str) -> Any:
    argv: list[Path] = []
    with tempfile.TemporaryDirectory() as folder:
        for transcript in sorted((shared / "data" / "transcripts").glob("*.jsonl")):
            out = Path(folder) / f"{transcript.stem}.json"
            out.write_text(json.dumps(await _replayed(transcript, url), ensure_ascii=False), "utf-8")
            argv += [transcript, out]
        return _run(shared / "tools" / "score_replay.py", *argv)


async def _replayed(transcript: Path, url: str) -> dict[str, Any]:
    messages, nlu = read_transcript(transcript), RasaNlu(url)
    try:
        return (await replaying(load(), nlu, messages[0].at).run(messages)).as_json()
    finally:
        await nlu.close()


def _run(tool: Path, *argv: object) -> Any:
    done = subprocess.run(
        [sys.executable, tool, *map(str, argv)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{tool.name} failed: {done.stderr[-500:]}")
    return json.loads(done.stdout)


def main() -> None:
    """Score, print, write."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    arguments.add_argument("--sample", type=int, default=1000, help="messages taken from each source")
    chosen = arguments.parse_args()
    if not (chosen.shared / "tools" / "score_nlu.py").is_file():
        sys.exit(f"there is no measuring text at {chosen.shared}: name its folder with --shared")
    only_errors()
    figures = asyncio.run(score(chosen.shared, chosen.sample))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(figures, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, ensure_ascii=False, indent=1))


if __name__ == "__main__":
    main()
