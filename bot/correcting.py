"""Correcting: what follows from a correction, by the menu under the card, by words in a reply or by a command.

The outcome is what is to be saved together; saving it, and deciding again when somebody was faster, is the flow's.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from actions import facts as f
from actions import orders as o
from actions.advance import allowed
from actions.case import Case
from actions.commands import Command
from actions.confidentiality import hidden
from actions.corrections import MENUS, Correction, Step, Wish, fitting, named, parse
from actions.errors import Unreachable
from actions.intake import place_of
from actions.joins import Part, merge, part, words_of
from actions.message import Message, Press, Role
from actions.presses import Verb
from actions.reading import SILENCE, Reading
from actions.talk import Talk, Visit
from bot.answers import answer
from bot.buttons import Meaning
from bot.categories import every_name, name_of
from bot.house import House
from bot.menus import Joined


@dataclass(frozen=True, slots=True)
class Outcome:
    """Facts by the case that they move (None for a new one), and what else is to be done.

    `what`, with `args`, is for whoever corrected; "" is nothing. `links` are messages that change their case,
    `numbers` how many numbers of cases are taken, and `visit` is of a worker who looks at it on the spot.
    """

    what: str = ""
    args: tuple[tuple[str, str], ...] = ()
    moves: tuple[tuple[Case | None, tuple[f.Fact, ...]], ...] = ()
    menu: o.ShowMenu | o.ShowCard | None = None
    links: tuple[tuple[str, str], ...] = ()
    numbers: int = 0
    orders: tuple[o.Order, ...] = ()
    visit: Visit | None = None


Decide = Callable[[Talk], Awaitable[Outcome]]
"""Decides on what the group is now; it may be asked more than once. Raises `Unreachable`."""


class Correcting:
    """Decides on corrections; it reads the state and changes nothing."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._state = house.state

    def by_press(self, meaning: Meaning, press: Press) -> Decide:
        """What a press on the menu does; a toast says so."""

        async def decide(talk: Talk) -> Outcome:
            case = await self._state.case(f"{press.group}:{meaning.number}")
            return answered(await self.pressed(meaning, press, case, talk), press)

        return decide

    async def by_words(self, message: Message) -> Decide | None:
        """What a worker's reply sets right; None where it is an ordinary message. Raises `Unreachable`."""
        wanted = parse(message.text) if message.role is Role.WORKER and message.reply_to else None
        if wanted is None or (message.edited and wanted.wish not in (Wish.CATEGORY, Wish.PLACE)):
            return None
        case = await self.case_of(message.group, message.reply_to or "")
        return partial(self._answered, wanted, message, case) if case else None

    async def case_of(self, group: str, message: str) -> str | None:
        """The case that a message belongs to; for one that was merged, the case that it went into."""
        case = await self._state.case_of(group, message)
        while case and (found := await self._state.case(case)) and found.merged_into:
            case = found.merged_into
        return case

    async def _answered(self, wanted: Correction, message: Message, case: str, talk: Talk) -> Outcome:
        """The card says what was done; words of its own has only what could not be done."""
        found = await self._state.case(case)
        if found is None:
            return Outcome()
        outcome = await self._said(wanted, message, found, talk)
        if found.private:
            return replace(outcome, menu=None)  # what could not be done is not said here either
        orders: tuple[o.Order, ...] = _menu(outcome, message.group, message.id, message.sender)
        if outcome.what and not outcome.moves:
            orders = (*orders, reply_of(message, outcome.what, outcome.args))
        return replace(outcome, orders=orders)

    async def elsewhere(self, message: Message, case: Case, talk: Talk) -> Outcome | None:
        """What a worker's words in a chat beside the group set right of a case; None where they set nothing right."""
        wanted = parse(message.text)
        if wanted is None or message.edited:
            return None
        return await self._said(wanted, message, case, talk)

    def by_command(self, message: Message, command: Command) -> Decide:
        """What /merge and /withdraw do; a reply says so."""

        async def decide(_: Talk) -> Outcome:
            result = await answer(self._house, message, command)
            moves = [(await self._state.case(case), (fact,)) for case, fact in result.facts]
            reply = reply_of(message, result.what, tuple(result.args.items()))
            return Outcome(moves=tuple(moves), orders=(reply,) if result.what else ())

        return decide

    # --- by button and by words -------------------------------------------------------------------------

    async def pressed(self, meaning: Meaning, press: Press, case: Case | None, talk: Talk) -> Outcome:
        """What a press on the menu of a case comes to. Raises `Unreachable`."""
        why = why_not(case, meaning, press)
        if case is None or why:
            return Outcome(why)
        step = Step.MENU if meaning.verb is Verb.MORE else Step(meaning.verb)
        if step in MENUS:
            return Outcome("choose", menu=o.ShowMenu(case=case.id, step=step, argument=meaning.argument))
        if step is Step.BACK:
            return Outcome(menu=o.ShowCard(case=case.id))
        if step is Step.WHERE:
            return Outcome("how_to_place", menu=o.ShowCard(case=case.id))
        who = {"at": press.at, "by": press.sender, "by_name": press.sender_name}
        return await self._chosen(step, meaning.argument, case, who, talk)

    async def _chosen(
        self, step: Step, argument: str, case: Case, who: dict[str, Any], talk: Talk
    ) -> Outcome:
        if step is Step.INTO:
            other = int(argument) if argument.isdecimal() else 0
            found = await self._merged(case, other, who)
            return found if found.moves else Outcome("stale")
        if step is Step.OFF:
            message = named(argument, [known for known, _ in case.messages if known != case.origin])
            return await self._split(case, message, who, talk) if message else Outcome("stale")
        code = named(argument, every_name())
        return self._recategorised(case, code, who) if code else Outcome("stale")

    async def _said(self, wanted: Correction, message: Message, case: Case, talk: Talk) -> Outcome:
        who: dict[str, Any] = {
            "at": message.at,
            "by": message.sender,
            "by_name": message.sender_name,
            "message": message.id,
        }
        match wanted.wish:
            case Wish.DISMISS:
                ok = allowed(case, f.Dismissed)
                return moved(case, f.Dismissed(**who)) if ok else _too_late(case)
            case Wish.MERGE:
                return await self._merged(case, wanted.number, who)
            case Wish.SPLIT:
                return await self._split_by_words(case, message, who, talk)
            case Wish.CATEGORY:
                return self._named(case, wanted.words, who)
            case Wish.PLACE:
                return self._relocated(case, wanted.words, who)
            case Wish.MENU:
                return self._menu_by_words(case, Step(wanted.words))

    # --- one by one -------------------------------------------------------------------------------------

    def _named(self, case: Case, words: str, who: dict[str, Any]) -> Outcome:
        codes = fitting(words, every_name())
        if len(codes) == 1:
            return self._recategorised(case, codes[0], who)
        lang = self._house.grids.writer_of(case.group).lang
        if not codes:
            return Outcome("no_such_category", (("words", words),))
        if case.live and _has_card(case):
            return Outcome(menu=o.ShowMenu(case=case.id, step=Step.CATEGORY, choices=codes))
        return Outcome("several_categories", (("names", " / ".join(name_of(code, lang) for code in codes)),))

    def _menu_by_words(self, case: Case, step: Step) -> Outcome:
        if not case.live:
            return _too_late(case)
        if step is Step.WHERE or not _has_card(case):
            return Outcome("how_to_place")
        return Outcome(menu=o.ShowMenu(case=case.id, step=step))

    def _recategorised(self, case: Case, code: str, who: dict[str, Any]) -> Outcome:
        if not allowed(case, f.Recategorised):
            return _too_late(case)
        if code == case.category and case.sure:
            return Outcome("already_so")
        private = self._is_private(case, code)
        return moved(case, f.Recategorised(**who, category=code, private=private))

    def _is_private(self, case: Case, code: str) -> bool:
        """Not for the group; a chat with the bot alone is none."""
        return self._house.grids.policy_of(case.group).is_private(code) and case.group != case.reporter

    def _relocated(self, case: Case, place: str, who: dict[str, Any]) -> Outcome:
        if not allowed(case, f.Relocated):
            return _too_late(case)
        if place == case.place and not case.point:
            return Outcome("already_so")
        return moved(case, f.Relocated(**who, place=place))

    async def _merged(self, case: Case, number: int, who: dict[str, Any]) -> Outcome:
        into = await self._state.case(f"{case.group}:{number}")
        if into is None or into.private or case.private:
            return Outcome("no_such_case")
        if into.id == case.id:
            return Outcome("merge_into_itself", (("number", str(number)),))
        for one, kind in ((case, f.Merged), (into, f.Absorbed)):
            if not allowed(one, kind):
                return _too_late(one)
        return _merging(case, into, who)

    async def _split_by_words(self, case: Case, message: Message, who: dict[str, Any], talk: Talk) -> Outcome:
        if not allowed(case, f.SplitOff):
            return _too_late(case)
        joined = [known for known, _ in case.messages if known != case.origin]
        if message.reply_to in joined:
            return await self._split(case, message.reply_to, who, talk)
        if joined and _has_card(case):
            return Outcome(menu=o.ShowMenu(case=case.id, step=Step.SPLIT))
        return Outcome("nothing_to_split")

    async def _split(self, case: Case, message: str, who: dict[str, Any], talk: Talk) -> Outcome:
        words = {line.id: line.text for line in talk.recent}
        off = part(case, await self._told(case), message, words)
        number = talk.last_number + 1
        into = f"{case.group}:{number}"
        reported = await self._reported(case, off, number, who)
        facts: tuple[f.Fact, ...] = (reported,)
        if along := off.messages[1:]:
            facts = (reported, f.Absorbed(**{**who, "message": None}, other=case.id, messages=along))
        split = f.SplitOff(
            **who,
            messages=tuple(known for known, _ in off.messages),
            into=into,
            followers=off.followers,
            attachments=off.attachments,
        )
        links = tuple((known, into) for known, _ in off.messages)
        return Outcome("noted", moves=((None, facts), (case, (split,))), links=links, numbers=1)

    async def _reported(self, case: Case, off: Part, number: int, who: dict[str, Any]) -> f.Reported:
        """The first fact of the new case: as it was reported, or as the NLU reads the words that are split off."""
        policy = self._house.grids.policy_of(case.group)
        was, reading = off.report, SILENCE if off.report else await self._read(off.text)
        sure = was.sure if was else reading.category.confidence >= policy.category
        guessed = reading.category.name if sure else case.category
        return f.Reported(
            at=who["at"],
            by=off.by,
            by_name=off.by_name,
            message=off.messages[0][0],
            case=f"{case.group}:{number}",
            number=number,
            group=case.group,
            category=was.category if was else guessed,
            text=off.text,
            place=off.place or place_of(off.text, reading.locations),
            point=was.point if was else None,
            urgency=was.urgency if was else reading.urgency,
            confidence=was.confidence if was else round(reading.confidence, 3),
            sure=sure,
            private=case.private or self._is_private(case, was.category if was else guessed),
            files_at_once=policy.file_at_once,
            attachments=off.attachments,
            categories=was.categories if was else tuple(guess.name for guess in reading.categories[:3]),
            keys=policy.keys,
        )

    async def _read(self, text: str) -> Reading:
        if not text.strip():
            return SILENCE
        try:
            return await self._house.nlu.parse(text, (), None, str(Role.RESIDENT))
        except Unreachable:
            return SILENCE  # the worker, who is looking at it, can say what it is

    # --- what the menus show ------------------------------------------------------------------------------

    async def joined(self, case: Case) -> list[Joined]:
        """The messages that joined after the first, with their words. Raises `Unreachable`."""
        trace = await self._told(case)
        words = {line.id: line.text for line in (await self._state.talk(case.group)).recent}
        names = {fact.message: fact.by_name for fact in reversed(trace) if fact.message}
        return [
            Joined(known, names.get(known, ""), words_of(known, trace, words))
            for known, _ in case.messages
            if known != case.origin
        ]

    async def others(self, case: Case) -> list[Case]:
        """The live cases that it may be merged into, newest first. Raises `Unreachable`."""
        live = await self._state.cases(case.group, live=True)
        shown = (other for other in reversed(live) if not (other.doubtful or hidden(other)))
        return [other for other in shown if other.id != case.id]

    async def _told(self, case: Case) -> list[f.Fact]:
        """The trace, with those of the cases that were merged into it."""
        trace = await self._state.trace(case.id)
        others = [fact.other for fact in trace if isinstance(fact, f.Absorbed)]
        before = [fact for other in others for fact in await self._state.trace(other)]
        return sorted((*before, *trace), key=lambda fact: fact.at)


