"""The desk's records: what a client hands in, a ticket, the steps that it takes."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from connectors.desk.moves import HANDED_BACK
from connectors.desk.services import name
from connectors.duty import Duty, duty_of, lines_of

NO_UNIT = "-"
"""In a query, the tickets that name no unit."""
# Clients put a reference of their own last, in brackets: it is no part of what residents say.
_REFERENCE = re.compile(r"\s*\[\w+:([^\[\]]+)\]\s*$")


@dataclass(frozen=True)
class Draft:
    """A ticket as a client hands it in."""

    service_code: str
    description: str
    address: str = ""
    lat: float | None = None
    long: float | None = None
    media_urls: tuple[str, ...] = ()
    account_id: str = ""


@dataclass(frozen=True)
class Step:
    """One update of a ticket; ``author`` is ``desk`` or ``client``, ``wire_status`` mySociety's word."""

    id: str
    ticket: str
    status: str
    wire_status: str
    text: str
    media_url: str
    at: datetime
    author: str
    reason: str = ""
    """The code of a return."""


@dataclass(frozen=True)
class Ticket:
    """A ticket with its steps, oldest first (left out where a list does not need them)."""

    id: str
    service_code: str
    description: str
    address: str
    lat: float | None
    long: float | None
    media_urls: tuple[str, ...]
    account_id: str
    status: str
    note: str
    disputes: int
    created_at: datetime
    updated_at: datetime
    duty: Duty
    reasons: tuple[str, ...] = ()
    """The code of every return, oldest first."""
    steps: tuple[Step, ...] = ()

    @property
    def reason(self) -> str:
        """Why it is with no unit now; empty where it is with one."""
        return self.reasons[-1] if self.reasons and self.status in HANDED_BACK else ""


@dataclass(frozen=True)
class Query:
    """Which tickets: every field that is None or empty does not limit."""

    ids: tuple[str, ...] = ()
    service_codes: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    search: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Due:
    """A push that is to be sent now."""

    n: int
    tries: int
    step: Step


def plain(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket ready for JSON, with `returns`, how often it was given back, and its duty on the first level."""
    row: dict[str, Any] = json.loads(json.dumps(asdict(ticket), default=datetime.isoformat))
    duty = row.pop("duty")
    return {**row, **duty, "returns": len(ticket.reasons), "service_name": name(ticket.service_code)}


def split_reference(text: str) -> tuple[str, str]:
    """The words of a text, and the reference that a client put at its end."""
    found = _REFERENCE.search(text)
    return (text[: found.start()], found[1]) if found else (text, "")


def with_duty(description: str, duty: Duty) -> str:
    """The description with other lines of duty in the place of its own."""
    text, _ = split_reference(description)
    return "\n".join(
        part for part in (duty_of(text)[1], lines_of(duty), description[len(text) :].strip()) if part
    )


def duty_at_end(description: str) -> Duty:
    """Who answers for a ticket, after the lines of its description."""
    return duty_of(split_reference(description)[0])[0]
