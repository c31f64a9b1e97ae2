"""A Linli of its own for pictures: on free ports, in a passing home, stopped afterwards."""

# ruff: noqa: INP001, ASYNC240 - it belongs to commands that read small local files

import asyncio
import json
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

STARTS_WITHIN = 600.0
"""Seconds; it may have to train a model first."""
_LINLI = (sys.executable, "-m", "bot.cli")
LABELS = {"group": "群聊 group", "desk": "调度台 desk", "console": "控制台 console"}


@dataclass(frozen=True)
class Linli:
    """A Linli at work: the addresses that it printed, and what the desk is told."""

    addresses: dict[str, str]
    environment: dict[str, str]

    @property
    def nlu(self) -> str:
        """Where its NLU answers."""
        given, port = self.environment.get("LINLI_NLU_URL"), self.environment["LINLI_NLU_PORT"]
        return given or f"http://127.0.0.1:{port}"

    def group(self, name: str) -> str:
        """The page of a group."""
        return self.addresses["group"].rpartition("/")[0] + f"/{name}"

    async def ticket(self, group: str) -> str:
        """The ticket of the group's newest case."""
        tickets = json.loads(await self.command("desk", "list", "--json"))
        return next(str(one["id"]) for one in tickets if f"web:{group}:" in json.dumps(one))

    async def move(self, ticket: str, status: str, note: str = "", reason: str = "") -> None:
        """Do what a dispatcher does."""
        more = [*(("--note", note) if note else ()), *(("--reason", reason) if reason else ())]
        await self.command("desk", "set", ticket, status, *more)

    async def command(self, *words: str) -> str:
        """What a command of `linli` prints."""
        child = await asyncio.create_subprocess_exec(
            *_LINLI, *words, env=self.environment, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await child.communicate()
        if child.returncode:
            raise SystemExit(f"linli {' '.join(words)} ended with {child.returncode}")
        return said.decode()


@asynccontextmanager
async def running(settings: str = "", **variables: str) -> AsyncIterator[Linli]:
    """A Linli that is ready, with these settings; `variables` are of its environment."""
    with tempfile.TemporaryDirectory(prefix="linli-") as home:
        environment = _environment(Path(home), settings) | variables
        with (Path(home) / "told").open("wb") as told:  # its log, which is no news while all goes well
            child = await asyncio.create_subprocess_exec(
                *_LINLI, "run", env=environment, stdout=asyncio.subprocess.PIPE, stderr=told
            )
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                away = ("desk",) if "LINLI_DISPATCH_URL" in variables else ()
                addresses = await _addresses(child, Path(home) / "told", away)
            yield Linli(addresses, environment)
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()


def _environment(home: Path, settings: str) -> dict[str, str]:
    """Ours, without anybody's own settings but the NLU that may be at hand."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    nlu = {"LINLI_NLU_URL": url} if (url := os.environ.get("LINLI_NLU_URL")) else {}
    file = home / "linli.toml"
    file.write_text(settings, encoding="utf-8")
    ports = {"LINLI_PORT": "0", "LINLI_NLU_PORT": str(_free_port()), "LINLI_DESK_PORT": "0"}
    return {
        **kept,
        **nlu,
        **ports,
        "LINLI_HOME": str(home / "home"),
        "LINLI_CONFIG": str(file),
        "TZ": "Asia/Shanghai",
    }


def _free_port() -> int:
    """A port that nobody has: another Linli may want to know where the NLU of this one is."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


async def _addresses(child: asyncio.subprocess.Process, told: Path, away: tuple[str, ...]) -> dict[str, str]:
    """What stands on the screen when it is ready; of what is `away` there is none."""
    found: dict[str, str] = {}
    while child.stdout and (line := (await child.stdout.readline()).decode()):
        for name, label in LABELS.items():
            if label in line:
                found[name] = line.split()[-1]
        if found.keys() >= LABELS.keys() - set(away):
            return found
    raise SystemExit(f"Linli did not start:\n{told.read_text(errors='replace')[-2000:]}")
