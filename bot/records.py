"""A city's own records: the rows of its table, checked, and turned into what the NLU can learn from.

Nothing is written here. bot/table.py reads the file, bot/record_store.py keeps what is good.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from actions.mask import mask
from bot.categories import codes_by_name
from bot.table import BadTable, Row

LONGEST = 4096
"""Letters of a text; the NLU reads no more."""
MOST = 10_000
"""Good rows of one file that are used; training time grows with them."""
MOST_HELD = 400
"""Rows that are held out of the comparison, at most; a fifth of them otherwise."""
_HEADER_WITHIN = 10  # rows: exports often begin with a title
_SHOWN = 40  # letters of a value that a fault quotes

RECOGNISED = {
    "text": (
        "诉求内容", "投诉内容", "反映内容", "问题描述", "事件描述", "工单内容", "诉求描述", "内容描述", "描述", "内容", "正文",
        "text", "description", "content", "message", "complaint", "details", "body",
    ),
    "category": (
        "问题类别", "诉求类别", "事件类别", "问题分类", "诉求分类", "事件分类", "工单分类", "问题类型", "诉求类型", "事件类型",
        "类别", "分类", "类型", "category", "servicename", "servicecode", "complainttype", "requesttype", "type",
    ),
    "urgency": ("紧急程度", "紧急级别", "urgency"),
}  # fmt: skip
"""Names of columns that need not be stated, the likeliest first, as `_plain` spells them."""

_SAID = {
    "report": "report 报修 上报 反映 投诉 举报 求助 诉求 complaint request",
    "consult": "consult 咨询 question enquiry inquiry",
    "urge": "urge 催办 催单",
    "second": "second 附议",
    "detail": "detail 补充",
    "resolved": "resolved 已解决",
    "disputed": "disputed 未解决",
    "withdraw": "withdraw 撤回 撤诉 撤销",
    "chatter": "chatter 闲聊 无关",
}
_PRESSES = {
    "normal": "normal 一般 普通 正常 平件 low medium",
    "urgent": "urgent 紧急 急件 加急 high",
    "emergency": "emergency 特急 危急 突发 特别紧急 critical",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One good row: what somebody said, masked, and what it was. `category` and `urgency` are a report's only."""

    text: str
    intent: str
    category: str
    urgency: str


@dataclass(frozen=True, slots=True)
class Wrong:
    """One row that is left out. `row` is its number in the spreadsheet; `why` holds nobody's number."""

    file: str
    row: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}, row {self.row}: {self.why}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the operator stated: names of columns, and what values of theirs mean (`codes_of` made it)."""

    text: str | None = None
    category: str | None = None
    intent: str | None = None
    urgency: str | None = None
    means: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the columns stand, from 0, None for what the table does not tell; and the row of their names, from 1."""

    names: Row
    header: int
    at: Mapping[str, int]

    def __str__(self) -> str:
        return ", ".join(f"{what} from {self.names[at]!r}" for what, at in self.at.items())


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one file's rows."""

    good: list[Record]
    wrong: list[Wrong]


def _plain(name: str) -> str:
    """A name as it is compared: width, case, blanks and underscores do not matter."""
    return re.sub(r"[\s_]+", "", unicodedata.normalize("NFKC", name)).casefold()


def same(text: str) -> str:
    """What two records may not share: the text without signs and blanks (+1 is not 1, though)."""
    letters = re.sub(r"[\W_]+", "", text)
    return letters if len(letters) > 2 else text


# --- what words mean ---


def _by_word(table: Mapping[str, str]) -> dict[str, str]:
    return {_plain(word): name for name, words in table.items() for word in words.split()}


def _meanings() -> dict[str, dict[str, str]]:
    categories = {_plain(name): code for name, code in codes_by_name().items()}
    return {"intent": _by_word(_SAID), "category": categories, "urgency": _by_word(_PRESSES)}


def codes_of(maps: Sequence[str]) -> dict[str, str]:
    """What `--map "their value=our.code"` says. Raises ValueError naming one that says nothing we know."""
    known = {name: code for meanings in _meanings().values() for name, code in meanings.items()}
    found = {}
    for one in maps:
        theirs, sign, ours = one.rpartition("=")
        if not sign or not theirs.strip():
            raise ValueError(f"--map {one!r}: it must be 'their value=our.code'")
        if _plain(ours) not in known:
            raise ValueError(f"--map {one!r}: {ours.strip()!r} is no category, intent or urgency of ours")
        found[_plain(theirs)] = known[_plain(ours)]
    return found


# --- columns ---


def columns_of(file: str, rows: Sequence[Row], asked: Asked) -> Columns:
    """Where text, category and the others stand. Raises BadTable naming the columns there are."""
    header = next(
        (at for at, row in enumerate(rows[:_HEADER_WITHIN]) if _find(row, "text", asked.text) is not None), -1
    )
    if header < 0:
        header = next((at for at, row in enumerate(rows) if row), 0)
    names = rows[header] if rows else ()
    at: dict[str, int] = {}
    for what in ("text", "category", "intent", "urgency"):
        named: str | None = getattr(asked, what)
        found = _find(names, what, named)
        if found is not None:
            at[what] = found
        elif named or what in {"text", "category"}:
            raise BadTable(_no_column(file, what, named, names))
    return Columns(names, header + 1, at)


