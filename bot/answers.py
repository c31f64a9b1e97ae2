"""Answers to commands: /cases, /mine, /today, /case N, /withdraw N, /merge A B, /unsure, /report, /bind GRID, /home ADDRESS, /forgetme, /help."""

from dataclasses import dataclass, field
from typing import Any

from actions import facts as f
from actions.advance import allowed
from actions.case import Case
from actions.commands import Command
from actions.confidentiality import hidden
from actions.households import FORGET, normal
from actions.joins import merge
from actions.message import Message, Role
from actions.policy import Desk
from bot.house import House
from bot.lists import DOUBTS_LISTED, Lists
from bot.reporting import report_for


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said (`what`, with `args`, in `bot/replies.py`), and the facts that follow from the command."""

    what: str
    args: dict[str, str] = field(default_factory=dict)
    facts: tuple[tuple[str, f.Fact], ...] = ()
    grid: str = ""


_OF_STAFF = ("cases", "mine", "today", "case", "unsure", "report")
"""What the staff group may ask for; the rest belongs into one of its groups."""


async def answer(house: House, message: Message, command: Command) -> Answer:
    """The answer to a command. Raises `Unreachable`."""
    answers = {
        "cases": _listed,
        "mine": _listed,
        "today": _listed,
        "case": _case,
        "withdraw": _withdraw,
        "merge": _merge,
        "unsure": _unsure,
        "bind": _bind,
        "report": _report,
        "home": _home,
        "forgetme": _forgetme,
    }
    if house.grids.is_staff(message.group) and command.name not in _OF_STAFF:
        return Answer("staff_only_here" if command.name in answers else "welcome_staff")
    wanted = answers.get(command.name)
    return await wanted(house, message, command) if wanted else Answer("help")


async def _listed(_: House, message: Message, command: Command) -> Answer:
    """It is written when it is said (bot/lists.py)."""
    return Answer(command.name, {"by": message.sender})


async def _case(house: House, message: Message, command: Command) -> Answer:
    if house.grids.is_staff(message.group) and command.numbers:
        return await _of_staff(house, message, command.numbers[0])
    case = await _numbered(house, message, command)
    return Answer("case", {"id": case.id}) if case else Answer("no_such_case")


async def _of_staff(house: House, message: Message, number: int) -> Answer:
    """Several of its groups may have a case of this number."""
    cases = await Lists(house).called(number, message.group, message.sender)
    if not cases:
        return Answer("no_such_case")
    if len(cases) == 1:
        return Answer("opened", {"id": cases[0][0].id, "by": message.sender})
    return Answer("numbered", {"number": str(number), "by": message.sender})


async def _withdraw(house: House, message: Message, command: Command) -> Answer:
    case = await _numbered(house, message, command) if command.numbers else await _own(house, message)
    if case is None:
        return Answer("no_such_case" if command.numbers else "nothing_to_withdraw")
    if message.sender != case.reporter and message.role is not Role.WORKER:
        return Answer("not_yours", {"number": str(case.number)})
    if not allowed(case, f.Withdrawn):
        return Answer("no_such_case" if hidden(case) else "too_late", {"number": str(case.number)})
    fact = f.Withdrawn(at=message.at, by=message.sender, by_name=message.sender_name)
    if hidden(case):
        return Answer("", facts=((case.id, fact),))
    return Answer("withdrawn", {"number": str(case.number)}, ((case.id, fact),))


async def _own(house: House, message: Message) -> Case | None:
    live = await house.state.cases(message.group, live=True)
    mine = (case for case in reversed(live) if case.reporter == message.sender and not case.doubtful)
    return next(mine, None)


async def _unsure(house: House, message: Message, _: Command) -> Answer:
    if message.group == message.sender or house.grids.is_staff(message.group):
        return Answer("unsure_beside", {"by": message.sender})
    if message.role is not Role.WORKER:
        return Answer("workers_only")
    if house.grids.desk_of(message.group) is not Desk.GROUP:
        return Answer("unsure_elsewhere", {"by": message.sender})
    live = await house.state.cases(message.group, live=True)
    doubts = [case.id for case in reversed(live) if case.doubtful and not hidden(case)][:DOUBTS_LISTED]
    return (
        Answer("unsure", {"ids": " ".join(doubts), "to": message.sender})
        if doubts
        else Answer("nothing_unsure")
    )


async def _report(house: House, message: Message, command: Command) -> Answer:
    text = await report_for(house, message, command)
    return Answer("workers_only") if text is None else Answer("report", {"text": text})


async def _merge(house: House, message: Message, command: Command) -> Answer:
    if message.role is not Role.WORKER:
        return Answer("workers_only")
    if len(command.numbers) != 2 or command.numbers[0] == command.numbers[1]:
        return Answer("how_to_merge")
    one, into = [await house.state.case(f"{message.group}:{n}") for n in command.numbers]
    if one is None or into is None or hidden(one) or hidden(into):
        return Answer("no_such_case")
    if not (allowed(one, f.Merged) and allowed(into, f.Absorbed)):
        return Answer("too_late", {"number": str(one.number)})
    who: dict[str, Any] = {"at": message.at, "by": message.sender, "by_name": message.sender_name}
    absorbed, merged = merge(one, into, who)
    numbers = {"number": str(one.number), "into": str(into.number)}
    return Answer("merged", numbers, ((into.id, absorbed), (one.id, merged)))


async def _bind(house: House, message: Message, command: Command) -> Answer:
    grids = house.grids.names()
    if message.role is not Role.WORKER:
        return Answer("workers_only")
    if not command.words or command.words[0] not in grids:
        return Answer(
            "which_grid", {"grids": ", ".join(f"{key} ({name})" for key, name in grids.items()) or "—"}
        )
    return Answer("bound", {"grid": grids[command.words[0]]}, grid=command.words[0])


async def _home(house: House, message: Message, command: Command) -> Answer:
    """Where somebody lives. Their own chat with the bot is for the group in which they last asked."""
    households, person = house.households, message.sender
    alone = message.group == person
    group = await households.group_of(person) if alone else message.group
    if not group:
        return Answer("home_where")
    if not alone:
        await households.met(group, person)
    words = " ".join(command.words)
    if not words:
        link = "" if alone else await house.chat(group).link(await households.token(group), group)
        return Answer("home_known" if await households.of(group, person) else "home_unknown", {"link": link})
    if words in FORGET:
        await households.forget(group, person)
        return Answer("home_forgotten")
    address = normal(words)
    if not address:
        return Answer("how_home")
    await households.settle(group, person, address)
    return Answer("home_kept")


async def _forgetme(_: House, message: Message, __: Command) -> Answer:
    """It is asked once whether they are sure. What somebody did as a grid worker is an official act, and stays."""
    return (
        Answer("forget_worker") if message.role is Role.WORKER else Answer("forgetme", {"by": message.sender})
    )


async def _numbered(house: House, message: Message, command: Command) -> Case | None:
    if not command.numbers:
        return None
    case = await house.state.case(f"{message.group}:{command.numbers[0]}")
    if case is None or not hidden(case):
        # Residents are not told of what the bot only suspects.
        return None if case and case.doubtful and message.role is not Role.WORKER else case
    return case if command.name == "withdraw" and case.reporter == message.sender else None
