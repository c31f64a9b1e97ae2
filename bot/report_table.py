"""The report as a table: which lines and columns it has, and what they are called. Chat, page and files show the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actions.course import IN_GRID, UNNAMED, Count
from actions.levels import Level
from actions.nodes import Node
from actions.rates import CONFIDENTIAL, By, Report, Tally
from actions.returns import Reason, reason_of
from bot.categories import name_of
from bot.phrases import Gettext, gettext
from bot.reasons import name_of_reason
from bot.roles import name_of_unit

COUNTS = (
    Count.OPENED,
    Count.FILED,
    Count.SETTLED,
    Count.OPEN,
    Count.OVERDUE,
    Count.LAPSED,
    Count.BOUNCED,
    Count.DISPUTED,
    Count.HALF_FIXED,
    Count.REOPENED,
    Count.RAISED,
    Count.LATE,
    Count.WITHDRAWN,
    Count.DISMISSED,
    Count.MERGED,
)
"""What has a column, in the order of the columns."""
RATES = ("response", "resolution", "satisfaction")
_LEVELS = [IN_GRID, *(level.value for level in Level), UNNAMED]


@dataclass(frozen=True, slots=True)
class Line:
    """One line: a grid, unit, level or category, or all of them together (`key` is "")."""

    key: str
    name: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a report in one language."""

    lang: str

    def _speak(self) -> Gettext:
        return gettext(self.lang)

    def counts(self) -> dict[Count, str]:
        """What each column is called."""
        _ = self._speak()
        return {
            Count.OPENED: _("raised"),
            Count.FILED: _("filed with dispatch"),
            Count.SETTLED: _("settled"),
            Count.OPEN: _("still open"),
            Count.OVERDUE: _("open with a red light"),
            Count.LAPSED: _("unconfirmed"),
            Count.BOUNCED: _("given back"),
            Count.DISPUTED: _("not fixed after all"),
            Count.HALF_FIXED: _("half fixed"),
            Count.REOPENED: _("opened again"),
            Count.RAISED: _("a level up"),
            Count.LATE: _("red lights"),
            Count.WITHDRAWN: _("taken back"),
            Count.DISMISSED: _("no problem"),
            Count.MERGED: _("merged"),
        }

    def rates(self) -> dict[str, str]:
        """What the three rates are called."""
        _ = self._speak()
        return {
            "response": _("Response rate"),
            "resolution": _("Resolution rate"),
            "satisfaction": _("Satisfaction rate"),
        }

    def parts(self) -> dict[str, tuple[str, str]]:
        """Of each rate, what is counted and of what."""
        _ = self._speak()
        return {
            "response": (_("answered in time"), _("due an answer")),
            "resolution": (_("settled with both keys"), _("ended or with a red light")),
            "satisfaction": (_("confirmed and not marked badly"), _("ended")),
        }

    def detail(self, count: Count) -> str:
        """By what the kinds of it are told."""
        _ = self._speak()
        return _("by node") if count is Count.LATE else _("by reason")

    def divisions(self) -> dict[By, str]:
        """What a division is called."""
        _ = self._speak()
        return {
            By.GRID: _("By grid"),
            By.UNIT: _("By unit"),
            By.LEVEL: _("By level"),
            By.CATEGORY: _("By category"),
        }

    def whole(self) -> str:
        """What the last line is called."""
        _ = self._speak()
        return _("All together")

    def level(self, key: str) -> str:
        """What a level is called."""
        _ = self._speak()
        return {
            IN_GRID: _("in the grid"),
            Level.COMMUNITY: _("community"),
            Level.STREET: _("street"),
            Level.DISTRICT: _("district"),
            Level.CITY: _("city"),
        }.get(key, key)

    def node(self, key: str) -> str:
        """What a node is called."""
        _ = self._speak()
        return {
            Node.WORKER: _("grid worker decides"),
            Node.ACCEPT: _("unit accepts"),
            Node.WORK: _("unit works"),
            Node.VERIFY: _("grid worker checks"),
            Node.CONFIRM: _("residents confirm"),
        }[Node(key)]

    def reason(self, key: str) -> str:
        """What a reason for giving a ticket back is called."""
        return name_of_reason(reason_of(key) or Reason.OTHER, self.lang)

    def kinds(self, tally: Tally, count: Count) -> list[tuple[str, int]]:
        """How many of each kind, by its name: of bounces by reason, of red lights by node; most first."""
        name = self.node if count is Count.LATE else self.reason
        named: dict[str, int] = {}
        for kind, many in tally.by(count).items():
            named[name(kind)] = named.get(name(kind), 0) + many
        return sorted(named.items(), key=lambda one: -one[1])

    def lines(self, report: Report, by: By, grids: Mapping[str, str]) -> list[Line]:
        """The lines of a division, whoever has most that is late and most at all first; levels from below."""
        found = [Line(key, self._name(by, key, grids), one) for key, one in report.rows[by].items()]
        if by is By.LEVEL:
            return sorted(found, key=lambda line: _LEVELS.index(line.key))
        return sorted(found, key=_weight)

    def _name(self, by: By, key: str, grids: Mapping[str, str]) -> str:
        _ = self._speak()
        if by is By.GRID:
            return grids.get(key, key)
        if by is By.LEVEL:
            return self.level(key)
        if by is By.CATEGORY:
            return _("confidential") if key == CONFIDENTIAL else name_of(key, self.lang)
        return name_of_unit(key, self.lang) if key else _("in the grid")


def _weight(line: Line) -> tuple[int, int, str]:
    return -line.tally.of(Count.OVERDUE), -line.tally.of(Count.OPENED), line.name


def as_json(report: Report, by: By, lines: Sequence[Line]) -> dict[str, object]:
    """The report for programs."""
    return {
        "from": report.period.first.isoformat(),
        "to": report.period.last.isoformat(),
        "by": by.value,
        "rows": [{"key": line.key, "name": line.name, **_figures(line.tally)} for line in lines],
        "all": _figures(report.whole),
        "unreadable": report.unreadable,
    }


def _figures(tally: Tally) -> dict[str, object]:
    rates = {name: getattr(tally, name) for name in RATES}
    return {
        **{name: {"part": one.part, "of": one.of, "rate": one.rate} for name, one in rates.items()},
        **{count.value: tally.of(count) for count in COUNTS},
        "given_back_for": tally.by(Count.BOUNCED),
        "red_lights_of": tally.by(Count.LATE),
    }
