"""Replying: the words and buttons of answers to commands, which are written when they are said."""

from contextlib import suppress

from actions import orders as o
from actions.case import Case
from actions.confidentiality import Audience, Field, hidden
from actions.corrections import Step, token
from actions.errors import Refused
from actions.policy import Desk
from actions.post import Button, Post
from actions.presses import Verb
from bot.cards import Writer
from bot.house import House
from bot.lists import LISTS, Lists
from bot.phrases import gettext
from bot.replies import reply
from bot.whispering import in_private_line

Rows = tuple[tuple[Button, ...], ...]


class Replies:
    """Writes answers; what may not stand in the group it says where it may."""

    def __init__(self, house: House) -> None:
        self._house, self._lists = house, Lists(house)

    async def words(self, order: o.Reply) -> tuple[str, Rows, Case | None]:
        """The words and buttons of an answer, and the case that a press on it and a reply to it are about.

        Raises `Unreachable`.
        """
        args = dict(order.args)
        if order.what == "opened":
            return await self._opened(order, args)
        if "unsure" in order.what or order.what == "numbered" or order.what in LISTS:
            return *await self._list(order, args), None
        writer = self._house.grids.writer_of(order.group)
        match order.what:
            case "today":
                return await self._lists.today(order.group, args["by"]), (), None
            case "case":
                return await self._story(args["id"], writer), (), None
            case "forgetme":
                return (
                    reply(order.what, {}, writer.lang),
                    self._sure(order.group, args["by"], writer.lang),
                    None,
                )
        buttons = in_private_line(args["link"], writer) if args.get("link") else ()
        return reply(order.what, args, writer.lang), buttons, None

    async def _list(self, order: o.Reply, args: dict[str, str]) -> tuple[str, Rows]:
        match order.what:
            case "unsure":
                return await self._unsure(order, args)
            case "unsure_beside":
                return await self._lists.unsure(order.group, args["by"])
            case "unsure_elsewhere":
                lang = self._house.grids.writer_of(order.group).lang
                return reply(await self._unsure_elsewhere(order, args["by"]), {}, lang), ()
            case "numbered":
                return await self._lists.numbered(int(args["number"]), order.group, args["by"])
            case "nothing_unsure":
                return reply("nothing_unsure", {}, self._house.grids.writer_of(order.group).lang), ()
        return await self._lists.page(order.what, order.group, args["by"])

    async def _opened(self, order: o.Reply, args: dict[str, str]) -> tuple[str, Rows, Case | None]:
        """A case in a chat beside its group, where workers can answer it and press."""
        case = await self._house.state.case(args["id"])
        if case is None or hidden(case):
            return reply("no_such_case", {}, self._house.grids.writer_of(order.group).lang), (), None
        text, buttons, works = await self._lists.opened(case, order.group, args["by"])
        return text, buttons, case if works else None

    def _sure(self, chat: str, person: str, lang: str) -> Rows:
        """The button with which whoever asked to be forgotten says that they are sure."""
        _ = gettext(lang)
        return ((self._house.buttons.of_list(chat, _("Yes, forget me"), Step.FORGET, token(person)),),)

    async def _story(self, number: str, writer: Writer) -> str:
        case = await self._house.state.case(number)
        if case is None or hidden(case):
            return reply("no_such_case", {}, writer.lang)
        return writer.story(case, self._house.standing(case, self._house.clock.now()))

    # --- what nobody is sure of -------------------------------------------------------------------------

    async def _unsure(self, order: o.Reply, args: dict[str, str]) -> tuple[str, Rows]:
        """In the group, each with two buttons; meanwhile it may have been settled."""
        found = [await self._house.state.case(case) for case in args["ids"].split()]
        doubts = [case for case in found if case and case.live and case.doubtful and not hidden(case)]
        writer = self._house.grids.writer_of(order.group)
        await self._confide(order, doubts, args.get("to", ""), writer)
        if not doubts:
            return reply("nothing_unsure", {}, writer.lang), ()
        button, ways = self._house.buttons.button, (("✓", Verb.FILE), ("✗", Verb.DISMISS))
        rows = tuple(
            tuple(button(case, f"#{case.number} {mark}", verb) for mark, verb in ways) for case in doubts
        )
        return "\n".join((reply("unsure", {}, writer.lang), *map(writer.doubt, doubts))), rows

    async def _confide(self, order: o.Reply, doubts: list[Case], worker: str, writer: Writer) -> None:
        """Tell the worker who asked, in private, what may not stand on the list in the group."""
        unsaid = [case for case in doubts if not writer.sees(case, Field.WORDS)]
        text = "\n".join(map(writer.to(Audience.STAFF).doubt, unsaid))
        if text and worker:
            with suppress(Refused):  # who never wrote to the bot cannot be written to
                await self._house.chat(order.group).whisper(worker, text, f"{order.key}:{worker}")

    async def _unsure_elsewhere(self, order: o.Reply, worker: str) -> str:
        """The list goes to where the workers work; what is answered in the group."""
        grids, key = self._house.grids, f"{order.key}:list"
        staff = grids.staff_of(order.group) if grids.desk_of(order.group) is Desk.STAFF else ""
        text, buttons = await self._lists.unsure(staff or worker, worker)
        try:
            if staff:
                await self._house.chat(staff).post(Post(staff, text, key, buttons))
            else:
                await self._house.chat(worker).whisper(worker, text, key, buttons)
        except Refused:
            return "unsure_unreached"
        return "unsure_elsewhere"
