"""Whispering: what of a case is said in chats beside its group: to the staff, or to each of its people alone.

Of a private case nothing is said in the group. Of any other the group keeps its card, with what concerns residents;
where workers work elsewhere, what concerns them goes there. An order that would speak in the group becomes one order
for every chat, saved in one stroke, so that nobody hears twice because another could not be reached. Where there is no
line to a chat that is noted down: the operator's console shows it, dispatch has the case, and its clocks run.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import structlog

from actions import facts as f
from actions import orders as o
from actions.case import KEY_WHISPERS, Case, Stage
from actions.confidentiality import Audience, hidden
from actions.corrections import Step
from actions.erasing import STAND_IN
from actions.errors import Refused
from actions.ledger import Change, Due, Stale
from actions.manners import Weight, is_quiet, morning_after, weight_of
from actions.mask import mask
from actions.message import Kind
from actions.orders import Sentence
from actions.post import Button, Post
from actions.presses import RATES, Verb, at_desk, in_private
from actions.reading import Urgency
from bot.buttons import label
from bot.cards import Writer
from bot.choosing import Choosing
from bot.house import House
from bot.phrases import gettext
from bot.questions import calls_workers, question
from bot.replies import reply
from bot.workplace import Workplace, workplace_of

log = structlog.get_logger("whispering")
ADDED = 5
"""Of what was added to a case, so many of the newest pieces stand on the worker's card."""
_SPEAKING = (
    o.ShowCard,
    o.ShowMenu,
    o.CloseMenu,
    o.CloseQuestion,
    o.ShowQuestion,
    o.AskWorker,
    o.AskIfFixed,
    o.AskSatisfaction,
    o.Say,
)
_TO_REPORTER = (Sentence.DENIED, Sentence.REMIND_RESIDENTS)
_QUESTIONS: dict[type[o.Order], str] = {
    o.AskWorker: "worker_key",
    o.AskIfFixed: "residents_key",
    o.AskSatisfaction: "satisfaction",
}
_ON_CARD = ("card", "menu", "shut")
_KEPT = (*KEY_WHISPERS, "card", "menu")
LINKED = 5
"""Links to photos and voice messages on a worker's card, which has room for no more."""
_SIGNS = {Kind.PHOTO: "📷", Kind.VIDEO: "🎬", Kind.VOICE: "🎤"}

Rows = tuple[tuple[Button, ...], ...]


def is_aside(order: o.Order, case: Case) -> bool:
    """Whether an order would speak in the group of a case of which nothing is said there."""
    return hidden(case) and isinstance(order, _SPEAKING)


