"""Nodes: the steps of a case for which somebody answers, each with a clock and a light."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Node(StrEnum):
    """A step of a case, in their order: who decides, accepts, works, verifies, and confirms."""

    WORKER = "worker"
    ACCEPT = "accept"
    WORK = "work"
    VERIFY = "verify"
    CONFIRM = "confirm"

    @property
    def neighbours(self) -> tuple["Node", ...]:
        """The node before and the node after."""
        nodes = list(Node)
        at = nodes.index(self)
        return tuple(nodes[max(0, at - 1) : at] + nodes[at + 1 : at + 2])


class Light(StrEnum):
    """How a node stands against its limit: in time, soon due, late."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"

    @property
    def rank(self) -> int:
        """0 for green, 1 for yellow, 2 for red."""
        return list(Light).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The time of one node in one round of a case; `until` is when it stopped, None while it runs.

    `light` is the last that it showed. It stays as it was when the clock stops: late remains late.
    """

    node: Node
    since: datetime
    round: int = 0
    light: Light = Light.GREEN
    until: datetime | None = None

    @property
    def runs(self) -> bool:
        """Whether the node is still at it."""
        return self.until is None
