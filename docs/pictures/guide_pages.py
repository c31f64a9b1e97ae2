"""Scenes of the guide: lists and figures in the group, the operator's console, the desk of a unit."""

# ruff: noqa: INP001 - it belongs to a command

import asyncio

from playwright.async_api import Browser, Page, expect

from docs.pictures.group import FOLDER, LARGEST_BYTES, WORKER, Group
from docs.pictures.people import write_down
from docs.pictures.program import Linli
from tests.browser import visit

WIDE = {"width": 900, "height": 620}
OLD = (
    "1号楼门口的路灯不亮",
    "2号楼2单元电梯坏了",
    "3号楼前面垃圾桶满了没人清",
)
"""They wait so long that their lights are red."""
FILED = (
    "4号楼停水了",
    "5号楼下水道堵了，污水都冒出来了",
    "6号楼对面工地半夜还在打桩",
    "7号楼楼顶漏水，墙都湿透了",
    "8号楼门口井盖不见了",
    "9号楼停电了",
)
NEW = ("10号楼楼下有人乱停车堵住出口", "11号楼前面的树倒了，压到路上", "12号楼楼道堆满杂物")


async def the_lists(browser: Browser, linli: Linli) -> None:
    """/cases with lights and pages, /mine, /today, /report, /case."""
    group = Group(browser, linli, "lists")
    await group.person(WORKER)
    for number, text in enumerate((*OLD, *FILED), start=1):
        await group.says("王阿姨", text, f"#{number} ")
        if text in FILED:
            await group.press(f"#{number} ", "派单")
            await group.sees("等待受理")
    await group.press("#1 ", "我来处理")
    await asyncio.sleep(62)  # until the limit of a minute is over for those that nobody has filed
    for number, text in enumerate(NEW, start=len((*OLD, *FILED)) + 1):
        await group.says("王阿姨", text, f"#{number} ")
    await asyncio.sleep(5)  # and for these the share of it after which the light is yellow
    for command, seen, picture in (
        ("/cases", "没办完的", "cases"),
        ("/mine", "跟您有关的", "mine"),
        ("/today", "今天新报", "today"),
        ("/report", "响应率", "report"),
        ("/case 4", "王阿姨: ", "case"),
    ):
        await group.says(WORKER, command, seen)
        await group.take(picture, seen)
    await group.press("没办完的", "下一页")
    await group.sees("第 2 页")
    await group.take("cases-2", "第 2 页")
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
    group = Group(browser, linli, "chunfeng")
    ticket = await linli.ticket("returns")
    page = await _opened(browser, linli, "desk", "/")
    await page.locator(f"#t-{ticket} summary").click()
    await page.locator(f"#t-{ticket}").scroll_into_view_if_needed()
    await _shoot(page, "desk")
    await group.leave()


async def _opened(browser: Browser, linli: Linli, name: str, path: str) -> Page:
    login = linli.addresses[name]
    if login not in _PAGES:
        _PAGES[login] = (await visit(browser, login, viewport=WIDE, timezone_id="Asia/Shanghai")).page
    page = _PAGES[login]
    await page.goto(login.partition("/login")[0] + path)
    return page


async def _shoot(page: Page, name: str) -> None:
    await write_down(page, FOLDER / f"{name}.png", 2 * LARGEST_BYTES)


_PAGES: dict[str, Page] = {}
"""A link logs in once only."""
SCENES = (the_lists, for_operators, for_units)
