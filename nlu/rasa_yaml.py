"""The data as Rasa's own training data: `python -m rasa_yaml` writes build/<language>.yml, which stock Rasa reads.

Places are annotated as [..](location); category and urgency of a report are the metadata of its example. Messages
are full of what Rasa takes for annotations ([强][强]) or strips (a blank at the end), and Rasa knows no escape. But
an annotation with an empty list of entities, `[x][]`, is read as `x`: so a letter that would be misread is written.
"""

import argparse
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import examples
import yaml
from examples import Example
from rasa.shared.constants import LATEST_TRAINING_DATA_FORMAT_VERSION
from rasa.shared.exceptions import InvalidEntityFormatException
from rasa.shared.nlu.training_data.entities_parser import find_entities_in_training_example, replace_entities
from rasa.shared.nlu.training_data.message import Message

_NO_FOLDING = 100_000  # letters; a line an example, as people search and compare them
_STRIPPED = " \n\r"  # by Rasa's reader, at both ends of a text
_MISREAD = re.compile(rf"\[|^[{_STRIPPED}]+|[{_STRIPPED}]+$")


class _Quoted(str):
    """A text in quotes, since the versions of YAML differ in what else is a number (089, 1e5)."""

    __slots__ = ()


yaml.SafeDumper.add_representer(
    _Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def metadata(example: Example) -> dict[str, str] | None:
    """Return what an example teaches beside intent and places: category and urgency of a report, else nothing."""
    report = example.intent == "report"
    return {"category": example.category, "urgency": example.urgency} if report else None


def message(example: Example) -> Message:
    """Return an example as the message that Rasa reads from our file."""
    return Message.build(
        example.text, example.intent, examples.entities(example), example_metadata=metadata(example)
    )


def marked(example: Example) -> str:
    """Return the text with its places annotated; raises BadExampleError when Rasa would read something else."""
    for written in (_annotated(example), _annotated(example, escape=True)):
        if _read(written) == (example.text, examples.entities(example)):
            return written
    raise examples.BadExampleError(f"{example.source}: Rasa's format cannot hold this text and its places")


def _read(written: str) -> tuple[str, list[dict[str, Any]]] | None:
    stripped = written.strip(_STRIPPED)
    try:
        return replace_entities(stripped), find_entities_in_training_example(stripped)
    except InvalidEntityFormatException:  # [x]{y}, which looks like an annotation and is none
        return None


def _annotated(example: Example, *, escape: bool = False) -> str:
    text, written, at = example.text, "", 0
    for start, end in [*example.places, (len(text), len(text))]:
        between = text[at:start]
        written += _MISREAD.sub(r"[\g<0>][]", between) if escape else between
        written += f"[{text[start:end]}](location)" if start < end else ""
        at = end
    return written


def document(read: Iterable[Example]) -> dict[str, Any]:
    """Return the examples of one language in the structure of Rasa's format, intent by intent."""
    by_intent = defaultdict(list)
    for example in read:
        taught = metadata(example)
        by_intent[example.intent].append(
            {"text": _Quoted(marked(example))} | ({"metadata": taught} if taught else {})
        )
    blocks = [{"intent": intent, "examples": by_intent[intent]} for intent in sorted(by_intent)]
    return {"version": LATEST_TRAINING_DATA_FORMAT_VERSION, "nlu": blocks}


def build(read: Iterable[Example], folder: Path) -> list[Path]:
    """Write the examples into `folder`, a file a language; return the files."""
    by_language = defaultdict(list)
    for example in read:
        by_language[example.language].append(example)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for language, spoken in sorted(by_language.items()):
        files.append(folder / f"{language}.yml")
        # Twenty times as fast as Rasa's own writer, and emoji stay emoji.
        text = yaml.safe_dump(document(spoken), allow_unicode=True, sort_keys=False, width=_NO_FOLDING)
        files[-1].write_text(text, encoding="utf-8")
    return files


def main() -> int:
    """Build the files and name them; 1 when the data has faults."""
    parser = argparse.ArgumentParser(prog="rasa_yaml", description=__doc__)
    parser.add_argument("--data", type=Path, default=examples.HERE / "data")
    parser.add_argument("--out", type=Path, default=examples.HERE / "build")
    options = parser.parse_args()
    try:
        files = build(examples.load(options.data), options.out)
    except examples.BadExampleError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    for file in files:
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main())
