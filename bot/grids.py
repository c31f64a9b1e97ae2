"""Grids: which grid a group belongs to, and what follows from it: policy, language, workers."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from actions.orders import Wait
from actions.policy import Policy
from bot.cards import Writer
from bot.ports import State
from bot.settings import Grid, Settings
from connectors.moves import home_of

People = tuple[tuple[str, str], ...]


class Grids:
    """The settings' grids, and the groups that were bound to them by /bind."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._bound: dict[str, str] = {}

    async def load(self, state: State) -> None:
        """Learn which groups are bound. Raises `Unreachable`."""
        for group in await state.groups():
            self.bind(group, (await state.talk(group)).grid)
        for grid in self._settings.grids:
            for group in grid.groups:  # linli.toml may name a group by the number that it has today
                if (home := await home_of(group, state.recall)) != group:
                    self.bind(home, grid.id)

    def bind(self, group: str, grid: str) -> None:
        """The group belongs to this grid from now on, unless linli.toml puts it elsewhere."""
        if grid:
            self._bound[group] = grid

    def names(self) -> Mapping[str, str]:
        """The grids that there are, by id."""
        return {grid.id: grid.name for grid in self._settings.grids}

    def policy_of(self, group: str) -> Policy:
        """The policy in force in the group."""
        general, grid = self._settings.policy, self._of(group)
        policy = (grid.policy.over(general) if grid else general).policy()
        return replace(policy, zone=ZoneInfo(self._settings.timezone))

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

    def community_of(self, group: str) -> str:
        """Within which the same event is reported only once; "" for a group without a grid: it stands alone."""
        grid = self._of(group)
        if grid is None:
            return ""
        return f"community:{grid.community}" if grid.community else f"grid:{grid.id}"

    def _of(self, group: str) -> Grid | None:
        return self._settings.grid_of(group) or self._settings.grid(self._bound.get(group, ""))
