"""Restoring: a backup becomes a home again, on this machine or on another, and the loop goes on where it was.

Only into an empty home, and only where every checksum holds. What was done between the backup and the loss is done in the
world and unknown to us (connectors/redis_mending.py): a ticket or an update that dispatch has already is found by its
reference and not filed again. A sentence may be said twice: platforms offer no way to look.
"""

import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from actions.advance import rebuild
from actions.case import IllegalMove
from actions.errors import Refused, Unreachable
from bot.archive import KEYS, Manifest, unpacked, verified
from bot.backup import Tell, redis_of, silent
from bot.home import Home
from bot.settings import Settings
from connectors.redis_copy import put_back, read_records, require_empty
from connectors.redis_mending import count_as_tried, leave_a_gap
from connectors.redis_state import RedisState
from connectors.schemas import SCHEMA
from connectors.sqlite_copy import require_sound

CONFIG = "config"
"""Where linli.toml of the backup is put, below the home; it is not in force there."""
_MAY_STAND = {"log", "lock", "lost+found"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What there is after a restore; `marked` orders look before they act."""

    manifest: Manifest
    groups: int
    waiting: dict[str, int]
    marked: int
    config: tuple[Path, ...] = ()


@dataclass(slots=True)
class Findings:
    """What a backup holds, read as the program would; `wrong` names what cannot be."""

    groups: int = 0
    cases: int = 0
    live: int = 0
    facts: int = 0
    wrong: list[str] = field(default_factory=list)


def verify(path: Path, tell: Tell = silent) -> Manifest:
    """What is in a backup that is whole and that this release can restore. Raises `Refused`."""
    manifest = verified(path, lambda done, total: tell("reading", done, total))
    if manifest.schema > SCHEMA:
        raise Refused(
            f"this backup was made by a newer Linli ({manifest.release}, schema {manifest.schema}; "
            f"this one knows {SCHEMA}): restore it with that one"
        )
    return manifest


async def restore(settings: Settings, path: Path, tell: Tell = silent, *, moved: bool = False) -> Restored:
    """Make a home of a backup; `moved`: nothing has happened since it was made.

    Raises `Refused`, and then the home is as empty as it was, and `Unreachable`.
    """
    manifest = verify(path, tell)
    home = Home(settings.home)
    _require_empty(home)
    if settings.redis_url:
        await require_empty(settings.redis_url)
    made = not home.path.exists()
    with home.lock():
        try:
            home.restoring.touch(mode=0o600)
            return await _restore(settings, home, _Source(path, manifest, moved), tell)
        except BaseException:
            _empty(home)
            raise
        finally:
            home.restoring.unlink(missing_ok=True)
            if made and not any(one.name != "lock" for one in home.path.iterdir()):
                shutil.rmtree(home.path, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    manifest: Manifest
    moved: bool


async def _restore(settings: Settings, home: Home, source: _Source, tell: Tell) -> Restored:
    manifest, keys = source.manifest, home.restoring.with_name("restoring.keys")
    places = {name: _place(home, keys, name) for name in manifest.files}
    unpacked(source.path, manifest, places.__getitem__)
    for name, place in places.items():
        if name.endswith(".sqlite"):
            require_sound(place)
    async with redis_of(settings, home, ours=True) as url:
        await _put_back(url, keys, manifest.keys, tell)
        marked = await count_as_tried(url, manifest.made_at, datetime.now(UTC))
        if not source.moved:
            await leave_a_gap(url)
        groups, waiting = await _counted(url)
    keys.unlink()
    config = tuple(place for name, place in places.items() if name.startswith("config/"))
    return Restored(manifest=manifest, groups=groups, waiting=waiting, marked=marked, config=config)


async def _put_back(url: str, keys: Path, total: int, tell: Tell) -> None:
    with keys.open("rb") as file:
        try:
            await put_back(url, read_records(file), lambda done: tell("redis", min(done, total), total))
        except ValueError as error:
            raise Refused(f"the backup is damaged: {error}") from None


async def _counted(url: str) -> tuple[int, dict[str, int]]:
    state = RedisState.at(url)
    try:
        return len(await state.groups()), await state.depth()
    finally:
        await state.stop()


def _place(home: Home, keys: Path, name: str) -> Path:
    if name == KEYS:
        return keys
    top, _, rest = name.partition("/")
    place = (home.path if top == "home" else home.path / CONFIG) / rest
    if not place.is_relative_to(home.path) or place in (home.restoring, keys, home.path / "lock"):
        raise Refused(f"the backup holds what no backup of ours does: {name!r}")
    return place


def _require_empty(home: Home) -> None:
    if home.path.is_symlink() or not home.path.exists():
        if home.path.is_symlink() and not home.path.is_dir():
            raise Refused(f"{home.path} leads nowhere")
        return
    if not home.path.is_dir():
        raise Refused(f"{home.path} is no folder")
    found = sorted(one.name for one in home.path.iterdir() if one.name not in _MAY_STAND)
    if found:
        raise Refused(
            f"{home.path} is not empty ({', '.join(found[:5])}): a backup is restored into an empty LINLI_HOME only. "
            "Move what is there to another place, or set LINLI_HOME to another folder"
        )


def _empty(home: Home) -> None:
    """Take away what a restore that failed has put there; the mark goes last, should this be cut off."""
    for one in home.path.iterdir():
        if one.name in _MAY_STAND or one == home.restoring:
            continue
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one, ignore_errors=True)
        else:
            one.unlink(missing_ok=True)


# --- trying it -------------------------------------------------------------------------------------------


async def tried(settings: Settings, path: Path, tell: Tell = silent) -> Findings:
    """Restore a backup into a folder of the moment, with a Redis of its own, and read all of it. Raises `Refused`."""
    with tempfile.TemporaryDirectory(prefix="linli-verify-") as folder:
        there = settings.model_copy(update={"home": Path(folder) / "home", "redis_url": None})
        await restore(there, path, tell, moved=True)
        async with redis_of(there, Home(there.home)) as url:
            state = RedisState.at(url)
            try:
                return await _read_all(state, tell)
            finally:
                await state.stop()


async def _read_all(state: RedisState, tell: Tell) -> Findings:
    found = Findings()
    groups = await state.groups()
    for number, group in enumerate(groups):
        tell("cases", number, len(groups))
        found.groups += 1
        try:
            await state.talk(group)
            cases = await state.cases(group, every=True)
        except (ValueError, Unreachable) as error:
            found.wrong.append(f"{group}: {error}")
            continue
        for case in cases:
            found.cases += 1
            found.live += case.live
            try:
                trace = await state.trace(case.id)
                stage = rebuild(trace).stage
            except (ValueError, IllegalMove) as error:
                found.wrong.append(f"{case.id}: {error}")
                continue
            found.facts += len(trace)
            if stage is not case.stage:
                found.wrong.append(f"{case.id}: its trace leads to {stage}, not to {case.stage}")
    return found
