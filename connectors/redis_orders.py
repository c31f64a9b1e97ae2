"""Orders out of a backup: those that may have been carried out since count as tried, so that they look before they act."""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from actions.ledger import Due
from connectors.codec import dump, load
from connectors.partition import PARTITIONS
from connectors.redis_copy import reaching, writing


async def count_as_tried(url: str, made_at: datetime, now: datetime) -> int:
    """Mark the orders that fell due before `now` as tried at `made_at`; how many. Nobody else may write meanwhile.

    Raises `Unreachable`.
    """
    count = 0
    async with reaching(), await writing(url) as redis:
        for partition in range(PARTITIONS):
            key = f"linli:{{p{partition:03d}}}:orders"
            bodies = await cast("Awaitable[dict[bytes, bytes]]", redis.hgetall(key))
            tried = {name: text for name, body in bodies.items() if (text := _tried(body, made_at, now))}
            if tried:
                await cast("Awaitable[Any]", redis.hset(key, mapping=tried))
            count += len(tried)
    return count


def _tried(body: bytes, made_at: datetime, now: datetime) -> str | None:
    try:
        due = load(body, Due)
    except ValueError:
        return None  # it will be a dead letter, as it would have been
    if due.at > now:
        return None
    first = min(due.first_tried_at or made_at, made_at)
    return dump(replace(due, tries=max(1, due.tries), first_tried_at=first))
