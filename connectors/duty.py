"""Duty: what a ticket says of its matter, of who answers for it and by when, as lines of its description.

Lines, because every backend keeps a description and few keep anything else. They stand last, so that what a resident
writes is never taken for them; `freed` sees to it in what comes before.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

_LABELS = {
    "matter": "事项 matter",
    "list_version": "清单 list",
    "unit": "主责 lead",
    "assisting": "协办 assisting",
    "level": "层级 level",
    "respond_by": "受理限 accept by",
    "resolve_by": "办结限 resolve by",
}
_LINES = (("matter", "list_version"), ("unit", "assisting", "level"), ("respond_by", "resolve_by"))
_FIELDS = {label: field for field, label in _LABELS.items()}
_OURS = re.compile(rf"^(\s*(?:{'|'.join(map(re.escape, _FIELDS))})):", re.MULTILINE)
_LONGEST = 120  # characters of one value
_MOST = 12  # units that assist


@dataclass(frozen=True)
class Duty:
    """Who answers for a ticket; empty where it is not stated. The times are aware."""

    matter: str = ""
    list_version: str = ""
    unit: str = ""
    assisting: tuple[str, ...] = ()
    level: str = ""
    respond_by: datetime | None = None
    resolve_by: datetime | None = None


def lines_of(duty: Duty) -> str:
    """The lines of a description that state the duty; empty where there is nothing to state."""
    values = {
        **{field: _plain(getattr(duty, field)) for field in ("matter", "list_version", "unit", "level")},
        "assisting": "、".join(
            _plain(one).replace("、", "/") for one in duty.assisting[:_MOST] if _plain(one)
        ),
        "respond_by": _time(duty.respond_by),
        "resolve_by": _time(duty.resolve_by),
    }
    parts = ([f"{_LABELS[name]}: {values[name]}" for name in line if values[name]] for line in _LINES)
    return "\n".join("; ".join(line) for line in parts if line)


def duty_of(description: str) -> tuple[Duty, str]:
    """The duty that stands at the end of a description without its reference, and the words before it."""
    lines, found = description.rstrip().split("\n"), dict[str, str]()
    while lines and (stated := _stated(lines[-1])):
        found |= stated
        lines.pop()
    words = "\n".join(lines).rstrip()
    return _made(lambda name: found.get(name, "")), words


def freed(words: str) -> str:
    """The words with whatever looks like a line of ours put otherwise."""
    return _OURS.sub(r"\1：", words)


def _stated(line: str) -> dict[str, str]:
    """The fields of one line; empty unless all of it is ours."""
    pairs = [part.partition(": ") for part in line.strip().split("; ")]
    if not all(label in _FIELDS and value for label, _, value in pairs):
        return {}
    return {_FIELDS[label]: value.strip() for label, _, value in pairs}


def _made(text: Callable[[str], str]) -> Duty:
    return Duty(
        matter=text("matter"),
        list_version=text("list_version"),
        unit=text("unit"),
        assisting=tuple(filter(None, text("assisting").split("、"))),
        level=text("level"),
        respond_by=_when(text("respond_by")),
        resolve_by=_when(text("resolve_by")),
    )


def _plain(text: str) -> str:
    # One line each, and no mark of ours or separator within.
    return " ".join(text.replace(";", "；").replace("[", "(").replace("]", ")").split())[:_LONGEST]


def _time(when: datetime | None) -> str:
    return when.isoformat(sep=" ", timespec="minutes") if when else ""


def _when(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return None
    return when if when.tzinfo else None
