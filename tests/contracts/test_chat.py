"""The rules of `bot.ports.Chat`, held against the list in memory, the browser group and Telegram."""

from collections.abc import AsyncIterator

import pytest

from actions.errors import Refused
from actions.message import Attachment, Kind, Message, Press, Role
from actions.post import Button, Post
from tests.contracts.chats import BENCHES, Bench, Shown

YES_NO = ((Button("解决了", "y.1"), Button("没解决", "n.1")),)
PLAIN = "3号楼 <b>电梯</b> *坏了* _又_ `x` [a](http://b) 🆘 \u202eطلب &amp;"


@pytest.fixture(params=BENCHES)
async def bench(request, tmp_path) -> AsyncIterator[Bench]:
    async with BENCHES[request.param](tmp_path) as one:
        yield one


def a_post(bench: Bench, text: str = "已上报", key: str = "c:1:0", **more) -> Post:
    return Post(bench.group, text, key, **more)


# --- hearing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["3号楼电梯又坏了", PLAIN, "x" * 4096, "/cases"])
async def test_a_message_is_heard_word_by_word(bench, text):
    heard = await bench.says(text)
    assert isinstance(heard, Message)
    assert (heard.text, heard.kind, heard.role) == (text, Kind.TEXT, Role.RESIDENT)
    assert heard.group == bench.group
    assert heard.sender.startswith(f"{bench.chat.platform}:")
    assert heard.at.tzinfo is not None
    assert not heard.edited


async def test_two_messages_are_two_and_two_people_are_two(bench):
    one, two, three = await bench.says("早"), await bench.says("早"), await bench.says("早", worker=True)
    assert len({one.id, two.id, three.id}) == 3
    assert one.sender == two.sender != three.sender


async def test_a_worker_is_known_for_one(bench):
    heard = await bench.says("收到", worker=True)
    assert heard.role is Role.WORKER
    assert heard.sender in dict(await bench.chat.workers(bench.group))


async def test_a_reply_names_the_message_that_it_answers(bench):
    asked = await bench.chat.post(a_post(bench, "请问在哪里？"))
    assert (await bench.says("3号楼", reply_to=asked)).reply_to == asked


@pytest.mark.parametrize(
    "raw", [{}, {"id": []}, {"kind": "message", "heard": {"group": 1}}, {"message": None}]
)
async def test_what_cannot_be_understood_is_nothing_or_a_value_error(bench, raw):
    try:
        assert await bench.chat.understand(raw) is None
    except ValueError:
        return


# --- speaking -----------------------------------------------------------------------------------------------


async def test_a_post_is_shown_as_it_was_written(bench):
    report = await bench.says("电梯坏了")
    message = await bench.chat.post(a_post(bench, PLAIN, buttons=YES_NO, reply_to=report.id))
    assert await bench.shown() == {message: Shown(PLAIN, (("解决了", "没解决"),), report.id)}


async def test_two_posts_are_two_messages(bench):
    one = await bench.chat.post(a_post(bench))
    two = await bench.chat.post(a_post(bench, key="c:1:1"))
    assert list(await bench.shown()) == [one, two]


async def test_the_same_key_is_posted_once(bench):
    one = await bench.chat.post(a_post(bench))
    assert await bench.chat.post(a_post(bench)) == one
    assert list(await bench.shown()) == [one]


async def test_an_edit_replaces_words_and_buttons(bench):
    message = await bench.chat.post(a_post(bench, buttons=YES_NO))
    await bench.chat.edit(message, a_post(bench, "已受理", buttons=((Button("我也是", "m.1"),),)))
    assert await bench.shown() == {message: Shown("已受理", (("我也是",),), None)}
    await bench.chat.edit(message, a_post(bench, "已办结"))
    assert await bench.shown() == {message: Shown("已办结", (), None)}


async def test_an_edit_that_changes_nothing_is_no_error(bench):
    message = await bench.chat.post(a_post(bench, buttons=YES_NO))
    await bench.chat.edit(message, a_post(bench, buttons=YES_NO))
    assert (await bench.shown())[message].text == "已上报"


async def test_a_message_that_is_not_there_cannot_be_edited(bench):
    with pytest.raises(Refused):
        await bench.chat.edit("999999", a_post(bench))


async def test_an_edited_post_does_not_lose_its_key(bench):
    message = await bench.chat.post(a_post(bench))
    await bench.chat.edit(message, a_post(bench, "已受理", "c:2:0"))
    assert await bench.chat.post(a_post(bench)) == message


# --- presses ------------------------------------------------------------------------------------------------


async def test_a_press_brings_back_what_was_put_behind_the_button(bench):
    message = await bench.chat.post(a_post(bench, buttons=YES_NO))
    press = await bench.presses(message, "没解决")
    assert isinstance(press, Press)
    assert (press.group, press.data, press.message) == (bench.group, "n.1", message)
    assert press.role is Role.RESIDENT


async def test_the_answer_is_shown_to_the_person_who_pressed(bench):
    message = await bench.chat.post(a_post(bench, buttons=YES_NO))
    press = await bench.presses(message, "解决了")
    await bench.chat.answer(press.id, "记下了，谢谢。")
    assert await bench.toast(press) == "记下了，谢谢。"


async def test_an_answer_that_comes_too_late_is_no_error(bench):
    await bench.chat.answer("4000000000000000", "记下了")


async def test_a_file_that_is_not_there_is_refused(bench):
    with pytest.raises(Refused):
        await bench.chat.fetch(Attachment(Kind.PHOTO, "nothing"))


# --- to one person alone ------------------------------------------------------------------------------------


async def test_a_whisper_is_heard_by_that_person_and_not_by_the_group(bench):
    person = await bench.comes_alone()
    if bench.has_private_line:
        one = await bench.chat.whisper(person, "家里的事", "c:1:0")
        two = await bench.chat.whisper(person, "还有一件", "c:1:1")
        assert one != two
        assert await bench.heard_alone() == ["家里的事", "还有一件"]
    else:
        with pytest.raises(Refused):
            await bench.chat.whisper(person, "家里的事", "c:1:0")
    assert await bench.shown() == {}


async def test_to_a_stranger_nothing_can_be_whispered(bench):
    with pytest.raises(Refused):
        await bench.chat.whisper(bench.stranger, "家里的事", "c:1:0")


async def test_a_link_into_the_private_line_is_there_where_the_line_is(bench):
    link = await bench.chat.link("A_b-9")
    assert link.endswith("A_b-9") if bench.has_private_line else link == ""


async def test_what_was_whispered_is_changed_where_it_stands(bench):
    person = await bench.comes_alone()
    if bench.has_private_line:
        buttons = ((Button("解决了", "d1"),),)
        one = await bench.chat.whisper(person, "家里的事", "c:1:0", buttons, silent=True)
        await bench.chat.edit(one, Post(person, "好了", "c:2:0"))
        with pytest.raises(Refused):
            await bench.chat.edit("999", Post(person, "好了", "c:2:1"))
