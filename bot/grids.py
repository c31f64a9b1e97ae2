"""Grids: which grid a group belongs to, and what follows from it: policy, language, workers."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from actions.hierarchy import Area, Hierarchy, People, Unit
from actions.levels import Level
from actions.orders import Wait
from actions.policy import Desk, Policy
from bot.cards import Writer
from bot.ports import State
from bot.settings import Grid, Settings
from connectors.moves import home_of

LIVE = ("policy", "grids", "areas", "units", "hierarchy")
"""The settings that come into force while the program runs."""
_WRITTEN = "bindings_written"


class Grids:
    """The settings' grids with what is above them, and the groups that were bound to them by /bind."""

    def __init__(self, settings: Settings) -> None:
        self._bound: dict[str, str] = {}
        self._bound_known = 0
        self._moved: dict[str, str] = {}
        self._homes: dict[str, str] = {}
        self._tied_to: dict[tuple[str, str], list[str]] | None = None
        self._take(settings)

    async def load(self, state: State) -> None:
        """Learn which groups are bound. Raises `Unreachable`."""
        await self.follow_bindings(state)
        if not await state.recall(_WRITTEN):
            await self._write_bindings(state)
        await self.follow_moves(state)

    async def _write_bindings(self, state: State) -> None:
        """Once: what only the groups' own memories had. To ask all of them at every start takes seconds in a city."""
        for group in await state.groups():
            grid = (await state.talk(group)).grid
            if grid and group not in self._bound:
                await state.bind(group, grid)
                self.bind(group, grid)
        await state.remember(_WRITTEN, "yes")

    async def follow_bindings(self, state: State) -> None:
        """Learn what other processes have bound since. Raises `Unreachable`."""
        self._bound_known, bound = await state.bound(self._bound_known)
        for group, grid in bound.items():
            self.bind(group, grid)

    async def follow_moves(self, state: State) -> None:
        """Learn under which name we keep the groups of linli.toml: it may name one by the number of today.

        Raises `Unreachable`.
        """
        moved, homes = {}, {}
        for grid in self._settings.grids:
            if grid.staff:
                homes[grid.staff] = await home_of(grid.staff, state.recall)
            for group in grid.groups:
                if (home := await home_of(group, state.recall)) != group:
                    moved[home] = grid.id
        self._moved, self._homes = moved, homes
        self._staff, self._tied_to = self._staff_groups(), None

    def adopt(self, settings: Settings) -> None:
        """From now on the grids, areas, units, people and policies of these settings; the rest stays as it was."""
        self._take(self._settings.model_copy(update={key: getattr(settings, key) for key in LIVE}))

    def _take(self, settings: Settings) -> None:
        self._settings, self._tree = settings, settings.tree()
        self._policies: dict[str, Policy] = {}
        self._by_id = {grid.id: grid for grid in settings.grids}
        self._by_group = {group: grid for grid in settings.grids for group in grid.groups}
        self._staff, self._tied_to = self._staff_groups(), None

    @property
    def settings(self) -> Settings:
        """What is in force."""
        return self._settings

    def bind(self, group: str, grid: str) -> None:
        """The group belongs to this grid from now on, unless linli.toml puts it elsewhere."""
        if grid and self._bound.get(group) != grid:
            self._bound[group], self._tied_to = grid, None

    def names(self) -> Mapping[str, str]:
        """The grids that there are, by id."""
        return {grid.id: grid.name for grid in self._settings.grids}

    def policy_of(self, group: str) -> Policy:
        """The policy in force in the group."""
        general, grid = self._settings.policy, self._of(group)
        name = grid.id if grid else ""
        if name not in self._policies:
            policy = (grid.policy.over(general) if grid else general).policy()
            self._policies[name] = replace(policy, zone=ZoneInfo(self._settings.timezone))
        return self._policies[name]

    def wait(self, group: str, wait: Wait) -> timedelta:
        """How long a case of the group waits for this."""
        return self.policy_of(group).waits[wait]

    def writer_of(self, group: str) -> Writer:
        """Who writes in the language of the group, with the numbers of the country."""
        grid, numbers = self._of(group), self._settings.emergency
        lang = (grid.lang if grid else None) or self._settings.lang
        return Writer(lang, numbers.fire, numbers.medical, numbers.police, numbers.gas)

    def named_workers(self, group: str) -> People | None:
        """Ids and names of the group's workers; None where the platform's own word counts."""
        grid = self._of(group)
        if grid is None or not grid.workers:
            return None
        return tuple((worker.id, worker.name or worker.id) for worker in grid.workers)

    def worker_ids(self, group: str) -> frozenset[str] | None:
        """The ids alone."""
        named = self.named_workers(group)
        return None if named is None else frozenset(worker for worker, _ in named)

    def grid_of(self, group: str) -> tuple[str, str]:
        """The id and the name of the group's grid; both "" for a group without one."""
        grid = self._of(group)
        return (grid.id, grid.name) if grid else ("", "")

    @property
    def zone(self) -> ZoneInfo:
        """The zone of days, weeks and months."""
        return ZoneInfo(self._settings.timezone)

    def groups_of_worker(self, person: str) -> tuple[str, ...]:
        """The groups of the grids that name this person as a worker."""
        return self._tied("worker", person)

    def groups_of_overseer(self, person: str) -> tuple[str, ...]:
        """The groups that this person oversees, at any level."""
        return self._tied("overseer", person)

    def groups_of_grid(self, grid: str) -> tuple[str, ...]:
        """The groups that belong to a grid."""
        return self._tied("grid", grid)

    def community_of(self, group: str) -> str:
        """Within which the same event is reported only once; "" for a group without a grid: it stands alone."""
        grid = self._of(group)
        if grid is None:
            return ""
        return f"community:{grid.community}" if grid.community else f"grid:{grid.id}"

    def desk_of(self, group: str) -> Desk:
        """Where the workers of the group work; where no grid names a staff group there is none to work in."""
        desk = self.policy_of(group).desk
        return Desk.GROUP if desk is Desk.STAFF and not self.staff_of(group) else desk

    def staff_of(self, group: str) -> str:
        """The staff group of the group's grid; "" for none."""
        grid = self._of(group)
        return self._home(grid.staff) if grid and grid.staff else ""

    def is_staff(self, chat: str) -> bool:
        """Whether it is the workers' own group, and so no residents'."""
        return chat in self._staff

    def groups_of_staff(self, chat: str) -> tuple[str, ...]:
        """The residents' groups whose workers have this staff group."""
        return self._tied("staff", chat)

    def _tied(self, how: str, to: str) -> tuple[str, ...]:
        """The groups tied to somebody, to a staff group or to a grid: not looked for among all of them at every press."""
        if self._tied_to is None:
            self._tied_to = defaultdict(list)
            ties: dict[str, list[tuple[str, str]]] = {}
            for group in dict.fromkeys((*self._by_group, *self._moved, *self._bound)):
                if grid := self._of(group):
                    ties[grid.id] = ties.get(grid.id) or self._ties(grid.id, group)
                    for tie in ties[grid.id]:
                        self._tied_to[tie].append(group)
        return tuple(self._tied_to.get((how, to), ()))

    def _ties(self, grid: str, group: str) -> list[tuple[str, str]]:
        """Those of a grid, of which this is one of the groups."""
        workers = [("worker", one) for one in self.worker_ids(group) or ()]
        overseers = [("overseer", one) for one in self.overseers_of(group)]
        return [("grid", grid), ("staff", self.staff_of(group)), *workers, *overseers]

    def _staff_groups(self) -> frozenset[str]:
        return frozenset(self._home(grid.staff) for grid in self._settings.grids if grid.staff)

    def _home(self, chat: str) -> str:
        return self._homes.get(chat, chat)

    @property
    def hierarchy(self) -> Hierarchy:
        """Who is above whom."""
        return self._tree

    def area_of(self, group: str) -> str:
        """The id of the area that the group's grid is in; "" for none."""
        grid = self._of(group)
        return grid.area if grid else ""

    def supervisors_of(self, group: str, level: Level) -> People:
        """Who oversees the group at this level, or at the next one above where anybody does."""
        return self._tree.supervisors(self.area_of(group), level)

    def overseers_of(self, group: str) -> frozenset[str]:
        """The ids of all who oversee the group at any level."""
        above = self._tree.chain(self.area_of(group))
        return frozenset(person for area in above for person, _ in area.supervisors)

    def unit_for(self, group: str, role: str, level: Level) -> Unit | None:
        """The unit that acts for a role where the group is."""
        return self._tree.unit_for(self.area_of(group), role, level)

    def area_at(self, group: str, level: Level) -> Area | None:
        """The area of a level that the group is in; None where the hierarchy has none."""
        return self.hierarchy.at(self.area_of(group), level)

    def level_above(self, group: str, level: Level) -> Level | None:
        """The next level up; without a hierarchy all four are taken to be there."""
        area = self.area_of(group)
        return self.hierarchy.level_above(area, level) if self.hierarchy.chain(area) else level.above

    def _of(self, group: str) -> Grid | None:
        named = self._by_group.get(group)
        return named or self._by_id.get(self._moved.get(group) or self._bound.get(group, ""))
