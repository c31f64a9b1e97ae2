"""The machine that figures were taken on, and how much memory a server on it has needed."""

import os
import platform
import re
from pathlib import Path
from urllib.parse import urlsplit

PROC = Path("/proc")
_LISTENS = "0A"


def described() -> str:
    """Processor, cores, memory and system in one line."""
    model = re.search(r"^model name\s*: (.+)$", _text(PROC / "cpuinfo"), re.MULTILINE)
    memory = re.search(r"^MemTotal:\s*(\d+) kB", _text(PROC / "meminfo"), re.MULTILINE)
    parts = [
        f"{os.cpu_count()} cores",
        model[1] if model else platform.machine(),
        f"{int(memory[1]) / 1e6:.0f} GB" if memory else "",
        f"{platform.system()} {platform.machine()}",
    ]
    return ", ".join(part for part in parts if part)


def peak_memory_mb(url: str, proc: Path = PROC) -> float | None:
    """The most memory (MB) that the process behind a URL has held since it began.

    None where it runs elsewhere, belongs to somebody else, or the system has no /proc.
    """
    at = urlsplit(url)
    if at.hostname not in {"127.0.0.1", "localhost", "::1"} or not at.port:
        return None
    sockets = {f"socket:[{inode}]" for inode in _listening(proc, at.port)}
    found = (_peak(process) for process in proc.glob("[0-9]*") if sockets & _open(process))
    return next((peak for peak in found if peak), None)


def _listening(proc: Path, port: int) -> set[str]:
    """The inodes of the sockets that listen on a port."""
    rows = [line.split() for name in ("tcp", "tcp6") for line in _text(proc / "net" / name).splitlines()[1:]]
    return {row[9] for row in rows if row[3] == _LISTENS and int(row[1].rpartition(":")[2], 16) == port}


def _open(process: Path) -> set[str]:
    """What a process holds open; nothing where it is gone meanwhile, or not ours to look at."""
    try:
        return {_target(handle) for handle in (process / "fd").iterdir()}
    except OSError:
        return set()


def _target(handle: Path) -> str:
    try:
        return str(handle.readlink())
    except OSError:  # closed meanwhile
        return ""


def _peak(process: Path) -> float | None:
    found = re.search(r"^VmHWM:\s*(\d+) kB", _text(process / "status"), re.MULTILINE)
    return int(found[1]) * 1024 / 1e6 if found else None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
