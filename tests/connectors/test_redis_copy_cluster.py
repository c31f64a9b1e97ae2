"""A copy of a Redis Cluster of three: one moment on all of them, and back into a cluster or into one server."""

import asyncio
import io
from contextlib import asynccontextmanager

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import ConnectionError as RedisConnectionError

from actions.errors import Refused
from connectors.redis_copy import copy_keys, put_back, read_records, require_empty
from connectors.redis_mending import leave_a_gap
from connectors.tcp_port import free_port
from tests.real_redis import _binary, real_redis

FORMS_WITHIN = 30.0  # seconds


@asynccontextmanager
async def three_masters(folder):
    """The ports of three servers that share the slots."""
    ports = [free_port("127.0.0.1") for _ in range(3)]
    servers = [await _server(folder / str(port), port) for port in ports]
    try:
        async with asyncio.timeout(FORMS_WITHIN):
            for n, port in enumerate(ports):
                await _answers(port)
                slots = range(16384 * n // 3, 16384 * (n + 1) // 3)
                async with Redis(port=port) as one:
                    await one.execute_command("CLUSTER", "ADDSLOTS", *slots)
                    await one.execute_command("CLUSTER", "MEET", "127.0.0.1", ports[0])
            for port in ports:
                await _is_well(port)
        yield ports
    finally:
        for server in servers:
            server.terminate()
        await asyncio.gather(*(server.wait() for server in servers))


async def _server(folder, port):
    folder.mkdir(parents=True)
    words = ["--port", port, "--dir", folder, "--save", "", "--bind", "127.0.0.1", "--cluster-enabled", "yes"]
    devnull = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(_binary(), *map(str, words), stdout=devnull)


async def _answers(port):
    async with Redis(port=port) as one:
        while True:
            try:
                return await one.ping()
            except RedisConnectionError:
                await asyncio.sleep(0.02)


async def _is_well(port):
    async with Redis(port=port, decode_responses=True) as one:
        while True:
            said = str(await one.execute_command("CLUSTER", "INFO"))
            if "cluster_state:ok" in said and "cluster_known_nodes:3" in said:
                return
            await asyncio.sleep(0.05)


async def test_what_follows_on_one_server_from_another_is_never_in_the_copy_without_its_cause(tmp_path):
    async with three_masters(tmp_path / "cluster") as ports, real_redis(tmp_path / "one") as other:
        url = f"redis+cluster://127.0.0.1:{ports[1]},127.0.0.1:{ports[2]}"
        cluster = RedisCluster(host="127.0.0.1", port=ports[0], decode_responses=True)
        for n in range(2000):
            await cluster.set(f"linli:{{p{n % 256:03d}}}:filler:{n}", "x" * 100)
        over = asyncio.Event()
        writing = asyncio.create_task(write(cluster, over))
        file = io.BytesIO()
        copied = await copy_keys(url, file)
        over.set()
        written = await writing
        assert copied.paused_ms < 3000
        file.seek(0)
        await put_back(other.url, read_records(file))
        async with other.client() as there:
            chain = [await there.llen(key) for key in CHAIN]
            assert written >= chain[0] >= chain[1] >= chain[2] >= chain[0] - 1
            assert len(await there.keys("linli:*:filler:*")) == 2000

        with pytest.raises(Refused, match="already"):
            await require_empty(url)
        for port in ports:
            async with Redis(port=port) as one:
                await one.flushall()
        await require_empty(url)
        file.seek(0)
        await put_back(url, read_records(file))
        await leave_a_gap(url)
        assert [await cluster.llen(key) for key in CHAIN] == chain
        await cluster.aclose()


CHAIN = ("linli:{p001}:links", "linli:{p002}:links", "linli:{p130}:links")


async def write(cluster, over):
    """A cause on one server, what follows from it on the next, and so on."""
    count = 0
    while not over.is_set():
        count += 1
        for key in CHAIN:
            await cluster.rpush(key, count)
    return count
