"""Letters: how a chat message is folded before anything looks at it, keeping every offset."""

import re
import unicodedata
from functools import lru_cache

from opencc import OpenCC
from pypinyin import lazy_pinyin

_TO_SIMPLIFIED = OpenCC("t2s")
_READABLE = re.compile(r"[0-9a-z\u00df-\u024f\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
# A Latin word, a run of digits, or any one sign; Chinese is read letter by letter.
_TOKEN = re.compile(r"[a-z\u00df-\u024f]+(?:['’][a-z]+)*|[0-9]+|[^\s0-9a-z\u00df-\u024f]")
_INVISIBLE = re.compile("\x00+")
_SPACE_NEEDED = re.compile(r"\s+")


@lru_cache(maxsize=16384)
def _folded_letter(letter: str) -> str:
    """One letter as it is read: narrow, small, simplified; unseen signs become NUL, blanks a space."""
    kind = unicodedata.category(letter)
    if letter.isspace() or kind == "Zs":
        return " "
    if kind in {"Cc", "Cf", "Cs", "Co", "Cn"} or "\ufe00" <= letter <= "\ufe0f":
        return "\x00"
    narrow = unicodedata.normalize("NFKC", letter).lower()
    if len(narrow) != 1:
        return letter
    simple = _TO_SIMPLIFIED.convert(narrow) if narrow > "\u2e7f" else narrow
    return simple if len(simple) == 1 else narrow


def folded(text: str) -> str:
    """Return `text` in one spelling, of the same length, so that offsets hold in both.

    Unseen signs (controls, zero-width, direction marks, lone surrogates) become NUL.
    """
    return "".join(map(_folded_letter, text))


def plain(text: str) -> str:
    """Return `text` folded, without unseen signs, blanks run together: what n-grams are cut from."""
    return _SPACE_NEEDED.sub(" ", _INVISIBLE.sub("", folded(text))).strip()


@lru_cache(maxsize=32768)
def _sound(letter: str) -> str:
    """The sound of one letter without its tone; nothing for what is not Chinese."""
    said = lazy_pinyin(letter)[0] if letter > "\u2e7f" else letter
    return said if said != letter else ""


def sounds(text: str) -> str:
    """Return how `text` sounds, a syllable a Chinese letter: 「搂道」 and 「楼道」 are one to whoever types by sound."""
    return " ".join(filter(None, map(_sound, plain(text))))


def readable(text: str) -> bool:
    """Say whether anything in `text` can be read: a Chinese or Latin letter, or a digit."""
    return _READABLE.search(folded(text)) is not None


def pieces(text: str) -> list[tuple[int, int, str]]:
    """Return (start, end, folded text) of every token; offsets count letters of the original text."""
    return [(m.start(), m.end(), m.group()) for m in _TOKEN.finditer(folded(text)) if m.group() != "\x00"]
