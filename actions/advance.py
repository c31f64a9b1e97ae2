"""The advance of a case: a fact teaches it, and the first row of the table that fits moves it."""

from collections.abc import Iterable
from dataclasses import replace

from actions import facts as f
from actions import orders as o
from actions.case import DROPPED, KEY_WHISPERS, LIVE, REMINDERS, Case, IllegalMove, Stage
from actions.clocks import ticked, watched
from actions.closing import closed
from actions.lessons import learn
from actions.marks import marked_anew
from actions.moves import MOVES, Row


def advance(case: Case | None, fact: f.Fact) -> tuple[Case, tuple[o.Order, ...]]:
    """The case after `fact`, and the orders that follow from it, each with its key.

    `case` is None for the first fact of a case, which is `Reported`. Raises `IllegalMove` where the
    table has no row, and then nothing has changed.
    """
    before = case or _begin(fact)
    row = _row(before, fact)
    known, stayed = learn(fact, before), row.to is before.stage
    known = replace(
        known,
        version=before.version + 1,
        changed_at=fact.at,
        stage=row.to,
        reminders=known.reminders + isinstance(fact, f.TimeRanOut) if stayed else 0,
        timer=known.timer if stayed else "",
        doubtful=known.doubtful and row.to in (Stage.UNSURE, *DROPPED),
        posts=known.posts if stayed or row.to not in LIVE else _without_old_questions(known, fact),
        whispers=known.whispers if stayed or row.to not in LIVE else _without_old_whispers(known, fact),
    )
    known = marked_anew(before, ticked(before, known, fact.at))
    wanted = [effect(known, fact) for effect in row.effects]
    wanted += closed(before, known, fact)
    if _becomes_private(before, known):
        wanted.append(o.Invite())
    wanted += [o.WatchClock(clock=n, light=light) for n, light in watched(before, known)]
    return _ordered(known, wanted)


def _becomes_private(before: Case, case: Case) -> bool:
    """Whether the group, which knew of it or would have been told now, is shown the private line instead."""
    unspoken = (Stage.NEW, Stage.UNSURE)
    before_unseen = before.private and before.stage not in unspoken
    return case.private and case.live and case.stage not in unspoken and not before_unseen


def _without_old_questions(case: Case, fact: f.Fact) -> tuple[tuple[str, str], ...]:
    """What is posted still counts, but a question of the stage before, or of the round before, is over."""
    asked = fact.what if isinstance(fact, f.Posted) else ""
    over = {*REMINDERS, *REMINDERS.values()} - {asked}
    return tuple((what, post) for what, post in case.posts if what not in over)


def _without_old_whispers(case: Case, fact: f.Fact) -> tuple[tuple[str, str, str], ...]:
    asked = fact.what if isinstance(fact, f.Whispered) else ""
    over = {*KEY_WHISPERS} - {asked}
    return tuple(one for one in case.whispers if one[0] not in over)


def rebuild(trace: Iterable[f.Fact]) -> Case:
    """The case that these facts, oldest first, lead to. Raises `IllegalMove` for a broken trace."""
    case: Case | None = None
    for fact in trace:
        case, _ = advance(case, fact)
    if case is None:
        raise IllegalMove("an empty trace is no case")
    return case


def allowed(case: Case, fact: type[f.Fact]) -> bool:
    """Whether some row of the table takes this kind of fact in the stage of the case."""
    return (case.stage, fact) in MOVES


def _begin(fact: f.Fact) -> Case:
    if not isinstance(fact, f.Reported):
        raise IllegalMove(f"{type(fact).__name__} cannot be the first fact of a case")
    return Case(
        id=fact.case,
        number=fact.number,
        group=fact.group,
        opened_at=fact.at,
        changed_at=fact.at,
        category=fact.category,
        text=fact.text,
        reporter=fact.by,
        reporter_name=fact.by_name,
        origin=fact.message,
        place=fact.place,
        point=fact.point,
        urgency=fact.urgency,
        confidence=fact.confidence,
        sure=fact.sure,
        files_at_once=fact.files_at_once,
        warned=fact.warned,
        doubtful=fact.doubtful,
        last_message_at=fact.at,
        places=(fact.place,) if fact.place else (),
        meanings=(fact.meaning,) if fact.meaning else (),
        messages=((fact.message, "report"),) if fact.message else (),
        attachments=fact.attachments,
        categories=fact.categories,
        thread=fact.thread,
        private=fact.private,
        assignment=fact.assignment,
        matters=fact.matters,
        keys=fact.keys,
    )


def _row(case: Case, fact: f.Fact) -> Row:
    if isinstance(fact, f.TimeRanOut) and fact.timer != case.timer:
        raise IllegalMove(f"{case.id} no longer waits for {fact.timer}")
    for row in MOVES.get((case.stage, type(fact)), ()):
        if row.when is None or row.when(case, fact):
            return row
    raise IllegalMove(f"{type(fact).__name__} cannot happen to {case.id} in stage {case.stage}")


def _ordered(case: Case, wanted: list[o.Order | None]) -> tuple[Case, tuple[o.Order, ...]]:
    orders = tuple(
        replace(order, case=case.id, key=f"{case.id}:{case.version}:{n}")
        for n, order in enumerate(order for order in wanted if order is not None)
    )
    for order in orders:
        if isinstance(order, o.WakeAt):
            case = replace(case, timer=order.timer)
    return case, orders
