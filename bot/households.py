"""Households: who lives together, as far as people have said it: a keyed hash of the address, never the address.

The key is the installation's own, and the hash differs from group to group, so that nobody who reads the state can
try addresses, or tell that two groups speak of one door.
"""

import hmac
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from actions import facts as f
from bot.ports import State


class Households:
    """Remembers, and puts what it knows into answers and marks. Every method raises `Unreachable`."""

    def __init__(self, state: State, key: str) -> None:
        self._state, self._key = state, key

    async def settle(self, group: str, person: str, address: str) -> None:
        """The person of the group lives there; `address` is written as everybody who lives there writes it."""
        await self._state.remember(_home(group, person), self._hash("address", group, address))

    async def forget(self, group: str, person: str) -> None:
        """From now on the person counts for themselves."""
        await self._state.remember(_home(group, person), "")

    async def erase(self, group: str, person: str) -> None:
        """Keep nothing of it, not even that there was something."""
        await self._state.unlearn(_home(group, person))

    async def of(self, group: str, person: str) -> str:
        """The household of a person of the group; "" where it is not known."""
        return await self._state.recall(_home(group, person)) or ""

    async def completed(self, group: str, facts: Iterable[f.Fact]) -> tuple[f.Fact, ...]:
        """The facts, each answer and mark with the household of whoever gave it."""
        return tuple([await self._completed(group, fact) for fact in facts])

    async def _completed(self, group: str, fact: f.Fact) -> f.Fact:
        if isinstance(fact, f.ResidentAnswered | f.SatisfactionGiven):
            return replace(fact, household=await self.of(group, fact.by))
        return fact

    # --- in a person's own chat ---------------------------------------------------------------------------

    async def met(self, group: str, person: str) -> None:
        """The group of which this person speaks in their own chat."""
        await self._state.remember(self.name_of(person), group)

    async def group_of(self, person: str) -> str:
        """That group; "" where there is none."""
        return await self._state.recall(self.name_of(person)) or ""

    async def token(self, group: str) -> str:
        """What opens the private line for the people of a group."""
        token = self._hash("group", group)
        await self._state.remember(f"home_token:{token}", group)
        return token

    async def opened(self, token: str, person: str) -> bool:
        """Whether this token is of a group; from now on the person speaks of that."""
        group = await self._state.recall(f"home_token:{token}")
        if not group or not hmac.compare_digest(token, self._hash("group", group)):
            return False
        await self.met(group, person)
        return True

    @staticmethod
    def name_of(person: str) -> str:
        """Under which name it is kept of which group a person speaks."""
        return f"home_group:{person}"

    def _hash(self, *words: str) -> str:
        return self.sign(self._key, *words)

    @staticmethod
    def sign(key: str, *words: str) -> str:
        """A sign for these words that nobody can make, or read, without the key."""
        return hmac.new(key.encode(), "\0".join(words).encode(), sha256).hexdigest()[:32]


def _home(group: str, person: str) -> str:
    return f"home:{group}:{person}"
