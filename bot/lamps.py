"""Lamps: the words of lights: which node, since when, due when, how late. Times are said as they stand in a Standing."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from babel.dates import format_skeleton

from actions.nodes import Light, Node
from actions.standing import Standing
from bot.phrases import gettext

_LAMPS = {Light.GREEN: "🟢", Light.YELLOW: "🟡", Light.RED: "🔴"}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_IN_HOURS = 2 * _DAY
"""So long a lateness is said in hours; after that in days, where nights count as well."""


def lamp(light: Light) -> str:
    """The sign of a light."""
    return _LAMPS[light]


def moment(at: datetime, lang: str) -> str:
    """Weekday, day and time. With the day: over a holiday, or a week later, a weekday alone is misread."""
    return f"{_day(at.date(), lang)} {at:%H:%M}"


@lru_cache(1000)  # looking up how a language writes it takes longer than all else on a card
def _day(day: date, lang: str) -> str:
    return str(format_skeleton("MMMEd", datetime.combine(day, time()), locale=lang))


def due_words(standing: Standing, lang: str) -> str:
    """When it is due, for a card; "" while the light is green. The words change only when the light does."""
    _ = gettext(lang)
    said = {
        Light.GREEN: "",
        Light.YELLOW: _("{lamp} due {due}"),
        Light.RED: _("{lamp} late since {due}"),
    }[standing.light]
    return said.format(lamp=lamp(standing.light), due=moment(standing.due, lang))


def node_name(node: Node, lang: str) -> str:
    """What is to be done at a node, in a few words."""
    _ = gettext(lang)
    return {
        Node.WORKER: _("Decision of the grid worker"),
        Node.ACCEPT: _("Acceptance by the unit"),
        Node.WORK: _("Work of the unit"),
        Node.VERIFY: _("Check on the spot"),
        Node.CONFIRM: _("Confirmation by the residents"),
    }[node]


def node_words(standing: Standing, who: str, lang: str) -> str:
    """One line: the node and who is at it, since when, due when, and how late it is."""
    _ = gettext(lang)
    node = node_name(standing.node, lang)
    late = late_words(standing, lang)
    if standing.light is not Light.RED:
        text = _("{node}: since {since}, due {due}")
    elif late:
        text = _("{node}: since {since}, was due {due}, late by {late}")
    else:
        text = _("{node}: since {since}, was due {due}")
    return text.format(
        node=f"{node} · {who}" if who else node,
        since=moment(standing.since, lang),
        due=moment(standing.due, lang),
        late=late,
    )


def late_words(standing: Standing, lang: str) -> str:
    """How late it is, in the limit's own time; "" for less than a minute."""
    _, late = gettext(lang), standing.late
    if late < timedelta(minutes=1):
        return ""
    if late < _HOUR:
        time = _("{n} min").format(n=late // timedelta(minutes=1))
    elif standing.working or late < _IN_HOURS:
        time = _("{n} h").format(n=late // _HOUR)
    else:
        time = _("{n} d").format(n=late // _DAY)
    return _("{time} of working time").format(time=time) if standing.working else time
