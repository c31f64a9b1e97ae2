"""The locks: every version pinned, every file known by its hash, no address of a registry, no version known to be bad."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[0-9A-Za-z.!+-]+)(?P<rest>.*)")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
_KNOWN = Path(__file__).with_name("known.tsv")


@dataclass(frozen=True, slots=True)
class Pin:
    """One version that a lock allows, and how many files of it are known."""

    lock: str
    line: int
    name: str
    version: str
    hashes: int


@dataclass(frozen=True, slots=True)
class Known:
    """A package that is bad below a version; `accepted` says why it is used all the same."""

    name: str
    below: str
    advisory: str
    accepted: str


def read(path: Path, name: str) -> tuple[list[Pin], list[str]]:
    """The pins of a lock, and what is wrong with it."""
    pins, faults = list[Pin](), list[str]()
    for number, entry in _entries(path.read_text("utf-8")):
        found = _PIN.match(entry)
        if not found:
            faults.append(f"{name} line {number}: not a pinned version: {entry[:60]}")
            continue
        pin = Pin(name, number, found["name"], found["version"], len(_HASH.findall(entry)))
        pins.append(pin)
        if not pin.hashes:
            faults.append(f"{name} line {number}: {pin.name} has no hash")
        if "://" in entry or "--index-url" in entry:
            faults.append(f"{name} line {number}: {pin.name} names an address")
    return pins, faults


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """The requirements, each on one line, with the line on which it begins."""
    entry, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if not entry and (not plain or plain.startswith("#")):
            continue
        start = start if entry else number
        entry += " " + plain.removesuffix("\\")
        if not plain.endswith("\\"):
            yield start, entry.strip()
            entry = ""


def known() -> list[Known]:
    """What is known to be bad: kept by hand, so it names the worst and is not complete."""
    with _KNOWN.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Known(row["package"], row["below"], row["advisory"], row["accepted"] or "") for row in rows]


def bad(pins: list[Pin]) -> list[tuple[Pin, Known]]:
    """The pins that are known to be bad, accepted or not."""
    by_name = [(pin, one) for pin in pins for one in known() if pin.name == one.name]
    return [(pin, one) for pin, one in by_name if _order(pin.version) < _order(one.below)]


def _order(version: str) -> tuple[int, ...]:
    """A version's numbers, to be compared; what is not a number ends them."""
    found = re.match(r"\d+(\.\d+)*", version)
    return tuple(map(int, found[0].split("."))) if found else ()
