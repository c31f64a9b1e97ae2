"""The browser group: its log (in memory and on a real Redis), its side of the port, and its socket."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestClient, TestServer

from actions.errors import Refused, Unreachable
from actions.message import Attachment, Joined, Kind, Message, Point, Press, Role
from actions.post import Button, Post
from connectors.memory_web_log import MemoryWebLog
from connectors.partition import partition_of
from connectors.web import WebChat
from connectors.web_log import KEPT, LARGEST_FILE, Event, RedisWebLog, WebLog
from tests.real_redis import RealRedis, real_redis

NOW = datetime(2026, 3, 2, 7, 41, tzinfo=UTC)
GROUP = "web:garden"
KEY = "a key for tests only"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
TOKEN_OF_NOBODY = "WyJhIiwiYiJd.c2lnbmVkIGJ5IG5vYm9keQ"


class Clock:
    def now(self) -> datetime:
        return NOW


class Inbox:
    """What was accepted, in order; `broken` answers nothing."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
        self.broken = False

    async def accept(self, door: str, group: str, update: str, raw: dict[str, Any]) -> bool:
        if self.broken:
            raise Unreachable("Redis does not answer")
        if (door, update) in self.entries:
            return False
        self.entries[door, update] = (group, json.loads(json.dumps(raw)))
        return True

    @property
    def raws(self) -> list[dict[str, Any]]:
        return [raw for _, raw in self.entries.values()]


