"""What Redis holds as JSON that a person can read, and back: the state of a release, kept for the releases to come."""

import json
from pathlib import Path

from redis.asyncio import Redis


async def dumped(redis: Redis) -> dict[str, dict[str, object]]:
    """Every key with its type and value; keys that expire are left out, since they would be gone."""
    found = {}
    for key in sorted(await redis.keys("linli:*")):
        if await redis.ttl(key) < 0:
            kind = await redis.type(key)
            found[key] = {"type": kind, "value": await _READ[kind](redis, key)}
    return found


async def filled(redis: Redis, path: Path) -> None:
    """Put a kept state into an empty Redis."""
    for key, kept in json.loads(path.read_text("utf-8")).items():
        await _WRITE[kept["type"]](redis, key, kept["value"])


async def _stream(redis: Redis, key: str) -> dict[str, object]:
    groups = await redis.xinfo_groups(key)
    entries = await redis.xrange(key)
    return {
        "entries": entries,
        "groups": {group["name"]: group["last-delivered-id"] for group in groups},
        "pending": [group["pending"] for group in groups],
    }


async def _write_stream(redis: Redis, key: str, value: dict[str, object]) -> None:
    for number, fields in value["entries"]:
        await redis.xadd(key, fields, id=number)
    for group, last in value["groups"].items():
        await redis.xgroup_create(key, group, id=last, mkstream=True)


async def _sorted_set(redis: Redis, key: str) -> dict[str, float]:
    return dict(await redis.zrange(key, 0, -1, withscores=True))


async def _set(redis: Redis, key: str) -> list[str]:
    return sorted(await redis.smembers(key))


_READ = {
    "string": lambda redis, key: redis.get(key),
    "hash": lambda redis, key: redis.hgetall(key),
    "list": lambda redis, key: redis.lrange(key, 0, -1),
    "set": _set,
    "zset": _sorted_set,
    "stream": _stream,
}
_WRITE = {
    "string": lambda redis, key, value: redis.set(key, value),
    "hash": lambda redis, key, value: redis.hset(key, mapping=value),
    "list": lambda redis, key, value: redis.rpush(key, *value),
    "set": lambda redis, key, value: redis.sadd(key, *value),
    "zset": lambda redis, key, value: redis.zadd(key, value),
    "stream": _write_stream,
}
