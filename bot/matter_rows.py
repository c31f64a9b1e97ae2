"""The rows of a responsibility list: a table is checked, every fault named with its place, and written again as CSV.

Nothing is kept here; bot/matter_list.py does that. What cannot be told from a fault is one: a list is law in the city.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import TypeVar

from actions.assignment import Secrecy
from actions.levels import Level
from actions.limits import Limit
from actions.matters import Matter
from bot.categories import codes_by_name
from bot.table import BadTable, Row

COLUMNS: dict[str, tuple[str, ...]] = {
    "code": ("code", "编码", "事项编码", "代码", "事项代码"),
    "name_zh": ("name_zh", "name", "名称", "事项名称", "事项", "中文名称"),
    "name_en": ("name_en", "英文名称", "英文"),
    "category": ("category", "类别", "分类", "所属类别"),
    "lead": ("lead", "unit", "牵头单位", "主办单位", "责任单位", "主责单位"),
    "assisting": ("assisting", "协办单位", "配合单位", "协助单位"),
    "level": ("level", "层级", "起始层级", "办理层级"),
    "respond": ("respond", "响应时限", "受理时限", "签收时限"),
    "resolve": ("resolve", "办结时限", "处置时限", "办理时限"),
    "confidentiality": ("confidentiality", "secrecy", "保密级别", "密级", "公开级别"),
    "basis": ("basis", "法律依据", "依据", "设定依据"),
    "from": ("from", "begins", "生效日期", "实施日期", "起始日期"),
    "until": ("until", "ends", "失效日期", "截止日期", "废止日期"),
    "synonyms": ("synonyms", "同义词", "俗称", "常见说法", "常用说法"),
}
"""The columns, in the order in which they are written, and what they may be called."""
NEEDED = ("code", "name_zh", "category", "lead", "level", "respond", "resolve", "from")

LEVELS: dict[Level, tuple[str, ...]] = {
    Level.COMMUNITY: ("社区", "村", "村社区", "村(社区)", "社区村"),
    Level.STREET: ("街道", "乡镇", "镇", "镇街", "街镇", "街道(乡镇)", "乡镇(街道)", "township"),
    Level.DISTRICT: ("区", "县", "区县", "县区", "区(县)", "县(区)", "county"),
    Level.CITY: ("市", "市级"),
}
SECRECY: dict[Secrecy, tuple[str, ...]] = {
    Secrecy.OPEN: ("0", "公开", "open", ""),
    Secrecy.INTERNAL: ("1", "内部", "internal"),
    Secrecy.CONFIDENTIAL: ("2", "保密", "confidential"),
}
_MEASURES: dict[str, str] = {
    "分钟": "m", "分": "m", "小时": "h", "个小时": "h", "天": "d", "日": "d", "个自然日": "d", "自然日": "d",
    "工作小时": "wh", "个工作小时": "wh", "工作日": "wd", "个工作日": "wd",
}  # fmt: skip

LONGEST = {"code": 100, "name_zh": 60, "name_en": 120, "lead": 60, "basis": 1000, "synonyms": 2000}
_MOST_LETTERS = 200
_HEADER_WITHIN = 10  # rows: a list often begins with a title
_NO_UNIT = "there is no unit"
_SHOWN = 40  # letters of a value that a fault quotes
_CODE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)+")
_UNITS = re.compile(r"[;；、/／\n]+")
_SAYINGS = re.compile(r"[;；、\n]+")
_BASES = re.compile(r"[;；\n]+")
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?: 00:00:00)?")


_Meant = TypeVar("_Meant")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one cell, and what to do. `row` is its number in the spreadsheet."""

    file: str
    row: int
    column: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}, {self.column}: {self.why}"


@dataclass(frozen=True, slots=True)
class Held:
    """A matter for which two units are named. It is held back until somebody settles which of them leads."""

    code: str
    claims: tuple[Matter, ...]

    @property
    def units(self) -> tuple[str, ...]:
        """Those that are named, each once."""
        return tuple(dict.fromkeys(claim.lead for claim in self.claims))


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of the rows: what can be adopted, what is contested, what is wrong."""

    matters: tuple[Matter, ...]
    held: tuple[Held, ...]
    faults: tuple[Fault, ...]


def check(file: str, rows: Sequence[Row], units: frozenset[str] | None = None) -> Checked:
    """Check all rows; `units` are those that the city has, None where nobody has named them. Raises BadTable."""
    return _Checker(file, rows, units).checked()


def _plain(name: str) -> str:
    """A name as it is compared: width, case and blanks do not matter."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name)).casefold()


