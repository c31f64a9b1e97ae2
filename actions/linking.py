"""Linking: what a message has to do with what its group is already talking about.

Theory, in four sentences:

1. A message has options: it is none of our business, it begins a case of its own, or it joins one of the
   cases that the group may still be talking about.
2. Each option is described by features with names (`join second now`, `new asks`): time, places, category,
   speaker, words, meaning, quotations, and what the NLU makes of the message.
3. The features are weighed by numbers that were learnt from whole transcripts, together with the NLU
   (nlu/components/linking.py); weights become chances that add up to one.
4. Only `choose` knows thresholds, and they are the grid's policy.
"""

import math
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from operator import mul

from actions.case import KEYS, SETTLED, Case
from actions.message import Kind, Message, Role
from actions.places import Relation, plain, relation
from actions.policy import Policy
from actions.reading import Intent, Reading
from actions.talk import Line

Features = dict[str, float]

MOST_OPTIONS = 12
"""Cases that a message is compared with: those that were spoken of last."""
DOUBT_LASTS = timedelta(hours=12)
"""So long a report that nobody was sure of can still be borne out by what others say."""
SURE = 0.5
"""From this chance on dispatch is told what a message adds to a case; under it, it is only kept."""
_STAFF = (Role.WORKER, Role.PROPERTY, Role.OFFICIAL, Role.BOT)
_MEANING_SCALE = 127.0
_LEAST = 0.002
_ASKS = re.compile(r"[?？]|哪|几|咋|啥|吗|么|邊|边度|\b(?:where|which|what|when|how)\b", re.IGNORECASE)
_LATIN = re.compile(r"[a-z]{3,}")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_MINUTES = (
    (1, "1m"),
    (3, "3m"),
    (10, "10m"),
    (30, "30m"),
    (120, "2h"),
    (480, "8h"),
    (1440, "1d"),
    (4320, "3d"),
)
_LINES = (1, 2, 4, 8, 15, 30)
_LETTERS = ((0, "none"), (4, "few"), (10, "some"), (25, "a line"), (60, "two lines"))
_GAPS = ((1, "1m"), (5, "5m"), (30, "30m"))


@lru_cache(4096)
def words_of(text: str) -> frozenset[str]:
    """What a text can share with another: its Latin words, and its Chinese letters two by two."""
    folded = plain(text)
    pairs = (run[n : n + 2] for run in _HAN.findall(folded) for n in range(len(run) - 1))
    return frozenset((*_LATIN.findall(folded), *pairs))


def likeness(one: str, other: str) -> float:
    """How near two meanings are, as the NLU server writes them; 1 is the same, 0 is unrelated or unknown."""
    if not one or not other:
        return 0.0
    product: int = sum(map(mul, _numbers(one), _numbers(other)))
    return product / _MEANING_SCALE**2


@lru_cache(4096)
def _numbers(meaning: str) -> memoryview:
    return memoryview(b64decode(meaning)).cast("b")


@dataclass(frozen=True, slots=True)
class Scorer:
    """Weighs the features of an option: a weight each, and a small net over all of them.

    `weights` has a row a feature, the plain weight first, then one for each knot of the net; `bias` and
    `out` have a number a knot.
    """

    weights: Mapping[str, Sequence[float]]
    bias: Sequence[float] = ()
    out: Sequence[float] = ()

    def score(self, features: Features) -> float:
        """The weight of one option; only differences between options mean anything."""
        total = [0.0, *self.bias]
        for name, value in features.items():
            if value and (row := self.weights.get(name)):
                total = [sum_ + weight * value for sum_, weight in zip(total, row, strict=True)]
        bent = (out * knot for out, knot in zip(self.out, total[1:], strict=True) if knot > 0)
        return total[0] + sum(bent)

    def chances(self, options: Sequence[Features]) -> list[float]:
        """How likely each option is."""
        scores = [self.score(features) for features in options]
        most = max(scores)
        raised = [math.exp(score - most) for score in scores]
        return [one / sum(raised) for one in raised]


