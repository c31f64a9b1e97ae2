"""Mixtures: messages run together, since people say two things at once and long messages are not always reports.

Chatter after chatter is chatter; a report with chatter before or after it is a report. Without them the
length of a message says more about its intent than its words do.
"""

import random

import examples

_MIXED_REPORTS = 500
_SIGNS = ("，", " ", "。")
_LONGEST = {True: 60, False: 25}  # letters of a report that is mixed: ASCII or not
_SHORTEST = 4


def _joined(parts: list[str], chance: random.Random) -> str:
    return (". " if all(map(str.isascii, parts)) else chance.choice(_SIGNS)).join(parts)


def _long_chatter(chatter: list[str], chance: random.Random) -> list[str]:
    """Return as many long messages as there are short ones, of two to four each."""
    if len(chatter) < 4:
        return []
    return [_joined(chance.sample(chatter, chance.choice((2, 2, 3, 4))), chance) for _ in chatter]


def _with_chatter(report: str, chatter: list[str], chance: random.Random) -> str:
    parts = [report, chance.choice(chatter)]
    chance.shuffle(parts)
    return _joined(parts, chance)


def made(read: list[examples.Example]) -> list[tuple[str, str]]:
    """Return (intent, text) of every mixture, the same ones for the same examples."""
    chance = random.Random(5)  # noqa: S311 (nothing secret: the same examples must give the same model)
    chatter: dict[bool, list[str]] = {True: [], False: []}
    for example in read:
        if example.intent == "chatter" and len(example.text) >= _SHORTEST:
            chatter[example.text.isascii()].append(example.text)
    mixed = [("chatter", text) for group in chatter.values() for text in _long_chatter(group, chance)]
    reports = [
        e.text
        for e in read
        if e.intent == "report" and len(e.text) < _LONGEST[e.text.isascii()] and chatter[e.text.isascii()]
    ]
    chosen = chance.sample(reports, min(_MIXED_REPORTS, len(reports)))
    mixed += [("report", _with_chatter(report, chatter[report.isascii()], chance)) for report in chosen]
    return mixed
