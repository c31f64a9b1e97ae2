"""`linli intake` alone on a Redis of its own: what it costs to make a webhook durable, with nobody reading yet."""

from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from bench import linli
from bench.load import at_rate
from bench.messages import CHATTER
from bench.processes import Server, answers, redis_cpu_seconds
from connectors.embedded_redis import EmbeddedRedis

RATE = 500


async def intake(folder: Path, port: int, number: int) -> dict[str, Any]:
    """So many webhooks at five hundred a second: how long each took, and what they cost intake and Redis."""
    async with EmbeddedRedis(folder / "redis") as server, linli.bot_api(port + 3) as api:
        await server.ready()
        env = linli.environment(folder, port) | {"LINLI_REDIS_URL": server.url}
        argv = [linli.PROGRAM, "intake"]
        ready = answers(f"http://127.0.0.1:{port}/healthz")
        async with Server("intake", argv, folder, env, ready) as program, Redis.from_url(server.url) as redis:
            one = linli.Linli(f"http://127.0.0.1:{port}", "", api, program)
            await linli.told_where(api)
            url, headers = one.webhook
            bodies = [
                one.update(-1_000_000_000_000 - n % 1000, CHATTER[n % len(CHATTER)]) for n in range(number)
            ]
            await at_rate(url, bodies[:100], 100, headers)
            before = program.cpu_seconds() + await redis_cpu_seconds(redis)
            took = await at_rate(url, bodies[100:], RATE, headers)
            spent = program.cpu_seconds() + await redis_cpu_seconds(redis) - before
    counted = len(took.seconds)
    return {
        "messages": counted,
        "failed": took.failed,
        "p50_ms": round(took.quantile_ms(0.5), 1),
        "p99_ms": round(took.quantile_ms(0.99), 1),
        "cpu_seconds_per_1000": round(1000 * spent / counted, 2),
        "per_core_second": round(counted / spent, 1),
    }
