"""`linli backup`, `linli restore` and `linli verify`: what the operator sees of them."""

import asyncio
import time
from pathlib import Path

from rich.console import Console

from bot.archive import Manifest
from bot.backup import back_up
from bot.restoring import Findings, restore, tried, verify
from bot.settings import Settings
from connectors.redis_mending import GAP

_out = Console(markup=False, highlight=False, soft_wrap=True)
_err = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
_EVERY = 1.0  # seconds between two lines of progress


class Progress:
    """Says how far it is, a line a second at most, on stderr."""

    def __init__(self) -> None:
        self._said_at = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Tell, if it is time."""
        if time.monotonic() - self._said_at < _EVERY:
            return
        self._said_at = time.monotonic()
        share = f" ({100 * done // total} %)" if total else ""
        _err.print(f"{what}: {done:,} of {total:,}{share}")


def back(settings: Settings, path: Path) -> None:
    """Make a backup and say what is in it. Raises `Refused` and `Unreachable`."""
    manifest, copied = asyncio.run(back_up(settings, path, Progress()))
    _tell(path, manifest)
    _out.print(f"writes were held back for {copied.paused_ms} ms")
    _out.print(
        "It holds what residents have said, and the keys that Linli proves itself with: it is readable for you "
        "alone (mode 600). Keep it so, and encrypt it before it leaves the machine."
    )


def put_back(settings: Settings, path: Path, *, moved: bool) -> None:
    """Restore a backup and say what there is now. Raises `Refused` and `Unreachable`."""
    done = asyncio.run(restore(settings, path, Progress(), moved=moved))
    _tell(path, done.manifest)
    waiting = done.waiting
    _out.print(
        f"restored into {settings.home}: {done.groups:,} groups, {waiting['inbox']:,} messages to be read, "
        f"{waiting['orders']:,} orders ({done.marked:,} look before they act), {waiting['dead']:,} dead letters"
    )
    for config in done.config:
        _out.print(f"{config} is as it was then; it is in force where LINLI_CONFIG names it")
    if moved:
        return
    _out.print(
        f"The next case of every group leaves a gap of {GAP} in the numbers: no number means two problems."
    )
    _out.print(
        f"What was said after {done.manifest.made_at:%Y-%m-%d %H:%M} UTC is not in it. Make sure that the Linli "
        "which this came from does not run any more, then start this one."
    )


def check(settings: Settings, path: Path, *, load: bool) -> int:
    """Say whether a backup is whole; with `load`, whether all of it can be read. The exit code. Raises `Refused`."""
    _tell(path, verify(path, Progress()))
    if not load:
        return 0
    found = asyncio.run(tried(settings, path, Progress()))
    for wrong in found.wrong[:20]:
        _err.print(f"linli: {wrong}")
    _out.print(_in_words(found))
    return 1 if found.wrong else 0


def _in_words(found: Findings) -> str:
    wrong = f"; {len(found.wrong)} cannot be read" if found.wrong else "; every trace leads to its case"
    counts = f"{found.groups:,} groups, {found.cases:,} cases ({found.live:,} live), {found.facts:,} facts"
    return f"restored on trial: {counts}{wrong}"


def _tell(path: Path, manifest: Manifest) -> None:
    size = path.stat().st_size / 1e6
    _out.print(
        f"{path}: whole, {size:,.1f} MB, of {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC, by release {manifest.release}: "
        f"{manifest.keys:,} keys, {len(manifest.files) - 1:,} files"
    )
