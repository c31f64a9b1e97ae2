"""The home: the one folder where everything lives that must outlast the program. It is for our eyes only.

HOME/lock    held by the `linli run` at work; its process id is inside
HOME/redis   the embedded Redis' data
HOME/desk    the embedded desk's data
HOME/keys    what this and the other parts prove themselves with, a file each, made once
HOME/matters the versions of the responsibility list (bot/matter_list.py)
HOME/records what the city's own records teach the NLU (bot/record_store.py)
HOME/restoring  a restore is at work, or was broken off (bot/restoring.py)
"""

import fcntl
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from actions.errors import Refused


class Home:
    """LINLI_HOME. Every method raises Refused, with words for the operator, where the folder cannot be used."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self.redis = self.path / "redis"
        self.desk = self.path / "desk"
        self.keys = self.path / "keys"
        self.records = self.path / "records"
        self.restoring = self.path / "restoring"

    def make(self) -> None:
        """Make what is missing, readable for nobody else."""
        try:
            if self.restoring.exists():
                raise Refused(
                    f"a restore into {self.path} was broken off, or is still at work: "
                    "empty the folder and restore again"
                )
            for folder in (self.path, self.redis, self.desk, self.keys):
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.keys.chmod(0o700)
        except OSError as error:
            raise self._refused(error) from None

    def secret(self, name: str) -> str:
        """The secret of this name, made at first use; the same ever after."""
        path = self.keys / name
        try:
            self.make()
            return _read(path) or _write(path)
        except OSError as error:
            raise self._refused(error) from None

    def known(self, name: str) -> str:
        """The secret of this name, which must be there."""
        try:
            found = _read(self.keys / name)
        except OSError as error:
            raise self._refused(error) from None
        if not found:
            raise Refused(
                f"there is no key `{name}` in {self.keys}: set LINLI_HOME to the folder that Linli works on"
            )
        return found

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the home: one program at a time. Raises Refused naming the process that holds it.

        The system lets go of the lock when we die, whatever the death; the file stays, and means nothing.
        """
        self.make()
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._refused(error) from None
        try:
            self._take(descriptor)
            yield
        finally:
            os.close(descriptor)

    def holder(self) -> str:
        """The process id of the program that holds the home; "" where nobody does."""
        try:
            with (self.path / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return (self.path / "lock").read_text("ascii").strip() or "unknown"
        except OSError:
            return ""
        return ""

    def _take(self, descriptor: int) -> None:
        try:
            _flock(descriptor)
        except BlockingIOError:
            other = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise Refused(
                f"Linli runs already on {self.path}, as process {other}: stop it, or set LINLI_HOME to another folder"
            ) from None
        except OSError as error:
            raise self._refused(error) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)

    def _refused(self, error: OSError) -> Refused:
        return Refused(f"LINLI_HOME {self.path} cannot be used: {error.filename or ''} {error.strerror}")


def _flock(descriptor: int) -> None:
    """Raises BlockingIOError where another holds it, for longer than it takes to look who does."""
    for _ in range(4):
        with suppress(BlockingIOError):
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(0.02)
    fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except FileNotFoundError:
        return ""


def _write(path: Path) -> str:
    """Write a new secret, whole or not at all; what another process wrote first counts."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(32))
            file.flush()
            os.fsync(file.fileno())
        if path.exists() and not _read(path):  # a file that was never written
            path.unlink()
        with suppress(FileExistsError):
            path.hardlink_to(part)
        return _read(path)
    finally:
        part.unlink(missing_ok=True)
