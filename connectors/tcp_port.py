"""A TCP port of this machine: whether it is free, and who holds it if not."""

import errno
import socket
from contextlib import suppress
from pathlib import Path

from actions.errors import Refused

_LISTENING = "0A"


def free_port(host: str) -> int:
    """A port that nobody holds at this moment. Raises Refused where the address is not ours."""
    with _bound(host, 0) as found:
        return int(found.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    """Whether we could listen there. Raises Refused where no port would help: a wrong host, no right to it."""
    try:
        with _bound(host, port):
            return True
    except OSError:
        return False


def holder(port: int) -> str:
    """Who listens on the port, as `name (process 42)`; "" where the system does not tell us."""
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    for descriptor in Path("/proc").glob("[0-9]*/fd/*") if inodes else ():
        with suppress(OSError):
            if str(descriptor.readlink()) in inodes:
                process = descriptor.parent.parent
                return f"{(process / 'comm').read_text('utf-8').strip()} (process {process.name})"
    return ""


def held_by(port: int) -> str:
    """` by NAME (process 42)`, for a sentence that says that the port is taken; "" where the system does not tell us."""
    by = holder(port)
    return f" by {by}" if by else ""


def _bound(host: str, port: int) -> socket.socket:
    """Raises OSError with EADDRINUSE, Refused for all else."""
    try:
        family, kind, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror as error:
        raise Refused(f"{host} is no address of a host: {error.strerror}") from None
    found = socket.socket(family, kind)
    # As servers do: a connection that was closed a minute ago does not hold the port.
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(address)
        found.listen(1)
    except OSError as error:
        found.close()
        if error.errno == errno.EADDRINUSE:
            raise
        raise Refused(f"cannot listen on {host} port {port}: {error.strerror}") from None
    return found


def _listening(port: int) -> set[str]:
    """The inodes of the sockets that listen on the port."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for row in Path(table).read_text("ascii").splitlines()[1:]:
                cells = row.split()
                if cells[3] == _LISTENING and int(cells[1].rpartition(":")[2], 16) == port:
                    found.add(cells[9])
    return found
