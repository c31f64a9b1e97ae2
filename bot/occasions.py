"""Occasions: somebody speaks, and what waited for that is due."""

from dataclasses import replace
from datetime import datetime

from actions import facts as f
from actions import orders as o
from actions.case import Case
from actions.ledger import Due
from actions.talk import Occasion, Talk
from bot.ports import State

LISTED_KNOWN = 100
"""Cases without a card that are remembered for having been named in a list."""


async def woken(
    state: State, talk: Talk, now: datetime, *, case: str = "", chatter: bool = False, answers: str = ""
) -> tuple[Talk, tuple[Due, ...]]:
    """The memory and the orders that waited for this: somebody spoke, of this `case` if of any.

    `answers` is the message that they will reply to. Raises `Unreachable`.
    """
    dues = []
    for waiting in talk.waiting:
        about = bool(case) and waiting.case == case
        if about or (waiting.occasion is Occasion.TALK and not chatter):
            talk = talk.waits_no_more(waiting.order)
            if due := await state.order(waiting.order, talk.group):
                dues.append(replace(due, at=now, answers=answers))
    return talk, tuple(dues)


def after_speaking(talk: Talk, case: Case | None, fact: f.Fact) -> Talk:
    """The memory after a fact: a message of ours that was not there before is something we said."""
    if not isinstance(fact, f.Posted) or case is None or fact.post in dict(case.posts).values():
        return talk
    return talk.spoke(fact.at)


def after_order(talk: Talk, order: o.Order, fact: f.Fact | None, now: datetime) -> Talk:
    """The memory after an order that belongs to no case; `fact` is what it posted, if that matters."""
    if fact or isinstance(order, o.Warn | o.Reply | o.ShowList):
        talk = talk.spoke(now)
    if isinstance(order, o.Warn) and isinstance(fact, f.Posted):
        talk = replace(talk, warnings=(*talk.warnings, (order.message, fact.post))[-20:])
    if isinstance(order, o.ShowList):
        talk = replace(talk, listed=(*talk.listed, *order.cases)[-LISTED_KNOWN:])
    return talk
