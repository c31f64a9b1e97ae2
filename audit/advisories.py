"""What the public databases of advisories know of our pins: asked by pip-audit, which needs a network.

No answer is never taken for a good one: what was not looked at is said, package by package where only some were not.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audit import locks

_PATIENCE = 180  # seconds
_ARGUMENTS = ("--require-hashes", "--disable-pip", "--progress-spinner", "off", "--aliases", "on")


@dataclass(frozen=True, slots=True)
class Told:
    """Of one lock: advisories that stand against it, those that were accepted by hand, and why nobody was asked."""

    found: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    unasked: str = ""


def tool() -> str | None:
    """Where pip-audit is."""
    ours = Path(sys.executable).with_name("pip-audit")
    return str(ours) if ours.exists() else shutil.which("pip-audit")


def ask(pip_audit: str, root: Path, lock: str) -> Told:
    """Have the pins of a lock looked up."""
    command = [pip_audit, "--requirement", lock, "--format", "json", *_ARGUMENTS]
    try:
        done = subprocess.run(
            command, cwd=root, capture_output=True, text=True, check=False, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        return Told(unasked=f"no answer within {_PATIENCE} s")
    except OSError as error:
        return Told(unasked=f"pip-audit does not run: {error}")
    return read(done.stdout, done.stderr)


def read(said: str, complaint: str = "") -> Told:
    """What pip-audit's JSON says; without any, its last complaint is why nothing is known."""
    try:
        rows: list[dict[str, Any]] = json.loads(said)["dependencies"]
        looked_at = [row for row in rows if "skip_reason" not in row]
        pairs = [(row, one) for row in looked_at for one in row["vulns"]]
        lines = [(_line(row, one), _accepted(row["name"], one)) for row, one in pairs]
    except (ValueError, KeyError, TypeError):
        last = complaint.strip().splitlines()[-1:] or ["it said nothing"]
        return Told(unasked=last[0][:160])
    skipped = sorted(row.get("name", "?") for row in rows if "skip_reason" in row)
    return Told(
        tuple(line for line, accepted in lines if not accepted),
        tuple(line for line, accepted in lines if accepted),
        _unasked(skipped, len(rows)),
    )


def _unasked(skipped: list[str], of: int) -> str:
    if not of:
        return "no package was looked at"
    return f"{len(skipped)} of {of} packages: {', '.join(skipped)[:120]}" if skipped else ""


def _line(row: dict[str, Any], one: dict[str, Any]) -> str:
    mended = ", ".join(one.get("fix_versions") or ()) or "no version yet"
    return f"{row['name']} {row['version']}: {' '.join([one['id'], *one.get('aliases', ())])}; mended in {mended}"


def _accepted(package: str, one: dict[str, Any]) -> bool:
    """Whether this advisory, not only this package, was accepted by hand."""
    names = {one["id"], *one.get("aliases", ())}
    return any(
        known.accepted and known.name == package and known.advisory.split()[0] in names
        for known in locks.known()
    )
