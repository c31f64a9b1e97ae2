"""The Linli that runs here, for commands that look at it: `login`, `trace`, `person`, `report`. They make nothing: a home
that is lost stays empty, so that a backup can be restored into it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from actions.errors import Refused, Unreachable
from bot import same_keys
from bot.home import Home
from bot.settings import Settings
from connectors.embedded_redis import socket_path
from connectors.redis_client import client_of
from connectors.redis_state import RedisState


@asynccontextmanager
async def redis_at_hand(settings: Settings) -> AsyncIterator[Redis]:
    """Its Redis. Raises `Refused` where this is not its home, `Unreachable` where it does not answer."""
    home = Home(settings.home)
    redis = client_of(settings.redis_url or f"unix://{socket_path(home.redis)}")
    try:
        await _require(settings, home, RedisState(redis))
        yield redis
    except ResponseError as error:
        raise Refused(
            f"Redis holds something else than Linli wrote there, or forbids to read it: {error}"
        ) from error
    finally:
        await redis.aclose()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[RedisState]:
    """Its state; raises as `redis_at_hand` does."""
    async with redis_at_hand(settings) as redis:
        yield RedisState(redis)


async def _require(settings: Settings, home: Home, state: RedisState) -> None:
    try:
        await state.ping()
    except Unreachable as why:
        raise Unreachable(_away(settings, home, why)) from why
    await same_keys.require(home, state)


def _away(settings: Settings, home: Home, why: Unreachable) -> str:
    if settings.redis_url:
        return f"{why}: see that the Redis of LINLI_REDIS_URL runs, and that the address is right"
    return f"Linli does not run on {home.path}: start it (`linli run`), or set LINLI_HOME to where it runs"
