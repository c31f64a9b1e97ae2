"""Limits: how long something may take, in time that always runs or in working time only."""

import re
from dataclasses import dataclass
from enum import StrEnum

_FORM = re.compile(r"([1-9]\d{0,4})(m|h|d|wh|wd)")


class Measure(StrEnum):
    """What a limit is counted in. Working time stands still at night, on days off and on holidays."""

    MINUTES = "m"
    HOURS = "h"
    DAYS = "d"
    WORKING_HOURS = "wh"
    WORKING_DAYS = "wd"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many minutes, hours or days; written `30m`, `2h`, `1d`, `4wh`, `3wd`."""

    amount: int
    measure: Measure

    @property
    def working(self) -> bool:
        """Whether only working time counts."""
        return self.measure in (Measure.WORKING_HOURS, Measure.WORKING_DAYS)

    def __str__(self) -> str:
        return f"{self.amount}{self.measure.value}"

    @classmethod
    def parse(cls, text: str) -> "Limit":
        """The limit as it is written. Raises ValueError for anything else."""
        found = _FORM.fullmatch(text.strip().lower())
        if not found:
            raise ValueError(
                f"{text!r} is no limit: write 30m, 2h, 1d, 4wh (working hours) or 3wd (working days)"
            )
        return cls(int(found[1]), Measure(found[2]))
