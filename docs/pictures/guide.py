"""`make guide`: photographs every card that a grid worker meets, for docs/workers.md, from the running program.

Several groups of one Linli play their scenes one after the other; names of scenes as arguments play only those.
"""

# ruff: noqa: INP001, T201 - a command

import asyncio
import sys
from collections.abc import Awaitable, Callable

from playwright.async_api import Browser, expect

from docs.pictures import guide_closing, guide_menus, guide_pages, guide_reports
from docs.pictures.group import FOLDER
from docs.pictures.people import ANSWERS_WITHIN_MS
from docs.pictures.program import Linli, running
from docs.pictures.town import SETTINGS
from tests.browser import chromium

Scene = Callable[[Browser, Linli], Awaitable[None]]
SCENES: tuple[Scene, ...] = (
    *guide_reports.SCENES,
    *guide_menus.SCENES,
    *guide_closing.SCENES,
    *guide_pages.SCENES,
)


async def main(names: list[str]) -> None:
    """All scenes, or those of these names."""
    expect.set_options(timeout=ANSWERS_WITHIN_MS)
    chosen = [scene for scene in SCENES if not names or scene.__name__ in names]
    FOLDER.mkdir(exist_ok=True)
    async with running(SETTINGS) as linli, chromium() as browser:
        for scene in chosen:
            print(f"--- {scene.__name__}")
            await scene(browser, linli)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
