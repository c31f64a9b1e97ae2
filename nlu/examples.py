"""The training examples: reads data/*/*.tsv and data/transcripts, checks them, and hands them to Rasa.

`python -m examples check` names every fault as file:line and counts what is there.
"""

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
HEADER = ["intent", "category", "urgency", "text"]
INTENTS = (
    "report",
    "consult",
    "urge",
    "second",
    "detail",
    "resolved",
    "disputed",
    "withdraw",
    "chatter",
)
URGENCIES = ("normal", "urgent", "emergency")
OTHER = "other.other"
_MARKED = re.compile(r"(?:[^{}]|\{[^{}]+\})*")
_SPAN = re.compile(r"\{([^{}]+)\}")


class BadExampleError(ValueError):
    """A line of the data that cannot be used; says file:line and why."""


@dataclass(frozen=True)
class Example:
    """One message as somebody would type it, and what a careful grid worker understands of it."""

    text: str
    intent: str
    category: str
    urgency: str
    places: tuple[tuple[int, int], ...]
    language: str
    source: str
    marked: bool = True
    """Whether somebody looked for the places; in a city's records nobody did."""
    role: str = ""
    """Of its sender, in a transcript; there it may quote another, too."""
    reply_to: int | None = None

    @property
    def group(self) -> str:
        """The transcript that it is part of; "" for a single message."""
        path = self.source.rpartition(":")[0]
        return path if path.endswith(".jsonl") else ""

    @property
    def number(self) -> int:
        """Its line in its file, which is its id in a transcript."""
        return int(self.source.rpartition(":")[2])


@cache
def categories(path: Path = HERE / "categories.tsv") -> dict[str, str]:
    """Return every category code with its names, Chinese and English, as one string."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return {row["code"]: f"{row['zh']} / {row['en']}" for row in rows}


def unmarked(marked: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return the text without its braces, and the (start, end) of what they enclosed."""
    text, places, at = "", [], 0
    for span in _SPAN.finditer(marked):
        text += marked[at : span.start()]
        places.append((len(text), len(text) + len(span[1])))
        text += span[1]
        at = span.end()
    return text + marked[at:], tuple(places)


def fault(cells: list[str], codes: Iterable[str]) -> str | None:
    """Say what is wrong with the cells of one line, None when nothing is."""
    if len(cells) != len(HEADER):
        return f"{len(cells)} columns instead of {len(HEADER)}"
    intent, category, urgency, text = cells
    report = intent == "report"
    wrongs = {
        f"unknown intent {intent!r}": intent not in INTENTS,
        f"unknown category {category!r}": report and category not in codes,
        f"unknown urgency {urgency!r}": report and urgency not in URGENCIES,
        f"category or urgency on a {intent}": not report and bool(category or urgency),
        "unbalanced or empty braces": not _MARKED.fullmatch(text),
        "no text": not _SPAN.sub(r"\1", text).strip(),
    }
    return next((said for said, so in wrongs.items() if so), None)


def read_file(path: Path, codes: Iterable[str]) -> Iterator[Example | BadExampleError]:
    """Yield the example, or the fault, of every line of one file."""
    lines = path.read_text(encoding="utf-8").split("\n")
    if lines[0].split("\t") != HEADER:
        yield BadExampleError(f"{path}:1: the header must be {' '.join(HEADER)}, separated by tabs")
        return
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        cells = line.split("\t")
        wrong = fault(cells, codes)
        if wrong:
            yield BadExampleError(f"{path}:{number}: {wrong}: {line[:60]}")
            continue
        text, places = unmarked(cells[3])
        yield Example(text, *cells[:3], places, path.parent.name, f"{path}:{number}")


def _same(example: Example) -> tuple[str, str]:
    """What two examples may not share: language, and text without signs and blanks (+1 is not 1, though)."""
    letters = re.sub(r"[\W_]+", "", example.text)
    return example.language, letters if len(letters) > 2 else example.text


Folders = Path | tuple[Path, ...]
"""Our own examples; or these and, after them, folders of a city's records."""


def _own(folders: Folders) -> Path:
    return folders if isinstance(folders, Path) else folders[0]


def _records(folders: Folders) -> Iterator[Example | BadExampleError]:
    """Yield the example or the fault of each line of the records; of one text in two files the first counts."""
    seen: set[tuple[str, str]] = set()
    for folder in () if isinstance(folders, Path) else folders[1:]:
        for path in sorted(folder.glob("*/*.tsv")):
            for found in read_file(path, categories()):
                if isinstance(found, BadExampleError):
                    yield found
                elif _same(found) not in seen:
                    seen.add(_same(found))
                    yield replace(found, marked=bool(found.places))


def left_out(folders: Folders) -> list[BadExampleError]:
    """Return the faults of the records: a city's old line must not keep its new model from being trained."""
    return [found for found in _records(folders) if isinstance(found, BadExampleError)]


def survey(folders: Folders = HERE / "data") -> tuple[list[Example], list[BadExampleError]]:
    """Return the good examples of all files, and the faults of our own.

    Where a record says what an example of ours says, the city's record counts.
    """
    good, bad = _survey(_own(folders))
    records = [found for found in _records(folders) if isinstance(found, Example)]
    theirs = {_same(record) for record in records}
    return [example for example in good if _same(example) not in theirs] + records, bad


def _survey(data: Path) -> tuple[list[Example], list[BadExampleError]]:
    import transcripts  # which is made of what stands here

    codes, good, bad = categories(), [], []
    seen: dict[tuple[str, str], str] = {}
    for path in sorted(data.glob("*/*.tsv")):
        for found in read_file(path, codes):
            if isinstance(found, BadExampleError):
                bad.append(found)
                continue
            first = seen.setdefault(_same(found), found.source)
            if first == found.source:
                good.append(found)
            else:
                bad.append(BadExampleError(f"{found.source}: says the same as {first}: {found.text[:60]}"))
    for found in transcripts.read_all(data / "transcripts", codes):
        (bad if isinstance(found, BadExampleError) else good).append(found)
    return good, bad


def load(folders: Folders = HERE / "data") -> list[Example]:
    """Return all examples; raises BadExampleError naming every fault of our own, or that there are none."""
    good, bad = survey(folders)
    if bad:
        raise BadExampleError("\n".join(map(str, bad)))
    if not good:
        raise BadExampleError(f"{_own(folders)}: no examples")
    return good


def entities(example: Example) -> list[dict[str, Any]]:
    """Return the places of an example as Rasa's entities."""
    return [
        {"entity": "location", "value": example.text[start:end], "start": start, "end": end}
        for start, end in example.places
    ]


def _table(title: str, counts: Counter[str]) -> str:
    rows = (f"{number:7d}  {name}" for name, number in sorted(counts.items()))
    return "\n".join([title, *rows])


def summary(examples: list[Example]) -> str:
    """Return the counts for each language, intent, urgency and category, and the categories without any."""
    per_category = Counter(e.category for e in examples if e.category)
    missing = [code for code in categories() if code not in per_category]
    return "\n".join(
        [
            _table("languages", Counter(e.language for e in examples)),
            _table("intents", Counter(e.intent for e in examples)),
            _table("urgencies", Counter(e.urgency for e in examples if e.urgency)),
            _table("categories", per_category),
            f"without examples: {' '.join(missing) or 'none'}",
            f"{len(examples)} examples, {sum(bool(e.places) for e in examples)} with a place",
        ]
    )


if __name__ == "__main__":
    import inspection  # which is made of what stands here

    sys.exit(inspection.main())
