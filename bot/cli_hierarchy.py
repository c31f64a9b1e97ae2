"""`linli hierarchy`: who is above whom, as a tree; and what a file would change."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from actions.hierarchy import Area, Hierarchy, People, Unit
from actions.levels import Level
from actions.visible import visible
from bot.in_force import InForce
from bot.people import pairs
from bot.phrases import Gettext, gettext
from bot.settings import Grid, Settings, SettingsError, load


def show(settings: Settings, console: Console | None = None) -> None:
    """Print the tree."""
    console = console or Console(highlight=False, emoji=False, soft_wrap=True)
    console.print(_Drawn(settings.tree(), settings.grids, gettext(settings.lang)).tree())


def check(file: Path, console: Console | None = None) -> None:
    """Print how much is in the file, and what it would change. Raises `SettingsError` for what is wrong with it."""
    console = console or Console(highlight=False, emoji=False, markup=False, soft_wrap=True)
    whole = file.suffix.lower() == ".toml"
    new = load(path=file) if whole else load(hierarchy=file)
    _ = gettext(new.lang)
    said = _("Nothing is wrong: {areas} areas, {units} units, {grids} grids, {workers} workers.")
    workers = {worker.id for grid in new.grids for worker in grid.workers}
    console.print(
        said.format(areas=len(new.areas), units=len(new.units), grids=len(new.grids), workers=len(workers))
    )
    try:
        old = load()
    except SettingsError:
        return  # with nothing to compare it to
    found = InForce.of(new).since(InForce.of(old))
    for line in found:
        console.print(f"  {visible(line)}")
    if not found:
        console.print(_("It changes nothing."))


class _Drawn:
    """The tree of a hierarchy and its grids."""

    def __init__(self, hierarchy: Hierarchy, grids: Sequence[Grid], _: Gettext) -> None:
        self._areas, self._units, self._grids, self._ = hierarchy.areas, hierarchy.units, grids, _
        self._levels = {
            Level.COMMUNITY: _("community"),
            Level.STREET: _("street"),
            Level.DISTRICT: _("district"),
            Level.CITY: _("city"),
        }

    def tree(self) -> Tree:
        """All of it."""
        _ = self._
        root = Tree(_("Hierarchy"))
        for area in self._areas:
            if not area.parent:
                self._area(root, area)
        alone = [grid for grid in self._grids if not grid.area]
        if alone:
            branch = root.add(_("grids without an area"))
            for grid in alone:
                self._grid(branch, grid)
        if not self._areas and not alone:
            root.add(_("There are no grids: see docs/settings.md."))
        return root

    def _area(self, above: Tree, area: Area) -> None:
        _ = self._
        branch = above.add(_titled(area.name, self._levels[area.level], area.id))
        if area.supervisors:
            branch.add(_("supervisors: {people}").format(people=_people(area.supervisors)))
        for unit in self._units:
            if unit.area == area.id:
                self._unit(branch, unit)
        for grid in self._grids:
            if grid.area == area.id:
                self._grid(branch, grid)
        for lower in self._areas:
            if lower.parent == area.id:
                self._area(branch, lower)

    def _unit(self, above: Tree, unit: Unit) -> None:
        _ = self._
        branch = above.add(_titled(unit.name, _("unit"), unit.id))
        if unit.acts_for:
            branch.add(_("acts for: {roles}").format(roles=_listed(unit.acts_for)))
        if unit.workers:
            branch.add(_("staff: {people}").format(people=_people(unit.workers)))

    def _grid(self, above: Tree, grid: Grid) -> None:
        _ = self._
        branch = above.add(_titled(grid.name, _("grid"), grid.id))
        people = _people(pairs(grid.workers)) or _("the administrators of the group")
        branch.add(_("workers: {people}").format(people=people))
        if grid.unit:
            branch.add(_("unit: {unit}").format(unit=escape(visible(grid.unit))))
        if grid.groups:
            branch.add(_("groups: {groups}").format(groups=_listed(grid.groups)))


def _titled(name: str, kind: str, key: str) -> str:
    return f"[bold]{escape(visible(name))}[/] {kind} [dim]{escape(visible(key))}[/]"


def _people(people: People) -> str:
    return _listed(name if name == person else f"{name} ({person})" for person, name in people)


def _listed(words: Iterable[str]) -> str:
    return escape(visible(", ".join(words)))
