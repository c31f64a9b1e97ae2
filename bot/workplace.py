"""The workplace: in which chats the workers of a case have its card and their buttons, as their grid has settled."""

from dataclasses import dataclass

import structlog

from actions.case import Case
from actions.confidentiality import hidden
from actions.errors import Refused
from actions.policy import Desk
from bot.house import House

log = structlog.get_logger("workplace")


@dataclass(frozen=True, slots=True)
class Workplace:
    """`chats` are those beside the group: the staff's, or the workers' own. `here`: they work under the card in the
    group, since that is settled so, or since there is a line to none of those chats: better a button there than nobody.
    """

    chats: tuple[str, ...] = ()
    here: bool = True


async def workplace_of(house: House, case: Case) -> Workplace:
    """Where the workers of a case work; of a private case, each in their own chat. Raises `Unreachable`."""
    if hidden(case):
        return Workplace(await _own_chats(house, case), here=False)
    desk = house.grids.desk_of(case.group)
    if desk is Desk.GROUP:
        return Workplace()
    chats = (house.grids.staff_of(case.group),) if desk is Desk.STAFF else await _own_chats(house, case)
    return Workplace(chats, here=set(chats) <= set(case.unreached))


async def _own_chats(house: House, case: Case) -> tuple[str, ...]:
    try:
        return tuple(person for person, _ in await house.workers(case.group))
    except Refused as reason:  # put out of the group, for example: the platform names nobody
        log.info("nobody_named", case=case.id, reason=type(reason).__name__)
        return ()
