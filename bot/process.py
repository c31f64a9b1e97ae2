"""Process: what one process of a deployment is for. `linli run` is all of it; a city has several of each.

| | hears | works | shows |
| `linli intake` | polls Telegram or takes its webhooks, browser groups, pushes of dispatch: into the inbox | | |
| `linli work` | | reads its share of the inbox, carries out what is due, asks dispatch for news | |
| `linli serve` | | | console, rates, interface; the desk where there is no backend |

Whatever each may do beside others of its kind, it may; what only one may do has a lease (connectors/sole.py).
"""

from enum import StrEnum


class Process(StrEnum):
    """By the name of its command."""

    RUN = "run"
    INTAKE = "intake"
    WORK = "work"
    SERVE = "serve"

    @property
    def hears(self) -> bool:
        """Whether it takes in what comes from outside."""
        return self in (Process.RUN, Process.INTAKE)

    @property
    def works(self) -> bool:
        """Whether it reads the inbox and carries out orders."""
        return self in (Process.RUN, Process.WORK)

    @property
    def shows(self) -> bool:
        """Whether it has pages for operators."""
        return self in (Process.RUN, Process.SERVE)
