"""The whole loop by the pages alone, in a real browser: a resident on a phone, a worker, a dispatcher, an operator."""

import asyncio

from playwright.async_api import Locator, expect

from tests.browser import PHONE, Visitor, chromium, visit
from tests.running import running_linli

LIFT = "3号楼2单元电梯又坏了"
expect.set_options(timeout=15_000)


async def test_from_the_report_to_five_stars(nlu, tmp_path):
    async with running_linli(tmp_path, nlu_url=nlu) as linli, chromium() as browser:
        page = linli.link("group")
        wang, meng, desk, operator = await asyncio.gather(
            visit(browser, page, viewport=PHONE),
            visit(browser, page),
            visit(browser, linli.link("desk")),
            visit(browser, linli.link("console")),
        )
        await call(wang, "王阿姨")
        await call(meng, "孟姐", "worker")
        await expect(desk.page.get_by_text("暂无待办")).to_be_visible()
        await expect(operator.page.locator(".figures")).to_be_visible()

        await say(wang, LIFT)
        case = await linli.one_case("web:demo", stage="open")
        card = wang.page.locator("li.bot").filter(has_text="#1").first
        for words in ("电梯", "3号楼2单元", case["ticket"]):
            await expect(card).to_contain_text(words)
        await expect(operator.page.get_by_text(LIFT)).to_be_visible()

        await move(desk, case["ticket"], "受理")
        await linli.one_case("web:demo", stage="accepted")
        await move(desk, case["ticket"], "处理中")
        await linli.one_case("web:demo", stage="in_progress")
        await move(desk, case["ticket"], "已修复", "已更换门机")

        await key(meng, "确认修好").click()
        await linli.one_case("web:demo", stage="residents_key")
        await key(wang, "解决了").click()
        await linli.one_case("web:demo", stage="closed")
        await key(wang, "5").click()
        await expect(card).to_contain_text("★ 5.0")
        await operator.page.goto(f"{linli.url}/console/case/{case['id']}")
        await expect(operator.page.locator(".head .chip")).to_have_text("已办结")
        assert wang.trouble + meng.trouble + desk.trouble + operator.trouble == []


async def call(visitor: Visitor, name: str, role: str = "resident") -> None:
    """Somebody says who they are."""
    await expect(visitor.page.get_by_test_id("line")).to_have_class("on")
    await visitor.page.get_by_test_id("name").fill(name)
    await visitor.page.get_by_test_id("name").press("Enter")
    await visitor.page.get_by_test_id("role").select_option(role)


async def say(visitor: Visitor, text: str) -> None:
    """Somebody writes into the group."""
    await visitor.page.get_by_test_id("input").fill(text)
    await visitor.page.get_by_test_id("send").click()


def key(visitor: Visitor, label: str) -> Locator:
    """The newest button of this label in the group."""
    return visitor.page.get_by_role("button", name=label, exact=True).last


async def move(desk: Visitor, ticket: str, label: str, note: str = "") -> None:
    """The dispatcher opens the ticket, writes a note, presses a button."""
    card = desk.page.locator(f"#t-{ticket}")
    await expect(card).to_be_visible()
    if await card.get_attribute("open") is None:
        await card.locator("summary").click()
    if note:
        await card.get_by_role("textbox").fill(note)
    await card.get_by_role("button", name=label, exact=True).click()
