"""Verifying a chain: which line is the first that was altered, is missing or was inserted.

A line is judged with the two that follow it, for it is they who tell a forged line from the one whose place it took.
What was cut off at the end of a chain nobody can see from the chain: compare its head with one that was kept elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from actions.chain import ERASED, PERSONAL, Head, Link, Record


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong. `at` is the line's place in what was verified, from 1; `n` the number that its link has or should have."""

    at: int
    n: int
    what: str

    def __str__(self) -> str:
        return self.what


ALTERED = "link {n} was altered"
REPLACED = "link {n} was altered and its hash with it: what follows was made after another one"
INSERTED = "a link was inserted: the chain goes on without it after link {n}"
REPEATED = "a link was inserted: link {n} was here before"
ADRIFT = "a line was inserted after link {n}, or the chain was cut off there: this line is not in the chain"
MISSING = "link {n} is missing"
MISSING_MANY = "links {n} to {last} are missing"
UNREADABLE = "a line was inserted before link {n}, or link {n} cannot be read"
PART = "the {part} of link {n} was altered"
UNERASED = "what stands in link {n} in the place of what was erased is not what its erasure says"
UNSAID = "link {n} was erased, though no erasure says so: it was altered, or the end of the chain was cut off"
CUT = "links {n} to {last} are missing at the end: the head that was kept says that there were {last}"
CUT_ONE = "link {n} is missing at the end: the head that was kept says that it was there"
OTHER_HEAD = "link {n} is not the one that the head that was kept names: the chain was made anew"
_GAPS = (MISSING, MISSING_MANY, UNREADABLE, CUT, CUT_ONE)


class Verifier:
    """Takes the lines of one chain, in order, each a link or None where it cannot be read; `first` is what is wrong first.

    `kept` is a head of this chain that was kept elsewhere.
    """

    def __init__(self, kept: Head | None = None) -> None:
        self._window: list[Link | None] = []
        self._kept = kept
        self._at = 0
        self._erased: dict[int, tuple[int, str]] = {}
        self._said: dict[int, str] = {}
        self._gap = False
        self.head = Head()
        self.first: Fault | None = None

    def take(self, line: Link | None) -> None:
        """One more line."""
        self._window.append(line)
        if len(self._window) > 2:
            self._judge()

    def end(self) -> Fault | None:
        """There are no more; what is wrong first, None for a sound chain."""
        while self._window:
            self._judge()
        if self.first is None and self._kept and self._kept.n > self.head.n:
            first, last = self.head.n + 1, self._kept.n
            self._fault(self._at + 1, first, CUT if first < last else CUT_ONE, last=last)
        for n, (at, commits) in sorted(self._erased.items()):
            said = self._said.get(n)
            if said is None and self._gap:
                continue  # the erasure may have stood there
            if said != commits:
                self._fault(at, n, UNSAID if said is None else UNERASED)
                break
        return self.first

    def _judge(self) -> None:
        line, following = self._window.pop(0), self._window[:2]
        self._at += 1
        if self.first is not None:
            self._hear(line)  # an erasure behind a fault is one all the same
            return
        wrong = self._wrong(line, following)
        if wrong:
            what, more = wrong
            self._fault(self._at, more.pop("n"), what, **more)
            self._hear(line)
        elif line is not None:
            self._go_on(line)

    def _go_on(self, link: Link) -> None:
        self.head = link.head
        if self._kept and self._kept.n == link.n and self._kept.hash != link.hash:
            self._fault(self._at, link.n, OTHER_HEAD)
        for part, shown in link.shown.items():
            said = link.erased if part == PERSONAL and link.erased else link.seals.get(part, "")
            if shown.commits(part) != said:
                self._fault(self._at, link.n, PART, part=part)
        if link.erased:
            self._erased[link.n] = self._at, link.erased
        self._hear(link)

    def _hear(self, link: Link | None) -> None:
        if link is not None and link.open.get("is") == ERASED:
            self._said |= dict(_erasures(link.open))

    def _wrong(self, line: Link | None, following: list[Link | None]) -> tuple[str, dict[str, int]] | None:
        here = self.head
        after = following[0] if following else None
        beyond = following[1] if len(following) > 1 else None
        if line is not None and follows(line, here):
            rival = after is not None and follows(after, here)
            if rival and after and beyond and beyond.prev == after.hash != line.hash:
                return INSERTED, {"n": here.n}
            if after and not rival and after.n == line.n + 1 and after.prev != line.hash and is_whole(after):
                return REPLACED, {"n": line.n}
            return None
        if after is not None and follows(after, here):
            return INSERTED, {"n": here.n}
        return self._misfit(line, here)

    def _misfit(self, line: Link | None, here: Head) -> tuple[str, dict[str, int]]:
        if line is None:
            return UNREADABLE, {"n": here.n + 1}
        if not line.hash:
            return ADRIFT, {"n": here.n}
        if is_whole(line) and line.n > here.n + 1:
            last = line.n - 1
            return (MISSING_MANY if last > here.n + 1 else MISSING), {"n": here.n + 1, "last": last}
        if is_whole(line) and line.n <= here.n:
            return REPEATED, {"n": line.n}
        return ALTERED, {"n": here.n + 1}

    def _fault(self, at: int, n: int, what: str, **more: object) -> None:
        self._gap |= what in _GAPS
        found = Fault(at, n, what.format(n=n, **more))
        if self.first is None or at < self.first.at:
            self.first = found


def follows(link: Link, head: Head) -> bool:
    """Whether a link is whole and was made after this head."""
    return link.n == head.n + 1 and link.prev == head.hash and is_whole(link)


def is_whole(link: Link) -> bool:
    """Whether a link has the hash that it must have."""
    return link.hash == link.hashed


def _erasures(said: Record) -> Iterator[tuple[int, str]]:
    lines = said.get("lines")
    for n, commits in lines.items() if isinstance(lines, Mapping) else ():
        if str(n).isdecimal() and len(str(n)) < 16:
            yield int(n), str(commits)


def verified(links: Iterable[Link | None], kept: Head | None = None) -> Verifier:
    """A verifier that has taken all of a chain."""
    verifier = Verifier(kept)
    for link in links:
        verifier.take(link)
    verifier.end()
    return verifier