class Whispering:
    """Says things of cases beside their groups."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._choosing = Choosing(house)

    # --- what goes where --------------------------------------------------------------------------------

    async def apart(self, due: Due, case: Case) -> tuple[Due, ...] | None:
        """The orders that take the place of one that would speak in the group; None where it does speak there.

        Raises `Unreachable`.
        """
        order = due.order
        if not isinstance(order, _SPEAKING):
            return None
        if hidden(case):
            return await self._hidden(due, case)
        if case.doubtful or (isinstance(order, o.ShowCard) and order.here):
            return None
        return self._beside(due, case, await workplace_of(self._house, case))

    async def _hidden(self, due: Due, case: Case) -> tuple[Due, ...]:
        order = due.order
        if case.doubtful or (isinstance(order, o.ShowCard) and order.here):
            return ()  # it is kept without a word until somebody bears it out; and there is no card in the group
        told = self._taken_away(due, case) if isinstance(order, o.ShowCard) else ()
        workers = (await workplace_of(self._house, case)).chats
        unknown = not case.confided or case.confided.startswith(STAND_IN)
        reporter = () if unknown or case.confided in workers else (case.confided,)
        match order:
            case o.ShowCard():
                chats: Iterable[str] = (*workers, *reporter)
            case o.Say():
                chats = reporter if order.sentence in _TO_REPORTER else workers
            case o.AskWorker():
                chats = workers
            case o.AskIfFixed() | o.AskSatisfaction():
                chats = reporter
            case _:
                return ()
        return (*told, *self._said_in(chats, due, case))

    def _taken_away(self, due: Due, case: Case) -> tuple[Due, ...]:
        """What the staff group has of a case that has become private."""
        theirs = (one for one in case.whispers if self._house.grids.is_staff(one[1]))
        return tuple(
            Due(whisper(case, f"{due.order.key}:{n}", to, "card", edits=post), due.group, due.at)
            for n, (_, to, post) in enumerate(theirs)
        )

    def _beside(self, due: Due, case: Case, place: Workplace) -> tuple[Due, ...] | None:
        """Of a case that the group sees; whatever there is no line to is tried again with the next card."""
        order = due.order
        if not place.chats:
            return None
        if isinstance(order, o.ShowCard):
            return (*self._said_in(place.chats, due, case), self._here(due, order))
        if place.here:
            return None
        if isinstance(order, o.ShowMenu | o.CloseMenu):
            return (*self._menu(due, order, case, place), self._here(due, o.ShowCard(case=case.id)))
        return self._said_in(_concerned(case, place), due, case) if _is_for_workers(order) else None

    def _here(self, due: Due, order: o.ShowCard) -> Due:
        return Due(replace(order, key=_key(due.order.key, "group"), here=True), due.group, due.at)

    def _menu(
        self, due: Due, order: o.ShowMenu | o.CloseMenu, case: Case, place: Workplace
    ) -> tuple[Due, ...]:
        """Whoever asked for a menu in the group finds it where they work."""
        chats = [chat for chat in place.chats if chat == order.by or self._house.grids.is_staff(chat)]
        if isinstance(order, o.ShowMenu):
            return tuple(Due(menu(order, case, order.key, chat), due.group, due.at) for chat in chats)
        return tuple(Due(whisper(case, order.key, chat, "shut"), due.group, due.at) for chat in chats)

    def _said_in(self, chats: Iterable[str], due: Due, case: Case) -> tuple[Due, ...]:
        order = due.order
        note = order.note if isinstance(order, o.Say) else ""
        what = order.sentence.value if isinstance(order, o.Say) else _QUESTIONS.get(type(order), "card")
        # Who has been asked for the key is not asked again, for example since we were out of the group.
        new = (to for to in chats if not (what == "worker_key" and case.whisper(what, to)))
        whispers = (whisper(case, order.key, to, what, note=note) for to in new)
        return tuple(Due(one, due.group, self._when(due, case)) for one in whispers)

    def _when(self, due: Due, case: Case) -> datetime:
        """At night nobody is reminded."""
        policy, now = self._house.grids.policy_of(case.group), self._house.clock.now()
        can_wait = weight_of(due.order, case) is Weight.NUDGE and case.urgency is not Urgency.EMERGENCY
        return morning_after(policy, now) if can_wait and is_quiet(policy, now) else due.at

    # --- saying it --------------------------------------------------------------------------------------

    async def carry_out(self, order: o.Whisper, case: Case) -> f.Fact | None:
        """Say it; None where there is nothing to be said any more."""
        if order.what == "shut" and self._house.clock.now() - case.changed_at < o.MENU_IDLE:
            return None  # somebody is still at it, and a later order closes it
        text, buttons = await self._words(order, case)
        shown = self._shown(order, case)
        if not text or (shown is None and self._is_kept_from(case, order.to)):
            return None
        post = await self._post(order, case, text, buttons)
        try:
            said = await self._edit_or_say(shown, post)
        except Refused as reason:
            return self._not_reached(order, case, reason)
        await self.link(order.to, said, case)
        news = order.what in _KEPT and (said != shown or order.what == "menu")
        return (
            f.Whispered(at=self._house.clock.now(), what=order.what, to=order.to, post=said) if news else None
        )

    def _shown(self, order: o.Whisper, case: Case) -> str | None:
        """The message that changes, if one does; edits are not heard, so what is urgent comes `anew`."""
        args = dict(order.args)
        if "edits" in args or "anew" in args or order.what not in _ON_CARD:
            return args.get("edits")
        opened = case.whisper("menu", order.to) if order.what != "card" else None
        return case.whisper("card", order.to) or opened

    def _is_kept_from(self, case: Case, chat: str) -> bool:
        """A private case is for its grid's own workers, each alone, and not for all of the staff."""
        return hidden(case) and self._house.grids.is_staff(chat)

    async def _post(self, order: o.Whisper, case: Case, text: str, buttons: Rows) -> Post:
        quiet = is_quiet(self._house.grids.policy_of(case.group), self._house.clock.now())
        silent = quiet and case.urgency is not Urgency.EMERGENCY
        asked = _order_of(order.what, "")
        calls = calls_workers(asked) if asked else order.what == "card" and case.urgency is Urgency.EMERGENCY
        staff = self._house.grids.is_staff(order.to) and not hidden(case)
        called = await self._called(case) if staff and calls else ()
        reply_to = order.reply_to or (case.whisper("card", order.to) if asked else None)
        return Post(order.to, text, order.key, buttons, reply_to, mentions=called, silent=silent)

    async def _called(self, case: Case) -> tuple[tuple[str, str], ...]:
        if case.stage is Stage.HANDLING and case.handler:
            return ((case.handler, case.handler_name),)
        return await self._house.called(case.group)

    async def _edit_or_say(self, shown: str | None, post: Post) -> str:
        chat = self._house.chats.get(post.group.partition(":")[0])
        if chat is None:
            raise Refused("its platform is not switched on")
        if shown is not None:
            try:
                await chat.edit(shown, post)
            except Refused:  # deleted there; it is said again
                shown = None
        if shown is not None:
            return shown
        if self._house.grids.is_staff(post.group):
            return await chat.post(post)
        return await chat.whisper(post.group, post.text, post.key, post.buttons, silent=post.silent)

    def _not_reached(self, order: o.Whisper, case: Case, reason: Refused) -> f.Unreached | None:
        """Noted down once, of a worker's chat or the staff's, and only of what the bot has to say by itself."""
        by_itself = order.what == "card" or _order_of(order.what, "") is not None
        if order.to == case.confided or order.to in case.unreached or not by_itself:
            log.info("not_reached", case=case.id, what=order.what, reason=type(reason).__name__)
            return None
        log.warning("worker_not_reached", case=case.id, to=order.to, reason=type(reason).__name__)
        return f.Unreached(at=self._house.clock.now(), to=order.to)

    async def link(self, chat: str, message: str, case: Case) -> None:
        """A press on it and a reply to it, which come from that chat, have to find the case."""
        state = self._house.state
        while await state.case_of(chat, message) != case.id:
            try:
                await state.save(Change(talk=await state.talk(chat), links=((message, case.id),)))
            except Stale:
                continue

    # --- words ----------------------------------------------------------------------------------------

    async def _words(self, order: o.Whisper, case: Case) -> tuple[str, Rows]:
        reader = Audience.REPORTER if order.to == case.confided else Audience.STAFF
        writer, args = self._house.grids.writer_of(case.group).to(reader), dict(order.args)
        if self._is_kept_from(case, order.to):
            return writer.taken_away(), ()
        if order.what in _ON_CARD:
            return await self._card(order, case, writer)
        text, rows = _answered(args, case, writer) if order.what == "answered" else ("", ())
        if not text:
            asked = _order_of(order.what, args.get("note", ""))
            if asked is None:
                return reply(order.what, args, writer.lang), ()
            _, text, rows = question(asked, case, writer)
        return text, self._buttons(case, rows, order.to)

    async def _card(self, order: o.Whisper, case: Case, writer: Writer) -> tuple[str, Rows]:
        standing = self._house.standing(case, self._house.clock.now())
        if order.to == case.confided:
            return writer.own(case, standing), self._buttons(case, in_private(case), order.to)
        if self._shown(order, case) is None and not case.live:
            return "", ()
        trace = await self._house.state.trace(case.id)
        added = [mask(fact.text) for fact in trace if isinstance(fact, f.Detailed) and fact.text]
        title = (await self._house.state.talk(case.group)).title
        links = self._house.evidence.links(case.group, case.attachments[:LINKED])
        signs = (_SIGNS.get(each.kind, "📎") for each in case.attachments)
        added = [f"+ {words}" for words in added[-ADDED:]]
        added += [f"{sign} {link}" for sign, link in zip(signs, links, strict=False)]
        # The question to the residents stands on the card in the group, not on this one.
        text = writer.desk(replace(case, posts=()), title, added, standing)
        if order.what == "menu" and case.live:
            args = dict(order.args)
            menu = await self._choosing.menu(case, args["choices"].split(), order.to)
            return text, menu.page(Step(args["step"]), args["argument"])
        return text, self._buttons(case, at_desk(case), order.to)

    def _buttons(self, case: Case, rows: tuple[tuple[Verb, ...], ...], chat: str) -> Rows:
        lang = self._house.grids.writer_of(case.group).lang
        return self._house.buttons.rows(case, rows, gettext(lang), chat=chat)


