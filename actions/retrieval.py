"""Retrieval: which matter of a category a text is about, by the names and the sayings of the list alone.

A text is a bag of grams, and so is all that a matter is called: single characters and pairs for Chinese, whole words for
the rest. They are compared by Okapi BM25 (Robertson and Zaragoza, 2009): a gram weighs the more the fewer matters have
it, and counts the more, but ever less so, the more of a matter's sayings have it. Nothing is learnt from cases, so that a
list which was imported today works today.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from actions.matters import Matter

SURE = 0.5
"""From this score on the first matter counts as found, if the second is far enough behind."""
MARGIN = 0.12
FITS = 0.15
"""Below this nothing fits, and the category's matter for other things comes first."""
_SATURATES = 2.0
_BY_LENGTH = 0.8
"""BM25's k1 and b."""
_HALF = 3.4
"""So many grams that no other matter has, met once, make a score of one half."""
_WORDS = re.compile(r"[a-z]+|\d+|[\u3400-\u9fff]+")
_ENDINGS = re.compile(r"(?:ing|ed|es|s)$")
_EMPTY = frozenset(
    "的了我们这里有在是不都很还又就也到个一那啊吗呢吧呀嘛能会说要没去来给被把和与及等"
) | frozenset(
    re.findall(
        r"\w+",
        """a all am an and are as at be been but by can did do does for from had has have he her him his i if in is it
        its just me my no not of off on or our out she so than that the their them then there they this to up us very
        was we were what when which who will with would you your""",
    )
)
"""Characters and words that hold a sentence together and say nothing by themselves; pairs with them may."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A matter, and how near the text is to it, from 0 to 1."""

    matter: Matter
    score: float


def rank(matters: Sequence[Matter], text: str) -> tuple[Scored, ...]:
    """All of them, the nearest first."""
    return _index(tuple(matters)).rank(text)


def sure(scored: Sequence[Scored]) -> bool:
    """Whether the first may be taken without asking: it is near, and no other is nearly as near."""
    if not scored:
        return False
    second = scored[1].score if len(scored) > 1 else 0.0
    return scored[0].score >= SURE and scored[0].score - second >= MARGIN


@lru_cache(maxsize=1024)
def _index(matters: tuple[Matter, ...]) -> "Index":
    """A category's index is made once a version: a list gives the same matters as long as it is in force."""
    return Index(matters)


class Index:
    """The sayings of some matters, weighed against each other."""

    def __init__(self, matters: Sequence[Matter]) -> None:
        self._matters = matters
        self._bags = [
            Counter(gram for saying in _sayings(each) for gram in grams(saying)) for each in matters
        ]
        self._weights = _weights(self._bags)
        self._half = _HALF * max(self._weights.values(), default=1.0)
        mean = sum(bag.total() for bag in self._bags) / max(1, len(self._bags)) or 1.0
        self._slow = [_SATURATES * (1 - _BY_LENGTH + _BY_LENGTH * bag.total() / mean) for bag in self._bags]

    def rank(self, text: str) -> tuple[Scored, ...]:
        """All matters, the nearest first; those that are equally near in the order of the list."""
        wanted = [gram for gram in grams(text) if gram in self._weights]
        scored = [
            Scored(matter, self._score(wanted, bag, slow))
            for matter, bag, slow in zip(self._matters, self._bags, self._slow, strict=True)
        ]
        best = max((each.score for each in scored), default=0.0)
        return tuple(sorted(scored, key=lambda each: (best < FITS and not each.matter.is_other, -each.score)))

    def _score(self, wanted: Iterable[str], bag: Counter[str], slow: float) -> float:
        shared = ((self._weights[gram], bag[gram]) for gram in wanted if gram in bag)
        points = sum(weight * times * (_SATURATES + 1) / (times + slow) for weight, times in shared)
        return points / (points + self._half)


def grams(text: str) -> frozenset[str]:
    """The grams of a text; width and case do not matter."""
    found: set[str] = set()
    for run in _WORDS.findall(unicodedata.normalize("NFKC", text).casefold()):
        if run.isascii():
            found.add(_stem(run))
        else:
            found.update(run)
            found.update(run[at : at + 2] for at in range(len(run) - 1))
    return frozenset(found)


def _stem(word: str) -> str:
    """An English word without its ending, so that "leaking" meets "leak" and "stopped" meets "stop"."""
    if len(word) < 5:
        return word
    stem = _ENDINGS.sub("", word)
    return stem[:-1] if len(stem) > 3 and stem[-1] == stem[-2] else stem


def _sayings(matter: Matter) -> tuple[str, ...]:
    return tuple(saying for saying in (matter.name_zh, matter.name_en, *matter.synonyms) if saying)


def _weights(bags: Sequence[Counter[str]]) -> Mapping[str, float]:
    """What each gram tells: much if few matters have it, nothing if it only holds a sentence together."""
    counts = Counter(gram for bag in bags for gram in bag)
    return {
        gram: math.log(1 + (len(bags) - count + 0.5) / (count + 0.5))
        for gram, count in counts.items()
        if gram not in _EMPTY
    }
