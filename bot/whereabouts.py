"""Whereabouts: from which groups we know a person, so that in private they can be told of all of them."""

from bot.ports import State

KEPT = 50
"""Groups remembered of one person, the latest; nobody answers for more."""
_KNOWN = 100_000
"""People and groups that this process need not look up again."""


class Whereabouts:
    """Remembers where people have moved a case, or asked for a list."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._known: dict[tuple[str, str], None] = {}

    async def met(self, person: str, group: str) -> None:
        """The person did something in the group. Raises `Unreachable`."""
        if not person or person == group or (person, group) in self._known:
            return
        await self._state.note(self.name_of(person), group, KEPT)
        self._known[person, group] = None
        if len(self._known) > _KNOWN:
            self._known.pop(next(iter(self._known)))

    async def groups(self, person: str) -> tuple[str, ...]:
        """The groups that we know the person from, the latest last. Raises `Unreachable`."""
        return tuple((await self._state.recall(self.name_of(person)) or "").split())

    @staticmethod
    def name_of(person: str) -> str:
        """Under which name it is kept."""
        return f"groups:{person}"
