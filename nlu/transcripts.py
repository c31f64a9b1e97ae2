"""Whole group transcripts as examples: data/transcripts/*.jsonl, a message a line, in the order of the group.

They teach what a group sounds like, three quarters of it chatter; the single messages of data/*/*.tsv teach the
breadth of each category. The fields are those of README.md, "Transcripts".
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from examples import INTENTS, URGENCIES, BadExampleError, Example

KINDS = ("text", "photo", "voice", "video", "location", "sticker")
ROLES = ("resident", "worker", "property", "official")
FIELDS = {
    "id", "at", "sender", "role", "reply_to", "kind", "text", "intent", "category", "location", "urgency", "refers_to",
}  # fmt: skip
FOLLOW_UPS = ("second", "detail", "urge", "resolved", "disputed", "withdraw")


def read(path: Path, codes: Iterable[str]) -> Iterator[Example | BadExampleError]:
    """Yield the example, or the fault, of every message with words of one transcript."""
    language, before = path.stem.partition("_")[0], {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        source = f"{path}:{number}"
        try:
            row = json.loads(line)
            wrong = fault(row, number, before, codes)
        except (ValueError, TypeError, AttributeError) as error:
            yield BadExampleError(f"{source}: this is no message: {error}")
            continue
        if wrong:
            yield BadExampleError(f"{source}: {wrong}: {line[:60]}")
            continue
        before[number] = row["intent"]
        if row["text"].strip():
            yield _example(row, language, source)


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the messages of a transcript that was checked, as they are written."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def read_all(folder: Path, codes: Iterable[str]) -> Iterator[Example | BadExampleError]:
    """Yield the same of every transcript in a folder, in the order of their names."""
    for path in sorted(folder.glob("*.jsonl")):
        yield from read(path, codes)


def fault(row: dict[str, Any], number: int, before: dict[int, str], codes: Iterable[str]) -> str | None:
    """Say what is wrong with one message, None when nothing is; `before` are the intents of earlier ones by id."""
    if set(row) != FIELDS:
        return f"fields {' '.join(sorted(FIELDS ^ set(row)))} are missing or too many"
    report, refers = row["intent"] == "report", row["refers_to"]
    wrongs = {
        f"id {row['id']} is not {number}": row["id"] != number,
        "unknown intent, kind or role": row["intent"] not in INTENTS
        or row["kind"] not in KINDS
        or row["role"] not in ROLES,
        "reply_to names no earlier message": row["reply_to"] is not None and row["reply_to"] not in before,
        "unknown category": report and row["category"] not in codes,
        "unknown urgency": report and row["urgency"] not in URGENCIES,
        "category or urgency on what is no report": not report and bool(row["category"] or row["urgency"]),
        "refers_to names no earlier report": refers is not None and before.get(refers) != "report",
        "a follow-up without refers_to": row["intent"] in FOLLOW_UPS and refers is None,
        "chatter with refers_to": row["intent"] == "chatter" and refers is not None,
        "a location that the text does not hold": any(place not in row["text"] for place in row["location"]),
    }
    return next((said for said, so in wrongs.items() if so), None)


def _example(row: dict[str, Any], language: str, source: str) -> Example:
    text = row["text"]
    places, at = [], 0
    for place in sorted(row["location"], key=text.find):
        start = text.find(place, at)
        if start >= 0:  # else it lies within the one before
            places.append((start, start + len(place)))
            at = start + len(place)
    return Example(
        text,
        row["intent"],
        row["category"] or "",
        row["urgency"] or "",
        tuple(places),
        language,
        source,
        role=row["role"],
        reply_to=row["reply_to"],
    )
