"""Masking: takes out of a text what identifies a person, and leaves what locates a problem.

Telephone and identity numbers, bank cards, e-mail addresses and number plates go, in half and full
width and with the separators that people write. Building and room numbers (3-2-501), dates, prices and
ticket numbers stay.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache, partial

HIDDEN = "***"
"""What stands in the place of what was taken out."""

# What people put between the digits of one number. Atomic, or a long row of digits would take for ever.
_GAP = r"(?>[^\S\n]?[\-.·_]?[^\S\n]?)"
_JOIN = r"[\s\-.·_]{1,2}"  # the same, where it must be there
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|91)"
_MONTH_DAY = r"(?:0[1-9]|1[0-2])_(?:0[1-9]|[12]\d|3[01])"
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_DASHES = "‐‑‒–—―−﹣"
_MARK = "\0"


def _spaced(pattern: str) -> str:
    """The pattern with `_` standing for an optional gap."""
    return pattern.replace("_", _GAP)


def _each(digits: int) -> str:
    return r"\d_" * digits


_IDENTITY = _spaced(
    rf"(?<![\d.]){_PROVINCE[:-1]})_{_each(4)}(?:1_[89]|2_0)_\d_\d_"
    r"(?:0_[1-9]|1_[0-2])_(?:0_[1-9]|[12]_\d|3_[01])_" + _each(3) + r"[\dXx](?![\dA-Za-z])"
)
_OLD_IDENTITY = _spaced(rf"(?<![\d.]){_PROVINCE}_\d{{4}}_\d\d_{_MONTH_DAY}_\d{{3}}(?!\d)")
_CARD = (
    rf"(?<![\d.])(?:\d{{15,19}}|\d{{4}}(?:{_JOIN}\d{{4}}){{3}}(?:(?:{_JOIN})?\d{{1,3}})?"
    rf"|\d{{4}}{_JOIN}\d{{6}}{_JOIN}\d{{5}}|\d{{6}}{_JOIN}\d{{10,13}})(?!\d)"
)
_MOBILE = _spaced(
    r"(?<![\d.])(?:(?:\+|00)?86_)?(?:"
    r"1[3-9]\d_\d{4}_\d{4}|1[3-9]\d_\d{3}_\d{5}|1[3-9]\d\d_\d{3,4}_\d{3,4}|1[3-9]\d{3}_\d{6}"
    r"|1[3-9]\d_\d\d_\d\d_\d\d_\d\d|1_[3-9]_" + _each(8) + r"\d)(?!\d)"
)
_BROKEN_MOBILE = r"(?<![\d.])1[3-9]\d\s?[()/*,，、]{1,2}\s?\d{4}\s?[()/*,，、\-]{0,2}\s?\d{4}(?!\d)"
_LANDLINE = _spaced(
    r"(?<![\d.])(?:\+?86_)?\(?0?(?:10|2\d|[3-9]\d\d)\)_[2-8]\d{2,3}_\d{4}(?:(?:-|转|ext\.?)\s?\d{1,6})?(?!\d)"
    r"|(?<![\d.])0(?:10|2\d|[3-9]\d\d)_[2-8]\d{2,3}_\d{4}(?:(?:-|转|ext\.?)\s?\d{1,6})?(?!\d)"
)
_ABROAD = _spaced(
    r"(?<!\d)\+[1-9](?:_[()]?_\d){6,14}(?!\d)"
    r"|(?<!\d)00[1-9]\d{9,13}(?!\d)|(?<!\d)00[1-9]\d{0,2}[ \-]\d(?:_\d){6,12}(?!\d)"
    r"|\([2-9]\d\d\)_\d{3}_\d{4}(?!\d)"
)
_NAMED = _spaced(
    r"(?:电话|手机|座机|固话|微信|号码|联系|whatsapp|mobile|phone|call|tel)[^\d\n]{0,6}?\+?\d(?:_\d){6,14}(?!\d)"
)
_EMAIL = r"(?<![\w.%+\-])[\w.%+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}"
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领"
_PLATE = (
    rf"[{_PROVINCES}][A-HJ-NP-Z][\s\-.·•]{{0,2}}"
    r"(?=[A-HJ-NP-Z]{0,5}\d)(?:[A-HJ-NP-Z\d]{5,6}|[A-HJ-NP-Z\d]{4}[挂学警港澳试超])(?![A-Z\d])"
    # The same with a gap behind the province or the second letter.
    rf"|[{_PROVINCES}][^\S\n]?[A-HJ-NP-Z][\s\-.·•]{{0,2}}"
    r"(?:\d{5}[A-HJ-NP-Z]?|[A-HJ-NP-Z][\s\-.·•]?\d{4,5}|[A-HJ-NP-Z]{2}[\s\-.·•]?\d{4})(?![A-Z\d])"
)
_DOCUMENT = (
    r"(?:护照|通行证|回乡证|台胞证|军官证|士兵证|居留证|passport)(?:[ ]?no\b)?[^\dA-Za-z\n]{0,6}"
    r"(?:[A-Za-z]{1,2}[ \-]?)?\d(?:[ \-]?\d){6,9}(?!\d)"
)
_IN_WORDS = r"[一幺][三四五六七八九][零〇一幺二三四五六七八九]{9}(?![零〇一幺二三四五六七八九])"


def _always(_: str) -> bool:
    return True


def _is_card(found: str) -> bool:
    digits = [int(mark) for mark in found if mark.isdigit()]
    issuer = int("".join(map(str, digits[:4])))
    if digits[0] not in {3, 4, 5, 6, 9} and not 2221 <= issuer <= 2720:
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
    (re.compile(_EMAIL, re.ASCII), _always),
    (re.compile(_IDENTITY), _always),
    (re.compile(_OLD_IDENTITY), _always),
    (re.compile(_CARD), _is_card),
    (re.compile(_MOBILE), _always),
    (re.compile(_BROKEN_MOBILE), _always),
    (re.compile(_IN_WORDS), _always),
    (re.compile(_LANDLINE), _always),
    (re.compile(_ABROAD), _always),
)
_PLATES = (re.compile(_PLATE, re.IGNORECASE), _always)
_NUMBER_NAMED = re.compile(f"{_NAMED}|{_DOCUMENT}", re.IGNORECASE)
_UP_TO_NUMBER = re.compile(
    r"(?:护照|通行证|回乡证|台胞证|军官证|士兵证|居留证|passport)(?:[ ]?no\b)?[^\dA-Za-z]*|[^\d+]*",
    re.IGNORECASE,
)
_WORTH_A_LOOK = re.compile(
    rf"[零〇一幺二三四五六七八九]{{11}}|\d{{3}}|\d.?\d.?\d.?\d.?\d|@|[{_PROVINCES}][^\S\n]?[A-HJ-NP-Z]",
    re.DOTALL | re.IGNORECASE,
)


def mask(text: str, *, plates: bool = True) -> str:
    """The text with `***` for every number, address or plate that identifies a person; `plates` stay where they are needed."""
    return _without_marked(text, _hidden(half_width(text), plates=plates))


def stretches(text: str) -> list[tuple[int, int]]:
    """Where in the text stands what `mask` takes out, as start and end."""
    return [run.span() for run in re.finditer(f"{_MARK}+", _hidden(half_width(text)))]


def nameless(text: str, start: int, end: int) -> str:
    """A stretch of a text without what `mask` takes out of the whole: a piece of a number does not look like one."""
    hidden = _hidden(half_width(text))[start:end]
    return "".join(sign for sign, shown in zip(text[start:end], hidden, strict=True) if shown != _MARK).strip(
        " -.·:："
    )


def _hidden(plain: str, *, plates: bool = True) -> str:
    """The text with a mark in the place of every sign that is taken out."""
    if not _WORTH_A_LOOK.search(plain):
        return plain
    for pattern, holds in (*_PATTERNS, *((_PLATES,) if plates else ())):
        plain = pattern.sub(partial(_strike, holds), plain)
    return _NUMBER_NAMED.sub(_strike_digits, plain)


def _strike(holds: Callable[[str], bool], found: re.Match[str]) -> str:
    return _struck(found[0]) if holds(found[0]) else found[0]


def _struck(found: str) -> str:
    return _MARK * len(found)


def _strike_digits(found: re.Match[str]) -> str:
    name = _UP_TO_NUMBER.match(found[0])
    kept = name[0] if name else ""
    return kept + _struck(found[0][len(kept) :])


def _without_marked(text: str, plain: str) -> str:
    pieces, at = [], 0
    for run in re.finditer(f"{_MARK}+", plain):
        pieces += [text[at : run.start()], HIDDEN]
        at = run.end()
    return "".join(pieces) + text[at:]


def half_width(text: str) -> str:
    """The text in half width, of the same length: a span here is a span there."""
    if text.isascii():
        return text.replace(_MARK, " ")
    return "".join(map(_half, text))


@lru_cache(maxsize=4096)
def _half(mark: str) -> str:
    if mark.isdecimal():
        return str(unicodedata.decimal(mark))
    if "！" <= mark <= "～":
        return chr(ord(mark) - 0xFEE0)
    if mark in _DASHES:
        return "-"
    return " " if mark == _MARK or mark in _INVISIBLE or mark == "\u3000" else mark
