"""Giving back: why a worker gives back a case that they took on. A few codes, chosen by button."""

from enum import StrEnum


class GiveBack(StrEnum):
    """The reasons that there are. The value stands in the trace, and in the note of the case until another takes its place."""

    NO_MEANS = "worker.no_means"
    NOT_HERE = "worker.not_here"
    NEEDS_UNIT = "worker.needs_unit"
    OTHER = "worker.other"


def given_back(note: str) -> GiveBack | None:
    """The reason that a note of a case is; None for words of dispatch."""
    return next((reason for reason in GiveBack if reason == note), None)
