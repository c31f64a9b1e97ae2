"""Strange inputs: good ones that were damaged, and shapes that parsers are known to fall over."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

SECONDS = 2.0
"""No input of a few kilobytes takes a parser longer, on a machine that has other things to do."""

fuzz = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)

BOMBS = (
    b"",
    b"\0" * 3000,
    b"\xef\xbb\xbf",
    b"\xff\xfe" + "{}".encode("utf-16-le"),
    b"[" * 5000,
    b'{"a":' * 5000,
    b"[" * 900 + b"]" * 900,
    b'{"a":' * 900 + b"1" + b"}" * 900,
    b"9" * 5000,
    b"-" * 5000,
    b"1e999999",
    b'"' + b"\\ud800" * 500 + b'"',
    b'"' + b"\\x" * 2000 + b'"',
    b"<a>" * 3000,
    b"<a>" * 900 + b"</a>" * 900,
    b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>',
    b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    b'<?xml version="1.0" encoding="utf-7"?><a/>',
    b'<?xml version="1.0" encoding="x-unknown"?><a/>',
    b"<a " + b'b="1" ' * 500 + b"/>",
    b'"' * 4000,
    b"'" * 4000,
    b'"""' * 1500,
    b"\n" * 5000,
    b"a,b;c\td\r" * 500,
    b"PK\x03\x04" + b"\0" * 100,
    b"\xd0\xcf\x11\xe0",
    "１２３４５６７８９０".encode() * 300,
    b"13812345678 " * 300,
    b"(" * 4000,
    b"\x1b[31m" * 500,
)

_PIECES = (
    b"\0", b'"', b"'", b"{", b"}", b"[", b"]", b"<", b">", b"&", b"=", b",", b";", b"\n", b"\\", b"\\u0000", b"\xff", b"9" * 400,
    b"null", b"-1", b"1e400", b"NaN", b"true", b'""', "\u202e".encode(), "²".encode(), b"\xed\xa0\x80",
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn, good: bytes) -> bytes:
    """A good input with some places cut out, doubled, or overwritten."""
    text = good
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = draw(st.integers(start, min(len(text), start + 40)))
        how = draw(st.sampled_from(("cut", "double", "put")))
        middle = {"cut": b"", "double": text[start:end] * 2, "put": draw(st.sampled_from(_PIECES))}[how]
        text = text[:start] + middle + text[end:]
    return text


def inputs(*good: bytes) -> st.SearchStrategy[bytes]:
    """Noise, bombs, and these good inputs damaged."""
    return st.one_of(st.binary(max_size=200), st.sampled_from(BOMBS), *map(damaged, good))


_LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(("", "0", "-1", "telegram:-1", "web:a", "2026-01-01", "\ud800", "a" * 5000))
)
anything: st.SearchStrategy[Any] = st.recursive(
    _LEAVES,
    lambda one: st.lists(one, max_size=4) | st.dictionaries(st.text(max_size=8), one, max_size=4),
    max_leaves=12,
)


@st.composite
def with_strange_values(draw: st.DrawFn, good: Any) -> Any:
    """A good document in which some values, anywhere, are something else, missing, or wrapped."""
    if isinstance(good, dict):
        kept = {
            key: draw(with_strange_values(value)) for key, value in good.items() if draw(st.integers(0, 9))
        }
        return kept if draw(st.integers(0, 19)) else draw(anything)
    if isinstance(good, list):
        return [draw(with_strange_values(one)) for one in good]
    return good if draw(st.integers(0, 4)) else draw(anything)


@contextmanager
def in_time() -> Iterator[None]:
    """What is done within takes no unbounded time."""
    begun = perf_counter()
    yield
    took = perf_counter() - begun
    assert took < SECONDS, f"it took {took:.1f} s"


def answers_or_says(parse: Callable[..., Any], given: Any, *allowed: type[Exception]) -> Any:
    """What a parser makes of an input; None where it says, in one of the ways that are allowed, that it can't."""
    with in_time():
        try:
            found = parse(given)
        except allowed as error:
            told = str(error)
        else:
            return found
    assert told
    return None


def document(value: Any) -> bytes:
    """A value as JSON, whatever it is."""
    return json.dumps(value).encode()
