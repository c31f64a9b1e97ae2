"""News of tickets: what the backend says happened, as an entry of the inbox and then as a fact."""

from datetime import datetime
from typing import Any

from actions import facts as f
from actions import returns
from connectors.codec import dump, load
from connectors.open311 import ServiceRequestUpdate

DOOR = "dispatch"
"""The door through which news of tickets comes into a group's inbox."""
SHARED = "shared"
"""The door for what one group that follows a ticket has to tell another."""

_FACTS: dict[str, type[f.TicketAccepted | f.WorkStarted | f.TicketReturned | f.WorkDone]] = {
    "accepted": f.TicketAccepted,
    "in_progress": f.WorkStarted,
    "returned": f.TicketReturned,
    "rejected": f.TicketReturned,
    "fixed": f.WorkDone,
    "closed": f.WorkDone,
}


def raw_news(update: ServiceRequestUpdate) -> dict[str, Any]:
    """The update as it is written into the inbox, beside the `case` that it is for."""
    at = update.at.isoformat() if update.at else None
    return {
        "ticket": update.request_id,
        "update": update.id,
        "status": update.status,
        "note": update.text[:500],
        "at": at,
    }


def raw_shared(case: str, ticket: str, fact: f.Fact) -> dict[str, Any]:
    """What another group's case has to be told, as it is written into the inbox."""
    return {"case": case, "ticket": ticket, "fact": dump(fact, f.Fact)}


def fact_shared(raw: dict[str, Any]) -> f.Fact:
    """The fact that `raw_shared` wrote. Raises ValueError for anything else."""
    return load(raw["fact"], f.Fact)


def news_of(raw: dict[str, Any], heard_at: datetime) -> f.TicketNews | None:
    """The fact behind an update; None where it says nothing new. Raises ValueError for poison.

    The note of a return begins with the mark of its reason, unless that is `other` or unstated.
    """
    if not isinstance(raw.get("case"), str) or not isinstance(raw.get("update"), str):
        raise ValueError("news of a ticket without a case or an id")
    note, status = str(raw.get("note") or ""), raw.get("status")
    kind = _FACTS.get(status) if isinstance(status, str) else None
    if kind is f.TicketReturned:
        return returned(note, heard_at, raw["update"])
    if kind is not None:
        return kind(at=heard_at, note=note, update=raw["update"])
    return f.TicketNoted(at=heard_at, note=note, update=raw["update"]) if note else None


def returned(note: str, heard_at: datetime, update: str = "") -> f.TicketReturned:
    """The return that a unit's words state, with its reason."""
    reason, words = returns.read(note)
    if reason is None:
        return f.TicketReturned(at=heard_at, update=update, reason="")
    return f.TicketReturned(
        at=heard_at, reason=reason.value, note=returns.marked(reason, words), update=update
    )
