"""Finding: what a check of `linli doctor` found, and what the operator can do about it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from bot.settings import Settings


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found, and what the operator can do about it."""

    verdict: Verdict
    what: str
    how_to_mend: str = ""


Check = Callable[[Settings], Awaitable[Finding]]


def ok(what: str) -> Finding:
    """All is well."""
    return Finding(Verdict.OK, what)


def warn(what: str, how_to_mend: str = "") -> Finding:
    """It works, but not as it should."""
    return Finding(Verdict.WARN, what, how_to_mend)


def fail(what: str, how_to_mend: str) -> Finding:
    """It cannot work like this."""
    return Finding(Verdict.FAIL, what, how_to_mend)
