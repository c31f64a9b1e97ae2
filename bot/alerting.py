"""Alerting: whom a light concerns, when they may be told, and in which words, each in their own chat.

Yellow warns the node's owner; red also the superior and the owners of the neighbouring nodes. A warning is one order
that becomes one for every person, saved in one stroke, so that nobody hears twice because another could not be reached.
The light itself turns at its time, whatever the hour; what is said of it may wait, and what is no longer so is not said.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime

import structlog

from actions import facts as f
from actions import orders as o
from actions.case import Case, Stage
from actions.confidentiality import hidden
from actions.errors import Refused
from actions.ledger import Due
from actions.levels import Level
from actions.manners import is_quiet, morning_after
from actions.nodes import Light, Node
from actions.orders import News
from actions.policy import Desk
from actions.post import Post
from actions.reading import Urgency
from actions.standing import Standing
from bot.house import House
from bot.lamps import moment, node_name

log = structlog.get_logger("alerting")
_OF_A_UNIT = (Node.ACCEPT, Node.WORK)
_OF_A_WORKER = (Node.WORKER, Node.VERIFY)


class Alerting:
    """Carries out `Alert` and `CallWorker`."""

    def __init__(self, house: House) -> None:
        self._house = house

    # --- when --------------------------------------------------------------------------------------------

    def holds(self, order: o.Alert, case: Case) -> bool:
        """Whether the clock still runs and shows that light: nobody is warned of what is done meanwhile."""
        if not 0 <= order.clock < len(case.clocks):
            return False
        clock = case.clocks[order.clock]
        return case.live and clock.runs and clock.light is order.light

    def waits_until(self, order: o.Alert, case: Case, now: datetime) -> datetime | None:
        """When it may be said, where that is not now: not at night, and of working time not on a day off."""
        if case.urgency is not Urgency.NORMAL:
            return None
        policy, calendar = self._house.grids.policy_of(case.group), self._house.calendar
        if is_quiet(policy, now):
            return morning_after(policy, now)
        works = calendar.works(now.astimezone(calendar.zone).date())
        if works or not self._house.limit_of(case, order.node).working:
            return None
        return calendar.next_working_morning(now)

    # --- whom --------------------------------------------------------------------------------------------

    async def apart(self, due: Due, order: o.Alert, case: Case) -> tuple[Due, ...]:
        """The orders that take the place of one that stands for everybody. Raises `Unreachable`."""
        warnings: list[o.Order] = [
            o.Alert(
                key=_key(order.key, to),
                case=case.id,
                node=order.node,
                light=order.light,
                clock=order.clock,
                to=to,
            )
            for to in await self._people(order, case)
        ]
        if order.node in _OF_A_UNIT and case.ticket and not case.leader:
            warnings.append(self._note(order, case))
        return tuple(Due(one, due.group, due.at) for one in warnings)

    async def _people(self, order: o.Alert, case: Case) -> Iterable[str]:
        """Everybody once, in the order in which it concerns them."""
        people = await self._owners(order.node, case)
        if order.light is Light.RED:
            people += self._superiors(order.node, case)
            for neighbour in order.node.neighbours:
                people += await self._owners(neighbour, case)
        return dict.fromkeys(people)

    async def _owners(self, node: Node, case: Case) -> list[str]:
        """Who answers for a node. The residents, who have the last one, are asked in the group and not warned."""
        if node in _OF_A_UNIT:
            return self._unit(case)
        if node not in _OF_A_WORKER:
            return []
        if case.stage is Stage.HANDLING and case.handler:
            return [case.handler]
        try:
            return [person for person, _ in await self._house.workers(case.group)]
        except Refused as reason:  # put out of the group, for example: the platform names nobody
            log.info("nobody_named", case=case.id, reason=str(reason))
            return []

    def _unit(self, case: Case) -> list[str]:
        if case.assignment is None:
            return []
        unit = self._house.grids.unit_for(case.group, case.assignment.unit, case.assignment.level)
        return [person for person, _ in unit.workers] if unit else []

    def _superiors(self, node: Node, case: Case) -> list[str]:
        level = case.level if node in _OF_A_UNIT and case.level else Level.COMMUNITY
        return [person for person, _ in self._house.grids.supervisors_of(case.group, level)]

    def _note(self, order: o.Alert, case: Case) -> o.TellDispatch:
        """Dispatch owns the unit's nodes as well, and is told by a note on the ticket."""
        lang = self._house.grids.writer_of(case.group).lang
        unit = case.assignment.unit if case.assignment else ""
        standing = self._standing(order, case)
        said = (unit, node_name(order.node, lang), moment(standing.due, lang))
        news = News.LATE if order.light is Light.RED else News.SOON_DUE
        text = " · ".join(part for part in said if part)
        return o.TellDispatch(key=_key(order.key, "dispatch"), case=case.id, news=news, text=text)

    # --- what --------------------------------------------------------------------------------------------

    async def carry_out(self, order: o.Alert | o.CallWorker, case: Case) -> None:
        """Say it to one person. Who cannot be reached is left out: the card shows how it stands anyhow."""
        await (self._warn(order, case) if isinstance(order, o.Alert) else self._call(order, case))

    async def _warn(self, order: o.Alert, case: Case) -> None:
        if not order.to or not self.holds(order, case):
            return
        writer = self._house.grids.writer_of(case.group)
        text = writer.alert(case, self._standing(order, case), await self._title(case))
        if await self._whisper(order.to, text, order, case):
            log.info("warned", case=case.id, node=str(order.node), light=str(order.light), to=order.to)

    async def _call(self, order: o.CallWorker, case: Case) -> None:
        """The case is theirs now; from whom, stands in its trace."""
        if not case.live or case.handler != order.to:
            return
        trace = await self._house.state.trace(case.id)
        by = [fact.by_name for fact in trace if isinstance(fact, f.HandedOver) and fact.to == order.to]
        writer = self._house.grids.writer_of(case.group)
        text = writer.handed(case, by[-1] if by else "", await self._title(case))
        if not await self._whisper(order.to, text, order, case):
            await self._call_in_staff_group(order, case, text)

    async def _call_in_staff_group(self, order: o.CallWorker, case: Case, text: str) -> None:
        """Where colleagues work in a group of their own, who cannot be told alone is called there."""
        staff = self._house.grids.staff_of(case.group)
        chat = self._house.chats.get(staff.partition(":")[0])
        if chat is None or hidden(case) or self._house.grids.desk_of(case.group) is not Desk.STAFF:
            return
        called, card = ((order.to, case.handler_name),), case.whisper("card", staff)
        with suppress(Refused):
            await chat.post(Post(staff, text, order.key, reply_to=card, mentions=called))

    def _standing(self, order: o.Alert, case: Case) -> Standing:
        return self._house.standing_of(case, order.clock, self._house.clock.now())

    async def _title(self, case: Case) -> str:
        return (await self._house.state.talk(case.group)).title

    async def _whisper(self, to: str, text: str, order: o.Order, case: Case) -> bool:
        policy, now = self._house.grids.policy_of(case.group), self._house.clock.now()
        silent = case.urgency is Urgency.NORMAL and is_quiet(policy, now)
        chat = self._house.chats.get(to.partition(":")[0])
        try:
            if chat is None:
                raise Refused("their platform is not switched on")
            await chat.whisper(to, text, order.key, silent=silent)
        except Refused as reason:  # who never wrote to the bot cannot be written to
            log.info("not_reached", case=case.id, what=type(order).__name__, reason=type(reason).__name__)
            return False
        return True


def _key(key: str, to: str) -> str:
    """One person's part of the order with this key; the order of a case's moves stays that of their keys."""
    head, version, n = ([*key.rsplit(":", 2), "0", "0"])[:3]
    return f"{head}>{to}:{version}:{n}"
