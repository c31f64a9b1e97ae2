"""Policy: what a grid has settled about the bot's behaviour."""

from dataclasses import dataclass, field
from datetime import time, timedelta, timezone, tzinfo
from enum import StrEnum

from actions.assignment import RESOLVE, RESPOND
from actions.event import SAME_EVENT
from actions.limits import Limit, Measure
from actions.nodes import Node
from actions.orders import Wait
from actions.verdicts import BY_DEFAULT, Keys

PRIVATE = ("disputes.family", "safety.crime", "health", "welfare.assistance")
"""Violence at home, matters for the police, one's health, one's need. No danger to many is among them: a fire, gas
or somebody who has collapsed in the yard is everybody's business.
"""


class Desk(StrEnum):
    """Where workers work: under the card in the residents' group, in a group of their own, or each in their own chat."""

    GROUP = "group"
    STAFF = "staff"
    PRIVATE = "private"


def _default_waits() -> dict[Wait, timedelta]:
    return {
        Wait.DOUBT: timedelta(hours=12),
        Wait.WHERE: timedelta(minutes=10),
        Wait.WORKER: timedelta(minutes=30),
        Wait.HANDLING: timedelta(hours=24),
        Wait.WORKER_KEY: timedelta(hours=4),
        Wait.RESIDENTS_KEY: timedelta(hours=12),
    }


def _default_limits() -> dict[Node, Limit]:
    return {
        Node.WORKER: Limit(4, Measure.WORKING_HOURS),
        Node.ACCEPT: RESPOND,
        Node.WORK: RESOLVE,
        Node.VERIFY: Limit(4, Measure.WORKING_HOURS),
        Node.CONFIRM: Limit(1, Measure.WORKING_DAYS),
    }


@dataclass(frozen=True, slots=True)
class Policy:
    """How sure the bot must be, what it does by itself, and how long it waits.

    Confidences are probabilities. `report` opens a case; from `unsure` on it is kept in silence, for the
    worker's list and for others to bear it out; `follow` lets a message join a case; `category` lets a case go
    to dispatch without a person (under it the worker decides: Signalen hands over below 40 %); `kind` is asked
    of what moves a case, such as that it is fixed. From `calm` on a cry for help is taken for mere talk.

    Of speaking: a report that is not whole is answered after `pause`; of the talk at most `share` is ours, but
    `share_floor` messages a day in any case; from `quiet_from` to `quiet_until`, by the clocks of `zone`, people sleep;
    what is read later than `backlog` after it was said is answered in a list.

    At `digest_at`, by the same clocks, the group is told of its day, and at `supervisor_digest_at` those who oversee it of
    the day before; with `worker_digest` its workers too. None for never.

    Of `private_categories` (a code, or the first part of one for all under it) nothing is shown in the group.

    `limits` are those of the nodes (the units' own are stated by the responsibility list, and stand here for a matter
    that it does not know); when the share `yellow` of one has gone its light turns yellow. `keys` says how the
    residents' answers decide. `desk`: where workers have their buttons.
    """

    file_at_once: bool = True
    report: float = 0.5
    unsure: float = 0.15
    category: float = 0.4
    follow: float = 0.2
    kind: float = 0.5
    calm: float = 0.75
    waits: dict[Wait, timedelta] = field(default_factory=_default_waits)
    delay_told_after: timedelta = timedelta(seconds=60)
    reopen_within: timedelta = timedelta(days=7)
    same_event: timedelta = SAME_EVENT
    pause: timedelta = timedelta(seconds=45)
    share: float = 0.12
    share_floor: int = 3
    digest_at: time | None = time(18, 30)
    supervisor_digest_at: time | None = time(8, 30)
    worker_digest: bool = False
    quiet_from: time | None = time(22)
    quiet_until: time | None = time(7)
    zone: tzinfo = timezone(timedelta(hours=8))
    backlog: timedelta = timedelta(minutes=10)
    private_categories: tuple[str, ...] = PRIVATE
    limits: dict[Node, Limit] = field(default_factory=_default_limits)
    yellow: float = 0.75
    keys: Keys = BY_DEFAULT
    desk: Desk = Desk.GROUP

    def is_private(self, category: str) -> bool:
        """Whether cases of this category are the business of nobody but the reporter and the workers."""
        return any(f"{category}.".startswith(f"{one}.") for one in self.private_categories)
