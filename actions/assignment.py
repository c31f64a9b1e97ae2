"""The assignment of a case: what the responsibility list in force said when it was made."""

from dataclasses import dataclass
from enum import IntEnum

from actions.levels import Level
from actions.limits import Limit, Measure

RESPOND = Limit(2, Measure.WORKING_DAYS)
RESOLVE = Limit(5, Measure.WORKING_DAYS)
"""Where the list states no limits."""


class Secrecy(IntEnum):
    """How confidential a matter or a piece of knowledge is; see actions/confidentiality.py."""

    OPEN = 0
    INTERNAL = 1
    CONFIDENTIAL = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who answers for a case, by which row of which list, and how long that may take.

    It is kept with the case: a later version of the list does not change it. `unit` leads and `assisting` help, each
    by the name that people know. `respond` is the time until the unit accepts, `resolve` that until it is done.
    """

    matter: str
    list_version: str
    level: Level
    unit: str
    assisting: tuple[str, ...] = ()
    respond: Limit = RESPOND
    resolve: Limit = RESOLVE
    secrecy: Secrecy = Secrecy.OPEN
