"""A real browser for tests of pages: Chromium without a window, one for a test, a context for a person."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

DESKTOP = {"width": 1200, "height": 800}
PHONE = {"width": 390, "height": 844}
ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The system's Chromium."""
    binary = shutil.which("chromium")
    assert binary, "the page tests need Chromium: apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=binary, args=list(ARGS))
        try:
            yield browser
        finally:
            await browser.close()


class Visitor:
    """One person at one page; `trouble` is what the browser complained of (errors, broken rules of CSP)."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.trouble: list[str] = []
        page.on("pageerror", lambda error: self.trouble.append(str(error)))
        page.on("console", lambda told: self.trouble.append(told.text) if told.type == "error" else None)


async def visit(
    browser: Browser, url: str, *, viewport: dict[str, int] | None = None, locale: str = "zh-CN", **more: Any
) -> Visitor:
    """Open a page as somebody new."""
    size: Any = viewport or DESKTOP
    context = await browser.new_context(
        viewport=size, locale=locale, has_touch=size["width"] < 600, service_workers="block", **more
    )
    visitor = Visitor(context, await context.new_page())
    await visitor.page.goto(url)
    return visitor
