"""Turns: whoever reads a group's memory in order to change it does so after the one before has saved.

Others may change it all the same, in another process for example: then the save is refused, and all is decided again.
"""

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """One turn for each group, in the order of asking."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def of(self, group: str) -> asyncio.Lock:
        """To be held while the group's memory is read and saved, and not longer."""
        return self._locks.setdefault(group, asyncio.Lock())