class Sight:
    """One process that serves the page, with its inbox."""

    def __init__(self, chat: WebChat, client: TestClient[Any, Any], inbox: Inbox) -> None:
        self.chat, self.client, self.inbox = chat, client, inbox

    @property
    def origin(self) -> str:
        return str(self.client.make_url("/")).rstrip("/")

    async def visit(self, name: str, group: str = "garden", **hello: Any) -> "Visitor":
        """Somebody opens the page in the client's browser."""
        (await self.client.get(f"/group/{group}")).release()
        socket = await self.client.ws_connect(f"/group/{group}/ws", headers={"Origin": self.origin})
        visitor = Visitor(socket)
        await visitor.hello(name, **hello)
        return visitor

    async def upload(self, content: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
        (await self.client.get("/group/garden")).release()
        answer = await self.client.post(
            "/group/garden/media", data=BytesIO(content), headers={"Origin": self.origin} | headers
        )
        return answer.status, await answer.json(content_type=None) if answer.status != 403 else {}

    async def heard(self) -> list[Any]:
        return [await self.chat.understand(raw) for raw in self.inbox.raws]


class Visitor:
    """One open socket."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.seen: list[dict[str, Any]] = []
        self.person = ""
        self.token = ""

    async def hello(self, name: str, role: str = "resident", **more: Any) -> dict[str, Any]:
        await self.send(type="hello", name=name, role=role, **more)
        welcome = await self.until("welcome")
        self.person, self.token = welcome["person"], welcome["token"]
        return welcome

    async def send(self, **frame: Any) -> None:
        await self.socket.send_str(json.dumps(frame))

    async def say(self, text: str, client_id: str = "c1", **more: Any) -> str:
        """Say it and wait until it is acknowledged: the message's id."""
        await self.send(type="say", client_id=client_id, text=text, **more)
        return str((await self.until("ack", client_id=client_id))["id"])

    async def until(self, kind: str, **what: Any) -> dict[str, Any]:
        """The next frame of this kind; what comes before it is kept in `seen`."""
        async with asyncio.timeout(10):
            while True:
                frame = await self.socket.receive_json()
                self.seen.append(frame)
                if frame["type"] == kind and all(frame[name] == value for name, value in what.items()):
                    return dict(frame)

    async def event(self, text: str) -> dict[str, Any]:
        """The event with this text, when it comes."""
        while True:
            if found := [f for f in self.seen if f["type"] == "event" and f["event"]["text"] == text]:
                return dict(found[-1])
            await self.until("event")


@pytest.fixture
async def redis(tmp_path) -> AsyncIterator[RealRedis]:
    async with real_redis(tmp_path / "redis") as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
async def log(request, tmp_path) -> AsyncIterator[WebLog]:
    if request.param == "memory":
        yield MemoryWebLog()
        return
    async with real_redis(tmp_path / "redis") as server, server.client() as client:
        yield RedisWebLog(client)


@asynccontextmanager
async def serving(log: WebLog, home, *, may_work: bool = True, inbox: Inbox | None = None):
    inbox = inbox or Inbox()
    chat = WebChat(log, inbox.accept, home, Clock(), may_work=lambda _: may_work, key=KEY)
    app = web.Application()
    app.add_routes(chat.routes())

    async def leave(_: web.Application) -> None:
        await chat.close()

    app.on_shutdown.append(leave)
    async with TestClient(TestServer(app)) as client:
        yield Sight(chat, client, inbox)


@pytest.fixture
async def sight(log, tmp_path) -> AsyncIterator[Sight]:
    async with serving(log, tmp_path) as one:
        yield one


@pytest.fixture
async def plain(tmp_path) -> AsyncIterator[Sight]:
    """A page on the log in memory, where it does not matter which log it is."""
    async with serving(MemoryWebLog(), tmp_path) as one:
        yield one


def a_post(text: str = "收到", key: str = "case:1:0", **more: Any) -> Post:
    return Post(group=GROUP, text=text, key=key, **more)


# --- the log ----------------------------------------------------------------------------------------


async def test_ids_grow_by_one_in_each_group(log):
    first = [(await log.reserve(GROUP, key, {}))[0]["id"] for key in "abc"]
    other = (await log.reserve("web:other", "a", {}))[0]["id"]
    assert (first, other, await log.last(GROUP)) == (["1", "2", "3"], "1", 3)


async def test_the_same_key_keeps_the_first_words_and_id(log):
    await log.reserve(GROUP, "a", {"text": "first"})
    assert await log.reserve(GROUP, "a", {"text": "second"}) == ({"id": "1", "text": "first"}, True)


async def test_a_reserved_message_is_shown_once_however_often_it_is_asked_for(log):
    body, _ = await log.reserve(GROUP, "a", {"text": "x"})
    assert await log.recent(GROUP, 9) == []
    await log.show(GROUP, "1")
    await log.show(GROUP, "1")
    assert [(event.kind, event.body) for event in await log.recent(GROUP, 9)] == [("message", body)]
    assert (await log.reserve(GROUP, "a", {}))[1] is False


async def test_reading_goes_on_from_the_cursor(log):
    for key in "abc":
        await log.show(GROUP, (await log.reserve(GROUP, key, {"text": key}))[0]["id"])
    events = await log.recent(GROUP, 2)
    assert [event.body["text"] for event in events] == ["b", "c"]
    assert await log.after(GROUP, events[0].cursor, 10) == events[1:]
    assert await log.after(GROUP, events[1].cursor, 10) == []


async def test_a_reader_is_woken_by_what_comes(log):
    reader = asyncio.create_task(log.after(GROUP, "0-0", 5000))
    await asyncio.sleep(0)
    await log.toast(GROUP, {"to": "p", "text": "hi"})
    assert [(event.kind, event.body["text"]) for event in await reader] == [("toast", "hi")]


async def test_an_edit_is_an_event_and_what_is_read_from_then_on(log):
    body, _ = await log.reserve(GROUP, "a", {"text": "old"})
    await log.replace(GROUP, body | {"text": "new"})
    assert await log.message(GROUP, "1") == {"id": "1", "text": "new"}
    assert [event.kind for event in await log.recent(GROUP, 9)] == ["edit"]


async def test_what_was_edited_away_is_not_read_again_from_the_history(log):
    body, _ = await log.reserve(GROUP, "a", {"text": "old"})
    await log.show(GROUP, "1")
    await log.replace(GROUP, body | {"text": "new"})
    await log.toast(GROUP, {"to": "p", "text": "hi"})
    for events in (await log.recent(GROUP, 9), await log.after(GROUP, "0-0", 10)):
        assert [(event.kind, event.body["text"]) for event in events] == [
            ("message", "new"),
            ("edit", "new"),
            ("toast", "hi"),
        ]


async def test_a_worker_is_listed_until_they_come_as_somebody_else(log):
    await log.works(GROUP, "web:b", "小李")
    await log.works(GROUP, "web:a", "小陈")
    assert await log.workers(GROUP) == (("web:a", "小陈"), ("web:b", "小李"))
    await log.works(GROUP, "web:b", None)
    assert await log.workers(GROUP) == (("web:a", "小陈"),)


async def test_the_oldest_messages_and_events_are_forgotten(log):
    async def say(number: int) -> None:
        await log.show(GROUP, (await log.reserve(GROUP, f"k{number}", {}))[0]["id"])

    for start in range(0, KEPT + 300, 50):
        await asyncio.gather(*(say(start + number) for number in range(50)))
    assert await log.message(GROUP, "300") is None
    assert await log.message(GROUP, "301") == {"id": "301"}
    assert KEPT <= len(await log.recent(GROUP, 9999)) <= KEPT + 100


async def test_what_a_person_said_is_gone_with_its_files_and_what_others_quoted_of_it(sight, log):
    aunt, other = await sight.visit("阿姨"), await sight.visit("老李")
    mine = await aunt.say("3号楼灯坏了")
    await other.say("我家也是", client_id="c2", reply_to=mine)
    person = f"web:{aunt.person}"
    assert await sight.chat.erase(GROUP, person) == 1
    assert await log.message(GROUP, mine) is None
    events = await log.recent(GROUP, 99)
    assert [event.body["text"] for event in events if event.kind == "message"] == ["我家也是"]
    assert "灯坏了" not in json.dumps([event.body for event in events], ensure_ascii=False)
    assert await sight.chat.erase(GROUP, person) == 0


async def test_what_was_said_before_a_moment_is_gone_and_the_rest_stays(log):
    for number, day in enumerate((1, 5)):
        body = {"at": f"2026-03-0{day}T08:00:00+00:00", "text": f"第{number}句", "role": "resident"}
        await log.show(GROUP, (await log.reserve(GROUP, f"k{number}", body))[0]["id"])
    chat = WebChat(log, Inbox().accept, Path("nowhere"), Clock(), may_work=lambda _: True, key=KEY)
    assert await chat.prune(GROUP, datetime(2026, 3, 3, tzinfo=UTC)) == 1
    assert [event.body["text"] for event in await log.recent(GROUP, 9)] == ["第1句"]


async def test_no_words_stand_in_the_stream_of_events(redis):
    async with redis.client() as client:
        log = RedisWebLog(client)
        await log.show(GROUP, (await log.reserve(GROUP, "k", {"text": "灯坏了"}))[0]["id"])
        await log.replace(GROUP, {"id": "1", "text": "灯又坏了"})
        streams = [key for key in await client.keys("*") if await client.type(key) == "stream"]
        assert "坏了" not in str([await client.xrange(key) for key in streams])
        assert [event.body["text"] for event in await log.recent(GROUP, 9)] == ["灯又坏了", "灯又坏了"]


async def test_every_key_of_a_group_carries_the_hash_tag_of_its_partition(redis):
    async with redis.client() as client:
        log = RedisWebLog(client)
        body, _ = await log.reserve(GROUP, "post.a", {"text": "x"})
        await log.show(GROUP, "1")
        await log.replace(GROUP, body)
        await log.works(GROUP, "web:a", "小陈")
        await log.know(GROUP)
        await log.reserve(GROUP, "post.b", {})
        head = f"linli:{{p{partition_of(GROUP):03d}}}:web:"
        names = ["garden", "count:garden", "known:garden", "messages:garden", "unshown:garden"]
        names += ["workers:garden", "once:garden:post.a", "once:garden:post.b"]
        assert sorted(await client.keys()) == sorted(head + name for name in names)


async def test_what_was_shown_outlives_a_power_cut(redis):
    async with redis.client() as client:
        await WebChat(
            RedisWebLog(client), Inbox().accept, redis.folder, Clock(), may_work=bool, key=KEY
        ).post(a_post("still here"))
    await redis.kill()
    await redis.start()
    async with redis.client() as client:
        log = RedisWebLog(client)
        assert [event.body["text"] for event in await log.recent(GROUP, 9)] == ["still here"]


async def test_a_redis_that_is_gone_is_unreachable(redis):
    async with redis.client() as client:
        log = RedisWebLog(client)
        await log.know(GROUP)
        await redis.kill()
        with pytest.raises(Unreachable):
            await log.reserve(GROUP, "a", {})
        with pytest.raises(Unreachable):
            await log.after(GROUP, "0-0", 10)


# --- the port ---------------------------------------------------------------------------------------


async def test_a_sentence_is_never_said_twice(sight):
    guest = await sight.visit("王阿姨")
    assert [await sight.chat.post(a_post("收到")) for _ in range(3)] == ["1", "1", "1"]
    await sight.chat.post(a_post("done", key="case:2:0"))
    await guest.event("done")
    assert [f["event"]["text"] for f in guest.seen if f["type"] == "event"] == ["收到", "done"]


async def test_a_post_shows_its_buttons_its_quote_and_whom_it_calls(sight):
    guest = await sight.visit("王阿姨")
    message = await guest.say("电梯坏了")
    rows = ((Button("解决了", "y"), Button("没解决", "n")),)
    await sight.chat.post(a_post("好了吗？", reply_to=message, buttons=rows, mentions=(("web:p", "小陈"),)))
    body = (await guest.event("好了吗？"))["event"]
    assert body["buttons"] == [[{"label": "解决了", "data": "y"}, {"label": "没解决", "data": "n"}]]
    assert body["quoted"] == {"name": "王阿姨", "role": "resident", "kind": "text", "text": "电梯坏了"}
    assert (body["role"], body["mentions"]) == ("bot", [{"person": "p", "name": "小陈"}])


async def test_an_edit_replaces_words_and_buttons_and_no_change_is_no_event(sight, log):
    guest = await sight.visit("王阿姨")
    message = await sight.chat.post(a_post("受理", buttons=((Button("ok", "1"),),)))
    for _ in range(2):
        await sight.chat.edit(message, a_post("在修"))
    await sight.chat.post(a_post("end", key="k"))
    await guest.event("end")
    edits = [f["event"] for f in guest.seen if f["type"] == "event" and f["event"].get("edited")]
    assert {(one["id"], one["text"], str(one["buttons"])) for one in edits} == {(message, "在修", "[]")}
    assert [event.kind for event in await log.recent(GROUP, 9)] == ["message", "edit", "message"]


async def test_only_our_own_message_can_be_edited(plain):
    theirs = await (await plain.visit("王阿姨")).say("hello")
    for message in (theirs, "77", "abc", "-1", ""):
        with pytest.raises(Refused):
            await plain.chat.edit(message, a_post())


async def test_an_edit_of_a_card_too_old_to_be_shown_is_no_error(plain):
    card = await plain.chat.post(a_post())
    for number in range(KEPT):
        await plain.chat.post(a_post(key=f"k{number}"))
    await plain.chat.edit(card, a_post("later"))


async def test_a_group_of_another_platform_is_refused(plain):
    for act in (plain.chat.post, lambda post: plain.chat.edit("1", post)):
        with pytest.raises(Refused):
            await act(Post(group="telegram:-1", text="x", key="k"))


async def test_an_answer_reaches_the_person_who_pressed_and_nobody_else(sight):
    presser, other = await sight.visit("王阿姨"), await sight.visit("老李")
    card = await sight.chat.post(a_post(buttons=((Button("ok", "1"),),)))
    await presser.send(type="press", client_id="p1", message=card, data="1")
    await presser.until("ack", client_id="p1")
    [press] = await sight.heard()
    await sight.chat.answer(press.id, "谢谢")
    await sight.chat.post(a_post("end", key="k"))
    await other.event("end")
    assert (await presser.until("toast"))["text"] == "谢谢"
    assert [f for f in other.seen if f["type"] == "toast"] == []


async def test_an_answer_to_a_press_that_never_was_is_no_error(plain):
    for press in ("", "a", "a.b", "a.b.c.d", "花园.x.y"):
        await plain.chat.answer(press, "x")


@pytest.mark.parametrize(
    "raw",
    [
        {},
        {"kind": "message"},
        {"kind": "message", "heard": []},
        {"kind": "message", "heard": {"group": GROUP}},
        {"kind": "sticker", "heard": {}},
        {"kind": ["message"], "heard": {}},
        {"kind": "joined", "heard": {"group": GROUP, "title": "t", "at": "soon", "hears_all": True}},
        {"kind": "joined", "heard": {"group": "x", "title": "t", "at": NOW.isoformat(), "hears_all": True}},
    ],
)
async def test_what_cannot_be_understood_is_a_value_error(plain, raw):
    with pytest.raises(ValueError):
        await plain.chat.understand(raw)


# --- what is said -----------------------------------------------------------------------------------


async def test_a_message_is_in_the_inbox_and_in_the_log_when_it_is_acknowledged(sight, log):
    guest = await sight.visit("王阿姨")
    assert await guest.say("3号楼电梯又坏了") == "1"
    joined, message = await sight.heard()
    assert joined == Joined(GROUP, "garden", NOW, hears_all=True)
    assert message == Message(
        group=GROUP,
        id="1",
        sender=f"web:{guest.person}",
        sender_name="王阿姨",
        role=Role.RESIDENT,
        at=NOW,
        kind=Kind.TEXT,
        text="3号楼电梯又坏了",
        group_title="garden",
    )
    assert [event.body["text"] for event in await log.recent(GROUP, 9)] == ["3号楼电梯又坏了"]


async def test_what_is_said_again_is_acknowledged_again_and_nothing_doubles(sight, log):
    guest = await sight.visit("王阿姨")
    assert [await guest.say("喂") for _ in range(3)] == ["1", "1", "1"]
    assert [raw["kind"] for raw in sight.inbox.raws] == ["joined", "message"]
    assert len(await log.recent(GROUP, 9)) == 1


async def test_the_same_client_id_of_two_people_is_two_messages(plain):
    ids = [await (await plain.visit(name)).say(name, client_id="same") for name in ("王阿姨", "老李")]
    assert ids == ["1", "2"]


async def test_what_the_inbox_did_not_take_is_neither_acknowledged_nor_shown(sight, log):
    guest = await sight.visit("王阿姨")
    sight.inbox.broken = True
    await guest.send(type="say", client_id="c1", text="喂")
    assert (await guest.until("notice"))["code"] == "trouble"
    assert await log.recent(GROUP, 9) == []
    sight.inbox.broken = False
    assert await guest.say("喂") == "1"
    assert [raw["kind"] for raw in sight.inbox.raws] == ["joined", "message"]


async def test_the_bot_hears_of_a_group_once_even_from_two_processes(log, tmp_path):
    inbox = Inbox()
    async with serving(log, tmp_path, inbox=inbox) as one, serving(log, tmp_path, inbox=inbox) as two:
        await (await one.visit("a")).say("x", client_id="a")
        inbox.entries.clear()  # long ago: the inbox has forgotten which updates it saw
        await (await two.visit("b")).say("y", client_id="b")
        assert [raw["kind"] for raw in inbox.raws] == ["message"]


async def test_what_is_said_to_one_process_is_seen_at_another(log, tmp_path):
    async with serving(log, tmp_path) as one, serving(log, tmp_path) as two:
        here, there = await one.visit("王阿姨"), await two.visit("老李")
        await here.say("听得到吗")
        assert (await there.event("听得到吗"))["event"]["name"] == "王阿姨"


async def test_a_page_that_comes_back_reads_what_it_missed_and_no_more(sight):
    guest, other = await sight.visit("王阿姨"), await sight.visit("老李")
    await guest.say("one")
    cursor = (await guest.event("one"))["cursor"]
    await guest.socket.close()
    await other.say("two")
    back = await sight.visit("王阿姨", token=guest.token, since=cursor)
    await back.event("two")
    assert back.person == guest.person
    assert [f["event"]["text"] for f in back.seen if f["type"] == "event"] == ["two"]


async def test_a_reply_carries_what_it_quotes(plain):
    guest = await plain.visit("王阿姨")
    first = await guest.say("电梯坏了")
    await guest.say("我家也是", client_id="c2", reply_to=first)
    message = (await plain.heard())[-1]
    assert (message.reply_to, message.quoted, message.addressed) == (first, "电梯坏了", False)


async def test_a_reply_to_what_never_was_is_no_reply(plain):
    await (await plain.visit("王阿姨")).say("x", reply_to="999")
    assert (await plain.heard())[-1].reply_to is None


@pytest.mark.parametrize("text", ["@邻里 帮忙", "/bind 3", "hey @Linli"])
async def test_the_bot_is_addressed_by_name_command_or_reply(plain, text):
    guest = await plain.visit("王阿姨")
    card = await plain.chat.post(a_post())
    await guest.say(text)
    await guest.say("好的", client_id="c2", reply_to=card)
    assert [heard.addressed for heard in (await plain.heard())[1:]] == [True, True]


async def test_a_place_is_a_point(plain):
    await (await plain.visit("王阿姨")).say("", point={"lat": 30.27, "long": 120.15})
    message = (await plain.heard())[-1]
    assert (message.kind, message.point) == (Kind.LOCATION, Point(30.27, 120.15))


HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "\u202egnp.exe\u202c שלום \u2066x\u2069",
    "zero\u200bwidth\ufeff\u200d",
    "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚̯̞̠͍A̴̵̜̰͔ͫ͗͢",
    "{{7*7}} %s ${x} \\0 \0 \x1b[2J",
    "x" * 4096,
    "𝕏" * 2048,
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_goes_through_letter_by_letter(sight, text):
    guest = await sight.visit("王阿姨")
    await guest.say(text)
    assert (await guest.event(text))["event"]["text"] == text
    assert (await sight.heard())[-1].text == text


# --- who says it ------------------------------------------------------------------------------------


async def test_a_token_makes_the_same_person_again_and_every_other_page_is_somebody_else(plain):
    guest = await plain.visit("王阿姨")
    again, other = await plain.visit("王阿姨", token=guest.token), await plain.visit("王阿姨")
    assert again.person == guest.person
    assert other.person != guest.person


async def test_nobody_can_speak_as_somebody_else(log, tmp_path):
    async with serving(log, tmp_path) as one, serving(log, tmp_path) as thief:
        victim = await one.visit("王阿姨")
        for token in (victim.token, victim.token[:-1] + "A", TOKEN_OF_NOBODY, "x", "." * 400):
            fake = await thief.visit("王阿姨", token=token, person=victim.person)
            assert fake.person != victim.person
        await fake.say("me", person=victim.person, sender=f"web:{victim.person}", role="worker", name="x")
        message = (await thief.heard())[-1]
        assert (message.sender, message.role) == (f"web:{fake.person}", Role.RESIDENT)


async def test_a_press_has_the_role_of_the_socket_whatever_the_frame_says(plain):
    worker = await plain.visit("小陈", role="worker")
    await worker.send(type="press", client_id="p1", message="1", data="d", role="official")
    await worker.until("ack", client_id="p1")
    await worker.hello("小陈", role="resident", token=worker.token)
    await worker.send(type="press", client_id="p2", message="1", data="d", role="worker")
    await worker.until("ack", client_id="p2")
    first, second = await plain.heard()
    sender = f"web:{worker.person}"
    assert first == Press(GROUP, first.id, sender, "小陈", Role.WORKER, NOW, "d", message="1")
    assert second.role is Role.RESIDENT


async def test_a_press_that_is_sent_again_is_one_press(plain):
    guest = await plain.visit("王阿姨")
    for _ in range(2):
        await guest.send(type="press", client_id="p1", message="1", data="d")
        await guest.until("ack", client_id="p1")
    assert len(plain.inbox.raws) == 1


async def test_workers_are_those_who_came_as_workers(sight):
    worker, _ = await sight.visit("小陈", role="worker"), await sight.visit("王阿姨")
    assert await sight.chat.workers(GROUP) == ((f"web:{worker.person}", "小陈"),)


async def test_who_may_not_work_stays_a_resident(log, tmp_path):
    async with serving(log, tmp_path, may_work=False) as one:
        guest = await one.visit("小陈", role="worker")
        await guest.say("x")
        assert (await one.heard())[-1].role is Role.RESIDENT
        assert await one.chat.workers(GROUP) == ()


async def test_a_name_loses_what_only_misleads(plain):
    guest = await plain.visit("a")
    welcome = await guest.hello("\u202e 王\u200b 阿姨\n ", token=guest.token)
    assert welcome["name"] == "王 阿姨"


# --- what is not taken ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "say", "client_id": "c1", "text": "x" * 4097},
        {"type": "say", "client_id": "c1", "text": " \n"},
        {"type": "say", "client_id": "c1", "text": "x\ud800"},
        {"type": "say", "client_id": "c1", "text": ["x"]},
        {"type": "say", "client_id": "c1", "text": "x", "reply_to": "0 OR 1"},
        {"type": "say", "client_id": "c1", "attachments": ["../../etc/passwd"]},
        {"type": "say", "client_id": "c1", "attachments": ["0" * 64 + ".png"]},
        {"type": "say", "client_id": "c1", "attachments": ["x"] * 10},
        {"type": "say", "client_id": "c1", "point": {"lat": 91, "long": 0}},
        {"type": "say", "client_id": "c1", "point": {"lat": "NaN", "long": 0}},
        {"type": "press", "client_id": "c1", "message": "1", "data": "x" * 65},
        {"type": "press", "client_id": "c1", "message": "1", "data": ""},
        {"type": "own", "client_id": "c1"},
    ],
)
async def test_a_malformed_frame_is_named_and_given_up(plain, frame):
    guest = await plain.visit("王阿姨")
    await guest.send(**frame)
    assert await guest.until("notice") == {"type": "notice", "code": "malformed", "client_id": "c1"}
    assert plain.inbox.raws == []
    await guest.say("still here", client_id="c2")


