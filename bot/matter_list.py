"""The responsibility list of this city: its versions below the home, and the one in force.

HOME/matters/VERSION.csv            a version, never changed again: cases name it
HOME/matters/VERSION.contested.csv  its rows with two units to lead, held back until somebody settles which
HOME/matters/in_force               the name of the version in force; without it, the list that ships with the bot

Every process looks at `in_force` when it needs the list, so a change needs no restart.
"""

import fcntl
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path

import structlog

from actions.assignment import Assignment
from actions.errors import Refused
from actions.matters import Matter, MatterList
from bot.categories import every_name
from bot.matter_rows import Checked, Held, check, written
from bot.table import BadTable, read

SHIPPED = "2026.1"
"""The version of bot/matters.csv. A change of that file is a new version: cases keep the one they were made by."""
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_CONTESTED = ".contested"

log = structlog.get_logger("matters")
Stamp = tuple[int, int, int] | None


@cache
def shipped() -> MatterList:
    """The list that ships with the bot. Raises Refused where its file is damaged."""
    return MatterList(SHIPPED, _whole(Path(str(files("bot") / "matters.csv"))))


def read_matters(path: Path, units: frozenset[str] | None = None) -> Checked:
    """A list of a city, checked; `units` are the hierarchy's, None where it names none. Raises BadTable."""
    return check(path.name, read(path, formulas=True), units)


