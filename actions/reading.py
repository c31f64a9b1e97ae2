"""What the NLU says of a text: intent, category, urgency and places, each with a confidence."""

from dataclasses import dataclass, field
from enum import StrEnum


class Intent(StrEnum):
    """The nine things that a message in a group can do."""

    REPORT = "report"
    CONSULT = "consult"
    URGE = "urge"
    SECOND = "second"
    DETAIL = "detail"
    RESOLVED = "resolved"
    DISPUTED = "disputed"
    WITHDRAW = "withdraw"
    CHATTER = "chatter"


class Urgency(StrEnum):
    """How soon hours matter: `EMERGENCY` is life in danger now."""

    EMERGENCY = "emergency"
    URGENT = "urgent"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the original text that says where; `end` is exclusive."""

    start: int
    end: int
    value: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Guess:
    """One label with its probability."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Reading:
    """All that the NLU says of one text. Rankings are best first.

    `meaning` is the text as a vector of signed bytes, in base 64; near vectors mean near things.
    """

    intent: Intent = Intent.CHATTER
    confidence: float = 1.0
    categories: tuple[Guess, ...] = ()
    urgency: Urgency = Urgency.NORMAL
    urgency_confidence: float = 1.0
    locations: tuple[Span, ...] = field(default=())
    intents: tuple[Guess, ...] = ()
    meaning: str = ""

    @property
    def category(self) -> Guess:
        """The likeliest category; `other.other` where the NLU named none."""
        return self.categories[0] if self.categories else Guess("other.other", 0.0)

    def chance(self, intent: Intent) -> float:
        """How likely an intent is; what no ranking tells goes to chatter."""
        if self.intents:
            return next((guess.confidence for guess in self.intents if guess.name == intent), 0.0)
        if intent is self.intent:
            return self.confidence
        return 1 - self.confidence if intent is Intent.CHATTER else 0.0


SILENCE = Reading()
