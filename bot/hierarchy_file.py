"""The hierarchy as a spreadsheet, CSV or XLSX: a row an area, unit, grid, worker, supervisor or group.

Its rows become the tables that linli.toml could have held, so everything is checked by the same rules.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from actions.levels import Level
from bot.table import BadTable, Row, read
from bot.toml_lines import Place
from bot.written import Written

TITLES = {
    "kind": ("kind", "类型", "类别"),
    "id": ("id", "编号", "代码"),
    "name": ("name", "名称", "姓名"),
    "level": ("level", "级别", "层级"),
    "parent": ("parent", "上级", "所属"),
    "roles": ("roles", "职责", "承担"),
    "people": ("people", "人员"),
    "groups": ("groups", "群"),
    "unit": ("unit", "单位", "责任单位"),
    "community": ("community", "社区", "小区"),
}
"""The columns and how their titles may be written; others are passed over."""
KINDS = {
    "area": ("area", "区域", "辖区"),
    "unit": ("unit", "单位", "部门"),
    "grid": ("grid", "网格"),
    "worker": ("worker", "网格员", "工作人员"),
    "supervisor": ("supervisor", "负责人", "督办人"),
    "group": ("group", "群"),
}
LEVELS = {
    Level.COMMUNITY: ("社区", "村", "村/社区", "社区/村"),
    Level.STREET: ("街道", "镇", "乡", "街道/乡镇", "乡镇"),
    Level.DISTRICT: ("区", "县", "区/县", "区县", "县区"),
    Level.CITY: ("市", "城市"),
}
_KEYS: dict[str, dict[str, str]] = {
    "area": {"name": "name", "level": "level", "parent": "parent", "people": "supervisors"},
    "unit": {"name": "name", "parent": "area", "roles": "acts_for", "people": "workers"},
    "grid": {
        "name": "name",
        "parent": "area",
        "people": "workers",
        "groups": "groups",
        "unit": "unit",
        "community": "community",
    },
}
"""Which column gives which key of a table."""
_MEMBERS = {
    "worker": (("grid", "workers"), ("unit", "workers")),
    "supervisor": (("area", "supervisors"),),
    "group": (("grid", "groups"),),
}
"""To what a row of this kind belongs, and the list that it enters there."""
_SEVERAL = {"acts_for", "supervisors", "workers", "groups"}
_BETWEEN = re.compile(r"[;；、|,，\n]+")
_HEADER_WITHIN = 10  # rows: exports often begin with a title


def path_of(raw: Mapping[str, Any], toml: Path) -> Path | None:
    """The file that linli.toml names, from the folder of which its path counts."""
    named = raw.get("hierarchy")
    return toml.absolute().parent / Path(named).expanduser() if named and isinstance(named, str) else None


def import_hierarchy(
    raw: dict[str, Any], toml: Path, written: Written, instead: Path | None = None
) -> list[str]:
    """Put the rows of the file that `raw` names (or of the one `instead`) into it, and note where they come from.

    What cannot be put anywhere is told, a line a fault.
    """
    path = instead or path_of(raw, toml)
    if path is None:
        return []
    raw["hierarchy"] = str(path)
    tables = [raw.setdefault(kind, []) for kind in _KEYS]
    if not all(isinstance(table, list) for table in tables):
        return []  # it will be told that they are no tables
    try:
        rows = read(path)
    except BadTable as reason:
        return [str(reason) if instead else f"{written.at_line(('hierarchy',))}: {reason}"]
    return _Sheet(path, rows, raw, written).put()


class _Sheet:
    """One file, and the tables that its rows go into."""

    def __init__(self, path: Path, rows: Sequence[Row], raw: dict[str, Any], written: Written) -> None:
        self._path, self._rows, self._raw, self._written = path, rows, raw, written
        self._faults: list[tuple[int, str]] = []
        # A cell of several lines moves all that follows down.
        more = accumulate((sum(cell.count("\n") for cell in row) for row in rows), initial=0)
        self._lines = [number + below for number, below in enumerate(more, 1)]
        self._owners: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}

    def put(self) -> list[str]:
        """Tables first, wherever they stand, then who belongs to them; what is wrong."""
        header, columns = _header(self._rows)
        if not {"kind", "id"} <= columns.keys():
            wanted = ", ".join(TITLES)
            return [f"{self._where(max(header, 1))}: the titles of the columns are missing: {wanted}"]
        found = [
            (number, {column: row[at] for column, at in columns.items() if at < len(row)})
            for number, row in enumerate(self._rows[header:], header + 1)
            if row and not row[0].startswith("#")
        ]
        members = []
        for number, row in found:
            kind = _meant(row.get("kind", ""), KINDS)
            if kind in _KEYS:
                self._table(number, kind, row)
            elif kind in _MEMBERS:
                members.append((number, kind, row))
            else:
                self._tell(number, "kind", f"{kind or 'nothing'} is none of {', '.join(KINDS)}")
        self._owners = {
            (kind, str(one.get("id"))): (at, one)
            for kind in _KEYS
            for at, one in enumerate(self._raw[kind])
            if isinstance(one, dict)
        }
        for number, kind, row in members:
            self._member(number, kind, row)
        return [told for _, told in sorted(self._faults)]

    def _table(self, number: int, kind: str, row: Mapping[str, str]) -> None:
        keys = {"id": "id", **_KEYS[kind]}
        self._no_more_than(number, kind, row, keys)
        table = {key: _value(key, row[column]) for column, key in keys.items() if row.get(column)}
        at = len(self._raw[kind])
        self._raw[kind].append(table)
        here = self._where(number)
        self._written.note({(kind, at): here})
        self._written.note({(kind, at, key): f"{here}: {column}" for column, key in keys.items()})

    def _member(self, number: int, kind: str, row: Mapping[str, str]) -> None:
        self._no_more_than(number, kind, row, ("id", "name", "parent"))
        if not row.get("id"):
            return self._tell(number, "id", "this cell is needed")
        owners = _parts(row.get("parent", ""))
        if not owners:
            self._tell(number, "parent", f"say to what this {kind} belongs")
        for owner in owners:
            self._join(number, kind, row, owner)
        return None

    def _join(self, number: int, kind: str, row: Mapping[str, str], owner: str) -> None:
        for table, key in _MEMBERS[kind]:
            if (table, owner) in self._owners:
                at, one = self._owners[table, owner]
                self._enter(number, kind, row, (table, at, key), one)
                return
        kinds = " or ".join(table for table, _ in _MEMBERS[kind])
        self._tell(number, "parent", f"there is no {kinds} {owner}: add it, or correct the name")

    def _enter(
        self,
        number: int,
        kind: str,
        row: Mapping[str, str],
        place: tuple[str, int, str],
        owner: dict[str, Any],
    ) -> None:
        members = owner.setdefault(place[2], [])
        if not isinstance(members, list):
            return  # it will be told that this is no list
        if row["id"] in map(_id_of, members):
            self._tell(number, "id", f"{kind} {row['id']} is in {owner['id']} already: take one out")
            return
        there: Place = (*place, len(members))
        members.append(row["id"] if kind == "group" else _person(row["id"], row.get("name", "")))
        self._written.note({there: f"{self._where(number)}: id"})

    def _no_more_than(
        self, number: int, kind: str, row: Mapping[str, str], columns: Sequence[str] | Mapping[str, str]
    ) -> None:
        for column in row:
            if row[column] and column not in {"kind", *columns}:
                self._tell(number, column, f"it means nothing for a {kind}: leave the cell empty")

    def _tell(self, number: int, column: str, what: str) -> None:
        self._faults.append((number, f"{self._where(number)}: {column}: {what}"))

    def _where(self, number: int) -> str:
        if self._path.suffix.lower() == ".xlsx":
            return f"{self._path.name} row {number}"
        return f"{self._path.name} line {self._lines[number - 1]}"


def _header(rows: Sequence[Row]) -> tuple[int, dict[str, int]]:
    """The number of the row of titles, from 1, and where each column stands; 0 for none."""
    for number, row in enumerate(rows[:_HEADER_WITHIN], 1):
        titles = [_meant(cell, TITLES) for cell in row]
        if "kind" in titles and "id" in titles:
            return number, {title: titles.index(title) for title in TITLES if title in titles}
    return 0, {}


def _meant(word: str, names: Mapping[str, tuple[str, ...]]) -> str:
    """What a word of the file stands for; itself where it is none of ours."""
    plain = word.strip().lower()
    return next((name for name, spellings in names.items() if plain in spellings), plain)


def _value(key: str, cell: str) -> Any:
    if key == "level":
        return _meant(cell, {level.value: names for level, names in LEVELS.items()})
    if key not in _SEVERAL:
        return cell
    parts = _parts(cell)
    return parts if key in {"acts_for", "groups"} else [_person(*_id_and_name(part)) for part in parts]


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in _BETWEEN.split(cell) if part.strip()]


def _id_and_name(part: str) -> tuple[str, str]:
    first, *rest = part.split(maxsplit=1)
    return first, "".join(rest)


def _person(person: str, name: str) -> dict[str, str]:
    return {"id": person, "name": name}


def _id_of(member: object) -> object:
    return member.get("id") if isinstance(member, dict) else member
