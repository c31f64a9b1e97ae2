"""Talk: what was said before a message, what it quotes and who sends it, as numbers for the intent.

「我们这边也是」 is a second when somebody has just reported a power cut, and chatter when the talk is of noodles.
"""

from dataclasses import dataclass, field

import examples
import numpy as np
from rasa.shared.nlu.training_data.message import Message
from transcripts import ROLES

from components.ensemble import logs

BEFORE = 8
"""Messages; what was said earlier than that helps no more."""
_NEAR, _NEXT, _FADE = 6, 3, 0.6
_REPORT = examples.INTENTS.index("report")


@dataclass(frozen=True)
class Heard:
    """What is remembered of one message: its sentence vector, and how likely each intent is by its text alone."""

    vector: np.ndarray
    chances: np.ndarray


@dataclass(frozen=True)
class Talk:
    """What surrounds one message: who sends it, what was said before (the latest last), what it quotes."""

    role: str | None = None
    before: list[Heard] = field(default_factory=list)
    quoted: Heard | None = None


def row(said: Heard, talk: Talk) -> np.ndarray:
    """Return the message and its talk as one row; what is not there counts as nothing."""
    before = talk.before[-BEFORE:][::-1]  # the latest first
    return np.concatenate(
        [
            4 * said.vector,
            logs(said.chances),
            [2.0 * (talk.role == role) for role in ROLES],
            *_recent(said, before),
            *_quoted(said, talk.quoted),
        ]
    ).astype(np.float32)


def _recent(said: Heard, before: list[Heard]) -> list[np.ndarray]:
    """Return the intents just before, the drift of the talk, and how near the message is to each."""
    width, count = len(said.vector), len(said.chances)
    next_to_it = [logs(h.chances) for h in before[:_NEXT]] + [np.zeros(count)] * (_NEXT - len(before[:_NEXT]))
    drift = sum((_FADE**n * h.vector for n, h in enumerate(before[:_NEAR])), np.zeros(width))
    chances = np.array([h.chances for h in before]) if before else np.zeros((1, count))
    near, near_reports = np.zeros(_NEAR), np.zeros(_NEAR)
    for n, heard in enumerate(before[:_NEAR]):
        near[n] = said.vector @ heard.vector
        near_reports[n] = near[n] * heard.chances[_REPORT]
    return [*next_to_it, 1.5 * drift, 2 * chances.max(axis=0), 2 * chances.mean(axis=0), near, near_reports]


def _quoted(said: Heard, quoted: Heard | None) -> list[np.ndarray]:
    if quoted is None:
        return [np.zeros(len(said.vector) + len(said.chances) + 2)]
    likeness = 3 * float(said.vector @ quoted.vector)
    return [3 * quoted.vector, logs(quoted.chances), np.array([3.0, likeness])]


def told(messages: list[Message], heard: list[Heard]) -> list[Talk]:
    """Return the talk around each message of whole transcripts, which come one after the other."""
    talks, group, earlier, by_number = [], "", [], {}
    for message, this in zip(messages, heard, strict=True):
        place = message.get("metadata")["example"]
        if place["group"] != group:
            group, earlier, by_number = place["group"], [], {}
        talks.append(Talk(place["role"], earlier[-BEFORE:], by_number.get(place["reply_to"])))
        earlier.append(this)
        by_number[place["number"]] = this
    return talks
