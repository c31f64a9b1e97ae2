"""The account: what must be true of a city after everything in it was broken. Pure; `books.py` fills it in.

every message read once · every report one case, in order · every case one ticket · every trace its case ·
every update told once · no sentence twice, but where the platform leaves no way · the loop closes
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

FOR_GOOD = (
    "messages read twice",
    "a dead letter",
    "a ticket of no case",
    "dispatch was told twice",
    "a sentence twice",
)
"""What no waiting can mend."""
LOOKS_BACK = 60.0
"""Seconds between a sentence and the end of the process that said it, at most, for the one to be the other's victim."""


@dataclass(frozen=True)
class Said:
    """What somebody said. A report names its `place`; `poison` cannot be read."""

    group: str
    id: str
    text: str
    place: str = ""
    poison: bool = False


@dataclass(frozen=True)
class Kept:
    """A case as the program has it; `posts` are the messages that it knows to have put there, by what they are."""

    group: str
    id: str
    number: int
    stage: str
    place: str
    messages: tuple[str, ...]
    ticket: str | None
    posts: tuple[tuple[str, str], ...]
    trace_is_whole: bool = True


@dataclass(frozen=True)
class Sentence:
    """What the bot said. `by` is the process; `lost` that it could not learn that it was said."""

    group: str
    id: str
    text: str
    by: str
    at: float
    lost: bool = False
    number: int | None = None
    """Of the case that it is about."""


@dataclass(frozen=True)
class Finding:
    """What is wrong, where."""

    what: str
    group: str
    detail: str

    def __str__(self) -> str:
        return f"{self.what}: {self.group or '-'}: {self.detail}"

    @property
    def is_final(self) -> bool:
        """Whether no waiting can mend it."""
        return self.what in FOR_GOOD


