"""`make pictures`: takes the pictures of docs/ and the README from the running program, in Chromium.

Starts a Linli of its own on free ports and in a passing home, lets invented people talk, plays the desk, and
leaves nothing behind. LINLI_NLU_URL names an NLU server that runs already; without it one is started.
"""

# ruff: noqa: INP001 - a command

import asyncio
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from docs.pictures.people import ANSWERS_WITHIN_MS, press, say, words, write_down
from docs.pictures.people import come as come_with
from docs.pictures.program import Linli, running
from tests.browser import chromium, visit

PICTURES = Path(__file__).resolve().parent
PHONE = {"width": 390, "height": 760}
WIDE = {"width": 1080, "height": 720}
LARGEST_BYTES = 300_000
"""Of one picture: the README is read on phones too."""
# Words of the bot by which a message is known; see bot/locale/zh_CN/linli.po.
WELCOME, FILED, ONE_MORE, WHERE, DANGER = (
    "其他时候我不说话",
    "等待受理",
    "另有 1 人",
    "请问在哪里",
    "马上拨打",
)
WORKERS_KEY, RESIDENTS_KEY, MARKS = "请网格员到现场", "真的解决了吗", "谢谢大家"
NEIGHBOURS = (
    ("chunfeng-2", "赵师傅", "8号楼门口的路灯不亮好几天了"),
    ("chunfeng-2", "孙姐", "7号楼下垃圾桶满了没人清，臭死了"),
    ("yulan", "钱叔", "玉兰路12号门口井盖不见了"),
    ("yulan", "周奶奶", "6号楼停水了，早上到现在一滴水都没有"),
)
"""What is said elsewhere, so that desk and console have something to show."""


async def come(browser: Browser, address: str, name: str, *, worker: bool = False) -> Page:
    """Somebody with a phone opens the group."""
    return await come_with(browser, address, name, PHONE, worker=worker)


async def take(page: Page, name: str) -> None:
    """The picture, once nothing moves and nobody's cursor blinks."""
    await page.evaluate("document.activeElement?.blur()")
    await expect(page.get_by_test_id("toasts")).to_have_text("")
    await shoot(page, name)


async def shoot(page: Page, name: str) -> None:
    """The window as it is."""
    await write_down(page, PICTURES / f"{name}.png", LARGEST_BYTES)


# --- the scenes ------------------------------------------------------------------------------------------


async def the_loop(browser: Browser, linli: Linli) -> None:
    """From the report to the two keys, as three people see it."""
    group = "chunfeng"
    resident = await come(browser, linli.group(group), "王阿姨")
    neighbour = await come(browser, linli.group(group), "李老师")
    await say(neighbour, "早上好！")
    await expect(words(neighbour, WELCOME)).to_be_visible()
    await say(neighbour, "今天降温，大家出门多穿点")
    await say(resident, "3号楼2单元电梯又坏了，老人下不来楼")
    await expect(words(resident, FILED)).to_be_visible()
    await press(neighbour, FILED, "我也是")
    await expect(words(resident, ONE_MORE)).to_be_visible()
    await take(resident, "group")
    worker = await come(browser, linli.group(group), "网格员小陈", worker=True)
    await expect(words(worker, FILED)).to_be_visible()
    await take(worker, "card")
    await the_keys(linli, group, resident, worker)


async def the_keys(linli: Linli, group: str, resident: Page, worker: Page) -> None:
    """Dispatch says that it is done; the worker and the residents have to agree."""
    ticket = await linli.ticket(group)
    await linli.move(ticket, "accepted")
    await linli.move(ticket, "in_progress")
    await linli.move(ticket, "fixed", "维保公司已更换门机皮带，试运行正常")
    await expect(words(worker, WORKERS_KEY)).to_be_visible()
    await take(worker, "worker-key")
    await press(worker, WORKERS_KEY, "确认修好")
    await expect(words(resident, RESIDENTS_KEY)).to_be_visible()
    await take(resident, "residents-key")
    await press(resident, RESIDENTS_KEY, "解决了")
    await expect(words(resident, MARKS)).to_be_visible()
    await take(resident, "closed")


async def the_place(browser: Browser, linli: Linli) -> None:
    """A report without a place is asked about, once."""
    page = await come(browser, linli.group("guihua"), "刘大爷")
    await say(page, "楼道里的灯坏了，晚上黑漆漆的")
    await expect(words(page, WHERE)).to_be_visible(timeout=70_000)  # after the pause
    await say(page, "5号楼3单元")
    await expect(words(page, FILED)).to_be_visible()
    await take(page, "where")


async def the_danger(browser: Browser, linli: Linli) -> None:
    """Fire comes first."""
    await come(browser, linli.group("hehua"), "网格员小周", worker=True)
    page = await come(browser, linli.group("hehua"), "吴先生")
    await say(page, "着火了！5号楼1单元窗户冒浓烟")
    await expect(words(page, DANGER)).to_be_visible()
    await expect(words(page, FILED)).to_be_visible()
    await take(page, "danger")


async def the_town(browser: Browser, linli: Linli) -> None:
    """Other groups, for desk and console; then both as their people see them."""
    for group, name, text in NEIGHBOURS:
        page = await come(browser, linli.group(group), name)
        await say(page, text)
        await expect(words(page, FILED)).to_be_visible()
        await page.context.close()
    await linli.move(await linli.ticket("chunfeng-2"), "accepted")
    for name in ("desk", "console"):
        login = linli.addresses[name]
        page = (await visit(browser, login, viewport=WIDE, timezone_id="Asia/Shanghai")).page
        await page.goto(login.partition("/login")[0] + ("/console" if name == "console" else "/"))
        await shoot(page, name)


async def main() -> None:
    """All pictures."""
    expect.set_options(timeout=ANSWERS_WITHIN_MS)
    async with running() as linli, chromium() as browser:
        for scene in (the_loop, the_place, the_danger, the_town):
            await scene(browser, linli)


if __name__ == "__main__":
    asyncio.run(main())
