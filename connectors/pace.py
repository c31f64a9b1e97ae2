"""Pace: how much a bot may say, counted for all processes that speak with one token together.

Telegram allows about 30 messages a second in all, 20 a minute into a group and 1 a second in a chat with short
bursts; edits count like messages. Every sentence takes its place in sliding windows, kept in Redis by one
script; a part of each is kept free for warnings. A 429 closes the chat for the time that it names, longer when
it comes again and again (but not to warnings), and everything when it comes for several chats at once.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, cast
from uuid import uuid4

from redis.asyncio import Redis

from connectors.redis_client import reaching

GROWTH, MOST_GROWTH = 1.5, 4.0
STRIKES_REMEMBERED = 600  # seconds
STRUCK_TOGETHER, STRUCK_WITHIN = 3, 10.0  # chats, seconds
_A_MOMENT = 0.001  # seconds, so that whoever comes back in time is not early by a rounding


@dataclass(frozen=True, slots=True)
class Limits:
    """`burst` is for one chat within `burst_seconds`."""

    per_second: int = 30
    per_minute_in_a_group: int = 20
    burst: int = 8
    burst_seconds: float = 5.0

    def windows(self, chat: int, *, urgent: bool) -> list[tuple[str, float, int]]:
        """What is counted, within how many seconds, and how much may be: a tenth is for urgent posts only."""
        whole = [("all", 1.0, self.per_second), ("chat", self.burst_seconds, self.burst)]
        if chat < 0:
            whole.append(("chat", 60.0, self.per_minute_in_a_group))
        return [
            (what, seconds, most if urgent else max(1, most - -(-most // 10)))
            for what, seconds, most in whole
        ]


class Pace(Protocol):
    """Whoever wants to speak asks here first."""

    async def ask(self, chat: int, *, urgent: bool = False) -> float:
        """0 if it may be said now, and then it counts; else the seconds to wait. Raises `Unreachable`."""

    async def hold(self, chat: int, seconds: float) -> float:
        """The platform named a time to wait; for how many seconds nothing goes there. Raises `Unreachable`."""


@dataclass
class _Chat:
    said: list[float] = field(default_factory=list)
    closed_until: float = 0.0
    named_until: float = 0.0
    strikes: int = 0
    struck_at: float = float("-inf")


class MemoryPace:
    """For a process that speaks alone. `clock` counts seconds."""

    def __init__(self, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits, self._clock = limits or Limits(), clock
        self._all = _Chat()
        self._chats: defaultdict[int, _Chat] = defaultdict(_Chat)

    async def ask(self, chat: int, *, urgent: bool = False) -> float:
        """Whether it may be said now."""
        now, one = self._clock(), self._chats[chat]
        waits = [self._all.closed_until - now, (one.named_until if urgent else one.closed_until) - now]
        for what, seconds, most in self._limits.windows(chat, urgent=urgent):
            said = (self._all if what == "all" else one).said
            recent = [at for at in said if at > now - seconds]
            if len(recent) >= most:
                waits.append(recent[-most] + seconds - now)
        if max(waits) > 0:
            return max(waits) + _A_MOMENT
        for counted, kept in ((self._all, 1), (one, 60)):
            counted.said = [*(at for at in counted.said if at > now - kept), now]
        return 0.0

    async def hold(self, chat: int, seconds: float) -> float:
        """Close the chat for so long, or longer."""
        now, one = self._clock(), self._chats[chat]
        one.strikes = one.strikes + 1 if now - one.struck_at < STRIKES_REMEMBERED else 1
        one.struck_at = now
        held = seconds * _growth(one.strikes)
        one.closed_until = max(one.closed_until, now + held)
        one.named_until = max(one.named_until, now + seconds)
        struck = [other for other in self._chats.values() if now - other.struck_at < STRUCK_WITHIN]
        if len(struck) >= STRUCK_TOGETHER:
            self._all.closed_until = max(self._all.closed_until, now + seconds)
        return held


def _growth(strikes: int) -> float:
    return min(GROWTH ** (strikes - 1), MOST_GROWTH)


_NOW = """
local now = tonumber(ARGV[1])
if now < 0 then
    local time = redis.call('TIME')
    now = time[1] + time[2] / 1000000
