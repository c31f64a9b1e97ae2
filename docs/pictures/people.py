"""People with phones at the page of a group, for pictures: they come, write, press, reply with a photo."""

# ruff: noqa: INP001, T201, ASYNC240 - it belongs to commands that talk to the terminal and write small local files

from pathlib import Path

from playwright.async_api import Browser, FloatRect, Locator, Page, expect

from docs.pictures.palette import with_palette
from tests.browser import visit

ANSWERS_WITHIN_MS = 40_000


async def come(
    browser: Browser, address: str, name: str, size: dict[str, int], *, worker: bool = False, scale: float = 2
) -> Page:
    """Somebody with a phone opens the group."""
    visitor = await visit(
        browser, address, viewport=size, device_scale_factor=scale, timezone_id="Asia/Shanghai"
    )
    page = visitor.page
    await expect(page.get_by_test_id("line")).to_have_class("on")
    if worker:
        await page.get_by_test_id("role").select_option("worker")
    await page.get_by_test_id("name").fill(name)
    await page.get_by_test_id("name").press("Enter")
    await expect(page.get_by_test_id("name")).to_have_value(name)
    return page


async def say(page: Page, text: str) -> None:
    """Write into the group, and see it arrive."""
    await page.get_by_test_id("input").fill(text)
    await page.get_by_test_id("send").click()
    await expect(page.get_by_test_id("log").get_by_label("已送达").last).to_be_visible()
    await expect(page.locator(".pending")).to_have_count(0)


def words(page: Page, text: str) -> Locator:
    """The newest message that has these words."""
    return page.get_by_test_id("log").get_by_role("listitem").filter(has_text=text).last


async def press(page: Page, text: str, button: str) -> None:
    """Press a button under the message with these words."""
    await words(page, text).get_by_role("button", name=button).click()


async def write_down(page: Page, path: Path, largest: int, clip: FloatRect | None = None) -> None:
    """The window, or a part of it, as a file, which must not be larger than so many bytes."""
    shot = with_palette(await page.screenshot(animations="disabled", caret="hide", clip=clip))
    path.write_bytes(shot)
    print(f"{path.name}: {len(shot) // 1024} KB")
    if len(shot) > largest:
        raise SystemExit(f"{path.name} is larger than {largest} bytes")
