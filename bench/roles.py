"""Linli in roles on one machine: intake, a worker, the NLU, and pages with the desk, each a process of its own, on one Redis."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bench import linli
from bench.processes import Server, Together, answers
from connectors.embedded_redis import EmbeddedRedis

KEY = "bench-key-of-the-desk"


@asynccontextmanager
async def running(folder: Path, port: int) -> AsyncIterator[linli.Linli]:
    """The roles; ports as in `linli run`, with the pages and the worker behind them."""
    async with AsyncExitStack() as stack:
        api = await stack.enter_async_context(linli.bot_api(port + 3))
        redis = await stack.enter_async_context(EmbeddedRedis(folder / "redis"))
        await redis.ready()
        env = linli.environment(folder, port) | {
            "LINLI_REDIS_URL": redis.url,
            "LINLI_NLU_URL": f"http://127.0.0.1:{port + 1}",
            "LINLI_DISPATCH_KEY": KEY,
            "LINLI_DISPATCH_PUSH_SECRET": KEY,
        }
        works = env | {"LINLI_DISPATCH_URL": f"http://127.0.0.1:{port + 2}/open311/v2"}
        servers = [
            await stack.enter_async_context(
                Server(argv[0], [linli.PROGRAM, *argv], folder, given, answers(ready))
            )
            for argv, given, ready in (
                (["nlu", "--port", str(port + 1)], env, f"http://127.0.0.1:{port + 1}/healthz"),
                (["serve", "--port", str(port + 4)], env, f"http://127.0.0.1:{port + 4}/healthz"),
                (["work", "--port", str(port + 5)], works, f"http://127.0.0.1:{port + 5}/readyz"),
                (["intake", "--port", str(port)], works, f"http://127.0.0.1:{port}/healthz"),
            )
        ]
        await linli.told_where(api)
        together = Together(servers, redis.pid)
        yield linli.Linli(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port + 1}", api, together)
