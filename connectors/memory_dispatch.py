"""A dispatch backend in memory: takes every ticket and does nothing by itself. For replay and unit tests."""

from datetime import datetime

from actions.errors import Refused, Unreachable
from connectors.dispatch import Filing, OpenTickets, nobody
from connectors.open311 import ServiceRequestUpdate


class MemoryDispatch:
    """See `bot.ports.Dispatch`. `down` and `refusing` make it misbehave; `loses_answers` stores and then fails."""

    def __init__(self) -> None:
        self.filed: list[Filing] = []
        self.told: list[tuple[str, str, str]] = []
        self.news: list[ServiceRequestUpdate] = []
        self.down = False
        self.loses_answers = False
        self.refusing = ""
        self._update_refs: set[tuple[str, str]] = set()

    async def file(self, filing: Filing) -> str:
        """Take a ticket."""
        self._check()
        if self.refusing:
            raise Refused(self.refusing)
        self.filed.append(filing)
        if self.loses_answers:
            raise Unreachable("the answer was lost")
        return str(len(self.filed))

    async def find(self, ref: str, since: datetime) -> str | None:
        """The ticket of this reference."""
        self._check()
        return next((str(n) for n, filing in enumerate(self.filed, 1) if filing.ref == ref), None)

    async def updates(
        self, since: datetime, open_tickets: OpenTickets = nobody
    ) -> list[ServiceRequestUpdate]:
        """The news put in."""
        self._check()
        return list(self.news)

    async def find_update(self, ticket_id: str, update_ref: str, since: datetime) -> str | None:
        """The update of this reference."""
        self._check()
        return update_ref if (ticket_id, update_ref) in self._update_refs else None

    async def post_update(self, ticket_id: str, status: str, text: str, update_ref: str) -> str:
        """Note what it was told."""
        self._check()
        if ticket_id not in map(str, range(1, len(self.filed) + 1)):
            raise Refused(f"there is no ticket {ticket_id}")
        self.told.append((ticket_id, status, text))
        self._update_refs.add((ticket_id, update_ref))
        return update_ref

    def _check(self) -> None:
        if self.down:
            raise Unreachable("dispatch is down")
