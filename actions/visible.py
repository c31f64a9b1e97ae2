"""Visible: a text as it may be shown where signs can command: in a terminal, a log, one line of JSON.

A sign that draws nothing (an escape that begins a terminal's command, a line's end, a mark that turns the direction of
writing round) is written out, so that nobody's words pass for ours.
"""

import re

STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
"""Commands of terminals, ends of lines, marks of direction."""

NEWLINE = "\n"


def visible(text: str, keep: str = "") -> str:
    """The text with every sign that steers, and every half of a pair, written as an escape; those in `keep` stay."""
    shown = STEERING.sub(lambda sign: sign[0] if sign[0] in keep else _escape(sign[0]), text)
    return shown.encode("utf-8", "backslashreplace").decode()


def in_json(text: str) -> str:
    """A JSON document with the same signs as escapes of JSON; it means what it meant. Blanks between values stay."""
    return STEERING.sub(lambda sign: sign[0] if sign[0] in "\n\r\t" else f"\\u{ord(sign[0]):04x}", text)


def _escape(sign: str) -> str:
    return sign.encode("unicode_escape").decode()
