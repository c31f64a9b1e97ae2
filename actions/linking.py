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

_DIGITS = str.maketrans("零〇一二两三四五六七八九", "001223456789")
_PART = re.compile(r"([a-z]|\d+)\s*(?:号楼|号院|栋|幢|座|楼|单元|#|期|门|区|层|室)?")


def same_place(one: str, other: str) -> bool:
    """Whether two wordings can mean one place: the numbers of the shorter stand in the longer."""
    a, b = _numbers(one), _numbers(other)
    if a and b:
        first, second = sorted((a, b), key=len)
        return first[0] == second[0] and set(first) <= set(second)
    one, other = _plain(one), _plain(other)
    return one in other or other in one


def _plain(place: str) -> str:
    return unicodedata.normalize("NFKC", place).lower().translate(_DIGITS)


def _numbers(place: str) -> list[str]:
    return _PART.findall(_plain(place))


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
    own = [case for case in fitting if message.sender in (case.reporter, *case.followers)]
    return next(iter(own or fitting), None)


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
