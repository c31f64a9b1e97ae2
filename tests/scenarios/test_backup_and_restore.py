"""A backup in the middle of traffic, and the machine is lost: on another one the loop goes on, and nothing is done twice."""

import asyncio
import re

from tests.running import LINLI, running_linli, until
from tests.telegram_simulator import TelegramSimulator

GROUP = "web:demo"
TALKS = "[policy]\nshare = 1.0\npause_seconds = 0\n"
"""Every card is said at once: that none is missing and none is there twice can be seen."""
OTHERS = range(2, 20)


def report(building: int) -> str:
    return f"{building}号楼2单元电梯又坏了"


def place(building: int) -> str:
    return f"{building}号楼2单元"


async def command(linli, *words: str, home=None) -> str:
    """A command of the operator's, beside the program that runs."""
    env = linli.env | ({"LINLI_HOME": str(home)} if home else {})
    asked = await asyncio.create_subprocess_exec(
        LINLI, *words, env=env, cwd=linli.home.parent, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )  # fmt: skip
    said, _ = await asyncio.wait_for(asked.communicate(), 60)
    assert asked.returncode == 0, said.decode()
    return said.decode()


async def move_to_another_home(linli, path) -> str:
    """The machine is lost, with its home; the backup becomes the home of another one at the same address."""
    await linli.kill9()
    linli.home.rename(linli.home.with_name("lost"))
    said = await command(linli, "restore", str(path))
    await linli.start()
    return said


async def test_a_backup_in_the_middle_of_traffic_goes_on_elsewhere(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu, toml=TALKS) as linli:
        wang, meng = await linli.web_person("王阿姨"), await linli.web_person("孟姐", "worker")
        await wang.say(report(1))
        first = await linli.one_case(GROUP, stage="open")
        await linli.desk_set(first["ticket"], "fixed")
        await meng.press("确认修好")
        await linli.one_case(GROUP, stage="residents_key")

        talking = asyncio.create_task(talk(linli))
        await until(lambda: more_than(linli, 3), "some cases are there")
        path = tmp_path / "backup.tar"
        said = await command(linli, "backup", str(path))
        assert "mode 600" in said
        assert int(re.search(r"held back for (\d+) ms", said)[1]) < 3000
        people = await talking
        await until(lambda: more_than(linli, len(OTHERS)), "all are there")
        assert "every trace leads to its case" in await command(linli, "verify", str(path), "--load")

        await move_to_another_home(linli, path)
        zhao = await linli.web_person(
            "赵奶奶"
        )  # she sees what the group has said, as far as it was in the backup
        cases = await until(lambda: all_at_dispatch(linli, zhao), "what was on its way is read and filed")
        assert len(cases) >= 4, "at least what there was when the backup began"
        places = [case["place"] for case in cases]
        assert places == [place(building) for building in range(1, len(cases) + 1)], (
            "a beginning of what was said"
        )
        for case in cases:
            tickets = [one for one in await linli.tickets() if one["address"] == case["place"]]
            assert [one["service_request_id"] for one in tickets] == [case["ticket"]], "one ticket, as it was"

        # Both keys: she presses the button that she saw before the loss, under her own name of then.
        await wang.press("解决了")
        await until(lambda: stands(linli, 0, "closed"), "the residents' key closes it")
        # Tickets are followed.
        await linli.desk_set(cases[1]["ticket"], "accepted")
        await until(lambda: stands(linli, 1, "accepted"), "what dispatch says is heard")
        # What was lost is said again; its number is no number of before.
        await people[0].say("40号楼2单元电梯又坏了")
        (new,) = await until(lambda: later(linli, len(cases)), "a new case")
        assert int(new["id"].rpartition(":")[2]) > 100
        await assert_said_once(zhao, len(cases) + 1)


async def talk(linli):
    """Residents report and chat, one message after another."""
    people = [await linli.web_person(f"居民{n}") for n in range(3)]
    for building in OTHERS:
        for n, text in enumerate(("早上好", report(building), "谢谢")):
            await people[n].say(text)
    return people


async def more_than(linli, count):
    return len(await linli.cases(GROUP)) > count


async def all_at_dispatch(linli, person):
    cases = await linli.cases(GROUP)
    shown = [one for one in person.seen.values() if one["role"] != "bot" and "电梯" in one["text"]]
    return len(cases) == len(shown) and all(case["ticket"] for case in cases) and cases


async def stands(linli, number, stage):
    return (await linli.cases(GROUP))[number]["stage"] == stage


async def later(linli, count):
    return (await linli.cases(GROUP))[count:]


async def assert_said_once(person, count):
    """One card each, in their order; of the first there is the question too."""
    await person.until(lambda: len(set(cards(person))) == count, "a card for each case")
    assert [one for one in cards(person) if one != "1"] == sorted(set(cards(person)) - {"1"}, key=int)


def cards(person):
    return [found[1] for one in person.said() if (found := re.search(r"#(\d+) ", one["text"]))]


async def test_on_telegram_the_buttons_of_before_work_on(nlu, tmp_path):
    async with TelegramSimulator() as sim, running_linli(tmp_path, nlu_url=nlu, telegram=sim) as linli:
        li, meng = sim.person("李叔"), sim.person("孟姐")
        group = sim.group("春风里", administrators=[meng])
        group.say(li, report(1))
        case = await linli.one_case(group.ref, stage="open")
        path = tmp_path / "backup.tar"
        await command(linli, "backup", str(path))
        await move_to_another_home(linli, path)
        await linli.desk_set(case["ticket"], "fixed")
        await linli.one_case(group.ref, stage="worker_key")
        assert len([one for one in group.said if "#1" in one.text]) >= 1
        cards = [one for one in group.said if re.search(r"#1 ", one.text)]
        assert len(cards) <= 2, "the card, and the question with the worker's key"
        group.say(li, report(2))

        async def filed():
            cases = await linli.cases(group.ref)
            return len(cases) == 2 and cases[1]["stage"] == "open"

        await until(filed, "what is said goes on to be heard")
        assert len(await linli.tickets()) == 2
