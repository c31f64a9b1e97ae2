"""People and what they belong to, as linli.toml writes them: workers, supervisors, areas, units."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from actions import hierarchy as h
from actions.levels import Level

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*:\S+$", max_length=200)]
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Table(BaseModel):
    """A table of the file: no key that is not known, nothing that changes."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, coerce_numbers_to_str=False
    )


class Worker(Table):
    """A grid worker: an id with its platform (`telegram:42`), and the name to show."""

    id: Id
    name: str = ""


def _worker(value: Any) -> Any:
    return {"id": value} if isinstance(value, str) else value


def twice_named(names: Iterable[str]) -> str | None:
    """A name that is there more than once."""
    return next((name for name, times in Counter(names).items() if times > 1), None)


def _once(workers: tuple[Worker, ...]) -> tuple[Worker, ...]:
    if twice := twice_named(worker.id for worker in workers):
        raise ValueError(f"worker {twice} is named twice")
    return workers


def pairs(workers: Iterable[Worker]) -> h.People:
    """Ids and names; who has no name is called by the id."""
    return tuple((worker.id, worker.name or worker.id) for worker in workers)


People = Annotated[tuple[Annotated[Worker, BeforeValidator(_worker)], ...], AfterValidator(_once)]


class Area(Table):
    """A city, district, street or community, below its `parent`; `supervisors` hear of what is late there."""

    id: Name
    name: Name
    level: Level
    parent: str = ""
    supervisors: People = ()

    def plain(self) -> h.Area:
        """The same in the words of what decides."""
        return h.Area(self.id, self.name, self.level, self.parent, pairs(self.supervisors))


class Unit(Table):
    """An office of an area: `acts_for` are the names by which the responsibility list calls it there."""

    id: Name
    name: Name
    area: Name
    acts_for: tuple[Name, ...] = ()
    workers: People = ()

    def plain(self) -> h.Unit:
        """The same in the words of what decides."""
        return h.Unit(self.id, self.name, self.area, self.acts_for, pairs(self.workers))
