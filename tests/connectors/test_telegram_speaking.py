"""Speaking on Telegram: within its limits, in topics, in groups that have moved or put us out, and in private."""

import asyncio
import time
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from actions.errors import Gone, NotYet, Refused, Unreachable
from actions.message import Role
from actions.post import Button, Post
from connectors.moves import Moves
from connectors.pace import Limits, MemoryPace
from connectors.telegram import TelegramChat
from tests.telegram_simulator import TelegramSimulator
from tests.telegram_world import Person


class Clock:
    """Seconds that the test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
async def sim() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def moves() -> Moves:
    return Moves.in_memory()


@pytest.fixture
async def chat(sim, clock, moves) -> AsyncIterator[TelegramChat]:
    chat = TelegramChat(sim.token, api_root=sim.url, moves=moves, pace=MemoryPace(Limits(), clock))
    await chat.start()
    yield chat
    await chat.stop()


def post_to(group, text="好的", **more) -> Post:
    return Post(group.ref, text, more.pop("key", None) or uuid4().hex, **more)


# --- within the limits ---


async def test_what_has_to_wait_long_is_for_certain_not_said_and_told_when_to_come(sim, chat, clock):
    group = sim.group("3号楼")
    for n in range(18):
        clock.at += 2
        await chat.post(post_to(group, str(n)))
    with pytest.raises(NotYet) as caught:
        await chat.edit(str(group.said[0].id), post_to(group, "x"))
    assert 20 < caught.value.retry_after < 30
    assert len(sim.called("sendMessage")) == 18
    assert sim.called("editMessageText") == []
    await chat.post(post_to(group, "⚠️", urgent=True))
    clock.at += caught.value.retry_after + 2  # the warning took a place, too
    await chat.edit(str(group.said[0].id), post_to(group, "x"))


async def test_what_has_to_wait_a_moment_only_is_said_a_moment_later(sim):
    chat = TelegramChat(sim.token, api_root=sim.url, pace=MemoryPace(Limits(burst=1, burst_seconds=1)))
    group = sim.group("3号楼")
    begun = time.monotonic()
    await asyncio.gather(chat.post(post_to(group)), chat.post(post_to(group)))
    assert time.monotonic() - begun >= 1
    assert len(group.said) == 2
    await chat.stop()


async def test_after_429_nothing_goes_there_until_its_time_and_longer_when_it_comes_again(sim, chat, clock):
    group, other = sim.group("3号楼"), sim.group("5号楼")
    for expected in (17, 17 * 1.5):
        sim.fail_next("sendMessage", 429, {"retry_after": 17})
        with pytest.raises(NotYet) as caught:
            await chat.post(post_to(group))
        assert caught.value.retry_after == expected
        with pytest.raises(NotYet):
            await chat.post(post_to(group, urgent=True))
        await chat.post(post_to(other))
        clock.at += expected + 0.01
    await chat.post(post_to(group))
    assert len(sim.called("sendMessage")) == 5


# --- topics ---


@pytest.mark.parametrize("end", ["closed", "deleted"])
async def test_a_post_to_a_topic_that_is_no_more_goes_to_the_group(sim, chat, end):
    group = sim.group("3号楼")
    topic = group.topic(sim.person("李"), "报修")
    group.end_topic(topic, end)
    await chat.post(post_to(group, thread=str(topic)))
    assert [(one.text, one.thread) for one in group.said] == [("好的", None)]


async def test_an_administrator_writes_in_a_closed_topic_too(sim, chat):
    group = sim.group("3号楼", bot="administrator")
    topic = group.topic(sim.person("李"), "报修")
    group.end_topic(topic)
    await chat.post(post_to(group, thread=str(topic)))
    assert group.said[0].thread == topic


# --- groups that have moved ---


async def test_a_move_is_learnt_from_the_refusal_and_the_post_goes_to_the_new_group(sim, chat, moves):
    group = sim.group("3号楼", basic=True)
    old = await chat.post(post_to(group))
    new = sim.upgrade(group, ())
    id_ = await chat.post(post_to(group, "再来", reply_to=old))
    assert id_ == f"2-{new.said[0].id}"
    assert new.said[0].reply_to is None, "what it replied to is not there"
    await chat.edit(id_, post_to(group, "又来"))
    assert new.said[0].text == "又来"
    calls = [given["chat_id"] for given in sim.called("sendMessage")]
    assert calls == [str(group.id), str(group.id), str(new.id)], "asked once, known from then on"
    assert (await moves.home(new.id), await moves.now(group.id)) == (group.id, new.id)


async def test_what_stayed_behind_cannot_be_edited(sim, chat):
    group = sim.group("3号楼", basic=True)
    old = await chat.post(post_to(group))
    new = sim.upgrade(group, ())
    for _ in range(2):
        with pytest.raises(Refused, match="stayed behind"):
            await chat.edit(old, post_to(group, "x"))
    assert new.said == []


async def test_workers_and_hearing_are_asked_of_the_new_group(sim, chat):
    li = sim.person("小李")
    group = sim.group("3号楼", basic=True, administrators=[li])
    new = sim.upgrade(group, ())
    await chat.post(post_to(group))
    assert await chat.workers(group.ref) == ((li.ref, "小李"),)
    assert await chat.can_hear(group.ref)
    assert sim.called("getChatAdministrators") == [{"chat_id": str(new.id)}]
    new.say(li, "收到")
    message = await chat.understand(sim.updates[-1])
    assert (message.group, message.role) == (group.ref, Role.WORKER)


async def test_at_the_door_an_update_of_the_new_group_is_put_to_the_old_name(sim, chat):
    group = sim.group("3号楼", basic=True)
    new = sim.upgrade(group, ("from",))
    new.say(sim.person("王"), "电梯")
    doors = [await chat.door(raw) for raw in list(sim.updates)[-2:]]
    assert doors == [group.ref, group.ref]
    assert await chat.door({"message": None}) == "telegram:unknown"


async def test_the_end_of_the_old_number_is_not_the_end_of_the_group(sim, chat):
    group = sim.group("3号楼", basic=True)
    new = sim.upgrade(group, ("to",))
    await chat.door(sim.updates[-1])
    group.set_bot("left")
    assert await chat.understand(sim.updates[-1]) is None
    new.set_bot("left")
    assert (await chat.understand(sim.updates[-1])).group == group.ref


async def test_moves_told_twice_backwards_or_in_a_circle_change_nothing(moves):
    for old, new in ((-5, -1001), (-5, -1001), (-1001, -5), (-5, -5)):
        await moves.learn(old, new)
    assert [await moves.home(n) for n in (-5, -1001, 7)] == [-5, -5, 7]
    assert [await moves.now(n) for n in (-5, 7)] == [-1001, 7]
    await moves.learn(-1001, -1002)
    assert [await moves.home(-1002), await moves.now(-5)] == [-5, -1002]


@pytest.mark.parametrize("half", ["home", "now"])
async def test_a_move_of_which_only_half_was_written_down_is_mended_by_the_next_refusal(sim, half):
    group = sim.group("3号楼", basic=True)
    new = sim.upgrade(group, ())
    kept = {"home": (new.id, group.id), "now": (group.id, new.id)}[half]
    values = {f"telegram:moved:{half}:{kept[0]}": str(kept[1])}

    async def remember(key: str, value: str) -> None:
        values[key] = value

    async def recall(key: str) -> str | None:
        return values.get(key)

    chat = TelegramChat(sim.token, api_root=sim.url, moves=Moves(remember, recall))
    assert await chat.post(post_to(group)) == f"2-{new.said[0].id}"
    new.service(sim.person("李"), migrate_from_chat_id=group.id)
    assert await chat.door(sim.updates[-1]) == group.ref
    assert len(values) == 2
    await chat.stop()


# --- put out, and in private ---


@pytest.mark.parametrize(
    ("status", "words"), [("kicked", "kicked from the supergroup"), ("left", "not a member")]
)
async def test_where_we_have_been_put_out_is_told_apart(sim, chat, status, words):
    group = sim.group("3号楼", bot=status)
    with pytest.raises(Gone, match=words):
        await chat.post(post_to(group))


async def test_a_whisper_reaches_whoever_has_started_the_bot(sim, chat):
    wang = sim.person("王")
    with pytest.raises(Gone):
        await chat.whisper(wang.ref, "家里的事", "k1")
    private = sim.private(wang)
    private.say(wang, "/start abc")
    started = await chat.understand(sim.updates[-1])
    assert (started.text, started.addressed, started.group) == ("/start abc", True, wang.ref)
    await chat.whisper(wang.ref, "家里的事", "k2")
    assert private.said[0].text == "家里的事"
    private.set_bot("kicked")
    with pytest.raises(Gone, match="blocked"):
        await chat.whisper(wang.ref, "家里的事", "k3")


@pytest.mark.parametrize("person", ["telegram:-1001", "web:5", "telegram:"])
async def test_a_whisper_is_for_one_person(chat, person):
    with pytest.raises(Refused):
        await chat.whisper(person, "x", "k4")


async def test_a_stranger_is_refused(chat):
    with pytest.raises(Refused):
        await chat.whisper(Person(99, "谁").ref, "x", "k5")


async def test_the_link_into_the_private_chat_carries_a_token_and_stands_behind_a_button(sim, chat):
    group = sim.group("3号楼")
    link = await chat.link("A_b-9")
    assert link == "https://t.me/linli_test_bot?start=A_b-9"
    await chat.post(post_to(group, buttons=((Button("私聊", "", url=link), Button("好", "y")),)))
    assert group.said[0].buttons == [[("私聊", link), ("好", "y")]]
    for token in ("", "x" * 65, "a b", "语"):
        with pytest.raises(ValueError, match="1 to 64"):
            await chat.link(token)


async def test_a_move_that_cannot_be_written_down_is_tried_again(sim):
    async def away(*_):
        raise Unreachable("Redis does not answer")

    chat = TelegramChat(sim.token, api_root=sim.url, moves=Moves(away, away))
    group = sim.group("3号楼", basic=True)
    sim.upgrade(group, ("to",))
    with pytest.raises(Unreachable):
        await chat.door(sim.updates[-1])
    await chat.stop()


# --- said once ---


async def test_what_was_said_is_not_said_again_when_its_order_comes_again(sim, chat):
    group = sim.group("春风里")
    first = await chat.post(post_to(group, "#1 电梯", key="a"))
    assert await chat.post(post_to(group, "#1 电梯，已派单", key="a")) == first
    other = sim.group("秋月里")
    await chat.post(post_to(other, "#1 电梯", key="a"))
    await chat.post(post_to(group, "#2 电梯", key="b"))
    assert [one.text for one in (*group.said, *other.said)] == ["#1 电梯", "#2 电梯", "#1 电梯"]


async def test_what_was_not_said_is_said_at_the_next_try(sim, chat):
    group = sim.group("春风里")
    sim.fail_next("sendMessage", 502)
    with pytest.raises(Unreachable):
        await chat.post(post_to(group, key="a"))
    await chat.post(post_to(group, key="a"))
    assert len(group.said) == 1


class Forgets:
    """A memory that is away once something has been said."""

    def __init__(self, sim):
        self._sim = sim

    async def recall(self, _):
        if self._sim.called("sendMessage"):
            raise Unreachable("Redis is away")

    async def remember(self, *_):
        raise Unreachable("Redis is away")


async def test_nothing_that_can_fail_is_asked_after_it_was_said(sim, clock):
    away = Forgets(sim)
    chat = TelegramChat(
        sim.token, api_root=sim.url, moves=Moves(away.remember, away.recall), pace=MemoryPace(Limits(), clock)
    )
    group = sim.group("春风里")
    assert await chat.post(post_to(group)) == str(group.said[0].id)
    await chat.stop()
