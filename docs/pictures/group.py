"""A group for the pictures of the guide: its people, and the cards that they see."""

# ruff: noqa: INP001 - it belongs to a command

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, expect

from docs.pictures.people import ANSWERS_WITHIN_MS, come, say, write_down
from docs.pictures.program import Linli

FOLDER = Path(__file__).resolve().parent / "guide"
PHONE = {"width": 360, "height": 2400}
"""As wide as the phones that most grid workers carry; so high that a card with all its buttons is never cut."""
LARGEST_BYTES = 60 * 1024
MARGIN = 8
STILL_FOR = 0.4
"""Seconds in which a card must not have changed."""
WORKER = "网格员小陈"


@dataclass
class Group:
    """A group of browsers, known to the settings by its name."""

    browser: Browser
    linli: Linli
    name: str
    people: dict[str, Page] = field(default_factory=dict)

    async def person(self, name: str) -> Page:
        """Somebody of the group, who comes when first needed; who is called a grid worker is one."""
        if name not in self.people:
            works = name.startswith("网格员")
            address = self.linli.group(self.name)
            self.people[name] = await come(self.browser, address, name, PHONE, worker=works, scale=1.5)
        return self.people[name]

    async def says(self, name: str, text: str, sees: str = "") -> None:
        """Somebody writes, and sees a message with these words."""
        page = await self.person(name)
        await say(page, text)
        if sees:
            await self.sees(sees, name)

    async def sees(self, text: str, name: str = WORKER, within_ms: int = ANSWERS_WITHIN_MS) -> Locator:
        """The newest message of the bot with these words, once it is there and stays as it is."""
        page = await self.person(name)
        said = page.locator(".text").filter(has_text=text)  # not what is quoted above it
        found = page.locator("li.message.bot").filter(has=said).last
        await expect(found).to_be_visible(timeout=within_ms)
        before = ""
        while (now := await found.inner_html()) != before:
            before = now
            await asyncio.sleep(STILL_FOR)
        return found

    async def offers(self, text: str, button: str) -> None:
        """Under the message with these words there is such a button, once there is."""
        card = await self.sees(text)
        await expect(card.get_by_role("button", name=button, exact=True)).to_be_visible()

    async def press(self, text: str, *buttons: str, name: str = WORKER) -> None:
        """Press these buttons, one after the other, each once it stands under the message with these words."""
        for button in buttons:
            card = await self.sees(text, name)
            await card.get_by_role("button", name=button, exact=True).click()

    async def replies(
        self, text: str, answer: str = "", photo: Path | None = None, name: str = WORKER
    ) -> None:
        """Answer the message with these words, in words or with a photo, or with both."""
        card, page = await self.sees(text, name), await self.person(name)
        await card.locator("button.reply").click()
        if photo is None:
            await say(page, answer)
            return
        await page.get_by_test_id("input").fill(answer)
        await page.get_by_test_id("files").set_input_files(photo)
        await expect(page.locator(".pending")).to_have_count(0)

    async def take(self, picture: str, text: str, name: str = WORKER) -> None:
        """The picture of the message with these words, with its buttons, as this person sees it."""
        card, page = await self.sees(text, name), await self.person(name)
        await self._shoot(page, card.locator(".bubble"), picture)

    async def take_own(self, picture: str) -> None:
        """The picture of the worker's own newest message."""
        page = await self.person(WORKER)
        await self._shoot(page, page.locator("li.message.own .bubble").last, picture)

    async def take_toast(self, picture: str, text: str, name: str) -> None:
        """The picture of what somebody is told who has pressed a button."""
        page = await self.person(name)
        toast = page.locator(".toast").filter(has_text=text)
        await expect(toast).to_be_visible()
        await self._shoot(page, toast, picture, toasts=True)

    async def _shoot(self, page: Page, part: Locator, picture: str, *, toasts: bool = False) -> None:
        shown = "document.activeElement?.blur()"
        gone = "document.getElementById('toasts').replaceChildren()"
        await page.evaluate(shown if toasts else f"{shown}; {gone}")
        await page.mouse.move(0, 0)  # no button looks as if it were pressed
        await part.scroll_into_view_if_needed()
        box = await part.bounding_box()
        if box is None:
            raise SystemExit(f"{picture}: there is nothing to be seen")
        x, y = max(0, box["x"] - MARGIN), max(0, box["y"] - MARGIN)
        width = min(PHONE["width"] - x, box["width"] + 2 * MARGIN)
        clip = {"x": x, "y": y, "width": width, "height": box["height"] + MARGIN + 2}
        await write_down(page, FOLDER / f"{picture}.png", LARGEST_BYTES, clip)

    async def move(self, status: str, note: str = "", reason: str = "") -> None:
        """Do what dispatch does with the group's newest ticket."""
        await self.linli.move(await self.linli.ticket(self.name), status, note, reason)

    async def leave(self) -> None:
        """Everybody puts the phone away."""
        for page in self.people.values():
            await page.context.close()
        self.people.clear()
