"""The trace as it leaves the program, and what verifies it: a file of JSON lines, or the state that runs.

An export for everybody shows what the table of confidentiality lets out (`EXPORT`): no words, no people, no places, and of
confidential cases no matter. The commitments to what is left out stay, so that it verifies all the same.
"""

import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from actions.advance import rebuild
from actions.case import IllegalMove
from actions.chain import GROUPS_OWN, MATTER, Head, Link, read
from actions.confidentiality import Audience, Field, secrecy_of, sees
from actions.verifying import Verifier
from bot.forgetting import alias
from bot.ports import State

TRIES = 3
"""So often a running group is looked at again, where it grew meanwhile."""
HEADLESS = "the head of its chain was taken away; the chain itself has {n} links, and may have had more"
GONE = "case {n} was taken away, though its trace is here"
OTHERWISE = "case {n} is not what its trace leads to"


@dataclass(frozen=True, slots=True)
class Wrong:
    """The first thing that is wrong with a group's trace. `line` is that of the file, 0 where there is none."""

    group: str
    line: int
    what: str

    def __str__(self) -> str:
        where = [f"line {self.line}"] * bool(self.line) + [self.group] * bool(self.group)
        return f"{', '.join(where)}: {self.what}"


@dataclass(slots=True)
class Verified:
    """What was verified: groups, links, what is wrong first in each group, and what nobody can say anything of.

    `unkept` are groups of which no head was kept, though others' heads were.
    """

    groups: int = 0
    links: int = 0
    wrong: list[Wrong] = field(default_factory=list)
    unchained: list[str] = field(default_factory=list)
    unkept: list[str] = field(default_factory=list)


class TraceExport:
    """Reads traces out of the state. `key` makes the names of people's own chats unreadable. Raises `Unreachable`."""

    def __init__(self, state: State, key: str) -> None:
        self._state, self._key = state, key

    async def lines(self, groups: Iterable[str], *, whole: bool = False) -> AsyncIterator[dict[str, Any]]:
        """The links of these groups, group by group, oldest first; `whole` with all that is left out else."""
        for group in groups:
            name = group if whole else await self.name_of(group)
            shows = _Shows(self._state, group)
            async for link in self._state.links(group):
                if link is None:
                    yield {"group": name, "unreadable": True}
                    continue
                shown = link.shown if whole else await shows.of(link)
                yield {"group": name, **replace(link, shown=shown).told()}

    async def heads(self) -> AsyncIterator[dict[str, Any]]:
        """The head of every chain, to be kept elsewhere."""
        for group in await self._state.groups():
            head = await self._state.head(group)
            if head.n:
                yield {"group": await self.name_of(group), "n": head.n, "hash": head.hash}

    async def name_of(self, group: str) -> str:
        """A group's name; for a person's own chat, whose name is the person's, a sign in its place."""
        platform, _, number = group.partition(":")
        own = platform == "telegram" and not number.startswith("-")
        if not own:
            own = await self._is_of(group)
        return f"{platform}:own-{alias(group, self._key)}" if own else group

    async def _is_of(self, group: str) -> bool:
        """Whether the first case of the group was reported by whom it is named after."""
        try:
            first = await self._state.case(f"{group}:1")
        except ValueError:
            return False  # somebody has altered it, which is for `verify` to say
        return first is not None and first.reporter == group

    async def verify(self, kept: Mapping[str, Head], groups: Iterable[str] | None = None) -> Verified:
        """Verify all that is stored, or these groups of it, against the heads that were `kept` elsewhere too."""
        found, left = Verified(), dict(kept)
        for group in await self._state.groups() if groups is None else groups:
            name = await self.name_of(group)
            if kept and name not in left and (await self._state.head(group)).n:
                found.unkept.append(name)
            await self._group(group, left.pop(name, None), found)
        if groups is not None:
            return found
        found.wrong += [
            Wrong(name, 0, f"the chain is gone: it had {head.n} links") for name, head in left.items()
        ]
        return found

    async def _group(self, group: str, kept: Head | None, found: Verified) -> None:
        for _ in range(TRIES):
            head = await self._state.head(group)
            told = set[int]()
            links, wrong = await self._chain(group, (head, kept), told)
            if wrong is None or head == await self._state.head(group):
                break
        wrong = wrong or await self._cases(group, told)
        if head.n == 0 and not wrong and await self._state.cases(group):
            found.unchained.append(group)
        found.groups += 1
        found.links += links
        if wrong:
            found.wrong.append(wrong)

    async def _chain(
        self, group: str, heads: tuple[Head, Head | None], told: set[int]
    ) -> tuple[int, Wrong | None]:
        """How many links are sound, and what is wrong first; `told` gets the numbers of the cases that they tell of."""
        head, kept = heads
        both = (Verifier(head if head.n else None), Verifier(kept))
        async for link in self._state.links(group):
            told |= {link.case} if link else set()
            for verifier in both:
                verifier.take(link)
        faults = [fault for verifier in both if (fault := verifier.end())]
        links = both[0].head.n
        if faults:
            return links, Wrong(group, 0, str(min(faults, key=lambda fault: fault.at)))
        return links, Wrong(group, 0, HEADLESS.format(n=links)) if links and not head.n else None

    async def _cases(self, group: str, told: set[int]) -> Wrong | None:
        """The first case that is gone, or is not what its trace says."""
        try:
            there = {case.number for case in await self._state.cases(group, every=True)}
        except ValueError:
            there = told
        for number in sorted((told | there) - {GROUPS_OWN}):
            if number not in there:
                return Wrong(group, 0, GONE.format(n=number))
            if not await self._is_told(f"{group}:{number}"):
                return Wrong(group, 0, OTHERWISE.format(n=number))
        return None

    async def _is_told(self, case: str) -> bool:
        """Whether a case is what its trace leads to; it may move while it is looked at."""
        for _ in range(TRIES):
            with suppress(IllegalMove, ValueError):
                trace = await self._state.trace(case)
                if rebuild(trace) == await self._state.case(case):
                    return True
        return False


