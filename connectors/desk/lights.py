"""How a ticket stands against its limits: the clock runs until the work is done, also while no unit has it."""

from datetime import datetime

from connectors.desk.moves import FINISHED
from connectors.desk.records import Ticket

_LAST_PART = 0.25  # of the time until the limit


def light(ticket: Ticket, now: datetime) -> str:
    """`red` past the limit for the work; `yellow` in the last quarter before it, or not accepted in time; else empty."""
    if ticket.status in FINISHED:
        return ""
    by, respond_by = ticket.duty.resolve_by, ticket.duty.respond_by
    if by and now >= by:
        return "red"
    if by and (by - now) <= (by - ticket.created_at) * _LAST_PART:
        return "yellow"
    waits = ticket.status not in {"accepted", "in_progress"}
    return "yellow" if respond_by and now >= respond_by and waits else ""
