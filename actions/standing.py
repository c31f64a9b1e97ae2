"""Standing: how a case stands against its limits: which node, since when, due when, how late."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from actions.calendar import Calendar
from actions.case import Case
from actions.limits import Limit
from actions.nodes import Light, Node
from actions.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one clock of a case stands. `light` is what it last turned to; times are on the clocks of the zone.

    `late` is in the limit's own time: of a limit in working time (`working`) nights and holidays do not count.
    """

    node: Node
    light: Light
    since: datetime
    due: datetime
    late: timedelta = timedelta()
    working: bool = False


def limit_of(case: Case, node: Node, policy: Policy) -> Limit:
    """How long a node of the case may take: as the list said when it was assigned, else by the grid's policy."""
    assigned = case.assignment
    if assigned and node in (Node.ACCEPT, Node.WORK):
        return assigned.respond if node is Node.ACCEPT else assigned.resolve
    return policy.limits[node]


def turns_at(case: Case, number: int, light: Light, policy: Policy, calendar: Calendar) -> datetime:
    """When a clock of the case turns yellow or red."""
    clock = case.clocks[number]
    share = policy.yellow if light is Light.YELLOW else 1.0
    return calendar.after(clock.since, limit_of(case, clock.node, policy), share)


def standing_of(case: Case, number: int, policy: Policy, calendar: Calendar, now: datetime) -> Standing:
    """How one clock of the case stands, by its place among them."""
    clock = case.clocks[number]
    limit = limit_of(case, clock.node, policy)
    return Standing(
        node=clock.node,
        light=clock.light,
        since=clock.since.astimezone(policy.zone),
        due=turns_at(case, number, Light.RED, policy, calendar).astimezone(policy.zone),
        late=max(-calendar.left(clock.since, now, limit), timedelta()),
        working=limit.working,
    )


def standing(case: Case, policy: Policy, calendar: Calendar, now: datetime) -> Standing | None:
    """How the case stands: its worst light, and of several the one that is due first; None where no clock runs."""
    running = (n for n, clock in enumerate(case.clocks) if clock.runs)
    found = [standing_of(case, n, policy, calendar, now) for n in running]
    return min(found, key=lambda one: (-one.light.rank, one.due), default=None)
