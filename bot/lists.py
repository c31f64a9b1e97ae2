"""Lists: /cases, /mine and /today, a page at a time. In a person's own chat they are of all groups that are theirs.

Nothing that is hidden from its group stands in a list, and nothing that nobody is sure of.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from actions import orders as o
from actions.case import Case, Stage
from actions.clocks import light_of
from actions.confidentiality import Audience, hidden
from actions.corrections import Step, named, token
from actions.facts import Fact, ResidentConfirmed, TimeRanOut
from actions.message import Press
from actions.post import Button
from actions.presses import at_desk
from bot.buttons import Meaning
from bot.cards import Writer
from bot.house import House
from bot.phrases import Gettext, gettext
from bot.replies import reply
from bot.whereabouts import Whereabouts

A_PAGE = 10
"""Cases on a page; a phone shows no more."""
A_ROW, MOST_PAGES = 5, 99
MOST = 50
"""Groups that are looked through for one person."""
NAMED = 8
"""Characters of a group's name on a button."""
DOUBTS_LISTED = 5
"""Of what nobody is sure of; each has a row of buttons."""
LISTS = {"cases": "c", "mine": "m"}
"""The lists that have pages, and the letter of each behind its buttons."""
_FOR_A_WORKER = (Stage.WAITING_WORKER, Stage.RETURNED, Stage.WORK_DONE, Stage.WORKER_KEY)

Rows = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Room:
    """A group with what a list needs of it; `works`: whoever asks is a worker there; `heard`: we are, or were."""

    group: str
    title: str
    works: bool
    cases: Sequence[Case]
    heard: bool


