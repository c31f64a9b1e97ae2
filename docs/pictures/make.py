"""`make pictures`: takes the pictures of docs/ and the README from the running program, in Chromium.

Starts a Linli of its own on free ports and in a passing home, lets invented people talk, plays the desk, and
leaves nothing behind. LINLI_NLU_URL names an NLU server that runs already; without it one is started.
"""

# ruff: noqa: INP001, T201, ASYNC240 - a command that talks to the terminal and reads small local files

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Locator, Page, expect

from tests.browser import chromium, visit

PICTURES = Path(__file__).resolve().parent
PHONE = {"width": 390, "height": 760}
WIDE = {"width": 1080, "height": 720}
LARGEST_BYTES = 300_000
"""Of one picture: the README is read on phones too."""
STARTS_WITHIN = 600.0
"""Seconds; it may have to train a model first."""
ANSWERS_WITHIN_MS = 20_000
_LINLI = (sys.executable, "-m", "bot.cli")
LABELS = {"group": "群聊 group", "desk": "调度台 desk", "console": "控制台 console"}
# Words of the bot by which a message is known; see bot/locale/zh_CN/linli.po.
WELCOME, FILED, ONE_MORE, WHERE, DANGER = (
    "其他时候我不说话",
    "等待受理",
    "另有 1 人",
    "请问在哪里",
    "马上拨打",
)
WORKERS_KEY, RESIDENTS_KEY, MARKS = "请网格员到现场", "真的解决了吗", "谢谢大家"
NEIGHBOURS = (
    ("chunfeng-2", "赵师傅", "8号楼门口的路灯不亮好几天了"),
    ("chunfeng-2", "孙姐", "7号楼下垃圾桶满了没人清，臭死了"),
    ("yulan", "钱叔", "玉兰路12号门口井盖不见了"),
    ("yulan", "周奶奶", "6号楼停水了，早上到现在一滴水都没有"),
)
"""What is said elsewhere, so that desk and console have something to show."""


