"""TOML with the lines of its keys, which the standard library's reader does not keep."""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

Place = tuple[str | int, ...]
"""The way to a value: keys, and positions in lists."""

_AT_LINE = re.compile(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)$")
_TABLE = re.compile(r"\s*(\[\[|\[)\s*([^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
# A string of any kind, a comment, or a bracket: what decides whether a value goes on in the next line.
_TOKEN = re.compile(
    r"""
    \"{3} (?: \\. | [^\\] )*? \"{3} | '{3} .*? '{3} | " (?: \\. | [^"\\\n] )* " | ' [^'\n]* '
    | \# [^\n]* | [\[\]{}] | \n
    """,
    re.DOTALL | re.VERBOSE,
)


class SyntaxFault(Exception):
    """The text is no TOML; `line` counts from 1."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


def read_toml(text: str) -> dict[str, Any]:
    """The document. Raises `SyntaxFault`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        at = _AT_LINE.search(str(error))
        line = int(at[1]) if at and at[1] else max(1, len(text.splitlines()))
        raise SyntaxFault(_AT_LINE.sub("", str(error)), line) from None
    except RecursionError:
        raise SyntaxFault("tables within tables, too deep", 1) from None


def line_of(text: str, place: Place) -> int | None:
    """The line on which the value at `place` is written, or the nearest table around it; None for neither."""
    lines = dict(_places(text))
    for length in range(len(place), 0, -1):
        if line := lines.get(place[:length]):
            return line
    return None


def _places(text: str) -> Iterator[tuple[Place, int]]:
    table: Place = ()
    counts: dict[Place, int] = {}
    for number, line in _statements(text):
        if head := _TABLE.match(line):
            table = _enter(_parts(head[2]), counts, many=head[1] == "[[")
            yield table, number
        elif key := _KEY.match(line):
            yield (*table, *_parts(key[1])), number


def _enter(parts: Place, counts: dict[Place, int], *, many: bool) -> Place:
    """The place of a table header: a list of tables that it goes through is taken at its last one."""
    place: Place = ()
    for at, part in enumerate(parts):
        place = (*place, part)
        if many and at == len(parts) - 1:
            counts[place] = counts.get(place, -1) + 1
        if place in counts:
            place = (*place, counts[place])
    return place


def _parts(written: str) -> Place:
    return tuple(part.strip("\"'") for part in _PART.findall(written))


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """The lines on which a statement begins, not those on which a list or a long string goes on."""
    start, depth, number = 0, 0, 1
    for token in _TOKEN.finditer(text + "\n"):
        mark = token[0]
        if mark == "\n" and depth == 0:
            statement = text[start : token.start()]
            yield number, statement
            number += statement.count("\n") + 1
            start = token.end()
        depth += (mark in "[{") - (mark in "]}") if len(mark) == 1 and mark != "\n" else 0
