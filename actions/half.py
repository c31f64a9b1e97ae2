"""Half: whether few words say that something is fixed in part only.

Only what says just that counts; in a reply to our question, more may follow it.
"""

import re
import unicodedata

LONGEST = 60
"""Characters; what is longer tells a story, which is read as one."""

_ONLY = "(?:(?:现在|目前|才|只|就|还|也|是|算|刚|这|那个?|他们|师傅|我家|我们家|这里|这边){0,4})"
_DID = "(?:修|弄|做|搞|干|处理|解决|清理|清|疏通|通|换|好|恢复|来|亮)(?:理|复|决)?好?了?"
_PART = "(?:一半|一部分|部分|一小半|一大半|大半|半拉)"
_CHINESE = (
    rf"{_ONLY}{_DID}{_PART}(?:了|好了)?",
    rf"{_ONLY}{_PART}(?:修|弄|处理|解决|恢复|亮)?好?了",
    rf"{_ONLY}{_PART}(?:修好|解决|恢复|完成)",
    rf"{_ONLY}(?:没|没有|未)(?:全|完全|全部|都)(?:修|弄|解决|处理|恢复|亮|通|清)?(?:好|完|干净)?",
    rf"{_ONLY}(?:没|没有|未)(?:修|弄|做|清|处理)(?:完|全|彻底)",
    r"半好半坏",
)
_ENGLISH = (
    r"(?:it(?:'s| is)? |still |only |just |was )*(?:half|partly|partially)(?:[ -]?(?:fixed|done|repaired|solved))?(?: only)?",
    r"(?:it(?:'s| is)? |still |only )*(?:fixed|done|repaired|solved) (?:in part|halfway|half ?way|partly)(?: only)?",
    r"(?:it(?:'s| is)? )?not (?:completely|fully|entirely) (?:fixed|done|repaired|solved)",
)
_IN_CHINESE, _IN_ENGLISH = "|".join(_CHINESE), "|".join(_ENGLISH)
_JUST = re.compile(rf"(?:{_IN_CHINESE}|{_IN_ENGLISH})[\s.。!！~～,，;；…]*", re.IGNORECASE)
_MORE = re.compile(
    rf"(?:(?:{_IN_CHINESE})[\s.。!！,，;；:：]+|(?:{_IN_ENGLISH})[.!,;:]+)(?P<more>.+)",
    re.IGNORECASE | re.DOTALL,
)
_TAKEN_BACK = re.compile(
    r"修好了|全好了|都好了|好了|解决了|没问题|不用|fine now|fixed now|ok now", re.IGNORECASE
)
_ASKS = re.compile(r"[吗么呢?？]")
_MENTION = re.compile(r"@\w+\s*")


def says_half(text: str, *, reply: bool = False) -> bool:
    """Whether the words say that it is fixed in part. With `reply` they answer our question, and may say more."""
    if len(text) > LONGEST:
        return False
    plain = _MENTION.sub("", unicodedata.normalize("NFKC", text).replace("\u2019", "'"), count=1).strip()
    if _ASKS.search(plain):
        return False
    if _JUST.fullmatch(plain):
        return True
    more = _MORE.fullmatch(plain) if reply else None
    return more is not None and not _TAKEN_BACK.search(more["more"])
