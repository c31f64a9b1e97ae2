"""Scenes of the guide: what a worker does with a case by its menu, or by a few words in a reply."""

# ruff: noqa: INP001 - it belongs to a command

from playwright.async_api import Browser

from docs.pictures.group import WORKER, Group
from docs.pictures.program import Linli

NOISE = "3号楼对面的工地半夜还在打桩，吵得睡不着"
LIFT, LAMP, WATER = "8号楼1单元电梯坏了", "5号楼门口的路灯不亮", "2号楼下水道堵了，污水都冒出来了"
PILES = "施工噪声"
"""The category of NOISE, by which its card is known."""


async def the_menu(browser: Browser, linli: Linli) -> None:
    """Each page of 更多, and what comes of going up a level."""
    group = Group(browser, linli, "menus")
    await group.person(WORKER)
    await group.says("赵师傅", LAMP, "路灯")
    await group.says("王阿姨", NOISE, PILES)
    await group.says("李老师", "我家也被吵得没法睡", "另有 1 人")
    await group.press(PILES, "更多…")
    await group.offers(PILES, "返回")
    await group.take("more", PILES)
    await the_corrections(group)
    await the_desk(group)
    await group.leave()


async def the_corrections(group: Group) -> None:
    """Category, place, merging, splitting."""
    await group.press(PILES, "改类别")
    await group.offers(PILES, "其他类别…")
    await group.take("category", PILES)
    await group.press(PILES, "其他类别…", "下一页", "返回", "改类别", "其他类别…")
    await group.offers(PILES, "下一页")
    await group.take("category-groups", PILES)
    await group.press(PILES, "噪声环保")
    await group.offers(PILES, "交通噪声")
    await group.take("category-codes", PILES)
    await group.press(PILES, "返回", "返回", "改地点")
    await group.take_toast("toast-place", "写「地点」", WORKER)
    await group.press(PILES, "更多…", "合并到…")
    await group.take("merge", PILES)
    await group.press(PILES, "返回", "拆开")
    await group.take("split", PILES)
    await group.press(PILES, "返回")


async def the_desk(group: Group) -> None:
    """Matter, evidence, a colleague, the level above."""
    await group.press(PILES, "选事项")
    await group.offers(PILES, "全部事项…")
    await group.take("matters", PILES)
    await group.press(PILES, "全部事项…")
    await group.take("matters-all", PILES)
    await group.press(PILES, "返回", "转交…")
    await group.take("hand-over", PILES)
    await group.press(PILES, "返回", "现场核实")
    await group.take_toast("toast-inspect", "请拍张照片", WORKER)
    await group.press(PILES, "更多…", "上报一级")
    await group.sees("已提到上一级")
    await group.take("raised-by-worker", PILES)


async def given_away(browser: Browser, linli: Linli) -> None:
    """Taken on, given back; handed over; merged; not a problem."""
    group = Group(browser, linli, "menus-2")
    await group.person(WORKER)
    await group.says("赵师傅", LAMP, "等网格员核实")
    await group.press("等网格员核实", "我来处理")
    await group.press("网格员小陈正在网格内处理", "更多…", "退回…")
    await group.offers("网格员小陈正在网格内处理", "要专业单位来办")
    await group.take("give-back", "网格员小陈正在网格内处理")
    await group.press("网格员小陈正在网格内处理", "要专业单位来办")
    await group.take("given-back", "网格员退回")
    await group.press("网格员退回", "更多…", "转交…", "网格员小李")
    await group.take("handed-over", "网格员小李正在网格内处理")
    await group.says("孙姐", WATER, "下水")
    await group.press("下水", "更多…", "合并到…")
    await group.press("下水", "#1 路灯不亮 · 5号楼门口")
    await group.take("merged", "已并入")
    await group.says("钱叔", LIFT, "电梯")
    await group.press("电梯", "不是报事")
    await group.take("not-a-problem", "不是报事")
    await group.leave()


async def taken_back(browser: Browser, linli: Linli) -> None:
    """Withdrawn by the reporter, and wanted after all."""
    group = Group(browser, linli, "drops")
    await group.person(WORKER)
    await group.says("王阿姨", LIFT, "等待受理")
    await group.press("等待受理", "撤回", name="王阿姨")
    await group.take("withdrawn", "报事人已撤回")
    await group.press("报事人已撤回", "还是要办", name="王阿姨")
    await group.take("restored", "等待受理")
    await group.leave()


SCENES = (the_menu, given_away, taken_back)
