"""`make audit`: what can be said of the security of our code and of what it stands on, without a network where need be.

    linter          ruff's rules for security, over everything
    locks           every version pinned and known by its hash; none that is known to be bad
    licences        of both environments
    advisories      of the public databases, by pip-audit, where it is installed and the network answers

Ends with 1 where something is wrong. What could not be looked at is said again at the end; with `--whole` it ends with 2,
for machines that must not take a silence for an answer.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from audit import advisories, licences, locks

LOCKS = ("requirements.lock", "nlu/requirements.lock")
ENVIRONMENTS = (".venv", "nlu/.venv")
FOLDERS = ("actions", "audit", "bench", "bot", "connectors", "nlu")
WRONG, NOT_WHOLE = 1, 2
_NO_TOOL = "pip-audit is not installed (`uv tool install pip-audit`)"
_EXCEPTION = re.compile(r"#\s*noqa:.*\bS\d{3}")


class Audit:
    """What was found: lines to be mended, and what could not be looked at."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self.wrong: list[str] = []
        self.unseen: list[str] = []

    def linter(self) -> None:
        """Ruff's rules that look for holes; exceptions are counted, since each was made by hand."""
        ours = Path(sys.executable).with_name("ruff")
        command = [str(ours) if ours.exists() else "ruff", "check", "--select", "S", "--quiet"]
        command += ["--output-format", "concise", "."]
        try:
            done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        except OSError as error:
            self._not_seen("linter", f"ruff does not run: {error}")
            return
        found = done.stdout.strip().splitlines() or ([done.stderr.strip()] if done.returncode else [])
        for line in found:
            self._mend("linter", line)
        print(f"linter: {len(found)} found; {self._exceptions()} lines are excepted by hand (noqa: S…)")

    def _exceptions(self) -> int:
        sources = [path for name in FOLDERS for path in (self.root / name).glob("**/*.py")]
        ours = [path for path in sources if ".venv" not in path.parts]
        return sum(len(_EXCEPTION.findall(path.read_text("utf-8"))) for path in ours)

    def pinned(self) -> None:
        """The two locks."""
        for name in LOCKS:
            pins, faults = locks.read(self.root / name, name)
            for fault in faults:
                self._mend("locks", fault)
            for pin, one in locks.bad(pins):
                told = f"{name}: {pin.name} {pin.version}: {one.advisory}"
                if one.accepted:
                    print(f"locks: {told}; accepted: {one.accepted}")
                else:
                    self._mend("locks", f"{told}; raise it to {one.below}")
            print(f"locks: {name}: {len(pins)} pins, {sum(p.hashes for p in pins)} hashes")

    def copyleft(self) -> None:
        """Licences of what is installed; an environment that is not there cannot be looked at."""
        for folder in ENVIRONMENTS:
            python = self.root / folder / "bin" / "python"
            if not python.exists():
                self._not_seen("licences", f"{folder} is not set up")
                continue
            told = licences.of(python)
            for one in licences.strong(told):
                self._mend("licences", f"{folder}: {one}: asks for the source of the whole")
            unstated = ", ".join(licences.unstated(told)) or "none"
            print(f"licences: {folder}: {len(told)} packages; say nothing of theirs: {unstated}")

    def advisories(self, tool: str | None) -> None:
        """What the public databases know."""
        if tool is None:
            self._not_seen("advisories", _NO_TOOL)
            return
        for name in LOCKS:
            told = advisories.ask(tool, self.root, name)
            for line in told.found:
                self._mend("advisories", f"{name}: {line}")
            for line in told.accepted:
                print(f"advisories: {name}: {line}; accepted")
            if told.unasked:
                self._not_seen("advisories", f"{name}: {told.unasked}")
            else:
                print(f"advisories: {name}: {len(told.found)} found, {len(told.accepted)} accepted")

    def _mend(self, part: str, line: str) -> None:
        self.wrong.append(line)
        print(f"{part}: TO BE MENDED: {line}")

    def _not_seen(self, part: str, why: str) -> None:
        self.unseen.append(part)
        print(f"{part}: COULD NOT BE LOOKED AT: {why}")

    def verdict(self, *, whole: bool) -> int:
        """Say what all of it comes to; the exit code."""
        print("audit:", f"{len(self.wrong)} to be mended" if self.wrong else "nothing to be mended was found")
        if self.unseen:
            print("audit: not looked at:", ", ".join(sorted(set(self.unseen))))
        return WRONG if self.wrong else NOT_WHOLE if whole and self.unseen else 0


def main(arguments: Sequence[str]) -> int:
    """Do all of it."""
    audit = Audit()
    audit.linter()
    audit.pinned()
    audit.copyleft()
    audit.advisories(advisories.tool())
    return audit.verdict(whole="--whole" in arguments)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
