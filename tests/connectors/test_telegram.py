"""The Telegram connector against a Bot API server: speaking, asking who is who, and what may go wrong."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from actions.errors import Refused, Unreachable
from actions.message import Attachment, Joined, Kind, Role
from actions.post import Button, Post
from connectors.telegram import TelegramChat
from tests.telegram_simulator import TelegramSimulator
from tests.telegram_world import utf16

POLITE = {"id": 5, "is_bot": False, "first_name": "王"}
YES_NO = ((Button("解决了", "y1"), Button("没解决", "n1")),)


class Clock:
    """A time that the test moves."""

    def __init__(self) -> None:
        self.at = datetime(2100, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def sim() -> AsyncIterator[TelegramSimulator]:
    async with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def chat(sim, clock) -> AsyncIterator[TelegramChat]:
    chat = TelegramChat(sim.token, api_root=sim.url, clock=clock)
    await chat.start()
    yield chat
    await chat.stop()


def post_to(group, text="好的", **more) -> Post:
    return Post(group.ref, text, "key", **more)


# --- speaking ---


async def test_a_post_is_plain_text_with_buttons_in_its_thread_and_reply(sim, chat):
    group = sim.group("3号楼")
    topic = group.topic(sim.person("李"), "报修")
    report = group.say(sim.person("王"), "电梯坏了", thread=topic)
    id_ = await chat.post(
        post_to(group, "*已收到* <b>1</b>", buttons=YES_NO, reply_to=str(report.id), thread=str(topic))
    )
    (said,) = group.said
    assert (str(said.id), said.text, said.reply_to, said.thread) == (
        id_,
        "*已收到* <b>1</b>",
        report.id,
        topic,
    )
    assert said.buttons == [[("解决了", "y1"), ("没解决", "n1")]]
    assert "parse_mode" not in sim.called("sendMessage")[0]


async def test_a_reply_to_what_is_gone_is_posted_without_it(sim, chat):
    group = sim.group("3号楼")
    await chat.post(post_to(group, reply_to="4444"))
    assert group.said[0].reply_to is None


async def test_people_are_called_at_the_end_with_offsets_in_utf16(sim, chat):
    group = sim.group("3号楼")
    people = (("telegram:51", "李😀"), ("telegram:52", "张"), ("web:3", "网友"))
    await chat.post(post_to(group, "修好了吗😀👨‍👩‍👧", mentions=people))
    (said,) = group.said
    units = said.text.encode("utf-16-le")
    named = [
        units[2 * one["offset"] : 2 * (one["offset"] + one["length"])].decode("utf-16-le")
        for one in said.entities
    ]
    assert said.text == "修好了吗😀👨‍👩‍👧 李😀 张 网友"
    assert (named, said.mentioned) == (["李😀", "张"], [51, 52])


async def test_a_text_too_long_is_cut_and_the_people_stay(sim, chat):
    group = sim.group("3号楼")
    await chat.post(post_to(group, "😀" * 3000, mentions=(("telegram:51", "李"),)))
    (said,) = group.said
    assert utf16(said.text) <= 4096
    assert said.text.endswith("😀… 李")
    assert said.mentioned == [51]


async def test_lone_surrogates_do_not_keep_a_post_from_going_out(sim, chat):
    group = sim.group("3号楼")
    await chat.post(post_to(group, "坏\ud83d了", mentions=(("telegram:5", "\udc00"),)))
    assert group.said[0].text == "坏\ufffd了 \ufffd"


async def test_an_edit_replaces_words_and_buttons_and_the_same_again_is_no_error(sim, chat):
    group = sim.group("3号楼")
    id_ = await chat.post(post_to(group, "好了吗?", buttons=YES_NO))
    for _ in range(2):
        await chat.edit(id_, post_to(group, "谢谢"))
    assert (group.said[0].text, group.said[0].labels, group.said[0].edits) == ("谢谢", [], ["好了吗?"])
    assert chat.health()["last_error"] == ""


async def test_an_edit_of_a_message_that_is_gone_is_refused(sim, chat):
    group = sim.group("3号楼")
    with pytest.raises(Refused, match="essage to edit not found"):
        await chat.edit("999", post_to(group))


async def test_a_press_is_answered_once_and_too_late_is_no_error(sim, chat):
    group, wang = sim.group("3号楼"), sim.person("王")
    await chat.post(post_to(group, buttons=YES_NO))
    press = group.press(wang, group.said[0], "解决了")
    await chat.answer(press.id, "谢" * 300)
    await chat.answer(press.id, "谢谢")
    assert press.answer == "谢" * 199 + "…"


async def test_a_file_is_fetched(sim, chat):
    group = sim.group("3号楼")
    group.photo(sim.person("王"), content=b"\x00\xffphoto")
    message = await chat.understand(sim.updates[-1])
    assert await chat.fetch(message.attachments[0]) == b"\x00\xffphoto"


async def test_a_file_larger_than_it_says_is_not_read_to_its_end(sim, chat):
    group = sim.group("3号楼")
    group.photo(sim.person("王"), content=b"x" * (20 * 1024 * 1024 + 1))
    file = list(group.files.values())[-1]
    file.size = 10
    with pytest.raises(Refused, match="20 MB"):
        await chat.fetch(Attachment(Kind.PHOTO, file.id))


@pytest.mark.parametrize("ref", ["no-such-file", "FILE"])
async def test_a_file_that_is_gone_is_refused(sim, chat, ref):
    with pytest.raises(Refused):
        await chat.fetch(Attachment(Kind.PHOTO, ref))


# --- who is who ---


async def heard(sim, chat):
    return await chat.understand(sim.updates[-1])


async def test_administrators_are_workers_and_are_asked_for_once_a_minute(sim, chat, clock):
    li, wang = sim.person("小李"), sim.person("王")
    group = sim.group("3号楼", administrators=[li])
    for person, role in ((li, Role.WORKER), (wang, Role.RESIDENT)):
        group.say(person, "电梯")
        assert (await heard(sim, chat)).role is role
    assert await chat.workers(group.ref) == ((li.ref, "小李"),)
    assert len(sim.called("getChatAdministrators")) == 1
    clock.at += timedelta(seconds=61)
    await chat.workers(group.ref)
    assert len(sim.called("getChatAdministrators")) == 2


async def test_a_change_among_the_members_is_seen_at_once(sim, chat):
    li = sim.person("小李")
    group = sim.group("3号楼", bot="administrator")
    sim.updates.clear()
    await chat.set_webhook("", "s")
    assert await chat.workers(group.ref) == ()
    group.promote(li)
    assert await heard(sim, chat) is None
    assert await chat.workers(group.ref) == ((li.ref, "小李"),)
    group.demote(li)
    assert await heard(sim, chat) is None
    group.say(li, "电梯")
    assert (await heard(sim, chat)).role is Role.RESIDENT


async def test_the_menu_of_commands_is_offered(sim, chat):
    await chat.offer((("cases", "没办完的事"), ("mine", "跟我有关的")))
    assert sim.commands == [("cases", "没办完的事"), ("mine", "跟我有关的")]


async def test_named_workers_stand_in_for_the_administrators(sim, clock):
    boss, li = sim.person("群主"), sim.person("小李")
    group = sim.group("3号楼", administrators=[boss])
    chat = TelegramChat(sim.token, api_root=sim.url, named_workers=lambda _: frozenset({li.ref}), clock=clock)
    roles = []
    for person, how in ((li, {}), (boss, {}), (boss, {"anonymous": True})):
        group.say(person, "收到", **how)
        roles.append((await heard(sim, chat)).role)
    assert roles == [Role.WORKER, Role.RESIDENT, Role.RESIDENT]
    assert sim.called("getChatAdministrators") == []
    await chat.stop()


async def test_a_worker_who_presses_is_a_worker(sim, chat):
    li = sim.person("小李")
    group = sim.group("3号楼", administrators=[li])
    await chat.post(post_to(group, buttons=YES_NO))
    group.press(li, group.said[0], "解决了")
    assert (await heard(sim, chat)).role is Role.WORKER


async def test_a_group_that_does_not_tell_its_administrators_has_residents_only(sim, chat):
    group = sim.group("3号楼")
    sim.fail_next("getChatAdministrators", 400)
    group.say(sim.person("王"), "电梯")
    assert (await heard(sim, chat)).role is Role.RESIDENT


async def test_nobody_becomes_a_resident_because_telegram_was_silent(sim, chat):
    group = sim.group("3号楼")
    group.say(sim.person("王"), "电梯")
    sim.fail_next("getChatAdministrators", 502)
    with pytest.raises(Unreachable):
        await heard(sim, chat)
    assert (await heard(sim, chat)).role is Role.RESIDENT


async def test_a_private_chat_has_no_workers_and_none_are_asked_for(sim, chat):
    wang = sim.person("王")
    sim.private(wang).say(wang, "你好")
    assert (await heard(sim, chat)).role is Role.RESIDENT
    assert sim.called("getChatAdministrators") == []


@pytest.mark.parametrize(
    ("privacy", "status", "hears"),
    [(True, "member", False), (True, "administrator", True), (False, "member", True)],
)
async def test_whether_we_hear_ordinary_messages_is_found_out(privacy, status, hears):
    async with TelegramSimulator(privacy=privacy) as sim:
        chat = TelegramChat(sim.token, api_root=sim.url)
        group = sim.group("3号楼", bot=status)
        joined = await chat.understand(sim.updates[0])
        sim.updates.clear()
        group.say(sim.person("王"), "电梯坏了")
        assert isinstance(joined, Joined)
        assert (joined.hears_all, await chat.can_hear(group.ref), bool(sim.updates)) == (hears, hears, hears)
        await chat.stop()


async def test_with_privacy_mode_on_only_commands_and_replies_to_us_come_in(chat, sim):
    group, wang = sim.group("3号楼", privacy=True), sim.person("王")
    await chat.post(post_to(group, "是哪里?"))
    sim.updates.clear()
    group.say(wang, "电梯坏了")
    group.say(wang, "/cases@another_bot")
    group.say(wang, "/cases@linli_test_bot")
    group.say(wang, "东门", reply_to=group.said[0])
    heard = [await chat.understand(raw) for raw in sim.updates]
    assert [(one.text, one.addressed) for one in heard] == [("/cases", True), ("东门", True)]


# --- what may go wrong ---


@pytest.mark.parametrize("data", ["", "语" * 22])
async def test_button_data_beyond_telegrams_bounds_is_refused(sim, chat, data):
    with pytest.raises(Refused):
        await chat.post(post_to(sim.group("3号楼"), buttons=((Button("好", data),),)))


async def test_an_id_larger_than_any_of_telegrams_is_a_poison_update(chat):
    message = {
        "message_id": 1,
        "date": 1_700_000_000,
        "chat": {"id": -(10**30), "type": "group", "title": "x"},
    }
    with pytest.raises(ValueError, match="update 1 "):
        await chat.understand({"update_id": 1, "message": {**message, "from": POLITE, "text": "a"}})


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Refused),
        (403, Refused),
        (401, Refused),
        (500, Unreachable),
        (502, Unreachable),
        (409, Unreachable),
    ],
)
async def test_each_answer_is_one_of_our_two_words(sim, chat, status, kind):
    group = sim.group("3号楼")
    sim.fail_next("sendMessage", status)
    with pytest.raises(kind) as caught:
        await chat.post(post_to(group))
    assert chat.health()["last_error"] == str(caught.value)


async def test_too_many_requests_says_when_to_come_back(sim, chat):
    group = sim.group("3号楼")
    sim.fail_next("sendMessage", 429, {"retry_after": 17})
    with pytest.raises(Unreachable) as caught:
        await chat.post(post_to(group))
    assert caught.value.retry_after == 17


async def test_a_lost_reply_is_unreachable_although_the_message_is_there(sim, chat):
    group = sim.group("3号楼")
    sim.fail_next("sendMessage", after_effect=True)
    with pytest.raises(Unreachable):
        await chat.post(post_to(group))
    assert len(group.said) == 1


async def test_a_second_poller_is_said_in_words(sim, chat):
    sim.fail_next("getUpdates", 409)
    with pytest.raises(Unreachable, match="another program takes this bot's updates"):
        await chat.updates(None, 0)


@pytest.mark.parametrize("group", ["web:5", "telegram:unknown", "telegram:", "telegram:５"])
async def test_a_group_of_another_platform_is_refused(chat, group):
    with pytest.raises(Refused):
        await chat.post(Post(group, "x", "key"))


@pytest.mark.parametrize("token", ["", " ", "12:a/b", "12:a b"])
def test_what_cannot_be_a_token_is_refused(token):
    with pytest.raises(Refused, match="BotFather"):
        TelegramChat(token)


async def test_a_wrong_token_is_refused_at_the_start_and_not_shown(sim):
    chat = TelegramChat("12:WRONGSECRET", api_root=sim.url)
    with pytest.raises(Refused) as caught:
        await chat.start()
    await chat.stop()
    assert "WRONGSECRET" not in str(caught.value)


async def test_an_unreachable_telegram_does_not_keep_the_program_from_starting(sim):
    sim.fail_next("getMe", 502)
    chat = TelegramChat(sim.token, api_root=sim.url)
    await chat.start()
    assert chat.health()["username"] is None
    assert (await chat.me()).username == "linli_test_bot"
    await chat.stop()


async def test_the_token_is_in_no_log_no_error_and_no_repr(sim, caplog):
    caplog.set_level(logging.DEBUG)
    chat = TelegramChat(sim.token, api_root=sim.url)
    shown = [repr(chat)]
    with capture_logs() as logs:
        await chat.start()
        group = sim.group("3号楼")
        for method, status in (("getUpdates", 400), ("getMe", 0), ("getMe", 401), ("getFile", 0)):
            sim.fail_next(method, status)
        calls = (
            chat.updates(None, 0),
            chat.me(fresh=True),
            chat.me(fresh=True),
            chat.fetch(Attachment(Kind.PHOTO, "x")),
        )
        for call in calls:
            with pytest.raises((Unreachable, Refused)) as caught:
                await call
            shown.append(str(caught.getrepr(style="short")))
        await chat.post(post_to(group))
        await chat.stop()
    secret = sim.token.split(":", maxsplit=1)[1]
    assert secret not in "".join(
        [*shown, repr(chat), repr(chat.health()), repr(logs), caplog.text, chat.account]
    )


async def test_a_server_that_answers_no_bot_api_is_unreachable(sim):
    chat = TelegramChat(sim.token, api_root=sim.url + "/elsewhere")
    with pytest.raises((Unreachable, Refused)):
        await chat.me()
    with pytest.raises((Unreachable, Refused)):
        await chat.updates(None, 0)
    await chat.stop()


async def test_health_tells_who_we_are(chat):
    assert chat.health() == {
        "username": "linli_test_bot",
        "can_read_all_group_messages": True,
        "last_update_at": None,
        "last_error": "",
        "last_error_at": None,
    }
