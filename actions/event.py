"""Events: whether reports of two groups speak of one and the same event, so that it is reported only once.

A wrong "yes" costs a ticket that somebody needed, a wrong "no" only a second one: what is not told counts as no.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, cos, radians, sin, sqrt
from typing import Self

from actions.case import Case
from actions.message import Point
from actions.places import numbered, same_name, same_place
from actions.reading import Urgency

SAME_EVENT = timedelta(hours=72)
AT_ONCE = timedelta(hours=6)
"""Until then an outage next door is the same outage."""
NEXT_DOOR = 3
"""By how much the numbers of neighbouring buildings differ at most."""
FAR_METRES = 200.0

_AREA_WIDE = ("utilities.power", "utilities.water", "utilities.heating", "utilities.telecom")
_ONE_HOUSEHOLDS = ("room", "floor")
_BARE_ROOM = re.compile(r"(?<!\d)\d{3,4}(?!\d)")
_WHOLE = re.compile(r"小区|社区|整个|全区|全部|大院|整条|estate|compound|whole|everywhere", re.IGNORECASE)
_COORDINATES = re.compile(r"\s*-?\d+\.\d+,\s*-?\d+\.\d+\s*")


@dataclass(frozen=True, slots=True)
class Sketch:
    """A case as far as it matters here; another group may know no more of it."""

    case: str
    category: str
    opened_at: datetime
    place: str = ""
    point: Point | None = None
    urgency: Urgency = Urgency.NORMAL

    @classmethod
    def of(cls, case: Case) -> Self:
        """The sketch of a case as it is now."""
        return cls(case.id, case.category, case.opened_at, case.place, case.point, case.urgency)


def same_event(new: Sketch, known: Sketch, within: timedelta = SAME_EVENT) -> bool:
    """Whether `new` reports what `known` has reported. A danger never counts as told by what was none."""
    apart = abs(new.opened_at - known.opened_at)
    if new.category != known.category or apart >= within:
        return False
    if new.urgency is Urgency.EMERGENCY and known.urgency is not Urgency.EMERGENCY:
        return False
    if _same_spot(new, known):
        return True
    return new.category in _AREA_WIDE and apart < AT_ONCE and _one_area(_words(new), _words(known))


def _same_spot(new: Sketch, known: Sketch) -> bool:
    one, other = _words(new), _words(known)
    metres = _metres(new.point, known.point) if new.point and known.point else None
    if metres is not None and metres > FAR_METRES:
        return False
    if one and other:
        return same_place(one, other)
    return metres is not None


def _words(sketch: Sketch) -> str:
    """The place in words; coordinates that stand for words are none."""
    return "" if _COORDINATES.fullmatch(sketch.place) else sketch.place.strip()


def _one_area(one: str, other: str) -> bool:
    """Whether an outage here and one there are likely one: neighbouring buildings, or the whole estate."""
    if not (one and other and same_name(one, other)):
        return False
    a, b = numbered(one), numbered(other)
    if any(kind in place for kind in _ONE_HOUSEHOLDS for place in (a, b)):
        return False
    if _BARE_ROOM.search(f"{one} {other}"):
        return False
    if any(a[kind] != b[kind] for kind in ("part", "yard") if kind in a and kind in b):
        return False
    here, there = a.get("building", ""), b.get("building", "")
    if here.isdecimal() and there.isdecimal():
        return abs(int(here) - int(there)) <= NEXT_DOOR
    return any("building" not in place and _WHOLE.search(words) for place, words in ((a, one), (b, other)))


def _metres(one: Point, other: Point) -> float:
    """The distance of two points, after the haversine formula."""
    lat, long = radians(other.lat - one.lat), radians(other.long - one.long)
    arc = sin(lat / 2) ** 2 + cos(radians(one.lat)) * cos(radians(other.lat)) * sin(long / 2) ** 2
    return 12_742_000 * asin(sqrt(arc))
