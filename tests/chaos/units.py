"""Units: the program's processes, each started again a second after its end, as systemd would."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from connectors.child import tethered

RESTART_AFTER = 1.0  # seconds
ENDS_WITHIN = 20.0


class Unit:
    """One process and its successors. `lives` counts them; `gone` says when (monotonic) and which of them was ended or stopped."""

    def __init__(self, name: str, argv: Sequence[str], env: dict[str, str], folder: Path) -> None:
        self.name, self.log = name, folder / f"{name}.log"
        self._argv, self._env, self._folder = list(argv), env, folder
        self.lives = 0
        self.gone: list[tuple[float, int]] = []
        self.pid = 0
        self._wanted, self._held = True, asyncio.Event()
        self._held.set()
        self._keeping: asyncio.Task[None] | None = None
        self._process: asyncio.subprocess.Process | None = None

    @property
    def who(self) -> str:
        """The process of this moment: `work1#3`."""
        return f"{self.name}#{self.lives}"

    async def start(self) -> None:
        """Start, and keep running."""
        await self._spawn()
        self._keeping = asyncio.create_task(self._keep())

    def send(self, what: signal.Signals) -> None:
        """A signal; one that ends or stops it is noted down."""
        if what in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
            self.gone.append((time.monotonic(), self.lives))
        with suppress(ProcessLookupError):
            os.kill(self.pid, what)

    def hold_back(self) -> None:
        """Do not start it again for now."""
        self._held.clear()

    def let_start(self) -> None:
        """Start it again from now on."""
        self._held.set()

    async def ended(self) -> None:
        """Wait for the end of the process that runs now."""
        if self._process:
            await self._process.wait()

    async def stop(self) -> None:
        """End it for good."""
        self._wanted = False
        self._held.set()
        if self._keeping:
            self._keeping.cancel()
            await asyncio.wait({self._keeping})
        if self._process and self._process.returncode is None:
            for what in (signal.SIGCONT, signal.SIGTERM):
                with suppress(ProcessLookupError):
                    os.kill(self.pid, what)
            try:
                await asyncio.wait_for(self._process.wait(), ENDS_WITHIN)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()

    async def _keep(self) -> None:
        while self._wanted:
            assert self._process
            await self._process.wait()
            with self.log.open("a", encoding="utf-8") as log:
                log.write(f"--- {self.who} ended with {self._process.returncode}\n")
            await asyncio.sleep(RESTART_AFTER)
            await self._held.wait()
            await self._spawn()

    async def _spawn(self) -> None:
        # Tied to our life: a suite that is killed leaves nothing running.
        argv = tethered(self._argv)
        with self.log.open("ab") as log:
            # What Python ignores stays ignored in the child: a Redis that may not write hears of it, and is not killed.
            self._process = await asyncio.create_subprocess_exec(
                *argv, env=self._env, cwd=self._folder, stdin=asyncio.subprocess.DEVNULL,
                stdout=log, stderr=log, restore_signals=False, start_new_session=True,
            )  # fmt: skip
        self.lives += 1
        self.pid = self._process.pid
