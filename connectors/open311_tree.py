"""JSON and XML as one kind of tree: bytes to rows of fields, and rows to bytes. Open311 says the same in both."""

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeVar

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

Format = Literal["json", "xml"]
Row = dict[str, Any]
S = TypeVar("S")
T = TypeVar("T")

_WRAPPERS = (
    "requests", "request", "service_requests", "service_request",
    "service_request_updates", "request_updates", "request_update", "updates", "update",
    "services", "service", "discovery", "endpoints", "endpoint", "errors", "error", "tokens", "token",
)  # fmt: skip
# What XML 1.0 cannot carry, escaped or not.
_UNSPEAKABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Malformed(ValueError):
    """The bytes are not what Open311 allows; the text says what was wrong."""


def clean(text: str) -> str:
    """Leave out what XML cannot carry: control characters and halves of surrogate pairs."""
    return _UNSPEAKABLE.sub("", text)


# --- reading --------------------------------------------------------------------------------------------


def read_tree(body: bytes) -> Any:
    """Read JSON or XML, whichever it is, as dictionaries, lists and plain values. Raises Malformed."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise Malformed("the body is empty")
    return _xml_tree(start) if start.startswith(b"<") else _json_tree(start)


def _json_tree(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from None


def _xml_tree(body: bytes) -> Any:
    try:
        root = defusedxml.ElementTree.fromstring(body)
        return {_tag(root): _element(root)}
    except (ET.ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise Malformed(f"not XML: {error}") from None


def _element(element: ET.Element) -> Any:
    if not len(element):
        return element.text or ""
    fields: dict[str, list[Any]] = {}
    for child in element:
        fields.setdefault(_tag(child), []).append(_element(child))
    return {tag: values[0] if len(values) == 1 else values for tag, values in fields.items()}


def _tag(element: ET.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def find_rows(tree: Any, marks: tuple[str, ...], depth: int = 0) -> list[Row]:
    """Find the objects that carry one of the marks, however they are wrapped."""
    if depth > 6:
        raise Malformed("wrapped too deeply")
    if isinstance(tree, list):
        found = keep_good(lambda one: find_rows(one, marks, depth + 1), tree)
        return [row for rows in found for row in rows]
    if isinstance(tree, Mapping):
        if any(isinstance(tree.get(mark), str | int | float) for mark in marks):
            return [dict(tree)]
        return _unwrapped(tree, marks, depth)
    if tree is None or (isinstance(tree, str) and not tree.strip() and depth):
        return []
    raise Malformed(f"an object with {' or '.join(marks)} was expected, not {str(tree)[:60]!r}")


def keep_good(make: Callable[[S], T], things: Iterable[S]) -> list[T]:
    """Make what can be made. One bad row among good ones must not hold up the rest for ever."""
    made, wrong = [], None
    for thing in things:
        try:
            made.append(make(thing))
        except Malformed as error:
            wrong = error
    if wrong and not made:
        raise wrong
    return made


def _unwrapped(tree: Mapping[str, Any], marks: tuple[str, ...], depth: int) -> list[Row]:
    inside = [tree[name] for name in _WRAPPERS if name in tree]
    if not inside and tree:
        raise Malformed(f"no {' or '.join(marks)} in an object with {', '.join(map(str, tree))[:80]}")
    return [row for one in inside for row in find_rows(one, marks, depth + 1)]


def read(row: Row, name: str) -> str:
    """Return a field as text, empty where it is missing or no plain value."""
    found = read_all(row.get(name))
    return found[0] if found else ""


def read_all(value: Any) -> tuple[str, ...]:
    """Return the plain values of a field that may be repeated."""
    values = value if isinstance(value, list) else [value]
    return tuple(text for one in values if (text := _plain(one)))


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return clean(str(value)).strip() if isinstance(value, str | int | float) else ""


def required(row: Row, name: str) -> str:
    """Return a field that must be there; raise Malformed where it is not."""
    if not (text := read(row, name)):
        raise Malformed(f"{name} is missing")
    return text


def degrees(row: Row, name: str, limit: int) -> float | None:
    """Return an angle in degrees, or None for what is no place on earth."""
    try:
        value = float(read(row, name))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= limit else None


# --- writing --------------------------------------------------------------------------------------------


def encode(root: str, item: str, rows: Iterable[Row], fmt: Format) -> bytes:
    """Write rows as a bare JSON array, or as elements within a root."""
    listed = list(rows)
    return write_json(listed) if fmt == "json" else write_xml(root, {item: listed})


def write_json(tree: Any) -> bytes:
    """Write a tree as UTF-8 JSON."""
    # Escaped to ASCII first would double every Chinese text; what cannot be UTF-8 is left out instead.
    return json.dumps(tree, ensure_ascii=False).encode("utf-8", "ignore")


def write_xml(root: str, tree: Any) -> bytes:
    """Write a tree as an XML document; a list becomes repeated elements."""
    element = ET.Element(root)
    _fill(element, tree)
    written: bytes = ET.tostring(element, encoding="utf-8", xml_declaration=True)
    return written


def _fill(element: ET.Element, tree: Any) -> None:
    if not isinstance(tree, Mapping):
        element.text = "" if tree is None else clean(_plain(tree) if isinstance(tree, bool) else str(tree))
        return
    for tag, value in tree.items():
        for one in value if isinstance(value, list) else [value]:
            _fill(ET.SubElement(element, tag), one)
