"""The desk in a real browser: a ticket cannot be given back without a reason, and every other button still works."""

import pytest
from playwright.async_api import expect

from connectors.desk.store import Store
from connectors.dispatch import Filing, Open311Dispatch
from tests.browser import DESKTOP, PHONE, chromium, visit
from tests.desk import running_desk

expect.set_options(timeout=15_000)


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
async def test_a_dispatcher_gives_a_ticket_back_with_a_reason(tmp_path, size):
    async with running_desk(tmp_path) as desk, Open311Dispatch(desk.api) as client, chromium() as browser:
        filing = Filing("g1-7", "traffic.streetlight", "路灯不亮", "幸福路", unit="市政养护")
        ticket = await client.file(filing)
        await client.file(Filing("g1-8", "housing.leak", "漏水", "5号楼"))
        visitor = await visit(browser, f"{desk.url}/login?token={desk.login}", viewport=size)
        page, card = visitor.page, visitor.page.locator(f"#t-{ticket}")
        await page.get_by_label("主责单位").select_option("市政养护")
        await expect(page.locator(".card")).to_have_count(1)
        await card.locator("summary").click()
        await card.get_by_role("button", name="退回").click()
        assert await card.locator("select:invalid").count() == 1, "nothing is sent without a reason"
        await card.get_by_role("button", name="受理").click()
        await expect(card.locator(".status")).to_have_text("已受理")
        await card.get_by_label("退回原因").select_option("不在辖区")
        await card.get_by_label("办理说明").fill("归隔壁街道")
        await card.get_by_role("button", name="退回").click()
        await expect(card.locator(".bounced")).to_have_text("已退回 ×1: 不在辖区")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert visitor.trouble == []
    async with Store.open(tmp_path) as store:
        found = await store.ticket(ticket)
        assert (found.status, found.reasons, found.note) == ("returned", ("wrong_place",), "归隔壁街道")
