"""`make sizing`: what a case, a group and a message cost in Redis, and what a message costs in the bot, measured here.

    memory   Redis is filled by the real State with cases as the program leaves them, at several sizes; what is told
             is the growth from one size to the next, and MEMORY USAGE of every key by its kind
    bot      chatter and reports go through the real flow (inbox, reading by a script, case, orders, a chat and a
             dispatch in memory), on a real Redis with append-only file and fsync always; CPU seconds of both

The figures go to bench/sizing.json, and docs/sizing.md is written from it. What the NLU costs is measured by `make bench`.
"""

import argparse
import asyncio
import json
import os
import random
import tempfile
import time
from base64 import b64encode
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from rich.console import Console

from actions import facts as f
from actions.advance import advance
from actions.case import Case
from actions.ledger import Change, Due, Moved
from actions.message import Attachment, Kind, Message, Role
from actions.orders import Order, WatchClock
from actions.reading import Intent
from actions.talk import Talk
from bench import machine
from bench.processes import redis_cpu_seconds
from bench.sizing_flow import town
from bench.sizing_page import FIGURES, benched, write
from bot.log import recording
from bot.matter_list import shipped
from connectors.embedded_redis import EmbeddedRedis
from connectors.redis_state import RedisState

SIZES = (1000, 10_000)
CASES_A_GROUP = 10
LIVE_SHARE = 0.2
"""Of the cases that are kept; the rest is settled."""
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MEANING_BYTES = 64
_WORDS = "三号楼二单元的电梯又坏了老人下不来麻烦尽快派人来看看谢谢师傅今天早上就停了按钮也不亮"
_draw = random.Random(7)  # noqa: S311 made-up residents keep no secret


# --- memory ----------------------------------------------------------------------------------------------


def told(case: str, group: str, number: int, *, live: bool) -> tuple[Case, list[f.Fact], list[Order]]:
    """A case as most are: reported, seconded, filed, and all the way to both keys unless it is live."""
    by, message = f"{group}:u{number}", f"{number * 30}"
    at = START + timedelta(minutes=number)
    matter = _draw.choice(shipped().matters)
    meaning = b64encode(_draw.randbytes(MEANING_BYTES)).decode()
    begun = f.Reported(
        at=at, by=by, by_name="王阿姨", message=message, case=case, number=number, group=group, category=matter.category,
        text=_said(30), place=f"{number}号楼2单元", meaning=meaning, categories=(matter.category,) * 3,
        assignment=matter.assigned(shipped().version), matters=(matter.code,) * 3,
    )  # fmt: skip
    facts: list[f.Fact] = [begun, f.Posted(at=at, what="card", post="1001", face="f" * 32)]
    facts.append(f.TicketFiled(at=at, ticket=f"260302-{case}"))
    facts += [f.Seconded(at=at, by=f"{by}{n}", by_name="李叔", message=f"{message}{n}") for n in range(2)]
    photo = Attachment(Kind.PHOTO, "A" * 80)
    facts.append(f.Detailed(at=at, by=by, message=f"{message}9", text=_said(20), attachments=(photo,)))
    facts.append(f.TicketAccepted(at=at, note="已受理", update="u1"))
    if not live:
        facts += _settled(at, by)
    return _lived(facts)


def _settled(at: datetime, by: str) -> list[f.Fact]:
    return [
        f.WorkDone(at=at, note="已更换门机", update="u2"),
        f.Posted(at=at, what="worker_key", post="1002"),
        f.WorkerConfirmed(at=at, by="telegram:7", by_name="孟姐"),
        f.Posted(at=at, what="residents_key", post="1003"),
        f.ResidentConfirmed(at=at, by=by, by_name="王阿姨"),
        f.SatisfactionGiven(at=at, by=by, score=5),
        f.Posted(at=at, what="card", post="1001", face="e" * 32),
    ]


def _lived(facts: list[f.Fact]) -> tuple[Case, list[f.Fact], list[Order]]:
    case: Case | None = None
    orders: list[Order] = []
    for fact in facts:
        case, more = advance(case, fact)
        orders += [order for order in more if isinstance(order, WatchClock)]
    if case is None:
        raise ValueError("a case has at least one fact")
    return case, facts, orders[-2:] if case.live else []


def _said(length: int) -> str:
    return "".join(_draw.choice(_WORDS) for _ in range(length))


async def fill(state: RedisState, first: int, last: int, live_share: float = LIVE_SHARE) -> None:
    """Put in groups, each with its talk and ten cases, through the same door as the program."""
    for number in range(first, last):
        group = f"telegram:-100{1_000_000 + number}"
        talk = Talk(group=group, title="春风里三号院业主群", greeted=True)
        for n in range(30):
            sender = f"telegram:{n}"
            message = Message(
                group=group, id=str(n), sender=sender, sender_name="王阿姨", role=Role.RESIDENT,
                at=START + timedelta(minutes=n), kind=Kind.TEXT, text=_said(15), reply_to=None, edited=False,
            )  # fmt: skip
            talk = talk.heard(message, Intent.CHATTER)
        for n in range(1, CASES_A_GROUP + 1):
            case, facts, orders = told(f"{group}:{n}", group, n, live=n <= CASES_A_GROUP * live_share)
            await state.save(_change(talk, case, facts, orders, n))
            talk = replace(talk, version=talk.version + 1)


