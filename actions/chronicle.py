"""The chronicle: what was put in force, and when: the hierarchy and its policies, the responsibility list; and what was
deleted of people's words, by retention or for one person, in counts only.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Line = tuple[str, str, str]
"""What is in force, a line a thing: of what (`grid chunfeng-1`), which (`worker`), its value."""
MANY = ("group", "worker", "supervisor", "acts for")
"""Of these a thing may have several."""


@dataclass(frozen=True, slots=True)
class Decree:
    """Something was put in force, or deleted. `version` names its content: the same content has the same one.

    `by` is who did it, or the file that said so. `changes` are lines such as `grid chunfeng-1: worker telegram:43 added`.
    """

    at: datetime
    what: Literal["hierarchy", "matters", "retention", "privacy"]
    version: str
    by: str
    changes: tuple[str, ...] = ()


def changes(old: Iterable[Line], new: Iterable[Line]) -> tuple[str, ...]:
    """What is different, in words; () for nothing."""
    before, after = _by_subject(old), _by_subject(new)
    subjects = dict.fromkeys((*before, *after))
    return tuple(line for one in subjects for line in _of_one(one, before.get(one), after.get(one)))


def _of_one(
    subject: str, old: dict[str, list[str]] | None, new: dict[str, list[str]] | None
) -> Iterator[str]:
    if new is None:
        yield f"{subject}: removed"
        return
    if old is None:
        yield f"{subject}: added"
    for which in dict.fromkeys((*(old or {}), *new)):
        if old is not None or which in MANY:
            yield from _of_value(f"{subject}: {which}", which, (old or {}).get(which, []), new.get(which, []))


def _of_value(said: str, which: str, old: list[str], new: list[str]) -> Iterator[str]:
    gone, come = [one for one in old if one not in new], [one for one in new if one not in old]
    if which in MANY:
        yield from (f"{said} {one} removed" for one in gone)
        yield from (f"{said} {one} added" for one in come)
    elif gone or come:
        yield f"{said}: {' '.join(gone) or '—'} → {' '.join(come) or '—'}"


def _by_subject(lines: Iterable[Line]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for subject, which, value in lines:
        found.setdefault(subject, {}).setdefault(which, []).append(value)
    return found
