"""The responsibility list: for every matter who answers for it, on which level, how soon, and by which law."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property

from actions.assignment import Assignment, Secrecy
from actions.levels import Level
from actions.limits import Limit

OTHER = "other"
"""The last part of the code of a category's matter for what none of its others is about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One row of the list: a leaf below a category.

    `lead` answers for it and `assisting` help; `respond` is the time until the unit accepts, `resolve` that until it
    is done. `basis` names laws and standards. It is in effect from `begins` to `ends`, both included; None is for
    ever. `synonyms` are what people call it.
    """

    code: str
    name_zh: str
    name_en: str
    category: str
    lead: str
    assisting: tuple[str, ...] = ()
    level: Level
    respond: Limit
    resolve: Limit
    secrecy: Secrecy = Secrecy.OPEN
    basis: tuple[str, ...] = ()
    begins: date
    ends: date | None = None
    synonyms: tuple[str, ...] = ()

    @property
    def is_other(self) -> bool:
        """Whether it is what is left when no other matter of its category fits."""
        return self.code == f"{self.category}.{OTHER}"

    def name(self, lang: str) -> str:
        """Its name in a language; the Chinese one, which every matter has, where there is no other."""
        return self.name_en if lang == "en" and self.name_en else self.name_zh

    def in_effect(self, day: date) -> bool:
        """Whether it holds on that day."""
        return self.begins <= day and (self.ends is None or day <= self.ends)

    def assigned(self, version: str) -> Assignment:
        """What a case keeps of it, with the version of the list."""
        return Assignment(
            matter=self.code,
            list_version=version,
            level=self.level,
            unit=self.lead,
            assisting=self.assisting,
            respond=self.respond,
            resolve=self.resolve,
            secrecy=self.secrecy,
        )


@dataclass(frozen=True)
class MatterList:
    """One version of the list. It never changes: what is learnt of it (such as an index) holds as long as it does."""

    version: str
    matters: tuple[Matter, ...]

    def get(self, code: str) -> Matter | None:
        """The matter of a code; None for one that this version does not have."""
        return self._by_code.get(code)

    def of_category(self, category: str, day: date) -> tuple[Matter, ...]:
        """The matters of a category that hold on a day, in the order of the list."""
        return tuple(matter for matter in self._by_category.get(category, ()) if matter.in_effect(day))

    @cached_property
    def _by_code(self) -> Mapping[str, Matter]:
        return {matter.code: matter for matter in self.matters}

    @cached_property
    def _by_category(self) -> Mapping[str, tuple[Matter, ...]]:
        found: dict[str, list[Matter]] = {}
        for matter in self.matters:
            found.setdefault(matter.category, []).append(matter)
        return {category: tuple(matters) for category, matters in found.items()}


@dataclass(frozen=True, slots=True)
class Changed:
    """A matter that both versions have, but not alike; `what` names the fields that differ."""

    old: Matter
    new: Matter
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What one version of the list has that another has not."""

    added: tuple[Matter, ...]
    removed: tuple[Matter, ...]
    changed: tuple[Changed, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def diff(old: MatterList, new: MatterList) -> Difference:
    """What the new version adds, removes and changes, each in the order of its list."""
    both = ((matter, new.get(matter.code)) for matter in old.matters)
    changed = [_changed(was, now) for was, now in both if now is not None and now != was]
    return Difference(
        added=_missing(new.matters, old), removed=_missing(old.matters, new), changed=tuple(changed)
    )


def _missing(matters: Iterable[Matter], where: MatterList) -> tuple[Matter, ...]:
    return tuple(matter for matter in matters if where.get(matter.code) is None)


def _changed(old: Matter, new: Matter) -> Changed:
    names = (each.name for each in fields(Matter))
    return Changed(old, new, tuple(name for name in names if getattr(old, name) != getattr(new, name)))