def _change(talk: Talk, case: Case, facts: Sequence[f.Fact], orders: Sequence[Order], n: int) -> Change:
    due = tuple(Due(order, talk.group, START + timedelta(days=n)) for order in orders)
    links = tuple((message, case.id) for message, _ in case.messages)
    posts = tuple((post, case.id) for _, post in case.posts)
    return Change(talk=talk, moved=(Moved(case, tuple(facts)),), orders=due, links=(*links, *posts))


async def hear(state: RedisState, count: int) -> None:
    """Messages that were read: what is left of each is that it was here."""
    for n in range(count):
        await state.accept("telegram", "telegram:-1001", str(n), "{}", START)
    for key in [key async for key in state._redis.scan_iter("linli:*:inbox")]:  # noqa: SLF001 it is read and gone
        await state._redis.delete(key)  # noqa: SLF001


async def memory(sizes: Sequence[int]) -> list[dict[str, Any]]:
    """What Redis holds at each size, and what that comes to for one of each."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedRedis(Path(folder)) as server:
            await server.ready()
            state = RedisState.at(server.url)
            await state.start()
            async with Redis.from_url(server.url, decode_responses=True) as redis:
                filled, before = 0, await _used(redis)
                for size in sizes:
                    began = time.monotonic()
                    await fill(state, filled // CASES_A_GROUP, size // CASES_A_GROUP)
                    used = await _used(redis)
                    rows.append(
                        {
                            "cases": size,
                            "groups": size // CASES_A_GROUP,
                            "bytes": used,
                            "bytes_a_case": round((used - before) / (size - filled)),
                            "seconds": round(time.monotonic() - began, 1),
                            "kinds": await kinds(redis),
                        }
                    )
                    filled, before = size, used
            await state.stop()
    return rows


async def _used(redis: "Redis") -> int:
    return int((await redis.info("memory"))["used_memory"])


async def kinds(redis: "Redis") -> dict[str, float]:
    """Bytes of every kind of key for each of its owners: a case, a group or a partition. At most 2,000 are asked."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    async for key in redis.scan_iter("linli:*", count=1000):
        name = key.split("}:", 1)[1].partition(":")[0] if "}:" in key else key.split(":")[1]
        found[name].append(key)
    means = {}
    for name, keys in sorted(found.items()):
        asked = _draw.sample(keys, min(2000, len(keys)))
        pipe = redis.pipeline(transaction=False)
        for key in asked:
            pipe.execute_command("MEMORY", "USAGE", key, "SAMPLES", 0)
        means[name] = round(sum(await pipe.execute()) / len(asked), 1)
    return means


async def seen(count: int) -> float:
    """Bytes that a message leaves behind for two days."""
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedRedis(Path(folder)) as server:
            await server.ready()
            state = RedisState.at(server.url)
            async with Redis.from_url(server.url, decode_responses=True) as redis:
                before = await _used(redis)
                await hear(state, count)
                left = (await _used(redis) - before) / count
            await state.stop()
    return round(left)


# --- the bot ---------------------------------------------------------------------------------------------


async def flow(count: int, *, reports: bool) -> dict[str, float]:
    """CPU seconds of the bot and of Redis for a thousand messages, and how many one core does in a second."""
    with tempfile.TemporaryDirectory() as folder:
        async with EmbeddedRedis(Path(folder)) as server:
            await server.ready()
            state = RedisState.at(server.url)
            await state.start()
            async with Redis.from_url(server.url) as redis:
                one = town(state)
                redis_before, began, cpu = (
                    await redis_cpu_seconds(redis),
                    time.monotonic(),
                    time.process_time(),
                )
                await one.hear(count, reports=reports)
                bot, wall = time.process_time() - cpu, time.monotonic() - began
                spent = await redis_cpu_seconds(redis) - redis_before
            await state.stop()
    return {
        "messages": count,
        "bot_cpu_ms": round(1000 * bot / count, 2),
        "redis_cpu_ms": round(1000 * spent / count, 2),
        "messages_a_core_second": round(count / bot, 1),
        "wall_ms": round(1000 * wall / count, 2),
    }


async def measure(sizes: Sequence[int], messages: int) -> dict[str, Any]:
    """All of it."""
    return {
        "machine": machine.described(),
        "memory": await memory(sizes),
        "seen_bytes": await seen(messages * 5),
        "chatter": await flow(messages, reports=False),
        "report": await flow(messages // 5, reports=True),
    }


def main() -> None:
    """Measure, keep the figures, write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--messages", type=int, default=2000)
    asked = parser.parse_args()
    with ExitStack() as stack:
        # The log is written as the program writes it, to a file: that is part of what a message costs.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        nowhere = stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
        stack.enter_context(recording(folder, stream=nowhere))
        figures = asyncio.run(measure(asked.cases, asked.messages))
    figures["bench"] = benched()
    FIGURES.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", "utf-8")
    write()
    Console().print_json(json.dumps(figures))


if __name__ == "__main__":
    main()
