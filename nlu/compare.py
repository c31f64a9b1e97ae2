"""What records changed: `python -m compare BEFORE AFTER --held FOLDER` reads the same messages with two models.

FOLDER holds records that neither was trained on; beside them all messages of our own transcripts are read, to see
whether talk is taken for something else now. The last line of stdout is the figures as JSON; nothing of it is text.
"""

import argparse
import json
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import examples
import transcripts
from asked import Asked

BATCH = 256
Reading = dict[str, Any]
Read = Callable[[list[str]], list[Reading]]


def held_out(folder: Path) -> list[examples.Example]:
    """Return the records below `folder`; raises BadExampleError at the first that is none."""
    found = [
        e for path in sorted(folder.glob("*/*.tsv")) for e in examples.read_file(path, examples.categories())
    ]
    for one in found:
        if isinstance(one, examples.BadExampleError):
            raise one
    return [one for one in found if isinstance(one, examples.Example)]


def talk(data: Path = examples.HERE / "data") -> list[examples.Example]:
    """Return the messages of all transcripts."""
    read = transcripts.read_all(data / "transcripts", examples.categories())
    return [one for one in read if isinstance(one, examples.Example)]


def _share(rows: list[examples.Example], readings: list[Reading], label: str) -> float | None:
    """How many of the rows that have the label are read so; None where none has it."""
    told = [(getattr(row, label), said[label]["name"]) for row, said in zip(rows, readings, strict=True)]
    told = [(wanted, found) for wanted, found in told if wanted]
    return sum(wanted == found for wanted, found in told) / len(told) if told else None


def _called(messages: list[examples.Example], readings: list[Reading]) -> int:
    """How many messages of chatter are taken for something else."""
    both = zip(messages, readings, strict=True)
    return sum(one.intent == "chatter" and said["intent"]["name"] != "chatter" for one, said in both)


def figures(before: Read, after: Read, held: list[examples.Example], said: list[examples.Example]) -> Reading:
    """Return the shares of held-out rows read right by each, and what became of the talk."""
    texts = [example.text for example in held + said]
    both = {"before": before(texts), "after": after(texts)}
    rows = {name: readings[: len(held)] for name, readings in both.items()}
    talks = {name: readings[len(held) :] for name, readings in both.items()}
    pairs = zip(talks["before"], talks["after"], strict=True)
    return {
        "rows": len(held),
        "category": {name: _share(held, readings, "category") for name, readings in rows.items()},
        "intent": {name: _share(held, readings, "intent") for name, readings in rows.items()},
        "messages": len(said),
        "changed": sum(old["intent"]["name"] != new["intent"]["name"] for old, new in pairs),
        "chatter": sum(one.intent == "chatter" for one in said),
        "called": {name: _called(said, readings) for name, readings in talks.items()},
    }


def _reading_with(model: Path) -> Read:
    """Return what reads with this model, loaded when it is needed, and tells how far it is."""

    def read(texts: list[str]) -> list[Reading]:
        import reader

        loaded, done = reader.Reader(model), []
        for at in range(0, len(texts), BATCH):
            done += loaded.read([Asked(text) for text in texts[at : at + BATCH]])
            if at // BATCH % 10 == 9 or len(done) == len(texts):
                print(f"  {model.name}: {len(done)} of {len(texts)} messages read", flush=True)
        return done

    return read


def main() -> int:
    """Print the figures; 1 when a model or a record cannot be read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--held", type=Path, required=True)
    asked = parser.parse_args()
    try:
        held = held_out(asked.held)
        found = figures(_reading_with(asked.before), _reading_with(asked.after), held, talk())
    except (examples.BadExampleError, OSError, tarfile.TarError) as wrong:
        print(wrong, file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