@pytest.mark.parametrize("text", ["", "null", "[1]", "{", '"x"', "{}", "[" * 20000, '{"type":"say"}'])
async def test_what_is_no_frame_does_not_end_the_conversation(plain, text):
    guest = await plain.visit("王阿姨")
    await guest.socket.send_str(text)
    assert (await guest.until("notice"))["code"] == "malformed"
    await guest.say("still here")


@pytest.mark.parametrize(
    "hello", [{"name": ""}, {"name": "x" * 41}, {"name": "\u200b\u202e"}, {"role": "bot"}, {"since": "$"}]
)
async def test_a_malformed_hello_is_nobody(plain, hello):
    guest = await plain.visit("a")
    socket = await plain.client.ws_connect("/group/garden/ws", headers={"Origin": plain.origin})
    stranger = Visitor(socket)
    await stranger.send(**{"type": "hello", "name": "x", "role": "resident"} | hello)
    await stranger.send(type="say", client_id="c1", text="x")
    assert (await stranger.until("notice", client_id="c1"))["code"] == "malformed"
    assert plain.inbox.raws == []
    await guest.say("x")


async def test_a_frame_that_is_far_too_large_ends_the_connection(plain):
    guest = await plain.visit("王阿姨")
    await guest.send(type="say", client_id="c1", text="x" * 100_000)
    while (frame := await guest.socket.receive(10)).type is WSMsgType.TEXT:
        pass
    assert (frame.type, guest.socket.close_code) == (WSMsgType.CLOSE, 1009)