class Matters:
    """The versions below one home; without a home, the shipped one alone. Methods raise Refused, for the operator."""

    def __init__(self, home: Path | None = None) -> None:
        self._folder = home / "matters" if home else None
        self._loaded: MatterList | None = None
        self._stamp: Stamp = None
        self._versions: dict[str, MatterList] = {}

    # --- reading ---

    def in_force(self) -> MatterList:
        """The list in force, read anew when another has been put in force. One that cannot be read is not taken."""
        stamp = self._look()
        if self._loaded is None:
            self._loaded, self._stamp = self.version(self._name()), stamp
        elif stamp != self._stamp:
            self._stamp = stamp
            try:
                self._loaded = self.version(self._name())
            except Refused as why:
                log.error("matters_kept", version=self._loaded.version, why=str(why))  # noqa: TRY400 it is no bug
            else:
                log.info("matters_in_force", version=self._loaded.version, matters=len(self._loaded.matters))
        return self._loaded

    def version(self, version: str) -> MatterList:
        """A version, whether in force or not. Raises Refused for one that is not there or is damaged."""
        if version not in self._versions:
            self._versions[version] = self._read(version)
        return self._versions[version]

    def name_of(self, assigned: Assignment, lang: str = "zh_CN") -> str:
        """The name of the matter of a case, by the version that it was assigned by; its code where that is gone."""
        try:
            matter = self.version(assigned.list_version).get(assigned.matter)
        except Refused:
            matter = None
        return matter.name(lang) if matter else assigned.matter

    def versions(self) -> tuple[str, ...]:
        """The names of all versions, the oldest first; the shipped one stands before those that were imported."""
        paths = (
            [] if self._folder is None else [path for path in self._folder.glob("*.csv") if path.is_file()]
        )
        kept = [path.stem for path in sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.stem))]
        return tuple(dict.fromkeys((SHIPPED, *(name for name in kept if not name.endswith(_CONTESTED)))))

    def contested(self, version: str) -> tuple[Held, ...]:
        """What is held back from a version."""
        path = self._path(f"{version}{_CONTESTED}")
        if path is None or not path.exists():
            return ()
        try:
            return read_matters(path).held
        except BadTable as why:
            raise Refused(str(why)) from None

    # --- changing ---

    def keep_shipped(self) -> None:
        """Keep the shipped version below the home too, for the day when another one ships: old cases name it."""
        path = self._path(SHIPPED)
        if path is not None and not path.exists():
            with self._changing():
                _put(path, written(shipped().matters))

    def adopt(self, version: str, matters: Sequence[Matter], held: Sequence[Held] = ()) -> None:
        """Keep a new version and put it in force. A version that is there already must be the very same."""
        path, contested = self._path(version), self._path(f"{version}{_CONTESTED}")
        if path is None or contested is None:
            raise Refused("there is no home to keep a list in")
        with self._changing():
            text = written(matters)
            if version == SHIPPED or (path.exists() and path.read_text("utf-8") != text):
                raise Refused(
                    f"version {version} is there already, and cases may name it: choose another name"
                )
            if held:
                _put(contested, written(claim for each in held for claim in each.claims))
            _put(path, text)
            self._versions.pop(version, None)
            _put(path.with_name("in_force"), f"{version}\n")

    def use(self, version: str) -> None:
        """Put a version that is there in force, such as the one before."""
        self.version(version)
        path = self._path(version)
        if path is None:
            raise Refused("there is no home to keep a list in")
        with self._changing():
            _put(path.with_name("in_force"), f"{version}\n")

    def settle(self, code: str, unit: str) -> MatterList:
        """Adopt what was held back for a code, led by one of the units named, in a new version that is put in force."""
        now = self.in_force()
        held = self.contested(now.version)
        one = next((each for each in held if each.code == code), None)
        if one is None:
            raise Refused(
                f"{code} is not contested in version {now.version}: `linli matters contested` shows what is"
            )
        chosen = next((claim for claim in one.claims if claim.lead == unit), None)
        if chosen is None:
            raise Refused(f"{code} is claimed by {', '.join(one.units)}, not by {unit}")
        matters = (*(matter for matter in now.matters if matter.code != code), chosen)
        version = self._next(now.version)
        self.adopt(version, in_order(matters), [each for each in held if each is not one])
        return self.in_force()

    # --- below ---

    def _next(self, version: str) -> str:
        """V.1 after V, V.2 after V.1 that was settled from V."""
        there = set(self.versions())
        base, _, last = version.rpartition(".")
        if not (base in there and last.isdecimal()):
            base = version
        return next(name for name in (f"{base}.{n}" for n in range(1, 10_000)) if name not in there)

    def _name(self) -> str:
        if self._folder is None:
            return SHIPPED
        try:
            return (self._folder / "in_force").read_text("utf-8").strip() or SHIPPED
        except FileNotFoundError:
            return SHIPPED
        except (OSError, UnicodeDecodeError) as error:
            raise Refused(f"{self._folder / 'in_force'} cannot be read: {type(error).__name__}") from None

    def _look(self) -> Stamp:
        """What tells one `in_force` from another without reading it."""
        if self._folder is None:
            return None
        try:
            seen = (self._folder / "in_force").stat()
        except OSError:
            return None
        return seen.st_ino, seen.st_mtime_ns, seen.st_size

    def _read(self, version: str) -> MatterList:
        path = self._path(version)
        if path is None or not path.exists():
            if version == SHIPPED:
                return shipped()
            raise Refused(
                f"there is no version {version} of the responsibility list: `linli matters versions`"
            )
        return MatterList(version, _whole(path))

    def _path(self, name: str) -> Path | None:
        version = name.removesuffix(_CONTESTED)
        if not _VERSION.fullmatch(version) or version.endswith(_CONTESTED):
            raise Refused(f"{version[:40]!r} is no name for a version: use up to 40 of a-z, 0-9, . _ and -")
        return None if self._folder is None else self._folder / f"{name}.csv"

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One change at a time, by whatever process."""
        if self._folder is None:
            raise Refused("there is no home to keep a list in")
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with (self._folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise Refused(f"{error.filename or self._folder}: {error.strerror}") from None


def in_order(matters: Iterable[Matter]) -> tuple[Matter, ...]:
    """By category, in the order of the categories, then by code; what is for other things comes last."""
    at = {code: number for number, code in enumerate(every_name())}
    return tuple(
        sorted(matters, key=lambda matter: (at.get(matter.category, 0), matter.is_other, matter.code))
    )


def _whole(path: Path) -> tuple[Matter, ...]:
    """A version as it was written. Raises Refused where somebody has damaged it."""
    try:
        checked = read_matters(path)
    except BadTable as why:
        raise Refused(str(why)) from None
    if checked.faults or checked.held:
        what = checked.faults[0] if checked.faults else checked.held[0].code
        raise Refused(f"a version of the responsibility list is damaged: {what}")
    return checked.matters


def _put(path: Path, text: str) -> None:
    """Write a file whole or not at all, and have it on the disk before it counts."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        part.unlink(missing_ok=True)
