"""`linli logs`: reads the log back, filtered, and shows it in colour."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from actions.visible import NEWLINE, visible

_RANKS = {"debug": 0, "info": 1, "warning": 2, "error": 3, "critical": 4}
_STYLES = {"debug": "dim", "info": "green", "warning": "yellow", "error": "bold red", "critical": "bold red"}
_HEAD = ("ts", "level", "event")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events to show; None is no condition. `level` is the lowest shown, `since` is aware."""

    level: str | None = None
    group: str | None = None
    case: str | None = None
    event: str | None = None
    since: datetime | None = None

    def takes(self, line: dict[str, Any]) -> bool:
        """Whether the event meets every condition."""
        exact = (("group", self.group), ("case", self.case), ("event", self.event))
        if any(wanted is not None and line.get(key) != wanted for key, wanted in exact):
            return False
        if self.level and _RANKS.get(str(line.get("level")), 1) < _RANKS.get(self.level.lower(), 0):
            return False
        return self.since is None or _not_before(line.get("ts"), self.since)


def read_logs(
    path: Path,
    wanted: Wanted | None = None,
    *,
    follow: bool = False,
    wait: Callable[[], bool] | None = None,
) -> Iterator[dict[str, Any] | str]:
    """The events of the log, oldest first, those of rotated files too; a line that is no event comes as it is.

    With `follow` new lines are waited for: `wait()` pauses, and says whether to look again.
    """
    for line in _lines(path, follow=follow, wait=wait or _pause):
        event = _event(line)
        if isinstance(event, str) or wanted is None or wanted.takes(event):
            yield event


def show(
    path: Path, wanted: Wanted | None = None, *, follow: bool = False, console: Console | None = None
) -> None:
    """Print the log until its end, or for ever with `follow`."""
    console = console or Console(highlight=False)
    for line in read_logs(path, wanted, follow=follow):
        console.print(painted(line), soft_wrap=True)


def painted(line: dict[str, Any] | str) -> Text:
    """One line in colour: the time here, the level, the event, and the rest as `key=value`."""
    if isinstance(line, str):
        return Text(visible(line), style="dim italic")
    level = str(line.get("level", "info"))
    rest = {key: value for key, value in line.items() if key not in {*_HEAD, "exception"}}
    text = Text(_clock_time(line.get("ts")), style="dim")
    text.append(f" {level:<8} ", style=_STYLES.get(level, ""))
    text.append(visible(str(line.get("event", ""))), style="bold")
    for key, value in rest.items():
        text.append(f" {visible(key)}=", style="cyan")
        text.append(visible(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)))
    if trace := line.get("exception"):
        text.append("\n" + visible(str(trace), keep=NEWLINE), style="red")
    return text


def _lines(path: Path, *, follow: bool, wait: Callable[[], bool]) -> Iterator[str]:
    for old in sorted(path.parent.glob(f"{path.name}.*"), key=_age, reverse=True):
        yield from _whole(old)
    if not follow:
        yield from _whole(path)
        return
    at = 0
    inode: int | None = None
    while True:
        state = path.stat() if path.exists() else None
        if state and (state.st_ino != inode or state.st_size < at):
            inode, at = state.st_ino, 0  # the file was rotated: begin the new one
        found, at = _since(path, at) if state else ([], at)
        yield from found
        if not found and not wait():
            return


def _whole(path: Path) -> Iterator[str]:
    if path.exists():
        with path.open(encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            yield from (line.rstrip("\n") for line in file if line.strip())


def _since(path: Path, at: int) -> tuple[list[str], int]:
    """The finished lines from a position on, and the position after them."""
    with path.open("rb") as file:
        file.seek(at)
        data = file.read()
    end = data.rfind(b"\n") + 1
    lines = data[:end].decode("utf-8", "backslashreplace").split("\n")
    return [line for line in lines if line.strip()], at + end if end else at


def _age(path: Path) -> int:
    suffix = path.name.rpartition(".")[2]
    return int(suffix) if suffix.isdecimal() else 0


def _event(line: str) -> dict[str, Any] | str:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return line
    return event if isinstance(event, dict) else line


def _not_before(ts: Any, since: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(ts)) >= since
    except (ValueError, TypeError):
        return True


def _clock_time(ts: Any) -> str:
    try:
        return datetime.fromisoformat(str(ts)).astimezone().strftime("%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(ts or "—")


def _pause() -> bool:
    time.sleep(0.3)
    return True
