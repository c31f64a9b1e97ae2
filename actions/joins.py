"""Joins: two cases become one, and what was taken for one becomes two."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from actions import facts as f
from actions.case import Case
from actions.message import Attachment

_WITH_US = (f.Reported, f.Repeated, f.Seconded)


def merge(one: Case, into: Case, who: Mapping[str, Any]) -> tuple[f.Absorbed, f.Merged]:
    """The facts for `into` and for `one`, whose people and messages go along; `who` did it and when."""
    people = tuple(dict.fromkeys((one.reporter, *one.followers)))
    absorbed = f.Absorbed(**who, other=one.id, followers=people, messages=one.messages)
    return absorbed, f.Merged(**who, into=into.id)


@dataclass(frozen=True, slots=True)
class Part:
    """What is split off: the chosen message comes first of `messages`, and its words are `text`.

    `report` is the report that it was, where it came with a case that was merged into this one.
    """

    messages: tuple[tuple[str, str], ...]
    by: str
    by_name: str
    text: str
    place: str = ""
    followers: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    report: f.Reported | None = None


def part(case: Case, trace: Sequence[f.Fact], message: str, words: Mapping[str, str]) -> Part:
    """What goes with `message` when it is split off: the later ones of the same person, if that is not the reporter.

    `trace` is that of the case and of those that it absorbed; `words` are texts that facts do not carry.
    """
    told = [fact for fact in trace if fact.message == message]
    by = next((fact.by for fact in told), "")
    ids = [known for known, _ in case.messages]
    later = case.messages[ids.index(message) + 1 :] if by and by != case.reporter else ()
    theirs = {fact.message for fact in trace if fact.by == by}
    moved = (message, *(known for known, _ in later if known in theirs))
    along = [fact for fact in trace if fact.message in moved]
    return Part(
        messages=tuple(pair for pair in case.messages if pair[0] in moved),
        by=by,
        by_name=next((fact.by_name for fact in told), ""),
        text=words_of(message, told, words),
        place=_first(told, "place"),
        followers=(by,) if by in case.followers and not _stays(trace, by, moved) else (),
        attachments=tuple(each for fact in along for each in getattr(fact, "attachments", ())),
        report=next((fact for fact in told if isinstance(fact, f.Reported)), None),
    )


def words_of(message: str, trace: Iterable[f.Fact], words: Mapping[str, str]) -> str:
    """The newest words of a message that facts tell of."""
    told = [fact for fact in trace if fact.message == message]
    return _first(reversed(told), "text") or words.get(message, "")


def _first(facts: Iterable[f.Fact], what: str) -> str:
    return next((str(words) for fact in facts if (words := getattr(fact, what, ""))), "")


def _stays(trace: Iterable[f.Fact], person: str, moved: Sequence[str]) -> bool:
    mine = (fact for fact in trace if fact.by == person and isinstance(fact, _WITH_US))
    return any(fact.message not in moved for fact in mine)
