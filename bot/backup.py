"""The backup: everything that must outlast the program, in one file, made while it runs.

Redis comes first, as it is at one moment (connectors/redis_copy.py), then the desk, then the other files of the home.
That order is what makes the parts fit: what a case names (a ticket, an upload, a version of the list) was there before
the case named it, so it is in what is copied later; what came to the desk after the moment of Redis is found there again
by its reference, since restored orders look before they file (bot/restoring.py).

Not in it: the log, the NLU's models (made again from `records/`), links that log somebody in, and the environment.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, nullcontext
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from actions.errors import Refused
from bot.archive import KEYS, Manifest, Writer, written
from bot.home import Home
from bot.settings import Settings, config_path
from connectors.embedded_redis import EmbeddedRedis, socket_path
from connectors.redis_copy import Copied, copy_keys
from connectors.schemas import SCHEMA
from connectors.sqlite_copy import copy_database

LEFT_OUT = ("redis", "log", "training", "lock", "training.lock", "wrong_rows.txt")
"""What stands in a home and is no part of a backup: what Redis holds is in it by another way."""
_DATABASE = ".sqlite"
_BESIDE = ("-wal", "-shm", "-journal")
_LOOKS = 5

Tell = Callable[[str, int, int], None]
"""`tell(what, done, total)`; `total` is 0 where nobody knows."""


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


async def back_up(
    settings: Settings, path: Path, tell: Tell = silent, env: Mapping[str, str] = os.environ
) -> tuple[Manifest, Copied]:
    """Write a backup of the home to `path`, where nothing may be yet. Raises `Refused` and `Unreachable`."""
    home = Home(settings.home)
    folder = _room_beside(path, home)
    # Before the moment of the copy: what was tried after that is looked for from here on.
    made_at = datetime.now(UTC)
    with tempfile.TemporaryDirectory(prefix=".linli-backup-", dir=folder) as name, written(path) as archive:
        scratch = Path(name)
        copied = await _redis(settings, home, scratch / "keys", tell)
        archive.add(KEYS, scratch / "keys")
        _files(archive, home.path, scratch, tell)
        _config(archive, settings, env)
        manifest = Manifest(
            made_at=made_at,
            release=release(),
            schema=SCHEMA,
            keys=copied.keys,
            redis_version=copied.redis_version,
            files=dict(archive.files),
        )
        archive.finish(manifest)
    return manifest, copied


def release() -> str:
    """The version of this program."""
    try:
        return version("linli")
    except PackageNotFoundError:
        return "unknown"


def _room_beside(path: Path, home: Home) -> Path:
    """The folder of the backup, where there is room for a scratch folder too. Raises `Refused`."""
    folder = path.absolute().parent
    if not home.path.is_dir():
        raise Refused(f"there is no LINLI_HOME at {home.path}")
    if folder.resolve().is_relative_to(home.path.resolve()):
        raise Refused(
            f"{path} lies within LINLI_HOME, which may be lost as a whole: choose a place elsewhere"
        )
    if not folder.is_dir():
        raise Refused(f"there is no folder {folder}")
    if not os.access(folder, os.W_OK):
        raise Refused(f"{folder} cannot be written to")
    return folder


# --- redis -----------------------------------------------------------------------------------------------


async def _redis(settings: Settings, home: Home, to: Path, tell: Tell) -> Copied:
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        async with redis_of(settings, home) as url:
            return await copy_keys(url, file, lambda done, total: tell("redis", done, total))


@asynccontextmanager
async def redis_of(settings: Settings, home: Home, *, ours: bool = False) -> AsyncIterator[str]:
    """Where the Redis of a home answers: the one of the settings, of the program that runs, or started for this.

    `ours`: the home's lock is held by the caller.
    """
    if settings.redis_url:
        yield settings.redis_url
        return
    if not ours and home.holder():
        yield f"unix://{socket_path(home.redis)}"
        return
    with nullcontext() if ours else home.lock():
        async with EmbeddedRedis(home.redis) as redis:
            await redis.ready()
            yield redis.url


# --- files -----------------------------------------------------------------------------------------------


def _files(archive: Writer, home: Path, scratch: Path, tell: Tell) -> None:
    """Every file of the home. What appears meanwhile comes too: a list that is in force must not be missing."""
    done: set[str] = set()
    for _ in range(_LOOKS):
        new = [path for path in _kept(home) if str(path) not in done]
        for path in sorted(new, key=lambda one: (one.suffix != _DATABASE, str(one))):
            done.add(str(path))
            _file(archive, path, f"home/{path.relative_to(home).as_posix()}", scratch)
            tell("files", len(done), len(done) + len(new))
        if not new:
            return


def _file(archive: Writer, path: Path, name: str, scratch: Path) -> None:
    try:
        if path.suffix == _DATABASE:
            copy = scratch / "database"
            copy.unlink(missing_ok=True)
            copy_database(path, copy)
            archive.add(name, copy)
        else:
            archive.add(name, path)
    except FileNotFoundError:
        return  # removed since it was seen


def _kept(home: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(home, followlinks=False):
        here = Path(folder)
        if here == home:
            folders[:] = [name for name in folders if name not in LEFT_OUT]
        for name in names:
            path = here / name
            if path.is_file() and not path.is_symlink() and not _is_left_out(name, top=here == home):
                yield path


def _is_left_out(name: str, *, top: bool) -> bool:
    """What begins with a dot is being written, and gets its own name when it is; what SQLite keeps beside a database."""
    beside = any(name.endswith(f"{_DATABASE}{ending}") for ending in _BESIDE)
    return name.startswith(".") or beside or (top and name in LEFT_OUT)


def _config(archive: Writer, settings: Settings, env: Mapping[str, str]) -> None:
    """linli.toml and the hierarchy that it names: without them nobody knows which group belongs to whom."""
    config, _ = config_path(env)
    files = [config, *([config.parent / settings.hierarchy] if settings.hierarchy else [])]
    for path in files:
        if path.is_file():
            archive.add(f"config/{path.name}", path)
