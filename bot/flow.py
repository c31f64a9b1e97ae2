"""The flow, top to bottom: what happens to one message. Read this file first.

    heard()      a raw update becomes durable, before the platform is told "received"
    read()       the raw update becomes a Message, its text a Reading
    happened()   facts move the case; case, trace, orders and acknowledgement are saved in ONE transaction
    carry_out()  (bot/hands.py) performs due orders; what comes back is a new Fact → happened()

Three doors lead to `happened`: a message, an answer from dispatch, and the clock. A crash between any two
lines loses nothing and does nothing twice: whatever was not saved is taken up again from the inbox.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from actions import facts as f
from actions import orders as o
from actions.advance import advance
from actions.case import Case, IllegalMove
from actions.commands import AGAIN, Command, parse
from actions.inspection import evidenced
from actions.intake import SILENT, Listening, Understood, with_number
from actions.ledger import Change, Due, Entry, Moved, Stale
from actions.message import Joined, Kind, Left, Message, Migrated, Press, Reacted, Role
from actions.presence import after
from actions.reading import SILENCE, Intent, Reading
from actions.talk import Talk
from bot.alarms import Alarms
from bot.answers import answer
from bot.appointing import Appointing
from bot.confiding import PRIVATE, Confiding, is_private
from bot.correcting import Correcting, Decide, reply_of
from bot.digests import Digests
from bot.forgetting import FORGET, order_of
from bot.house import House
from bot.moving import forward
from bot.news import News
from bot.occasions import after_order, after_speaking, woken
from bot.pressing import Pressed, Pressing
from bot.turns import Turns
from bot.whereabouts import Whereabouts
from connectors.partition import group_of_case
from connectors.tickets import DOOR, SHARED

log = structlog.get_logger("flow")
_OURS = (DOOR, SHARED, PRIVATE, FORGET)
SETTLED_LOOKED_AT = 20
"""How many of the newest cases are looked through for settled ones that a message may be about."""
SURELY_CHATTER = 0.95
"""From this chance on a message is not compared with what is settled already."""
CONTEXT = 8
"""Earlier messages handed to the NLU with a text."""


class Flow:
    """The machine behind the three doors."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._state = house.state
        self._whereabouts = Whereabouts(house.state)
        self._appointing = Appointing(house)
        self._correcting = Correcting(house)
        self._alarms = Alarms(house, self.read, self._save)
        self._confiding = Confiding(house, self._correcting)
        self._pressing = Pressing(house, self._correcting)
        self._digests = Digests(house)
        self._turns = Turns()
        self.news = News(house.state, self.heard)

    # --- heard ---------------------------------------------------------------------------------------

    async def heard(self, door: str, group: str, update: str, raw: dict[str, Any]) -> bool:
        """Make a raw update durable; False if it was here before. Raises `Unreachable`."""
        text = json.dumps(raw)  # lone surrogates survive as escapes only
        fresh = await self._state.accept(door, group, update, text, self._house.clock.now())
        if fresh:
            self._house.metrics.heard(door)
        return fresh

    async def handle(self, entry: Entry) -> None:
        """Deal with one entry of the inbox, wholly. Raises `Unreachable`, and ValueError for poison."""
        raw = json.loads(entry.raw)
        if entry.door in _OURS:
            await self._by_our_own_door(entry, raw)
            return
        what = await self._house.chats[entry.door].understand(raw)
        if what is not None and what.group != entry.group:
            await forward(self._state, entry, what.group)
            what = None
        if isinstance(what, Message | Press) and what.role is not Role.BOT and self._of_staff(what):
            what = replace(what, role=Role.WORKER)
        match what:
            case Message() if await self._is_news(what):
                await self._message(entry, what)
            case Press():
                await self._press(entry, what)
            case None | Message():
                await self._nothing(entry)
            case Reacted():
                await self._pressed(entry, await self._pressing.by_reaction(what), None)
            case _:
                await self._belong(entry, what)

    async def _by_our_own_door(self, entry: Entry, raw: dict[str, Any]) -> None:
        if entry.door == DOOR:
            await self._news(entry, raw)
        elif entry.door == SHARED:
            await self._shared(entry, raw)
        elif entry.door == PRIVATE:
            await self._correct(entry, entry.group, await self._confiding.decide(raw), None)
        else:
            await self._with_orders(entry, entry.group, self._now(order_of(entry, raw), entry.group))

    def _of_staff(self, what: Message | Press | Joined | Left | Migrated) -> bool:
        """Whether it is in the workers' own group: everybody there works, and nothing that is said is a report."""
        return self._house.grids.is_staff(what.group)

    async def _is_news(self, message: Message) -> bool:
        """A platform may tell of an edit in which nobody can see any change."""
        return not message.edited or not (await self._state.talk(message.group)).knows(message)

    async def look_out(self, entry: Entry) -> None:
        """Answer a cry for help in an entry whose turn has not come; it is read in its turn all the same."""
        if entry.door in _OURS:
            return
        what = await self._house.chats[entry.door].understand(json.loads(entry.raw))
        if isinstance(what, Message) and not self._of_staff(what):
            await self._alarms.raised(what)

    # --- read ----------------------------------------------------------------------------------------

    async def read(self, message: Message, talk: Talk) -> Reading:
        """What the NLU says of a message; a message without words is read as silence."""
        if not message.text.strip() or message.kind in (Kind.STICKER, Kind.OTHER):
            return SILENCE
        said = [line.text for line in talk.recent if line.text and line.thread == message.thread]
        context, quoted = said[-CONTEXT:], talk.quoted_by(message)
        with self._house.metrics.parsing():
            reading = await self._house.nlu.parse(message.text, context, quoted, str(message.role))
        self._house.metrics.read(reading.intent)
        return reading

    async def _message(self, entry: Entry, message: Message) -> None:
        staff = self._of_staff(message)
        warned = not staff and await self._alarms.raised(message)
        if case := await self._confiding.about(message):
            await self._hand_over(entry, message, case, warned=warned)
            return
        if not staff and await self._correction(entry, message):
            return
        if (command := parse(message.text)) and (not message.edited or command.name in AGAIN):
            await self._command(entry, message, command)
            return
        if staff:
            await self._nothing(entry)
            return
        talk = await self._state.talk(message.group)
        quoted = await self._quoted(message)
        reading = await self.read(message, talk)
        await self._settle(entry, message, reading, quoted=quoted, warned=warned)

    async def _quoted(self, message: Message) -> str | None:
        keys = (message.id, message.reply_to) if message.edited else (message.reply_to,)
        for key in keys:
            if key and (case := await self._correcting.case_of(message.group, key)):
                return case
        return None

    async def _settle(
        self, entry: Entry, message: Message, reading: Reading, *, quoted: str | None, warned: bool
    ) -> None:
        while True:
            async with self._turns.of(message.group):
                talk = await self._state.talk(message.group)
                understood = await self._understand(message, reading, talk, quoted=quoted, warned=warned)
                try:
                    return await self._happened_by_message(entry, message, reading, talk, understood)
                except Stale:
                    continue

    async def _understand(
        self, message: Message, reading: Reading, talk: Talk, *, quoted: str | None, warned: bool
    ) -> Understood:
        group, policy = message.group, self._house.grids.policy_of(message.group)
        chatter = reading.chance(Intent.CHATTER) >= SURELY_CHATTER
        live, newest = await self._state.at_hand(group, 0 if chatter else SETTLED_LOOKED_AT)
        settled = (case for case in newest if case.settled_since(message.at - policy.reopen_within))
        cases = [*settled, *live]
        case, linker = await self._state.case(quoted) if quoted else None, await self._house.nlu.linker()
        listening = Listening(message, reading, talk, cases, case, policy, linker, warned)
        visits = [await self._state.case(one) for one in talk.visits_of(message.sender, message.at)]
        visited = visits[0] if len(visits) == 1 else None
        understood = evidenced(message, listening.understand(), listening.quoted, visited)
        return replace(understood, facts=await self._house.households.completed(group, understood.facts))

    # --- happened ------------------------------------------------------------------------------------

    async def _happened_by_message(
        self, entry: Entry, message: Message, reading: Reading, talk: Talk, understood: Understood
    ) -> None:
        try:
            moved, orders = self._advance(understood.case, understood.facts)
        except IllegalMove as reason:
            log.info("ignored", group=message.group, message=message.id, reason=str(reason))
            understood, moved, orders = SILENT, None, ()
        case = moved.case.id if moved else ""
        extra = self._alarms.by_reading(message, understood)
        if message.addressed and not moved and not talk.greeted:
            talk, extra = replace(talk, greeted=True), (*extra, self._introduction(message))
        talk = with_number(talk, understood)
        if moved or not message.edited:  # an edit that changes nothing is not the latest that was said
            talk = talk.heard(message, reading.intent, case)
        talk = talk.read(message, self._house.today(), silent=not (moved or extra))
        talk, also = await self._occasion(talk, message, case, chatter=not case)
        change = Change(
            talk=talk,
            moved=(moved,) if moved else (),
            orders=(*extra, *orders, *also),
            links=((message.id, case),) if case else (),
            entry=entry,
        )
        await self._save(change)
        sure = None if understood.chance is None else round(understood.chance, 3)
        what = {"intent": str(reading.intent), "kind": str(message.kind), "sure": sure}
        log.info(
            "message", group=message.group, case=case or None, **what, doubtful=understood.doubtful or None
        )

    async def _occasion(
        self, talk: Talk, heard: Message | Press, case: str, *, chatter: bool = False
    ) -> tuple[Talk, tuple[Due, ...]]:
        """What waited until somebody speaks; an edit and another bot are nobody."""
        if isinstance(heard, Message) and (heard.edited or heard.role is Role.BOT):
            return talk, ()
        answers = heard.id if isinstance(heard, Message) else heard.message or ""
        now = self._house.clock.now()
        return await woken(self._state, talk, now, case=case, chatter=chatter, answers=answers)

    async def _met(self, talk: Talk, met: Message | Press | None, case: str) -> tuple[Talk, tuple[Due, ...]]:
        """The memory after a command or a press, and what waited for that."""
        if met is None or (isinstance(met, Message) and met.edited):
            return talk, ()
        return await self._occasion(talk.met(met.at, wrote=isinstance(met, Message)), met, case)

    def _introduction(self, message: Message) -> Due:
        """Somebody speaks to us, in private for example, who has not been told what we are for."""
        return self._now(reply_of(message, "help"), message.group)

    async def happened(
        self,
        case: str,
        fact: f.Fact,
        *,
        entry: Entry | None = None,
        done: str = "",
        also: tuple[Due, ...] = (),
        met: Message | Press | None = None,
    ) -> bool:
        """Move a case by one fact and save all that follows; False where the table does not allow it.

        The entry or the carried-out order that told us is ticked off either way, and `also` is ordered.
        `met` is the command or the press behind it: somebody was there.
        """
        while True:
            async with self._turns.of(group_of_case(case)):
                with suppress(Stale):
                    return await self._happened(
                        case, fact, met, also, partial(Change, entry=entry, done=done)
                    )

    async def _happened(
        self,
        case: str,
        fact: f.Fact,
        met: Message | Press | None,
        also: tuple[Due, ...],
        change: Callable[..., Change],
    ) -> bool:
        group = group_of_case(case)
        talk, before = await self._state.scene(case)
        try:
            moved, orders = self._advance(before, (fact,))
        except IllegalMove as reason:
            log.info("ignored", group=group, case=case, fact=type(fact).__name__, reason=str(reason))
            moved, orders = None, ()
        links = ((fact.post, case),) if isinstance(fact, f.Posted) else ()
        talk, occasions = await self._met(after_speaking(talk, before, fact), met, case)
        due = (*also, *orders, *occasions)
        await self._save(change(talk=talk, moved=(moved,) if moved else (), orders=due, links=links))
        return moved is not None

    async def carried_out(self, due: Due, fact: f.Fact | None = None) -> None:
        """Tick off an order that left no fact of a case behind; `fact` is what it posted, if that matters."""
        while True:
            async with self._turns.of(due.group):
                talk, now = await self._state.talk(due.group), self._house.clock.now()
                with suppress(Stale):
                    change = Change(talk=after_order(talk, due.order, fact, now), done=due.order.key)
                    return await self._save(change)

    async def delayed(self, case: str, now: datetime) -> None:
        """Say once that the ticket waits; the order stays."""
        found = await self._state.case(case)
        if found and not found.delayed:
            await self.happened(case, f.FilingDelayed(at=now))

    def _advance(self, case: Case | None, facts: Sequence[f.Fact]) -> tuple[Moved | None, tuple[Due, ...]]:
        orders: list[o.Order] = []
        known: list[f.Fact] = []
        for fact in facts:
            known.append(self._appointing.completed(case, fact))
            case, new = advance(case, known[-1])
            orders += new
        if case is None or not known:
            return None, ()
        now = self._house.clock.now()
        return Moved(case, tuple(known)), tuple(self._due(order, case.group, now, case) for order in orders)

    async def _save(self, change: Change) -> None:
        for by, group in {(fact.by, moved.case.group) for moved in change.moved for fact in moved.facts}:
            await self._whereabouts.met(by, group)
        await self._state.save(self._digests.followed(change))
        for case, facts in ((moved.case, moved.facts) for moved in change.moved):
            for fact in facts:
                self._house.metrics.happened(case, fact)
                log.info(
                    "fact", fact=type(fact).__name__, group=case.group, case=case.id, stage=str(case.stage)
                )
        now = self._house.clock.now()
        if any(due.at <= now for due in change.orders):
            self._house.wake.set()

    def _due(self, order: o.Order, group: str, now: datetime, case: Case | None = None) -> Due:
        match order:
            case o.WakeAt():
                return Due(order, group, self._house.due_at(group, order.wait, now))
            case o.WatchClock() if case:
                return Due(order, group, self._house.turns_at(case, order.clock, order.light))
            case o.CloseMenu() | o.Whisper(what="shut"):
                return Due(order, group, now + o.MENU_STAYS)
        return Due(order, group, now)

    def _now(self, order: o.Order, group: str) -> Due:
        return self._due(order, group, self._house.clock.now())

    # --- the other things that come in ---------------------------------------------------------------

    async def _press(self, entry: Entry, press: Press) -> None:
        if elsewhere := await self._confiding.about(press):
            await self._hand_over(entry, press, elsewhere)
            return
        await self._pressed(entry, await self._pressing.by_button(press), press)

    async def _pressed(self, entry: Entry, pressed: Pressed, press: Press | None) -> None:
        if pressed.decide:
            await self._correct(entry, entry.group, pressed.decide, press)
        elif pressed.fact:
            await self.happened(pressed.case, pressed.fact, entry=entry, also=pressed.orders, met=press)
        else:
            await self._with_orders(entry, entry.group, *pressed.orders, met=press)

    # --- in private --------------------------------------------------------------------------------------

    async def _hand_over(
        self, entry: Entry, what: Message | Press, case: str, *, warned: bool = False
    ) -> None:
        """It is about a case of a group, and goes there before it is ticked off here: twice is the same as once."""
        await self._confiding.hand_over(entry, what, case, warned=warned)
        await self._nothing(entry)

    async def _open(self, entry: Entry, message: Message, token: str) -> None:
        """Somebody comes by a link into their private chat."""
        case = await self._confiding.opened(message, token)
        if case is None:
            reply = self._now(await self._confiding.welcome(message, token), message.group)
            await self._with_orders(entry, message.group, reply, met=message)
            return
        await self._confiding.hand_over(entry, message, case.id)
        await self._with_orders(entry, message.group, remember=partial(self._confiding.confided, case=case))

    # --- corrections by a worker -----------------------------------------------------------------------

    async def _correction(self, entry: Entry, message: Message) -> bool:
        """A worker's reply that sets a case right; False where it is an ordinary message."""
        decide = await self._correcting.by_words(message)
        if decide:
            await self._correct(entry, message.group, decide, message)
        return decide is not None

    async def _correct(self, entry: Entry, group: str, decide: Decide, met: Message | Press | None) -> None:
        """Save all sides of it together; decide again where the group was changed meanwhile."""
        while True:
            talk = await self._state.talk(group)
            outcome = await decide(talk)
            moves = [self._advance(case, facts) for case, facts in outcome.moves]
            talk = replace(talk, last_number=talk.last_number + outcome.numbers)
            talk = talk.visited(outcome.visit, self._house.clock.now()) if outcome.visit else talk
            talk, occasions = await self._met(talk, met, "")
            change = Change(
                talk=talk,
                moved=tuple(moved for moved, _ in moves if moved),
                orders=(
                    *(self._now(order, group) for order in outcome.orders),
                    *(due for _, orders in moves for due in orders),
                    *occasions,
                ),
                links=outcome.links,
                entry=entry,
            )
            try:
                await self._save(change)
            except Stale:
                continue
            return

    # --- commands --------------------------------------------------------------------------------------

    async def _command(self, entry: Entry, message: Message, command: Command) -> None:
        if command.name == "start" and command.words and is_private(message):
            await self._open(entry, message, command.words[0])
            return
        await self._whereabouts.met(message.sender, message.group)
        result = await answer(self._house, message, command)
        if result.facts:
            await self._correct(entry, message.group, self._correcting.by_command(message, command), message)
            return
        reply = reply_of(message, result.what, tuple(result.args.items()))
        remember = partial(replace, grid=result.grid) if result.grid else None
        if result.grid:
            await self._state.bind(message.group, result.grid)
        await self._with_orders(
            entry, message.group, self._now(reply, message.group), remember=remember, met=message
        )
        self._house.grids.bind(message.group, result.grid)

    async def _with_orders(
        self,
        entry: Entry | None,
        group: str,
        *orders: Due,
        remember: Callable[[Talk], Talk] | None = None,
        met: Message | Press | None = None,
    ) -> None:
        while True:
            talk = await self._state.talk(group)
            talk, also = await self._met(remember(talk) if remember else talk, met, "")
            try:
                await self._save(Change(talk=talk, orders=(*orders, *also), entry=entry))
            except Stale:
                continue
            return

    async def _belong(self, entry: Entry, what: Joined | Left | Migrated) -> None:
        """Our place in the group has changed, or the group its own."""
        group = what.group
        while True:
            talk = await self._state.talk(group)
            live = await self._state.cases(group, live=True) if talk.left else ()
            new, orders = after(what, talk, f"{group}:{entry.id}:welcome", live)
            if self._of_staff(what):
                orders = tuple(
                    replace(one, what="welcome_staff") for one in orders if isinstance(one, o.Reply)
                )
            dues = tuple(self._now(order, group) for order in orders)
            try:
                await self._save(Change(talk=new, orders=dues, entry=entry))
            except Stale:
                continue
            break
        log.info(type(what).__name__.lower(), group=group, hears_all=new.hears_all)

    async def _news(self, entry: Entry, raw: dict[str, Any]) -> None:
        fact = await self.news.from_dispatch(raw, entry.at)
        if fact is None:
            await self._nothing(entry)
            return
        self._house.metrics.news(raw["status"] or "note")
        await self.happened(raw["case"], fact, entry=entry)
        await self.news.spread(raw)  # also to whoever came to the ticket while this waited in the inbox

    async def _shared(self, entry: Entry, raw: dict[str, Any]) -> None:
        if fact := await self.news.from_group(raw):
            await self.happened(raw["case"], fact, entry=entry)
        else:
            await self._nothing(entry)

    async def _nothing(self, entry: Entry) -> None:
        await self._with_orders(entry, entry.group)
