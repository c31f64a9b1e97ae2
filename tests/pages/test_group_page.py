"""The browser group's page in a real browser: two people and a bot, at a desk and on a phone."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Locator, expect

from actions.message import Kind, Message, Press, Role
from actions.post import Button, Post
from connectors.memory_web_log import MemoryWebLog
from connectors.web import WebChat
from tests.browser import DESKTOP, PHONE, Visitor, chromium, visit

GROUP = "web:garden"
expect.set_options(timeout=10_000)


class Clock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class Site:
    """The page's server, which can go away and come back at the same address."""

    def __init__(self, home: Path) -> None:
        self.raws: list[dict[str, Any]] = []
        self.chat = WebChat(
            MemoryWebLog(), self._accept, home, Clock(), may_work=lambda _: True, key="a key for tests only"
        )
        self._seen: set[str] = set()
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/group/garden"

    async def start(self) -> None:
        app = web.Application()
        app.add_routes(self.chat.routes())
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        assert self._runner
        for site in list(self._runner.sites):
            await site.stop()
        await self.chat.close()
        await self._runner.cleanup()

    async def heard(self, count: int) -> list[Any]:
        """The messages and presses, once there are so many."""
        async with asyncio.timeout(10), self._news:
            await self._news.wait_for(lambda: len(self._said()) >= count)
        return [await self.chat.understand(raw) for raw in self._said()]

    def _said(self) -> list[dict[str, Any]]:
        return [raw for raw in self.raws if raw["kind"] != "joined"]

    async def _accept(self, door: str, group: str, update: str, raw: dict[str, Any]) -> bool:
        if update in self._seen:
            return False
        self._seen.add(update)
        self.raws.append(raw)
        async with self._news:
            self._news.notify_all()
        return True


@pytest.fixture
async def site(tmp_path) -> AsyncIterator[Site]:
    one = Site(tmp_path)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def browser():
    async with chromium() as one:
        yield one


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
async def two(request, site, browser) -> AsyncIterator[tuple[Visitor, Visitor]]:
    """王阿姨 at either size, 小陈 (a grid worker) at a desk; neither browser has anything to complain of."""
    resident = await come(browser, site, "王阿姨", viewport=request.param)
    worker = await come(browser, site, "小陈")
    await worker.page.get_by_test_id("role").select_option("worker")
    yield resident, worker
    assert resident.trouble + worker.trouble == []


async def come(browser, site: Site, name: str, **more: Any) -> Visitor:
    visitor = await visit(browser, site.url, **more)
    await expect(visitor.page.get_by_test_id("line")).to_have_class("on")
    await visitor.page.get_by_test_id("name").fill(name)
    await visitor.page.get_by_test_id("name").press("Enter")
    return visitor


async def say(visitor: Visitor, text: str) -> None:
    await visitor.page.get_by_test_id("input").fill(text)
    await visitor.page.get_by_test_id("send").click()


def message(visitor: Visitor, number: int | str) -> Locator:
    return visitor.page.get_by_test_id(f"message-{number}")


def a_png() -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 40, 30, 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x40\x90\x70" * 40) * 30)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


async def test_two_people_talk_and_reply(site, two):
    resident, worker = two
    await say(resident, "3号楼电梯又坏了")
    await expect(message(resident, 1).get_by_label("已送达")).to_be_visible()
    await expect(message(worker, 1)).to_contain_text("3号楼电梯又坏了")
    await message(worker, 1).hover()
    await worker.page.get_by_test_id("reply-1").click()
    await expect(worker.page.get_by_test_id("strip")).to_contain_text("3号楼电梯又坏了")
    await worker.page.get_by_test_id("input").fill("我十分钟后到")
    await worker.page.get_by_test_id("input").press("Enter")
    await expect(message(resident, 2).locator(".quote")).to_contain_text("3号楼电梯又坏了")
    await expect(message(resident, 2)).to_contain_text("网格员")
    first, second = await site.heard(2)
    assert (first.sender_name, first.role) == ("王阿姨", Role.RESIDENT)
    assert (second.sender_name, second.role, second.reply_to) == ("小陈", Role.WORKER, "1")


async def test_a_photo_is_seen_by_all_and_heard_by_the_bot(site, two):
    resident, worker = two
    photo = {"name": "电梯.png", "mimeType": "image/png", "buffer": a_png()}
    await resident.page.get_by_test_id("files").set_input_files([photo])
    picture = message(worker, 1).get_by_role("img", name="照片")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("img => img.decode().then(() => img.naturalWidth)") == 40
    [heard] = await site.heard(1)
    assert heard.kind is Kind.PHOTO
    assert await site.chat.fetch(heard.attachments[0]) == a_png()


