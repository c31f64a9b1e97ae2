"""Taking updates in: what was confirmed to Telegram is durable, whatever happens in between."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import ClientSession, web
from structlog.testing import capture_logs

from connectors.telegram import TelegramChat
from connectors.telegram_intake import TelegramPolling, TelegramWebhook
from tests.telegram_simulator import TelegramSimulator

SECRET = "a-secret_of-the-webhook"


class Inbox:
    """Durable things: what was accepted, in order, and small values. `broken` makes the next accepts fail."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, str, str]] = []
        self.raw: list[dict] = []
        self.values: dict[str, str] = {}
        self.broken = 0
        self.tries = 0

    async def accept(self, door, group, update, raw) -> bool:
        self.tries += 1
        if self.broken:
            self.broken -= 1
            raise ConnectionError("the store is away, 身份证 310101")
        new = (door, group, update) not in self.accepted
        if new:
            self.accepted.append((door, group, update))
            self.raw.append(raw)
        return new

    async def remember(self, key, value) -> None:
        self.values[key] = value

    async def recall(self, key) -> str | None:
        return self.values.get(key)

    @property
    def texts(self) -> list[str]:
        return [raw["message"]["text"] for raw in self.raw if "text" in raw.get("message", {})]


@pytest.fixture
async def sim() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def chat(sim) -> AsyncIterator[TelegramChat]:
    chat = TelegramChat(sim.token, api_root=sim.url)
    yield chat
    await chat.stop()


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@asynccontextmanager
async def polling(chat, inbox, **how) -> AsyncIterator[asyncio.Task]:
    poller = TelegramPolling(
        chat, inbox.accept, inbox.remember, inbox.recall, **{"timeout_s": 5, "longest_pause_s": 0.02, **how}
    )
    task = asyncio.create_task(poller.run())
    try:
        yield task
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# --- polling ---


async def test_updates_are_accepted_raw_in_order_and_the_offset_is_kept(sim, chat, inbox):
    group, wang = sim.group("3号楼"), sim.person("王")
    async with polling(chat, inbox):
        group.say(wang, "一")
        group.say(wang, "二")
        await sim.until(lambda: inbox.texts == ["一", "二"])
        await sim.until(lambda: not sim.updates)
    assert [entry[:2] for entry in inbox.accepted] == [("telegram", group.ref)] * 3
    (value,) = inbox.values.values()
    assert value.split()[0] == str(int(inbox.accepted[-1][2]) + 1)
    assert chat.health()["last_update_at"]


async def test_only_what_is_handled_is_asked_for(sim, chat, inbox):
    async with polling(chat, inbox):
        await sim.until(lambda: sim.called("getUpdates"))
    asked = sim.called("getUpdates")[0]
    assert asked["allowed_updates"] == [
        "message",
        "edited_message",
        "callback_query",
        "my_chat_member",
        "chat_member",
        "message_reaction",
    ]


async def test_an_update_that_was_not_kept_comes_again_and_nothing_is_skipped(sim, chat, inbox):
    group, wang = sim.group("3号楼"), sim.person("王")
    for text in "一二三":
        group.say(wang, text)
    inbox.broken = 3
    with capture_logs() as logs:
        async with polling(chat, inbox):
            await sim.until(lambda: inbox.texts == ["一", "二", "三"])
    assert "310101" not in repr(logs)


async def test_nothing_is_confirmed_before_it_is_kept(sim, chat, inbox):
    group, wang = sim.group("3号楼"), sim.person("王")
    group.say(wang, "一")
    inbox.broken = 10**9
    async with polling(chat, inbox):
        await sim.until(lambda: inbox.tries > 3)
    assert len(sim.updates) == 2
    assert inbox.values == {}


async def test_after_a_restart_polling_goes_on_from_the_kept_offset(sim, chat, inbox):
    group, wang = sim.group("3号楼"), sim.person("王")
    group.say(wang, "一")
    async with polling(chat, inbox):
        await sim.until(lambda: inbox.texts == ["一"] and not sim.updates)
    group.say(wang, "二")
    calls = len(sim.called("getUpdates"))
    async with polling(chat, inbox):
        await sim.until(lambda: inbox.texts == ["一", "二"])
    assert int(sim.called("getUpdates")[calls]["offset"]) == int(inbox.accepted[-2][2]) + 1


async def test_an_offset_older_than_telegram_counts_is_forgotten(sim, chat, inbox):
    old = datetime.now(UTC) - timedelta(days=6)
    inbox.values[f"telegram:offset:{chat.account}"] = f"99999999 {old.isoformat()}"
    sim.group("3号楼").say(sim.person("王"), "一")
    async with polling(chat, inbox):
        await sim.until(lambda: inbox.texts == ["一"])


