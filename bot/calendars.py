"""Which days people work: the law of the country, and what `[calendar]` in linli.toml adds.

Public holidays come from the `holidays` library (vacanza/holidays, MIT). China's it takes from the General Office of
the State Council, whose notice on the arrangement of holidays (国务院办公厅关于部分节假日安排的通知) comes out around
November for the year after: days off that were moved (调休), and the Saturdays and Sundays worked for them.
For a year without a notice the statutory days count, those on a weekend made up for by the next working days, and no
weekend is worked. A newer release of the library brings the notice; `days_off` and `working_days` do it at once.
"""

from collections.abc import Callable
from datetime import date, time
from functools import cache
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from actions.calendar import Calendar, monday_to_friday

_SATURDAY = 5


def _clock(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = time.fromisoformat(value)
        except ValueError:
            raise ValueError("must be a time of day such as 09:00") from None
    if isinstance(value, time) and value.tzinfo:
        raise ValueError("must be a time of day without a zone; the zone is in timezone")
    return value


def _day(value: Any) -> Any:
    """Numbers are no days, though pydantic would count seconds from 1970 in them."""
    try:
        return value if type(value) is date else date.fromisoformat(value)
    except (TypeError, ValueError):
        raise ValueError("must be a day such as 2026-10-10") from None


Day = Annotated[date, BeforeValidator(_day)]
Clock = Annotated[time, BeforeValidator(_clock), Field(strict=True)]


class WorkingTime(BaseModel):
    """`[calendar]`: working hours, and days that differ from the country's calendar."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    begins: Clock = time(9)
    ends: Clock = time(18)
    days_off: tuple[Day, ...] = ()
    working_days: tuple[Day, ...] = ()

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.begins >= self.ends:
            stated = "ends" if "ends" in self.model_fields_set else "begins"
            raise _fault(
                f"work has to begin ({self.begins:%H:%M}) before it ends ({self.ends:%H:%M})", stated
            )
        return self

    @model_validator(mode="after")
    def _off_or_not(self) -> Self:
        if both := sorted({*self.days_off} & {*self.working_days}):
            raise _fault(f"{both[0]} is in days_off too", "working_days")
        return self

    def calendar(self, country: str, zone: str) -> Calendar:
        """The calendar of a country (`CN`), on the clocks of a zone (`Asia/Shanghai`)."""
        lawful, off, on = _works_in(country.upper()), frozenset(self.days_off), frozenset(self.working_days)

        def works(day: date) -> bool:
            return day in on or (day not in off and lawful(day))

        return Calendar(cache(works), ZoneInfo(zone), self.begins, self.ends)


def _works_in(country: str) -> Callable[[date], bool]:
    """Whether a day is a working day there; Monday to Friday for a country that the library does not know."""
    import holidays

    try:
        table = holidays.country_holidays(country)
    except NotImplementedError:
        return monday_to_friday
    if country == "HK":
        # Its law of holidays knows Sundays only; its offices keep the five-day week.
        return lambda day: day.weekday() != _SATURDAY and table.is_working_day(day)
    return table.is_working_day


def _fault(text: str, key: str) -> PydanticCustomError:
    return PydanticCustomError("together", "{text}", {"text": text, "place": ("calendar", key)})
