"""Two districts with a bot each, on processes of their own: intakes, workers, a Bot API server, one Redis.

An intake is killed amid the talk: each group's order holds, each report has one case, one ticket and one card by its bot.
"""

import asyncio
import itertools
import re
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from tests.deployment import City, deployed
from tests.running import until
from tests.telegram_simulator import TelegramSimulator

BUILDINGS = range(1, 5)
CHATTER = ("早上好", "今天天气真好")
EAST = "770002:SIMULATED-token_of_the_east_bot"


class Front:
    """The proxy in front of the intakes: each push goes to the next of them, and is refused where that one is dead."""

    def __init__(self) -> None:
        self.targets: list[str] = []
        self.statuses: list[int] = []
        self.url = ""
        self._turn = itertools.count()

    async def handle(self, request: web.Request) -> web.Response:
        if not self.targets:
            return web.Response(status=502)
        target = self.targets[next(self._turn) % len(self.targets)]
        secret = {name: value for name, value in request.headers.items() if "Secret" in name}
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{target}{request.path}", data=await request.read(), headers=secret) as answer,
            ):
                self.statuses.append(answer.status)
                return web.Response(status=answer.status)
        except aiohttp.ClientError:
            self.statuses.append(502)
            return web.Response(status=502)


@asynccontextmanager
async def in_front() -> AsyncIterator[Front]:
    front, app = Front(), web.Application()
    app.router.add_post("/{path:.*}", front.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    front.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield front
    finally:
        await runner.cleanup()


@asynccontextmanager
async def districts(folder, nlu: str, front: Front | None = None):
    """A city without processes, its Bot API server, and three groups in each district."""
    async with TelegramSimulator() as sim, deployed(folder, nlu) as city:
        east = sim.another(EAST, "linli_east_bot")
        toml = folder / "linli.toml"
        told = toml.read_text("utf-8").replace("[policy]\n", "[policy]\npause_seconds = 2\n")
        toml.write_text(f'{told}\n[[telegram.bots]]\nname = "east"\n', "utf-8")
        city.env |= {
            "LINLI_TELEGRAM_TOKEN": sim.token,
            "LINLI_TELEGRAM_TOKEN_EAST": EAST,
            "LINLI_TELEGRAM_API": sim.url,
            **({"LINLI_TELEGRAM_WEBHOOK": front.url} if front else {}),
        }
        groups = [
            one.group(f"{name}{n}", administrators=[sim.person("孟姐")])
            for one, name in ((sim, "西区"), (east, "东区"))
            for n in range(3)
        ]
        yield city, sim, east, groups
        sim.webhook = east.webhook = None  # nothing to push to when they have gone


async def talk(sim, group) -> None:
    """Reports amid chatter, one after another."""
    wang = sim.person("王阿姨")
    for building in BUILDINGS:
        for text in CHATTER:
            group.say(wang, text)
        group.say(wang, f"{building}号楼2单元电梯又坏了")
        await asyncio.sleep(0.5)  # so that the killing falls amid it


async def half_is_said(sim, groups) -> None:
    whole = len(groups) * len(BUILDINGS) * (len(CHATTER) + 1)
    await sim.until(
        lambda: sum(not one.by_bot for group in groups for one in group.messages) * 2 >= whole, 60
    )


async def all_filed(city: City, group):
    async def asked():
        cases = await city.cases(group.ref)
        return len(cases) >= len(BUILDINGS) and all(case["stage"] == "open" for case in cases) and cases

    return await until(asked, f"every report in {group.title} is filed", 150)


def shown(group, tickets) -> bool:
    return all(any(f"工单 {ticket}" in one.text for one in group.said) for ticket in tickets)


async def assert_well(city, sim, east, groups) -> None:
    """One case, one ticket, one card a report, in order, by the bot of the district."""
    tickets = []
    for group in groups:
        cases = await all_filed(city, group)
        assert [case["place"] for case in cases] == [f"{building}号楼2单元" for building in BUILDINGS]
        reports = [str(one.id) for one in group.messages if "电梯" in one.text and not one.by_bot]
        assert [case["messages"][0]["id"] for case in cases] == reports
        mine = [case["ticket"] for case in cases]
        await sim.until(lambda group=group, mine=mine: shown(group, mine), 150)
        tickets += mine
    assert sorted(one["service_request_id"] for one in await city.tickets()) == sorted(tickets)
    for group in groups:
        cards = [found[1] for one in group.said if (found := re.search(r"#(\d+) ", one.text))]
        assert cards == [str(n) for n in BUILDINGS], [one.text for one in group.said]
        whose = sim.bot if group in groups[:3] else east.bot
        assert {one.sender for one in group.said} == {whose}
    assert sim.flood.refused == east.flood.refused == []


async def a_press_counts(sim, group) -> None:
    card = next(one for one in group.said if "我也是" in one.labels)
    press = group.press(sim.person("李叔"), card, "我也是")
    await sim.until(lambda: press.answer is not None, 20)
    assert press.answer == "记下了，谢谢。"


@pytest.mark.timeout(400)
async def test_webhooks_of_two_bots_at_two_intakes_one_of_which_is_killed(nlu, tmp_path):
    async with in_front() as front, districts(tmp_path, nlu, front) as (city, sim, east, groups):
        await city.start("serve")
        dies, lives = await asyncio.gather(city.start("intake"), city.start("intake"))
        front.targets = [dies.url, lives.url]
        await asyncio.gather(city.start("work"), city.start("work"))
        await sim.until(lambda: sim.webhook and east.webhook, 20)
        assert sim.webhook["url"] == f"{front.url}/telegram/webhook"
        assert east.webhook["url"] == f"{front.url}/telegram/webhook/east"
        assert sim.webhook["secret_token"] != east.webhook["secret_token"]
        talking = [asyncio.create_task(talk(sim, group)) for group in groups]
        await half_is_said(sim, groups)
        dies.send(signal.SIGKILL)
        await asyncio.gather(*talking)
        await sim.until(lambda: not sim.updates and not east.updates, 60)
        assert 502 in front.statuses, "some pushes met the dead one"
        await assert_well(city, sim, east, groups)
        for group in (groups[0], groups[3]):
            await a_press_counts(sim, group)


@pytest.mark.timeout(400)
async def test_two_intakes_poll_for_two_bots_and_one_takes_over_when_the_other_is_killed(nlu, tmp_path):
    async with districts(tmp_path, nlu) as (city, sim, east, groups):
        await city.start("serve")
        polls = await city.start("intake")
        await sim.until(lambda: sim.called("getUpdates") and east.called("getUpdates"), 20)
        await city.start("intake")
        await asyncio.gather(city.start("work"), city.start("work"))
        talking = [asyncio.create_task(talk(sim, group)) for group in groups]
        await half_is_said(sim, groups)
        polls.send(signal.SIGKILL)
        await asyncio.gather(*talking)
        await assert_well(city, sim, east, groups)
        await a_press_counts(sim, groups[4])
