"""Hands: carry out one order. What comes back is a fact, or nothing; what fails raises.

Sending is done at least once. Where the other side offers no idempotency key, an order that was tried before
looks before it sends again (tickets, updates). Telegram offers neither key nor look: a sentence whose
sending was cut off between the platform's "yes" and our writing it down is said twice; nothing else is.
"""

import hashlib
from datetime import timedelta

import structlog

from actions import facts as f
from actions import orders as o
from actions.case import Case, Stage
from actions.corrections import Step
from actions.emergency import Peril
from actions.errors import Refused, Unreachable
from actions.ledger import Due
from actions.mask import mask
from actions.orders import News
from actions.post import Button, Post
from actions.presses import RATES, Verb, on_card
from bot.buttons import label
from bot.cards import Writer
from bot.categories import name_of
from bot.correcting import Correcting
from bot.house import House
from bot.menus import Menu
from bot.phrases import gettext
from bot.replies import reply, toast, told
from connectors.dispatch import Filing

log = structlog.get_logger("hands")
LOOK_BACK = timedelta(minutes=5)
"""Clocks differ: how long before the first try a ticket of ours may carry as its time."""

_STATUS = {
    News.DISPUTED: "received",
    News.DENIED: "received",
    News.SENT_AGAIN: "received",
    News.WITHDRAWN: "closed",
    News.HANDLED: "fixed",
    News.CONFIRMED: "closed",
}
_STATUS_NOW = {Stage.ACCEPTED: "accepted", Stage.IN_PROGRESS: "in_progress", Stage.RETURNED: "returned"}


