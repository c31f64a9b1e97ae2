"""Reporting: what /report answers, to a worker in the group and to a worker or supervisor in private."""

from itertools import islice

from actions.commands import Command
from actions.message import Message, Role
from actions.period import Period, named
from bot.house import House
from bot.phrases import gettext
from bot.report_words import by_grid, told

_ASKED = 30
"""Groups without named workers of which the platform is asked who works there."""
_PERIODS = {
    "day": ("day", "today", "日", "今天", "今日"),
    "week": ("week", "周", "本周", "星期"),
    "month": ("month", "月", "本月"),
}


async def report_for(house: House, message: Message, command: Command) -> str | None:
    """The words of the report; None for whom it is not. Raises `Unreachable`."""
    private = message.group == message.sender
    if not private and message.role is not Role.WORKER:
        return None
    if house.grids.is_staff(message.group):
        groups = frozenset(house.grids.groups_of_staff(message.group))
    else:
        groups = await groups_of(house, message.sender) if private else _of_the_grid(house, message.group)
    if not groups:
        return None
    lang = house.grids.writer_of(message.group).lang
    asked = _asked(command)
    blocks = [
        await _block(house, name, groups, lang, whole=bool(asked)) for name in asked or ("week", "month")
    ]
    return "\n\n".join(blocks)


async def _block(house: House, name: str, groups: frozenset[str], lang: str, *, whole: bool) -> str:
    period = _period(house, name)
    report = await house.reports.report(period, groups)
    names = await house.reports.names({house.grids.grid_of(group)[0] or group for group in groups})
    title = next(iter(names.values())) if len(names) == 1 else _in_all(len(names), lang)
    text = told(f"{title} · {_called(name, lang)}", report, lang, whole=whole)
    each = by_grid(report, names, lang) if whole or len(names) > 1 else ""
    return f"{text}\n{each}" if each else text


def _period(house: House, name: str) -> Period:
    return named(name, house.clock.now(), house.grids.zone)


def _asked(command: Command) -> tuple[str, ...]:
    words = {word.lower() for word in command.words}
    return tuple(name for name, meant in _PERIODS.items() if words & {*meant})


def _called(name: str, lang: str) -> str:
    _ = gettext(lang)
    return {"day": _("today"), "week": _("this week"), "month": _("this month")}[name]


def _in_all(many: int, lang: str) -> str:
    _ = gettext(lang)
    return _("{n} grids").format(n=many)


def _of_the_grid(house: House, group: str) -> frozenset[str]:
    grid, _ = house.grids.grid_of(group)
    return frozenset((group, *house.grids.groups_of_grid(grid)))


async def groups_of(house: House, person: str) -> frozenset[str]:
    """The groups that a person answers for: as a worker of the grid, or as a supervisor of an area above it.

    Raises `Unreachable`.
    """
    heard, platform = await house.state.groups(), f"{person.partition(':')[0]}:"
    found = {*house.grids.groups_of_overseer(person), *house.grids.groups_of_worker(person)} & {*heard}
    others = (one for one in heard if one.startswith(platform) and one != person and one not in found)
    for group in islice((one for one in others if house.grids.worker_ids(one) is None), _ASKED):
        if person in [worker for worker, _ in await house.chat(group).workers(group)]:
            found.add(group)
    return frozenset(found)