def reply_of(message: Message, what: str, args: tuple[tuple[str, str], ...] = ()) -> o.Reply:
    """The order to answer a message with words of the catalogue."""
    key = f"{message.group}:{message.id}:reply"
    return o.Reply(
        key=key,
        group=message.group,
        reply_to=message.id,
        what=what,
        args=args,
        asked_at=message.at,
        thread=message.thread,
    )


def _merging(case: Case, into: Case, who: dict[str, Any]) -> Outcome:
    absorbed, merged = merge(case, into, who)
    return Outcome("noted", moves=((into, (absorbed,)), (case, (merged,))))


def why_not(case: Case | None, meaning: Meaning, press: Press) -> str:
    """Why a press on a menu does nothing, or "": it is for workers, and for as long as the case is as it was."""
    if press.role is not Role.WORKER:
        return "workers_only"
    over = case is None or case.round != meaning.round or not case.live or _is_hidden(case, press.group)
    return "stale" if over else ""


def _has_card(case: Case) -> bool:
    """Whether there is one under which a menu can be shown, in the group or beside it."""
    return case.post("card") is not None or bool(case.whispers)


def _is_hidden(case: Case, chat: str) -> bool:
    return hidden(case) and chat == case.group


def answered(outcome: Outcome, press: Press) -> Outcome:
    """The outcome with its toast, and with the page that is shown next."""
    key = f"{press.group}:{press.id}:press"
    toast = o.AnswerPress(key=key, group=press.group, press=press.id, what=outcome.what)
    return replace(outcome, orders=(toast, *_menu(outcome, press.group, press.id, press.sender)))


def _menu(outcome: Outcome, group: str, told_by: str, by: str) -> tuple[o.Order, ...]:
    if outcome.menu is None:
        return ()
    shown = replace(outcome.menu, key=f"{group}:{told_by}:menu")
    if not isinstance(shown, o.ShowMenu):
        return (shown,)
    return replace(shown, by=by), o.CloseMenu(key=f"{group}:{told_by}:shut", case=shown.case, by=by)


def moved(case: Case, fact: f.Fact) -> Outcome:
    """The case takes the fact, and a word says so."""
    return Outcome("noted", moves=((case, (fact,)),))


def _too_late(case: Case) -> Outcome:
    return Outcome("too_late", (("number", str(case.number)),))
