"""The simulator keeps the rules by which Telegram surprises bots; docs/simulator.md says where they are from."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.telegram_limits import Flood
from tests.telegram_simulator import TelegramSimulator


class Clock:
    """Seconds that the test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def sim(clock) -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator(flood=Flood(clock=clock)) as simulator:
        yield simulator


@pytest.fixture
async def ask(sim) -> AsyncIterator:
    async with aiohttp.ClientSession() as session:

        async def call(method: str, **given):
            async with session.post(f"{sim.url}/bot{sim.token}/{method}", json=given) as answer:
                body = await answer.json()
                assert answer.status == body.get("error_code", 200)
                return body

        yield call


async def test_twenty_a_minute_into_a_group_and_edits_count(sim, ask, clock):
    group = sim.group("3号楼")
    for n in range(19):
        assert (await ask("sendMessage", chat_id=group.id, text=str(n)))["ok"]
    assert (await ask("editMessageText", chat_id=group.id, message_id=1, text="x"))["ok"]
    refused = await ask("sendMessage", chat_id=group.id, text="too many")
    assert (refused["error_code"], refused["parameters"]) == (429, {"retry_after": 60})
    assert len(group.said) == 19
    clock.at += 61
    assert (await ask("sendMessage", chat_id=group.id, text="later"))["ok"]


async def test_whoever_does_not_wait_has_to_wait_longer(sim, ask, clock):
    group = sim.group("3号楼")
    waits = []
    for _ in range(24):
        answer = await ask("sendMessage", chat_id=group.id, text="x")
        waits += [answer["parameters"]["retry_after"]] if not answer["ok"] else []
    assert waits == [60, 120, 240, 480]
    clock.at += 100
    assert not (await ask("sendMessage", chat_id=group.id, text="x"))["ok"]


async def test_thirty_a_second_in_all(sim, ask, clock):
    groups = [sim.group(str(n)) for n in range(31)]
    answers = [await ask("sendMessage", chat_id=group.id, text="x") for group in groups]
    assert [one["ok"] for one in answers] == [True] * 30 + [False]
    clock.at += 2
    assert (await ask("sendMessage", chat_id=groups[-1].id, text="x"))["ok"]


async def test_a_group_that_became_a_supergroup_is_refused_with_its_new_number(sim, ask):
    group = sim.group("3号楼", basic=True, administrators=[sim.person("李")])
    assert group.chat()["type"] == "group"
    new = sim.upgrade(group)
    for method in ("sendMessage", "editMessageText", "sendChatAction"):
        refused = await ask(method, chat_id=group.id, text="x", message_id=1, action="typing")
        assert (refused["error_code"], refused["parameters"]) == (400, {"migrate_to_chat_id": new.id})
    assert (await ask("getChat", chat_id=group.id))["ok"], "questions are answered as before"
    assert (await ask("sendMessage", chat_id=new.id, text="x"))["result"]["message_id"] == 2
    to, from_ = list(sim.updates)[-2:]
    assert to["message"]["migrate_to_chat_id"] == new.id
    assert from_["message"]["migrate_from_chat_id"] == group.id


async def test_topics_that_are_closed_or_not_there_refuse(sim, ask):
    group, li = sim.group("3号楼"), sim.person("李")
    refused = await ask("sendMessage", chat_id=group.id, text="x", message_thread_id=5)
    assert refused["description"] == "Bad Request: message thread not found"
    topic = group.topic(li, "报修")
    sent = (await ask("sendMessage", chat_id=group.id, text="x", message_thread_id=topic))["result"]
    assert (sent["message_thread_id"], sent["is_topic_message"]) == (topic, True)
    group.say(li, "在", thread=topic)
    heard = sim.updates[-1]["message"]
    assert (heard["is_topic_message"], heard["reply_to_message"]["message_id"]) == (True, topic)
    group.end_topic(topic)
    refused = await ask("sendMessage", chat_id=group.id, text="x", message_thread_id=topic)
    assert refused["description"] == "Bad Request: TOPIC_CLOSED"


async def test_a_press_that_waited_too_long_cannot_be_answered(sim, ask):
    group = sim.group("3号楼")
    keys = {"inline_keyboard": [[{"text": "好", "callback_data": "y"}]]}
    await ask("sendMessage", chat_id=group.id, text="好了吗", reply_markup=keys)
    press = group.press(sim.person("王"), group.said[0], "好")
    sim.press_lives_s = 0.0
    refused = await ask("answerCallbackQuery", callback_query_id=press.id, text="晚了")
    assert "query is too old" in refused["description"]
    assert press.answer is None


async def test_a_bot_does_not_speak_first_and_not_where_it_was_put_out(sim, ask):
    wang = sim.person("王")
    refused = await ask("sendMessage", chat_id=wang.id, text="x")
    assert refused["description"] == "Forbidden: bot can't initiate conversation with a user"
    assert (await ask("sendMessage", chat_id=987, text="x"))["description"] == "Bad Request: chat not found"
    sim.private(wang).set_bot("kicked")
    refused = await ask("sendMessage", chat_id=wang.id, text="x")
    assert refused["description"] == "Forbidden: bot was blocked by the user"
    group = sim.group("3号楼", basic=True, bot="kicked")
    refused = await ask("sendMessage", chat_id=group.id, text="x")
    assert refused["description"] == "Forbidden: bot was kicked from the group chat"


@pytest.mark.parametrize(
    ("status", "asked", "heard"),
    [("administrator", True, True), ("administrator", False, False), ("member", True, False)],
)
async def test_reactions_reach_administrators_who_asked_for_them(sim, ask, status, asked, heard):
    group = sim.group("3号楼", bot=status)
    sim.updates.clear()
    await ask("getUpdates", allowed_updates=["message", "message_reaction"] if asked else [])
    said = group.say(sim.person("王"), "x")
    group.react(sim.person("李"), said, "👍")
    assert any("message_reaction" in update for update in sim.updates) is heard


async def test_the_items_of_an_album_come_apart(sim):
    group = sim.group("3号楼")
    sim.updates.clear()
    sending = asyncio.create_task(group.send_album(sim.person("王"), ["垃圾", "", ""], within_s=0.3))
    await sim.until(lambda: sim.updates)
    assert len(sim.updates) == 1, "nobody can know that more will come"
    await sending
    assert len({update["message"]["media_group_id"] for update in sim.updates}) == 1
    assert len(sim.updates) == 3


async def test_what_somebody_deleted_cannot_be_edited_and_nobody_is_told(sim, ask):
    group = sim.group("3号楼")
    await ask("sendMessage", chat_id=group.id, text="x")
    sim.updates.clear()
    group.delete(group.said[0])
    refused = await ask("editMessageText", chat_id=group.id, message_id=1, text="y")
    assert refused["description"] == "Bad Request: message to edit not found"
    assert not sim.updates
