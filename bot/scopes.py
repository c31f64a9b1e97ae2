"""Scopes: what somebody may do who has shown who they are, and the roles that bundle them."""

from enum import StrEnum
from typing import Literal


class Scope(StrEnum):
    """One thing that can be allowed."""

    CASES = "cases"
    """The board, the rates, and the cases of a group, without those that are confidential."""
    CONFIDENTIAL = "confidential"
    """Confidential cases too, wherever the other scopes let one look."""
    TRACE = "trace"
    """What happened to a case, fact by fact, and the chronicle."""
    EXPORT = "export"
    """Files that leave the program."""
    OPERATE = "operate"
    """Dead letters, the live log, and whatever changes something."""


Role = Literal["viewer", "auditor", "operator"]
EVERYTHING = frozenset(Scope)
ROLES: dict[str, frozenset[Scope]] = {
    "viewer": frozenset({Scope.CASES}),
    "auditor": frozenset({Scope.CASES, Scope.TRACE, Scope.EXPORT}),
    "operator": EVERYTHING,
}
"""What a login link of each role is good for."""
