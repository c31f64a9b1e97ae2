"""Courtesy: before something is said into a group, ask whether it may be said now, and see to what may not.

What has to wait stays a due order, so it survives a restart; it comes back at its time, or when somebody
speaks (`woken`). Edits of what is shown already, tickets and answers to presses pass unasked.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from actions import orders as o
from actions.case import Case, Stage
from actions.confidentiality import hidden
from actions.errors import Gone
from actions.ledger import Change, Due, Stale
from actions.manners import Manners, Verdict, Weight, weight_of
from actions.reading import Urgency
from actions.talk import Occasion, Talk, Waiting
from bot.alerting import Alerting
from bot.digests import Daily, Digests
from bot.flow import Flow
from bot.hands import Hands
from bot.house import House
from bot.moving import shut_out

log = structlog.get_logger("courtesy")
AFTER_WARNING = timedelta(seconds=1)
PATIENCE = timedelta(hours=24)
"""What found no occasion for so long is not worth saying."""


class Courtesy:
    """Stands between the orders that are due and the hands that carry them out."""

    def __init__(self, house: House, flow: Flow, hands: Hands) -> None:
        self._house, self._flow, self._hands = house, flow, hands
        self._alerting = Alerting(house)
        self._digests = Digests(house)

    async def granted(self, due: Due) -> Due | None:
        """The order, where it may be carried out now; None where it was kept for later or left out.

        Raises `Unreachable` and `Refused`, as the hands do.
        """
        while True:
            try:
                # As it was read when the order was begun, unless that is out of date by now.
                _, case = await self._house.state.scene(due.order.case) if due.order.case else (None, None)
                if isinstance(due.order, Daily):
                    return await self._digests.granted(due)
                if case and (others := await self._hands.apart(due, case)) is not None:
                    return await self._apart(due, others)
                if case and isinstance(due.order, o.Alert):
                    return await self._alert(due, due.order, case)
                if case and isinstance(due.order, o.WatchClock):
                    return await self._watch(due, due.order, case)
                return await self._granted(due, case)
            except Stale:  # somebody spoke meanwhile, which may change the verdict
                continue
            except Gone:
                await shut_out(self._house.state, due.group, self._house.clock.now())

    async def _granted(self, due: Due, case: Case | None) -> Due | None:
        order = due.order
        talk, now = await self._house.state.talk(due.group), self._house.clock.now()
        if talk.left or not _speaks(order, case):
            return due  # in a group that put us out the hands put it away
        manners = Manners(talk, self._house.grids.policy_of(due.group), now, urgent=_is_urgent(case))
        if any(one.order == order.key and one.until <= now for one in talk.waiting):
            return await self._leave(due, talk)
        match order:
            case o.Reply():
                late = manners.is_old(order.asked_at) and not manners.somebody_spoke
                return await self._leave(due, talk) if late else due
            case o.ShowList():
                return await self._list(due, order, manners)
            case o.ShowCard() | o.Invite() if case:
                return await self._first_card(due, order, case, manners)
        return await self._sentence(due, case, manners) if case else due

    # --- what is said to each alone -------------------------------------------------------------------

    async def _apart(self, due: Due, orders: tuple[Due, ...]) -> Due | None:
        """What would be said once, in the group, is said in each of the chats that it is for."""
        talk = (await self._house.state.talk(due.group)).waits_no_more(due.order.key)
        await self._house.state.save(Change(talk=talk, orders=orders, done=due.order.key))
        self._house.wake.set()
        return None

    async def _alert(self, due: Due, order: o.Alert, case: Case) -> Due | None:
        """A warning is said to each whom it concerns, at a time at which they may be spoken to."""
        talk = await self._house.state.talk(due.group)
        if not self._alerting.holds(order, case):
            return await self._leave(due, talk)
        if until := self._alerting.waits_until(order, case, self._house.clock.now()):
            await self._keep(due, until, None, talk)
            return None
        return due if order.to else await self._apart(due, await self._alerting.apart(due, order, case))

    async def _watch(self, due: Due, order: o.WatchClock, case: Case) -> Due | None:
        """The limit may have become longer since somebody began to watch."""
        turns = self._house.turns_at(case, order.clock, order.light)
        if turns <= self._house.clock.now():
            return due
        await self._keep(due, turns, None, await self._house.state.talk(due.group))
        return None

    async def _invite(self, due: Due, case: Case, manners: Manners) -> Due | None:
        if not case.private:
            return await self._leave(due, manners.talk)
        if case.posts:  # only what is there already changes, and it must not stay
            return due
        return await self._follow(due, manners.weigh(Weight.ANSWER, since=case.changed_at), manners)

    # --- the first card -------------------------------------------------------------------------------

    async def _first_card(
        self, due: Due, order: o.ShowCard | o.Invite, case: Case, manners: Manners
    ) -> Due | None:
        if isinstance(order, o.Invite):
            return await self._invite(due, case, manners)
        if manners.urgent:
            return await self._alarm(due, case, manners)
        if case.id in manners.talk.listed and (order.asked_at is None or manners.is_old(order.asked_at)):
            return await self._leave(due, manners.talk)
        if manners.is_old(order.asked_at or case.opened_at):
            return await self._put_on_list(due, manners)
        if await self._waits_already(due, case, manners.talk):
            return await self._leave(due, manners.talk)
        weight = weight_of(order, case)
        since = order.asked_at or case.opened_at
        return await self._follow(due, manners.weigh(weight, since=since), manners)

    async def _alarm(self, due: Due, case: Case, manners: Manners) -> Due | None:
        """The card of an emergency takes the place of the warning, once that is there."""
        warning = await self._house.state.order(f"{case.group}:{case.origin}:warn", case.group)
        if warning is None or warning.tries > 1:
            return due
        return await self._follow(due, Verdict(later=manners.now + AFTER_WARNING), manners)

    async def _waits_already(self, due: Due, case: Case, talk: Talk) -> bool:
        """Whether the card waits for its turn by an earlier order: it will show the case as it is then."""
        others = [one.order for one in talk.waiting if one.case == case.id and one.order != due.order.key]
        kept = [await self._house.state.order(key, due.group) for key in others]
        return any(isinstance(one.order, o.ShowCard) for one in kept if one)

    async def _put_on_list(self, due: Due, manners: Manners) -> Due | None:
        order = o.ShowList(key=f"{due.group}:list", group=due.group)
        on_list = Due(order, due.group, manners.now + manners.policy.pause)
        await self._house.state.save(Change(talk=manners.talk, orders=(on_list,), done=due.order.key))
        return None

    async def _list(self, due: Due, order: o.ShowList, manners: Manners) -> Due | None:
        live = await self._house.state.cases(due.group, live=True)
        unspoken = (case for case in live if case.post("card") or case.stage is Stage.UNSURE)
        shown = {case.id for case in unspoken} | set(manners.talk.listed)
        cases = [case for case in live if case.id not in shown and manners.is_old(case.opened_at)]
        cases = [case for case in cases if not hidden(case)]
        if not cases:
            return await self._leave(due, manners.talk)
        ids = tuple(case.id for case in cases)
        many = replace(order, cases=ids) if len(ids) > 1 else o.ShowCard(key=order.key, case=ids[0])
        granted = await self._follow(due, manners.weigh(Weight.CARD), manners)
        return replace(granted, order=many) if granted else None

    # --- sentences ------------------------------------------------------------------------------------

    async def _sentence(self, due: Due, case: Case, manners: Manners) -> Due | None:
        if not self._hands.timely(due.order, case):
            return await self._leave(due, manners.talk)
        weight = weight_of(due.order, case)
        verdict = manners.weigh(weight, answers=bool(due.answers))
        if verdict.now:
            return due
        if weight is Weight.CALL and await self._put_on_card(due, case):
            raise Stale(due.group)  # the talk that the verdict rests on was saved since
        if verdict.occasion and await self._hands.whisper(due.order, case):
            return await self._leave(due, manners.talk)
        return await self._follow(due, verdict, manners)

    async def _put_on_card(self, due: Due, case: Case) -> bool:
        fact = await self._hands.put_on_card(due.order, case)
        return fact is not None and await self._flow.happened(case.id, fact)

    # --- what becomes of it ---------------------------------------------------------------------------

    async def _follow(self, due: Due, verdict: Verdict, manners: Manners) -> Due | None:
        if verdict.now:
            return due
        until = verdict.later or (manners.now + PATIENCE if verdict.occasion else None)
        if until is None:
            return await self._leave(due, manners.talk)
        await self._keep(due, until, verdict.occasion, manners.talk)
        return None

    async def _keep(self, due: Due, until: datetime, occasion: Occasion | None, talk: Talk) -> None:
        if occasion:
            talk = talk.waits(Waiting(due.order.key, due.order.case, occasion, until))
        kept = replace(due, at=until, tries=0, first_tried_at=None, answers="")
        await self._house.state.save(Change(talk=talk, orders=(kept,)))
        log.info("kept", group=due.group, case=due.order.case or None, kind=type(due.order).__name__)

    async def _leave(self, due: Due, talk: Talk) -> Due | None:
        talk = talk.waits_no_more(due.order.key)
        await self._house.state.save(Change(talk=talk, done=due.order.key))
        return None


def _speaks(order: o.Order, case: Case | None) -> bool:
    """Whether carrying it out puts a new message into the group."""
    if isinstance(order, o.ShowCard):
        return case is not None and case.live and case.post("card") is None
    return isinstance(
        order, o.Reply | o.ShowList | o.Invite | o.AskWorker | o.AskIfFixed | o.AskSatisfaction | o.Say
    )


def _is_urgent(case: Case | None) -> bool:
    return case is not None and case.urgency is Urgency.EMERGENCY
