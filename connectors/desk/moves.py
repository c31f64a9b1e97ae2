"""Which status may follow which at the desk: one table for the dispatcher, one for the client's updates."""

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


class NotAllowed(ValueError):
    """The desk does not do this; the text is for a person. ``why`` is the page's word for it, if it has one."""

    def __init__(self, text: str, why: str = "") -> None:
        super().__init__(text)
        self.why = why


class NoSuchTicket(NotAllowed):
    """There is no ticket of that id."""


def check_move(before: str, after: str, note: str) -> None:
    """Raise NotAllowed unless a dispatcher may move a ticket so. The same status again needs a note."""
    if after not in STATUSES:
        raise NotAllowed(f"unknown status {after[:40]!r}: use one of {', '.join(STATUSES)}")
    if after in {"returned", "rejected"} and not note:
        raise NotAllowed(f"{after} needs a reason: say why in the note", "no_reason")
    if after == before and not note:
        raise NotAllowed(f"the ticket is already {before}", "no_news")
    if after != before and after not in MOVES[before]:
        raise NotAllowed(
            f"a ticket that is {before} cannot become {after}: use one of {', '.join(MOVES[before])}",
            "no_move",
        )


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
