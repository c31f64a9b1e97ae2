"""Retrieval: which matter of a category a text is about, by the names and the sayings of the list alone.

A text and a saying are bags of grams: single characters and pairs for Chinese, whole words for the rest. A gram weighs
the more the fewer matters have it, and a saying that is met counts the more the more it tells. A matter is as near as
its nearest saying, and a little nearer for what the text shares with all of them. Nothing is learnt from cases, so
that a list which was imported today works today.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from actions.matters import Matter

SURE = 0.25
"""From this score on the first matter counts as found, if the second is far enough behind."""
MARGIN = 0.1
FITS = 0.1
"""Below this nothing fits, and the category's matter for other things comes first."""
_ALL = 1.0
"""How much all sayings together count beside the nearest one."""
_TELLS = 0.5
"""How much a long saying counts above a short one that is met as well: 0 not at all, 1 by its length."""
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
        sayings = [[grams(saying) for saying in _sayings(matter)] for matter in matters]
        bags = [frozenset().union(*each) for each in sayings]
        self._matters = matters
        self._weights = _weights(bags)
        self._sayings = [[self._weighed(each) for each in some] for some in sayings]
        self._bags = [self._weighed(bag) for bag in bags]
        self._longest = max((one.length for some in self._sayings for one in some), default=1.0)

    def rank(self, text: str) -> tuple[Scored, ...]:
        """All matters, the nearest first; those that are equally near in the order of the list."""
        wanted = self._weighed(grams(text))
        scored = [
            Scored(matter, self._score(wanted, sayings, bag))
            for matter, sayings, bag in zip(self._matters, self._sayings, self._bags, strict=True)
        ]
        best = max((each.score for each in scored), default=0.0)
        return tuple(sorted(scored, key=lambda each: (best < FITS and not each.matter.is_other, -each.score)))

    def _score(self, wanted: "_Bag", sayings: Sequence["_Bag"], bag: "_Bag") -> float:
        nearest = max(
            (wanted.near(one) * (one.length / self._longest) ** _TELLS for one in sayings), default=0.0
        )
        together = wanted.near(bag)
        return (nearest + _ALL * together) / (1 + _ALL)

    def _weighed(self, found: Iterable[str]) -> "_Bag":
        return _Bag({gram: self._weights[gram] for gram in found if gram in self._weights})


class _Bag:
    """Grams with their weights, and the length of the whole as that of a vector."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.weights = weights
        self.length = math.sqrt(sum(weights.values()))  # a weight is the square of a coordinate

    def near(self, other: "_Bag") -> float:
        """The cosine of two bags, from 0 to 1."""
        shared = sum(weight for gram, weight in self.weights.items() if gram in other.weights)
        return min(1.0, shared / (self.length * other.length)) if shared else 0.0


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


def _weights(bags: Sequence[frozenset[str]]) -> Mapping[str, float]:
    """What each gram tells: much if few matters have it, nothing if it only holds a sentence together."""
    counts = Counter(gram for bag in bags for gram in bag)
    return {
        gram: math.log(1 + (len(bags) - count + 0.5) / (count + 0.5))
        for gram, count in counts.items()
        if gram not in _EMPTY
    }