async def test_what_is_written_goes_along_with_the_photo_in_answer_to_a_message(site, two):
    resident, worker = two
    card = await site.chat.post(Post(group=GROUP, text="请到现场看一下", key="k"))
    await worker.page.get_by_test_id(f"reply-{card}").click()
    await worker.page.get_by_test_id("input").fill("修好了")
    photos = [{"name": f"{n}.png", "mimeType": "image/png", "buffer": a_png()} for n in (1, 2)]
    await worker.page.get_by_test_id("files").set_input_files(photos)
    first, second = await site.heard(2)
    assert (first.kind, first.text, first.reply_to) == (Kind.PHOTO, "修好了", card)
    assert (second.kind, second.text) == (Kind.PHOTO, "")
    await expect(message(resident, 2)).to_contain_text("修好了")
    await expect(worker.page.get_by_test_id("input")).to_have_value("")


async def test_a_button_is_pressed_and_the_answer_is_for_the_presser_only(site, two):
    resident, worker = two
    rows = ((Button("解决了", "yes"), Button("没解决", "no")),)
    card = await site.chat.post(Post(group=GROUP, text="电梯好了吗？", key="k", buttons=rows))
    await message(resident, card).get_by_role("button", name="没解决").click()
    [press] = await site.heard(1)
    assert isinstance(press, Press)
    assert (press.data, press.message, press.role) == ("no", card, Role.RESIDENT)
    await site.chat.answer(press.id, "记下了：没解决")
    await expect(resident.page.get_by_test_id("toasts")).to_contain_text("记下了：没解决")
    await site.chat.edit(card, Post(group=GROUP, text="退回维修", key="k"))
    for visitor in two:
        await expect(message(visitor, card)).to_contain_text("退回维修")
        await expect(message(visitor, card).get_by_role("button", name="没解决")).to_have_count(0)
    await expect(worker.page.get_by_test_id("toasts")).to_have_text("")


async def test_nothing_is_wider_than_the_window(site, two):
    resident, worker = two
    await say(worker, "长" * 300 + " " + "x" * 600)
    rows = tuple((Button("很长的按钮" * 8, f"{n}"), Button("b", "b"), Button("c", "c")) for n in range(2))
    await site.chat.post(Post(group=GROUP, text="y" * 300, key="k", buttons=rows, reply_to="1"))
    await expect(message(resident, 2)).to_be_visible()
    await message(resident, 1).hover()
    await resident.page.get_by_test_id("reply-1").click()
    for visitor in two:
        wide = "document.documentElement.scrollWidth - innerWidth"
        assert await visitor.page.evaluate(wide) <= 0
        inside = "[...document.querySelectorAll('.bubble, .key, .strip, .composer, .me')]"
        assert await visitor.page.evaluate(
            f"{inside}.every(e => e.getBoundingClientRect().right <= innerWidth)"
        )


@pytest.mark.parametrize(
    "text",
    [
        "<script>document.title='broken'</script><img src=x onerror=\"document.title='broken'\"><b>b</b>",
        "\u202egnp.exe שלום \u2066x",
        "zero\u200bwid\ufeffth",
    ],
)
async def test_hostile_text_is_shown_as_text(site, browser, text):
    guest = await come(browser, site, "<i>王</i>")
    await say(guest, text)
    await expect(message(guest, 1).get_by_label("已送达")).to_be_visible()
    await site.chat.post(Post(group=GROUP, text=text, key="k", buttons=((Button(text[:20], "d"),),)))
    await expect(message(guest, 2)).to_be_visible()
    for number in (1, 2):
        assert await message(guest, number).locator(".text").evaluate("e => e.textContent") == text
        assert await message(guest, number).locator(".bubble :is(b:not(.quote b), script, img)").count() == 0
    assert "broken" not in await guest.page.title()
    assert guest.trouble == []


async def test_what_is_said_while_the_connection_is_lost_arrives_once(site, browser):
    guest = await come(browser, site, "王阿姨")
    await say(guest, "before")
    await expect(message(guest, 1).get_by_label("已送达")).to_be_visible()
    await site.stop()
    await expect(guest.page.get_by_test_id("line")).to_have_text("连接断了，正在重试…")
    await say(guest, "during")
    await expect(guest.page.get_by_text("发送中…")).to_be_visible()
    await site.start()
    await site.chat.post(Post(group=GROUP, text="meanwhile", key="k"))
    await expect(guest.page.get_by_test_id("log").get_by_text("meanwhile")).to_be_visible(timeout=30_000)
    await expect(guest.page.locator(".pending")).to_have_count(0)
    await expect(guest.page.get_by_test_id("log").get_by_role("listitem")).to_have_count(3)
    assert [heard.text for heard in await site.heard(2)] == ["before", "during"]


