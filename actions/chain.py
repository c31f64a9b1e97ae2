r"""The chain: every fact of a group's cases is a link that commits to all the links before it.

A link is made of a record, which has three parts. What is open stands in it as it is; the matter, and what is personal,
it commits to by a salted hash: without the salt, which is kept with the part and deleted with it, nobody can try what
was said. So words can be left out of an export, or be erased for good, and the chain still verifies.

    part  = SHA-256( "linli.part.1\n" NAME "\n" SALT "\n" canonical(part) )
    link  = SHA-256( "linli.link.1\n" canonical({n, case, prev, open, matter, personal}) )

Canonical is JSON with sorted keys, without blanks, in ASCII. An erasure is itself a link (`Erased`): it names every
line that reads otherwise from then on, with the commitment to what stands there instead.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

Record = Mapping[str, Any]

_OPEN = frozenset({
    "is", "at", "number", "urgency", "confidence", "sure", "files_at_once", "warned", "doubtful", "keys", "ticket", "update",
    "known", "timer", "clock", "light", "score", "what", "told", "disputed", "why", "lines", "imported", "digest",
})  # fmt: skip
_MATTER = frozenset({"category", "categories", "matter", "matters", "assignment", "ruling", "private"})
MATTER, PERSONAL = "matter", "personal"
SEALED = (MATTER, PERSONAL)
"""The parts to which a link commits by a salted hash. What is named nowhere above is personal."""
GROUPS_OWN = 0
"""In the place of a case's number: the link is the group's, not a case's."""
BEGUN, ERASED = "Begun", "Erased"


def canonical(value: object) -> bytes:
    """The one way in which a value is written down to be hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def parts_of(record: Record) -> dict[str, dict[str, Any]]:
    """A record taken apart: `open`, `matter` and `personal`; what is empty is left out, but for `open`."""
    found: dict[str, dict[str, Any]] = {"open": {}, MATTER: {}, PERSONAL: {}}
    for name, value in record.items():
        part = "open" if name in _OPEN else MATTER if name in _MATTER else PERSONAL
        found[part][name] = value
    return {part: values for part, values in found.items() if values or part == "open"}


def commitment(part: str, salt: str, values: Record) -> str:
    """What a link says of a part that it does not show."""
    return sha256(f"linli.part.1\n{part}\n{salt}\n".encode() + canonical(values)).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """How long a chain is, and the hash of its last link; a chain of no links has the hash ""."""

    n: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """A part as it reads, with its salt."""

    values: Record
    salt: str

    def commits(self, part: str) -> str:
        """What a link has to say of it."""
        return commitment(part, self.salt, self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link. `seals` are its commitments by part, `shown` those parts that can be read here.

    `erased` is the commitment to what stands in the place of its personal part, where that was erased.
    """

    n: int
    case: int
    prev: str
    hash: str
    open: Record
    seals: Mapping[str, str]
    shown: Mapping[str, Shown]
    erased: str = ""

    @property
    def hashed(self) -> str:
        """The hash that it must have."""
        return hash_of(self.n, self.case, self.prev, self.open, self.seals)

    @property
    def head(self) -> Head:
        """The chain's head once this is its last link."""
        return Head(self.n, self.hash)

    def told(self) -> dict[str, Any]:
        """The link as a line of an export."""
        line: dict[str, Any] = {"n": self.n, "case": self.case, "open": dict(self.open), **self.seals}
        if self.erased:
            line["erased"] = self.erased
        if self.shown:
            line["shown"] = {part: {"salt": it.salt, "is": it.values} for part, it in self.shown.items()}
        return {**line, "prev": self.prev, "hash": self.hash}


def hash_of(n: int, case: int, prev: str, opened: Record, seals: Mapping[str, str]) -> str:
    """The hash of a link."""
    body = {
        "n": n,
        "case": case,
        "prev": prev,
        "open": opened,
        **{part: seals.get(part, "") for part in SEALED},
    }
    return sha256(b"linli.link.1\n" + canonical(body)).hexdigest()


def read(line: object) -> Link:
    """A line of an export. Raises ValueError for what is none."""
    try:
        if not isinstance(line, dict):
            raise TypeError("no object")
        raw: dict[str, Any] = line
        link = Link(
            n=_whole(raw["n"]),
            case=_whole(raw["case"]),
            prev=_text(raw["prev"]),
            hash=_text(raw["hash"]),
            open=_record(raw["open"]),
            seals={part: _text(raw[part]) for part in SEALED if part in raw},
            shown=dict(_shown(raw.get("shown", {}))),
            erased=_text(raw.get("erased", "")),
        )
        canonical([link.told()])  # also what is nested too deep to be written down
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"this is no link: {error}") from None
    return link


def _shown(raw: object) -> Iterator[tuple[str, Shown]]:
    for part, value in _record(raw).items():
        if part not in SEALED:
            raise TypeError(f"there is no part {part}")
        yield part, Shown(_record(_record(value)["is"]), _text(value["salt"]))


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a number is needed")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is needed")
    return value


def _record(value: object) -> Record:
    if not isinstance(value, dict):
        raise TypeError("an object is needed")
    return value