@dataclass(frozen=True)
class Heard:
    """A message, its reading, and what was said before it. `quoted` is the case that it replies to."""

    message: Message
    reading: Reading
    lines: Sequence[Line] = ()
    quoted: str | None = None

    @cached_property
    def chances(self) -> dict[Intent, float]:
        """How likely the NLU finds each intent."""
        return {intent: self.reading.chance(intent) for intent in Intent}

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The places that it names."""
        return tuple(span.value for span in self.reading.locations)

    @property
    def staff(self) -> bool:
        """Whether it comes from somebody whose work it is."""
        return self.message.role in _STAFF

    @cached_property
    def own(self) -> Line | None:
        """What the same person said before."""
        return next((line for line in reversed(self.lines) if line.sender == self.message.sender), None)

    def since(self, at: datetime) -> float:
        """Minutes between then and the message."""
        return (self.message.at - at).total_seconds() / 60


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that a message may mean; `case` is None for silence and for a case of its own."""

    features: Features
    case: Case | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """What a message is taken for: it joins `case`, or `opens` one, or neither.

    `chance` says how sure that is, from 0 to 1. `doubtful`: not sure enough to speak of it.
    """

    case: Case | None = None
    opens: bool = False
    doubtful: bool = False
    chance: float = 1.0


@dataclass
class Linker:
    """Chooses among options by learnt weights. `common` are words too frequent to tell anything."""

    options: Scorer
    kinds: Scorer
    common: frozenset[str] = frozenset()

    def weigh(self, heard: Heard, cases: Sequence[Case]) -> list[Option]:
        """Silence, a case of its own, and the cases that it may join, the latest first."""
        strands = _strands(heard, cases)
        words = words_of(heard.message.text) - self.common
        joins = [Option(_join(heard, strand, words), strand.case) for strand in strands]
        return [Option({}), Option(_new(heard, strands)), *joins]

    def choose(self, heard: Heard, cases: Sequence[Case], policy: Policy, *, warned: bool) -> Choice:
        """The best option. A cry for help (`warned`) is never passed over."""
        return self.chosen(self.weigh(heard, cases), policy, warned=warned)

    def chosen(self, options: Sequence[Option], policy: Policy, *, warned: bool) -> Choice:
        """The choice among options that are weighed."""
        silence, new, *joins = self.options.chances([option.features for option in options])
        joined = sum(joins)
        if joins and joined > new and (warned or joined >= policy.follow):
            best = max(range(len(joins)), key=joins.__getitem__)
            return Choice(options[2 + best].case, chance=joins[best])
        if warned or new >= policy.report:
            return Choice(opens=True, chance=new)
        if new >= policy.unsure:
            return Choice(opens=True, doubtful=True, chance=new)
        return Choice(chance=silence)

    def kind(self, heard: Heard, case: Case) -> tuple[Intent, float]:
        """What the message is to the case that it joins, and how sure that is."""
        options = [kind_features(heard, case, kind) for kind in KINDS]
        chances = self.kinds.chances(options)
        best = max(range(len(KINDS)), key=chances.__getitem__)
        return KINDS[best], chances[best]


@dataclass(frozen=True, slots=True)
class _Strand:
    """One case, as far as the last lines of the group tell of it. `rank` 0 was spoken of last."""

    case: Case
    rank: int
    lines: Sequence[Line] = ()
    lines_ago: int = _LINES[-1] + 1

    @property
    def people(self) -> set[str]:
        return {self.case.reporter, *self.case.followers, *(line.sender for line in self.lines)}

    @property
    def words(self) -> frozenset[str]:
        return frozenset().union(*(words_of(line.text) for line in self.lines))


def _strands(heard: Heard, cases: Sequence[Case]) -> list[_Strand]:
    """What is known of the cases that a message may be about, the one spoken of last first."""
    lines: dict[str, list[Line]] = {}
    ago: dict[str, int] = {}
    for n, line in enumerate(reversed(heard.lines), 1):
        lines.setdefault(line.case, []).append(line)
        ago.setdefault(line.case, n)
    at = heard.message.at
    fit = [case for case in cases if not (case.doubtful and at - case.spoken_at > DOUBT_LASTS)]
    fit.sort(key=lambda case: (-ago.get(case.id, _LINES[-1] + 1), case.spoken_at), reverse=True)
    likely = [*fit[:MOST_OPTIONS], *(case for case in fit[MOST_OPTIONS:] if case.id == heard.quoted)]
    return [
        _Strand(case, rank, lines.get(case.id, ()), ago.get(case.id, _LINES[-1] + 1))
        for rank, case in enumerate(likely)
    ]


