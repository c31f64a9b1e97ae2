"""The dossier: what the page of a case says, in plain words, of its matter, who answers for it, and how it went.

By which row of which version of the list, at which level, with which limits, every clock that ran, and how often it
went back and forth. Pure words.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from actions.calendar import Calendar
from actions.case import Case
from actions.levels import Level
from actions.limits import Limit, Measure
from actions.nodes import Light, Node
from actions.policy import Policy
from actions.returns import Reason
from actions.standing import standing_of
from actions.verdicts import Answer
from bot.phrases import gettext
from bot.reasons import name_of_reason


@dataclass(frozen=True, slots=True)
class Ran:
    """One clock of a case: whose step, in which round from 1, from when, due when, until when (None: it runs)."""

    node: Node
    round: int
    light: Light
    since: datetime
    due: datetime
    until: datetime | None


def answers_for(case: Case, matter: str, lang: str) -> Sequence[tuple[str, str]]:
    """What the list says of a case whose matter has this name, label and words; empty where nobody was named."""
    said, _ = case.assignment, gettext(lang)
    if said is None:
        return ()
    raised = _("raised × {n}").format(n=case.raised) if case.raised else ""
    level = " · ".join(part for part in (name_of_level(said.level, lang), raised) if part)
    lines = (
        (_("matter"), f"{matter} ({said.matter})"),
        (_("list version"), said.list_version),
        (_("lead unit"), said.unit),
        (_("assisting"), "、".join(said.assisting)),
        (_("level"), level),
        (_("to be accepted within"), name_of_limit(said.respond, lang)),
        (_("to be done within"), name_of_limit(said.resolve, lang)),
    )
    return tuple((label, words) for label, words in lines if words)


def went(case: Case, lang: str) -> Sequence[tuple[str, str]]:
    """How often it went back and forth, and what the residents have said in this round."""
    _ = gettext(lang)
    names = {Answer.FIXED: _("Fixed"), Answer.HALF: _("Half fixed"), Answer.NOT_FIXED: _("Not fixed")}
    back = Counter(name_of_reason(_reason(code), lang) for code in case.bounces)
    said = Counter(names[answer] for _who, answer in case.answers)
    lines = (
        (_("given back by units"), back),
        (_("residents' answers"), said),
        (_("disputes"), case.disputes),
        (_("fixed in part"), case.halves),
        (_("came back after its end"), case.reopened),
    )
    return tuple((label, _many(count)) for label, count in lines if count)


def ran(case: Case, policy: Policy, calendar: Calendar, now: datetime) -> Sequence[Ran]:
    """Every clock of the case, the latest first."""
    found = []
    for number, clock in enumerate(case.clocks):
        stands = standing_of(case, number, policy, calendar, now)
        until = clock.until.astimezone(policy.zone) if clock.until else None
        found.append(Ran(clock.node, clock.round + 1, clock.light, stands.since, stands.due, until))
    return tuple(reversed(found))


def name_of_level(level: Level, lang: str) -> str:
    """What a level is called."""
    _ = gettext(lang)
    return {
        Level.COMMUNITY: _("community"),
        Level.STREET: _("street"),
        Level.DISTRICT: _("district"),
        Level.CITY: _("city"),
    }[level]


def name_of_limit(limit: Limit, lang: str) -> str:
    """A limit as people say it."""
    _ = gettext(lang)
    return {
        Measure.MINUTES: _("{n} minutes"),
        Measure.HOURS: _("{n} hours"),
        Measure.DAYS: _("{n} days"),
        Measure.WORKING_HOURS: _("{n} working hours"),
        Measure.WORKING_DAYS: _("{n} working days"),
    }[limit.measure].format(n=limit.amount)


def _reason(code: str) -> Reason:
    return Reason(code) if code in set(Reason) else Reason.OTHER


def _many(count: Counter[str] | int) -> str:
    if isinstance(count, int):
        return f"× {count}"
    return " · ".join(f"{name} × {n}" for name, n in count.items())