def _answered(args: dict[str, str], case: Case, writer: Writer) -> tuple[str, tuple[tuple[Verb, ...], ...]]:
    answer = label(Verb(args["answer"]), case, gettext(writer.lang))
    text = writer.answered(case, args["name"], answer)
    over = case.stage in (Stage.CLOSED, Stage.SOLVED_IN_GRID)
    rates = over and args["answer"] == Verb.FIXED
    return (f"{text}\n{writer.ask_mark()}", (RATES,)) if rates else (text, ())


def _is_for_workers(order: o.Order) -> bool:
    return calls_workers(order) or (isinstance(order, o.Say) and order.sentence is Sentence.PHOTO_NEEDED)


def _concerned(case: Case, place: Workplace) -> tuple[str, ...]:
    """Of what one worker handles no other is reminded."""
    handled = case.stage is Stage.HANDLING and case.handler in place.chats
    return (case.handler,) if handled else place.chats


def _key(key: str, to: str) -> str:
    """The key of one chat's part of an order; the order of a case's moves stays that of their keys."""
    head, version, n = ([*key.rsplit(":", 2), "0", "0"])[:3]
    return f"{head}>{to}:{version}:{n}"


def whisper(case: Case, key: str, to: str, what: str, *, note: str = "", **args: str) -> o.Whisper:
    """One chat's part of the order with this key."""
    said = {**args, "note": note} if note else args
    return o.Whisper(key=_key(key, to), case=case.id, to=to, what=what, args=tuple(said.items()))


