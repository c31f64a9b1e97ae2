"""Commands: what begins with a slash. There are few, and nobody needs them to report a problem."""

import re
from dataclasses import dataclass

NAMES = (
    "cases",
    "mine",
    "today",
    "case",
    "withdraw",
    "merge",
    "unsure",
    "help",
    "start",
    "bind",
    "report",
    "home",
    "forgetme",
)
_FORM = re.compile(r"/([a-z_]+)(?:@\w+)?(?:\s+(.*))?", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Command:
    """`/name words…`, name in lower case."""

    name: str
    words: tuple[str, ...]

    @property
    def numbers(self) -> tuple[int, ...]:
        """The words that are case numbers, with or without `#`."""
        plain = [word.lstrip("#＃") for word in self.words]
        return tuple(int(word) for word in plain if word.isdecimal() and len(word) < 10)


AGAIN = ("home",)
"""These are heard in an edited message too: what is put right there is no message for the group either."""


def parse(text: str) -> Command | None:
    """The command in a message, or None where it is no command of ours."""
    found = _FORM.fullmatch(text.strip())
    if not found or found[1].lower() not in NAMES:
        return None
    return Command(found[1].lower(), tuple((found[2] or "").split()[:8]))
