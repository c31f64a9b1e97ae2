"""Presence: what follows when the bot comes into a group, leaves it, and comes back."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from actions import orders as o
from actions.case import Case, Stage
from actions.message import Joined, Left, Migrated
from actions.talk import Talk

FORGOTTEN = timedelta(days=30)
"""After so long an absence the group is greeted again."""
UNNOTICED = timedelta(minutes=10)
"""What moved so shortly before we knew that we were out may not have been shown either."""
_CATCHING_UP = 50
"""Numbers of these orders begin here, above those that a move of the case gives."""
_QUESTIONS: dict[Stage, type[o.Order]] = {
    Stage.WORK_DONE: o.AskWorker,
    Stage.WORKER_KEY: o.AskWorker,
    Stage.RESIDENTS_KEY: o.AskIfFixed,
}


def after(
    what: Joined | Left | Migrated, talk: Talk, key: str, live: Iterable[Case]
) -> tuple[Talk, tuple[o.Order, ...]]:
    """The memory after our place in the group has changed, and what is to be said; `key` is for a greeting."""
    match what:
        case Joined():
            return came(talk, what, key, live)
        case Left():
            return left(talk, what.at), ()
    # The old number may have ended before we heard of the new one: then it seemed that we had been put out.
    return replace(talk, left=None), missed(talk, live)


def came(talk: Talk, joined: Joined, key: str, live: Iterable[Case]) -> tuple[Talk, tuple[o.Order, ...]]:
    """The memory with the bot in the group, and what is to be said: a greeting, unless the group has heard that
    one not long ago, and of `live` cases what could not be said meanwhile.
    """
    away_for_long = talk.left is not None and joined.at - talk.left > FORGOTTEN
    same = talk.greeted and talk.hears_all == joined.hears_all and not away_for_long
    what = "welcome" if joined.hears_all else "cannot_hear"
    reply = o.Reply(key=key, group=joined.group, reply_to=None, what=what)
    new = replace(talk, title=joined.title or talk.title, greeted=True, hears_all=joined.hears_all, left=None)
    return new, (*(() if same else (reply,)), *missed(talk, live))


def missed(talk: Talk, live: Iterable[Case]) -> tuple[o.Order, ...]:
    """What the group has to be told of cases that moved while the bot was away."""
    if talk.left is None:
        return ()
    since = talk.left - UNNOTICED
    moved = [case for case in live if case.changed_at >= since]
    return tuple(order for case in moved for order in _catch_up(case))


def left(talk: Talk, at: datetime) -> Talk:
    """The memory with the bot out of the group; the first word of it counts."""
    return replace(talk, left=talk.left or at)


def _catch_up(case: Case) -> list[o.Order]:
    kinds: list[type[o.Order]] = [o.ShowCard]
    if question := _QUESTIONS.get(case.stage):
        kinds.append(question)
    return [
        kind(case=case.id, key=f"{case.id}:{case.version}:{_CATCHING_UP + n}") for n, kind in enumerate(kinds)
    ]