class _Shows:
    """What of a group's links an export may show, by the secrecy of their cases."""

    def __init__(self, state: State, group: str) -> None:
        self._state, self._group = state, group
        self._open: dict[int, bool] = {GROUPS_OWN: False}

    async def of(self, link: Link) -> Mapping[str, Any]:
        if link.case not in self._open:
            case = await self._state.case(f"{self._group}:{link.case}")
            self._open[link.case] = bool(case and sees(Audience.EXPORT, Field.CATEGORY, secrecy_of(case)))
        return {part: it for part, it in link.shown.items() if part == MATTER and self._open[link.case]}


# --- a file ---------------------------------------------------------------------------------------------


def read_heads(lines: Iterable[str]) -> dict[str, Head]:
    """Heads that were kept. Raises ValueError naming the line that is none."""
    found = {}
    for at, line in enumerate(lines, 1):
        try:
            raw = json.loads(line)
            if set(raw) != {"group", "n", "hash"}:  # an export would verify itself
                raise ValueError(line)
            found[str(raw["group"])] = Head(int(raw["n"]), str(raw["hash"]))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ValueError(f"line {at} is no head of a chain, as `linli trace heads` writes them") from None
    if not found:
        raise ValueError("it holds no head of a chain, as `linli trace heads` writes them")
    return found


def verify_lines(lines: Iterable[str], kept: Mapping[str, Head], only: str | None = None) -> Verified:
    """Verify an export, against the heads that were `kept` elsewhere too; `only`: it is of this group."""
    left = {name: head for name, head in kept.items() if only in {None, name}}
    found, seen = Verified(), set[str]()
    for group, start, links in _runs(lines):
        if group in seen:
            found.wrong.append(Wrong(group, start, "lines of this group stand in two places"))
            continue
        seen.add(group)
        if only not in {None, group}:
            continue
        if kept and group not in left:
            found.unkept.append(group)
        verifier = Verifier(left.pop(group, None))
        for link in links:
            verifier.take(link)
        fault = verifier.end()
        if fault:
            found.wrong.append(Wrong(group, start + fault.at - 1, str(fault)))
        found.groups += 1
        found.links += verifier.head.n
    found.wrong += [
        Wrong(name, 0, f"the chain is missing: it had {head.n} links") for name, head in left.items()
    ]
    return found


def _runs(lines: Iterable[str]) -> Iterator[tuple[str, int, list[Link | None]]]:
    """The lines of each group that stand together, with the number of the first."""
    group, start, run = "", 1, list[Link | None]()
    for at, line in enumerate(lines, 1):
        name, link = _read(line)
        if run and name and name != group and group:
            yield group, start, run
            start, run = at, []
        group = name or group
        run.append(link)
    if run:
        yield group, start, run


def _read(line: str) -> tuple[str, Link | None]:
    """The group of a line, "" where it names none, and its link."""
    try:
        raw = json.loads(line)
        name = str(raw["group"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return "", None
    try:
        return name, read(raw)
    except ValueError:
        return name, None
