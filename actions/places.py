"""Places: whether two wordings of where something is can mean one place."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache


class Relation(StrEnum):
    """How one wording of a place stands to another."""

    SAME = "same"
    """What both of them number or name agrees; one may say more than the other."""
    BUILDING = "building"
    """Another building, as a neighbour has the same trouble."""
    PART = "part"
    """Another floor, entrance or room."""
    NAME = "name"
    """The same numbers in another road or estate."""
    UNLIKE = "unlike"
    """They say different kinds of things, so nothing can be told."""


_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十百]+(?=号|栋|幢|座|单元|层|楼|室|户|期|区|弄|门|#)")
_DIGITS = dict(zip("零〇一二两三四五六七八九", (0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9), strict=True))
_TENS = {"十": 10, "百": 100}
_PART = re.compile(
    r"(?P<chain>(?<![\d-])\d{1,3}(?:-\d{1,5}){1,2}(?![\d-])|(?<![a-z\d-])[a-z]-\d{1,5}(?![\d-])|#\d{1,2}-\d{1,4}(?![\d-]))"
    r"|(?P<label>\d+|(?<![a-z])[a-z](?![a-z])|[东西南北中](?=单元|门|区|座|户|侧))\s*(?P<kind>号楼|号院|号门|号|栋|幢|座|#|单元|层|楼|室|户|期|区|弄|门)?"
    r"|(?P<word>block|blk|building|bldg|tower|level|lvl|floor|storey|unit|flat|apt|apartment|room|gate|phase)s?\.?\s*#?(?P<of>\d+[a-z]?|[a-z]\b)"
)
_KINDS = {
    "building": ("号楼", "号", "栋", "幢", "座", "#", "block", "blk", "building", "bldg", "tower", ""),
    "floor": ("层", "level", "lvl", "floor", "storey"),
    "entrance": ("单元",),
    "room": ("室", "户", "unit", "flat", "apt", "apartment", "room"),
    "gate": ("号门", "门", "gate"),
    "part": ("期", "区", "phase"),
    "yard": ("号院", "弄"),
}
_KIND = {word: kind for kind, words in _KINDS.items() for word in words}
_NAME = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:路|街|巷|小区|花园|家园|苑|村|大道|公寓|广场|公园)")


def same_place(one: str, other: str) -> bool:
    """Whether two wordings can mean one place: what both of them number or name must agree."""
    return relation(one, other) is Relation.SAME


def numbered(place: str) -> dict[str, str]:
    """What a place numbers, by kind: 3号楼2单元 is `building` 3, `entrance` 2."""
    return _parts(plain(place))


def same_name(one: str, other: str) -> bool:
    """Whether the streets and estates that both wordings name agree; what one leaves out does not count."""
    return _names_agree(plain(one), plain(other))


@lru_cache(4096)
def relation(one: str, other: str) -> Relation:
    """How two wordings of a place stand to each other; it is the same both ways."""
    one, other = plain(one), plain(other)
    a, b = _parts(one), _parts(other)
    if not (a and b):
        return Relation.SAME if one in other or other in one else Relation.UNLIKE
    shared = a.keys() & b.keys()
    if not shared:
        return Relation.UNLIKE
    if a.get("building") != b.get("building") and "building" in shared:
        return Relation.BUILDING
    if any(a[kind] != b[kind] for kind in shared):
        return Relation.PART
    return Relation.SAME if _names_agree(one, other) else Relation.NAME


def plain(place: str) -> str:
    """A wording without differences of writing: letters folded, numerals before a counter as digits."""
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
            numbers = chain.lstrip("#").split("-")
            for kind, number in zip(_kinds(chain, numbers), numbers, strict=False):
                parts.setdefault(kind, number.lstrip("0"))
        else:
            word = found["kind"] or found["word"] or ""
            # 3楼 is a floor where the building is named, and mostly a building where it is not.
            kind = "floor" if word == "楼" and "building" in parts else _KIND.get(word, "building")
            parts.setdefault(kind, (found["label"] or found["of"]).lstrip("0"))
    return parts


def _kinds(chain: str, numbers: list[str]) -> tuple[str, ...]:
    """What the numbers of `3-2-501`, `3-501`, `b-1104` and Singapore's `#07-112` count."""
    if chain.startswith("#"):
        return ("floor", "room")
    if len(numbers) == 3 or len(numbers[1]) < 3:
        return ("building", "entrance", "room")
    return ("building", "room")


def _names_agree(one: str, other: str) -> bool:
    # Names have no beginning that could be told; their last three letters tell 幸福路 from 建设路.
    a, b = ({name[-3:] for name in _NAME.findall(place)} for place in (one, other))
    return not (a and b) or bool(a & b)
