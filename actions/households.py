"""Households: how an address within a group is written so that all who live there write the same."""

import re
import unicodedata

from actions.places import numbered, plain

FORGET = ("-", "－", "—", "–")
"""What stands for no address."""
LONGEST = 60
"""Characters of an address; what is longer is none."""
_UNIT = re.compile(
    r"号楼|楼|栋|幢|座|单元|门牌|号|室|户|房|层|#|block|blk|building|bldg|tower|floor|level|unit|flat|apartment|apt|room"
    r"|no\.?|number"
)
_DIVIDED = re.compile(r"[^\w]+|_+")
_PIECE = re.compile(r"\d+|[a-z]+|[^\da-z]+")
_NO_DOOR = re.compile(r".*(?:楼|栋|幢|座|单元|层)|(?:block|blk|building|bldg|tower)\s*\w+")


def normal(address: str) -> str:
    """`3栋2单元501室`, `三栋二单元501` and `3-2-501` are one; "" for what names no door.

    A building alone is no household: all who live there would count as one.
    """
    words = plain(address)
    if not words or len(address) > LONGEST or not numbered(words) or _NO_DOOR.fullmatch(words):
        return ""
    pieces = _PIECE.findall(_DIVIDED.sub(" ", _UNIT.sub(" ", unicodedata.normalize("NFKC", words))))
    known = (piece.strip() for piece in pieces)
    return "-".join(piece.lstrip("0") or "0" if piece.isdigit() else piece for piece in known if piece)
