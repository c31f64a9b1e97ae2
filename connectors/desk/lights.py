"""How a ticket stands against its limits: the clock runs until the work is done, also while no unit has it."""

from datetime import datetime

from connectors.desk.moves import FINISHED
from connectors.desk.records import Ticket

_LAST_PART = 0.25  # of the time until the limit


def light(ticket: Ticket, now: datetime) -> tuple[str, datetime | None]:
    """A colour and the limit that it is about; no colour where all is in time.

    `red` is past the limit for the work, `yellow` in the last quarter before it, `unaccepted` past that for accepting.
    """
    if ticket.status in FINISHED:
        return "", None
    by, respond_by = ticket.duty.resolve_by, ticket.duty.respond_by
    if by and now >= by:
        return "red", by
    if by and (by - now) <= (by - ticket.created_at) * _LAST_PART:
        return "yellow", by
    waits = ticket.status not in {"accepted", "in_progress"}
    return ("unaccepted", respond_by) if respond_by and now >= respond_by and waits else ("", None)
