"""The page of the rates in a real browser: it fits a phone, has no scripts, and its files can be had."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.bot.rates_world import NOW, live_through, settings
from tests.browser import DESKTOP, PHONE, chromium, visit
from tests.console_world import World, world

expect.set_options(timeout=15_000)


@pytest.fixture
async def here() -> AsyncIterator[World]:
    async with world(settings()) as made:
        await live_through(made.state, NOW)
        yield made


async def enter(browser, here: World, size=DESKTOP, lang: str = "", **more):
    """Log in and go to the page by the console's link."""
    query = {"token": await here.logins.issue(), **({"lang": lang} if lang else {})}
    visitor = await visit(
        browser, str(here.client.make_url("/login").with_query(query)), viewport=size, **more
    )
    await visitor.page.wait_for_url("**/console*")
    await visitor.page.locator("header.top a[href^='/console/rates']").click()
    await visitor.page.wait_for_url("**/console/rates*")
    return visitor


@pytest.mark.parametrize(("size", "lang"), [(DESKTOP, ""), (DESKTOP, "en"), (PHONE, ""), (PHONE, "en")])
async def test_the_page_fits_the_screen_in_both_languages_and_breaks_no_rule(here, size, lang):
    async with chromium() as browser:
        visitor = await enter(browser, here, size, lang, color_scheme="dark" if lang else "light")
        page = visitor.page
        await expect(page.locator(".rate .percent").first).to_have_text("75.0%")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        full = await page.locator(".rates .resolution rect.full").bounding_box()
        ground = await page.locator(".rates .resolution rect.ground").bounding_box()
        assert full["width"] == pytest.approx(ground["width"] / 2, rel=0.02)
        await page.get_by_role("link", name="Last week" if lang else "上周").click()
        await expect(page.locator(".trend li")).to_have_count(7)
        await expect(page.locator("input[name=from]")).to_have_value("2026-11-09")
        assert visitor.trouble == []


async def test_days_can_be_chosen_and_the_file_is_that_of_the_days(here):
    async with chromium() as browser:
        visitor = await enter(browser, here)
        page = visitor.page
        await page.locator("input[name=from]").fill("2026-11-01")
        await page.get_by_role("button", name="查看").click()
        await expect(page.locator(".trend li")).to_have_count(22)
        async with page.expect_download() as download:
            await page.locator("#level a", has_text="XLSX").click()
        assert (await download.value).suggested_filename == "linli-2026-11-01-2026-11-22-level.xlsx"
        assert visitor.trouble == []
