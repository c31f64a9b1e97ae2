"""Following: one event reported in several groups of a community is one ticket, which all of them follow.

Each group keeps its own case, with its own people and its own two keys. Whoever is about to file looks first
whether another group has; what one of them does to the ticket, the others hear of in their own inbox. No group
hears who spoke in another, or what was said there.
"""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from actions import facts as f
from actions import orders as o
from actions.case import AT_DISPATCH, KEYS, Case, Stage
from actions.confidentiality import is_confidential
from actions.errors import Unreachable
from actions.event import Sketch, same_event
from actions.ledger import Due
from actions.orders import News
from bot.house import House
from bot.phrases import gettext
from connectors.partition import group_of_case
from connectors.tickets import SHARED, raw_shared, returned

log = structlog.get_logger("following")
KEPT = timedelta(days=31)
"""No event lasts so long (`same_event_hours`), so an older filing leaves its community's line."""
_WAITS_SECONDS = 1.0
_AGAIN = (News.SENT_AGAIN, News.RESTORED)
_ENDINGS = (News.WITHDRAWN, News.CONFIRMED)
_ORDER = (Stage.HANDLING, *AT_DISPATCH, *KEYS)
_NEWS: dict[Stage, type[f.TicketAccepted | f.WorkStarted | f.TicketReturned | f.WorkDone]] = {
    Stage.ACCEPTED: f.TicketAccepted,
    Stage.IN_PROGRESS: f.WorkStarted,
    Stage.RETURNED: f.TicketReturned,
    **dict.fromkeys(KEYS, f.WorkDone),
}


def furthest(case: Case, *others: Case) -> Case:
    """Of cases that follow one ticket, the one that knows most of it."""
    return max((case, *others), key=lambda one: _ORDER.index(one.stage) if one.stage in _ORDER else -1)


def _came_later(case: Case, due: Due) -> bool:
    """It came to the ticket when the order had been tried already, and found the ticket as that left it."""
    return bool(case.joined_at and due.first_tried_at and case.joined_at > due.first_tried_at)


def at_work(cases: Sequence[Case]) -> bool:
    """Whether one of the cases shows that the unit has the ticket in hand."""
    return any(case.stage in (Stage.ACCEPTED, Stage.IN_PROGRESS) for case in cases)


