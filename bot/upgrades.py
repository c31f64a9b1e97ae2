"""Upgrades: what a release does once with what an earlier one has left, and what it does not touch.

The form of the newest release that was at work is kept beside the cases. Where it is later than ours, we do not
begin: we would drop what we do not know. Where it is earlier, every live case that lacks what this release gives to
new ones gets it by a fact, `Renewed`, so that its trace still says how it came to be what it is. Both may be cut off
and begun again, by several processes at once: a case that has everything is left alone.
"""

import asyncio

import structlog

from actions import facts as f
from actions.case import Case
from actions.clocks import lacks_clock
from actions.errors import Refused, Unreachable
from actions.ledger import Fenced
from bot.flow import Flow
from bot.house import House
from bot.ports import State
from connectors.schemas import SCHEMA

KEPT = "schema"
"""Under which name the form is kept."""

log = structlog.get_logger("upgrades")


async def require_known(state: State) -> None:
    """Raises `Refused` where a newer release has been at work here, and then nothing was changed."""
    kept = await _kept(state)
    if kept > SCHEMA:
        raise Refused(
            f"a newer Linli has worked with this data (schema {kept}; this one knows {SCHEMA}): "
            "start that one, or restore a backup of before"
        )


async def renewed(house: House, flow: Flow) -> int:
    """Bring what an earlier release has left to our form; how many cases that were. Raises `Unreachable`."""
    state, count = house.state, 0
    if await _kept(state) >= SCHEMA:
        return 0
    for group in await state.groups():
        for case in await state.cases(group, live=True, every=True):
            if lacks(case):
                count += await flow.happened(case.id, f.Renewed(at=house.clock.now()))
    await state.remember(KEPT, str(SCHEMA))
    log.info("upgraded", schema=SCHEMA, cases=count)
    return count


async def keep_renewed(house: House, flow: Flow) -> None:
    """The same as a loop of the program: as often as it takes, and then nothing more."""
    while True:
        try:
            await renewed(house, flow)
        except (Unreachable, Fenced) as reason:
            log.warning("upgrade_waits", reason=str(reason))
            await asyncio.sleep(5)
        else:
            break
    await asyncio.Event().wait()


def lacks(case: Case) -> bool:
    """Whether a live case lacks who answers for it, or the clock of where it stands."""
    return case.assignment is None or lacks_clock(case)


async def _kept(state: State) -> int:
    kept = await state.recall(KEPT)
    if kept is None:
        return 1
    if not kept.isdecimal():
        raise Refused(f"the form of the data is a number, not {kept!r}: it was changed by hand")
    return int(kept)
