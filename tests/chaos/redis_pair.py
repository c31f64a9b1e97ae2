"""Two real Redis servers, a master and its replica, behind a proxy: the master can be killed, filled up, demoted."""

import asyncio
import os
import resource
import signal
from contextlib import suppress
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from connectors.tcp_port import free_port
from tests.chaos.proxy import TcpProxy
from tests.chaos.units import Unit
from tests.real_redis import _binary

DEADLINE = 20.0  # seconds
NO_LIMIT = resource.RLIM_INFINITY


class RedisPair:
    """`front` is what the program knows. `master` and `replica` change places."""

    def __init__(self, folder: Path) -> None:
        self._units = [self._unit(folder, name) for name in ("redis-a", "redis-b")]
        self.ports = [port for _, port in self._units]
        self.units = [unit for unit, _ in self._units]
        self.at = 0
        self.front = TcpProxy(("127.0.0.1", self.ports[0]))

    @property
    def master(self) -> Unit:
        """The server that takes writes."""
        return self.units[self.at]

    @property
    def url(self) -> str:
        """For the program."""
        return f"redis://127.0.0.1:{self.front.port}/0"

    @property
    def own_url(self) -> str:
        """For us, past the proxy."""
        return f"redis://127.0.0.1:{self.ports[self.at]}/0"

    async def start(self) -> None:
        """Both servers, and the proxy."""
        for unit in self.units:
            await unit.start()
        for n in (0, 1):
            await self._answers(n)
        await self._follow(1, 0)
        await self.front.__aenter__()

    async def stop(self) -> None:
        """End all of it."""
        await self.front.__aexit__()
        await asyncio.gather(*(unit.stop() for unit in self.units))

    async def fail_over(self, *, demoted: bool) -> bool:
        """Make the replica the master, once it has all that was acknowledged; False where it is not there.

        The old master was killed, or is told that it is a replica now while its clients still talk to it, as happens when
        two servers change places.
        """
        old, new = self.at, 1 - self.at
        self.front.freeze()
        try:
            if not await self._caught_up(old, new):
                return False
            if demoted:
                await self._promote(new)
                await self._follow(old, new)
            else:
                self.master.hold_back()
                self.master.send(signal.SIGKILL)
                await self.master.ended()
                await self._promote(new)
        finally:
            self.front.thaw()
        if demoted:
            await asyncio.sleep(2)  # the program talks to a server that may not write any more
        self.at = new
        self.front.target = ("127.0.0.1", self.ports[new])
        self.front.cut()
        if not demoted:
            self.units[old].let_start()
            await self._answers(old)
            await self._follow(old, new)
        return True

    async def fill_disk(self, *, always: bool) -> None:
        """No file of the master may grow any more. With `always` such a server ends; else it refuses writes."""
        async with self._client(self.at) as client:
            await client.config_set("appendfsync", "always" if always else "everysec")
            folder = Path((await client.config_get("dir"))["dir"])
        longest = max(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        with suppress(ProcessLookupError):
            resource.prlimit(self.master.pid, resource.RLIMIT_FSIZE, (longest, NO_LIMIT))

    async def empty_disk(self) -> None:
        """There is room again."""
        with suppress(ProcessLookupError):
            resource.prlimit(self.master.pid, resource.RLIMIT_FSIZE, (NO_LIMIT, NO_LIMIT))
        await self._answers(self.at)
        with suppress(RedisError, OSError):
            async with self._client(self.at) as client:
                await client.config_set("appendfsync", "always")

    def _client(self, n: int) -> Redis:
        return Redis(port=self.ports[n], decode_responses=True, socket_timeout=2)

    async def _answers(self, n: int) -> None:
        async with asyncio.timeout(DEADLINE), self._client(n) as client:
            while True:
                with suppress(RedisError, OSError):
                    if await client.ping():
                        return
                await asyncio.sleep(0.05)

    async def _promote(self, n: int) -> None:
        async with self._client(n) as client:
            await client.execute_command("REPLICAOF", "NO", "ONE")

    async def _follow(self, n: int, master: int) -> None:
        async with self._client(n) as client:
            await client.execute_command("REPLICAOF", "127.0.0.1", self.ports[master])

    async def _caught_up(self, master: int, replica: int) -> bool:
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(DEADLINE), self._client(master) as one, self._client(replica) as other:
                while True:
                    here, there = await one.info("replication"), await other.info("replication")
                    linked = there.get("master_link_status") == "up"
                    if linked and there["slave_repl_offset"] == here["master_repl_offset"]:
                        return True
                    await asyncio.sleep(0.02)
        return False

    def _unit(self, folder: Path, name: str) -> tuple[Unit, int]:
        home, port = folder / name, free_port("127.0.0.1")
        home.mkdir(parents=True)
        options = {
            "port": port, "bind": "127.0.0.1", "dir": home, "appendonly": "yes", "appendfsync": "always", "save": "",
            "repl-diskless-sync-delay": 0, "repl-ping-replica-period": 1, "maxmemory-policy": "noeviction",
        }  # fmt: skip
        argv = [_binary(), *(word for key, value in options.items() for word in (f"--{key}", str(value)))]
        return Unit(name, argv, dict(os.environ), folder), port
