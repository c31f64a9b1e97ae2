"""Erasing: what is left of a case when people, or all words, are taken out of it: the same course, told of nobody.

Who is erased gets a stand-in, a new one in every case, wherever their id stood: so whoever was two people stays two, and the
facts lead to the same stages and the same figures as before. Their words become `***`, a place its building.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from actions import facts as f
from actions.advance import rebuild
from actions.building import building_of
from actions.case import Case, IllegalMove
from actions.mask import HIDDEN
from actions.message import Attachment, Point
from actions.talk import Talk

STAND_IN = "erased:"
_WORKERS = (
    f.Recategorised,
    f.Assigned,
    f.Raised,
    f.HandedOver,
    f.GivenBack,
    f.Inspected,
    f.Relocated,
    f.SplitOff,
    f.Dismissed,
    f.Merged,
    f.Absorbed,
    f.TakenOn,
    f.Dispatched,
    f.SolvedOnSite,
    f.SetApart,
    f.WorkerConfirmed,
    f.WorkerDenied,
)
"""What only a worker does. Whoever answers for an official act is named in the trace for as long as there is one."""
_WORDS = ("text", "note")
_SHORTEST_NAME = 2
_DEGREES = 2
"""Decimals that are left of a point: about a kilometre."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is taken out: `whose` words, or everybody's; ids, households and files by what stands in their place."""

    whose: frozenset[str]
    everybody: bool
    places: bool
    stand_ins: Mapping[str, str]
    names: tuple[str, ...]

    def takes(self, fact: f.Fact) -> bool:
        """Whether the words of a fact go."""
        return self.everybody or fact.by in self.whose

    def other(self, text: str) -> str:
        """What stands in the place of an id, of something that begins with one, or of words that name somebody."""
        head, slash, rest = text.partition("/")
        if slash and head in self.stand_ins:
            return f"{self.stand_ins[head]}/{rest}"
        return self.stand_ins.get(text, text)

    def unnamed(self, text: str) -> str:
        """The text without the names of those who are erased."""
        for name in self.names:
            text = text.replace(name, HIDDEN)
        return text


def concerns(facts: Iterable[f.Fact], person: str) -> bool:
    """Whether a person is anywhere in a case."""
    return any(_holds(fact, person) for fact in facts)


def _holds(value: Any, person: str) -> bool:
    if isinstance(value, str):
        return value == person or value.startswith(f"{person}/")
    if isinstance(value, tuple):
        return any(_holds(one, person) for one in value)
    return isinstance(value, f.Fact) and any(
        _holds(getattr(value, one.name), person) for one in fields(value)
    )


def residents(facts: Sequence[f.Fact]) -> frozenset[str]:
    """The people of a case who did nothing in it as a worker."""
    people = {fact.by for fact in facts} | {one for fact in facts for one in getattr(fact, "followers", ())}
    workers = {fact.by for fact in facts if isinstance(fact, _WORKERS)}
    workers |= {fact.to for fact in facts if isinstance(fact, f.HandedOver)}
    return frozenset(one for one in people - workers if one and not one.startswith(STAND_IN))


def without(
    case: Case,
    facts: Sequence[f.Fact],
    people: Iterable[str],
    token: Callable[[], str],
    *,
    everybody: bool = False,
) -> tuple[Case, tuple[f.Fact, ...]]:
    """The case and its trace without these people; with `everybody`, without anybody's words and names too.

    `token` gives letters that nobody can guess. A chat whose own number is the person's keeps that: it is the chain's name.
    """
    whose = frozenset(people)
    cut = _Cut(
        whose,
        everybody,
        everybody or case.reporter in whose,
        {
            one: f"{STAND_IN}{token()}"
            for one in sorted(_ids(facts, whose, everybody=everybody) - {case.group})
        },
        tuple(sorted(_names(facts, whose), key=len, reverse=True)),
    )
    left = tuple(_cut_fact(fact, cut) for fact in facts)
    try:
        if rebuild(facts) == case:
            return rebuild(left), left
    except IllegalMove:
        pass
    return _cut_case(case, cut), left


def _ids(facts: Sequence[f.Fact], whose: frozenset[str], *, everybody: bool) -> set[str]:
    found = set(whose)
    for fact in facts:
        if everybody or fact.by in whose:
            found |= {getattr(fact, "household", ""), *(one.ref for one in getattr(fact, "attachments", ()))}
    return {one for one in found if one and not one.startswith(STAND_IN)}


def _names(facts: Sequence[f.Fact], whose: frozenset[str]) -> set[str]:
    names = {fact.by_name for fact in facts if fact.by in whose}
    return {name for name in names if len(name) >= _SHORTEST_NAME and name != HIDDEN}


def _cut_fact(fact: f.Fact, cut: _Cut) -> f.Fact:
    changed: dict[str, Any] = {}
    for one in fields(fact):
        value = getattr(fact, one.name)
        changed[one.name] = _cut_field(one.name, value, fact, cut)
    return replace(fact, **changed)


def _cut_field(name: str, value: Any, fact: f.Fact, cut: _Cut) -> Any:
    """What is left of one field."""
    takes = cut.takes(fact)
    if name in {"case", "group", "at"} or not value:
        return value
    if name in _WORDS or (name == "reason" and isinstance(fact, f.TicketRefused)):
        # What a unit writes of a report speaks of whoever reported it.
        return HIDDEN if takes or (name == "note" and cut.places) else cut.unnamed(value)
    if name in {"place", "point"} and (takes or cut.places):
        return _place(value) if name == "place" else _point(value)
    gone = {
        "by_name": takes,
        "to_name": cut.everybody or getattr(fact, "to", "") in cut.whose,
        "meaning": takes,
        "face": True,
    }
    return "" if gone.get(name) else _renamed(value, cut)


def _renamed(value: Any, cut: _Cut) -> Any:
    """Ids, wherever they stand."""
    if type(value) is str:
        return cut.other(value)
    if isinstance(value, Attachment):
        return replace(value, ref=cut.other(value.ref))
    if type(value) is tuple:
        return tuple(_renamed(one, cut) for one in value)
    return value


def _place(place: str) -> str:
    return (building_of(place) or HIDDEN) if place and place != HIDDEN else place


def _point(point: Point) -> Point:
    return Point(round(point.lat, _DEGREES), round(point.long, _DEGREES))


def _cut_case(case: Case, cut: _Cut) -> Case:
    """For a case that its trace does not lead to: all words go, whosever they are."""
    renamed = {
        one.name: _renamed(getattr(case, one.name), cut)
        for one in fields(case)
        if one.name not in {"id", "group"}
    }
    return replace(
        case,
        **{
            **renamed,
            "text": HIDDEN if case.text else "",
            "reporter_name": "",
            "handler_name": "" if cut.everybody else case.handler_name,
            "note": HIDDEN if cut.places and case.note else cut.unnamed(case.note),
            "place": _place(case.place),
            "places": tuple(map(_place, case.places)),
            "point": _point(case.point) if case.point else None,
            "wordings": (),
            "meanings": (),
            "face": "",
        },
    )


def unspoken(talk: Talk, gone: Callable[[Any], bool]) -> Talk:
    """The memory without the lines that are `gone`."""
    return replace(talk, recent=tuple(line for line in talk.recent if not gone(line)))


def forgotten(talk: Talk, person: str) -> Talk:
    """The memory without a person; of their own chat, without what was said there at all."""
    own = talk.group == person
    talk = unspoken(talk, lambda line: own or line.sender == person)
    visits = tuple(one for one in talk.visits if one.worker != person)
    return replace(talk, visits=visits, title="" if own else talk.title)
