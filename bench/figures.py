"""What readings are worth beside the annotations: pure functions from pairs of both to figures.

They are defined as the scorer beside the measuring text defines them, so that the two can be compared. Where
there is nothing to divide by, a figure is None: not measured.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

INTENTS = (
    "report", "second", "detail", "urge", "resolved", "disputed", "withdraw", "consult", "chatter",
)  # fmt: skip
PLACED = ("report", "second", "detail")
"""Places count in these intents only."""
BINS = 10


@dataclass(frozen=True)
class Pair:
    """One message of a transcript with its annotations, and what the server said of it."""

    message: dict[str, Any]
    answer: dict[str, Any]

    @property
    def intents(self) -> tuple[str, str]:
        """The annotated intent and the one that was read."""
        return self.message["intent"], self.answer["intent"]["name"]

    @property
    def categories(self) -> tuple[str, str]:
        """The annotated category and the one that was read."""
        return self.message["category"] or "?", (self.answer.get("category") or {}).get("name") or "?"

    @property
    def emergencies(self) -> tuple[bool, bool]:
        """Whether it is annotated as an emergency, and whether it was read as one."""
        read = (self.answer.get("urgency") or {}).get("name")
        return self.message["urgency"] == "emergency", read == "emergency"


def share(yes: Iterable[bool]) -> float | None:
    """How many of them are true, 0 to 1."""
    given = list(yes)
    return sum(given) / len(given) if given else None


def prf(hit: int, false: int, missed: int) -> dict[str, float | None]:
    """Precision, recall and F1 of so many hits, false alarms and misses."""

    def part(top: int, whole: int) -> float | None:
        return top / whole if whole else None

    return {
        "precision": part(hit, hit + false),
        "recall": part(hit, hit + missed),
        "f1": part(2 * hit, 2 * hit + false + missed),
    }


def of_yes_and_no(pairs: Iterable[tuple[bool, bool]]) -> dict[str, float | None]:
    """Precision, recall and F1 of (true, read) answers."""
    counts = Counter(pairs)
    return prf(counts[True, True], counts[False, True], counts[True, False])


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float | None:
    """The mean F1 of the labels that are annotated, each counting the same."""
    labels = {true for true, _ in pairs}
    each = [of_yes_and_no((true == label, read == label) for true, read in pairs)["f1"] for label in labels]
    return sum(f1 or 0.0 for f1 in each) / len(each) if each else None


def places(pairs: Iterable[Pair]) -> dict[str, float | None]:
    """Precision, recall and F1 of places; one counts as found when a letter of it was."""
    hit = false = missed = 0
    for pair in pairs:
        if pair.message["intent"] not in PLACED:
            continue
        true, read = _annotated(pair.message), _read(pair.answer)
        found = sum(any(_overlap(a, b) for b in read) for a in true)
        hit, missed = hit + found, missed + len(true) - found
        false += sum(not any(_overlap(a, b) for b in true) for a in read)
    return prf(hit, false, missed)


def _annotated(message: dict[str, Any]) -> list[tuple[int, int]]:
    starts = [(message["text"].find(place), len(place)) for place in message["location"]]
    return [(start, start + length) for start, length in starts if start >= 0]


def _read(answer: dict[str, Any]) -> list[tuple[int, int]]:
    return [(e["start"], e["end"]) for e in answer.get("entities", []) if e["entity"] == "location"]


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def of_transcripts(pairs: Sequence[Pair]) -> dict[str, Any]:
    """Every figure of these messages."""
    intents = [pair.intents for pair in pairs]
    reports = [pair.categories for pair in pairs if pair.message["intent"] == "report"]
    emergencies = [pair.emergencies for pair in pairs]
    return {
        "n": len(pairs),
        "reports": len(reports),
        "intent_accuracy": share(true == read for true, read in intents),
        "intent_macro_f1": macro_f1(intents),
        "report": of_yes_and_no((true == "report", read == "report") for true, read in intents),
        "category_level1": share(true.split(".")[0] == read.split(".")[0] for true, read in reports),
        "category_level2": share(true == read for true, read in reports),
        "location": places(pairs),
        "emergency": {**of_yes_and_no(emergencies), "n": sum(true for true, _ in emergencies)},
    }


def confusion(pairs: Iterable[Pair]) -> list[list[int]]:
    """How many messages of each annotated intent (row) were read as which (column), in the order of INTENTS."""
    counts = Counter(pair.intents for pair in pairs)
    return [[counts[true, read] for read in INTENTS] for true in INTENTS]


@dataclass(frozen=True)
class Guess:
    """One confidence, 0 to 1, and whether what it was said of is so."""

    confidence: float
    right: bool


def best_intents(pairs: Iterable[Pair]) -> list[Guess]:
    """The confidence of the intent that was read."""
    return [Guess(p.answer["intent"]["confidence"], p.intents[0] == p.intents[1]) for p in pairs]


def report_guesses(pairs: Iterable[Pair]) -> list[Guess]:
    """The confidence that it is a report, of every message."""
    return [Guess(_confidence(pair.answer, "report"), pair.intents[0] == "report") for pair in pairs]


def best_categories(pairs: Iterable[Pair]) -> list[Guess]:
    """The confidence of the category that was read, of true reports."""
    return [
        Guess(float(pair.answer["category"]["confidence"]), pair.categories[0] == pair.categories[1])
        for pair in pairs
        if pair.intents[0] == "report" and pair.answer.get("category")
    ]


def _confidence(answer: dict[str, Any], intent: str) -> float:
    ranking = answer.get("intent_ranking") or [answer["intent"]]
    return next((float(guess["confidence"]) for guess in ranking if guess["name"] == intent), 0.0)


def reliability(guesses: Sequence[Guess]) -> dict[str, Any]:
    """Ten equal bins of confidence, those with messages, and the expected calibration error.

    The error is the distance between mean confidence and share of right ones in a bin, weighted by the messages.
    """
    held: dict[int, list[Guess]] = {}
    for guess in guesses:
        held.setdefault(min(int(guess.confidence * BINS), BINS - 1), []).append(guess)
    bins = [
        {
            "bin": number,
            "n": len(held[number]),
            "confidence": sum(guess.confidence for guess in held[number]) / len(held[number]),
            "right": sum(guess.right for guess in held[number]) / len(held[number]),
        }
        for number in sorted(held)
    ]
    off = sum(each["n"] * abs(each["confidence"] - each["right"]) for each in bins)
    return {"n": len(guesses), "bins": bins, "ece": off / len(guesses) if guesses else None}