@pytest.mark.parametrize(
    "poison",
    [
        {"message": {"chat": "nothing", "date": []}},
        {"update_id": 3_000_000_000, "unheard_of": {"chat": {"id": -7}}},
    ],
)
async def test_a_poison_update_is_kept_and_does_not_block_what_follows(sim, chat, inbox, poison):
    sim.publish_raw(poison)
    group = sim.group("3号楼")
    sim._update_id = max(sim._update_id, poison["update_id"])
    group.say(sim.person("王"), "一")
    async with polling(chat, inbox):
        await sim.until(lambda: inbox.texts == ["一"])
    assert inbox.raw[0] == poison


@pytest.mark.parametrize("status", [0, 409, 429, 500, 502, 401])
async def test_no_answer_of_telegrams_ends_the_polling(sim, chat, inbox, status):
    sim.fail_next("getUpdates", status, {"retry_after": 0.01} if status == 429 else None, times=2)
    sim.group("3号楼").say(sim.person("王"), "一")
    async with polling(chat, inbox):
        await sim.until(lambda: inbox.texts == ["一"])


async def test_a_conflict_is_logged_in_words(sim, chat, inbox):
    sim.fail_next("getUpdates", 409)
    with capture_logs() as logs:
        async with polling(chat, inbox):
            await sim.until(lambda: len(sim.called("getUpdates")) > 1)
    assert "another program takes this bot's updates" in logs[0]["error"]


async def test_the_time_that_telegram_names_is_waited_for(sim, chat, inbox):
    sim.fail_next("getUpdates", 429, {"retry_after": 3600})
    with capture_logs() as logs:
        async with polling(chat, inbox):
            await sim.until(lambda: logs)
    assert (logs[0]["seconds"], len(sim.called("getUpdates"))) == (3600, 1)


async def test_a_standing_webhook_is_dropped_before_polling(sim, chat, inbox):
    await chat.set_webhook(f"{sim.url}/nobody", SECRET)
    async with polling(chat, inbox):
        sim.group("3号楼").say(sim.person("王"), "一")
        await sim.until(lambda: inbox.texts == ["一"])
    assert sim.webhook is None


async def test_the_newer_of_two_pollers_wins_and_the_other_comes_back(sim, chat, inbox):
    other = Inbox()
    group, wang = sim.group("3号楼"), sim.person("王")
    with capture_logs() as logs:
        async with polling(chat, inbox), polling(chat, other):
            await sim.until(lambda: any("another program" in str(one.get("error")) for one in logs))
            group.say(wang, "一")
            await sim.until(lambda: inbox.texts or other.texts)


# --- webhook ---


@pytest.fixture
async def door(chat, inbox) -> AsyncIterator[tuple[TelegramWebhook, str]]:
    routes = web.Application()
    runner = web.AppRunner(routes, shutdown_timeout=0.1)
    hook: list[TelegramWebhook] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        return await hook[0].handle(request)

    routes.router.add_post("/telegram", handle)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    hook.append(TelegramWebhook(chat, inbox.accept, url, "/telegram", SECRET))
    yield hook[0], url + "/telegram"
    await runner.cleanup()


async def push(url, body: bytes, secret: str | None = SECRET) -> int:
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    async with (
        ClientSession() as session,
        session.post(url, data=io.BytesIO(body), headers=headers) as response,
    ):
        return response.status


async def test_pushed_updates_are_kept_in_order(sim, door, inbox):
    await door[0].register()
    group, wang = sim.group("3号楼"), sim.person("王")
    for text in "一二三":
        group.say(wang, text)
    await sim.until(lambda: inbox.texts == ["一", "二", "三"] and not sim.updates)
    assert set(sim.webhook_statuses) == {200}
    await door[0].unregister()
    assert sim.webhook is None


async def test_a_push_that_was_not_kept_comes_again(sim, door, inbox):
    await door[0].register()
    inbox.broken = 2
    with capture_logs() as logs:
        sim.group("3号楼").say(sim.person("王"), "一")
        await sim.until(lambda: inbox.texts == ["一"] and not sim.updates)
    assert sim.webhook_statuses == [503, 503, 200, 200]
    assert "310101" not in repr(logs)


@pytest.mark.parametrize("secret", [None, "", "wrong", "秘密"])
async def test_a_push_without_the_secret_is_turned_away_and_its_body_not_logged(door, inbox, secret):
    with capture_logs() as logs:
        given = secret.encode().decode("latin-1") if secret else secret
        assert await push(door[1], b'{"update_id": 1, "t": "310101"}', given) == 401
    assert "310101" not in repr(logs)
    assert inbox.raw == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"update_id": "1"}',
        b'{"update_id": true}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
async def test_a_malformed_push_is_a_bad_request(door, inbox, body):
    assert await push(door[1], body) == 400
    assert inbox.raw == []


async def test_a_push_of_more_than_a_megabyte_is_too_large(door, inbox):
    body = b'{"update_id": 1, "text": "' + b"x" * (1024 * 1024) + b'"}'
    assert await push(door[1], body) == 413


@pytest.mark.parametrize("secret", ["", "with space", "x" * 257])
def test_a_secret_that_telegram_would_not_take_is_an_error(chat, inbox, secret):
    with pytest.raises(ValueError):
        TelegramWebhook(chat, inbox.accept, "https://example.org", "/telegram", secret)
