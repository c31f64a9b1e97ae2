r"""A JSON file read piece by piece, so that a history of years needs no more memory than its messages.

It is cut by our own hand because Telegram Desktop writes control characters as `\x1F`, which is no JSON and ends
every reader that streams; here each piece goes to the standard library's decoder, and such an escape is mended.
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

_BLOCK = 1 << 20
LONGEST = 1 << 24
"""Characters; a single value that is longer is broken, or not worth the memory."""
_DECODER = json.JSONDecoder(strict=False)
_PAIR = re.compile(r"\\.", re.DOTALL)
_SPACE = re.compile(r"[ \t\r\n]*")


def _mended(pair: re.Match[str]) -> str:
    return "\\u00" if pair[0] == "\\x" else pair[0]


class BadJson(Exception):
    """The file breaks off or is no JSON at `line`; the text quotes nothing of it."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


class JsonStream:
    """A file from its beginning. Whoever gets a member or an item takes its value before the next."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._text, self._at, self._ended = "", 0, False
        self._lines, self._counted = 1, 0

    @property
    def line(self) -> int:
        """The line that comes next, from 1."""
        self._lines += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._lines

    def peek(self) -> str:
        """The character that the next value begins with. Raises `BadJson` at the end of the file."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if self._ended:
                raise BadJson("the file breaks off here", self.line)
            self._read_on()

    def members(self) -> Iterator[str]:
        """The keys of the object that comes next."""
        self._take("{")
        while self.peek() != "}":
            if self.peek() != '"':
                raise BadJson("a name in quotes was expected", self.line)
            key = self.value()
            self._take(":")
            yield key
            if self.peek() != "}":
                self._take(",")
        self._take("}")

    def items(self) -> Iterator[int]:
        """The items of the array that comes next, counted from 1."""
        self._take("[")
        number = 0
        while self.peek() != "]":
            number += 1
            yield number
            if self.peek() != "]":
                self._take(",")
        self._take("]")

    def value(self) -> Any:
        """The whole value that comes next."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                self._mend_or_read_on(error)
                continue
            if end < len(self._text) or self._ended:
                self._at = end
                return value
            self._read_on()  # a number may go on

    def _mend_or_read_on(self, error: Exception) -> None:
        at = error.pos if isinstance(error, json.JSONDecodeError) else self._at
        if self._text.startswith("\\x", at):
            # All that is read at once, or a text full of them would be gone through again for each. Backslashes stand
            # in strings only, and this one begins a pair, so the pairs after it are told apart rightly.
            self._text = self._text[:at] + _PAIR.sub(_mended, self._text[at:])
        elif isinstance(error, RecursionError):
            raise BadJson("this is nested too deeply", self.line) from None
        elif self._ended or len(self._text) - self._at > LONGEST:
            raise self._fault(error, at) from None
        else:
            self._read_on()

    def _fault(self, error: Exception, at: int) -> BadJson:
        what = error.msg if isinstance(error, json.JSONDecodeError) else "a number is too long"
        breaks_off = self._ended and (
            at >= len(self._text.rstrip()) or what.startswith("Unterminated string")
        )
        text = "the file breaks off here" if breaks_off else f"this is no JSON ({what[:1].lower()}{what[1:]})"
        return BadJson(text, self.line + self._text.count("\n", self._at, at))

    def _take(self, mark: str) -> None:
        if self.peek() != mark:
            raise BadJson(f"this is no JSON ({mark} was expected)", self.line)
        self._at += 1

    def _read_on(self) -> None:
        block = self._file.read(_BLOCK)
        line = self.line
        try:
            new = self._decode(block, not block)
        except UnicodeDecodeError as error:
            line += self._text.count("\n", self._at) + error.object[: error.start].count(b"\n")
            raise BadJson("this is not UTF-8 text", line) from None
        self._text, self._at, self._counted = self._text[self._at :] + new, 0, 0
        self._ended = not block