end
local function close(key, seconds)
    local till = math.max(now + seconds, tonumber(redis.call('GET', key) or '0'))
    redis.call('SET', key, string.format('%.6f', till), 'PX', math.ceil((till - now) * 1000) + 1000)
end
"""
# KEYS: said by all, said in the chat, all closed until, the chat closed until
_ASK = (
    _NOW
    + """
local wait = 0
for _, key in ipairs({KEYS[3], KEYS[4]}) do
    wait = math.max(wait, tonumber(redis.call('GET', key) or '0') - now)
end
for i = 3, #ARGV, 3 do
    local key, seconds, most = KEYS[tonumber(ARGV[i])], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
    if redis.call('ZCOUNT', key, string.format('(%.6f', now - seconds), '+inf') >= most then
        local oldest = redis.call('ZREVRANGE', key, most - 1, most - 1, 'WITHSCORES')
        wait = math.max(wait, tonumber(oldest[2]) + seconds - now)
    end
end
if wait <= 0 then
    for n, key in ipairs({KEYS[1], KEYS[2]}) do
        redis.call('ZREMRANGEBYSCORE', key, '-inf', string.format('%.6f', now - (n == 1 and 1 or 60)))
        redis.call('ZADD', key, string.format('%.6f', now), ARGV[2])
        redis.call('EXPIRE', key, 120)
    end
end
return string.format('%.6f', wait)
"""
)
# KEYS: all closed until, the chat closed until, the chat's strikes, the chats struck lately, the time named
_HOLD = (
    _NOW
    + """
local seconds, within = tonumber(ARGV[3]), tonumber(ARGV[5])
local strikes = redis.call('INCR', KEYS[3])
redis.call('EXPIRE', KEYS[3], ARGV[6])
local held = seconds * math.min(tonumber(ARGV[7]) ^ (strikes - 1), tonumber(ARGV[8]))
close(KEYS[2], held)
close(KEYS[5], seconds)
redis.call('ZADD', KEYS[4], string.format('%.6f', now), ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', string.format('%.6f', now - within))
redis.call('EXPIRE', KEYS[4], 60)
if redis.call('ZCARD', KEYS[4]) >= tonumber(ARGV[4]) then
    close(KEYS[1], seconds)
end
return string.format('%.6f', held)
"""
)


class RedisPace:
    """On Redis, by its clock: all processes with this `account` share one allowance. Raises `Unreachable`."""

    def __init__(
        self,
        redis: "Redis",
        account: str,
        limits: Limits | None = None,
        clock: Callable[[], float] = lambda: -1.0,
    ) -> None:
        self._limits, self._clock, self._tag = limits or Limits(), clock, f"linli:pace:{{{account}}}"
        self._ask = redis.register_script(_ASK)
        self._hold = redis.register_script(_HOLD)

    async def ask(self, chat: int, *, urgent: bool = False) -> float:
        """Whether it may be said now."""
        closed = "named" if urgent else "closed"
        keys = [f"{self._tag}:{name}" for name in ("all", f"chat:{chat}", "closed", f"{closed}:{chat}")]
        windows = self._limits.windows(chat, urgent=urgent)
        places = [part for what, *rest in windows for part in (1 if what == "all" else 2, *rest)]
        wait = await self._run(self._ask, keys, [self._clock(), uuid4().hex, *places])
        return wait + _A_MOMENT if wait > 0 else 0.0

    async def hold(self, chat: int, seconds: float) -> float:
        """Close the chat for so long, or longer."""
        names = ("closed", f"closed:{chat}", f"strikes:{chat}", "struck", f"named:{chat}")
        keys = [f"{self._tag}:{name}" for name in names]
        settled = [STRUCK_TOGETHER, STRUCK_WITHIN, STRIKES_REMEMBERED, GROWTH, MOST_GROWTH]
        return await self._run(self._hold, keys, [self._clock(), chat, seconds, *settled])

    async def _run(self, script: Any, keys: list[str], args: list[Any]) -> float:
        async with reaching():
            return float(cast("Any", await script(keys=keys, args=args)))
