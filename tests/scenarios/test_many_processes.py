"""Two workers, one killed and one stopped for a while, amid a burst in eight groups: nothing is lost, and nothing done twice."""

import asyncio
import re
import signal
from collections import Counter

import pytest

from tests.deployment import deployed
from tests.running import until

GROUPS = [f"street{n}" for n in range(8)]
BUILDINGS = range(1, 7)
CHATTER = ("早上好", "今天天气真好", "谢谢")
ALL_FILED_WITHIN = 90.0  # seconds


def burst():
    """24 messages, every fourth of them a report."""
    for building in BUILDINGS:
        yield from CHATTER
        yield f"{building}号楼2单元电梯又坏了"


async def says(person):
    for text in burst():  # one after another, so that the order is known
        await person.say(text)


async def some_cases(city, count):
    async def asked():
        found = [len(await city.cases(f"web:{group}")) for group in GROUPS]
        return sum(found) >= count

    await until(asked, f"{count} cases", 60)


async def all_filed(city, group):
    async def asked():
        cases = await city.cases(f"web:{group}")
        return len(cases) >= len(BUILDINGS) and all(case["stage"] == "open" for case in cases) and cases

    return await until(asked, f"every report in {group} is filed", ALL_FILED_WITHIN)


def assert_said_once(person):
    """One card a case, and no sentence twice."""
    said = [one["text"] for one in person.said()]
    cards = [found[1] for text in said if (found := re.search(r"#(\d+) ", text))]
    assert sorted(cards) == [str(n) for n in BUILDINGS], said
    assert [text for text, times in Counter(said).items() if times > 1] == []


@pytest.mark.timeout(300)
async def test_workers_that_are_killed_and_stopped_lose_nothing_and_do_nothing_twice(nlu, tmp_path):
    async with deployed(tmp_path, nlu) as city:
        await city.start("serve")
        await city.start("intake")
        first, second = await asyncio.gather(city.start("work"), city.start("work"))
        people = [await city.person(f"居民{n}", group) for n, group in enumerate(GROUPS)]
        saying = [asyncio.create_task(says(person)) for person in people]
        await some_cases(city, 6)
        first.send(signal.SIGKILL)
        third = await city.start("work")
        await some_cases(city, 14)
        second.send(signal.SIGSTOP)
        await asyncio.gather(*saying)
        await some_cases(city, 36)  # the third has taken over
        second.send(signal.SIGCONT)
        tickets = []
        for group, person in zip(GROUPS, people, strict=True):
            cases = await all_filed(city, group)
            assert [case["place"] for case in cases] == [f"{building}号楼2单元" for building in BUILDINGS]
            read = [message["id"] for case in cases for message in case["messages"]]
            assert len(read) == len({*read}), "each message was read once"
            mine = [case["ticket"] for case in cases]
            tickets += mine
            await person.until(
                lambda one=person, mine=mine: all(any(f"工单 {t}" in s["text"] for s in one.said()) for t in mine),
                "all cards", 60,
            )  # fmt: skip
        assert sorted(one["service_request_id"] for one in await city.tickets()) == sorted(tickets)
        for person in people:
            assert_said_once(person)
            spoken = [body["text"] for _, body in sorted(person.seen.items()) if body["role"] != "bot"]
            assert spoken == list(burst()), "all was shown once, in order"
        for one in (second, third):
            assert await one.end() == 0, "\n".join(one.lines[-20:])


async def test_a_worker_that_is_told_to_end_hands_over_at_once(nlu, tmp_path):
    async with deployed(tmp_path, nlu) as city:
        await city.start("serve")
        await city.start("intake")
        first = await city.start("work")
        second = await city.start("work")
        people = [await city.person(f"居民{n}", group) for n, group in enumerate(GROUPS[:4])]
        assert await first.end() == 0
        for person in people:
            await person.say("3号楼2单元电梯又坏了")
        for person in people:
            await person.sees_text("#1 ", "工单")
        assert second.process.returncode is None


async def test_a_role_says_what_it_lacks(tmp_path):
    async with deployed(tmp_path, "http://127.0.0.1:1") as city:
        del city.env["LINLI_REDIS_URL"]
        with pytest.raises(AssertionError, match=r"linli work. needs LINLI_REDIS_URL"):
            await city.start("work")
