"""Whispering: what of a private case is said, to each of its people in their own chat; in the group, nothing.

An order that would speak in the group becomes one order for every person whom it concerns, saved in one stroke, so
that nobody hears twice because another could not be reached. Who never wrote to the bot hears nothing: then the
operator's console and dispatch have the case, and the clocks run as for any other.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog

from actions import facts as f
from actions import orders as o
from actions.case import Case, Stage
from actions.confidentiality import Audience, hidden
from actions.errors import Refused
from actions.ledger import Change, Due, Stale
from actions.manners import is_quiet
from actions.mask import mask
from actions.orders import Sentence
from actions.post import Button, Post
from actions.presses import RATES, Verb, in_private
from actions.reading import Urgency
from bot.buttons import label
from bot.cards import Writer
from bot.house import House
from bot.phrases import gettext
from bot.replies import reply

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

Rows = tuple[tuple[Verb, ...], ...]
Question = Callable[[o.Order, Case, Writer], tuple[str, str, Rows]]


def is_aside(order: o.Order, case: Case) -> bool:
    """Whether an order would speak in the group of a case of which nothing is said there."""
    return hidden(case) and isinstance(order, _SPEAKING)


class Whispering:
    """Says things of private cases. `question` gives the words and the buttons of a question or a sentence."""

    def __init__(self, house: House, question: Question) -> None:
        self._house, self._question = house, question

    async def apart(self, due: Due, case: Case) -> tuple[Due, ...]:
        """The orders that take the place of one that would speak in the group. Raises `Unreachable`."""
        order = due.order
        if case.doubtful:
            return ()  # it is kept without a word until somebody bears it out
        workers = [person for person, _ in await self._house.workers(case.group)]
        reporter = [case.confided] if case.confided and case.confided not in workers else []
        match order:
            case o.ShowCard():
                what, people = "card", [*workers, *reporter]
            case o.Say():
                what = order.sentence.value
                people = reporter if order.sentence in _TO_REPORTER else workers
            case o.AskWorker():
                what, people = _QUESTIONS[o.AskWorker], workers
            case o.AskIfFixed() | o.AskSatisfaction():
                what, people = _QUESTIONS[type(order)], reporter
            case _:
                return ()
        note = order.note if isinstance(order, o.Say) else ""
        whispers = (whisper(case, order.key, to, what, note=note) for to in people)
        return tuple(Due(one, due.group, due.at) for one in whispers)

    async def carry_out(self, order: o.Whisper, case: Case) -> f.Whispered | None:
        """Say it; None where that person cannot be reached, or there is nothing to be said any more."""
        text, rows = await self._words(order, case)
        if not text:
            return None
        writer = self._house.grids.writer_of(case.group)
        buttons = self._house.buttons.rows(case, rows, gettext(writer.lang), chat=order.to)
        quiet = case.urgency is not Urgency.EMERGENCY and is_quiet(
            self._house.grids.policy_of(case.group), self._house.clock.now()
        )
        shown = self._shown(order, case)
        post = Post(order.to, text, order.key, buttons, order.reply_to, silent=quiet)
        try:
            said = await self._edit_or_whisper(shown, post)
        except Refused as reason:
            log.info("not_reached", case=case.id, what=order.what, reason=type(reason).__name__)
            return None
        await self.link(order.to, said, case)
        if shown == said or order.what not in _KEPT:
            return None
        return f.Whispered(at=self._house.clock.now(), what=order.what, to=order.to, post=said)

    def _shown(self, order: o.Whisper, case: Case) -> str | None:
        """The message that changes, if one does; edits are not heard, so what is urgent comes `anew`."""
        args = dict(order.args)
        card = order.what == "card" and "anew" not in args
        return case.whisper("card", order.to) if card else args.get("edits")

    async def _edit_or_whisper(self, shown: str | None, post: Post) -> str:
        chat = self._house.chat(post.group)
        if shown is not None:
            try:
                await chat.edit(shown, post)
            except Refused:  # deleted there; it is said again
                shown = None
        if shown is None:
            return await chat.whisper(post.group, post.text, post.key, post.buttons, silent=post.silent)
        return shown

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
        if order.what == "card":
            return await self._card(order, case, writer)
        if order.what == "answered":
            answer = label(Verb(args["answer"]), case, gettext(writer.lang))
            text = writer.answered(case, args["name"], answer)
            over = case.stage in (Stage.CLOSED, Stage.SOLVED_IN_GRID)
            rates = over and args["answer"] == Verb.FIXED
            return (f"{text}\n{writer.ask_mark()}", (RATES,)) if rates else (text, ())
        asked = _order_of(order.what, args.get("note", ""))
        if asked is None:
            return reply(order.what, args, writer.lang), ()
        _, text, rows = self._question(asked, case, writer)
        return text, rows

    async def _card(self, order: o.Whisper, case: Case, writer: Writer) -> tuple[str, Rows]:
        new = case.whisper("card", order.to) is None
        standing = self._house.standing(case, self._house.clock.now())
        if order.to == case.confided:
            return writer.own(case, standing), in_private(case, worker=False)
        if new and not case.live:
            return "", ()
        trace = await self._house.state.trace(case.id)
        added = [mask(fact.text) for fact in trace if isinstance(fact, f.Detailed) and fact.text]
        title = (await self._house.state.talk(case.group)).title
        return writer.confidential(case, title, added[-ADDED:], standing), in_private(case, worker=True)


_KEPT = ("card", "worker_key", "residents_key")


def whisper(case: Case, key: str, to: str, what: str, *, note: str = "", **args: str) -> o.Whisper:
    """One person's part of the order with this key; the order of a case's moves stays that of their keys."""
    head, version, n = ([*key.rsplit(":", 2), "0", "0"])[:3]
    said = {**args, "note": note} if note else args
    return o.Whisper(
        key=f"{head}>{to}:{version}:{n}", case=case.id, to=to, what=what, args=tuple(said.items())
    )


def closing(case: Case, key: str, verb: Verb, name: str) -> tuple[o.Whisper, ...]:
    """Every message with the buttons of the question is closed, whoever has it."""
    asked = [one for one in case.whispers if one[0] in ("worker_key", "residents_key")]
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


def invitation(writer: Writer, link: str) -> tuple[str, tuple[tuple[Button, ...], ...]]:
    """The one sentence that the group hears, and its button, which opens the private line."""
    return writer.invitation(link=bool(link)), in_private_line(link, writer) if link else ()


def in_private_line(link: str, writer: Writer) -> tuple[tuple[Button, ...], ...]:
    """The button that opens the private line."""
    _ = gettext(writer.lang)
    return ((Button(_("Say it in private"), "", link),),)