async def test_who_speaks_too_fast_is_asked_to_wait(plain):
    guest = await plain.visit("王阿姨")
    for number in range(30):
        await guest.send(type="say", client_id=f"c{number}", text="x")
    assert (await guest.until("notice"))["code"] == "slow"
    assert len([raw for raw in plain.inbox.raws if raw["kind"] == "message"]) <= 20


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "", "http://127.0.0.1:1"])
async def test_another_sites_page_gets_no_socket_and_stores_no_file(plain, origin):
    await plain.visit("王阿姨")
    with pytest.raises(WSServerHandshakeError) as refused:
        await plain.client.ws_connect("/group/garden/ws", headers={"Origin": origin})
    assert refused.value.status == 403
    assert (await plain.upload(PNG, Origin=origin))[0] == 403


async def test_without_the_pages_cookie_there_is_no_socket(plain):
    with pytest.raises(WSServerHandshakeError) as refused:
        await plain.client.ws_connect("/group/garden/ws", headers={"Origin": plain.origin})
    assert refused.value.status == 403


@pytest.mark.parametrize("name", ["a.b", "x" * 65, "花园", "a%2Fb", "a%0Ab", ".."])
async def test_a_group_without_a_proper_id_is_not_there(plain, name):
    assert (await plain.client.get(f"/group/{name}")).status == 404


