"""Clocks: which nodes' time runs in which stage of a case.

A clock begins when the case comes to its node and stops when the node is through. A unit's two clocks begin once a
round only, and a ticket that is given back does not stop them (Beijing 12345: whoever is called first answers for
it); only a new round, after a dispute, begins them anew. What comes back to a unit in the same round, from a worker
who had taken it on or since it was not done after all, finds its clock as though it had never stood still.
"""

from dataclasses import replace
from datetime import datetime

from actions.case import Case, Stage
from actions.limits import Limit
from actions.nodes import Clock, Light, Node

_BEGINS: dict[Stage, Node] = {
    Stage.WAITING_WORKER: Node.WORKER,
    Stage.HANDLING: Node.WORKER,
    Stage.RETURNED: Node.WORKER,
    Stage.OPEN: Node.ACCEPT,
    Stage.ACCEPTED: Node.WORK,
    Stage.IN_PROGRESS: Node.WORK,
    Stage.WORK_DONE: Node.VERIFY,
    Stage.WORKER_KEY: Node.VERIFY,
    Stage.RESIDENTS_KEY: Node.CONFIRM,
}
_OF_A_UNIT = (Node.ACCEPT, Node.WORK)


def ticked(before: Case, case: Case, at: datetime) -> Case:
    """The case with its clocks as its stage wants them, having come from `before`."""
    node = _node_of(case)
    on = _OF_A_UNIT if case.stage is Stage.RETURNED else ()
    anew = case.round != before.round
    clocks = tuple(
        clock if not clock.runs or (clock.node in (node, *on) and not anew) else replace(clock, until=at)
        for clock in _with_other_limits(before, case)
    )
    clocks = _running(node, clocks, case.round, at) if node else clocks
    return case if clocks == case.clocks else replace(case, clocks=clocks)


def _with_other_limits(before: Case, case: Case) -> tuple[Clock, ...]:
    """What is late by the limits of one matter may be in time by another's: such a light is looked at afresh."""
    if _limits(before) in (None, _limits(case)):
        return case.clocks
    return tuple(
        replace(clock, light=Light.GREEN) if clock.runs and clock.node in _OF_A_UNIT else clock
        for clock in case.clocks
    )


def _node_of(case: Case) -> Node | None:
    """Whose time runs; a unit that had accepted it in this round need not accept it again."""
    node = _BEGINS.get(case.stage)
    works = any(clock.node is Node.WORK and clock.round == case.round for clock in case.clocks)
    return Node.WORK if node is Node.ACCEPT and works else node


def lacks_clock(case: Case) -> bool:
    """Whether a clock should run and does not, as of a case of a release that had none."""
    node = _node_of(case)
    return node is not None and not any(clock.node is node and clock.runs for clock in case.clocks)


def _running(node: Node, clocks: tuple[Clock, ...], turn: int, at: datetime) -> tuple[Clock, ...]:
    if any(clock.node is node and clock.runs for clock in clocks):
        return clocks
    for place, clock in enumerate(clocks):
        if node in _OF_A_UNIT and (clock.node, clock.round) == (node, turn):
            return (*clocks[:place], replace(clock, until=None), *clocks[place + 1 :])
    return (*clocks, Clock(node=node, since=at, round=turn))


def watched(before: Case, case: Case) -> tuple[tuple[int, Light], ...]:
    """Which clocks of the case, by their place, begin to run or have a new limit, and to which light each turns next."""
    limited = _limits(before) != _limits(case)
    return tuple(
        (number, Light.YELLOW if clock.light is Light.GREEN else Light.RED)
        for number, clock in enumerate(case.clocks)
        if clock.runs
        and clock.light is not Light.RED
        and (not _ran(before, number) or (limited and clock.node in _OF_A_UNIT))
    )


def _ran(case: Case, number: int) -> bool:
    return number < len(case.clocks) and case.clocks[number].runs


def _limits(case: Case) -> tuple[Limit, Limit] | None:
    return (case.assignment.respond, case.assignment.resolve) if case.assignment else None


def turned(case: Case, number: int, light: Light) -> Case | None:
    """The case with the light of a clock turned on; None where that clock is over or shows it already."""
    if not 0 <= number < len(case.clocks):
        return None
    clock = case.clocks[number]
    if not clock.runs or light.rank <= clock.light.rank:
        return None
    clocks = (*case.clocks[:number], replace(clock, light=light), *case.clocks[number + 1 :])
    return replace(case, clocks=clocks)


def light_of(case: Case) -> Light:
    """The worst light of the clocks that run; green where none does."""
    return max(
        (clock.light for clock in case.clocks if clock.runs), key=lambda one: one.rank, default=Light.GREEN
    )
