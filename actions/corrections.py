"""Corrections: what a grid worker sets right, by the menu under a card or by a few words in a reply.

Only what stands here counts as a correction; anything else that a worker writes is an ordinary message.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

PLACE_LENGTH = 60
"""Characters of a place; what is longer tells a story."""
CATEGORY_LENGTH = 40


class Step(StrEnum):
    """What a button of the menu does. The value is part of the button's data and so must stay short."""

    MENU = "m"
    CATEGORY = "mc"
    GROUPS = "mg"
    CODES = "mk"
    MERGE = "mm"
    SPLIT = "ms"
    WHERE = "mw"
    BACK = "mb"
    SET = "c"
    INTO = "i"
    OFF = "s"
    MATTERS = "mt"
    ALL = "ma"
    MATTER = "t"
    HAND = "mh"
    TO = "h"
    GIVE = "mr"
    REASON = "r"
    UP = "u"
    INSPECT = "v"
    PAGE = "l"
    OPEN = "o"
    SEND = "y"
    DROP = "n"
    FORGET = "f"


MENUS = (
    Step.MENU,
    Step.CATEGORY,
    Step.GROUPS,
    Step.CODES,
    Step.MERGE,
    Step.SPLIT,
    Step.MATTERS,
    Step.ALL,
    Step.HAND,
    Step.GIVE,
)
"""These open another page of the menu and change nothing."""
HANDLING = (Step.MATTER, Step.TO, Step.REASON, Step.UP, Step.INSPECT)
"""What a worker does with a case beside correcting it."""
LISTS = (Step.PAGE, Step.OPEN)
"""The buttons under a list of cases; they belong to no one case."""

DOUBTS = (Step.SEND, Step.DROP)
"""The buttons under a list, beside the group, of what nobody is sure of: to dispatch with it, or away."""


class Wish(StrEnum):
    """What a worker's few words want."""

    DISMISS = "dismiss"
    MERGE = "merge"
    SPLIT = "split"
    CATEGORY = "category"
    PLACE = "place"
    MENU = "menu"


@dataclass(frozen=True, slots=True)
class Correction:
    """A wish with what belongs to it: a case's `number`, the `words` for a category or a place, a menu's step."""

    wish: Wish
    number: int = 0
    words: str = ""


_END = r"[\s.。!！~]*"
_THING = r"(?P<words>\S.*?)"
_IS = r"(?:(?:改为|改成|改到|应为|应该是|换成)[:\s]*|[:\s]\s*)"
_NUMBER = r"\s*第?\s*#?\s*(?P<number>[0-9]{1,9})\s*[号件条个]?"
_SORT, _SPOT, _PLACE = "(?:类别|分类)", "(?:地点|地址|位置)", "(?:place|location|address)"
_FORMS: tuple[tuple[Wish, str], ...] = (
    (Wish.DISMISS, r"(?:这个?|这条)?(?:不是|不算)报事|误报|not an? (?:problem|report)"),
    (
        Wish.MERGE,
        rf"(?:合?并(?:到|入|进|至)|合并|merge(?: it)?(?: into| to| with)?|duplicate of|same as){_NUMBER}",
    ),
    (Wish.SPLIT, r"拆开|拆分|拆出来|分开|split(?: it)?(?: off| out)?"),
    (
        Wish.CATEGORY,
        rf"(?:(?:改|更正|修改){_SORT}(?:为|成)?[:\s]*|{_SORT}{_IS}|(?:change )?category(?: to)?[:\s]\s*){_THING}",
    ),
    (
        Wish.PLACE,
        rf"(?:(?:改|更正|修改){_SPOT}(?:为|成|到)?[:\s]*|{_SPOT}{_IS}|(?:change )?{_PLACE}(?: to)?[:\s]\s*){_THING}",
    ),
)
_LABELS = {
    **dict.fromkeys(("更多", "更正", "上报一级", "correct", "raise"), Step.MENU),
    **dict.fromkeys(("选事项", "choose matter"), Step.MATTERS),
    **dict.fromkeys(("转交", "hand over"), Step.HAND),
    **dict.fromkeys(("退回", "give back"), Step.GIVE),
    **dict.fromkeys(("改类别", "change category"), Step.CATEGORY),
    **dict.fromkeys(("改地点", "change place"), Step.WHERE),
    **dict.fromkeys(("合并到", "merge into"), Step.MERGE),
}
"""Whoever writes what stands on a button means the button."""
_PARSERS = tuple((wish, re.compile(rf"/?(?:{form}){_END}", re.IGNORECASE)) for wish, form in _FORMS)
_ASKS = re.compile(r"[哪吗呢啥?]|什么|多少|where|what|which", re.IGNORECASE)
_MENTION = re.compile(r"@\w+\s*")
_LONGEST = {Wish.CATEGORY: CATEGORY_LENGTH, Wish.PLACE: PLACE_LENGTH}


def parse(text: str) -> Correction | None:
    """What a worker's words want set right, or None where they are an ordinary message.

    A question (「地点在哪」) is no correction, and neither is a long text that happens to begin like one.
    """
    if len(text) > 4 * PLACE_LENGTH:
        return None
    plain = _MENTION.sub("", unicodedata.normalize("NFKC", text), count=1).strip()
    if step := _LABELS.get(plain.lstrip("/").rstrip(" .。!！").lower()):
        return Correction(Wish.MENU, words=str(step))
    for wish, form in _PARSERS:
        found = form.fullmatch(plain)
        if found is None:
            continue
        named = found.groupdict()
        words = (named.get("words") or "").strip()
        sensible = not words or re.search(r"\w", words)
        if not sensible or len(words) > _LONGEST.get(wish, 0) or _ASKS.search(words):
            return None
        return Correction(wish, int(named.get("number") or 0), words)
    return None


def fitting(words: str, names: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """The categories that words may mean; `names` says what each code is called.

    A name that is just the words wins over names that contain them, and those over names that the words contain.
    """
    wanted = _key(words)
    called = {code: [_key(name) for name in (code, *those)] for code, those in names.items()}
    for fits in (_is, _contains, _is_contained):
        codes = tuple(code for code, keys in called.items() if any(fits(key, wanted) for key in keys))
        if codes and wanted:
            return codes
    return ()


def token(thing: str) -> str:
    """Eight letters that stand for a category or a message behind a button, whatever its place in a list."""
    return sha256(thing.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def named(argument: str, things: Iterable[str]) -> str | None:
    """The thing that a token stands for, if it is among these."""
    return next((thing for thing in things if token(thing) == argument), None)


def _key(name: str) -> str:
    plain = unicodedata.normalize("NFKC", name).replace("噪音", "噪声")
    return re.sub(r"[\s_]+", " ", plain).strip().casefold()


def _is(name: str, words: str) -> bool:
    return name == words


def _contains(name: str, words: str) -> bool:
    return words in name


def _is_contained(name: str, words: str) -> bool:
    return len(name) > 1 and name in words