def menu(order: o.ShowMenu, case: Case, key: str, to: str, **more: str) -> o.Whisper:
    """A menu in a chat beside the group; `edits` is the message that it stands under, if not the card there."""
    choices = " ".join(order.choices)
    return whisper(case, key, to, "menu", step=order.step, argument=order.argument, choices=choices, **more)


def closing(case: Case, key: str, verb: Verb, name: str) -> tuple[o.Whisper, ...]:
    """Every message with the buttons of the question is closed, whoever has it."""
    asked = [one for one in case.whispers if one[0] in KEY_WHISPERS]
    return tuple(
        replace(whisper(case, key, to, "answered", answer=verb, name=name, edits=post), key=f"{key}>{to}:{n}")
        for n, (_, to, post) in enumerate(asked)
    )


def _order_of(what: str, note: str) -> o.Order | None:
    """The order whose words these are; None for a reply."""
    for kind, name in _QUESTIONS.items():
        if what == name:
            return kind()
    sentence = next((one for one in Sentence if one == what), None)
    return o.Say(sentence=sentence, note=note) if sentence else None


def invitation(writer: Writer, link: str) -> tuple[str, Rows]:
    """The one sentence that the group hears, and its button, which opens the private line."""
    return writer.invitation(link=bool(link)), in_private_line(link, writer) if link else ()


def in_private_line(link: str, writer: Writer) -> Rows:
    """The button that opens the private line."""
    _ = gettext(writer.lang)
    return ((Button(_("Say it in private"), "", link),),)
