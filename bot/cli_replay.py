"""`linli replay`: read a history, feed it through the bot, print what came of it."""

import asyncio
import json
import signal
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from rich.console import Console

from actions.confidentiality import Audience
from actions.visible import in_json
from bot.grids import Grids
from bot.history import BadHistory, History, Wanted, day
from bot.history_file import read_history
from bot.nlu_at_hand import nlu_at_hand
from bot.progress import Progress
from bot.replay import Replay, Replayed
from bot.replay_report import ReplayReport
from bot.settings import Settings
from bot.wiring import replaying
from connectors.nlu import RasaNlu


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for on the command line."""

    file: Path
    chat: str | None
    workers: tuple[str, ...]
    ignored: tuple[str, ...]
    zone: str
    since: str | None
    until: str | None
    as_json: bool


def main(settings: Settings, order: Order) -> int:
    """Do it; the exit code. Raises `BadHistory`, OSError, `Refused` and `Unreachable`."""
    zone = _zone(order.zone)
    history = _history(settings, order, zone)
    replayed = asyncio.run(_replayed(settings, history))
    if order.as_json:
        print(in_json(json.dumps(replayed.as_json(), ensure_ascii=False, indent=1)))  # noqa: T201 this is the output
    else:
        writer = Grids(settings).writer_of(history.group).to(Audience.STAFF)
        console = Console(markup=False, highlight=False, emoji=False)
        ReplayReport(history, replayed, writer, settings.lang, zone).show(console)
    return 130 if replayed.cut else 0


def _history(settings: Settings, order: Order, zone: ZoneInfo) -> History:
    history = read_history(order.file, zone, order.chat)
    staff = Grids(settings).worker_ids(history.group) or frozenset()
    try:
        since = day(order.since, zone) if order.since else None
        until = day(order.until, zone, end=True) if order.until else None
    except (ValueError, OverflowError):
        raise BadHistory("--since and --until are days such as 2026-03-01") from None
    return Wanted(order.workers, order.ignored, staff, since, until).of(history)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise BadHistory(f"--zone {name}: there is no such time zone; one is Asia/Shanghai") from None


async def _replayed(settings: Settings, history: History) -> Replayed:
    async with nlu_at_hand(settings) as url:
        nlu = RasaNlu(url)
        try:
            run = replaying(settings, nlu, history)
            return await interruptible(run, history, Progress(len(history.messages), settings.lang))
        finally:
            await nlu.close()


async def interruptible(run: Replay, history: History, progress: Progress) -> Replayed:
    """The run, which Ctrl-C ends early: what there is so far comes out; a second one ends the command."""
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(run.run(history.messages, progress))
    try:
        loop.add_signal_handler(signal.SIGINT, task.cancel)
        return await task
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        progress.close()
