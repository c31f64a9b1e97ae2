"""Clock: the time of this machine; see `bot.ports.Clock`."""

from datetime import UTC, datetime


class SystemClock:
    """The time of this machine, in UTC."""

    def now(self) -> datetime:
        """Now."""
        return datetime.now(UTC)
