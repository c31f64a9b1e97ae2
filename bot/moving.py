"""Moving: what the flow does when a group turns out to be elsewhere, or we turn out to be no longer in it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from actions import orders as o
from actions import presence
from actions.ledger import Change, Entry, Stale
from actions.talk import Talk
from bot.ports import State

log = structlog.get_logger("moving")
LONGEST_OF_A_GROUP = len("-999999999999")
"""Characters of the number of a group that is no supergroup."""
_UNHEARD = (
    o.FileTicket,
    o.TellDispatch,
    o.WakeAt,
    o.Whisper,
    o.WatchClock,
    o.Alert,
    o.CallWorker,
    o.CallDigests,
    o.SendDigest,
    o.Forget,
)


def speaks(order: o.Order) -> bool:
    """Whether an order says something in the group."""
    return not isinstance(order, _UNHEARD)


async def forward(state: State, entry: Entry, group: str) -> None:
    """Hand an entry to the group whose it is, before it is ticked off here: twice is the same as once."""
    await state.accept(entry.door, group, entry.update, entry.raw, entry.at)
    log.info("forwarded", group=entry.group, to=group, update=entry.update)


async def shut_out(state: State, group: str, at: datetime) -> None:
    """Remember that we are not in the group, as Telegram has just told us. Raises `Unreachable`."""
    await _remember(state, group, lambda talk: presence.left(talk, at))
    log.warning("shut_out", group=group)


async def _remember(state: State, group: str, change: Callable[[Talk], Talk]) -> None:
    while True:
        try:
            await state.save(Change(talk=change(await state.talk(group))))
        except Stale:
            continue
        return


def kin(state: State) -> Callable[[str, str, str], Awaitable[list[str]]]:
    """For a group that has no memory yet: the groups that it may have been, since they have its title, or `sender`
    has spoken there. None for a group that we know.
    """

    async def find(group: str, title: str, sender: str) -> list[str]:
        if _may_move(group, group) or (await state.talk(group)).version:
            return []  # what may move itself has not moved yet
        others = [one for one in await state.groups() if _may_move(one, group)]
        found = await state.talks_with(others, (title, sender))
        return [talk.group for talk in found if _may_be(talk, title, sender)]

    return find


def _may_be(talk: Talk, title: str, sender: str) -> bool:
    return bool(title and talk.title == title) or any(line.sender == sender for line in talk.recent)


def _may_move(group: str, to: str) -> bool:
    """Groups have short numbers, supergroups long ones, all below nought."""
    platform, _, number = group.partition(":")
    return platform == to.partition(":")[0] and number[:1] == "-" and len(number) <= LONGEST_OF_A_GROUP
