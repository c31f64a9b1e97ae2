"""The store of records: LINLI_HOME/records/LANGUAGE/NAME.tsv, in the format of the NLU's own examples.

A change is made in HOME/training and put in place whole, when the model that it makes is there.
"""

import fcntl
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from actions.errors import Refused
from bot.home import Home
from bot.records import Record, Wrong, same

_HEADER = "intent\tcategory\turgency\ttext\n"
_CHINESE = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]")
_LONGEST_NAME = 80


def name_of(file: Path) -> str:
    """What a file's records are kept as: a file of the same name takes the place of the one before."""
    return re.sub(r"[^\w-]+", "_", file.name)[:_LONGEST_NAME]


def write(folder: Path, name: str, records: Iterable[Record]) -> None:
    """Keep these, and nothing else, as NAME below the folder. Raises OSError."""
    lines: dict[str, list[str]] = {"zh": [], "en": []}
    for one in records:
        language = "zh" if _CHINESE.search(one.text) else "en"
        lines[language].append(f"{one.intent}\t{one.category}\t{one.urgency}\t{one.text}\n")
    for language, rows in lines.items():
        path = folder / language / f"{name}.tsv"
        path.unlink(missing_ok=True)
        if rows:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text(_HEADER + "".join(rows), encoding="utf-8")


def without(folder: Path, records: Sequence[Record]) -> None:
    """Take these texts out of every file below the folder. Raises OSError."""
    gone = {same(one.text) for one in records}
    for path in folder.glob("*/*.tsv"):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if same(line.rstrip("\n").rpartition("\t")[2]) not in gone]
        path.write_text("".join(kept), encoding="utf-8")


class RecordStore:
    """The records below one home. Methods raise Refused, with words for the operator, where they cannot."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self.folder = home.records
        self.training = home.path / "training"
        self.wrong_rows = home.path / "wrong_rows.txt"
        self._old = self.training / "old"

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Nobody else trains meanwhile, and nothing half done is left."""
        self._home.make()
        try:
            with (self._home.path / "training.lock").open("w") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise Refused(f"another `linli train` is at work on {self._home.path}") from None
                self._mend()
                try:
                    yield
                finally:
                    self._mend()
        except OSError as error:
            raise Refused(f"{error.filename or self._home.path}: {error.strerror}") from None

    def _mend(self) -> None:
        if self._old.exists() and not self.folder.exists():  # cut off between two moves
            self._old.rename(self.folder)
        shutil.rmtree(self.training, ignore_errors=True)

    def counts(self) -> dict[str, int]:
        """How many records each file gave."""
        found: dict[str, int] = {}
        for path in sorted(self.folder.glob("*/*.tsv")):
            found[path.stem] = found.get(path.stem, 0) + len(path.read_text("utf-8").splitlines()) - 1
        return found

    def texts(self, but: Iterable[str]) -> dict[str, str]:
        """Where each text stands (see `records.same`), in all files but these."""
        left = set(but)
        return {
            same(line.rpartition("\t")[2]): path.stem
            for path in sorted(self.folder.glob("*/*.tsv"))
            if path.stem not in left
            for line in path.read_text("utf-8").splitlines()[1:]
        }

    def draft(self, name: str, files: Mapping[str, Sequence[Record]]) -> Path:
        """A copy of what is kept, in HOME/training, with these files written into it."""
        made = self.training / name
        shutil.copytree(self.folder, made) if self.folder.exists() else made.mkdir(parents=True)
        made.chmod(0o700)
        for file, records in files.items():
            write(made, file, records)
        return made

    def put(self, draft: Path) -> None:
        """Put a draft in the place of what is kept."""
        if self.folder.exists():
            self.folder.rename(self._old)
        draft.rename(self.folder)

    def forget(self) -> int:
        """Drop all records, and what was told of them; how many there were."""
        were = sum(self.counts().values())
        self.wrong_rows.unlink(missing_ok=True)
        if self.folder.exists():
            shutil.rmtree(self.folder)
        return were

    def write_wrong(self, wrong: Sequence[Wrong]) -> None:
        """Write down every row that was left out, in the place of what the last time left."""
        self.wrong_rows.unlink(missing_ok=True)
        if wrong:
            self.wrong_rows.touch(mode=0o600)
            self.wrong_rows.write_text("".join(f"{one}\n" for one in wrong), encoding="utf-8")
