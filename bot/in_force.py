"""What is in force of grids, areas, units, people and policies, in lines that can be compared and kept."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from actions.chronicle import Line, changes
from actions.hierarchy import People
from bot.people import Worker, pairs
from bot.settings import Rules, Settings


@dataclass(frozen=True, slots=True)
class InForce:
    """All of it. Nothing secret is among it."""

    lines: tuple[Line, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> "InForce":
        """What these settings put in force."""
        return cls(tuple(_lines(settings)))

    @classmethod
    def load(cls, kept: str) -> "InForce":
        """What was kept. Raises ValueError for anything else."""
        try:
            return cls(tuple((str(one), str(two), str(three)) for one, two, three in json.loads(kept)))
        except (TypeError, RecursionError) as error:
            raise ValueError(f"these are no lines: {error}") from None

    def dump(self) -> str:
        """How it is kept."""
        return json.dumps(self.lines, ensure_ascii=False)

    @property
    def version(self) -> str:
        """The same for the same content."""
        return sha256(self.dump().encode("utf-8", "replace")).hexdigest()[:12]

    def since(self, old: "InForce | None") -> tuple[str, ...]:
        """What has changed; of the very first, how much there is."""
        if old is not None:
            return changes(old.lines, self.lines)
        kinds = [subject.partition(" ")[0] for subject in dict.fromkeys(line[0] for line in self.lines)]
        counted = [f"{kinds.count(kind)} × {kind}" for kind in dict.fromkeys(kinds)]
        return (f"at the first start: {', '.join(counted) or 'nothing'}",)


def _lines(settings: Settings) -> Iterator[Line]:
    yield from _policy("policy", "", settings.policy)
    for area in settings.areas:
        who = f"area {area.id}"
        yield from _stated(who, name=area.name, level=area.level.value, parent=area.parent)
        yield from _people(who, "supervisor", area.supervisors)
    for unit in settings.units:
        who = f"unit {unit.id}"
        yield from _stated(who, name=unit.name, area=unit.area)
        yield from ((who, "acts for", role) for role in unit.acts_for)
        yield from _people(who, "worker", unit.workers)
    for grid in settings.grids:
        who = f"grid {grid.id}"
        yield from _stated(who, name=grid.name, area=grid.area, unit=grid.unit)
        yield from _stated(who, community=grid.community or "", lang=grid.lang or "", staff=grid.staff or "")
        yield from ((who, "group", group) for group in grid.groups)
        yield from _people(who, "worker", grid.workers)
        yield from _policy(who, "policy.", grid.policy)


def _stated(who: str, **values: str) -> Iterator[Line]:
    yield from ((who, key, value) for key, value in values.items() if value)


def _people(who: str, what: str, workers: Iterable[Worker]) -> Iterator[Line]:
    people: People = pairs(workers)
    yield from ((who, what, person) for person, _ in people)
    yield from ((who, f"name of {person}", name) for person, name in people if name != person)


def _policy(who: str, prefix: str, rules: Rules) -> Iterator[Line]:
    yield from ((who, f"{prefix}{key}", str(getattr(rules, key))) for key in sorted(rules.model_fields_set))