class Hands:
    """Carries out orders, each by the method of its name."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._correcting = Correcting(house)

    async def carry_out(self, due: Due) -> f.Fact | None:
        """Do what the order says. Raises `Unreachable` (try again) and `Refused` (tell a person)."""
        match due.order:
            case o.Warn() as order:
                await self._warn(order)
                return None
            case o.Reply() as order:
                await self._reply(order)
                return None
            case o.AnswerPress() as order:
                await self._answer_press(order)
                return None
        case = await self._house.state.case(due.order.case)
        if case is None:
            raise Refused(f"there is no case {due.order.case}")
        return await self._for_case(due, case)

    async def _for_case(self, due: Due, case: Case) -> f.Fact | None:
        match due.order:
            case o.FileTicket():
                return await self._file(due, case)
            case o.TellDispatch() as order:
                await self._tell(due, order, case)
                return None
            case o.WakeAt() as order:
                return f.TimeRanOut(at=self._house.clock.now(), timer=order.timer)
            case o.ShowCard() | o.ShowMenu() | o.CloseMenu():
                return await self._card(due, case)
            case o.CloseQuestion() as order:
                await self._close_question(order, case)
                return None
        return await self._say(due.order, case)

    # --- in the group -----------------------------------------------------------------------------------

    async def _card(self, due: Due, case: Case) -> f.Fact | None:
        if case.doubtful:
            return None  # nothing is said of it until somebody bears it out
        idle = self._house.clock.now() - case.changed_at
        match due.order:
            case o.ShowMenu() as order if case.live and case.post("card"):
                return await self._menu(order, case)
            case o.CloseMenu() if idle < o.MENU_IDLE:
                return None  # somebody is still at it, and a later order closes it
        writer, lang = self._writer(case.group)
        buttons = self._house.buttons.rows(case, on_card(case), gettext(lang))
        post = self._post(case, due.order, writer.card(case), buttons, reply_to=case.origin)
        face = _face(post)
        if face == case.face:
            return None
        shown = case.post("card")
        if shown is None and not case.live and case.stage is not Stage.LAPSED:
            return None  # over before anything was shown: no need to speak of it
        message = await self._edit_or_post(shown, post)
        if shown is None and due.tries > 1:  # an earlier try may have posted it, as the case stood then
            await self._house.chat(case.group).edit(message, post)
        return f.Posted(at=self._house.clock.now(), what="card", post=message, face=face)

    async def _menu(self, order: o.ShowMenu, case: Case) -> f.Fact:
        """Only the buttons change; the face that is noted down makes any later card take them away again."""
        others, joined = await self._correcting.others(case), await self._correcting.joined(case)
        writer, _ = self._writer(case.group)
        menu = Menu(case, self._house.buttons, writer, others, joined, order.choices)
        rows = menu.page(Step(order.step), order.argument)
        post = self._post(case, order, writer.card(case), rows, reply_to=case.origin)
        message = await self._edit_or_post(case.post("card"), post)
        return f.Posted(at=self._house.clock.now(), what="card", post=message, face=_face(post))

    async def _edit_or_post(self, shown: str | None, post: Post) -> str:
        chat = self._house.chat(post.group)
        if shown is None:
            return await chat.post(post)
        try:
            await chat.edit(shown, post)
        except Refused as reason:  # somebody deleted the card
            log.warning("card_lost", group=post.group, reason=str(reason))
            return await chat.post(post)
        return shown

    async def _close_question(self, order: o.CloseQuestion, case: Case) -> None:
        writer, lang = self._writer(case.group)
        answer = label(Verb(order.answer), case, gettext(lang))
        post = self._post(case, order, writer.answered(case, order.by_name, answer), (), reply_to=None)
        await self._house.chat(case.group).edit(order.post, post)

    async def _say(self, order: o.Order, case: Case) -> f.Fact | None:
        writer, lang = self._writer(case.group)
        what, text, rows = _question(order, case, writer)
        if not text:
            return None
        buttons = self._house.buttons.rows(case, rows, gettext(lang))
        mentions = await self._house.workers(case.group) if _calls_workers(order) else ()
        reply_to = case.origin if what == "where" else case.post("card") or case.origin
        post = self._post(case, order, text, buttons, reply_to=reply_to, mentions=mentions)
        message = await self._house.chat(case.group).post(post)
        return f.Posted(at=self._house.clock.now(), what=what, post=message)

    def _post(
        self,
        case: Case,
        order: o.Order,
        text: str,
        buttons: tuple[tuple[Button, ...], ...],
        *,
        reply_to: str | None,
        mentions: tuple[tuple[str, str], ...] = (),
    ) -> Post:
        return Post(case.group, text, order.key, buttons, reply_to, mentions=mentions)

    async def _warn(self, order: o.Warn) -> None:
        writer, _ = self._writer(order.group)
        try:
            mentions = await self._house.workers(order.group)
        except (Unreachable, Refused):
            mentions = ()  # whom to call is not known; the warning itself must not wait for that
        text = writer.warning(Peril(order.kind), calls_workers=bool(mentions))
        post = Post(order.group, text, order.key, reply_to=order.message, mentions=mentions)
        await self._house.chat(order.group).post(post)

    async def _reply(self, order: o.Reply) -> None:
        writer, lang = self._writer(order.group)
        args = dict(order.args)
        buttons: tuple[tuple[Button, ...], ...] = ()
        if "ids" in args:
            found_all = [await self._house.state.case(case) for case in args["ids"].split()]
            cases = [case for case in found_all if case]
            text = "\n".join(writer.line(case) for case in cases)
            if order.what == "unsure":
                doubts = [case for case in cases if case.live and case.doubtful]
                text, buttons = self._doubts(doubts, writer)
        elif order.what == "case":
            found = await self._house.state.case(args["id"])
            text = writer.story(found) if found else reply("no_such_case", {}, lang)
        else:
            text = reply(order.what, args, lang)
        await self._house.chat(order.group).post(Post(order.group, text, order.key, buttons, order.reply_to))

    def _doubts(self, cases: list[Case], writer: Writer) -> tuple[str, tuple[tuple[Button, ...], ...]]:
        """What nobody is sure of, each with two buttons; meanwhile it may have been settled."""
        if not cases:
            return reply("nothing_unsure", {}, writer.lang), ()
        button, ways = self._house.buttons.button, (("✓", Verb.FILE), ("✗", Verb.DISMISS))
        rows = tuple(
            tuple(button(case, f"#{case.number} {mark}", verb) for mark, verb in ways) for case in cases
        )
        return "\n".join((reply("unsure", {}, writer.lang), *map(writer.doubt, cases))), rows

    async def _answer_press(self, order: o.AnswerPress) -> None:
        _, lang = self._writer(order.group)
        await self._house.chat(order.group).answer(order.press, toast(order.what, lang))

    def _writer(self, group: str) -> tuple[Writer, str]:
        writer = self._house.grids.writer_of(group)
        return writer, writer.lang

    # --- at dispatch ------------------------------------------------------------------------------------

    async def _file(self, due: Due, case: Case) -> f.Fact | None:
        now, ticket = self._house.clock.now(), None
        try:
            if due.tries > 1 and due.first_tried_at:
                ticket = await self._house.dispatch.find(case.id, due.first_tried_at - LOOK_BACK)
            if ticket is None and case.stage is not Stage.FILING:
                return None  # taken back while it waited, and dispatch never had it
            ticket = ticket or await self._house.dispatch.file(self._filing(case))
        except Refused as reason:
            return f.TicketRefused(at=now, reason=str(reason))
        return f.TicketFiled(at=now, ticket=ticket)

    def _filing(self, case: Case) -> Filing:
        title = f"{name_of(case.category, 'zh_CN')} {mask(case.place)}".strip()
        words = mask(case.text)
        people = f"({len(case.followers) + 1} 人反映 / people affected)" if case.followers else ""
        return Filing(
            ref=case.id,
            service_code=case.category,
            description="\n".join(part for part in (title, words, people) if part),
            address=mask(case.place),
            lat=case.point.lat if case.point else None,
            long=case.point.long if case.point else None,
            media_urls=self._house.evidence.links(case.group, case.attachments),
        )

    async def _tell(self, due: Due, order: o.TellDispatch, case: Case) -> None:
        if case.ticket is None:
            return
        dispatch = self._house.dispatch
        if due.tries > 1 and due.first_tried_at:
            since = due.first_tried_at - LOOK_BACK
            if await dispatch.find_update(case.ticket, order.key, since):
                return
        status = _STATUS.get(order.news) or _STATUS_NOW.get(case.stage, "received")
        await dispatch.post_update(case.ticket, status, self._told(order, case), order.key)

    def _told(self, order: o.TellDispatch, case: Case) -> str:
        lang = self._house.grids.writer_of(case.group).lang
        named = order.news is News.RECATEGORISED
        text = name_of(order.text, lang) if named else mask(order.text)
        words = told(order.news, lang).format(n=case.disputes, text=text).strip()
        return "\n".join((words, *self._house.evidence.links(case.group, order.attachments)))


def _face(post: Post) -> str:
    return hashlib.sha256(f"{post.text}\0{post.buttons}".encode()).hexdigest()[:16]


def _calls_workers(order: o.Order) -> bool:
    to_worker = (
        o.Sentence.REMIND_WORKER,
        o.Sentence.REMIND_WORKER_KEY,
        o.Sentence.RETURNED,
        o.Sentence.REFUSED,
    )
    return isinstance(order, o.AskWorker) or (isinstance(order, o.Say) and order.sentence in to_worker)


_Rows = tuple[tuple[Verb, ...], ...]
_WORKERS_KEY: _Rows = ((Verb.CONFIRM, Verb.DENY),)
_RESIDENTS_KEY: _Rows = ((Verb.FIXED, Verb.NOT_FIXED),)


def _question(order: o.Order, case: Case, writer: Writer) -> tuple[str, str, _Rows]:
    """What is posted, in which words, with which buttons; no words where the moment has passed."""
    match order:
        case o.AskWhere():
            return "where", writer.ask_where(case) if case.stage is Stage.ASKING_WHERE else "", ()
        case o.AskWorker():
            asked = case.stage in (Stage.WORK_DONE, Stage.WORKER_KEY)
            return "worker_key", writer.ask_worker(case) if asked else "", _WORKERS_KEY
        case o.AskIfFixed():
            asked = case.stage is Stage.RESIDENTS_KEY
            return "residents_key", writer.ask_if_fixed(case) if asked else "", _RESIDENTS_KEY
        case o.AskSatisfaction():
            return "satisfaction", writer.ask_satisfaction(case), (RATES,)
        case o.Say():
            return (
                order.sentence.value,
                writer.say(order.sentence, case, order.note),
                _REPEATED.get(order.sentence, ()),
            )
    raise Refused(f"nobody knows how to carry out {type(order).__name__}")


_REPEATED: dict[o.Sentence, _Rows] = {
    o.Sentence.REMIND_WORKER_KEY: _WORKERS_KEY,
    o.Sentence.REMIND_RESIDENTS: _RESIDENTS_KEY,
}