async def test_the_page_comes_with_strict_rules_and_a_cookie_that_scripts_cannot_read(plain):
    answer = await plain.client.get("/group/garden")
    rules = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in rules
    assert "unsafe" not in rules
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "Set-Cookie" not in (await plain.client.get("/group/garden")).headers


# --- files ------------------------------------------------------------------------------------------

SOUNDS = [b"\x1a\x45\xdf\xa3 webm", b"OggS....", b"\0\0\0\x20ftypM4A ...."]
PHOTOS = [PNG, b"\xff\xd8\xff\xe0 jpeg", b"RIFF\0\0\0\0WEBPVP8 ", b"GIF89a....", b"\0\0\0\x20ftypheic...."]


@pytest.mark.parametrize("content", [*PHOTOS, *SOUNDS])
async def test_a_file_that_was_sent_is_fetched_and_served_as_it_was(plain, content):
    guest = await plain.visit("王阿姨")
    status, file = await plain.upload(content)
    await guest.say("看", attachments=[file["ref"]])
    message = (await plain.heard())[-1]
    [attachment] = message.attachments
    assert (status, message.kind) == (200, Kind.PHOTO if content in PHOTOS else Kind.VOICE)
    assert attachment == Attachment(message.kind, file["ref"], file["mime"], len(content))
    assert await plain.chat.fetch(attachment) == content
    served = await plain.client.get(f"/media/{file['ref']}")
    assert (await served.read(), served.content_type) == (content, file["mime"])
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert served.headers["Content-Security-Policy"].startswith("sandbox")
    place = "inline" if content in PHOTOS else "attachment"
    assert served.headers["Content-Disposition"] == place


