"""Health: what every part of the running program says of itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

_PATIENCE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Health:
    """Whether a part does its work, why not, and since when it has been so.

    Without a part that is not `vital` the bot still works: what is meant for it waits.
    """

    ok: bool
    detail: str = ""
    since: datetime | None = None
    vital: bool = True


class Part(Protocol):
    """A part of the program: the state, the NLU server, a platform, a loop."""

    @property
    def name(self) -> str: ...

    async def health(self) -> Health: ...


async def check(parts: Sequence[Part]) -> dict[str, Health]:
    """Ask every part, all at once; one that does not answer in time, or fails, is not well."""
    answers = await asyncio.gather(*map(_ask, parts))
    return {part.name: answer for part, answer in zip(parts, answers, strict=True)}


async def _ask(part: Part) -> Health:
    try:
        return await asyncio.wait_for(part.health(), _PATIENCE_SECONDS)
    except TimeoutError:
        return Health(ok=False, detail=f"no answer within {_PATIENCE_SECONDS:.0f} s")
    except Exception as error:  # noqa: BLE001 whatever is wrong with a part is what was asked for
        return Health(ok=False, detail=f"{type(error).__name__}: {error}")