@dataclass(frozen=True)
class Linli:
    """A Linli at work: the addresses that it printed, and what the desk is told."""

    addresses: dict[str, str]
    environment: dict[str, str]

    def group(self, name: str) -> str:
        """The page of a group."""
        return self.addresses["group"].rpartition("/")[0] + f"/{name}"

    async def ticket(self, group: str) -> str:
        """The ticket of the group's newest case."""
        tickets = json.loads(await self._desk("list", "--json"))
        return next(str(one["id"]) for one in tickets if f"web:{group}:" in json.dumps(one))

    async def move(self, ticket: str, status: str, note: str = "") -> None:
        """Do what a dispatcher does."""
        await self._desk("set", ticket, status, *(("--note", note) if note else ()))

    async def _desk(self, *words: str) -> str:
        child = await asyncio.create_subprocess_exec(
            *_LINLI, "desk", *words, env=self.environment, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await child.communicate()
        if child.returncode:
            raise SystemExit(f"linli desk {' '.join(words)} ended with {child.returncode}")
        return said.decode()


@asynccontextmanager
async def running() -> AsyncIterator[Linli]:
    """A Linli that is ready, stopped afterwards."""
    with tempfile.TemporaryDirectory(prefix="linli-") as home:
        environment = _environment(Path(home))
        with (Path(home) / "told").open("wb") as told:  # its log, which is no news while all goes well
            child = await asyncio.create_subprocess_exec(
                *_LINLI, "run", env=environment, stdout=asyncio.subprocess.PIPE, stderr=told
            )
        try:
            async with asyncio.timeout(STARTS_WITHIN):
                addresses = await _addresses(child, Path(home) / "told")
            yield Linli(addresses, environment)
        finally:
            if child.returncode is None:
                child.terminate()
            await child.wait()


def _environment(home: Path) -> dict[str, str]:
    """Ours, without anybody's own settings but the NLU that may be at hand."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    nlu = {"LINLI_NLU_URL": url} if (url := os.environ.get("LINLI_NLU_URL")) else {}
    settings = home / "linli.toml"
    settings.write_text("", encoding="utf-8")
    ports = {"LINLI_PORT": "0", "LINLI_NLU_PORT": "0", "LINLI_DESK_PORT": "0"}
    return {**kept, **nlu, **ports, "LINLI_HOME": str(home / "home"), "LINLI_CONFIG": str(settings)}


async def _addresses(child: asyncio.subprocess.Process, told: Path) -> dict[str, str]:
    """What stands on the screen when it is ready."""
    found: dict[str, str] = {}
    while child.stdout and (line := (await child.stdout.readline()).decode()):
        for name, label in LABELS.items():
            if label in line:
                found[name] = line.split()[-1]
        if len(found) == len(LABELS):
            return found
    raise SystemExit(f"Linli did not start:\n{told.read_text(errors='replace')[-2000:]}")


# --- people ----------------------------------------------------------------------------------------------


async def come(browser: Browser, address: str, name: str, *, worker: bool = False) -> Page:
    """Somebody with a phone opens the group."""
    visitor = await visit(
        browser, address, viewport=PHONE, device_scale_factor=2, timezone_id="Asia/Shanghai"
    )
    page = visitor.page
    await expect(page.get_by_test_id("line")).to_have_class("on")
    if worker:
        await page.get_by_test_id("role").select_option("worker")
    await page.get_by_test_id("name").fill(name)
    await page.get_by_test_id("name").press("Enter")
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


async def take(page: Page, name: str) -> None:
    """The picture, once nothing moves and nobody's cursor blinks."""
    await page.evaluate("document.activeElement?.blur()")
    await expect(page.get_by_test_id("toasts")).to_have_text("")
    await shoot(page, name)


async def shoot(page: Page, name: str) -> None:
    """The window as it is."""
    path = PICTURES / f"{name}.png"
    await page.screenshot(path=path, animations="disabled", caret="hide")
    size = path.stat().st_size
    print(f"{path.name}: {size // 1024} KB")
    if size > LARGEST_BYTES:
        raise SystemExit(f"{path.name} is larger than {LARGEST_BYTES} bytes")


# --- the scenes ------------------------------------------------------------------------------------------


async def the_loop(browser: Browser, linli: Linli) -> None:
    """From the report to the two keys, as three people see it."""
    group = "chunfeng"
    resident = await come(browser, linli.group(group), "王阿姨")
    neighbour = await come(browser, linli.group(group), "李老师")
    await say(neighbour, "早上好！")
    await expect(words(neighbour, WELCOME)).to_be_visible()
    await say(neighbour, "今天降温，大家出门多穿点")
    await say(resident, "3号楼2单元电梯又坏了，老人下不来楼")
    await expect(words(resident, FILED)).to_be_visible()
    await press(neighbour, FILED, "我也是")
    await expect(words(resident, ONE_MORE)).to_be_visible()
    await take(resident, "group")
    worker = await come(browser, linli.group(group), "网格员小陈", worker=True)
    await expect(words(worker, FILED)).to_be_visible()
    await take(worker, "card")
    await the_keys(linli, group, resident, worker)


async def the_keys(linli: Linli, group: str, resident: Page, worker: Page) -> None:
    """Dispatch says that it is done; the worker and the residents have to agree."""
    ticket = await linli.ticket(group)
    await linli.move(ticket, "accepted")
    await linli.move(ticket, "in_progress")
    await linli.move(ticket, "fixed", "维保公司已更换门机皮带，试运行正常")
    await expect(words(worker, WORKERS_KEY)).to_be_visible()
    await take(worker, "worker-key")
    await press(worker, WORKERS_KEY, "确认修好")
    await expect(words(resident, RESIDENTS_KEY)).to_be_visible()
    await take(resident, "residents-key")
    await press(resident, RESIDENTS_KEY, "解决了")
    await expect(words(resident, MARKS)).to_be_visible()
    await take(resident, "closed")


async def the_place(browser: Browser, linli: Linli) -> None:
    """A report without a place is asked about, once."""
    page = await come(browser, linli.group("guihua"), "刘大爷")
    await say(page, "楼道里的灯坏了，晚上黑漆漆的")
    await expect(words(page, WHERE)).to_be_visible(timeout=70_000)  # after the pause
    await say(page, "5号楼3单元")
    await expect(words(page, FILED)).to_be_visible()
    await take(page, "where")


async def the_danger(browser: Browser, linli: Linli) -> None:
    """Fire comes first."""
    await come(browser, linli.group("hehua"), "网格员小周", worker=True)
    page = await come(browser, linli.group("hehua"), "吴先生")
    await say(page, "着火了！5号楼1单元窗户冒浓烟")
    await expect(words(page, DANGER)).to_be_visible()
    await expect(words(page, FILED)).to_be_visible()
    await take(page, "danger")


async def the_town(browser: Browser, linli: Linli) -> None:
    """Other groups, for desk and console; then both as their people see them."""
    for group, name, text in NEIGHBOURS:
        page = await come(browser, linli.group(group), name)
        await say(page, text)
        await expect(words(page, FILED)).to_be_visible()
        await page.context.close()
    await linli.move(await linli.ticket("chunfeng-2"), "accepted")
    for name in ("desk", "console"):
        login = linli.addresses[name]
        page = (await visit(browser, login, viewport=WIDE, timezone_id="Asia/Shanghai")).page
        await page.goto(login.partition("/login")[0] + ("/console" if name == "console" else "/"))
        await shoot(page, name)


async def main() -> None:
    """All pictures."""
    expect.set_options(timeout=ANSWERS_WITHIN_MS)
    async with running() as linli, chromium() as browser:
        for scene in (the_loop, the_place, the_danger, the_town):
            await scene(browser, linli)


if __name__ == "__main__":
    asyncio.run(main())
