"""Which status may follow which at the desk: one table for the dispatcher, one for the client's updates."""

from actions.returns import Reason, read, reason_of, unmarked
from connectors.open311 import STATUSES

# received → … is also how a dispatcher reopens what was finished.
MOVES: dict[str, tuple[str, ...]] = {
    "received": ("accepted", "in_progress", "returned", "fixed", "rejected", "closed"),
    "accepted": ("in_progress", "returned", "fixed", "rejected", "closed"),
    "in_progress": ("returned", "fixed", "rejected", "closed"),
    "returned": ("received", "accepted", "closed"),
    "fixed": ("received", "closed"),
    "rejected": ("received", "closed"),
    "closed": ("received",),
}
FINISHED = frozenset({"fixed", "closed"})
HANDED_BACK = frozenset({"returned", "rejected"})


class NotAllowed(ValueError):
    """The desk does not do this; the text is for a person. ``why`` is the page's word for it, if it has one."""

    def __init__(self, text: str, why: str = "") -> None:
        super().__init__(text)
        self.why = why


class NoSuchTicket(NotAllowed):
    """There is no ticket of that id."""


class NoReason(NotAllowed):
    """A unit that gives a ticket back has to say why."""


def check_move(before: str, after: str, note: str, reason: str = "") -> tuple[str, str]:
    """Return the reason's code, empty where nothing is given back, and the words; raise NotAllowed for a wrong move.

    The same status again needs a note; a second return of what is with no unit would count as one.
    """
    if after not in STATUSES:
        raise NotAllowed(f"unknown status {after[:40]!r}: use one of {', '.join(STATUSES)}")
    if after == before and (after in HANDED_BACK or not note):
        raise NotAllowed(f"the ticket is already {before}", "no_news")
    if after != before and after not in MOVES[before]:
        raise NotAllowed(
            f"a ticket that is {before} cannot become {after}: use one of {', '.join(MOVES[before])}",
            "no_move",
        )
    if after in HANDED_BACK:
        return _why(after, note, reason)
    if reason:
        raise NotAllowed("a reason is for a ticket that is given back: returned or rejected")
    return "", note


def _why(after: str, note: str, given: str) -> tuple[str, str]:
    known = ", ".join(Reason)
    stated, words = (reason_of(given), unmarked(note)) if given else read(note)
    if stated is None and given:
        raise NoReason(f"unknown reason {given[:40]!r}: use one of {known}", "no_reason")
    if stated is None:
        raise NoReason(f"{after} needs a reason, one of {known}, or a note that says why", "no_reason")
    if stated is Reason.OTHER and not words:
        raise NoReason("the reason other needs a note that says which", "no_words")
    return stated.value, words


def client_move(before: str, said: str | None) -> str:
    """Return what a ticket becomes after the client's update; whatever else is said is a note."""
    if said == "received" and before not in {"accepted", "in_progress"}:
        return "received"
    if said == "closed":
        return "closed"
    if said == "fixed" and before != "closed":
        return "fixed"
    return before


def is_dispute(before: str, said: str | None) -> bool:
    """Tell whether the client says that finished work is not done."""
    return said == "received" and before in FINISHED
