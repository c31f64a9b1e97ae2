"""`make bench`: how long it takes from a webhook to the card in the group and to the ticket at dispatch.

The real program runs as `linli run`, with its own Redis (append-only file, fsync always), NLU server and
desk. A stand-in for the Bot API on this machine takes what the bot says, and notes when. Every message is a
report in a group of its own, so that every one becomes a case, a card and a ticket.

    webhook   POST of the update → 200, which is when it is durable
    card      POST of the update → sendMessage with the card
    ticket    POST of the update → the card is edited to show the ticket's number
"""

import argparse
import asyncio
import json
import os
import platform
import re
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "1000000:bench-token-that-opens-nothing-at-all"
REPORTS = (
    "{n}号楼电梯又坏了，老人下不来",
    "{n}号楼2单元停水了，一滴都没有",
    "{n}号楼门口路灯不亮好几天了",
    "{n}栋楼下垃圾堆成山没人收",
    "{n}号楼下水道堵了污水都冒出来了",
)
PATIENCE_SECONDS = 30


@dataclass
class Timeline:
    """When what happened to one message, in seconds of one clock."""

    sent: float
    durable: float = 0.0
    card: float = 0.0
    ticket: float = 0.0


@dataclass
class BotApi:
    """As much of the Bot API as the bot asks for, and a note of when it said what."""

    lines: dict[int, Timeline] = field(default_factory=dict)
    webhook: str = ""
    secret: str = ""
    _ids: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one call."""
        now, method = time.perf_counter(), request.match_info["method"]
        data = {key: str(value) for key, value in (await request.post()).items()}
        return web.json_response({"ok": True, "result": self._result(method, data, now)})

    def _result(self, method: str, data: dict[str, str], now: float) -> Any:
        if method == "getMe":
            return {
                "id": 1000000,
                "is_bot": True,
                "first_name": "Linli",
                "username": "linli_bench_bot",
                "can_read_all_group_messages": True,
            }
        if method == "setWebhook":
            self.webhook, self.secret = data["url"], data["secret_token"]
            return True
        if method == "getChatAdministrators":
            return []
        if method in ("sendMessage", "editMessageText"):
            return self._said(method, data, now)
        return True

    def _said(self, method: str, data: dict[str, str], now: float) -> dict[str, Any]:
        chat, text = int(data["chat_id"]), data["text"]
        line = self.lines.get(chat)
        if line and method == "sendMessage" and not line.card:
            line.card = now
        if line and not line.ticket and re.search(r"工单 \S+", text):
            line.ticket = now
        self._ids += 1
        return {
            "message_id": int(data.get("message_id") or self._ids),
            "date": int(time.time()),
            "text": text,
            "chat": {"id": chat, "type": "supergroup", "title": "bench"},
        }


def update(n: int, group: int) -> dict[str, Any]:
    """One raw update: a resident's report in a group of its own."""
    return {
        "update_id": 500_000 + n,
        "message": {
            "message_id": 1,
            "date": int(time.time()),
            "chat": {"id": group, "type": "supergroup", "title": f"bench {n}"},
            "from": {"id": 9_000 + n, "is_bot": False, "first_name": "居民"},
            "text": REPORTS[n % len(REPORTS)].format(n=n % 60 + 1),
        },
    }


class Program:
    """`linli run` on a home of its own."""

    def __init__(self, home: Path, api: str, base: int) -> None:
        self._ports = {"LINLI_PORT": base, "LINLI_NLU_PORT": base + 1, "LINLI_DESK_PORT": base + 2}
        clean = {key: value for key, value in os.environ.items() if not key.startswith("LINLI_")}
        self._env = (
            clean
            | {key: str(port) for key, port in self._ports.items()}
            | {
                "LINLI_HOME": str(home),
                "LINLI_TELEGRAM_TOKEN": TOKEN,
                "LINLI_TELEGRAM_API": api,
                "LINLI_TELEGRAM_WEBHOOK": "https://bench.invalid",
                # What Linli can do is measured, not what Telegram allows, which is 30 a second.
                "LINLI_TELEGRAM_PER_SECOND": "1000",
            }
        )
        self.url = f"http://127.0.0.1:{base}"
        self._process: asyncio.subprocess.Process | None = None
        self._log = home.with_suffix(".log")

    async def __aenter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                str(ROOT / ".venv/bin/linli"), "run", cwd=ROOT, env=self._env, stdout=log, stderr=log
            )
        async with aiohttp.ClientSession() as session:
            for _ in range(3000):
                if await self._ready(session):
                    return self
                await asyncio.sleep(0.2)
        raise SystemExit(f"linli run did not become ready; its output is in {self._log}")

    async def __aexit__(self, *_: object) -> None:
        if self._process and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _ready(self, session: aiohttp.ClientSession) -> bool:
        if self._process is None or self._process.returncode is not None:
            raise SystemExit(f"linli run has ended; its output is in {self._log}")
        try:
            async with session.get(f"{self.url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    def memory_gb(self) -> float:
        """Resident memory of the program and all its children, in GB; 0 where /proc is not to be had."""
        if self._process is None or not Path("/proc").is_dir():
            return 0.0
        return sum(_resident(pid) for pid in _family(self._process.pid)) / 1e9


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in _family(int(child)))]


