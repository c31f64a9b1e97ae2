"""The console in a real browser: it keeps itself up to date, and works on a phone."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.browser import DESKTOP, PHONE, Visitor, chromium, visit
from tests.console_world import World, events, fill, reported, tell, world

expect.set_options(timeout=15_000)


@pytest.fixture
async def here() -> AsyncIterator[World]:
    async with world() as made:
        await fill(made)
        yield made


async def enter(browser, here: World, size=DESKTOP, lang: str = "", **more) -> Visitor:
    """Open a login link, as an operator does, and arrive at the console."""
    token = await here.logins.issue()
    url = here.client.make_url("/login").with_query(token=token, **({"lang": lang} if lang else {}))
    visitor = await visit(browser, str(url), viewport=size, **more)
    await visitor.page.wait_for_url("**/console*")
    return visitor


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


async def test_a_login_link_leads_to_the_console_where_events_appear_as_they_happen(here):
    async with chromium() as browser:
        visitor = await enter(browser, here)
        page = visitor.page
        await expect(page.locator("#nothing")).to_be_visible()
        for event in events():
            here.ring.add(event)
        await expect(page.locator("#feed li")).to_have_count(len(events()))
        await expect(page.locator("#feed li").first).to_contain_text("web:demo:1")
        await page.locator("#trouble").check()
        await expect(page.locator("#feed li:visible")).to_have_count(2)
        assert visitor.trouble == []


async def test_what_an_event_says_is_text_and_never_markup(here):
    async with chromium() as browser:
        visitor = await enter(browser, here)
        here.ring.add(
            {"event": "<img src=x onerror=alert(1)>", "level": "info", "a": "<b>b</b>", "case": 'x"><i>'}
        )
        item = visitor.page.locator("#feed li")
        await expect(item).to_contain_text("<img src=x onerror=alert(1)>")
        assert await item.locator("img, i, b b").count() == 0
        assert visitor.trouble == []


async def test_a_new_case_comes_by_itself_and_the_search_stays(here):
    async with chromium() as browser:
        visitor = await enter(browser, here)
        page = visitor.page
        await page.locator("#search").fill("漏水")
        await expect(page.locator("tbody tr:visible")).to_have_count(0)
        await page.locator("h2").first.click()
        await page.locator("#search").blur()
        await tell(
            here.state, reported(77, here.clock.at, "housing.leak", "顶楼漏水", place="9栋", group="web:demo")
        )
        await expect(page.locator("tbody tr:visible")).to_have_count(1)
        await expect(page.locator("#search")).to_have_value("漏水")
        assert visitor.trouble == []


async def test_a_dead_letter_is_put_back_with_one_press(here):
    async with chromium() as browser:
        visitor = await enter(browser, here)
        await visitor.page.get_by_role("button", name="放回").click()
        await expect(visitor.page.get_by_role("status")).to_contain_text("已放回")
        assert (await here.state.depth())["dead"] == 0
        await expect(visitor.page.locator(".dead")).to_have_count(0)


@pytest.mark.parametrize(("size", "lang"), [(DESKTOP, ""), (DESKTOP, "en"), (PHONE, ""), (PHONE, "en")])
async def test_every_page_fits_the_screen_in_both_languages(here, size, lang):
    for event in events():
        here.ring.add(event)
    async with chromium() as browser:
        visitor = await enter(browser, here, size, lang, color_scheme="dark" if lang else "light")
        page = visitor.page
        await expect(page.locator("#feed li").first).to_be_visible()
        assert await fits(page)
        await page.locator("tbody a", has_text="3号楼").click()
        await expect(page.locator("h1")).to_contain_text("3号楼")
        assert await fits(page)
        await page.locator(".brand").click()
        await expect(page.locator(".doors")).to_be_visible()
        assert await fits(page)
        assert visitor.trouble == []


async def test_a_lost_connection_is_shown_and_its_end_too(here):
    async with chromium() as browser:
        visitor = await enter(browser, here)
        await visitor.context.set_offline(True)
        await expect(visitor.page.locator("#stale")).to_be_visible()
        await visitor.context.set_offline(False)
        await expect(visitor.page.locator("#stale")).to_be_hidden()


async def test_the_list_is_narrowed_to_one_light_and_stays_so_when_it_is_brought_up_to_date(here):
    async with chromium() as browser:
        visitor = await enter(browser, here)
        page = visitor.page
        await page.locator("#light").select_option("red")
        seen = page.locator(".cases tbody tr:visible")
        await expect(seen).to_have_count(2)
        async with page.expect_response("**/console/board*"):
            pass
        await expect(page.locator("#light")).to_have_value("red")
        await expect(seen).to_have_count(2)
