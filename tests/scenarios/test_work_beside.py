"""`linli run` that works in processes beside itself is still one program: to the group, to the operator, and at its end."""

import os
import signal
from pathlib import Path

from tests.running import RunningLinli, running_linli, until

TWO = {"LINLI_WORK_PROCESSES": "2"}


def at_work(linli: RunningLinli) -> list[int]:
    return [pid for pid in linli.family() if b"bot.cli" in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def told(linli: RunningLinli) -> dict:
    async with linli.http.get(f"{linli.url}/readyz") as answer:
        return {**await answer.json(), "status": answer.status}


async def figures(linli: RunningLinli) -> dict[str, float]:
    async with linli.http.get(f"{linli.url}/metrics") as answer:
        lines = (await answer.text()).splitlines()
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }


async def both_have_a_share(linli: RunningLinli) -> None:
    """Whoever is there first has everything until the other comes."""

    async def taken():
        return {one["child"] for one in linli.logged("partitions_taken")} == {"work 1", "work 2"}

    await until(taken, "each has taken its share")


async def test_what_is_heard_here_is_worked_on_there_and_counted_and_logged_together(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu, env=TWO) as linli:
        assert len(at_work(linli)) == 2
        await both_have_a_share(linli)
        for n in range(1, 9):  # in eight groups, so that both have something to do
            person = await linli.web_person("王阿姨", group=f"group-{n}")
            await person.say(f"{n}号楼2单元电梯又坏了")
        for n in range(1, 9):
            await linli.one_case(f"web:group-{n}", stage="open", place=f"{n}号楼2单元")
        found = await figures(linli)
        assert found['linli_heard_total{door="web"}'] >= 8
        assert found['linli_read_total{intent="report"}'] == 8
        assert found['linli_orders_total{kind="FileTicket",outcome="done"}'] == 8
        assert {one["child"] for one in linli.logged("message")} == {"work 1", "work 2"}
        assert {"work 1.process", "work 2.process"} <= set((await told(linli))["parts"])


async def test_who_stands_still_is_named_and_until_then_the_other_parts_go_on(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu, env=TWO) as linli:
        stopped = at_work(linli)[0]
        os.kill(stopped, signal.SIGSTOP)
        try:

            async def named():
                said = await told(linli)
                return said["status"] == 503 and said["not_ready"]

            (why,) = (await until(named, "it is named")).values()
            assert why == "it runs and does not answer"
            person = await linli.web_person("王阿姨")
            await person.say("3号楼2单元电梯又坏了")  # whoever stands still, somebody takes over
            await linli.one_case("web:demo", stage="open")
        finally:
            os.kill(stopped, signal.SIGCONT)

        async def well():
            return (await told(linli))["status"] == 200

        await until(well, "all is well again")


async def test_with_none_beside_it_does_all_by_itself(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu, env={"LINLI_WORK_PROCESSES": "0"}) as linli:
        assert not at_work(linli)
        person = await linli.web_person("王阿姨")
        await person.say("3号楼2单元电梯又坏了")
        await linli.one_case("web:demo", stage="open")
        assert (await figures(linli))['linli_read_total{intent="report"}'] == 1
