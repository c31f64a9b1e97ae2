"""Confiding: what people do about a case of a group in a chat beside it, in their own with the bot or in the staff's.

It is handed to that group as an entry of its inbox (the door `private`), for the group is the unit of order. A
stranger to the case learns nothing, not even that there is one. Whoever is in the staff group works for its grids.
"""

import hmac
import json
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from actions import facts as f
from actions import orders as o
from actions.advance import advance, allowed
from actions.case import SETTLED, Case, IllegalMove
from actions.commands import parse
from actions.confidentiality import hidden
from actions.corrections import DOUBTS, HANDLING, Step, named
from actions.inspection import BESIDE, inspected, shows
from actions.intake import Listening
from actions.ledger import Entry
from actions.message import Kind, Message, Press, Role
from actions.presses import Refusal, Verb, fact_of
from actions.reading import SILENCE, Reading
from actions.talk import Talk
from bot.buttons import Forged, Meaning
from bot.correcting import Correcting, Decide, Outcome, reply_of
from bot.handling import Handling
from bot.house import House
from bot.lists import Lists
from bot.pressing import closed
from bot.whispering import closing, menu, whisper
from bot.workplace import workplace_of
from connectors.codec import dump, load
from connectors.partition import group_of_case

PRIVATE = "private"
"""The door through which a group hears what is said of its cases elsewhere."""
_MOST = 20
"""Cases of which one person speaks in private."""
_OF_DOUBTS: dict[Verb | Step, Verb] = {Step.SEND: Verb.FILE, Step.DROP: Verb.DISMISS}


def is_private(what: Message | Press) -> bool:
    """Whether it comes from a person's own chat: there the group is the person."""
    return what.group == what.sender


class Confiding:
    """Decides on what is said in private; it changes nothing but inboxes."""

    def __init__(self, house: House, correcting: Correcting) -> None:
        self._house, self._state, self._correcting = house, house.state, correcting
        self._handling, self._lists = Handling(house), Lists(house)

    # --- in the chat beside the group -------------------------------------------------------------------

    async def about(self, what: Message | Press) -> str | None:
        """The case of a group that this is about: the one that it answers, else the newest. Raises `Unreachable`."""
        staff = self._house.grids.is_staff(what.group)
        if not (staff or is_private(what)):
            return None
        if isinstance(what, Message) and parse(what.text) and not what.edited:
            return None
        answered = what.reply_to if isinstance(what, Message) else what.message
        case = await self._state.case_of(what.group, answered) if answered else None
        if case is not None:
            return case if group_of_case(case) != what.group else None
        if isinstance(what, Press):
            return await self._doubted(what)
        return await self._visited(what) or (None if staff else await self._newest(what))

    async def _doubted(self, press: Press) -> str | None:
        """Which case on a list of what nobody is sure of."""
        try:
            meaning = self._house.buttons.read(press.group, press.data)
        except Forged:
            return None
        if meaning.verb not in DOUBTS:
            return None
        doubts = await self._lists.doubts(press.group, press.sender)
        return named(meaning.argument, [case.id for case in doubts])

    async def _visited(self, message: Message) -> str | None:
        """The one case at which a worker has said to be looking on the spot, of a picture without a reply."""
        if message.reply_to or not shows(replace(message, role=Role.WORKER)):
            return None
        groups = await self._lists.groups(message.group, message.sender)
        talks = [await self._state.talk(group) for group in groups]
        cases = {case for talk in talks for case in talk.visits_of(message.sender, message.at)}
        return cases.pop() if len(cases) == 1 else None

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
        return case if case and case.private and await self._role(case, message) else None

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

    async def _role(self, case: Case, what: Message | Press) -> Role | None:
        """What they are for the case; None for who has nothing to do with it, and for the staff if it is private."""
        if self._house.grids.is_staff(what.group):
            ours = self._house.grids.staff_of(case.group) == what.group and not hidden(case)
            return Role.WORKER if ours else None
        if what.sender in [worker for worker, _ in await self._house.workers(case.group)]:
            return Role.WORKER
        return Role.RESIDENT if what.sender == case.reporter else None

    async def _read(self, message: Message, case: Case) -> Reading:
        if parse(message.text) or not message.text.strip() or message.kind in (Kind.STICKER, Kind.OTHER):
            return SILENCE
        return await self._house.nlu.parse(message.text, (case.text,), None, str(Role.RESIDENT))

    async def _pressed(self, press: Press, number: str, talk: Talk) -> Outcome:
        try:
            case, press, meaning = await self._meant(press, number)
            if isinstance(meaning.verb, Step) or meaning.verb is Verb.MORE:
                return await self._by_menu(meaning, press, case, talk)
            fact = fact_of(meaning.verb, press, case)
            if not _is_legal(case, (fact,)):
                raise Refusal("stale")
        except Refusal as refusal:
            return Outcome(orders=(_toast(press, refusal.why),))
        also = (*closed(case, press, meaning.verb, fact), *_refreshed(case, press))
        return Outcome(moves=((case, (fact,)),), orders=(_toast(press, "noted"), *also))

    async def _meant(self, press: Press, number: str) -> tuple[Case, Press, Meaning]:
        """The case, the press as it counts there, and what it means. Raises `Refusal`."""
        case = await self._state.case(number)
        role = await self._role(case, press) if case else None
        if case is None or role is None:
            raise Refusal("stale")
        try:
            meaning = self._house.buttons.read(press.group, press.data)
        except Forged:
            raise Refusal("stale") from None
        if verb := _OF_DOUBTS.get(meaning.verb):
            ours = named(meaning.argument, (case.id,)) is not None
            meaning = Meaning(case.number, verb, case.round)
        else:
            ours = (meaning.number, meaning.round) == (case.number, case.round)
        if not ours:
            raise Refusal("stale")
        return case, replace(press, role=role), meaning

    async def _by_menu(self, meaning: Meaning, press: Press, case: Case, talk: Talk) -> Outcome:
        if meaning.verb in HANDLING:
            outcome = await self._handling.pressed(meaning, press, case)
        else:
            outcome = await self._correcting.pressed(meaning, press, case, talk)
        also = _refreshed(case, press) if outcome.moves else _shown_there(outcome, case, press)
        return replace(outcome, menu=None, orders=(_toast(press, outcome.what), *also))

    async def _said(
        self, message: Message, reading: Reading, number: str, talk: Talk, *, warned: bool
    ) -> Outcome:
        case = await self._state.case(number)
        role = await self._role(case, message) if case else None
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
            return await self._inspected(ours, reading, case)
        # What it answers is a message of another chat, where numbers are others'.
        alone = replace(ours, reply_to=None)
        if role is Role.WORKER and (outcome := await self._correcting.elsewhere(alone, case, talk)):
            return _answered_there(outcome, case, message)
        return await self._joined(message, ours, reading, case, warned=warned)

    async def _inspected(self, ours: Message, reading: Reading, case: Case) -> Outcome:
        """A worker's picture, and what its words say beside."""
        beside = [one for one in await self._understood(ours, reading, case) if isinstance(one, BESIDE)]
        facts = (inspected(ours), *beside)
        facts = facts if _is_legal(case, facts) else facts[:1]
        return Outcome(
            moves=((case, facts),), links=((ours.id, case.id),), orders=_turned(case, facts, ours.id)
        )

    async def _joined(
        self, message: Message, ours: Message, reading: Reading, case: Case, *, warned: bool
    ) -> Outcome:
        facts = await self._understood(ours, reading, case, warned=warned)
        if self._house.grids.is_staff(
            message.group
        ):  # what colleagues say to each other is no part of a case
            facts = tuple(fact for fact in facts if isinstance(fact, BESIDE))
        if not facts or not _is_legal(case, facts):
            return Outcome()
        calls = await self._calls(ours, case) if warned else ()
        orders = (*calls, *_turned(case, facts, ours.id))
        return Outcome(moves=((case, facts),), links=((ours.id, case.id),), orders=orders)

    async def _understood(
        self, ours: Message, reading: Reading, case: Case, *, warned: bool = False
    ) -> tuple[f.Fact, ...]:
        listening = Listening(
            ours,
            reading,
            Talk(group=case.group),
            (case,),
            case,
            self._house.grids.policy_of(case.group),
            await self._house.nlu.linker(),
            warned,
        )
        return listening.confided().facts

    async def _calls(self, message: Message, case: Case) -> tuple[o.Order, ...]:
        """Who is in danger now is brought before the workers at once, in a message that they hear."""
        chats = [chat for chat in (await workplace_of(self._house, case)).chats if chat != message.sender]
        key = f"{case.group}:{message.id}:danger"
        calls = (whisper(case, key, to, "card", anew="yes") for to in chats)
        return tuple(replace(call, key=f"{key}>{call.to}") for call in calls)


