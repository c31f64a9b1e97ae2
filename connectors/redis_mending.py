"""What a restored Redis needs since the world went on after the backup: orders that look before they act, and new numbers.

What was done after the backup is known to dispatch and stands in the groups, but not here. So an order that fell due
counts as tried, and asks dispatch before it files; and each group's next case leaves a gap in the numbers, so that
neither a button under a card of after the backup nor a ticket filed after it can be taken for another problem's.
"""

from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from actions.ledger import Due
from actions.talk import Talk
from connectors.codec import dump, load
from connectors.partition import PARTITIONS, partition_of
from connectors.redis_copy import reaching, writing

GAP = 100
"""Numbers left out: more cases than a group has between two backups."""


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


async def leave_a_gap(url: str) -> None:
    """Let every group's numbers go on a hundred further. Nobody else may write meanwhile. Raises `Unreachable`."""
    async with reaching(), await writing(url) as redis:
        for group in sorted(await redis.smembers("linli:groups")):
            name = group.decode()
            key = f"linli:{{p{partition_of(name):03d}}}:talk:{name}"
            text = await redis.get(key)
            if text:
                talk = load(text, Talk)
                await redis.set(key, dump(replace(talk, last_number=talk.last_number + GAP)))
