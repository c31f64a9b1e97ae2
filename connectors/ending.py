"""Ending tasks for certain: up to Python 3.11, `wait_for` may swallow a cancellation that comes in the wrong moment."""

import asyncio
from collections.abc import Iterable
from typing import Any

_AGAIN_AFTER = 0.2  # seconds


async def end(tasks: "Iterable[asyncio.Future[Any]]") -> None:
    """Cancel them, again and again, until all have ended, however they do."""
    left = {task for task in tasks if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN_AFTER)