class Following:
    """Who follows which ticket."""

    def __init__(self, house: House) -> None:
        self._house = house

    # --- before a ticket is filed -----------------------------------------------------------------------

    async def join(self, due: Due, case: Case) -> f.JoinedTicket | None:
        """The ticket of another group for the same event, or None: then this case needs one of its own.

        Raises `Unreachable` while that group's ticket is still on its way.
        """
        community = self._house.grids.community_of(case.group)
        if not community or case.apart_from:
            return None
        line = await self._house.state.enlist(community, due.order.key, Sketch.of(case))
        now = self._house.clock.now()
        old = [key for key, one in line if now - one.opened_at > KEPT and key != due.order.key]
        await self._house.state.strike(community, old)
        place = [key for key, _ in line].index(due.order.key)
        awaited = False
        for n, (key, sketch) in enumerate(line):
            other = await self._same(key, sketch, case)
            if other and other.ticket:
                log.info("joined_ticket", group=case.group, case=case.id, ticket=other.ticket)
                # What it has heard of is not news to us when the backend tells it again.
                return f.JoinedTicket(at=now, ticket=other.ticket, leader=other.id, known=other.updates)
            # Whoever came first waits for nobody, so nobody waits for ever.
            awaited |= n < place and other is not None
        if awaited:
            raise Unreachable("another group's ticket for the same event is on its way", _WAITS_SECONDS)
        return None

    async def _same(self, order: str, sketch: Sketch, case: Case) -> Case | None:
        """The other group's case where it is the same event, and is at dispatch or about to be."""
        mine, within = Sketch.of(case), self._house.grids.policy_of(case.group).same_event
        group = group_of_case(sketch.case)
        if group == case.group or not same_event(mine, sketch, within):
            return None
        # The order first: it goes in the stroke that writes the ticket down, so the case cannot hide it from us.
        filing = await self._house.state.order(order, group)
        other = await self._house.state.case(sketch.case)
        if other is None or not other.live or is_confidential(other):
            return None
        if not same_event(mine, Sketch.of(other), within):
            return None
        return other if other.ticket or (filing and other.stage is Stage.FILING) else None

    # --- afterwards -------------------------------------------------------------------------------------

    async def others(self, case: Case, ticket: str) -> list[Case]:
        """The other cases that follow the ticket, open or not."""
        ids = await self._house.state.cases_of_ticket(ticket)
        found = [await self._house.state.case(one) for one in ids if one != case.id]
        return [one for one in found if one and one.ticket == ticket]

    def due_to_dispatch(self, news: News, case: Case, others: Sequence[Case]) -> News | None:
        """What dispatch has to hear of it, if anything: a ticket ends with the last case that follows it."""
        followed = any(one.live for one in others)
        if news in _AGAIN and self._never_left(others):
            return None
        if news not in _ENDINGS:
            return news
        if followed:
            log.info("still_followed", case=case.id, ticket=case.ticket, news=str(news))
            return None
        fixed = any(one.stage in (Stage.CLOSED, Stage.SOLVED_IN_GRID) for one in others)
        return News.CONFIRMED if fixed else news

    def _never_left(self, others: Sequence[Case]) -> bool:
        """Another group's case shows that the unit has the ticket in hand, or says that it is done."""
        return at_work(others) or any(one.stage in KEYS for one in others)

    async def share(self, due: Due, order: o.TellDispatch, case: Case, others: Sequence[Case]) -> None:
        """Tell the other groups what this one does to the ticket, before dispatch can answer to it."""
        now = self._house.clock.now()
        live = [one for one in others if one.live and not _came_later(one, due)]
        match order.news:
            case News.JOINED:
                await self._catch_up(order, case, live)
            case News.SENT_AGAIN | News.RESTORED if self._never_left(live):
                await self._catch_up(order, case, live)
            case News.SENT_AGAIN | News.RESTORED:
                await self._tell(order, live, lambda _: f.SentBack(at=now, disputed=False))
            case News.DISPUTED | News.DENIED | News.HALF_FIXED | News.CAME_BACK if at_work(live):
                await self._catch_up(order, case, live)
            case News.DISPUTED | News.DENIED | News.HALF_FIXED | News.CAME_BACK:
                await self._tell(order, live, lambda _: f.SentBack(at=now))
            case News.HANDLED:
                await self._tell(order, live, self._handled_elsewhere)

    async def _catch_up(self, order: o.TellDispatch, case: Case, live: Sequence[Case]) -> None:
        """Bring a case that has just come to a ticket to where the ticket is."""
        ahead = furthest(case, *live)
        if ahead is not case and ahead.stage in _NEWS:
            fact: f.Fact = _NEWS[ahead.stage](at=self._house.clock.now(), note=ahead.note)
            if isinstance(fact, f.TicketReturned):
                fact = returned(ahead.note, fact.at)
            await self._tell(order, [case], lambda _: fact)

    def _handled_elsewhere(self, case: Case) -> f.Fact:
        _ = gettext(self._house.grids.writer_of(case.group).lang)
        return f.WorkDone(at=self._house.clock.now(), note=_("handled by the grid worker of another group"))

    async def _tell(
        self, order: o.TellDispatch, cases: Sequence[Case], fact_for: Callable[[Case], f.Fact]
    ) -> None:
        """Put it into the other groups' inboxes; said again after a crash, it is known."""
        state, now = self._house.state, self._house.clock.now()
        for one in cases:
            raw = json.dumps(raw_shared(one.id, one.ticket or "", fact_for(one)))
            await state.accept(SHARED, one.group, f"{order.key} {one.id}", raw, now)
