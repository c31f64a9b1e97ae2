"""Linking: which open case of the group a message is about."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import timedelta

from actions.case import Case, Stage
from actions.message import Message
from actions.reading import Intent, Reading

SAME_EVENT = timedelta(hours=72)
"""Until then a like report from the same place is the same event, still unmended."""
SAME_BREATH = timedelta(minutes=30)
"""Until then a photo or a word without a subject is about what was just said."""
SAME_DAY = timedelta(hours=24)

_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十百]+(?=号|栋|幢|座|单元|层|楼|室|户|期|区|弄|门|#)")
_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_TENS = {"十": 10, "百": 100}
_PART = re.compile(
    r"(?P<chain>(?<![\d-])\d{1,3}(?:-\d{1,5}){1,2}(?![\d-]))"
    r"|(?P<label>\d+|(?<![a-z])[a-z](?![a-z])|[东西南北中](?=单元|门|区|座|户|侧))\s*(?P<kind>号楼|号院|号门|号|栋|幢|座|#|单元|层|楼|室|户|期|区|弄|门)?"
    r"|(?P<word>block|blk|building|bldg|tower|level|lvl|floor|storey|unit|apt|apartment|room|gate|phase)s?\.?\s*#?(?P<of>\d+[a-z]?|[a-z]\b)"
)
_KINDS = {
    "building": ("号楼", "号", "栋", "幢", "座", "#", "block", "blk", "building", "bldg", "tower", ""),
    "floor": ("层", "level", "lvl", "floor", "storey"),
    "entrance": ("单元",),
    "room": ("室", "户", "unit", "apt", "apartment", "room"),
    "gate": ("号门", "门", "gate"),
    "part": ("期", "区", "phase"),
    "yard": ("号院", "弄"),
}
_KIND = {word: kind for kind, words in _KINDS.items() for word in words}
_NAME = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:路|街|巷|小区|花园|家园|苑|村|大道|公寓|广场|公园)")


def same_place(one: str, other: str) -> bool:
    """Whether two wordings can mean one place: what both of them number or name must agree."""
    one, other = _plain(one), _plain(other)
    a, b = _parts(one), _parts(other)
    if not (a and b):
        return one in other or other in one
    shared = a.keys() & b.keys()
    return bool(shared) and all(a[kind] == b[kind] for kind in shared) and _names_agree(one, other)


def _plain(place: str) -> str:
    plain = unicodedata.normalize("NFKC", place).lower().replace("號", "号").replace("樓", "楼").strip()
    return _NUMERAL.sub(lambda found: str(_number(found[0])), plain)


def _number(numeral: str) -> int:
    """`二十三` is 23; `三零二`, read digit by digit, is 302."""
    whole = digit = 0
    for letter in numeral:
        if letter in _TENS:
            whole, digit = whole + (digit or 1) * _TENS[letter], 0
        else:
            digit = digit * 10 + _DIGITS[letter]
    return whole + digit


def _parts(place: str) -> dict[str, str]:
    """What is numbered in a place, by kind; the first of a kind counts."""
    parts: dict[str, str] = {}
    for found in _PART.finditer(place):
        if chain := found["chain"]:
            numbers = chain.split("-")
            kinds = (
                ("building", "entrance", "room")
                if len(numbers) == 3 or len(numbers[1]) < 3
                else ("building", "room")
            )
            for kind, number in zip(kinds, numbers, strict=False):
                parts.setdefault(kind, number.lstrip("0"))
        else:
            word = found["kind"] or found["word"] or ""
            # 3楼 is a floor where the building is named, and mostly a building where it is not.
            kind = "floor" if word == "楼" and "building" in parts else _KIND.get(word, "building")
            parts.setdefault(kind, (found["label"] or found["of"]).lstrip("0"))
    return parts


def _names_agree(one: str, other: str) -> bool:
    # Names have no beginning that could be told; their last three letters tell 幸福路 from 建设路.
    a, b = ({name[-3:] for name in _NAME.findall(place)} for place in (one, other))
    return not (a and b) or bool(a & b)


def same_event(message: Message, reading: Reading, cases: Iterable[Case]) -> Case | None:
    """The open case that a report repeats: same category, same place, not long ago."""
    place = "".join(span.value for span in reading.locations)
    for case in _latest_first(cases):
        recent = message.at - case.opened_at < SAME_EVENT
        if recent and case.category == reading.category.name and _place_agrees(message, place, case):
            return case
    return None


def _place_agrees(message: Message, place: str, case: Case) -> bool:
    if place and case.place:
        return same_place(place, case.place)
    if message.sender == case.reporter:
        return True
    return message.at - case.changed_at < SAME_BREATH


def about(message: Message, reading: Reading, cases: Iterable[Case]) -> Case | None:
    """The case that a message without a quotation is most likely about, or None."""
    place = "".join(span.value for span in reading.locations)
    fitting = [case for case in _latest_first(cases) if _fits(message, reading.intent, place, case)]
    named = [case for case in fitting if place and case.place and same_place(place, case.place)]
    own = [case for case in fitting if message.sender in (case.reporter, *case.followers)]
    return next(iter(named or own or fitting), None)


def _fits(message: Message, intent: Intent, place: str, case: Case) -> bool:
    age = message.at - case.changed_at
    if intent is Intent.WITHDRAW:
        return message.sender == case.reporter and age < SAME_DAY
    if intent in (Intent.RESOLVED, Intent.DISPUTED):
        waits = case.stage in (Stage.RESIDENTS_KEY, Stage.WORKER_KEY)
        return (waits or age < SAME_EVENT) and _may_be(place, case)
    if intent is Intent.URGE:
        return age < SAME_EVENT * 5 and _may_be(place, case)
    if intent is Intent.SECOND:
        return age < SAME_DAY
    return age < SAME_BREATH and message.sender in (case.reporter, *case.followers)


def _may_be(place: str, case: Case) -> bool:
    return not place or not case.place or same_place(place, case.place)


def asks_where(message: Message, cases: Iterable[Case]) -> Case | None:
    """The case of this person that waits to be told where."""
    for case in _latest_first(cases):
        if case.stage is Stage.ASKING_WHERE and case.reporter == message.sender:
            return case
    return None


def _latest_first(cases: Iterable[Case]) -> list[Case]:
    return sorted(cases, key=lambda case: case.changed_at, reverse=True)
