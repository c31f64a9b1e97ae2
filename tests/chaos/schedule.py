"""What is broken when: drawn from a seed, so that a run can be had again."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

WORKS = ("work1", "work2")
UNITS = ("intake", *WORKS, "serve", "nlu")
LINKS = ("redis", "dispatch", "telegram")


class Kind(StrEnum):
    """What is done to a target."""

    KILL = "SIGKILL"
    STOP = "SIGSTOP, then SIGCONT"
    RESTART = "ended and started again"
    FAILOVER = "fails over, master killed"
    DEMOTION = "fails over, master demoted"
    CUT = "connections cut"
    DELAY = "connections delayed"
    FREEZE = "connections frozen"
    FULL_ENDS = "disk full, it ends"
    FULL_REFUSES = "disk full, it refuses"
    CLOCK = "clock jumps"
    ERROR = "answers 5xx"
    SILENT = "stores, then says nothing"
    LATE_ERROR = "stores, then 5xx"
    TWICE = "answers twice"
    NEWS_TWICE = "tells its news twice"
    TOO_MANY = "answers 429"
    DROPPED = "drops the answer after it was done"
    POISON_MALFORMED = "poison: malformed update"
    POISON_ERROR = "poison: reading fails"
    POISON_HANGS = "poison: reading hangs"


@dataclass(frozen=True)
class Fault:
    """`at` and `lasts` are seconds; `amount` is what the kind makes of it: requests, seconds of a wait or a jump."""

    at: float
    kind: Kind
    target: str
    lasts: float = 0.0
    amount: float = 0.0


_QUIET_AFTER = {Kind.KILL: 8.0, Kind.RESTART: 8.0, Kind.FAILOVER: 8.0, Kind.DEMOTION: 6.0}
"""Seconds for which a target that was hit is left alone, beyond the fault itself."""


def deck() -> list[tuple[Kind, str]]:
    """Every kind of fault on every target that can have it."""
    cards = [(kind, unit) for kind in (Kind.KILL, Kind.STOP) for unit in (*UNITS, "redis")]
    cards += [(Kind.KILL, unit) for unit in WORKS]  # the heart of it
    cards += [(Kind.RESTART, unit) for unit in ("intake", *WORKS)]
    cards += [(kind, link) for kind in (Kind.CUT, Kind.DELAY, Kind.FREEZE) for link in LINKS]
    cards += [(kind, "redis") for kind in (Kind.FAILOVER, Kind.DEMOTION, Kind.FULL_ENDS, Kind.FULL_REFUSES)]
    cards += [
        (kind, "dispatch") for kind in (Kind.ERROR, Kind.SILENT, Kind.LATE_ERROR, Kind.TWICE, Kind.NEWS_TWICE)
    ]
    cards += [(kind, "telegram") for kind in (Kind.TOO_MANY, Kind.ERROR, Kind.DROPPED)]
    cards += [(Kind.CLOCK, unit) for unit in WORKS]
    return cards + [
        (kind, "a group") for kind in (Kind.POISON_MALFORMED, Kind.POISON_ERROR, Kind.POISON_HANGS)
    ]


def schedule(seed: int, seconds: float, gap: tuple[float, float] = (2.0, 4.5)) -> list[Fault]:
    """The faults of a run; the same seed gives the same. A target is hit by one at a time."""
    dice, dealt, now = Random(seed), _dealt(seed), 3.0
    busy: dict[str, float] = {}
    faults: list[Fault] = []
    while now < seconds:
        kind, target = next(dealt)
        at = max(now, busy.get(target, 0.0))
        fault = _drawn(dice, round(at, 2), kind, target)
        busy[target] = at + fault.lasts + _QUIET_AFTER.get(kind, 1.0)
        if fault.at < seconds:
            faults.append(fault)
        now += dice.uniform(*gap)
    return sorted(faults, key=lambda fault: fault.at)


def _dealt(seed: int) -> Iterator[tuple[Kind, str]]:
    dice = Random(f"deck {seed}")
    while True:
        cards = deck()
        dice.shuffle(cards)
        yield from cards


def _drawn(dice: Random, at: float, kind: Kind, target: str) -> Fault:
    lasts, amount = 0.0, 0.0
    match kind:
        case Kind.STOP:
            lasts = dice.uniform(1, 10)  # a worker is given up after five
        case Kind.FREEZE | Kind.FULL_ENDS | Kind.FULL_REFUSES:
            lasts = dice.uniform(2, 8)
        case Kind.DELAY:
            lasts, amount = dice.uniform(3, 8), dice.choice((0.05, 0.3, 1.0))
        case Kind.CLOCK:
            lasts, amount = dice.uniform(4, 10), dice.choice((-90, -20, 20, 90))
        case Kind.NEWS_TWICE:
            lasts = dice.uniform(4, 8)
        case Kind.ERROR | Kind.TWICE:
            amount = dice.randint(1, 4)
        case Kind.TOO_MANY:
            amount = dice.randint(1, 3)
        case Kind.SILENT | Kind.LATE_ERROR | Kind.DROPPED:
            amount = 1
    return Fault(at, kind, target, round(lasts, 2), amount)