async def test_the_same_photo_is_kept_once_under_a_name_that_nobody_can_work_out(plain, tmp_path):
    names = {(await plain.upload(PNG))[1]["ref"] for _ in range(2)}
    assert names == {path.name for path in (tmp_path / "media").iterdir()}
    assert names != {hashlib.sha256(PNG).hexdigest() + ".png"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%PDF-1.7",
        b"MZ",
        b"RIFF....AVI ",
        b"....WEBP",
        b"\0\0\0\x20ftypqt  ",
        b" " + PNG,
    ],
)
async def test_what_is_no_photo_and_no_sound_is_not_kept(plain, tmp_path, content):
    answer = await plain.upload(content, **{"Content-Type": "image/png"})
    assert answer == (415, {"error": "kind"})
    assert not (tmp_path / "media").exists()


async def test_a_file_of_ten_megabytes_is_kept_and_one_byte_more_is_not(plain):
    whole = PNG + b"\0" * (LARGEST_FILE - len(PNG))
    assert (await plain.upload(whole))[0] == 200
    assert await plain.upload(whole + b"\0") == (413, {"error": "large"})


@pytest.mark.parametrize(
    "name", ["x.png", "..%2Fsecret.png", "%2e%2e", "0" * 64 + ".png", "0" * 64 + ".html"]
)
async def test_no_other_file_is_served(plain, tmp_path, name):
    (tmp_path / "secret.png").write_bytes(PNG)
    assert (await plain.client.get(f"/media/{name}")).status == 404