class Lists:
    """Writes lists and reads the buttons under them; it changes nothing."""

    def __init__(self, house: House) -> None:
        self._house, self._state = house, house.state
        self._whereabouts = Whereabouts(house.state)

    # --- a list -----------------------------------------------------------------------------------------

    async def page(self, what: str, chat: str, by: str, at: int = 0) -> tuple[str, Rows]:
        """The words and buttons of a page of `cases` or `mine`; of one that is no more, those of the last."""
        rooms = await self._rooms(chat, by, live=True)
        cases = [
            (case, room) for room in rooms for case in room.cases if _belongs(what, case, room, chat, by)
        ]
        cases.sort(key=lambda one: -light_of(one[0]).rank)
        _, pages = self._gettext(chat), min(MOST_PAGES, max(1, math.ceil(len(cases) / A_PAGE)))
        at = min(at, pages - 1)
        shown = cases[at * A_PAGE : (at + 1) * A_PAGE]
        if not shown:
            return _("Nothing of yours is open here.") if what == "mine" else _("Nothing is open here."), ()
        head = (
            _("Open: {n}").format(n=len(cases)) if what == "cases" else _("Yours: {n}").format(n=len(cases))
        )
        if pages > 1:
            head += " · " + _("page {page} of {pages}").format(page=at + 1, pages=pages)
        lines = [self._line(case, room, chat) for case, room in shown]
        rows = (*self._numbers(shown, chat), *self._turning(what, chat, by, at, pages))
        return "\n".join((head, *lines)), rows

    async def today(self, chat: str, by: str) -> str:
        """How much was reported and done today, and is open; a line for every group."""
        _, lines = self._gettext(chat), []
        for room in await self._rooms(chat, by):
            if room.group == chat or room.works:
                counts = await self._counted(room)
                said = _("today {raised} reported, {done} done; {open} still open").format(**counts)
                lines.append(said if room.group == chat else f"{room.title}: {said}")
        in_private = chat == by and len(lines) > 1
        return "\n".join(lines[1:] if in_private else lines) or _("Nothing is open here.")

    async def numbered(self, number: int, chat: str, by: str) -> tuple[str, Rows]:
        """The cases of this number in the groups of a worker or of the staff, each with a button that opens it."""
        cases = await self.called(number, chat, by)
        lines = [self._line(case, room, chat) for case, room in cases]
        return "\n".join(lines), self._numbers(cases, chat)

    async def called(self, number: int, chat: str, by: str) -> list[tuple[Case, Room]]:
        """The cases of this number in those groups, each with its group. Raises `Unreachable`."""
        rooms = [room for room in await self._rooms(chat, by) if room.works]
        return [(case, room) for room in rooms for case in room.cases if case.number == number]

    async def doubts(self, chat: str, by: str) -> list[Case]:
        """What nobody is sure of in the groups of a worker or of the staff, newest first. Raises `Unreachable`."""
        return await self._doubts([room for room in await self._rooms(chat, by, live=True) if room.works])

    async def _doubts(self, rooms: Sequence[Room]) -> list[Case]:
        found = [case for room in rooms for case in await self._state.cases(room.group, live=True)]
        doubts = [case for case in found if case.doubtful and not hidden(case)]
        return sorted(doubts, key=lambda case: case.opened_at, reverse=True)

    async def unsure(self, chat: str, by: str) -> tuple[str, Rows]:
        """The words and buttons of the newest of them."""
        rooms = [room for room in await self._rooms(chat, by, live=True) if room.works]
        doubts, button = (await self._doubts(rooms))[:DOUBTS_LISTED], self._house.buttons.of_list
        titles = {room.group: room.title for room in rooms}
        lines, buttons = [], []
        for n, case in enumerate(doubts, 1):
            writer = self._writer(case, chat, works=True)
            lines.append(f"{n}. {writer.doubt(case)}\n    {titles[case.group]}".rstrip())
            ways = ((f"{n} ✓", Step.SEND), (f"{n} ✗", Step.DROP))
            buttons.append(tuple(button(chat, words, step, token(case.id)) for words, step in ways))
        lang = self._house.grids.writer_of(chat).lang
        what = "workers_only" if not rooms else "unsure" if doubts else "nothing_unsure"
        return "\n".join((reply(what, {}, lang), *lines)), tuple(buttons)

    async def _counted(self, room: Room) -> dict[str, int]:
        day = self._day(room.group)
        done = [case for case in room.cases if _is_closed(case) and self._on(case.changed_at, room) == day]
        traces = [await self._state.trace(case.id) for case in done]
        return {
            "raised": sum(self._on(case.opened_at, room) == day for case in room.cases),
            "done": sum(self._on(_closed_at(trace), room) == day for trace in traces),
            "open": sum(case.live for case in room.cases),
        }

    # --- the buttons under it ---------------------------------------------------------------------------

    async def pressed(self, meaning: Meaning, press: Press) -> tuple[o.Order, ...]:
        """What a button under a list does: another page in its place, or a case. Raises `Unreachable`."""
        toast = o.AnswerPress(
            key=f"{press.group}:{press.id}:press", group=press.group, press=press.id, what=""
        )
        if meaning.verb is Step.OPEN:
            case = await self._named(meaning.argument, press)
            return (toast, _opened(case, press)) if case else (replace(toast, what="stale"),)
        page, _, owner = meaning.argument[1:].partition("-")
        what = next((what for what, letter in LISTS.items() if letter == meaning.argument[0]), None)
        if what is None or not page.isdecimal() or press.message is None:
            return (replace(toast, what="stale"),)
        if owner and owner != token(press.sender):
            return (replace(toast, what="not_your_list"),)
        key = f"{press.group}:{press.id}:page"
        turned = o.TurnPage(
            key=key, group=press.group, post=press.message, what=what, by=press.sender, page=int(page)
        )
        return toast, turned

    async def _named(self, argument: str, press: Press) -> Case | None:
        rooms = await self._rooms(press.group, press.sender)
        cases = {case.id: case for room in rooms for case in room.cases}
        return cases.get(named(argument, cases) or "")

    async def opened(self, case: Case, chat: str, by: str) -> tuple[str, Rows, bool]:
        """A case in a chat beside its group: its words, what a worker may press there, and whether that is a worker."""
        works = await self._works(case.group, chat, by)
        writer = self._writer(case, chat, works=works)
        title = (await self._state.talk(case.group)).title
        text = "\n".join(line for line in (writer.story(case), title) if line)
        if not works:
            return text, (), False
        return text, self._house.buttons.rows(case, at_desk(case), gettext(writer.lang), chat=chat), True

    # --- whose it is --------------------------------------------------------------------------------------

    async def _rooms(self, chat: str, by: str, *, live: bool = False) -> list[Room]:
        groups = await self.groups(chat, by)
        rooms = [await self._room(group, chat, by, live=live) for group in dict.fromkeys(groups)]
        return [room for room in rooms if room.heard or room.group == chat]

    async def groups(self, chat: str, by: str) -> Sequence[str]:
        """The groups that a list in this chat is of: its own, or in a person's own chat or the staff's all of theirs."""
        if self._house.grids.is_staff(chat):
            return self._house.grids.groups_of_staff(chat)[:MOST]
        return [chat] if chat != by else [chat, *await self._groups_of(by)]

    async def _works(self, group: str, chat: str, by: str) -> bool:
        if self._house.grids.is_staff(chat):
            return self._house.grids.staff_of(group) == chat
        return group != by and by in [person for person, _ in await self._house.workers(group)]

    async def _groups_of(self, person: str) -> list[str]:
        known = await self._whereabouts.groups(person)
        groups = [*self._house.grids.groups_of_worker(person), *reversed(known)]
        return [group for group in groups if not self._house.grids.is_staff(group)][:MOST]

    async def _room(self, group: str, chat: str, by: str, *, live: bool) -> Room:
        works = await self._works(group, chat, by)
        cases = await self._state.cases(group, live=live)
        shown = [case for case in cases if not (case.doubtful or hidden(case))]
        talk = await self._state.talk(group)
        return Room(group, talk.title or group, works, shown, heard=talk.version > 0)

    # --- words --------------------------------------------------------------------------------------------

    def _gettext(self, chat: str) -> Gettext:
        return gettext(self._house.grids.writer_of(chat).lang)

    def _writer(self, case: Case, chat: str, *, works: bool) -> Writer:
        """In their own chat workers see more than the group does, and so do reporters of what they reported."""
        writer = self._house.grids.writer_of(case.group)
        if chat == case.group:
            return writer
        if works:
            return writer.to(Audience.STAFF)
        return writer.to(Audience.REPORTER) if chat == case.reporter else writer

    def _line(self, case: Case, room: Room, chat: str) -> str:
        writer = self._writer(case, chat, works=room.works)
        line = f"{writer.lamp(case)} {writer.line(case)}"
        return line if room.group == chat else f"{line} · {room.title}"

    def _numbers(self, shown: Sequence[tuple[Case, Room]], chat: str) -> Rows:
        """A button for each; where two groups have the same number, with the name of the group."""
        times = Counter(case.number for case, _ in shown)
        unique = max(times.values()) == 1
        labels = [
            f"#{case.number}" if unique else f"{room.title[:NAMED]} #{case.number}" for case, room in shown
        ]
        button = self._house.buttons.of_list
        buttons = [
            button(chat, label, Step.OPEN, token(case.id))
            for label, (case, _) in zip(labels, shown, strict=True)
        ]
        wide = A_ROW if unique else 2
        return tuple(tuple(buttons[n : n + wide]) for n in range(0, len(buttons), wide))

    def _turning(self, what: str, chat: str, by: str, at: int, pages: int) -> Rows:
        _, owner = self._gettext(chat), f"-{token(by)}" if what == "mine" else ""
        ways = ((at - 1, _("Page before")), (at + 1, _("Next page")))
        row = [
            self._house.buttons.of_list(chat, words, Step.PAGE, f"{LISTS[what]}{page}{owner}")
            for page, words in ways
            if 0 <= page < pages
        ]
        return (tuple(row),) if row else ()

    # --- days ---------------------------------------------------------------------------------------------

    def _day(self, group: str) -> date:
        return self._house.clock.now().astimezone(self._house.grids.policy_of(group).zone).date()

    def _on(self, at: datetime, room: Room) -> date:
        return at.astimezone(self._house.grids.policy_of(room.group).zone).date()


def _belongs(what: str, case: Case, room: Room, chat: str, by: str) -> bool:
    if what == "cases":
        return room.works or room.group == chat
    waits = room.works and case.stage in _FOR_A_WORKER
    return waits or by in (case.handler, case.reporter, *case.followers)


def _is_closed(case: Case) -> bool:
    return case.stage in (Stage.CLOSED, Stage.SOLVED_IN_GRID)


def _closed_at(trace: Sequence[Fact]) -> datetime:
    """When it was closed, which the marks that are given later do not change."""
    return max(fact.at for fact in trace if isinstance(fact, ResidentConfirmed | TimeRanOut))


def _opened(case: Case, press: Press) -> o.Reply:
    in_group = press.group == case.group
    card = case.post("card") if in_group else case.whisper("card", press.group)
    return o.Reply(
        key=f"{press.group}:{press.id}:reply",
        group=press.group,
        reply_to=card if in_group else card or press.message,
        what="case" if in_group else "opened",
        args=(("id", case.id), ("by", press.sender)),
        asked_at=press.at,
        thread=case.thread if in_group else None,
    )