def _find(names: Row, what: str, named: str | None) -> int | None:
    plain = [_plain(name) for name in names]
    wanted = (_plain(named),) if named else RECOGNISED.get(what, ())
    return next((plain.index(name) for name in wanted if name in plain), None)


def _no_column(file: str, what: str, named: str | None, names: Row) -> str:
    there = ", ".join(mask(name)[:_SHOWN] for name in names[:50] if name) or "none"
    which = f"no column {named!r}" if named else f"which column holds the {what}? State it with --{what}"
    return f"{file}: {which}; the columns there are: {there}"


# --- rows ---


class Checker:
    """Checks the rows of one file. `taken` says where a text stands already; "" where nowhere."""

    def __init__(
        self, file: str, columns: Columns, asked: Asked, taken: Callable[[str], str] = lambda _: ""
    ) -> None:
        self._file, self._columns, self._taken = file, columns, taken
        self._meanings = {what: {**known, **asked.means} for what, known in _meanings().items()}
        self._ours = {what: set(known.values()) for what, known in _meanings().items()}
        self._seen: dict[str, int] = {}

    def check(self, rows: Sequence[Row]) -> Checked:
        """Every row below the header that has anything in it is good or wrong, never both."""
        found = Checked([], [])
        for number, row in enumerate(rows[self._columns.header :], self._columns.header + 1):
            if not row:
                continue
            try:
                found.good.append(self._record(number, row))
            except ValueError as why:
                found.wrong.append(Wrong(self._file, number, str(why)))
        return found

    def _record(self, number: int, row: Row) -> Record:
        """Raises ValueError saying what is wrong."""
        text = cleaned(self._cell(row, "text"))
        if not any(letter.isalnum() for letter in text):
            raise ValueError("no text")
        if len(text) > LONGEST:
            raise ValueError(f"too long: {len(text)} letters, {LONGEST} at most")
        intent = self._meaning(row, "intent", "report")
        report = intent == "report"
        category = self._meaning(row, "category", "") if report else ""
        urgency = self._meaning(row, "urgency", "normal") if report else ""
        if report and not category:
            raise ValueError("no category")
        self._once(number, text)
        return Record(text, intent, category, urgency)

    def _cell(self, row: Row, what: str) -> str:
        at = self._columns.at.get(what, len(row))
        return row[at] if at < len(row) else ""

    def _meaning(self, row: Row, what: str, absent: str) -> str:
        said = self._cell(row, what)
        if not said:
            return absent
        found = self._meanings[what].get(_plain(said), "")
        if found not in self._ours[what]:
            raise ValueError(f"unknown {what} {cleaned(said)[:_SHOWN]!r}")
        return found

    def _once(self, number: int, text: str) -> None:
        letters = same(text)
        elsewhere = self._taken(letters)
        if elsewhere:
            raise ValueError(f"the same text is in {elsewhere} already")
        first = self._seen.setdefault(letters, number)
        if first != number:
            raise ValueError(f"the same text as row {first}")


def cleaned(text: str) -> str:
    """The text on one line, masked; braces mark places in the examples, so they become round."""
    whole = text.encode("utf-8", "replace").decode("utf-8")
    shown = "".join(sign for sign in whole if sign.isspace() or unicodedata.category(sign) != "Cc")
    return " ".join(mask(" ".join(shown.split())).replace("{", "(").replace("}", ")").split())


# --- choosing ---


def _lot(record: Record) -> bytes:
    return sha256(record.text.encode()).digest()


def sampled(records: Sequence[Record], most: int = MOST) -> list[Record]:
    """At most so many, the rare categories whole before the frequent ones; the same ones for the same rows."""
    if len(records) <= most:
        return list(records)
    turns: dict[tuple[str, str], int] = {}
    ranked = []
    for record in sorted(records, key=_lot):
        kind = (record.intent, record.category)
        turns[kind] = turns.get(kind, 0) + 1
        ranked.append((turns[kind], record))
    chosen = {id(record) for _, record in sorted(ranked, key=lambda one: one[0])[:most]}
    return [record for record in records if id(record) in chosen]


def split(records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """A fifth, `MOST_HELD` at most, chosen by the hash of the text; and the others."""
    by_lot = sorted(records, key=_lot)
    held = min(MOST_HELD, len(by_lot) // 5)
    return by_lot[:held], by_lot[held:]


def strangers(wrong: Sequence[Wrong]) -> Iterator[tuple[str, int]]:
    """Their values that mean nothing to us, the most frequent first, with how many rows have each."""
    counts: dict[str, int] = {}
    for one in wrong:
        if one.why.startswith("unknown "):
            counts[one.why] = counts.get(one.why, 0) + 1
    yield from sorted(counts.items(), key=lambda both: -both[1])
