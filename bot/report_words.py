"""The report in words, for a chat: three bars, and the counts that are not nought."""

from collections.abc import Mapping, Sequence

from actions.course import Count
from actions.period import Period
from actions.rates import By, Report, Share, Tally
from bot.phrases import gettext
from bot.report_table import COUNTS, RATES, Words

CELLS = 10
"""Of a bar."""
MOST_LINES = 10
"""Grids named one by one; a phone shows no more."""


def bar(share: Share) -> str:
    """`▓▓▓▓▓▓▓░░░`; full only where it is all of them, empty only where it is none."""
    if not share.of:
        return "░" * CELLS
    full = share.part * CELLS // share.of or bool(share.part)
    return "▓" * full + "░" * (CELLS - full)


def days(period: Period) -> str:
    """`2026-03-02 – 03-08`."""
    if period.first == period.last:
        return period.first.isoformat()
    same = period.first.year == period.last.year
    return f"{period.first} – {period.last:%m-%d}" if same else f"{period.first} – {period.last}"


def told(title: str, report: Report, lang: str, *, whole: bool = False) -> str:
    """The figures of a period; `whole`: with the reasons and nodes of what went wrong."""
    _, words, tally = gettext(lang), Words(lang), report.whole
    lines = [f"📊 {title} · {days(report.period)}"]
    for rate, name in words.rates().items():
        share: Share = getattr(tally, rate)
        part = f" ({share.part}/{share.of})" if share.of else ""
        lines.append(f"{bar(share)} {name} {share.percent}{part}")
    lines.append(_counts(tally, words) or _("Nothing was raised."))
    if whole:
        for count in (Count.BOUNCED, Count.LATE):
            if kinds := words.kinds(tally, count):
                listed = ", ".join(f"{name} {many}" for name, many in kinds)
                lines.append(f"{words.counts()[count]}: {listed}")
    return "\n".join(lines)


def _counts(tally: Tally, words: Words) -> str:
    names = words.counts()
    return " · ".join(f"{names[count]} {many}" for count in COUNTS if (many := tally.of(count)))


def by_grid(report: Report, grids: Mapping[str, str], lang: str) -> str:
    """A line for each grid, where there are several: its three rates."""
    words = Words(lang)
    lines = words.lines(report, By.GRID, grids)
    if len(lines) < 2:
        return ""
    shown = [f"{line.name}: {' / '.join(_percents(line.tally))}" for line in lines[:MOST_LINES]]
    more = len(lines) - len(shown)
    head = " / ".join(words.rates().values())
    return "\n".join((head, *shown, *([f"… +{more}"] if more else [])))


def _percents(tally: Tally) -> Sequence[str]:
    return [getattr(tally, rate).percent for rate in RATES]