_TITLES = {_plain(title): column for column, titles in COLUMNS.items() for title in titles}
_LEVELS = {_plain(word): level for level, words in LEVELS.items() for word in (level.value, *words)}
_SECRECY = {_plain(word): secrecy for secrecy, words in SECRECY.items() for word in words}


class _Checker:
    """Checks the rows of one file."""

    def __init__(self, file: str, rows: Sequence[Row], units: frozenset[str] | None) -> None:
        self._file, self._rows, self._units = file, rows, units
        self._header, self._at = self._columns()
        self._categories = {_plain(name): code for name, code in codes_by_name().items()}
        self._faults: list[Fault] = []
        self._claims: dict[str, list[tuple[int, Matter]]] = {}

    def _columns(self) -> tuple[int, dict[str, int]]:
        """The row of the titles, from 0, and where each column stands. Raises BadTable."""
        titles = [[_TITLES.get(_plain(cell), "") for cell in row] for row in self._rows[:_HEADER_WITHIN]]
        header = next((at for at, names in enumerate(titles) if {"code", "lead"} <= set(names)), -1)
        if header < 0:
            raise BadTable(
                f"{self._file}: no row of titles: the first row names the columns, {_wanted(NEEDED)}"
            )
        names = titles[header]
        twice = sorted({name for name in names if name and names.count(name) > 1})
        missing = [name for name in NEEDED if name not in names]
        if twice:
            raise BadTable(f"{self._file}, row {header + 1}: two columns are {_wanted(twice)}: leave one")
        if missing:
            raise BadTable(f"{self._file}, row {header + 1}: add the column {_wanted(missing)}")
        return header, {name: at for at, name in enumerate(names) if name}

    def checked(self) -> Checked:
        """Every row below the titles that has anything in it is adopted, held or at fault."""
        for number, row in enumerate(self._rows[self._header + 1 :], self._header + 2):
            if row:
                self._row(number, row)
        adopted: list[Matter] = []
        held: list[Held] = []
        for code, claims in self._claims.items():
            matters = tuple(matter for _, matter in claims)
            if len({matter.lead for matter in matters}) > 1:
                held.append(Held(code, matters))
            else:
                adopted.append(matters[0])
                self._faults += [
                    Fault(self._file, row, "code", f"{code} stands in row {claims[0][0]} already: leave one")
                    for row, _ in claims[1:]
                ]
        return Checked(tuple(adopted), tuple(held), tuple(_once(self._faults)))

    def _row(self, number: int, row: Row) -> None:
        cells = _Cells(row, self._at)
        matters = _matters(cells, self._categories, self._units)
        self._faults += [Fault(self._file, number, column, why) for column, why in cells.faults]
        if not cells.faults:
            for matter in matters:
                self._claims.setdefault(matter.code, []).append((number, matter))


def _once(faults: Sequence[Fault]) -> Iterator[Fault]:
    """In the order of the rows, a unit that is missing once for all its rows: else it hides all that is wrong beside it."""
    rows: dict[tuple[str, str], list[int]] = {}
    for fault in faults:
        if _is_unit_missing(fault):
            rows.setdefault((fault.column, fault.why), []).append(fault.row)
    for fault in sorted(faults, key=lambda fault: fault.row):
        of_it = sorted(rows.get((fault.column, fault.why), [fault.row]))
        if fault.row == of_it[0]:
            more = f" (and in {len(of_it) - 1} more rows)" if len(of_it) > 1 else ""
            yield replace(fault, why=fault.why + more)


def _is_unit_missing(fault: Fault) -> bool:
    return fault.column == "lead" and fault.why.startswith(_NO_UNIT)


def _wanted(columns: Sequence[str]) -> str:
    return ", ".join(f"{name} ({COLUMNS[name][-1]})" for name in columns)


class _Cells:
    """The cells of one row, and what is wrong with them."""

    def __init__(self, row: Row, at: Mapping[str, int]) -> None:
        self._row, self._at = row, at
        self.faults: list[tuple[str, str]] = []

    def text(self, column: str) -> str:
        """What a cell says, on one line; "" where the table has no such column."""
        at = self._at.get(column, len(self._row))
        said = self._row[at] if at < len(self._row) else ""
        most = LONGEST.get(column, _MOST_LETTERS)
        if said.startswith(("=", "+", "@")) or (said.startswith("-") and len(said) > 1):
            self.fault(column, "a formula: put in the value that it gives")
        elif any(unicodedata.category(sign) == "Cc" and sign != "\n" for sign in said):
            self.fault(column, "a control character: write it anew")
        elif len(said) > most:
            self.fault(column, f"{len(said)} characters; {most} at most")
        elif not said and column in NEEDED:
            self.fault(column, "is empty: fill it in")
        else:
            return said
        return ""

    def many(self, column: str, between: re.Pattern[str]) -> tuple[str, ...]:
        """The parts of a cell, each once."""
        parts = (" ".join(part.split()) for part in between.split(self.text(column)))
        return tuple(dict.fromkeys(part for part in parts if part))

    def fault(self, column: str, why: str) -> None:
        """Something is wrong; told once."""
        if (column, why) not in self.faults:
            self.faults.append((column, why))

    def meant(self, column: str, means: Callable[[str], _Meant], instead: str) -> _Meant | None:
        """What a cell means; None where it says nothing, or where it is at fault: then `instead` says what to write."""
        said = self.text(column)
        if not said:
            return None
        try:
            return means(said)
        except (KeyError, ValueError):
            self.fault(column, f"{said[:_SHOWN]!r}: {instead}")
            return None


