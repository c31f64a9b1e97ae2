"""kill -9 in the middle of a burst: every report is one case with one ticket, and the group sees no card twice."""

import asyncio
import re
from datetime import timedelta

import pytest

from actions.errors import Unreachable
from connectors.memory_chat import MemoryChat
from tests.running import running_linli, until
from tests.telegram_simulator import TelegramSimulator
from tests.town import Town, report

LIFT = "3号楼2单元电梯又坏了"
BUILDINGS = range(1, 9)
CHATTER = ("早上好", "大家早上好", "今天天气真好", "谢谢")


def burst():
    """40 messages, every fifth of them a report."""
    for building in BUILDINGS:
        yield from CHATTER
        yield f"{building}号楼2单元电梯又坏了"


async def all_filed(linli, group):
    async def asked():
        cases = await linli.cases(group)
        return len(cases) >= len(BUILDINGS) and all(case["stage"] == "open" for case in cases) and cases

    return await until(asked, f"every report in {group} is filed", 60)


async def assert_once_each(linli, cases):
    assert [case["place"] for case in cases] == [f"{building}号楼2单元" for building in BUILDINGS]
    tickets = [one["service_request_id"] for one in await linli.tickets()]
    assert sorted(tickets) == sorted(case["ticket"] for case in cases)


async def some_cases(linli, group, count):
    async def asked():
        return len(await linli.cases(group)) >= count

    await until(asked, f"{count} cases in {group}")


@pytest.mark.parametrize("victim", ["the bot", "bot.cli", "redis-server"])
async def test_a_crash_in_a_burst_in_the_browser_loses_nothing_and_does_nothing_twice(nlu, tmp_path, victim):
    async with running_linli(tmp_path, nlu_url=nlu, env={"LINLI_WORK_PROCESSES": "1"}) as linli:
        wang = await linli.web_person("王阿姨")
        people = [await linli.web_person(f"居民{n}") for n in range(1, 4)]
        texts = list(burst())

        async def all_say():
            for n, text in enumerate(texts):  # one after another, so that the order is known
                await people[n % 3].say(text)

        saying = asyncio.create_task(all_say())
        await some_cases(linli, "web:demo", 3)
        if victim == "the bot":
            await linli.kill9()
            await linli.restart()
        else:
            await linli.kill_child(victim)
        await saying
        cases = await all_filed(linli, "web:demo")
        await assert_once_each(linli, cases)
        tickets = [f"工单 {case['ticket']}" for case in cases]
        await wang.until(
            lambda: all(any(t in one["text"] for one in wang.said()) for t in tickets), "all cards", 30
        )
        cards = [found[1] for one in wang.said() if (found := re.search(r"#(\d+) ", one["text"]))]
        assert sorted(cards) == sorted(str(n) for n in BUILDINGS), "one card each"
        heard = sorted(int(number) for number, body in wang.seen.items() if body["role"] != "bot")
        assert [wang.seen[number]["text"] for number in heard] == texts, "all was shown once, in order"


async def test_a_crash_in_a_burst_on_telegram_loses_nothing_and_doubles_at_most_one_card(nlu, tmp_path):
    async with TelegramSimulator() as sim, running_linli(tmp_path, nlu_url=nlu, telegram=sim) as linli:
        li = sim.person("李叔")
        group = sim.group("春风里", administrators=[sim.person("孟姐")])
        for text in burst():
            group.say(li, text)
        await some_cases(linli, group.ref, 3)
        await linli.kill9()
        await linli.restart()
        cases = await all_filed(linli, group.ref)
        await assert_once_each(linli, cases)
        tickets = [case["ticket"] for case in cases]
        await sim.until(lambda: all(any(t in one.text for one in group.said) for t in tickets), 30)
        cards = [found[1] for one in group.said if (found := re.search(r"#(\d+) ", one.text))]
        assert set(cards) == {str(n) for n in BUILDINGS}
        assert len(cards) <= len(BUILDINGS) + 1, "at most the one card that was on its way"


class LosesAnswers(MemoryChat):
    """A platform that posts, and whose first answer about a card gets lost."""

    lost = 0

    async def post(self, post):
        message = await super().post(post)
        if not self.lost:
            self.lost += 1
            raise Unreachable("the answer is lost")
        return message


async def test_a_card_whose_posting_was_not_noted_still_comes_to_show_how_the_case_stands():
    town = Town({LIFT: report("housing.elevator", "3号楼2单元")})
    town.house.chats["memory"] = town.chat = LosesAnswers()
    await town.say("张阿姨", LIFT)
    assert (await town.case()).ticket == "1", "filed while the card still waits"
    await town.wait(timedelta(seconds=5))
    (card,) = town.texts
    assert "工单 1" in card
