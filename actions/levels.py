"""Levels of the administration above the grid. A case has one, and can be raised one at a time."""

from enum import StrEnum


class Level(StrEnum):
    """Four levels, the lowest first: village or community, street or township, county or district, city."""

    COMMUNITY = "community"
    STREET = "street"
    DISTRICT = "district"
    CITY = "city"

    @property
    def above(self) -> "Level | None":
        """The next level up; None for the city, above which nobody rules."""
        levels = list(Level)
        at = levels.index(self) + 1
        return levels[at] if at < len(levels) else None
