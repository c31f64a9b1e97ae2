"""Scenes of the guide: lists and figures in the group, the operator's console, the desk of a unit."""

# ruff: noqa: INP001 - it belongs to a command

import asyncio
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Page, expect

from docs.pictures.group import FOLDER, LARGEST_BYTES, WORKER, Group
from docs.pictures.people import write_down
from docs.pictures.program import Linli, running
from docs.pictures.town import SETTINGS
from tests.browser import visit

WIDE = {"width": 900, "height": 620}
HIGH = 1060
"""Of a ticket that is opened, with the buttons below it."""
OLD = (
    ("赵师傅", "1号楼门口的路灯坏了好几天，晚上什么都看不见"),
    ("王阿姨", "2号楼2单元电梯又坏了，老人下不来楼"),
    ("孙姐", "3号楼前面垃圾桶满了没人清，臭死了"),
)
"""They wait so long that their lights are red."""
FILED = (
    ("周奶奶", "请问4号楼怎么停水了，早上到现在一滴水都没有"),
    ("钱叔", "玉兰路12号门口井盖不见了，太危险了"),
    ("吴先生", "16号楼对面工地半夜还在打桩，吵得睡不着"),
    ("赵师傅", "18号楼下水道堵了，污水都冒到路上了"),
    ("钱叔", "22号楼停电了，整栋楼都黑着"),
    ("吴先生", "东门广场舞音响太吵了，晚上十点还在放"),
)
NEW = (
    ("刘大爷", "菜市场门口占道经营，路都走不了"),
    ("孙姐", "河边有人往水里排污水，臭得很"),
    ("周奶奶", "26号楼下的饭店油烟太大，窗户都不敢开"),
)


async def the_lists(browser: Browser, linli: Linli) -> None:
    """/cases with lights and pages, /mine, /today, /report, /case."""
    group = Group(browser, linli, "chunfeng-2")
    await group.person(WORKER)
    for number, (name, text) in enumerate((*OLD, *FILED), start=1):
        await group.says(name, text, f"#{number} ")
        if (name, text) in FILED:
            await group.press(f"#{number} ", "派单")
            await group.sees("等待受理")
    await group.press("#1 ", "我来处理")
    await asyncio.sleep(62)  # until the limit of a minute is over for those that nobody has filed
    for number, (name, text) in enumerate(NEW, start=len((*OLD, *FILED)) + 1):
        await group.says(name, text, f"#{number} ")
    await asyncio.sleep(33)  # and for these the share of it after which the light is yellow
    for command, seen, picture in (
        ("/cases", "没办完的", "cases"),
        ("/mine", "跟您有关的", "mine"),
        ("/today", "今天新报", "today"),
        ("/report", "响应率", "report"),
        ("/case 4", "周奶奶: ", "case"),
    ):
        await group.says(WORKER, command, seen)
        await group.take(picture, seen)
    await group.press("没办完的", "下一页")
    await group.sees("第 2 页")
    await group.take("cases-2", "第 2 页")
    await group.leave()


async def the_evening(browser: Browser, linli: Linli) -> None:
    """The day of a group, told at an hour that comes soon."""
    soon = datetime.now(ZoneInfo("Asia/Shanghai")) + timedelta(seconds=110)
    settings = SETTINGS.replace('digest_at = ""', f'digest_at = "{soon:%H:%M}"', 1)
    async with running(settings, LINLI_NLU_URL=linli.nlu) as other:
        group = Group(browser, other, "evening")
        await group.person(WORKER)
        for number, (name, text) in enumerate(OLD, start=1):
            await group.says(name, text, f"#{number} ")
        await group.press("#1 ", "我来处理")
        await group.press("正在网格内处理", "处理好了")
        await group.press("真的解决了吗", "解决了", name="赵师傅")
        await group.sees("居民均已确认")
        await group.says("孙姐", "谢谢大家")
        await group.sees("📋", within_ms=180_000)
        await group.take("digest", "📋")
        await group.leave()


async def for_operators(browser: Browser, linli: Linli) -> None:
    """The console with its lights, a case in it, the three rates."""
    page = await _opened(browser, linli, "console", "/console")
    await expect(page.locator("table").first).to_be_visible()
    await _shoot(page, "console")
    await page.goto(page.url.partition("/console")[0] + "/console/rates")
    await expect(page.get_by_text("满意率").first).to_be_visible()
    await _shoot(page, "rates")


async def for_units(browser: Browser, linli: Linli) -> None:
    """The desk: a ticket with its matter and limits, and the reasons for a return."""
    ticket = await linli.ticket("returns")
    page = await _opened(browser, linli, "desk", f"/?q={ticket}")
    await page.set_viewport_size({**WIDE, "height": HIGH})
    await page.locator(f"#t-{ticket} summary").click()
    await expect(page.get_by_role("button", name="退回")).to_be_visible()
    await _shoot(page, "desk")


async def _opened(browser: Browser, linli: Linli, name: str, path: str) -> Page:
    login = linli.addresses[name]
    if login not in _PAGES:
        _PAGES[login] = (await visit(browser, login, viewport=WIDE, timezone_id="Asia/Shanghai")).page
    page = _PAGES[login]
    await page.goto(login.partition("/login")[0] + path)
    return page


async def _shoot(page: Page, name: str) -> None:
    await write_down(page, FOLDER / f"{name}.png", LARGEST_BYTES)


_PAGES: dict[str, Page] = {}
"""A link logs in once only."""
SCENES = (the_lists, the_evening, for_operators, for_units)
