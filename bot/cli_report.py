"""`linli report`: the rates of a period out of the running installation's Redis, as a table, JSON, CSV or XLSX."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from rich import box
from rich.console import Console
from rich.table import Table

from actions.course import Count
from actions.period import NAMES, Period, named
from actions.rates import By, Report
from actions.visible import in_json, visible
from bot.at_hand import opened
from bot.grids import Grids
from bot.phrases import gettext
from bot.report_file import as_csv, as_xlsx
from bot.report_table import RATES, Line, Words, as_json
from bot.report_words import days
from bot.reports import Reports
from bot.settings import Settings

_SHOWN = (
    Count.OPENED,
    Count.SETTLED,
    Count.OPEN,
    Count.OVERDUE,
    Count.LAPSED,
    Count.BOUNCED,
    Count.DISPUTED,
    Count.REOPENED,
    Count.RAISED,
    Count.LATE,
)
"""What a terminal has room for; the files have everything."""


class BadOrder(Exception):
    """What was asked for cannot be counted; the text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line."""

    first: str | None
    last: str | None
    period: str
    by: str
    csv: Path | None
    xlsx: Path | None
    as_json: bool

    def division(self) -> By:
        """By what. Raises `BadOrder`."""
        try:
            return By(self.by)
        except ValueError:
            raise BadOrder(f"--by {self.by}: it is one of {', '.join(By)}") from None

    def days(self, now: datetime, zone: ZoneInfo) -> Period:
        """The period. Raises `BadOrder`."""
        if self.period not in NAMES:
            raise BadOrder(f"--period {self.period}: it is one of {', '.join(NAMES)}")
        if not (self.first or self.last):
            return named(self.period, now, zone)
        today = now.astimezone(zone).date()
        try:
            last = date.fromisoformat(self.last) if self.last else today
            return Period(date.fromisoformat(self.first) if self.first else last, last, zone)
        except ValueError as error:
            raise BadOrder(f"--from and --to are days such as 2026-03-01: {error}") from None


def main(settings: Settings, order: Order) -> None:
    """Do it. Raises `BadOrder`, `Refused`, `Unreachable`, and OSError where a file cannot be written."""
    by, period = order.division(), order.days(datetime.now(UTC), ZoneInfo(settings.timezone))
    report, names = asyncio.run(_counted(settings, period))
    words = Words(settings.lang)
    for path, write in ((order.csv, as_csv), (order.xlsx, as_xlsx)):
        if path:
            path.write_bytes(write(report, by, words, names))
    lines = words.lines(report, by, names)
    if order.as_json:
        print(in_json(json.dumps(as_json(report, by, lines), ensure_ascii=False, indent=1)))  # noqa: T201 the output
    elif not (order.csv or order.xlsx):
        show(report, by, lines, words)


async def _counted(settings: Settings, period: Period) -> tuple[Report, dict[str, str]]:
    async with opened(settings) as state:
        grids = Grids(settings)
        await grids.load(state)
        reports = Reports(state, grids)
        report = await reports.report(period)
        return report, await reports.names(report.rows[By.GRID])


def show(report: Report, by: By, lines: list[Line], words: Words, console: Console | None = None) -> None:
    """Print the report as a table."""
    console = console or Console(markup=False, highlight=False, emoji=False)
    counts = words.counts()
    table = Table(title=f"{words.divisions()[by]} · {days(report.period)}", box=box.SIMPLE, show_footer=False)
    table.add_column("")
    for name in (*words.rates().values(), *(counts[one] for one in _SHOWN)):
        table.add_column(name, justify="right")
    for line in (*lines, Line("", words.whole(), report.whole)):
        shares = [getattr(line.tally, rate) for rate in RATES]
        cells = [f"{share.percent} ({share.part}/{share.of})" if share.of else "—" for share in shares]
        table.add_row(visible(line.name), *cells, *(str(line.tally.of(one)) for one in _SHOWN))
    console.print(table)
    if report.unreadable:
        _ = gettext(words.lang)
        console.print(
            _("{n} cases are not counted: their trace cannot be followed.").format(n=report.unreadable)
        )
