"""Scenes of the guide: returns, the two keys, disputes, lights."""

# ruff: noqa: INP001 - it belongs to a command

import tempfile
from pathlib import Path

from playwright.async_api import Browser

from docs.pictures.group import WORKER, Group
from docs.pictures.program import Linli

LIFT, LAMP = "3号楼2单元电梯又坏了", "东门口那盏路灯不亮好几天了"
DONE = "已更换门机皮带，试运行正常"
_DRAWING = """<body style="margin:0"><svg width="320" height="200" viewBox="0 0 320 200">
<rect width="320" height="200" fill="#cfd8d3"/><rect x="95" y="20" width="130" height="170" fill="#7d8b86"/>
<rect x="103" y="28" width="55" height="162" fill="#aab6b1"/><rect x="162" y="28" width="55" height="162" fill="#aab6b1"/>
<circle cx="250" cy="110" r="7" fill="#e0b548"/><circle cx="250" cy="132" r="7" fill="#8d9994"/>
<path d="m138 100 16 18 34-38" fill="none" stroke="#1d7a5b" stroke-width="11"/></svg>"""
"""What the worker sees on the spot: a lift that works."""


async def a_photo(browser: Browser, folder: str) -> Path:
    """A photo, drawn."""
    page = await browser.new_page(viewport={"width": 320, "height": 200})
    await page.set_content(_DRAWING)
    path = Path(folder) / "photo.jpg"
    await page.screenshot(path=path, type="jpeg", quality=80)
    await page.context.close()
    return path


async def two_keys(browser: Browser, linli: Linli) -> None:
    """Done, looked at, confirmed by both, marked."""
    group = Group(browser, linli, "done")
    await group.person(WORKER)
    await group.says("王阿姨", LIFT, "等待受理")
    await group.says("李老师", "谢谢邻里")
    await group.move("fixed", DONE)
    await group.take("worker-key", "请网格员到现场")
    with tempfile.TemporaryDirectory() as folder:
        photo = await a_photo(browser, folder)
        await group.replies("请网格员到现场", "修好了", photo)
    await group.sees("真的解决了吗", "王阿姨")
    await group.take_own("photo")
    await group.take("residents-key", "真的解决了吗", "王阿姨")
    await group.press("真的解决了吗", "解决了", name="王阿姨")
    await group.sees("谢谢大家")
    await group.take("marks", "谢谢大家")
    await group.press("谢谢大家", "5", name="王阿姨")
    await group.take("closed", "居民均已确认")
    await group.leave()


async def photo_first(browser: Browser, linli: Linli) -> None:
    """A grid that wants a photo before the worker's key."""
    group = Group(browser, linli, "photo")
    await group.person(WORKER)
    await group.says("王阿姨", LIFT, "等待受理")
    await group.move("fixed", DONE)
    await group.sees("请先回复一张现场照片")
    await group.take("photo-first", "请先回复一张现场照片")
    await group.press("请先回复一张现场照片", "确认修好")
    await group.take_toast("toast-photo", "请先回复", WORKER)
    await group.leave()


async def returned(browser: Browser, linli: Linli) -> None:
    """A street light between two units: the second return is ruled on by the level above."""
    group = Group(browser, linli, "returns")
    await group.person(WORKER)
    await group.says("赵师傅", LAMP, "等待受理")
    await group.says("孙姐", "晚上走路都看不清")
    await group.move("returned", "是小区自己的灯", "not_ours")
    await group.take("returned-call", "请网格员处理或再次派单")
    await group.take("returned", "退回 ×1")
    await group.press("退回 ×1", "派单")
    await group.sees("等待受理")
    await group.move("returned", "没有登高车", "needs_other_unit")
    await group.sees("退回 ×2")
    await group.take("ruling", "提到上一级，由")
    await group.take("bounced-twice", "已提到上一级：")
    await group.leave()


async def disputed(browser: Browser, linli: Linli) -> None:
    """Half fixed, not fixed, not fixed again, and a level up."""
    group = Group(browser, linli, "disputes")
    await group.person(WORKER)
    await group.says("王阿姨", LIFT, "等待受理")
    await said_to_be_done(group, "修了一半")
    await group.take("half-fixed", "修了一半 ×1")
    await said_to_be_done(group, "没解决")
    await group.take("disputed", "没修好 ×1")
    await said_to_be_done(group, "没解决")
    await group.sees("已提到上一级：")
    await group.take("raised", "已提到上一级：")
    await group.move("fixed", DONE)
    await group.press("处置单位反馈已办结", "还没修好")
    await group.take("denied", "没修好 ×3")
    await group.leave()


async def said_to_be_done(group: Group, answer: str) -> None:
    """Dispatch says so, the worker confirms, and the reporter answers."""
    await group.move("fixed", DONE)
    await group.press("处置单位反馈已办结", "确认修好")
    await group.press("真的解决了吗", answer, name="王阿姨")
    await group.sees("等待受理")


async def households(browser: Browser, linli: Linli) -> None:
    """A grid in which several households decide."""
    group = Group(browser, linli, "households")
    await group.person(WORKER)
    await group.says("王阿姨", LIFT, "等待受理")
    await group.says("李老师", "我们也等着用")
    await group.move("fixed", DONE)
    await group.press("处置单位反馈已办结", "确认修好")
    await group.sees("真的解决了吗")
    await group.press("真的解决了吗", "解决了", name="李老师")
    await group.sees("还等 2 户")
    await group.take("households", "还等 2 户")
    await group.leave()


async def nobody_answers(browser: Browser, linli: Linli) -> None:
    """The time of a key runs out."""
    group = Group(browser, linli, "lapses")
    await group.person(WORKER)
    await group.says("王阿姨", LIFT, "等待受理")
    await group.move("fixed", DONE)
    await group.sees("处置单位反馈已办结")
    await group.take("lapsed", "记为未确认")
    await group.leave()


async def the_lights(browser: Browser, linli: Linli) -> None:
    """Yellow, then red."""
    group = Group(browser, linli, "lights")
    await group.person(WORKER)
    await group.says("赵师傅", LAMP, "等网格员核实")
    await group.sees("🟡")
    await group.take("yellow", "🟡")
    await group.sees("🔴", within_ms=90_000)
    await group.take("red", "🔴")
    await group.leave()


SCENES = (two_keys, photo_first, returned, disputed, households, nobody_answers, the_lights)