def _resident(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


async def measure(program: Program, api: BotApi, messages: int, rate: float, first: int) -> dict[str, float]:
    """Send messages at a steady rate and wait until every one is a ticket."""
    async with aiohttp.ClientSession() as session:
        began = time.perf_counter()
        groups = [-1_000_000_000_000 - first - n for n in range(messages)]
        posts = []
        for n, group in enumerate(groups):
            await asyncio.sleep(max(0.0, began + n / rate - time.perf_counter()))
            posts.append(asyncio.create_task(_send(session, program, api, first + n, group)))
        await asyncio.gather(*posts)
        lines = [api.lines[group] for group in groups]
        await _until_filed(lines)
    filed = [line for line in lines if line.ticket]
    seconds = max((line.ticket for line in filed), default=began) - began
    figures = {
        "messages": float(messages),
        "filed": float(len(filed)),
        "per_second": len(filed) / seconds if seconds else 0.0,
    }
    for name in ("durable", "card", "ticket"):
        took = [1000 * (getattr(line, name) - line.sent) for line in lines if getattr(line, name)]
        figures |= {f"{name}_p50_ms": _quantile(took, 0.5), f"{name}_p99_ms": _quantile(took, 0.99)}
    return figures


async def _send(session: aiohttp.ClientSession, program: Program, api: BotApi, n: int, group: int) -> None:
    line = api.lines[group] = Timeline(time.perf_counter())
    headers = {"X-Telegram-Bot-Api-Secret-Token": api.secret}
    async with session.post(
        f"{program.url}/telegram/webhook", json=update(n, group), headers=headers
    ) as answer:
        if answer.status != 200:
            raise SystemExit(f"the webhook answered {answer.status}")
    line.durable = time.perf_counter()


async def _until_filed(lines: list[Timeline]) -> None:
    deadline = time.perf_counter() + PATIENCE_SECONDS
    while time.perf_counter() < deadline and not all(line.ticket for line in lines):
        await asyncio.sleep(0.05)


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else float("nan")


def show(runs: list[tuple[str, dict[str, float]]], console: Console) -> None:
    """The table."""
    table = Table(
        "load",
        "messages",
        "tickets",
        "per second",
        "durable p50/p99 ms",
        "card p50/p99 ms",
        "ticket p50/p99 ms",
    )
    for name, run in runs:
        times = [
            f"{run[f'{what}_p50_ms']:.0f} / {run[f'{what}_p99_ms']:.0f}"
            for what in ("durable", "card", "ticket")
        ]
        table.add_row(
            name, f"{run['messages']:.0f}", f"{run['filed']:.0f}", f"{run['per_second']:.1f}", *times
        )
    console.print(table)


async def bench(rates: list[float], messages: int) -> dict[str, Any]:
    """All runs on one program, after a warm-up that is not counted."""
    api, runs = BotApi(), []
    app = web.Application()
    app.router.add_post("/bot{token}/{method}", api.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    with tempfile.TemporaryDirectory(prefix="linli-bench-") as folder:
        async with Program(Path(folder) / "home", f"http://127.0.0.1:{port}", 28_080) as program:
            while not api.secret:
                await asyncio.sleep(0.1)
            await measure(program, api, 20, 10, 0)
            for n, rate in enumerate(rates, 1):
                runs.append((f"{rate:g}/s", await measure(program, api, messages, rate, n * 100_000)))
            memory = program.memory_gb()
    await runner.cleanup()
    return {"runs": runs, "memory_gb": round(memory, 2)}


def main() -> None:
    """Run, print the table, write bench/report.json."""
    arguments = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    arguments.add_argument("--messages", type=int, default=200, help="messages a run")
    arguments.add_argument(
        "--rates", type=float, nargs="+", default=[5, 20, 50, 1000], help="messages a second"
    )
    chosen = arguments.parse_args()
    measured = asyncio.run(bench(chosen.rates, chosen.messages))
    runs = measured["runs"]
    console = Console()
    show(runs, console)
    console.print(
        f"memory of all processes: {measured['memory_gb']} GB; {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    at_50 = next((run["ticket_p99_ms"] for name, run in runs if name == "50/s"), None)
    report = {
        "p99_ms": {"end_to_end_at_50": at_50},
        "memory_gb": measured["memory_gb"],
        "runs": [{"load": name, **run} for name, run in runs],
        "machine": {"cores": os.cpu_count(), "arch": platform.machine(), "python": platform.python_version()},
        "median_per_second": statistics.median(run["per_second"] for _, run in runs),
    }
    (ROOT / "bench" / "report.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    if any(run["filed"] < run["messages"] for _, run in runs):
        sys.exit("some messages did not become a ticket: see the table")


if __name__ == "__main__":
    main()
