"""Training with a city's own records: what the NLU's environment is asked to do, in which order, and what came of it.

before   the model without any records, trained where it is not there
after    a model with everything but the rows that are held out, for the comparison only
kept     the model with all rows; it is the one that `linli run` and `linli nlu` find
"""

import json
import os
import re
import subprocess
import tempfile
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from actions.errors import Refused
from bot.home import Home
from bot.nlu_project import find_nlu, nlu_environment, nlu_python
from bot.record_store import RecordStore, without, write
from bot.records import Record, split
from connectors.child import tethered

_LEFT_OUT = ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV")
_MODEL = re.compile(r"\b[0-9a-f]{16}\.tar\.gz\b")
_SHOWN = 1000  # letters of what the NLU said last, when it failed

Tell = Callable[[str], None]
"""Takes a line of progress for the operator."""


@dataclass(frozen=True, slots=True)
class Share:
    """A figure before and after; None where nothing could be counted."""

    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """What the records changed: shares of `rows` held-out rows, and counts of our own groups' `messages`.

    `called` is how many of `chatter` messages are taken for something else.
    """

    rows: int
    category: Share
    intent: Share
    messages: int
    changed: int
    chatter: int
    called: Share


class Nlu:
    """The NLU project's own environment, a command at a time."""

    def __init__(self, home: Home, tell: Tell, folder: Path | None = None) -> None:
        """Raises Refused where the project or its environment is not there."""
        self.folder = find_nlu(folder)
        self._home, self._tell = home, tell

    def train(self, records: Path | None = None) -> str:
        """Make the model with these records, or with none, unless it is there; its name. Raises Refused."""
        lines = self._run("train", *(["--with", str(records)] if records else []))
        named = [found[0] for line in lines if (found := _MODEL.search(line))]
        if not named:
            raise Refused("the NLU did not say which model it made")
        return named[-1]

    def train_to(self, path: Path, records: Path) -> None:
        """Make a model with these records at a path of its own. Raises Refused."""
        self._run("train", "--with", str(records), "--to", str(path))

    def compare(self, before: str, after: Path, held: Path) -> Change:
        """What the second model reads otherwise. Raises Refused."""
        old = self.folder / "models" / before
        lines = self._run("compare", str(old), str(after), "--held", str(held))
        try:
            return _change(json.loads(lines[-1]))
        except (ValueError, LookupError, TypeError) as error:
            raise Refused(f"the NLU's comparison makes no sense ({type(error).__name__})") from None

    def _run(self, module: str, *arguments: str) -> list[str]:
        argv = tethered([str(nlu_python(self.folder)), "-m", module, *arguments])
        ours = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
        env = {**ours, **nlu_environment(None)}
        last: deque[str] = deque(maxlen=500)
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors,
            subprocess.Popen(  # noqa: S603 - our own program, no shell
                argv, cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors,
                encoding="utf-8", errors="replace",
            ) as process,
        ):  # fmt: skip
            try:
                for line in process.stdout or ():
                    last.append(line.rstrip())
                    if not line.startswith("{"):
                        self._tell(line.rstrip())
            except BaseException:
                process.kill()
                raise
            if process.wait():
                errors.seek(0)
                said = errors.read().strip()[-_SHOWN:] or "without a word; is there enough memory?"
                raise Refused(f"the NLU could not {module} (exit {process.returncode}): {said}")
        return list(last)


def _change(said: Mapping[str, Any]) -> Change:
    return Change(
        rows=int(said["rows"]),
        category=Share(**said["category"]),
        intent=Share(**said["intent"]),
        messages=int(said["messages"]),
        changed=int(said["changed"]),
        chatter=int(said["chatter"]),
        called=Share(**said["called"]),
    )


@dataclass(frozen=True, slots=True)
class Outcome:
    """The model that is kept, and what it changed; None where that was not measured."""

    model: str
    change: Change | None


class Training:
    """Teaches files of good records; nothing is kept until the model is made."""

    def __init__(self, store: RecordStore, nlu: Nlu, tell: Tell) -> None:
        self._store, self._nlu, self._tell = store, nlu, tell

    def teach(self, files: Mapping[str, Sequence[Record]], *, compare: bool) -> Outcome:
        """Train with these files beside what is kept, and keep them. Raises Refused; the store must be held."""
        every = [record for records in files.values() for record in records]
        change = self._compare(files, *split(every)) if compare and len(every) >= 5 else None
        self._tell("training the model that is kept, with all rows")
        draft = self._store.draft("all", files)
        model = self._nlu.train(draft)
        self._store.put(draft)
        return Outcome(model, change)

    def _compare(
        self, files: Mapping[str, Sequence[Record]], held: Sequence[Record], rest: Sequence[Record]
    ) -> Change:
        self._tell(f"{len(held)} rows are held out of a first comparison; {len(rest)} teach")
        self._tell("the model without your records")
        before = self._nlu.train()
        self._tell("training a model without the held-out rows, for the comparison only")
        draft = self._store.draft("fifths", files)
        without(draft, held)
        after = self._store.training / "after.tar.gz"
        self._nlu.train_to(after, draft)
        self._tell("reading with both models")
        folder = self._store.training / "held"
        write(folder, "held", held)
        return self._nlu.compare(before, after, folder)

    def again(self) -> Outcome:
        """Train with what is kept. Raises Refused."""
        return Outcome(self._nlu.train(self._store.folder if self._store.folder.exists() else None), None)
