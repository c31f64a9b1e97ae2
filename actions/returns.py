"""Why a unit gives a ticket back: a few codes, and how they are read from and written into its words.

Whoever answers first answers for it: a ticket is not handed on without a reason. Between us and a backend the code
travels as `[reason:CODE]` at the head of the words, which every backend passes on.
"""

import re
from enum import StrEnum


class Reason(StrEnum):
    """The reasons that there are."""

    NOT_OURS = "not_ours"
    WRONG_PLACE = "wrong_place"
    DUPLICATE = "duplicate"
    NEEDS_INFORMATION = "needs_information"
    CANNOT_VERIFY = "cannot_verify"
    NEEDS_OTHER_UNIT = "needs_other_unit"
    NO_POWER = "no_power"
    OTHER = "other"


NAMES: dict[Reason, tuple[str, ...]] = {
    Reason.NOT_OURS: ("不属本单位职责", "不属于本单位职责", "非本单位职责"),
    Reason.WRONG_PLACE: ("不在辖区", "不在本辖区", "不属本辖区"),
    Reason.DUPLICATE: ("重复", "重复工单", "重复件"),
    Reason.NEEDS_INFORMATION: ("信息不全", "信息不完整"),
    Reason.CANNOT_VERIFY: ("现场未发现", "现场未发现问题"),
    Reason.NEEDS_OTHER_UNIT: ("需他单位先处置", "需其他单位先处置"),
    Reason.NO_POWER: ("无执法权限", "无执法权"),
    Reason.OTHER: ("其他", "其他原因"),
}
"""What dispatchers write for each code, in Chinese; the first is its name."""

_MARK = re.compile(r"[\[【]\s*reason\s*[:：]\s*([^\[\]【】\n]{0,60}?)\s*[\]】]", re.IGNORECASE)
_BY_NAME = {name: reason for reason, names in NAMES.items() for name in (reason.value, *names)}
_LONGEST_FIRST = "|".join(sorted(map(re.escape, _BY_NAME), key=len, reverse=True))
# A name counts where the words end or pause after it: 「重复报修的」 is a sentence, 「重复，见昨天的单」 has the code.
_EVERYDAY = frozenset(
    {"other", "其他"}
)  # "other people say …" begins no less often with the word than with the code
_HEAD = re.compile(rf"({_LONGEST_FIRST})(\s*[:：,，;；。.、\-—]+|\s+|$)\s*", re.IGNORECASE)


def reason_of(word: str) -> Reason | None:
    """The reason of this code or Chinese name; None for any other word."""
    return _BY_NAME.get(re.sub(r"[\s-]+", "_", word.strip().lower()))


def read(text: str) -> tuple[Reason | None, str]:
    """The reason that a note gives, and its words without the code.

    A mark counts before a code or name at the beginning; words alone are `other`; no words at all are None.
    """
    words = unmarked(text)
    if codes := [code for code in _MARK.findall(text) if code]:
        known = next(filter(None, map(reason_of, codes)), None)
        return (known, words) if known else (Reason.OTHER, words or codes[0])
    if not words:
        return None, ""
    head = _HEAD.match(words)
    if head is None or (head[1].lower() in _EVERYDAY and words[head.end() :] and not head[2].strip()):
        return Reason.OTHER, words
    return _BY_NAME[head[1].lower()], words[head.end() :].strip()


def unmarked(text: str) -> str:
    """The words of a note without any mark."""
    return _MARK.sub("", text).strip()


def marked(reason: Reason, words: str) -> str:
    """The note that `read` reads as this reason and these words; what reads as `other` anyway carries no mark."""
    words = unmarked(words)
    if reason is Reason.OTHER and read(words) == (Reason.OTHER, words):
        return words
    return f"[reason:{reason}] {words}".strip()
