"""The contest: stock Rasa twice and Linli, side by side on one machine; the same messages for each, turn about.

Every round does with each of them:

    parse       POST /model/parse, sixteen in flight
    light       the same, twenty a second
    end to end  a report → parse → ticket at dispatch → the number of the ticket said where the report came from

and with Linli alone: reports at fifty a second, and chatter pushed at its webhook at five hundred a second. What Linli
does alone it does again in roles (bench/roles.py), after the rounds.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from bench import linli, stock
from bench.load import Took, at_once, at_rate, quantile_ms
from bench.messages import CHATTER, report
from bench.processes import Together

IN_FLIGHT = 16
LIGHT, STEADY, BURST, FLOOD = 20, 50, 1000, 500
"""Messages a second."""
FIRST_PORT = 28_480
FIRST_GROUP = -1_000_000_000_000

Row = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """How many messages of a round."""

    parse: int
    light: int
    stock_reports: int
    reports: int
    steady: int
    flood: int

    @property
    def groups(self) -> int:
        """Groups that a round needs: one for every report."""
        return self.reports + self.steady


FULL = Sizes(parse=500, light=60, stock_reports=120, reports=200, steady=250, flood=2000)
QUICK = Sizes(parse=120, light=20, stock_reports=30, reports=40, steady=50, flood=300)


@dataclass
class Stock:
    """A stock Rasa: its parser, its REST channel, and all that runs for it."""

    url: str
    together: Together


@dataclass
class Field:
    """All that run, and what is left of the messages and groups for them."""

    stocks: dict[str, Stock]
    linli: linli.Linli
    texts: Iterator[str]
    groups: Iterator[int]

    def parsers(self) -> dict[str, tuple[str, Any]]:
        """Of each: where it parses, and who can say what that cost."""
        stocks = {name: (one.url, one.together) for name, one in self.stocks.items()}
        return {**stocks, "linli": (self.linli.nlu, self.linli.server)}

    def take(self, number: int) -> list[str]:
        """So many texts that nobody has been asked about yet."""
        return [next(self.texts) for _ in range(number)]


@asynccontextmanager
async def field(folder: Path, texts: list[str]) -> AsyncIterator[Field]:
    """Everything started; Linli as `linli run` starts it, each stock Rasa with an action server of its own."""
    port = FIRST_PORT
    async with AsyncExitStack() as stack:
        starting = [_stock(stack, folder, name, port + 10 * n) for n, name in enumerate(stock.PIPELINES, 1)]
        stocks = dict(zip(stock.PIPELINES, await asyncio.gather(*starting), strict=True))
        program = await stack.enter_async_context(linli.running(folder / "linli", port))
        yield Field(stocks, program, iter(texts), count(FIRST_GROUP, -1))


async def _stock(stack: AsyncExitStack, folder: Path, pipeline: str, port: int) -> Stock:
    at, url = folder / pipeline, f"http://127.0.0.1:{port + 2}/open311/v2"
    servers = [
        stock.rasa(pipeline, at, port, port + 1),
        stock.action_server(at, port + 1, url),
        stock.desk(at, port + 2),
    ]
    await asyncio.gather(*map(stack.enter_async_context, servers))
    return Stock(f"http://127.0.0.1:{port}", Together(servers))


def said(texts: list[str]) -> list[bytes]:
    """The bodies of questions to a parser."""
    return [json.dumps({"text": text}).encode() for text in texts]


async def warmed(one: Field, sizes: Sizes, rounds: int) -> None:
    """Let everybody do a little of everything, and Linli come to know its groups; nothing of it counts."""
    texts = one.take(50)
    for url, _ in one.parsers().values():
        await at_once(f"{url}/model/parse", said(texts), IN_FLIGHT)
    for each in one.stocks.values():
        await _stock_reports(each, 10)
    groups = [next(one.groups) for _ in range(20 + rounds * sizes.groups)]
    await one.linli.meet(groups)
    await one.linli.say({group: report(n) for n, group in enumerate(groups[:20])}, LIGHT)
    await one.linli.idle()
    one.groups = iter(groups[20:])


async def contest_round(one: Field, sizes: Sizes) -> Row:
    """One round: everything, once."""
    row: Row = {"parse": {}, "light": {}, "end_to_end": {}}
    texts, few = one.take(sizes.parse), one.take(sizes.light)
    for name, (url, cost) in one.parsers().items():
        before = cost.cpu_seconds()
        took = await at_once(f"{url}/model/parse", said(texts), IN_FLIGHT)
        row["parse"][name] = told(took, cost.cpu_seconds() - before)
        row["light"][name] = told(await at_rate(f"{url}/model/parse", said(few), LIGHT))
    for name, each in one.stocks.items():
        before = each.together.cpu_seconds()
        took = await _stock_reports(each, sizes.stock_reports)
        row["end_to_end"][name] = told(took, each.together.cpu_seconds() - before)
    row["end_to_end"]["linli"] = await _reports(one, sizes.reports, BURST)
    row["at_50"] = await _reports(one, sizes.steady, STEADY)
    row["webhook_at_500"] = await _flood(one, sizes.flood)
    row["memory_gb"] = {name: cost.memory_gb() for name, (_, cost) in one.parsers().items()}
    return row


async def roles_round(one: Field, sizes: Sizes) -> Row:
    """One round of Linli in roles: what `linli run` does alone."""
    return {
        "end_to_end": await _reports(one, sizes.reports, BURST),
        "at_50": await _reports(one, sizes.steady, STEADY),
        "webhook_at_500": await _flood(one, sizes.flood),
        "memory_gb": one.linli.server.memory_gb(),
    }


def told(took: Took, cpu_seconds: float = 0.0) -> Row:
    """What came of some requests, in figures."""
    row: Row = {"messages": len(took.seconds), "failed": took.failed, "per_second": round(took.per_second, 1)}
    row |= {"p50_ms": round(took.quantile_ms(0.5), 1), "p99_ms": round(took.quantile_ms(0.99), 1)}
    if cpu_seconds:
        row["cpu_seconds_per_1000"] = round(1000 * cpu_seconds / max(1, len(took.seconds)), 2)
    return row


async def _stock_reports(each: Stock, number: int) -> Took:
    """Reports, each from somebody else; one that got no ticket counts as failed."""
    senders = f"{time.monotonic_ns()}"
    bodies = [json.dumps({"sender": f"{senders}-{n}", "message": report(n)}).encode() for n in range(number)]
    return await at_once(f"{each.url}/webhooks/rest/webhook", bodies, IN_FLIGHT, wanted=b'"text"')


async def _reports(one: Field, number: int, per_second: float) -> Row:
    """Reports, each in a group of its own: how many became tickets a second, and how long each took."""
    groups = [next(one.groups) for _ in range(number)]
    before = one.linli.server.cpu_seconds()
    took, lines = await one.linli.say({group: report(n) for n, group in enumerate(groups)}, per_second)
    filed = [line for line in lines if line.ticket]
    began, ended = lines[0].sent, max((line.ticket for line in filed), default=0.0)
    await one.linli.idle()
    row = told(took, one.linli.server.cpu_seconds() - before)
    row |= {
        "failed": number - len(filed),
        "per_second": round(len(filed) / (ended - began), 1) if filed else 0.0,
    }
    row |= {"durable_p50_ms": row.pop("p50_ms"), "durable_p99_ms": row.pop("p99_ms")}
    for name in ("card", "ticket"):
        seconds = [getattr(line, name) - line.sent for line in filed]
        row[f"{name}_p50_ms"], row[f"{name}_p99_ms"] = (
            round(quantile_ms(seconds, share), 1) for share in (0.5, 0.99)
        )
    return row


async def _flood(one: Field, number: int) -> Row:
    """Chatter, pushed as fast as a large city talks; the bot reads it when it comes to it."""
    url, headers = one.linli.webhook
    # To everyone the time it needs: what was said in the groups of a round is read by now.
    bodies = [one.linli.update(FIRST_GROUP - n % 1000, CHATTER[n % len(CHATTER)]) for n in range(number)]
    before, began = one.linli.server.cpu_seconds(), time.perf_counter()
    took = await at_rate(url, bodies, FLOOD, headers)
    await one.linli.idle()
    row = told(took, one.linli.server.cpu_seconds() - before)
    return row | {"all_read_after_seconds": round(time.perf_counter() - began, 1)}
