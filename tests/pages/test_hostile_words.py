"""Hostile names and words on every page, in a real browser: they are text, run nothing, and turn nothing round."""

import pytest

from connectors.desk.store import Draft, Store
from tests.browser import chromium, visit
from tests.console_world import reported, tell, world
from tests.desk import running_desk

MARKUP = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
WORDS = (
    MARKUP,
    "\"'><svg onload=\"document.title='owned'\">",
    "javascript:document.title='owned'",
    "{{ 7*7 }}",
)
TURNED = "\u202e坏了 3号楼"


async def owned(page) -> bool:
    await page.wait_for_load_state("networkidle")
    return await page.title() == "owned" or await page.locator("img[src=x], svg[onload]").count() > 0


async def test_the_console_shows_hostile_words_as_words():
    async with world() as here, chromium() as browser:
        for number, words in enumerate(WORDS, 1):
            await tell(
                here.state,
                reported(
                    number, here.clock.at, "housing.leak", words, place=words, by_name=words, group="web:demo"
                ),
            )
        token = await here.logins.issue()
        visitor = await visit(browser, str(here.client.make_url("/login").with_query(token=token)))
        await visitor.page.wait_for_url("**/console*")
        text = await visitor.page.inner_text("#board")
        assert all(words in text for words in WORDS)
        assert not await visitor.page.evaluate("document.title === 'owned'")
        assert await visitor.page.locator("img[src=x], svg[onload]").count() == 0
        for number in range(1, len(WORDS) + 1):
            await visitor.page.goto(str(here.client.make_url(f"/console/case/web:demo:{number}")))
            assert not await owned(visitor.page)
        assert visitor.trouble == []


async def test_words_that_turn_round_turn_only_themselves():
    async with world() as here, chromium() as browser:
        await tell(
            here.state, reported(1, here.clock.at, "housing.leak", "a", place=TURNED, group="web:demo")
        )
        token = await here.logins.issue()
        visitor = await visit(browser, str(here.client.make_url("/login").with_query(token=token)))
        await visitor.page.wait_for_url("**/console*")
        styles = await visitor.page.evaluate(
            "[...document.querySelectorAll('#board .place, #board b, #board small, #board code')]"
            ".map((one) => getComputedStyle(one).unicodeBidi)"
        )
    assert set(styles) == {"isolate"}


@pytest.fixture
async def desk(tmp_path):
    async with Store.open(tmp_path) as store:
        for words in WORDS:
            await store.add(
                Draft("housing.leak", words, words, media_urls=("javascript:document.title='owned'", MARKUP))
            )
    async with running_desk(tmp_path) as made:
        yield made


async def test_the_desk_shows_hostile_words_as_words_and_links_to_the_web_only(desk):
    async with chromium() as browser:
        visitor = await visit(browser, f"{desk.url}/login?token={desk.login}")
        await visitor.page.wait_for_url(f"{desk.url}/")
        for card in await visitor.page.locator("details.card").all():
            await card.locator("summary").click()
        text = await visitor.page.inner_text("#list")
        assert all(words in text for words in WORDS)
        assert not await owned(visitor.page)
        targets = await visitor.page.evaluate("[...document.links].map((one) => one.protocol)")
        assert set(targets) <= {"http:", "https:"}
        assert visitor.trouble == []