def said_fixed(case: Case) -> bool:
    """Whether the last that was said of its mending is that it is mended."""
    verdicts = [what for _, what in case.messages if what in (Intent.RESOLVED, Intent.DISPUTED)]
    return case.stage in (*KEYS, *SETTLED) or verdicts[-1:] == [Intent.RESOLVED]


# --- features ------------------------------------------------------------------------------------------


def _log(chance: float) -> float:
    return math.log(chance + _LEAST) / 3


def _step(value: float, steps: Sequence[tuple[float, str]], beyond: str) -> str:
    return next((name for most, name in steps if value <= most), beyond)


def _common(prefix: str, heard: Heard) -> Features:
    message, role = heard.message, "staff" if heard.staff else "resident"
    found: Features = {f"{prefix} log {intent}": _log(chance) for intent, chance in heard.chances.items()}
    found |= {
        f"{prefix} {role}": 1.0,
        f"{prefix} {role} report": heard.chances[Intent.REPORT],
        f"{prefix} kind {message.kind}": 1.0,
        f"{prefix} length {_step(len(message.text), _LETTERS, 'long')}": 1.0,
        f"{prefix} names a place": float(bool(heard.places)),
        f"{prefix} asks": float(asks(message.text)),
    }
    return found


@lru_cache(4096)
def asks(text: str) -> bool:
    """Whether a text asks something."""
    return bool(_ASKS.search(text))


def _new(heard: Heard, strands: Sequence[_Strand]) -> Features:
    found, category, report = _common("new", heard), heard.reading.category, heard.chances[Intent.REPORT]
    found["new category sure"] = category.confidence
    found["new category other"] = float(category.name.startswith("other"))
    found["new none open lately"] = float(all(heard.since(strand.case.spoken_at) > 30 for strand in strands))
    found["new place x report"] = bool(heard.places) * report
    if heard.message.reply_to:
        found["new quotes " + ("a case" if heard.quoted else "other words")] = 1.0
    if own := heard.own:
        found[f"new own line before {'of a case' if own.case else 'free'} {_gap(heard, own)}"] = 1.0
    if heard.lines:
        found["new line before " + ("of a case" if heard.lines[-1].case else "free")] = 1.0
    return found


def _gap(heard: Heard, line: Line) -> str:
    return _step(heard.since(line.at), _GAPS, "long")


def _join(heard: Heard, strand: _Strand, words: frozenset[str]) -> Features:
    found = _common("join", heard)
    near, who = _near(heard, strand), _who(heard, strand)
    found |= _when(heard, strand)
    found |= _what(heard, strand, near, who)
    found |= _about(heard, strand.case)
    found |= _where(heard, strand.case, near)
    found |= _meant(heard, strand, near, words)
    found |= _flow(heard, strand, near, who)
    return found


def _near(heard: Heard, strand: _Strand) -> str:
    minutes = heard.since(strand.case.spoken_at)
    if strand.lines_ago <= 3 and minutes <= 15:
        return "now"
    return "soon" if minutes <= 60 else "late"


def _who(heard: Heard, strand: _Strand) -> str:
    sender = heard.message.sender
    if sender == strand.case.reporter:
        return "reporter"
    return "follower" if sender in strand.people else "another"


def _when(heard: Heard, strand: _Strand) -> Features:
    lines = next((str(most) for most in _LINES if strand.lines_ago <= most), "far")
    return {
        f"join after {_step(heard.since(strand.case.spoken_at), _MINUTES, 'old')}": 1.0,
        f"join lines {lines}": 1.0,
        f"join recency {min(strand.rank, 4)}": 1.0,
    }


def _what(heard: Heard, strand: _Strand, near: str, who: str) -> Features:
    case, found = strand.case, {f"join {near} {who}": 1.0, f"join by {who}": 1.0}
    quote = "none" if not heard.message.reply_to else "this" if heard.quoted == case.id else "other"
    found[f"join quote {quote}"] = 1.0
    states = [near, who, f"quote {quote}", "staff" if heard.staff else "resident"]
    states += ["fixed"] * said_fixed(case) + ["doubtful"] * case.doubtful
    for intent, chance in heard.chances.items():
        found |= {f"join {intent} {state}": chance for state in states}
    return found


