"""The report as a file, CSV or XLSX, for spreadsheets. What people have named is text there and never a formula."""

import csv
import io
import re
from collections.abc import Mapping, Sequence

from actions.course import Count
from actions.rates import By, Report, Share
from bot.report_table import COUNTS, RATES, Line, Words

Cell = str | int | Share
_FORMULA = re.compile(r"(^|[;,\t\r\n])(?=[\s\x00-\x1f\ufeff\u200b]*[=+\-@＝＋－＠|%]|[\t\r\n])")
"""Where a spreadsheet takes what follows for a formula; it may also cut a cell at another sign than the comma."""


def as_csv(report: Report, by: By, words: Words, grids: Mapping[str, str]) -> bytes:
    """One division with all together; UTF-8 with a mark, without which spreadsheets misread Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    for row in _rows(report, words.lines(report, by, grids), words):
        writer.writerow([_plain(cell) for cell in row])
    return out.getvalue().encode("utf-8-sig", "replace")


def as_xlsx(report: Report, by: By, words: Words, grids: Mapping[str, str]) -> bytes:
    """Every division on a sheet of its own, the one that was asked for first."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    names = words.divisions()
    for one in (by, *(other for other in By if other is not by)):
        sheet = book.create_sheet(names[one])
        sheet.freeze_panes = "B2"
        sheet.column_dimensions["A"].width = 24
        for row in _rows(report, words.lines(report, one, grids), words):
            sheet.append([_typed(sheet, cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _rows(report: Report, lines: Sequence[Line], words: Words) -> list[list[Cell]]:
    counts, rates = words.counts(), words.rates()
    days = f"{report.period.first}…{report.period.last}"
    shares = [name for rate in RATES for name in (rates[rate], *_of(words, rate))]
    kinds = [f"{counts[count]}: {words.detail(count)}" for count in (Count.BOUNCED, Count.LATE)]
    rows: list[list[Cell]] = [[days, *shares, *(counts[count] for count in COUNTS), *kinds]]
    for line in (*lines, Line("", words.whole(), report.whole)):
        found: list[Cell] = [line.name]
        for rate in RATES:
            share: Share = getattr(line.tally, rate)
            found += [share, share.part, share.of]
        found += [line.tally.of(count) for count in COUNTS]
        found += [_told(words.kinds(line.tally, count)) for count in (Count.BOUNCED, Count.LATE)]
        rows.append(found)
    return rows


def _of(words: Words, rate: str) -> tuple[str, str]:
    return words.parts()[rate]


def _told(kinds: Sequence[tuple[str, int]]) -> str:
    return "; ".join(f"{name} {many}" for name, many in kinds)


def _plain(cell: Cell) -> str | int:
    if isinstance(cell, Share):
        return cell.percent if cell.of else ""
    return _FORMULA.sub(r"\1'", cell) if isinstance(cell, str) else cell


def _typed(sheet: object, cell: Cell) -> object:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    if isinstance(cell, Share):
        found = WriteOnlyCell(sheet, cell.rate)
        found.number_format = "0.0%"
        return found
    if isinstance(cell, int):
        return cell
    text = ILLEGAL_CHARACTERS_RE.sub("", cell.encode("utf-8", "replace").decode())
    found = WriteOnlyCell(sheet, text)
    found.data_type = "s"  # a text that begins with = is one, too
    return found