def _opened(case: Case, message: Message) -> Outcome:
    """The reporter's chat is where the case is from now on; a worker is shown its card."""
    if message.sender == case.reporter:
        opened = f.Confided(at=message.at, by=message.sender, by_name=message.sender_name, chat=message.group)
        return Outcome(moves=((case, (opened,)),))
    key = f"{message.group}:{message.id}:shown"
    return Outcome(orders=(o.ShowCard(key=key, case=case.id),))


def _answered_there(outcome: Outcome, case: Case, message: Message) -> Outcome:
    """The card says what was done, but where it is in the group, and what could not be done, is said where it was
    asked for; and a menu is shown there.
    """
    shown = _shown_there(outcome, case, message)
    if (outcome.moves and case.whisper("card", message.group)) or not outcome.what:
        return replace(outcome, menu=None, orders=shown)
    key = f"{message.group}:{message.id}:reply"
    said = whisper(case, key, message.group, outcome.what, **dict(outcome.args))
    return replace(outcome, menu=None, orders=(replace(said, reply_to=message.id), *shown))


def _shown_there(outcome: Outcome, case: Case, what: Message | Press) -> tuple[o.Whisper, ...]:
    """The page of a menu that comes next, or the card in its place, under the message that was pressed."""
    key, shown = f"{what.group}:{what.id}", outcome.menu
    under = {"edits": what.message} if isinstance(what, Press) and what.message else {}
    match shown:
        case o.ShowMenu():
            closing = whisper(case, f"{key}:shut", what.group, "shut", **under)
            return menu(shown, case, f"{key}:menu", what.group, **under), closing
        case o.ShowCard():
            return (whisper(case, f"{key}:menu", what.group, "card", **under),)
    return ()


def _refreshed(case: Case, press: Press) -> tuple[o.Whisper, ...]:
    """A card that was opened from a list is not among those that are kept up to date."""
    kept = {post for what, chat, post in case.whispers if what != "menu" and chat == press.group}
    if press.role is not Role.WORKER or press.message is None or press.message in kept or case.doubtful:
        return ()
    return (whisper(case, f"{press.group}:{press.id}:card", press.group, "card", edits=press.message),)


def _turned(case: Case, facts: Iterable[f.Fact], key: str) -> tuple[o.Whisper, ...]:
    """A key that was turned by words takes the buttons from where it was asked for."""
    names = [fact.by_name or "—" for fact in facts if isinstance(fact, f.WorkerConfirmed)]
    return closing(case, f"{case.group}:{key}:close", Verb.CONFIRM, names[0]) if names else ()


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
