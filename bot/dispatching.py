"""Dispatching: what is said to the dispatch backend about a case: its ticket, and news of it.

Where the backend offers no idempotency key, an order that was tried before looks before it sends again.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from actions import facts as f
from actions import orders as o
from actions.case import KEYS, Case, Stage
from actions.confidentiality import Audience, is_confidential, words_for
from actions.errors import Refused
from actions.ledger import Due
from actions.mask import mask
from actions.nodes import Node
from actions.orders import News
from bot import reasons
from bot.categories import name_of
from bot.following import Following, at_work, furthest
from bot.house import House
from bot.replies import told, unit_of
from connectors.dispatch import Filing
from connectors.duty import Duty, freed, lines_of

CONFIDENTIAL = "【保密件 / confidential】"
"""The first line of all that dispatch gets of a private case."""
LOOK_BACK = timedelta(minutes=5)
"""Clocks differ: how long before the first try a ticket of ours may carry as its time."""

_STATUS = {
    News.DISPUTED: "received",
    News.DENIED: "received",
    News.SENT_AGAIN: "received",
    News.WITHDRAWN: "closed",
    News.HANDLED: "fixed",
    News.CONFIRMED: "closed",
    News.CAME_BACK: "received",
    News.HALF_FIXED: "received",
}
_ANOTHER_DUTY = (News.RECATEGORISED, News.REWORDED, News.ASSIGNED, News.RAISED, News.RULING)
"""News after which somebody else may answer for it, or by another time: both are said with it."""
_STATUS_NOW = {
    Stage.ACCEPTED: "accepted",
    Stage.IN_PROGRESS: "in_progress",
    Stage.RETURNED: "returned",
    **dict.fromkeys(KEYS, "fixed"),
}


class Dispatching:
    """Files tickets and tells of them."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._following = Following(house)

    async def file(self, due: Due, case: Case) -> f.Fact | None:
        now, ticket = self._house.clock.now(), None
        try:
            if due.tries > 1 and due.first_tried_at:
                ticket = await self._house.dispatch.find(case.id, due.first_tried_at - LOOK_BACK)
            if ticket is None and case.stage is not Stage.FILING:
                return None  # taken back while it waited, and dispatch never had it
            if (
                ticket is None
                and not is_confidential(case)
                and (joined := await self._following.join(due, case))
            ):
                return joined
            ticket = ticket or await self._house.dispatch.file(self._filing(case, now))
        except Refused as reason:
            return f.TicketRefused(at=now, reason=str(reason))
        return f.TicketFiled(at=now, ticket=ticket)

    def _filing(self, case: Case, now: datetime) -> Filing:
        secret = CONFIDENTIAL if is_confidential(case) else ""
        title = f"{name_of(case.category, 'zh_CN')} {mask(case.place)}".strip()
        words = words_for(case, case.text, Audience.UNIT)
        people = f"({len(case.followers) + 1} 人反映 / people affected)" if case.followers else ""
        return Filing(
            ref=case.id,
            service_code=case.category,
            description="\n".join(part for part in (secret, title, words, people) if part),
            confidential=is_confidential(case),
            address=mask(case.place),
            lat=case.point.lat if case.point else None,
            long=case.point.long if case.point else None,
            media_urls=self._house.evidence.links(case.group, case.attachments),
            **self._duty(case, now),
        )

    def _duty(self, case: Case, now: datetime) -> dict[str, Any]:
        """What the responsibility list says of it; nothing where nobody was named."""
        said = case.assignment
        if said is None:
            return {}
        calendar = self._house.calendar
        since = {clock.node: clock.since for clock in case.clocks if clock.round == case.round}
        accepted = calendar.after(since.get(Node.ACCEPT, now), said.respond)
        done = calendar.after(since.get(Node.WORK, accepted), said.resolve)
        return {
            "matter": f"{self._house.matters.name_of(said)} ({said.matter})",
            "unit": said.unit,
            "assisting": said.assisting,
            "level": said.level.value,
            "list_version": said.list_version,
            # Dispatchers read the description as it is: with the clock on their wall.
            "respond_by": accepted.astimezone(calendar.zone),
            "resolve_by": done.astimezone(calendar.zone),
        }

    async def tell(self, due: Due, order: o.TellDispatch, case: Case) -> None:
        ticket = order.ticket or case.ticket
        if ticket is None or (order.news is News.JOINED and ticket != case.ticket):
            return
        others = await self._following.others(case, ticket)
        await self._following.share(due, order, case, others)
        news = self._following.due_to_dispatch(order.news, case, others)
        if news is None:
            return
        dispatch = self._house.dispatch
        if due.tries > 1 and due.first_tried_at:
            since = due.first_tried_at - LOOK_BACK
            if await dispatch.find_update(ticket, order.key, since):
                return
        status = _status(news, case, others)
        words = self._told(replace(order, news=news), case)
        await dispatch.post_update(ticket, status, words, order.key)

    def _told(self, order: o.TellDispatch, case: Case) -> str:
        lang = self._house.grids.writer_of(case.group).lang
        text = self._text(order, case, lang)
        people, n, again, place = len(case.followers) + 1, case.disputes, case.reopened, mask(case.place)
        gaps = {"n": n, "again": again, "people": people, "place": place, "text": text}
        words = told(order.news, lang).format(**gaps, halves=case.halves, unit=unit_of(case, lang)).strip()
        secret = (CONFIDENTIAL,) if is_confidential(case) else ()
        links = self._house.evidence.links(case.group, order.attachments)
        duty = Duty(**self._duty(case, self._house.clock.now())) if order.news in _ANOTHER_DUTY else Duty()
        return "\n".join(part for part in (*secret, freed(words), *links, lines_of(duty)) if part)

    def _text(self, order: o.TellDispatch, case: Case, lang: str) -> str:
        """What the group says, with names in the place of codes."""
        match order.news:
            case News.RECATEGORISED:
                return name_of(order.text, lang)
            case News.ASSIGNED:
                matter = self._house.matters.in_force().get(order.text)
                return matter.name(lang) if matter else order.text
        return words_for(case, reasons.named(order.text, lang), Audience.UNIT)


def _status(news: News, case: Case, others: Sequence[Case]) -> str:
    """What becomes of the ticket; a unit that is at work on it already is not sent back to the start."""
    status = _STATUS.get(news)
    if status is None or (status == "received" and at_work(others)):
        return _STATUS_NOW.get(furthest(case, *others).stage, "received")
    return status
