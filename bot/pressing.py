"""Pressing: what a press of a button, or a thumb up, in the group comes to. It is saved by the flow.

The buttons of the menu of corrections are read here and decided on in bot/correcting.py; what is pressed in a
private chat is decided on in bot/confiding.py.
"""

from dataclasses import dataclass, replace

import structlog

from actions import facts as f
from actions import orders as o
from actions.advance import advance
from actions.answers import outcome, together
from actions.case import Case, IllegalMove, Stage
from actions.closing import VERBS
from actions.corrections import DOUBTS, HANDLING, LISTS, Step, named
from actions.ledger import Due
from actions.message import Press, Reacted, Role
from actions.policy import Desk
from actions.presses import KEYS, Refusal, Verb, fact_of, fact_of_reaction, received
from actions.verdicts import Answer
from bot.buttons import Forged, Meaning
from bot.correcting import Correcting, Decide
from bot.handling import Handling
from bot.house import House
from bot.lists import Lists
from bot.whispering import closing

log = structlog.get_logger("pressing")


@dataclass(frozen=True, slots=True)
class Pressed:
    """What follows from a press: a fact of a case, or a correction to be decided on, or neither.

    `orders` are due in each case but a correction, which has its own.
    """

    case: str = ""
    fact: f.Fact | None = None
    decide: Decide | None = None
    orders: tuple[Due, ...] = ()


class Pressing:
    """Decides on presses; it reads the state and changes nothing."""

    def __init__(self, house: House, correcting: Correcting) -> None:
        self._house, self._state, self._correcting = house, house.state, correcting
        self._handling, self._lists = Handling(house), Lists(house)

    async def by_button(self, press: Press) -> Pressed:
        """What a button in the group does; whoever may not press it is told why. Raises `Unreachable`."""
        try:
            meaning = self._house.buttons.read(press.group, press.data)
            if meaning.verb in HANDLING:
                return Pressed(decide=self._handling.by_press(meaning, press))
            if meaning.verb in DOUBTS:
                raise Refusal(
                    "stale"
                )  # of what is settled; what is still in doubt is decided on in its group
            if meaning.verb in LISTS or meaning.verb is Step.FORGET:
                return await self._of_no_case(meaning, press)
            if meaning.verb is Verb.MORE or isinstance(meaning.verb, Step):
                return Pressed(decide=self._correcting.by_press(meaning, press))
            return await self._moved(press, meaning, meaning.verb)
        except Forged:
            log.warning("forged_press", group=press.group, sender=press.sender)
            return Pressed(orders=(self._answering(press, "stale"),))
        except Refusal as refusal:
            return Pressed(orders=(self._answering(press, refusal.why),))

    async def _of_no_case(self, meaning: Meaning, press: Press) -> Pressed:
        if meaning.verb is Step.FORGET:
            return self._forget(meaning, press)
        orders = await self._lists.pressed(meaning, press)
        return Pressed(orders=tuple(self._now(order, press.group) for order in orders))

    def _forget(self, meaning: Meaning, press: Press) -> Pressed:
        """Only whoever asked to be forgotten can say that they are sure."""
        if named(meaning.argument, [press.sender]) is None:
            raise Refusal("not_about_you")
        key, post = f"{press.group}:{press.id}:forget", press.message or ""
        order = o.Forget(key=key, group=press.group, person=press.sender, everywhere=True, post=post)
        return Pressed(orders=(self._answering(press, "forgetting"), self._now(order, press.group)))

    async def by_reaction(self, reacted: Reacted) -> Pressed:
        """What a thumb up under a message of a case does. Raises `Unreachable`."""
        found = await self._state.case_of(reacted.group, reacted.message)
        case = await self._state.case(found) if found else None
        here = (
            case is not None and case.group == reacted.group
        )  # elsewhere other messages have the same numbers
        return Pressed(case.id, fact_of_reaction(reacted, case)) if case and here else Pressed()

    async def _moved(self, press: Press, meaning: Meaning, verb: Verb) -> Pressed:
        case = await self._state.case(f"{press.group}:{meaning.number}")
        if case is None or case.round != meaning.round or case.private:
            raise Refusal("stale")
        if press.sender == case.worker_key and self._house.grids.desk_of(press.group) is Desk.STAFF:
            press = replace(press, role=Role.WORKER)  # the second key is not for whoever turned the first
        fact = fact_of(verb, press, case, await self._house.households.of(press.group, press.sender))
        try:
            after, _ = advance(case, fact)
        except IllegalMove:
            raise Refusal("stale") from None
        over = (self._now(order, press.group) for order in closed(case, press, verb, fact))
        return Pressed(case.id, fact, orders=(self._answering(press, received(case, after, fact)), *over))

    def _answering(self, press: Press, what: str) -> Due:
        key = f"{press.group}:{press.id}:press"
        return self._now(o.AnswerPress(key=key, group=press.group, press=press.id, what=what), press.group)

    def _now(self, order: o.Order, group: str) -> Due:
        return Due(order, group, self._house.clock.now())


def closed(case: Case, press: Press, verb: Verb, fact: f.Fact) -> tuple[o.Order, ...]:
    """Every message with the buttons of the question is closed once it is decided, in the group and beside it."""
    if verb not in KEYS or advance(case, fact)[0].stage is case.stage:
        return ()  # it counts, and decides nothing yet
    beside = closing(case, f"{press.group}:{press.id}:close", verb, press.sender_name or "—")
    return (*beside, *_closed_here(case, press, verb, fact))


def _closed_here(case: Case, press: Press, verb: Verb, fact: f.Fact) -> tuple[o.CloseQuestion, ...]:
    """Whichever was pressed; never the card."""
    # Who is quick presses before it is written down that the question was posted.
    here = press.message if press.group == case.group else None
    posts = {post for post in (here, *case.asked_in) if post} - {case.post("card")}
    name, answer = press.sender_name or "—", verb
    if case.stage is Stage.RESIDENTS_KEY and together(case):
        name, answer = "", Verb(VERBS[outcome(case, fact) or Answer.NOT_FIXED])
    return tuple(
        o.CloseQuestion(
            key=f"{press.group}:{press.id}:close:{n}",
            case=case.id,
            post=post,
            answer=answer,
            by_name=name,
            rates=answer is Verb.FIXED,
        )
        for n, post in enumerate(sorted(posts))
    )
