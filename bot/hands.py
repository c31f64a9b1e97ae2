"""Hands: carry out one order. What comes back is a fact, or nothing; what fails raises.

Sending is done at least once. Where the other side offers no idempotency key, an order that was tried before
looks before it sends again (tickets, updates). Telegram offers neither key nor look: a sentence whose
sending was cut off between the platform's "yes" and our writing it down is said twice; nothing else is.
"""

import hashlib
from contextlib import suppress
from dataclasses import replace

import structlog

from actions import facts as f
from actions import orders as o
from actions.case import QUESTIONS, Case, Stage
from actions.confidentiality import Audience, Field, hidden
from actions.corrections import Step
from actions.emergency import Peril
from actions.errors import Gone, NotYet, Refused, Unreachable
from actions.ledger import Due
from actions.manners import is_quiet
from actions.post import Button, Post
from actions.presses import RATES, WORKERS_ROW, Verb, for_residents, on_card
from actions.reading import Urgency
from bot.alerting import Alerting
from bot.buttons import label
from bot.cards import Writer
from bot.choosing import Choosing
from bot.digests import Daily, Digests
from bot.dispatching import Dispatching
from bot.forgetting import AGAIN, Forgetting
from bot.house import House
from bot.lists import Lists
from bot.moving import shut_out, speaks
from bot.phrases import gettext
from bot.questions import calls_workers, question
from bot.replies import reply, toast
from bot.replying import Replies
from bot.whispering import Whispering, invitation, is_aside
from bot.workplace import workplace_of

log = structlog.get_logger("hands")