async def test_who_comes_back_is_who_they_were_and_another_tab_is_somebody_else(site, browser):
    guest = await come(browser, site, "王阿姨")
    await say(guest, "one")
    await expect(message(guest, 1).get_by_label("已送达")).to_be_visible()
    other = await guest.context.new_page()
    await other.goto(site.url)
    await other.get_by_test_id("input").fill("two")
    await other.get_by_test_id("send").click()
    await guest.page.reload()
    await expect(message(guest, 2)).to_be_visible()
    await say(guest, "three")
    one, two, three = [heard.sender for heard in await site.heard(3)]
    assert one == three
    assert one != two


async def test_a_long_touch_replies(site, browser):
    guest = await come(browser, site, "王阿姨", viewport=PHONE)
    card = await site.chat.post(Post(group=GROUP, text="在哪个单元？", key="k"))
    await message(guest, card).locator(".bubble").dispatch_event("pointerdown", {"pointerType": "touch"})
    await expect(guest.page.get_by_test_id("strip")).to_contain_text("在哪个单元？")
    await say(guest, "2单元")
    [heard] = await site.heard(1)
    assert (heard.reply_to, heard.quoted, heard.addressed) == (card, "在哪个单元？", True)


async def test_enter_sends_and_shift_enter_is_a_new_line(site, browser):
    guest = await come(browser, site, "王阿姨")
    box = guest.page.get_by_test_id("input")
    await box.press_sequentially("a")
    await box.press("Shift+Enter")
    await box.press_sequentially("b")
    await box.press("Enter")
    assert [heard.text for heard in await site.heard(1)] == ["a\nb"]
    await expect(box).to_have_value("")


async def test_a_place_comes_from_the_device_or_is_written(site, browser):
    guest = await come(
        browser,
        site,
        "王阿姨",
        permissions=["geolocation"],
        geolocation={"latitude": 30.27, "longitude": 120.15},
    )
    await guest.page.get_by_test_id("place").click()
    await guest.page.get_by_test_id("where-here").click()
    await expect(message(guest, 1).get_by_role("link")).to_have_attribute("href", "geo:30.27,120.15")
    await guest.context.clear_permissions()
    for written in ("31.2，121.5", "东门保安亭"):
        await guest.page.get_by_test_id("place").click()
        await guest.page.get_by_test_id("where-text").fill(written)
        await guest.page.get_by_test_id("where-send").click()
    heard: list[Message] = await site.heard(3)
    assert [one.kind for one in heard] == [Kind.LOCATION, Kind.LOCATION, Kind.TEXT]
    assert heard[1].point is not None
    assert (heard[1].point.lat, heard[1].point.long, heard[2].text) == (31.2, 121.5, "东门保安亭")


async def test_a_file_that_is_no_photo_is_refused_in_words(site, browser):
    guest = await come(browser, site, "王阿姨")
    fake = {"name": "a.png", "mimeType": "image/png", "buffer": b"<svg onload=alert(1)>"}
    await guest.page.get_by_test_id("files").set_input_files([fake])
    await expect(guest.page.get_by_test_id("toasts")).to_contain_text("只能发照片或语音")
    await expect(guest.page.get_by_role("button", name="重试")).to_be_visible()
    assert site.raws == []


async def test_a_voice_note_is_recorded_sent_and_can_be_played(site, browser):
    guest = await come(browser, site, "王阿姨")
    await guest.page.evaluate(
        """() => { navigator.mediaDevices.getUserMedia = async () => {
            const sound = new AudioContext(), tone = sound.createOscillator(), out = sound.createMediaStreamDestination();
            tone.connect(out); tone.start(); window.sound = sound; return out.stream; }; }"""
    )
    await guest.page.get_by_test_id("voice").click()
    await expect(guest.page.get_by_test_id("strip")).to_contain_text("正在录音")
    await guest.page.evaluate(
        "async () => { while (window.sound.currentTime < 0.3) await new Promise(requestAnimationFrame); }"
    )
    await guest.page.get_by_test_id("voice").click()
    await expect(message(guest, 1).locator("audio")).to_be_visible()
    [heard] = await site.heard(1)
    assert (heard.kind, heard.attachments[0].mime) == (Kind.VOICE, "audio/webm")


async def test_the_page_speaks_english_where_it_is_asked_to(site, browser):
    guest = await visit(browser, f"{site.url}?lang=en")
    await expect(guest.page.get_by_test_id("input")).to_have_attribute("placeholder", "Say something…")
    await expect(guest.page.get_by_test_id("role")).to_have_accessible_name("Your role")
    assert await guest.page.locator("html").get_attribute("lang") == "en-GB"
