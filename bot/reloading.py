"""Reloading: changes of linli.toml and of the hierarchy's file come into force without a restart, and are traced."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog

from actions.chronicle import Decree
from actions.errors import Unreachable
from bot.grids import LIVE, Grids
from bot.in_force import InForce
from bot.ports import Clock, State
from bot.settings import Settings, SettingsError, load
from bot.sources import Sources

log = structlog.get_logger("reloading")
KEPT = "in_force:hierarchy"
_EVERY_SECONDS = 3.0


def _load(toml: Path) -> Settings:
    return load(path=toml)


class Reloading:
    """Looks at the files now and then; what is faulty is told once, and what was in force stays."""

    def __init__(
        self,
        grids: Grids,
        state: State,
        clock: Clock,
        sources: Sources,
        read: Callable[[Path], Settings] = _load,
    ) -> None:
        self._grids, self._state, self._clock, self._read = grids, state, clock, read
        self._at_start = grids.settings
        self._taken = self._seen = sources
        self._begun = False
        self._untraced: list[tuple[Decree, InForce]] = []
        self._moves_known = True

    async def run(self) -> None:
        """For as long as the program runs."""
        while True:
            await self.once()
            await asyncio.sleep(_EVERY_SECONDS)

    async def once(self) -> None:
        """One look. A change counts when two looks in a row saw the same: a file may be half written."""
        seen, before = await asyncio.to_thread(self._seen.again), self._seen
        self._seen = seen
        try:
            await self._begin()
            if seen == before and seen.digests != self._taken.digests:
                await self._take(seen)
            if not self._moves_known:
                await self._grids.follow_moves(self._state)
                self._moves_known = True
            await self._trace()
        except Unreachable as reason:
            log.debug("reloading_waits", reason=str(reason))

    async def _begin(self) -> None:
        """What was changed while nobody ran is traced too."""
        if self._begun:
            return
        now, old = InForce.of(self._at_start), _kept(await self._state.recall(KEPT))
        if old != now and (old or now.lines):
            self._decree(now, old, self._taken.since(None))
        self._begun = True

    async def _take(self, seen: Sources) -> None:
        changed, self._taken = seen.since(self._taken), seen
        settings, faults = await asyncio.to_thread(self._look, seen.toml)
        if settings is None:
            log.error("settings_refused", files=changed, faults=faults)
            return
        old, new = InForce.of(self._grids.settings), InForce.of(settings)
        self._grids.adopt(settings)
        self._moves_known = False
        if new != old:
            self._decree(new, old, changed)
            log.info("settings_in_force", files=changed, version=new.version, changes=new.since(old))
        if others := _others(self._at_start, settings):
            log.warning("settings_need_a_restart", keys=others)

    def _look(self, toml: Path) -> tuple[Settings | None, list[str]]:
        try:
            return self._read(toml), []
        except SettingsError as error:
            return None, str(error).splitlines()

    def _decree(self, new: InForce, old: InForce | None, by: str) -> None:
        decree = Decree(self._clock.now(), "hierarchy", new.version, by, new.since(old))
        self._untraced.append((decree, new))

    async def _trace(self) -> None:
        """Raises `Unreachable`; what is not traced yet is traced at the next look."""
        while self._untraced:
            decree, new = self._untraced[0]
            await self._state.chronicle(decree)
            await self._state.remember(KEPT, new.dump())
            self._untraced.pop(0)


def _kept(text: str | None) -> InForce | None:
    try:
        return InForce.load(text) if text else None
    except ValueError:
        return None


def _others(old: Settings, new: Settings) -> list[str]:
    """The keys that have changed and are read only at the start."""
    names = [name for name in Settings.model_fields if name not in LIVE]
    return [name for name in names if getattr(old, name) != getattr(new, name)]
