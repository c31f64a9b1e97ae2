"""`linli train`: reads the files, tells what is wrong with which row, has the model trained, and shows what changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from actions.errors import Refused
from bot.home import Home
from bot.record_store import RecordStore, name_of
from bot.records import Asked, Checked, Checker, Record, Wrong, codes_of, columns_of, same, sampled, strangers
from bot.settings import Settings
from bot.table import BadTable, read
from bot.training import Change, Nlu, Outcome, Share, Training

_PRINTED = 20
_STRANGERS = 10


class BadOrder(Exception):
    """The options make no sense. The text is for the operator."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked of the command."""

    files: tuple[Path, ...]
    asked: Asked
    maps: tuple[str, ...] = ()
    quick: bool = False
    forget: bool = False


def main(settings: Settings, order: Order, *, nlu: Path | None = None, console: Console | None = None) -> int:
    """Do it; the exit code: 1 when it failed, 2 when it was asked wrongly, 130 when it was broken off."""
    out = console or Console(highlight=False, soft_wrap=True)
    wrong = console or Console(stderr=True, highlight=False, soft_wrap=True)
    try:
        return _Command(settings, _sensible(order), nlu, out).run()
    except (BadTable, BadOrder) as why:
        wrong.print(f"linli: {why}", markup=False)
        return 2
    except Refused as why:
        wrong.print(f"linli: {why}", markup=False)
        return 1
    except KeyboardInterrupt:
        wrong.print("linli: broken off; nothing was changed", markup=False)
        return 130


def _sensible(order: Order) -> Order:
    """The order with what --map means. Raises BadOrder."""
    try:
        means = codes_of(order.maps)
    except ValueError as why:
        raise BadOrder(str(why)) from None
    _require_sense(order)
    return replace(order, asked=replace(order.asked, means=means))


def _require_sense(order: Order) -> None:
    """Raises BadOrder where one option excludes another."""
    columns = (order.asked.text, order.asked.category, order.asked.intent, order.asked.urgency)
    if order.forget and order.files:
        raise BadOrder("--forget drops all records: say it without --with")
    if not order.files and (any(columns) or order.maps):
        raise BadOrder("which file? Name it with --with")
    names = [name_of(path) for path in order.files]
    if len(set(names)) < len(names):
        raise BadOrder(
            "two of the files have the same name: rename one, since records are kept by the file's name"
        )


class _Command:
    def __init__(self, settings: Settings, order: Order, nlu: Path | None, out: Console) -> None:
        self._settings, self._order, self._out = settings, order, out
        self._home = Home(settings.home)
        self._store = RecordStore(self._home)
        self._nlu = Nlu(self._home, self._progress, nlu)

    def run(self) -> int:
        """The exit code. Raises Refused and BadTable."""
        with self._store.changing():
            if self._order.forget:
                return self._forget()
            if not self._order.files:
                return self._again()
            return self._teach()

    def _forget(self) -> int:
        self._say(f"{self._store.forget()} records are dropped; the model without them:")
        self._finish(self._busily(self._training.again))
        return 0

    def _again(self) -> int:
        counts = self._store.counts()
        kept = ", ".join(f"{name} ({number})" for name, number in counts.items())
        self._say(f"records kept: {kept or 'none yet: teach some with --with FILE'}")
        self._finish(self._busily(self._training.again))
        return 0

    def _teach(self) -> int:
        files, wrong = self._read()
        self._tell_wrong(wrong)
        if not any(files.values()):
            raise Refused("no row can be used; nothing was changed")
        compare = not self._order.quick
        outcome = self._busily(lambda: self._training.teach(files, compare=compare))
        if outcome.change:
            self._show(outcome.change)
        elif compare:
            self._say("fewer than five good rows: too few to compare")
        self._finish(outcome)
        return 0

    # --- reading ---

    def _read(self) -> tuple[dict[str, list[Record]], list[Wrong]]:
        names = [name_of(path) for path in self._order.files]
        taken = self._store.texts(but=names)
        files: dict[str, list[Record]] = {}
        wrong: list[Wrong] = []
        for name, path in zip(names, self._order.files, strict=True):
            found = self._check(path, taken)
            files[name] = self._sampled(found.good)
            wrong += found.wrong
            taken |= {same(record.text): path.name for record in found.good}
        return files, wrong

    def _check(self, path: Path, taken: dict[str, str]) -> Checked:
        rows = read(path)
        columns = columns_of(str(path), rows, self._order.asked)
        self._say(f"{path}: {columns}")
        found = Checker(path.name, columns, self._order.asked, lambda letters: taken.get(letters, "")).check(
            rows
        )
        self._say(f"  {len(found.good)} good rows, {len(found.wrong)} left out")
        return found

    def _sampled(self, good: list[Record]) -> list[Record]:
        used = sampled(good)
        if len(used) < len(good):
            self._say(
                f"  {len(used)} of them are used, the rare categories whole: more would train for too long"
            )
        return used

    def _tell_wrong(self, wrong: Sequence[Wrong]) -> None:
        self._store.write_wrong(wrong)
        for one in wrong[:_PRINTED]:
            self._say(f"  {one}")
        if not wrong:
            return
        if len(wrong) > _PRINTED:
            self._say(f"  … and {len(wrong) - _PRINTED} more")
        self._say(f"all rows that were left out: {self._store.wrong_rows}")
        unknown = list(strangers(wrong))
        for why, times in unknown[:_STRANGERS]:
            self._say(f"  {times} rows: {why}")
        if unknown:
            self._say(
                "say what such a value means with --map 'their value=our.code'; our codes: bot/categories.tsv"
            )

    # --- training ---

    @property
    def _training(self) -> Training:
        return Training(self._store, self._nlu, self._progress)

    def _busily(self, work: Callable[[], Outcome]) -> Outcome:
        with self._out.status("at work; this takes minutes"):
            return work()

    def _finish(self, outcome: Outcome) -> None:
        self._say(f"the model is {self._nlu.folder / 'models' / outcome.model}")
        if self._settings.nlu_url:
            self._say("LINLI_NLU_URL is set: what answers there is not this model until you take it there")
        elif self._home.holder():
            self._say("Linli is running with the model before it: start it again to use this one")
        else:
            self._say("`linli run` and `linli nlu` use it from now on")

    # --- telling ---

    def _say(self, line: str) -> None:
        self._out.print(line, markup=False)

    def _progress(self, line: str) -> None:
        self._out.print(f"[dim]{escape(line)}[/dim]")

    def _show(self, change: Change) -> None:
        table = Table(title="what the records change")
        for name in ("", "before", "after"):
            table.add_column(name, justify="right" if name else "left")
        table.add_row(f"category right, of {change.rows} rows held out", *_percent(change.category))
        table.add_row(f"intent right, of {change.rows} rows held out", *_percent(change.intent))
        called = (f"{change.called.before or 0:.0f}", f"{change.called.after or 0:.0f}")
        table.add_row(f"taken for more than talk, of {change.chatter} messages of talk", *called)
        table.add_row(f"another intent than before, of {change.messages} messages", "", str(change.changed))
        self._out.print(table)
        self._say(
            "Before: without any records. After: a model that was not taught the rows held out. Talk and messages are "
            "those of our own example groups. The model that is kept is taught all rows, so expect a little more of it."
        )


def _percent(share: Share) -> tuple[str, str]:
    both = (share.before, share.after)
    before, after = ("–" if one is None else f"{one:.1%}" for one in both)
    return before, after
