"""Confiding: what people do in their private chat with the bot about a case of a group.

It is handed to that group as an entry of its inbox (the door `private`), for the group is the unit of order. A
stranger to the case learns nothing, not even that there is one.
"""

import hmac
import json
from dataclasses import replace
from functools import partial
from typing import Any

from actions import facts as f
from actions import orders as o
from actions.advance import advance, allowed
from actions.case import SETTLED, Case, IllegalMove
from actions.commands import parse
from actions.inspection import inspected, shows
from actions.intake import Listening
from actions.ledger import Entry
from actions.message import Kind, Message, Press, Role
from actions.presses import KEYS, Refusal, Verb, fact_of
from actions.reading import SILENCE, Reading
from actions.talk import Talk
from bot.buttons import Forged
from bot.correcting import Correcting, Decide, Outcome, reply_of
from bot.house import House
from bot.pressing import closed_in_group
from bot.whispering import closing, whisper
from connectors.codec import dump, load
from connectors.partition import group_of_case

PRIVATE = "private"
"""The door through which a group hears what is said of its private cases elsewhere."""
_MOST = 20
"""Cases of which one person speaks in private."""


def is_private(what: Message | Press) -> bool:
    """Whether it comes from a person's own chat: there the group is the person."""
    return what.group == what.sender


class Confiding:
    """Decides on what is said in private; it changes nothing but inboxes."""

    def __init__(self, house: House, correcting: Correcting) -> None:
        self._house, self._state, self._correcting = house, house.state, correcting

    # --- in the private chat ----------------------------------------------------------------------------

    async def about(self, what: Message | Press) -> str | None:
        """The case of a group that this is about: the one that it answers, else the newest. Raises `Unreachable`."""
        if not is_private(what) or (isinstance(what, Message) and parse(what.text) and not what.edited):
            return None
        answered = what.reply_to if isinstance(what, Message) else what.message
        case = await self._state.case_of(what.group, answered) if answered else None
        if case and group_of_case(case) != what.group:
            return case
        return await self._newest(what) if isinstance(what, Message) and case is None else None

    async def _newest(self, message: Message) -> str | None:
        for one in reversed((await self._state.talk(message.group)).confided):
            case = await self._state.case(one)
            if case and case.reporter == message.sender and self._is_spoken_of(case, message):
                return one
        return None

    def _is_spoken_of(self, case: Case, message: Message) -> bool:
        within = self._house.grids.policy_of(case.group).reopen_within
        return case.live or (case.stage in SETTLED and message.at - case.changed_at < within)

    async def opened(self, message: Message, token: str) -> Case | None:
        """The case whose private line this token opens for this person; None for everybody else."""
        found = await self._state.recall(f"private:{token}")
        if found is None or not hmac.compare_digest(token, self._house.buttons.token(found)):
            return None
        case = await self._state.case(found)
        return case if case and case.private and await self._role(case, message.sender) else None

    async def welcome(self, message: Message, token: str) -> o.Reply:
        """The answer to who comes by a link that opens no case: it may be the one to say where they live."""
        home = await self._house.households.opened(token, message.sender)
        return reply_of(message, "how_home_private" if home else "nothing_private")

    async def hand_over(
        self, entry: Entry, what: Message | Press, case: str, *, warned: bool = False
    ) -> None:
        """Put it into the inbox of the case's group, once; each edit of a message is news of its own."""
        raw = {"case": case, "kind": type(what).__name__, "said": dump(what), "warned": warned}
        edit = f" {entry.update}" if isinstance(what, Message) and what.edited else ""
        update, now = f"{what.group} {what.id}{edit}", self._house.clock.now()
        await self._state.accept(PRIVATE, group_of_case(case), update, json.dumps(raw), now)

    def confided(self, talk: Talk, case: Case) -> Talk:
        """The private chat's memory, with one more case of which its person speaks there."""
        others = tuple(one for one in talk.confided if one != case.id)
        if case.reporter != talk.group:
            return talk
        return replace(talk, confided=(*others, case.id)[-_MOST:], greeted=True)

    # --- in the group -----------------------------------------------------------------------------------

    async def decide(self, raw: dict[str, Any]) -> Decide:
        """What follows from what came through the door. Raises ValueError for poison, and `Unreachable`."""
        if raw["kind"] == Press.__name__:
            return partial(self._pressed, load(raw["said"], Press), raw["case"])
        message = load(raw["said"], Message)
        case = await self._state.case(raw["case"])
        reading = await self._read(message, case) if case else SILENCE
        return partial(self._said, message, reading, raw["case"], warned=bool(raw["warned"]))

    async def _role(self, case: Case, person: str) -> Role | None:
        if person in [worker for worker, _ in await self._house.workers(case.group)]:
            return Role.WORKER
        return Role.RESIDENT if person == case.reporter else None

    async def _read(self, message: Message, case: Case) -> Reading:
        if parse(message.text) or not message.text.strip() or message.kind in (Kind.STICKER, Kind.OTHER):
            return SILENCE
        return await self._house.nlu.parse(message.text, (case.text,), None, str(Role.RESIDENT))

    async def _pressed(self, press: Press, number: str, _: Talk) -> Outcome:
        key = f"{press.group}:{press.id}"
        case = await self._state.case(number)
        try:
            verb, fact = await self._meant(press, case)
        except Refusal as refusal:
            return Outcome(orders=(_toast(press, refusal.why),))
        closed: tuple[o.Order, ...] = ()
        if case and verb in KEYS:
            name = press.sender_name or "—"
            closed = (*closing(case, f"{key}:close", verb, name), *closed_in_group(case, press, verb, fact))
        return Outcome(moves=((case, (fact,)),), orders=(_toast(press, "noted"), *closed))

    async def _meant(self, press: Press, case: Case | None) -> tuple[Verb, f.Fact]:
        role = await self._role(case, press.sender) if case else None
        if case is None or role is None:
            raise Refusal("stale")
        try:
            meaning = self._house.buttons.read(press.group, press.data)
        except Forged:
            raise Refusal("stale") from None
        ours = (meaning.number, meaning.round) == (case.number, case.round)
        if not ours or not isinstance(meaning.verb, Verb) or meaning.verb is Verb.MORE:
            raise Refusal("stale")
        fact = fact_of(meaning.verb, replace(press, role=role), case)
        if not _is_legal(case, (fact,)):
            raise Refusal("stale")
        return meaning.verb, fact

    async def _said(
        self, message: Message, reading: Reading, number: str, talk: Talk, *, warned: bool
    ) -> Outcome:
        case = await self._state.case(number)
        role = await self._role(case, message.sender) if case else None
        if case is None or role is None:
            return Outcome()
        command = None if message.edited else parse(message.text)
        if command and command.name == "start":
            return _opened(case, message)
        ours = replace(
            message,
            group=case.group,
            id=f"{message.group}/{message.id}",
            role=role,
            thread=None,
        )
        if role is Role.WORKER and shows(ours) and allowed(case, f.Inspected):
            return Outcome(moves=((case, (inspected(ours),)),), links=((ours.id, case.id),))
        if role is Role.WORKER and (outcome := await self._correcting.in_private(ours, case, talk)):
            return _answered_in_private(outcome, case, message)
        return await self._joined(ours, reading, case, warned=warned)

    async def _joined(self, message: Message, reading: Reading, case: Case, *, warned: bool) -> Outcome:
        listening = Listening(
            message,
            reading,
            Talk(group=case.group),
            (case,),
            case,
            self._house.grids.policy_of(case.group),
            await self._house.nlu.linker(),
            warned,
        )
        facts = listening.confided().facts
        if not facts or not _is_legal(case, facts):
            return Outcome()
        calls = await self._calls(message, case) if warned else ()
        return Outcome(moves=((case, facts),), links=((message.id, case.id),), orders=calls)

    async def _calls(self, message: Message, case: Case) -> tuple[o.Order, ...]:
        """Who is in danger now is brought before the workers at once, in a message that they hear."""
        workers = [person for person, _ in await self._house.workers(case.group) if person != message.sender]
        key = f"{case.group}:{message.id}:danger"
        calls = (whisper(case, key, to, "card", anew="yes") for to in workers)
        return tuple(replace(call, key=f"{key}>{call.to}") for call in calls)