_LIMIT = "write 30m, 2h, 1d, 4wh (working hours) or 3wd (working days); 2小时 and 3个工作日 will do"
_DAY = "write a day such as 2026-01-01"


def _matters(
    cells: _Cells, categories: Mapping[str, str], units: frozenset[str] | None
) -> tuple[Matter, ...]:
    """The row as a matter, once for each unit that is named to lead; with a fault, what comes out is not to be used."""
    code = cells.text("code")
    category = cells.meant(
        "category", lambda said: categories[_plain(said)], "no category; `linli matters` shows them"
    )
    if code and category and not (_CODE.fullmatch(code) and code.startswith(f"{category}.")):
        cells.fault("code", f"{code[:_SHOWN]!r}: write {category}. and a short name of a-z, 0-9 and _")
    level = cells.meant(
        "level",
        lambda said: _LEVELS[_plain(said)],
        "write community 社区, street 街道, district 区县 or city 市",
    )
    respond, resolve = cells.meant("respond", _limit, _LIMIT), cells.meant("resolve", _limit, _LIMIT)
    secrecy = cells.meant(
        "confidentiality", lambda said: _SECRECY[_plain(said)], "write 0 公开, 1 内部 or 2 保密"
    )
    begins, ends = cells.meant("from", _day, _DAY), cells.meant("until", _day, _DAY)
    if begins and ends and ends < begins:
        cells.fault("until", f"{ends} is before {begins}, when it begins")
    leads, assisting = _leads(cells, units), cells.many("assisting", _UNITS)
    name_zh, name_en = (" ".join(cells.text(name).split()) for name in ("name_zh", "name_en"))
    basis, synonyms = cells.many("basis", _BASES), cells.many("synonyms", _SAYINGS)
    if cells.faults or not (category and level and respond and resolve and begins):
        return ()
    return tuple(
        Matter(
            code=code,
            name_zh=name_zh,
            name_en=name_en,
            category=category,
            lead=lead,
            assisting=tuple(unit for unit in assisting if unit != lead),
            level=level,
            respond=respond,
            resolve=resolve,
            secrecy=secrecy or Secrecy.OPEN,
            basis=basis,
            begins=begins,
            ends=ends,
            synonyms=synonyms,
        )
        for lead in leads
    )


def _leads(cells: _Cells, known: frozenset[str] | None) -> tuple[str, ...]:
    named = cells.many("lead", _UNITS)
    if not named and cells.text("lead"):
        cells.fault("lead", "names no unit: fill it in")
    for unit in named:
        if known is not None and unit not in known:
            near = get_close_matches(unit, known, 1)
            meant = f"; is it {near[0]}?" if near else ""
            cells.fault("lead", f"{_NO_UNIT} {unit[:_SHOWN]!r} in the hierarchy{meant}")
    return named


def _limit(said: str) -> Limit:
    plain = _plain(said)
    written = re.fullmatch(r"(\d+)(\D+)", plain)
    return Limit.parse(f"{written[1]}{_MEASURES.get(written[2], written[2])}" if written else plain)


def _day(said: str) -> date:
    written = _DATE.fullmatch(said)
    if not written:
        raise ValueError(said)
    return date(int(written[1]), int(written[2]), int(written[3]))


# --- writing ---


def written(matters: Iterable[Matter]) -> str:
    """The matters as CSV; read again, it gives the same."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_cells(matter) for matter in matters)
    return file.getvalue()


def _cells(matter: Matter) -> tuple[str, ...]:
    return (
        matter.code,
        matter.name_zh,
        matter.name_en,
        matter.category,
        matter.lead,
        ";".join(matter.assisting),
        matter.level.value,
        str(matter.respond),
        str(matter.resolve),
        str(matter.secrecy.value),
        ";".join(matter.basis),
        matter.begins.isoformat(),
        matter.ends.isoformat() if matter.ends else "",
        ";".join(matter.synonyms),
    )
