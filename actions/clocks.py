"""Clocks: which nodes' time runs in which stage of a case.

A clock begins when the case comes to its node and stops when the node is through. A unit's two clocks begin once a
round only, and a ticket that is given back does not stop them (Beijing 12345: whoever is called first answers for
it); only a new round, after a dispute, begins them anew.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from actions.case import Case, Stage
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
_RUNS_ON: dict[Stage, tuple[Node, ...]] = {
    Stage.OPEN: (Node.WORK,),
    Stage.RETURNED: (Node.ACCEPT, Node.WORK),
}
"""The clocks that are not stopped by a stage that begins another."""
_OF_A_UNIT = (Node.ACCEPT, Node.WORK)


def ticked(before: Case, case: Case, at: datetime) -> Case:
    """The case with its clocks as its stage wants them, having come from `before`."""
    begins, on = _BEGINS.get(case.stage), _RUNS_ON.get(case.stage, ())
    anew = case.round != before.round
    clocks = tuple(
        clock if not clock.runs or (clock.node in (begins, *on) and not anew) else replace(clock, until=at)
        for clock in case.clocks
    )
    if begins and _may_begin(begins, clocks, case.round):
        clocks = (*clocks, Clock(node=begins, since=at, round=case.round))
    return case if clocks == case.clocks else replace(case, clocks=clocks)


def _may_begin(node: Node, clocks: Sequence[Clock], turn: int) -> bool:
    if any(clock.node is node and clock.runs for clock in clocks):
        return False
    had = any(clock.node is node and clock.round == turn for clock in clocks)
    works = any(clock.node is Node.WORK and clock.runs for clock in clocks)
    return not (had and node in _OF_A_UNIT) and not (node is Node.ACCEPT and works)


def begun(before: Case, case: Case) -> tuple[int, ...]:
    """Which clocks of the case, by their place, have begun since."""
    return tuple(range(len(before.clocks), len(case.clocks)))


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