def _opened(case: Case, message: Message) -> Outcome:
    """The reporter's chat is where the case is from now on; a worker is shown its card."""
    if message.sender == case.reporter:
        opened = f.Confided(at=message.at, by=message.sender, by_name=message.sender_name, chat=message.group)
        return Outcome(moves=((case, (opened,)),))
    key = f"{message.group}:{message.id}:shown"
    return Outcome(orders=(o.ShowCard(key=key, case=case.id),))


def _answered_in_private(outcome: Outcome, case: Case, message: Message) -> Outcome:
    """The card says what was done, but where it is in the group, and what could not be done, is said where it was
    asked for.
    """
    if (outcome.moves and case.private) or not outcome.what:
        return replace(outcome, menu=None)
    key = f"{message.group}:{message.id}:reply"
    said = whisper(case, key, message.group, outcome.what, **dict(outcome.args))
    return replace(outcome, menu=None, orders=(replace(said, reply_to=message.id),))


def _toast(press: Press, what: str) -> o.AnswerPress:
    return o.AnswerPress(key=f"{press.group}:{press.id}:press", group=press.group, press=press.id, what=what)


def _is_legal(case: Case, facts: tuple[f.Fact, ...]) -> bool:
    now: Case | None = case
    try:
        for fact in facts:
            now, _ = advance(now, fact)
    except IllegalMove:
        return False
    return True
