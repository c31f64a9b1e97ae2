"""How a trace is stored: the lines of cases, and the spine of a group, which holds them together.

A line is the fact's own record with one more key, `chain`: the link's number and the salts of its parts, and where
its personal part was erased (`was`), what the link said of it before. The spine is one text a link, `CASE HASH`, which
only ever grows. A line without `chain` is from before there was one; it becomes a link when its group is next saved.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any

from actions.chain import (
    BEGUN,
    ERASED,
    GROUPS_OWN,
    MATTER,
    PERSONAL,
    SEALED,
    Head,
    Link,
    Shown,
    canonical,
    commitment,
    hash_of,
    parts_of,
)
from actions.facts import Fact
from actions.ledger import Change, Erasure
from connectors.codec import dump

CHAIN = "chain"
LINES_AN_ERASURE = 200
"""Lines that one link names at most; more of them are more links."""
Salt = Callable[[], str]


def new_salt() -> str:
    """128 bits that nobody can guess."""
    return token_urlsafe(16)


@dataclass(slots=True)
class Growth:
    """What one save adds to a group's chain: `lines` are pairs of a case's number and a line, `spine` what holds them.

    `replaced` are lines that read otherwise now: a case's number, the place in its trace, the line.
    """

    group: str
    head: Head
    lines: list[tuple[int, str]] = field(default_factory=list)
    spine: list[str] = field(default_factory=list)
    replaced: list[tuple[int, int, str]] = field(default_factory=list)
    salt: Salt = new_salt

    def begin(self, at: datetime, old: Iterable[tuple[int, int, str]] = ()) -> None:
        """The first link, and after it one for each line from before there was a chain."""
        records = [(number, place, json.loads(line)) for number, place, line in old]
        sealed = [(number, place, self._sealed(record)) for number, place, record in records]
        commits = [[number, seals] for number, _, (_, seals) in sealed]
        first = {
            "is": BEGUN,
            "at": at.isoformat(),
            "group": self.group,
            "imported": len(records),
            "digest": sha256(canonical(commits)).hexdigest(),
        }
        self.add(GROUPS_OWN, first)
        for number, place, (line, seals) in sealed:
            self._link(number, line, seals)
            self.replaced.append((number, place, _text(line)))

    def add(self, number: int, record: dict[str, Any]) -> None:
        """One more link."""
        line, seals = self._sealed(record)
        self._link(number, line, seals)
        self.lines.append((number, _text(line)))

    def fact(self, number: int, fact: Fact) -> None:
        """One more link, for a fact."""
        self.add(number, json.loads(dump(fact, Fact)))

    def erase(self, erasure: Erasure, lines: Callable[[int], Sequence[str]]) -> None:
        """Put what is left in the place of what is erased; `lines` are those of a case, by its number."""
        said: dict[str, str] = {}
        for one in erasure.cases:
            number = one.case.number
            fresh = {place: line for case, place, line in self.replaced if case == number}
            old = [fresh.get(place, line) for place, line in enumerate(lines(number))]
            said |= self._rewrite(number, old, one.facts)
        numbers = list(said)
        for start in range(0, len(numbers), LINES_AN_ERASURE):
            some = {n: said[n] for n in numbers[start : start + LINES_AN_ERASURE]}
            self.add(
                GROUPS_OWN, {"is": ERASED, "at": erasure.at.isoformat(), "why": erasure.why, "lines": some}
            )

    def _rewrite(self, number: int, old: Sequence[str], new: Sequence[Fact]) -> dict[str, str]:
        """Put facts in the place of those that stand in a case's trace; what the erasure has to say of them."""
        said = {}
        for place, (before, fact) in enumerate(zip(old, new, strict=True)):
            line, record = json.loads(before), json.loads(dump(fact, Fact))
            personal = parts_of(record).get(PERSONAL, {})
            if personal == _part(line, PERSONAL):
                continue
            mark = line[CHAIN]
            was = mark.get("was") or _seals(line).get(PERSONAL, "")
            salt = {**mark["salt"], PERSONAL: self.salt()}
            kept = {**_part(line, "open"), **_part(line, MATTER)}
            self.replaced.append(
                (number, place, _text({**kept, **personal, CHAIN: {**mark, "salt": salt, "was": was}}))
            )
            said[str(mark["n"])] = commitment(PERSONAL, salt[PERSONAL], personal)
        return said

    def _sealed(self, record: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        parts = parts_of(record)
        salts = {part: self.salt() for part in SEALED if part in parts}
        seals = {part: commitment(part, salt, parts[part]) for part, salt in salts.items()}
        return {**record, CHAIN: {"n": 0, "salt": salts}}, seals

    def _link(self, number: int, line: dict[str, Any], seals: dict[str, str]) -> None:
        n, opened = self.head.n + 1, parts_of(_plain(line))["open"]
        self.head = Head(n, hash_of(n, number, self.head.hash, opened, seals))
        line[CHAIN]["n"] = n
        self.spine.append(f"{number} {self.head.hash}")


def _plain(line: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in line.items() if name != CHAIN}


def _part(line: dict[str, Any], part: str) -> dict[str, Any]:
    return parts_of(_plain(line)).get(part, {})


def _seals(line: dict[str, Any]) -> dict[str, str]:
    salts = line[CHAIN]["salt"]
    return {part: commitment(part, salts[part], _part(line, part)) for part in SEALED if part in salts}


def _text(line: dict[str, Any]) -> str:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:  # half a surrogate pair, as in the codec
        return json.dumps(line, separators=(",", ":"))
    return text


def moment_of(change: Change) -> datetime | None:
    """When it happened, of a change that adds to its group's chain; None for one that does not."""
    for moved in change.moved:
        for fact in moved.facts:
            return fact.at
    return change.erasure.at if change.erasure else None


def is_linked(line: str) -> bool:
    """Whether a line is a link of its group's chain."""
    return CHAIN in json.loads(line)


def head_of(text: str | None) -> Head | None:
    """A head as it is stored; None where there is no chain yet."""
    if not text:
        return None
    n, _, last = text.partition(" ")
    return Head(int(n), last)


def head_text(head: Head) -> str:
    """How a head is stored."""
    return f"{head.n} {head.hash}"


def link_of(line: str | None, spine: str, prev: str) -> Link | None:
    """The link that a stored line and its place in the spine make; None where they cannot be read."""
    number, _, last = spine.partition(" ")
    try:
        raw = json.loads(line or "")
        parts, mark = parts_of(_plain(raw)), raw[CHAIN]
        salts = {str(part): str(salt) for part, salt in mark["salt"].items() if part in SEALED}
        shown = {part: Shown(parts.get(part, {}), salt) for part, salt in salts.items()}
        seals = {part: it.commits(part) for part, it in shown.items()}
        erased = seals[PERSONAL] if mark.get("was") else ""
        if erased:
            seals[PERSONAL] = str(mark["was"])
        return Link(
            n=int(mark["n"]),
            case=int(number),
            prev=prev,
            hash=last,
            open=parts["open"],
            seals=seals,
            shown=shown,
            erased=erased,
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


# --- reading a chain ------------------------------------------------------------------------------------

Lines = Callable[[int], AsyncIterator[str]]
"""The lines of a case, by its number, in their order."""


async def woven(
    spine: AsyncIterator[str], lines: Lines, cases: AsyncIterator[int]
) -> AsyncIterator[Link | None]:
    """The links of a group as they stand: what is missing is left out, what does not belong comes where it is found.

    `cases` are the numbers of all cases that there are, for lines of which the spine knows nothing.
    """
    readers: dict[int, _Ahead] = {}
    prev, n = "", 0
    async for vertebra in spine:
        n += 1
        number = _number(vertebra)
        reader = readers.setdefault(number, _Ahead(lines(number)))
        while (line := await reader.next()) is not None and _n_of(line) < n:
            yield link_of(line, vertebra, prev)  # not one that the spine knows here
            reader.pop()
        if line is not None and _n_of(line) == n:
            yield link_of(line, vertebra, prev)
            reader.pop()
        prev = vertebra.partition(" ")[2]
    async for number in cases:
        reader = readers.setdefault(number, _Ahead(lines(number)))
        while (line := await reader.next()) is not None:
            yield link_of(line, f"{number} ", prev)
            reader.pop()


class _Ahead:
    """Looks at the next line before it is taken."""

    def __init__(self, lines: AsyncIterator[str]) -> None:
        self._lines, self._next = lines, ""

    async def next(self) -> str | None:
        if not self._next:
            self._next = await anext(self._lines, "")
        return self._next or None

    def pop(self) -> None:
        self._next = ""


def _number(vertebra: str) -> int:
    number = vertebra.partition(" ")[0]
    return int(number) if number.isdecimal() and len(number) < 16 else GROUPS_OWN


def _n_of(line: str) -> int:
    """The number of the link that a line says it is; 0 for none."""
    try:
        n = json.loads(line)[CHAIN]["n"]
    except (ValueError, TypeError, KeyError):
        return 0
    return n if isinstance(n, int) else 0
