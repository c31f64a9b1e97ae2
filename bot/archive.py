"""The file of a backup: a plain tar for its owner's eyes only, whose last member says what is in it, with checksums.

    redis/keys      all that is ours in Redis (connectors/redis_copy.py)
    home/…          what is in LINLI_HOME: keys, lists, uploads, the desk
    config/…        linli.toml and the hierarchy that it names
    MANIFEST.json   when and by which release it was made, and the SHA-256 of every member

It is written beside its place and put there whole. Nothing that an archive says is believed before every checksum has
been compared, and no name in it can lead out of the folder that it is put into.
"""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO, cast

from actions.errors import Refused

FORMAT = 1
KEYS = "redis/keys"
MANIFEST = "MANIFEST.json"
_TOPS = ("home", "config")
_BLOCK = 1024 * 1024
_AT_ONCE = 64 * 1024 * 1024  # bytes
_LARGEST_MANIFEST = 256 * 1024 * 1024  # bytes; a million files have so many


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive says of itself; `schema` is that of the stored cases, `keys` how many Redis held."""

    made_at: datetime
    release: str
    schema: int
    keys: int
    redis_version: str
    files: dict[str, tuple[int, str]] = field(default_factory=dict)

    def text(self) -> bytes:
        """As it is written."""
        said = {"backup": FORMAT, **asdict(self), "made_at": self.made_at.isoformat()}
        return json.dumps({**said, "sha256": _sum_of(said)}, ensure_ascii=False, indent=1).encode()


def _sum_of(said: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def _manifest(text: bytes) -> Manifest:
    try:
        said = json.loads(text)
        own = said.pop("sha256")
        number = said.pop("backup")
        if number > FORMAT:
            raise Refused("this backup was made by a newer Linli: restore it with that one")
        if own != _sum_of({"backup": number, **said}):
            raise Refused("the backup is damaged: its list of contents has been changed")
        files = {name: (int(size), str(digest)) for name, (size, digest) in said.pop("files").items()}
        made_at = datetime.fromisoformat(said.pop("made_at"))
        return Manifest(files=files, made_at=made_at, **said)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Refused("the backup is damaged: its list of contents cannot be read") from error


# --- writing ---------------------------------------------------------------------------------------------


class Writer:
    """An archive that is being written."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, tuple[int, str]] = {}

    def add(self, name: str, path: Path) -> None:
        """Put a file in. Raises OSError where it cannot be read; one that is large may not become shorter meanwhile."""
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > _AT_ONCE:
                self._add(name, size, file)
                return
            content = file.read()
        self._add(name, len(content), io.BytesIO(content))

    def finish(self, manifest: Manifest) -> None:
        """Put the manifest in, as the last."""
        text = manifest.text()
        self._add(MANIFEST, len(text), io.BytesIO(text))

    def _add(self, name: str, size: int, file: BinaryIO) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        summed = _Summed(file)
        self._tar.addfile(info, cast("IO[bytes]", summed))
        self.files[name] = (size, summed.digest())


class _Summed:
    """A file that is summed while it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._sum = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self._sum.update(block)
        return block

    def digest(self) -> str:
        return self._sum.hexdigest()


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """An archive at this path, which is there whole or not at all. Raises Refused where there is something already."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if path.exists() or path.is_symlink():
            raise Refused(f"{path} is there already: choose another name, or remove it")
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                yield Writer(tar)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(part)  # unlike a renaming, it overwrites nothing
        _sync_folder(path.parent)
    except FileExistsError:
        raise Refused(f"{path} is there already: choose another name, or remove it") from None
    except OSError as error:
        raise Refused(
            f"{error.filename or path} cannot be written or read: {error.strerror or error}"
        ) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- reading ---------------------------------------------------------------------------------------------


def verified(path: Path, tell: Callable[[int, int], None] = lambda *_: None) -> Manifest:
    """What is in an archive, every byte of which was compared with its checksum. Raises Refused."""
    found: dict[str, tuple[int, str]] = {}
    manifest: Manifest | None = None
    total = _size(path)
    for name, size, file in _members(path):
        if manifest is not None:
            raise Refused("the backup is damaged: something follows its list of contents")
        if name == MANIFEST:
            if size > _LARGEST_MANIFEST:
                raise Refused("the backup is damaged: its list of contents is too long")
            manifest = _manifest(file.read())
            continue
        if name in found:
            raise Refused(f"the backup is damaged: {name} is in it twice")
        found[name] = (size, _drained(file))
        tell(sum(length for length, _ in found.values()), total)
    if manifest is None:
        raise Refused("the backup is damaged: it ends too early, its list of contents is missing")
    _compare(found, manifest.files)
    return manifest


def unpacked(path: Path, manifest: Manifest, place: Callable[[str], Path]) -> None:
    """Write every file to where `place` says, which must not be there yet. Raises Refused."""
    seen = set()
    for name, _, file in _members(path):
        if name == MANIFEST:
            continue
        target = place(name)
        seen.add(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            digest = _copied(file, target)
        except OSError as error:
            raise Refused(f"{target} cannot be written: {error.strerror}") from error
        if manifest.files.get(name, (0, ""))[1] != digest:
            raise Refused(f"the backup was changed while it was read: {name}")
    if seen != set(manifest.files):
        raise Refused("the backup was changed while it was read")


def _copied(file: IO[bytes], target: Path) -> str:
    summed = _Summed(file)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        while block := summed.read(_BLOCK):
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return summed.digest()


def _drained(file: IO[bytes]) -> str:
    summed = _Summed(file)
    while summed.read(_BLOCK):
        continue
    return summed.digest()


def _compare(found: dict[str, tuple[int, str]], told: dict[str, tuple[int, str]]) -> None:
    for name in sorted(found.keys() ^ told.keys()):
        why = "is missing" if name in told else "is not in its list of contents"
        raise Refused(f"the backup is damaged: {name} {why}")
    for name in sorted(told):
        if found[name] != told[name]:
            raise Refused(f"the backup is damaged: {name} is not what it was")
    if KEYS not in told:
        raise Refused(f"the backup is damaged: {KEYS} is missing")


def _members(path: Path) -> Iterator[tuple[str, int, IO[bytes]]]:
    """Name, size and content of every member, in their order. Raises Refused for what we would not have written."""
    try:
        with tarfile.open(path, "r:") as tar:
            for info in tar:
                _require_plain(info)
                file = tar.extractfile(info)
                if file is None:
                    raise Refused(f"the backup is damaged: {info.name!r} cannot be read")
                yield info.name, info.size, cast("IO[bytes]", _Member(path, file))
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise Refused(f"{path} is no whole backup: {error}") from error
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror or error}") from error


class _Member:
    """A member while it is read; it may end too early."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path, self._file = path, file

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except (tarfile.TarError, EOFError) as error:
            raise Refused(f"{self._path} is no whole backup: {error}") from error


def _require_plain(info: tarfile.TarInfo) -> None:
    """Ours are plain files with plain names; whatever else it is, it was not written by us."""
    name = info.name
    parts = PurePosixPath(name).parts
    plain = (
        info.isreg()
        and not info.issparse()
        and name.isprintable()
        and "\\" not in name
        and name == "/".join(parts)
        and not {"..", ".", "/"} & set(parts)
        and (name in (MANIFEST, KEYS) or (len(parts) > 1 and parts[0] in _TOPS))
    )
    if not plain:
        raise Refused(f"the backup holds what no backup of ours does: {name[:200]!r}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}") from error