class Hands:
    """Carries out orders, each by the method of its name."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._choosing = Choosing(house)
        self._dispatching = Dispatching(house)
        self._alerting = Alerting(house)
        self._digests = Digests(house)
        self._whispering = Whispering(house)
        self._lists, self._replies = Lists(house), Replies(house)
        self._forgetting = Forgetting(house.state, house.clock, house.chats, house.household_key)

    async def apart(self, due: Due, case: Case) -> tuple[Due, ...] | None:
        """What is said beside the group instead of what an order would say in it; None where it does say it there.

        Raises `Unreachable`.
        """
        return await self._whispering.apart(due, case)

    async def carry_out(self, due: Due) -> f.Fact | None:
        """Do what the order says. Raises `Unreachable` (try again) and `Refused` (tell a person)."""
        if not speaks(due.order):
            return await self._carry_out(due)
        if (await self._house.state.talk(due.group)).left:
            log.info("put_away", group=due.group, order=due.order.key)
            return None
        try:
            return await self._carry_out(due)
        except Gone:
            await shut_out(self._house.state, due.group, self._house.clock.now())
            return None

    async def _carry_out(self, due: Due) -> f.Fact | None:
        if isinstance(due.order, Daily):
            return await self._digests.carry_out(due.order)
        return await self._carry_out_other(due)

    async def _carry_out_other(self, due: Due) -> f.Fact | None:
        match due.order:
            case o.Warn() as order:
                return await self._warn(order)
            case o.Reply() | o.TurnPage() | o.AnswerPress() | o.ShowList():
                await self._answer(due.order)
                return None
            case o.Forget() as order:
                await self._forget(order)
                return None
        case = await self._house.state.case(due.order.case)
        if case is None:
            raise Refused(f"there is no case {due.order.case}")
        if isinstance(due.order, o.Alert | o.CallWorker):
            await self._alerting.carry_out(due.order, case)
            return None
        aside = isinstance(due.order, o.Whisper | o.Invite) or is_aside(due.order, case)
        return await (self._beside(due, case) if aside else self._for_case(due, case))

    async def _answer(self, order: o.Reply | o.TurnPage | o.AnswerPress | o.ShowList) -> None:
        match order:
            case o.Reply():
                await self._reply(order)
            case o.TurnPage():
                await self._turn_page(order)
            case o.AnswerPress():
                await self._answer_press(order)
            case o.ShowList():
                await self._list(order)

    async def _forget(self, order: o.Forget) -> None:
        """Raises NotYet where something of theirs is open still."""
        still_open = await self._forgetting.asked(order)
        if order.post:
            said = reply("forgotten_later" if still_open else "forgotten", {}, self._writer(order.group)[1])
            with suppress(Refused):  # the question is gone
                await self._house.chat(order.group).edit(order.post, Post(order.group, said, order.key))
        if still_open:
            raise NotYet(f"{still_open} cases are open", AGAIN.total_seconds())

    async def _beside(self, due: Due, case: Case) -> f.Fact | None:
        match due.order:
            case o.Whisper() as order:
                return await self._whispering.carry_out(order, case)
            case o.Invite():
                return await self._invite(due, case)
        return None  # it has become private this very moment, and what follows from that is on its way

    async def _for_case(self, due: Due, case: Case) -> f.Fact | None:
        now = self._house.clock.now()
        match due.order:
            case o.WakeAt() as order:
                return f.TimeRanOut(at=now, timer=order.timer)
            case o.WatchClock() as order:
                return f.LightTurned(at=now, clock=order.clock, light=order.light)
            case o.FileTicket():
                return await self._dispatching.file(due, case)
            case o.TellDispatch() as order:
                await self._dispatching.tell(due, order, case)
                return None
        return await self._in_group(due, case)

    async def _in_group(self, due: Due, case: Case) -> f.Fact | None:
        match due.order:
            case o.ShowCard() | o.ShowMenu() | o.CloseMenu():
                return await self._card(due, case)
            case o.CloseQuestion() as order:
                await self._close_question(order, case)
                return None
            case o.ShowQuestion():
                await self._show_question(due.order, case)
                return None
        return await self._say(due, case)

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
        here, (text, called) = await self._works_here(case), await self._words(case)
        post = self._post(
            case, due.order, text, self._buttons(case, here=here), reply_to=case.origin, mentions=called
        )
        face = _face(post)
        if face == case.face:
            return None
        shown = case.post("card")
        if here and case.unreached:
            log.warning("workers_buttons_in_group", case=case.id, unreached=len(case.unreached))
        if shown is None and not case.live:
            return None  # over before anything was shown: no need to speak of it
        if shown is None:
            shown = dict((await self._house.state.talk(case.group)).warnings).get(case.origin or "")
        message = await self._edit_or_post(shown, post)
        if shown is None and due.tries > 1:  # an earlier try may have posted it, as the case stood then
            face = await self._brought_up(message, post)
        return f.Posted(at=self._house.clock.now(), what="card", post=message, face=face)

    async def _brought_up(self, message: str, post: Post) -> str:
        """The face that it has now. It is there in any case, which must not be forgotten because an edit fails: then no face
        is known, and the next order for the card edits it.
        """
        try:
            await self._house.chat(post.group).edit(message, post)
        except Unreachable:
            return ""
        return _face(post)

    async def _works_here(self, case: Case) -> bool:
        """Whether workers have their buttons under the card in the group; a card does not wait for who cannot tell."""
        try:
            return (await workplace_of(self._house, case)).here
        except Unreachable:
            return False

    def _buttons(self, case: Case, *, here: bool) -> tuple[tuple[Button, ...], ...]:
        _, lang = self._writer(case.group)
        return self._house.buttons.rows(case, on_card(case) if here else for_residents(case), gettext(lang))

    async def _words(self, case: Case) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What stands on the card, and who is called by it: the workers, while an emergency is live."""
        writer, _ = self._writer(case.group)
        standing = self._house.standing(case, self._house.clock.now())
        if not (case.warned and case.live):
            return writer.card(case, standing), ()
        called = await self._house.called(case.group)
        return writer.alarm(case, calls_workers=bool(called), standing=standing), called

    async def _menu(self, order: o.ShowMenu, case: Case) -> f.Fact:
        """Only the buttons change; the face that is noted down makes any later card take them away again."""
        menu = await self._choosing.menu(case, order.choices, case.group)
        rows = menu.page(Step(order.step), order.argument)
        text, called = await self._words(case)
        post = self._post(case, order, text, rows, reply_to=case.origin, mentions=called)
        message = await self._edit_or_post(case.post("card"), post)
        return f.Posted(at=self._house.clock.now(), what="card", post=message, face=_face(post))

    async def _invite(self, due: Due, case: Case) -> f.Fact | None:
        """One sentence for the group; it takes the place of what had been said there of the case."""
        if not case.private:
            return None
        token = self._house.buttons.token(case.id)
        await self._house.state.remember(f"private:{token}", case.id)
        text, buttons = invitation(
            self._writer(case.group)[0], await self._house.chat(case.group).link(token, case.group)
        )
        post = Post(
            case.group, text, due.order.key, buttons, None, case.thread, silent=self._quiet(case.group)
        )
        if _face(post) == case.face:
            return None  # it stands there already
        shown = case.post("card")
        for other in {post for _, post in case.posts} - {shown}:
            with suppress(Refused):
                await self._house.chat(case.group).edit(other, replace(post, buttons=()))
        message = await self._edit_or_post(shown, post)
        return f.Posted(at=self._house.clock.now(), what="invitation", post=message, face=_face(post))

    async def _edit_or_post(self, shown: str | None, post: Post) -> str:
        chat = self._house.chat(post.group)
        if shown is None:
            return await chat.post(post)
        try:
            await chat.edit(shown, post)
        except Gone:
            raise
        except Refused as reason:  # somebody deleted the card, or the group moved away from it
            log.warning("card_lost", group=post.group, reason=str(reason))
            return await chat.post(post)
        return shown

    async def _close_question(self, order: o.CloseQuestion, case: Case) -> None:
        writer, lang = self._writer(case.group)
        answer = label(Verb(order.answer), case, gettext(lang))
        by = Field.HANDLER if order.answer in WORKERS_ROW else Field.NAME
        text = writer.answered(case, order.by_name, answer, by=by)
        rows: tuple[tuple[Button, ...], ...] = ()
        if order.rates and case.stage in (Stage.CLOSED, Stage.SOLVED_IN_GRID):
            text = f"{text}\n{writer.ask_mark()}"
            rows = self._house.buttons.rows(case, (RATES,), gettext(lang))
        post = self._post(case, order, text, rows, reply_to=None)
        try:
            await self._house.chat(case.group).edit(order.post, post)
        except Gone:
            raise
        except Refused as reason:  # the question is gone; what was answered stands in the card
            log.warning("question_lost", group=case.group, reason=str(reason))

    async def _show_question(self, order: o.Order, case: Case) -> None:
        """The question as it stands now, in each message that asks it; the card is brought up to date by itself."""
        writer, lang = self._writer(case.group)
        _, text, rows = question(o.AskIfFixed(), case, writer)
        if not text:
            return  # decided meanwhile
        post = self._post(
            case, order, text, self._house.buttons.rows(case, rows, gettext(lang)), reply_to=None
        )
        for asked in case.asked_in:
            try:
                await self._house.chat(case.group).edit(asked, post)
            except Gone:
                raise
            except Refused as reason:  # it is gone; the card counts too
                log.warning("question_lost", group=case.group, reason=str(reason))

    async def _list(self, order: o.ShowList) -> None:
        """One message for many cases; it answers nobody in particular."""
        writer, _ = self._writer(order.group)
        cases = [await self._house.state.case(case) for case in order.cases]
        shown = [case for case in cases if case and not hidden(case)]
        if not shown:
            return  # they have become private since the list was made
        text = writer.missed(shown)
        key = f"{order.key}:{order.cases[-1]}"
        await self._house.chat(order.group).post(
            Post(order.group, text, key, silent=self._quiet(order.group))
        )

    def timely(self, order: o.Order, case: Case) -> bool:
        """Whether there is still something to be said."""
        writer, _ = self._writer(case.group)
        return bool(question(order, case, writer)[1])

    async def put_on_card(self, order: o.Order, case: Case) -> f.Posted | None:
        """Ask by way of the card, whose edits disturb nobody; None where there is no need or no card."""
        what, card = QUESTIONS.get(case.stage, ""), case.post("card")
        if not isinstance(order, o.AskWorker | o.AskIfFixed) or card is None or case.asked_on_card:
            return None
        asked = replace(case, posts=(*case.posts, (what, card)))
        writer, _ = self._writer(case.group)
        rows = self._buttons(asked, here=await self._works_here(asked))
        mentions = await self._house.workers(case.group) if calls_workers(order) else ()
        text = writer.card(asked, self._house.standing(case, self._house.clock.now()))
        post = self._post(asked, order, text, rows, reply_to=case.origin, mentions=mentions)
        await self._house.chat(case.group).edit(card, post)
        return f.Posted(at=self._house.clock.now(), what=what, post=card, face=_face(post))

    async def whisper(self, order: o.Order, case: Case) -> bool:
        """Tell the workers, each in private, what calls for them; whether any of them was reached."""
        if not calls_workers(order):
            return False
        writer = self._writer(case.group)[0].to(Audience.STAFF)
        title = (await self._house.state.talk(case.group)).title
        text = "\n".join(line for line in (question(order, case, writer)[1], title) if line)
        reached = False
        for person, _name in await self._house.workers(case.group):
            try:
                await self._house.chat(case.group).whisper(person, text, f"{order.key}:{person}")
                reached = True
            except Refused:  # who never wrote to the bot cannot be written to
                continue
        return reached

    async def _say(self, due: Due, case: Case) -> f.Fact | None:
        order = due.order
        writer, lang = self._writer(case.group)
        what, text, rows = question(order, case, writer)
        if not text:
            return None
        buttons = self._house.buttons.rows(case, rows, gettext(lang))
        mentions = await self._house.workers(case.group) if calls_workers(order) else ()
        reply_to = case.post("card") or case.origin
        if due.answers and isinstance(order, o.Say):
            reply_to = due.answers
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
        urgent = case.urgency is Urgency.EMERGENCY
        silent = not urgent and self._quiet(case.group)
        # The order of a list that comes down to one case has the same key every time.
        key = order.key if order.key.startswith(case.id) else f"{order.key}:{case.id}"
        return Post(
            case.group,
            text,
            key,
            buttons,
            reply_to,
            case.thread,
            mentions,
            silent=silent,
            urgent=urgent,
        )

    def _quiet(self, group: str) -> bool:
        return is_quiet(self._house.grids.policy_of(group), self._house.clock.now())

    async def _warn(self, order: o.Warn) -> f.Posted:
        writer, _ = self._writer(order.group)
        mentions = await self._house.called(order.group)
        text = writer.warning(Peril(order.kind), calls_workers=bool(mentions))
        post = Post(
            order.group, text, order.key, (), order.message, order.thread, mentions=mentions, urgent=True
        )
        message = await self._house.chat(order.group).post(post)
        return f.Posted(at=self._house.clock.now(), what="warning", post=message)

    async def _reply(self, order: o.Reply) -> None:
        text, buttons, linked = await self._replies.words(order)
        silent = self._quiet(order.group)
        post = Post(order.group, text, order.key, buttons, order.reply_to, thread=order.thread, silent=silent)
        message = await self._house.chat(order.group).post(post)
        if linked:
            await self._whispering.link(order.group, message, linked)

    async def _turn_page(self, order: o.TurnPage) -> None:
        text, buttons = await self._lists.page(order.what, order.group, order.by, order.page)
        try:
            await self._house.chat(order.group).edit(order.post, Post(order.group, text, order.key, buttons))
        except Gone:
            raise
        except Refused as reason:  # somebody deleted the list
            log.warning("list_lost", group=order.group, reason=str(reason))

    async def _answer_press(self, order: o.AnswerPress) -> None:
        _, lang = self._writer(order.group)
        await self._house.chat(order.group).answer(order.press, toast(order.what, lang))

    def _writer(self, group: str) -> tuple[Writer, str]:
        writer = self._house.grids.writer_of(group)
        return writer, writer.lang


def _face(post: Post) -> str:
    return hashlib.sha256(f"{post.text}\0{post.buttons}".encode()).hexdigest()[:16]