@dataclass
class Account:
    """All that is compared. `read` is how many messages the program says to have read in each group."""

    said: list[Said] = field(default_factory=list)
    cases: list[Kept] = field(default_factory=list)
    tickets: list[tuple[str, str]] = field(default_factory=list)  # id, case
    told: list[str] = field(default_factory=list)
    sentences: list[Sentence] = field(default_factory=list)
    read: dict[str, int] = field(default_factory=dict)
    dead: list[tuple[str, str, str]] = field(default_factory=list)  # group, reason, body
    waiting: int = 0
    gone: list[tuple[float, str]] = field(default_factory=list)
    wants_closed: list[tuple[str, str]] = field(default_factory=list)  # group, message of the report
    chains: str = ""
    """What is wrong with the chains of the traces, if anything."""
    excused: list[Sentence] = field(default_factory=list)

    def findings(self) -> list[Finding]:
        """Everything that is wrong."""
        return [
            *self._messages(),
            *self._dead(),
            *self._cases(),
            *self._tickets(),
            *self._sentences(),
            *self._loops(),
            *([Finding("a broken chain", "", self.chains)] if self.chains else []),
        ]

    # --- in ------------------------------------------------------------------------------------------

    def _messages(self) -> list[Finding]:
        found = []
        if self.waiting:
            found.append(Finding("not read", "", f"{self.waiting} entries still wait in the inbox"))
        sent = Counter(one.group for one in self.said if not one.poison)
        for group in sorted({*sent, *self.read}):
            if (read := self.read.get(group, 0)) != sent[group]:
                what = "messages lost" if read < sent[group] else "messages read twice"
                found.append(Finding(what, group, f"{sent[group]} were said, {read} were read"))
        return found

    def _dead(self) -> list[Finding]:
        poison = [one for one in self.said if one.poison]
        found = []
        for one in poison:
            letters = sum(one.group == group and one.text in body for group, _, body in self.dead)
            if letters != 1:
                found.append(
                    Finding("poison", one.group, f"{one.text!r} is in {letters} dead letters, not in one")
                )
        for group, reason, body in self.dead:
            if not any(one.group == group and one.text in body for one in poison):
                found.append(Finding("a dead letter", group, f"{reason}: {body[:200]}"))
        return found

    # --- cases ---------------------------------------------------------------------------------------

    def _cases(self) -> list[Finding]:
        found = []
        of = defaultdict(list)
        for case in self.cases:
            for message, times in Counter(case.messages).items():
                of[case.group, message] += [case] * times
            if not case.trace_is_whole:
                found.append(Finding("a trace that is not its case", case.group, case.id))
        reports = [one for one in self.said if one.place]
        for one in reports:
            has = of[one.group, one.id]
            if len(has) != 1 or has[0].place != one.place:
                where = [f"{case.id} at {case.place}" for case in has]
                found.append(
                    Finding(
                        "a report that is not one case", one.group, f"message {one.id} {one.text}: {where}"
                    )
                )
        ours = {(one.group, one.id) for one in reports}
        found += [
            Finding("a case that nobody reported", case.group, f"{case.id} {case.messages}")
            for case in self.cases
            if not any((case.group, message) in ours for message in case.messages)
        ]
        return found + self._order()

    def _order(self) -> list[Finding]:
        found = []
        groups = defaultdict(list)
        for case in self.cases:
            groups[case.group].append(case)
        for group, cases in groups.items():
            inorder = sorted(cases, key=lambda case: case.number)
            firsts = [int(case.messages[0]) for case in inorder if case.messages]
            if firsts != sorted(firsts):
                found.append(Finding("out of order", group, f"cases by number begin with messages {firsts}"))
        return found

    def _tickets(self) -> list[Finding]:
        found = []
        filed = Counter(case for _, case in self.tickets)
        for case in self.cases:
            mine = [ticket for ticket, of in self.tickets if of == case.id]
            if filed[case.id] != 1 or mine != [case.ticket]:
                found.append(
                    Finding(
                        "not one ticket",
                        case.group,
                        f"{case.id} has {case.ticket}, dispatch has {mine} for it",
                    )
                )
        known = {case.id for case in self.cases}
        found += [
            Finding("a ticket of no case", "", f"{t} for {c!r}") for t, c in self.tickets if c not in known
        ]
        twice = [key for key, times in Counter(self.told).items() if times > 1]
        return found + [Finding("dispatch was told twice", "", key) for key in twice]

    def _loops(self) -> list[Finding]:
        stage = {(case.group, message): case for case in self.cases for message in case.messages}
        found = []
        for group, message in self.wants_closed:
            case = stage.get((group, message))
            if case is None or case.stage != "closed":
                where = f"{case.id} is {case.stage}" if case else f"message {message} has no case"
                found.append(Finding("a loop that does not close", group, where))
        return found

    # --- out -----------------------------------------------------------------------------------------

    def _sentences(self) -> list[Finding]:
        self.excused = []
        found = self._cards()
        said: dict[tuple[str, str], Sentence] = {}
        noted = {(case.group, post) for case in self.cases for _, post in case.posts}
        spent: Counter[tuple[str, str]] = Counter()
        for one in sorted(self.sentences, key=lambda one: one.at):
            if one.number is None:
                double = said.setdefault((one.group, one.text), one) is not one
                first = said[one.group, one.text]
            else:
                double, first = (one.group, one.id) not in noted, one
            if not double:
                continue
            if self._no_way(first, spent):
                self.excused.append(one)
            else:
                found.append(
                    Finding("a sentence twice", one.group, f"message {one.id} by {one.by}: {one.text!r}")
                )
        return found

    def _cards(self) -> list[Finding]:
        found = []
        shown = {(one.group, one.id) for one in self.sentences}
        for case in self.cases:
            cards = {post for what, post in case.posts if what == "card"}
            if len(cards) != 1:
                found.append(Finding("not one card", case.group, f"{case.id} has {sorted(cards)}"))
            found += [
                Finding("a message that is not there", case.group, f"{case.id}: {post}")
                for _, post in case.posts
                if (case.group, post) not in shown
            ]
        return found

    def _no_way(self, one: Sentence, spent: Counter[tuple[str, str]]) -> bool:
        """Whether who said it could not know, or could not write down, that it was said: once a group and end."""
        if one.lost:
            return True
        ends = [at for at, who in self.gone if who == one.by and 0 <= at - one.at < LOOKS_BACK]
        spent[one.group, one.by] += 1
        return spent[one.group, one.by] <= len(ends)
