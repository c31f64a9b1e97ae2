"""`[retention]` of linli.toml: for how long each kind of data is kept."""

from typing import Annotated

from pydantic import Field

from bot.people import Table

DaysKept = Annotated[float, Field(ge=0, le=36_500, allow_inf_nan=False)]


class Retention(Table):
    """For how many days each kind of data is kept; 0 for ever. What is done about it is in bot/retention.py."""

    talk_days: DaysKept = 7
    case_days: DaysKept = 365
    attachment_days: DaysKept = 180
    dead_letter_days: DaysKept = 30
    web_group_days: DaysKept = 90
    log_days: DaysKept = 30
    chronicle_days: DaysKept = 0
