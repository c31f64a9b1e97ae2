"""/report: what a worker sees in the group, what workers and supervisors see in private, and who sees nothing."""

from datetime import timedelta

from actions.message import Role
from bot.people import Area, Worker
from bot.settings import Grid
from tests.town import GROUP, Town, report

READ = {
    "3号楼电梯坏了": report("housing.elevator", "3号楼"),
    "5号楼停水了": report("utilities.water", "5号楼"),
    "老公打我": report("disputes.family", "6号楼"),
}
MENG, ZHAO = Worker(id="memory:孟姐", name="孟姐"), Worker(id="memory:赵主任", name="赵主任")
PEOPLE = {"area": (Area(id="street", name="春风街道", level="street", supervisors=(ZHAO,)),)}
GRIDS = (
    Grid(id="g1", name="第一网格", groups=(GROUP,), workers=(MENG,), area="street"),
    Grid(
        id="g2", name="第二网格", groups=("memory:other",), workers=(Worker(id="memory:小李"),), area="street"
    ),
)


def town_() -> Town:
    return Town(READ, grids=GRIDS, people=PEOPLE)


async def settle(town: Town) -> None:
    """The lift is mended and confirmed, the water is still being worked on."""
    await town.say("张阿姨", "3号楼电梯坏了")
    await town.dispatch_says("accepted")
    await town.dispatch_says("fixed", "已修好")
    await town.press("孟姐", "确认修好")
    await town.press("张阿姨", "解决了")
    await town.say("李叔", "5号楼停水了")


async def ask(town: Town, who: str, words: str, *, private: bool = False, group: str = GROUP) -> str:
    role = Role.RESIDENT if private else None
    await town.say(
        who, words, group=f"memory:{who}" if private else group, **({"role": role} if role else {})
    )
    return town.texts[-1]


async def test_a_worker_sees_week_and_month_of_the_grid_with_bars_and_counts():
    town = town_()
    await settle(town)
    said = await ask(town, "孟姐", "/report")
    assert said.count("📊 第一网格") == 2
    assert "📊 第一网格 · 本周 · 2026-03-02 – 03-08" in said
    assert "本月 · 2026-03-01 – 03-31" in said
    assert "▓▓▓▓▓▓▓▓▓▓ 响应率 100% (1/1)" in said
    assert "▓▓▓▓▓▓▓▓▓▓ 解决率 100% (1/1)" in said
    assert "新增 2 · 上报 2 · 办结 1 · 在办 1" in said


async def test_the_month_alone_tells_why_tickets_came_back_and_which_nodes_were_late():
    town = town_()
    await town.say("张阿姨", "3号楼电梯坏了")
    await town.dispatch_says("returned", "[reason:not_ours] 找供电公司")
    await town.wait(timedelta(days=5))
    said = await ask(town, "孟姐", "/report month")
    assert said.count("📊") == 1
    assert "退单: 不属本单位职责 1" in said
    assert "红灯: " in said
    assert "单位受理 1" in said
    assert "░░░░░░░░░░ 响应率 0.0% (0/1)" in said


async def test_without_any_case_there_is_no_rate():
    said = await ask(town_(), "孟姐", "/report week")
    assert "响应率 —" in said
    assert "没有报事。" in said
    assert "%" not in said


async def test_a_resident_is_told_that_it_is_for_workers():
    town = town_()
    await settle(town)
    assert await ask(town, "张阿姨", "/report") == "这个操作只有网格员可以用。"
    assert await ask(town, "张阿姨", "/report", private=True) == "这个操作只有网格员可以用。"


async def test_a_confidential_case_is_a_number_and_nothing_else():
    town = town_()
    await town.say("刘姐", "老公打我")
    said = await ask(town, "孟姐", "/report month")
    assert "新增 1" in said
    assert "家" not in said.replace("大家", "")
    assert "6号楼" not in said


async def test_in_private_a_worker_sees_their_own_grid_and_a_supervisor_all_below():
    town = town_()
    await settle(town)
    await town.say("王姨", "3号楼电梯坏了", group="memory:other")
    own = await ask(town, "孟姐", "/report week", private=True)
    assert "📊 第一网格 · 本周" in own
    assert "新增 2" in own
    both = await ask(town, "赵主任", "/report week", private=True)
    assert "📊 2 个网格 · 本周" in both
    assert "新增 3" in both
    assert "第一网格: 100% / 100% / 100%" in both
    assert "第二网格: — / — / —" in both


async def test_a_case_that_lapsed_is_not_counted_as_settled():
    town = town_()
    await town.say("张阿姨", "3号楼电梯坏了")
    await town.dispatch_says("fixed", "已修好")
    await town.press("孟姐", "确认修好")
    await town.wait(timedelta(hours=30))
    said = await ask(town, "孟姐", "/report week")
    assert "解决率 0.0% (0/1)" in said
    assert "满意率 0.0% (0/1)" in said
    assert "无人确认 1" in said
