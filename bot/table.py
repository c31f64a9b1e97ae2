"""A table: the rows of a spreadsheet, CSV or XLSX, numbered as the spreadsheet numbers them."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

Row = tuple[str, ...]

MOST_BYTES = 100_000_000
MOST_ROWS = 200_000
_MOST_UNPACKED = 1_000_000_000
_DELIMITERS = ",;\t"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


class BadTable(Exception):
    """The file cannot be read as a table. The text is for the operator and names the file."""


def read(path: Path, *, formulas: bool = False) -> list[Row]:
    """All rows: row n of the spreadsheet at n - 1, an empty one as (). Raises BadTable.

    A formula is read as the value it had when the file was saved; with `formulas` as it is written, `=A1`.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadTable(f"{path}: larger than {MOST_BYTES // 1_000_000} MB: split it")
        content = path.read_bytes()
    except OSError as error:
        raise BadTable(f"{path}: {error.strerror}") from None
    rows = list(islice(_rows(path, content, formulas=formulas), MOST_ROWS + 1))
    if len(rows) > MOST_ROWS:
        raise BadTable(f"{path}: more than {MOST_ROWS} rows: split it")
    if not any(rows):
        raise BadTable(f"{path}: there is nothing in it")
    return rows


def _rows(path: Path, content: bytes, *, formulas: bool) -> Iterator[Row]:
    if content.startswith(_OLD_EXCEL):
        raise BadTable(f"{path}: an old or locked Excel file: save it as .xlsx without a password, or as CSV")
    if content.startswith(b"PK"):
        return _of_xlsx(path, content, formulas=formulas)
    return _of_csv(path, _decoded(path, content))


def _cells(values: Iterable[object]) -> Row:
    cells = [_cell(value) for value in values]
    return tuple(cells) if any(cells) else ()


def _cell(value: object) -> str:
    """A cell as text; numbers as they are shown (412, not 412.0)."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if hasattr(value, "ref"):  # openpyxl's object for a formula over many cells
        return "="
    return str(value).strip()


def _decoded(path: Path, content: bytes) -> str:
    for mark, encoding in (
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
        (b"", "utf-8-sig"),
        (b"", "gb18030"),
    ):
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                continue
    raise BadTable(f"{path}: neither UTF-8 nor GB18030 text, nor XLSX")


def _of_csv(path: Path, text: str) -> Iterator[Row]:
    head = next((line for line in text.splitlines() if line.strip()), "")
    try:
        delimiter = max(_DELIMITERS, key=lambda sign: len(next(csv.reader([head], delimiter=sign), [])))
    except csv.Error:
        delimiter = ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        yield from map(_cells, lines)
    except csv.Error as error:
        raise BadTable(f"{path}: line {lines.line_num}: {error}; is a quotation mark missing?") from None


def _of_xlsx(path: Path, content: bytes, *, formulas: bool) -> Iterator[Row]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            if sum(part.file_size for part in parts.infolist()) > _MOST_UNPACKED:
                raise BadTable(f"{path}: larger than {_MOST_UNPACKED // 1_000_000} MB unpacked: split it")
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=not formulas)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # many exporters state a wrong size, and cells beyond it would be lost
        yield from map(_cells, sheet.iter_rows(values_only=True))
    except BadTable:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises whatever a malformed file leads it into
        raise BadTable(f"{path}: not an XLSX file that can be read ({type(error).__name__})") from None