async def test_a_file_that_is_not_there_is_refused(plain):
    for ref in ("", "../secret.png", "0" * 64 + ".png"):
        with pytest.raises(Refused):
            await plain.chat.fetch(Attachment(Kind.PHOTO, ref))


# --- many at once -----------------------------------------------------------------------------------


async def test_many_people_at_once_lose_nothing_and_see_one_order(redis, tmp_path):
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(redis.client())
        log = RedisWebLog(client)
        one = await stack.enter_async_context(serving(log, tmp_path))
        guests = [await one.visit(f"n{number}") for number in range(8)]

        async def talk(guest: Visitor) -> None:
            for number in range(5):
                await guest.say(f"{guest.person}-{number}", client_id=f"c{number}")

        await asyncio.gather(*(talk(guest) for guest in guests))
        said: list[Event] = await log.recent(GROUP, 99)
        assert sorted(int(event.body["id"]) for event in said) == list(range(1, 41))
        assert len([raw for raw in one.inbox.raws if raw["kind"] == "message"]) == 40
        await asyncio.gather(*(guest.event(said[-1].body["text"]) for guest in guests))
        orders = [[f["cursor"] for f in g.seen if f["type"] == "event"] for g in guests]
        assert all(order == [event.cursor for event in said] for order in orders)
