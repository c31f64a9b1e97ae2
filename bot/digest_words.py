"""The digests in words: a group's day, and the account of a day for whoever oversees it."""

from collections.abc import Mapping
from datetime import date, time

from babel.dates import format_skeleton

from actions.case import Case
from actions.clocks import light_of
from actions.course import Count
from actions.digest import Account, Day, Did, Part, Relief
from actions.nodes import Light
from actions.rates import By, Report
from bot.cards import Writer
from bot.lamps import lamp
from bot.phrases import gettext
from bot.report_table import RATES, Words

TITLES = 8
"""Cases named one by one; a phone shows no more, and /cases lists all."""
MOST_PARTS = 12
MOST_UNITS = 5
_COUNTS = (
    Count.FILED,
    Count.SETTLED,
    Count.LAPSED,
    Count.BOUNCED,
    Count.DISPUTED,
    Count.HALF_FIXED,
    Count.REOPENED,
)


def day_words(day: Day, since: time, writer: Writer) -> str:
    """The day of a group. Titles only: no words of anybody's, no names."""
    _ = gettext(writer.lang)
    counts = (
        (_("reported {n}"), day.raised),
        (_("settled {n}"), day.done),
        (_("unconfirmed {n}"), day.lapsed),
        (_("still open {n}"), day.open),
    )
    head = _("📋 The day (since yesterday {time})").format(time=f"{since:%H:%M}")
    told = " · ".join(text.format(n=len(cases)) for text, cases in counts if cases)
    lines = [*(_open(case, writer) for case in day.open), *(f"✔ {writer.title(case)}" for case in day.done)]
    more = len(lines) - TITLES
    rest = [_("… {n} more; /cases shows what is open").format(n=more)] if more > 0 else []
    return "\n".join((head, told, *lines[:TITLES], *rest))


def _open(case: Case, writer: Writer) -> str:
    return f"{lamp(light_of(case))} {writer.title(case)}"


def account_words(account: Account, name: str, day: date, lang: str) -> str:
    """The account of a day, for one who oversees `name`."""
    blocks = (_figures(account, name, day, lang), _relief(account.relief, lang), _parts(account, lang))
    return "\n\n".join(block for block in blocks if block)


def _figures(account: Account, name: str, day: date, lang: str) -> str:
    _, words, tally = gettext(lang), Words(lang), account.day.whole
    names = words.counts()
    counts = [f"{names[Count.OPENED]} {tally.of(Count.OPENED)}"]
    counts += [f"{names[count]} {many}" for count in _COUNTS if (many := tally.of(count))]
    rates = " · ".join(
        f"{called} {getattr(account.week.whole, rate).percent}"
        for rate, called in zip(RATES, words.rates().values(), strict=True)
    )
    when = format_skeleton("MMMEd", day, locale=lang)
    lines = [f"📋 {name} · {when}", " · ".join(counts)]
    lines.append(_("Open now: {lights}").format(lights=_lights(account.lights)))
    if late := _late(account.day, words):
        lines.append(_("Late: {units}").format(units=late))
    lines.append(_("The last 7 days: {rates}").format(rates=rates))
    return "\n".join(lines)


def _lights(lights: Mapping[Light, int]) -> str:
    return " ".join(f"{lamp(light)} {lights.get(light, 0)}" for light in Light)


def _late(report: Report, words: Words) -> str:
    """Whose lights turned red that day, and how often; what is no unit's is the grid's."""
    late = [(line.name, line.tally.of(Count.LATE)) for line in words.lines(report, By.UNIT, {})]
    most = sorted((one for one in late if one[1]), key=lambda one: -one[1])
    told = ", ".join(f"{name} {many}" for name, many in most[:MOST_UNITS])
    return f"{told} …" if len(most) > MOST_UNITS else told


def _relief(relief: Relief, lang: str) -> str:
    _ = gettext(lang)
    named = {
        Did.OPENED: _("cases opened {n}"),
        Did.FILED: _("sent to dispatch {n}"),
        Did.CHASED: _("reminders and warnings {n}"),
        Did.ASKED: _("asked whether it is fixed {n}"),
        Did.PLACES: _("asked where {n}"),
        Did.MERGED: _("repeated reports joined {n}"),
    }
    done = [text.format(n=relief.did[did]) for did, text in named.items() if relief.did[did]]
    read = _("messages read {n}, chatter to which it kept silent {silent}")
    lines = (
        _("🤝 What Linli did without anybody:"),
        " · ".join((read.format(n=relief.read, silent=relief.silent), *done)),
        _("Done by grid workers themselves: {n}").format(n=relief.did[Did.BY_HAND]),
        _("Each counts as a tap that nobody had to make; no time is estimated."),
    )
    return "\n".join(lines)


def _parts(account: Account, lang: str) -> str:
    lines = [_part(part, lang) for part in account.parts[:MOST_PARTS]]
    more = len(account.parts) - len(lines)
    return "\n".join((*lines, *([f"… +{more}"] if more else [])))


def _part(part: Part, lang: str) -> str:
    _ = gettext(lang)
    text = _("{name}: reported {raised}, settled {settled}, open {lights}")
    return text.format(
        name=part.name,
        raised=part.tally.of(Count.OPENED),
        settled=part.tally.of(Count.SETTLED),
        lights=_lights(part.lights),
    )
