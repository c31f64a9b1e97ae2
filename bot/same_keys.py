"""The keys of a home beside those of the others on its Redis: whose keys differ does not believe the others' buttons,
links and names, and is told before any harm is done.

The key of logins does not count: it may be removed at any time, to log everybody out.
"""

import hashlib
from collections.abc import Callable
from typing import Protocol

from actions.errors import Refused
from bot.home import Home

_COMPARED = ("buttons", "evidence", "households", "web", "telegram_webhook")
_KEPT = "keys"


class _Values(Protocol):
    async def recall(self, key: str) -> str | None: ...
    async def remember(self, key: str, value: str) -> None: ...


async def agree(home: Home, state: _Values, *, forced: bool) -> None:
    """Compare, and write ours down; `forced`: whatever the others have. Raises `Refused` and `Unreachable`."""
    if not forced and not await _agrees(home.secret, state):
        raise Refused(
            f"the keys in {home.keys} are not those of the others on this Redis: copy theirs here, or share LINLI_HOME"
        )
    await state.remember(_KEPT, _digest(home.secret))


async def require(home: Home, state: _Values) -> None:
    """For a command that looks on: it makes no keys. Raises `Refused` and `Unreachable`."""
    if not await _agrees(home.known, state):
        raise Refused(
            f"the keys in {home.keys} are not those of the Linli on this Redis: set LINLI_HOME to its home, or copy its keys"
        )


async def _agrees(secret: Callable[[str], str], state: _Values) -> bool:
    kept = await state.recall(_KEPT)
    return not kept or kept == _digest(secret)


def _digest(secret: Callable[[str], str]) -> str:
    return hashlib.sha256("\n".join(map(secret, _COMPARED)).encode()).hexdigest()
