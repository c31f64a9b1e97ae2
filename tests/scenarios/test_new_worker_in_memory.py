"""Stories of people who come and go while Linli runs: nobody has to restart it."""

from actions.case import Stage
from bot.reloading import Reloading
from bot.settings import Settings, load
from bot.sources import Sources
from tests.telegram_town import telegram_town
from tests.town import report

LIFT = "3号楼2单元电梯又坏了"
ONLY_WORKERS = "这个按钮由网格员来点，您可以点“我也是”。"
READ = {LIFT: report("housing.elevator", "3号楼2单元")}


async def test_a_worker_who_is_added_may_press_and_one_who_left_may_not(tmp_path):
    toml = tmp_path / "linli.toml"
    async with telegram_town(READ) as town:

        def write(*workers: str) -> None:
            named = ", ".join(f'"{worker}"' for worker in workers)
            toml.write_text(
                f'[[grid]]\nid = "g1"\nname = "一网格"\ngroups = ["{town.group.ref}"]\nworkers = [{named}]',
                "utf-8",
            )

        def read(path) -> Settings:
            return load({}, path)

        write(town.meng.ref)
        town.house.grids.adopt(read(toml))
        reloading = Reloading(town.house.grids, town.state, town.clock, Sources.at(toml), read)

        town.group.say(town.wang, LIFT)
        await town.settle()
        assert await town.presses(town.li, town.group, town.group.said[-1], "我来处理") == ONLY_WORKERS
        assert (await town.case()).stage is Stage.OPEN

        write(town.li.ref)
        for _ in range(2):
            await reloading.once()
        assert await town.presses(town.meng, town.group, town.group.said[-1], "我来处理") == ONLY_WORKERS
        assert await town.presses(town.li, town.group, town.group.said[-1], "我来处理") != ONLY_WORKERS
        assert (await town.case()).stage is Stage.HANDLING

        decree, _ = await town.state.chronicles(20)
        assert decree.changes == (
            f"grid g1: worker {town.meng.ref} removed",
            f"grid g1: worker {town.li.ref} added",
        )
