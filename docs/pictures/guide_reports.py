"""Scenes of the guide: what happens between a report and a unit that works on it."""

# ruff: noqa: INP001 - it belongs to a command

from playwright.async_api import Browser

from docs.pictures.group import WORKER, Group
from docs.pictures.program import Linli, running
from docs.pictures.town import SETTINGS, STAFF_ROOM

LIFT = "3号楼2单元电梯又坏了，老人下不来楼"
LAMP = "东门口那盏路灯不亮好几天了"
NOWHERE = "http://127.0.0.1:9/open311/v2"
"""A dispatch backend that nobody reaches."""


async def the_way(browser: Browser, linli: Linli) -> None:
    """Sent, seconded, accepted, worked on."""
    group = Group(browser, linli, "chunfeng")
    await group.person(WORKER)
    await group.says("王阿姨", LIFT, "等待受理")
    await group.take("open", "等待受理")
    await group.says("李老师", "我家也是，刚才被关在里面好几分钟")
    await group.sees("另有 1 人")
    await group.take("me-too", "另有 1 人")
    await group.move("accepted")
    await group.take("accepted", "已受理")
    await group.move("in_progress")
    await group.take("in-progress", "正在办理")
    await group.leave()


async def it_waits(browser: Browser, linli: Linli) -> None:
    """A grid that looks first: take it on, do it, ask the residents."""
    group = Group(browser, linli, "waits")
    await group.person(WORKER)
    await group.says("张大爷", "3号楼前面的垃圾桶满了，没人清", "等网格员核实")
    await group.take("waiting", "等网格员核实")
    await group.press("等网格员核实", "派单", name="张大爷")
    await group.take_toast("toast-wrong-person", "由网格员来点", "张大爷")
    await group.press("等网格员核实", "我来处理")
    await group.take("handling", "正在网格内处理")
    await group.press("正在网格内处理", "处理好了")
    await group.take("handled", "真的解决了吗")
    await group.press("真的解决了吗", "解决了", name="张大爷")
    await group.take("solved", "网格内已解决")
    await group.leave()


async def it_reminds(browser: Browser, linli: Linli) -> None:
    """Nobody looks at it for a while."""
    group = Group(browser, linli, "reminds")
    await group.person(WORKER)
    await group.says("张大爷", "小区大门口的路灯坏了", "等网格员核实")
    await group.take("reminded", "⏰")
    await group.leave()


async def no_place(browser: Browser, linli: Linli) -> None:
    """A report without a place."""
    group = Group(browser, linli, "where")
    await group.person(WORKER)
    await group.says("刘大爷", "楼道里的灯坏了，晚上黑漆漆的", "请问在哪里")
    await group.take("where", "请问在哪里")
    await group.leave()


async def many_places(browser: Browser, linli: Linli) -> None:
    """Several buildings are one case."""
    group = Group(browser, linli, "buildings")
    await group.person(WORKER)
    await group.says("周奶奶", "6号楼停水了，早上到现在一滴水都没有", "等待受理")
    await group.says("钱叔", "7号楼也停水了", "另有 1 人")
    await group.says("孙姐", "8号楼也没水")
    await group.take("buildings", "另有 2 人")
    await group.leave()


async def two_groups(browser: Browser, linli: Linli) -> None:
    """The same event in another group of the community."""
    first, second = Group(browser, linli, "twins"), Group(browser, linli, "twins-2")
    await first.says("周奶奶", "9号楼停水了，一滴水都没有", "等待受理")
    await second.person(WORKER)
    await second.says("钱叔", "9号楼怎么停水了", "别的群已经报过")
    await second.take("other-group", "别的群已经报过")
    await first.leave()
    await second.leave()


async def not_sure(browser: Browser, linli: Linli) -> None:
    """What the bot keeps for the worker."""
    group = Group(browser, linli, "unsure")
    await group.person(WORKER)
    await group.says("赵师傅", "5号楼下面好像有股怪味")
    await group.says("孙姐", "7号楼电梯今天有点抖")
    await group.says(WORKER, "/unsure")
    await group.take("unsure", "拿不准算不算报事")
    await group.leave()


async def in_private(browser: Browser, linli: Linli) -> None:
    """A neutral line instead of a card."""
    group = Group(browser, linli, "private")
    await group.person(WORKER)
    await group.says("小吴", "6号楼楼上那家男的又在打老婆孩子")
    await group.take("private-line", "不适合在群里说")
    await group.leave()


async def inside(browser: Browser, linli: Linli) -> None:
    """What the group sees less of."""
    group = Group(browser, linli, "inside")
    await group.person(WORKER)
    await group.says("小郑", "6号楼2单元502邻居家天天剁肉拖椅子，楼下吵得不行", "生活噪声")
    await group.take("inside", "生活噪声")
    await group.leave()


async def for_staff(browser: Browser, linli: Linli) -> None:
    """The workers have a group of their own."""
    group, staff = Group(browser, linli, "chunfeng-1"), Group(browser, linli, STAFF_ROOM)
    await staff.person(WORKER)
    await group.says("王阿姨", LIFT, "等待受理")
    await group.take("staff-residents", "等待受理", "王阿姨")
    await staff.take("staff", "等待受理")
    await group.leave()
    await staff.leave()


async def the_danger(browser: Browser, linli: Linli) -> None:
    """Fire: first the warning, then the card in its place."""
    group = Group(browser, linli, "danger")
    await group.person(WORKER)
    await group.says("吴先生", "着火了！5号楼1单元窗户冒浓烟")
    await group.sees("等待受理")
    await group.take("danger", "马上拨打")
    await group.leave()


async def no_dispatch(browser: Browser, linli: Linli) -> None:
    """Dispatch does not answer."""
    away = {"LINLI_DISPATCH_URL": NOWHERE, "LINLI_NLU_URL": linli.nlu}
    settings = f"{SETTINGS}".replace("[policy]", "[policy]\ndelay_told_seconds = 6", 1)
    async with running(settings, **away) as cut_off:
        group = Group(browser, cut_off, "chunfeng")
        await group.person(WORKER)
        await group.says("王阿姨", LIFT, "正在上报")
        await group.take("filing", "正在上报")
        await group.take("filing-delayed", "暂时连不上")
        await group.leave()


SCENES = (
    the_way,
    it_waits,
    it_reminds,
    no_place,
    many_places,
    two_groups,
    not_sure,
    in_private,
    inside,
    for_staff,
    the_danger,
    no_dispatch,
)