def _about(heard: Heard, case: Case) -> Features:
    chances = {guess.name: guess.confidence for guess in heard.reading.categories}
    top, report = case.category.partition(".")[0], heard.chances[Intent.REPORT]
    same = chances.get(case.category, 0.0)
    alike = sum(chance for name, chance in chances.items() if name.partition(".")[0] == top)
    return {
        "join category log": _log(same),
        "join category alike": alike,
        "join category same": float(heard.reading.category.name == case.category),
        "join category x report": same * report,
        "join category unlike x report": (1 - alike) * report,
    }


def _where(heard: Heard, case: Case, near: str) -> Features:
    how = _placed(heard, case)
    found = {f"join place {how}": 1.0, f"join place {how} {near}": 1.0}
    found |= {f"join place {how} {intent}": chance for intent, chance in heard.chances.items()}
    if how not in ("none", "given", Relation.SAME):
        found[f"join elsewhere {case.category}"] = 1.0
        found[f"join elsewhere {case.category.partition('.')[0]}"] = 1.0
    return found


def _placed(heard: Heard, case: Case) -> str:
    if not heard.places:
        return "none"
    if not case.places:
        return "given"
    here = " ".join(heard.places)
    relations = [relation(one, known) for known in case.places for one in (here, *heard.places)]
    return Relation.SAME if Relation.SAME in relations else relations[0]


def _meant(heard: Heard, strand: _Strand, near: str, words: frozenset[str]) -> Features:
    case, late = strand.case, near == "late"
    likenesses = [likeness(heard.reading.meaning, meaning) for meaning in case.meanings] or [0.0]
    like, first = max(likenesses), words & words_of(case.text)
    shared = first | (words & strand.words)
    return {
        "join meaning": like,
        "join meaning first": likenesses[0],
        "join meaning near": max(0.0, like - 0.5),
        "join meaning x report": like * heard.chances[Intent.REPORT],
        "join meaning late": like * late,
        f"join words {min(len(shared), 4)}": 1.0,
        f"join words first {min(len(first), 4)}": 1.0,
        "join words share": len(shared) / (len(words) + 2),
        "join words late": min(len(shared), 4) * late,
        "join words x resolved": min(len(shared), 4) * heard.chances[Intent.RESOLVED],
    }


def _flow(heard: Heard, strand: _Strand, near: str, who: str) -> Features:
    case, last = strand.case, strand.lines[0] if strand.lines else None
    found: Features = {}
    if heard.lines:
        before = heard.lines[-1]
        found["join line before " + _whose(before, case)] = 1.0
        if before.case == case.id and asks(before.text):
            found["join after a question" + (" to the reporter" if who == "reporter" else "")] = 1.0
    if own := heard.own:
        found[f"join own line before {_whose(own, case)} {_gap(heard, own)}"] = 1.0
    if last and last.sender == heard.message.sender:
        found[f"join last speaker {near}"] = 1.0
    if heard.message.kind in (Kind.PHOTO, Kind.VIDEO) and not heard.message.text:
        found |= {f"join picture {near}": 1.0, f"join picture {who}": 1.0, f"join picture {who} {near}": 1.0}
    if said_fixed(case):
        found[f"join fixed {near}"] = 1.0
    found["join sure"] = case.confidence
    found["join doubtful"] = float(case.doubtful)
    found["join busy"] = math.log1p(len(case.messages))
    return found


def _whose(line: Line, case: Case) -> str:
    return "this" if line.case == case.id else "other" if line.case else "free"


# --- what a message is to a case ---------------------------------------------------------------------------

KINDS = (
    Intent.REPORT,
    Intent.SECOND,
    Intent.DETAIL,
    Intent.URGE,
    Intent.RESOLVED,
    Intent.DISPUTED,
    Intent.WITHDRAW,
)
"""What a message can be to a case: a report of it again, or what the intents say."""


def kind_features(heard: Heard, case: Case, kind: Intent) -> Features:
    """What speaks for a message being of this kind, given that it is about the case."""
    mine = "reporter" if heard.message.sender == case.reporter else "another"
    found = {f"{kind} log {intent}": _log(chance) for intent, chance in heard.chances.items()}
    found |= {
        f"{kind} at all": 1.0,
        f"{kind} by {mine}": 1.0,
        f"{kind} by {'staff' if heard.staff else 'resident'}": 1.0,
        f"{kind} {heard.message.kind}": 1.0,
        f"{kind} place {_placed(heard, case)}": 1.0,
        f"{kind} asks": float(asks(heard.message.text)),
        f"{kind} fixed": float(said_fixed(case)),
    }
    return found
