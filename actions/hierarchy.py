"""The hierarchy: areas from the city down to the community, the people who oversee them, and the units that act there."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Literal

from actions.levels import Level

People = tuple[tuple[str, str], ...]
"""Ids with their platform, and names."""
_RANK = {level: at for at, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class Area:
    """A city, district, street or community; `parent` is the id of the area above, "" for none."""

    id: str
    name: str
    level: Level
    parent: str = ""
    supervisors: People = ()


@dataclass(frozen=True, slots=True)
class Unit:
    """An office of an area. `acts_for` names the roles of the responsibility list that it has there."""

    id: str
    name: str
    area: str
    acts_for: tuple[str, ...] = ()
    workers: People = ()

    def has(self, role: str) -> bool:
        """Whether it is meant by this role, or by its own name or id."""
        return role in self.acts_for or role in (self.name, self.id)


@dataclass(frozen=True)
class Hierarchy:
    """All areas and units. What `faults` finds is harmless here: nothing runs in a circle, the unknown is nobody."""

    areas: tuple[Area, ...] = ()
    units: tuple[Unit, ...] = ()

    @cached_property
    def _areas(self) -> Mapping[str, Area]:
        return {area.id: area for area in self.areas}

    @cached_property
    def _units(self) -> Mapping[str, list[Unit]]:
        found: dict[str, list[Unit]] = {}
        for unit in self.units:
            found.setdefault(unit.area, []).append(unit)
        return found

    def chain(self, area: str) -> tuple[Area, ...]:
        """The area and all above it, the lowest first; () for one that there is not."""
        found: dict[str, Area] = {}
        while (here := self._areas.get(area)) and area not in found:
            found[area] = here
            area = here.parent
        return tuple(found.values())

    def at(self, area: str, level: Level) -> Area | None:
        """The area itself or the one above it that has this level."""
        return next((one for one in self.chain(area) if one.level is level), None)

    def supervisors(self, area: str, level: Level) -> People:
        """Who oversees the area at this level; where nobody does, at the next one above that has anybody."""
        above = (one for one in self.chain(area) if _RANK[one.level] >= _RANK[level])
        return next((one.supervisors for one in above if one.supervisors), ())

    def unit_for(self, area: str, role: str, level: Level) -> Unit | None:
        """The unit that acts for a role: of the area at this level, else of those above, else of those below."""
        chain = self.chain(area)
        above = [one for one in chain if _RANK[one.level] >= _RANK[level]]
        below = [one for one in reversed(chain) if _RANK[one.level] < _RANK[level]]
        units = (unit for one in (*above, *below) for unit in self._units.get(one.id, ()))
        return next((unit for unit in units if role and unit.has(role)), None)

    def level_above(self, area: str, level: Level) -> Level | None:
        """The next level that there really is above the area: a city may have no districts."""
        return next((one.level for one in self.chain(area) if _RANK[one.level] > _RANK[level]), None)


@dataclass(frozen=True, slots=True)
class Seat:
    """A grid as the hierarchy sees it: the area it is in, the unit it names, the ids of its workers."""

    id: str
    area: str = ""
    unit: str = ""
    workers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong and what to do: in which list, at which place of it, in which key."""

    kind: Literal["area", "unit", "grid"]
    at: int
    key: str
    text: str


def faults(areas: Sequence[Area], units: Sequence[Unit], seats: Sequence[Seat]) -> list[Fault]:
    """All that is wrong with the hierarchy, as it was written; empty where it can be used."""
    tree = Hierarchy(tuple(areas), tuple(units))
    return [*_of_areas(areas), *_of_units(units, tree), *_of_seats(seats, tree)]


def _of_areas(areas: Sequence[Area]) -> Iterator[Fault]:
    known = {area.id: area for area in areas}
    told: set[str] = set()
    for at in _repeated([area.id for area in areas]):
        yield Fault("area", at, "id", f"there is an area {areas[at].id} above: give this one another id")
    for at, area in enumerate(areas):
        if twice := _twice(area.supervisors):
            yield Fault("area", at, "supervisors", f"{twice} is named twice: take one out")
        if area.parent and area.parent not in known:
            yield Fault("area", at, "parent", _unknown("area", area.parent, known))
        elif ring := _ring(area, known):
            if area.id not in told:
                way = " → ".join((*ring, area.id))
                yield Fault("area", at, "parent", f"an area above itself ({way}): give one another parent")
            told.update(ring)
        elif area.parent and _RANK[known[area.parent].level] <= _RANK[area.level]:
            yield Fault("area", at, "level", _not_above(known[area.parent], area))


def _not_above(parent: Area, area: Area) -> str:
    return (
        f"{area.level} is not below {parent.id}, which is a {parent.level}: "
        "the order is city, district, street, community"
    )


def _ring(area: Area, known: Mapping[str, Area]) -> tuple[str, ...]:
    """The areas of the circle that this one is in, from here upwards."""
    way, here = [area.id], known.get(area.parent)
    while here and here.id not in way:
        way.append(here.id)
        here = known.get(here.parent)
    return tuple(way) if here and here.id == area.id else ()


def _of_units(units: Sequence[Unit], tree: Hierarchy) -> Iterator[Fault]:
    known = {area.id: area for area in tree.areas}
    for at in _repeated([unit.id for unit in units]):
        yield Fault("unit", at, "id", f"there is a unit {units[at].id} above: give this one another id")
    for at, unit in enumerate(units):
        if unit.area not in known:
            yield Fault("unit", at, "area", _unknown("area", unit.area, known))
        if twice := _twice(unit.workers):
            yield Fault("unit", at, "workers", f"worker {twice} is named twice: take one out")


def _of_seats(seats: Sequence[Seat], tree: Hierarchy) -> Iterator[Fault]:
    known = {area.id: area for area in tree.areas}
    named = {name: unit for unit in tree.units for name in (unit.id, unit.name)}
    for at, seat in enumerate(seats):
        if twice := _twice([(worker, "") for worker in seat.workers]):
            yield Fault("grid", at, "workers", f"worker {twice} is named twice: take one out")
        if seat.area and seat.area not in known:
            yield Fault("grid", at, "area", _unknown("area", seat.area, known))
        if seat.area and not seat.workers:
            yield Fault("grid", at, "workers", "a grid of an area needs a worker: name at least one")
        if seat.unit and named and seat.unit not in named:
            yield Fault("grid", at, "unit", _unknown("unit", seat.unit, named))


def _unknown(kind: str, name: str, known: Mapping[str, object]) -> str:
    near = get_close_matches(name, known, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return f"there is no {kind} {name}{hint}: add it, or correct the name"


def _repeated(ids: Sequence[str]) -> list[int]:
    first: dict[str, int] = {}
    return [at for at, one in enumerate(ids) if first.setdefault(one, at) != at]


def _twice(people: Sequence[tuple[str, str]]) -> str | None:
    return next((one for one, times in Counter(one for one, _ in people).items() if times > 1), None)
