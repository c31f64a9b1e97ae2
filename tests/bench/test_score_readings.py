"""Asking the server: what a message is sent with, and what happens when the server is full."""

import pytest
from aiohttp import web

from actions.errors import Unreachable
from bench import readings

ANSWER = {"intent": {"name": "chatter", "confidence": 1.0}}


def a_message(number, text, *, reply_to=None, role="resident"):
    return {"id": number, "text": text, "reply_to": reply_to, "role": role}


@pytest.fixture
async def served():
    """A function that starts a server on a port of its own, and gives back its address."""
    runners = []

    async def start(handler):
        app = web.Application()
        app.router.add_post("/model/parse", handler)
        runners.append(runner := web.AppRunner(app))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    yield start
    for runner in runners:
        await runner.cleanup()


def test_alone_a_message_comes_without_what_stands_around_it():
    assert readings.alone([a_message(1, "早"), a_message(2, " "), a_message(3, "停水了")]) == [
        {"text": "早"},
        {"text": "停水了"},
    ]


def test_in_context_a_message_comes_with_the_eight_before_it_oldest_first():
    last = readings.in_context([a_message(n, str(n)) for n in range(1, 11)])[-1]

    assert last == {
        "text": "10",
        "context": ["2", "3", "4", "5", "6", "7", "8", "9"],
        "reply_to": None,
        "role": "resident",
    }


def test_in_context_the_quoted_text_and_the_role_come_along_and_wordless_messages_do_not():
    messages = [a_message(1, "灯坏了"), a_message(2, ""), a_message(3, "收到", reply_to=1, role="worker")]

    assert readings.in_context(messages)[-1] == {
        "text": "收到",
        "context": ["灯坏了"],
        "reply_to": "灯坏了",
        "role": "worker",
    }


def test_a_quoted_photo_without_words_quotes_nothing():
    assert readings.in_context([a_message(1, ""), a_message(2, "看", reply_to=1)])[0]["reply_to"] is None


async def test_answers_stand_beside_the_messages_that_they_are_for(served):
    async def echo(request):
        return web.json_response(ANSWER | {"text": (await request.json())["text"]})

    messages = [a_message(n, f"第{n}条") for n in range(40)]
    pairs = await readings.read(await served(echo), messages, context=False)

    assert [pair.answer["text"] for pair in pairs] == [message["text"] for message in messages]


async def test_a_full_server_is_asked_again(served):
    turned_away = []

    async def full_once(request):
        if not turned_away:
            turned_away.append(request)
            return web.json_response({"error": "busy"}, status=503, headers={"Retry-After": "0.01"})
        return web.json_response(ANSWER)

    assert await readings.ask(await served(full_once), [{"text": "早"}]) == [ANSWER]


async def test_a_server_that_refuses_ends_the_run(served):
    async def refuses(request):
        return web.json_response({"error": "no"}, status=500)

    with pytest.raises(Unreachable, match="500"):
        await readings.ask(await served(refuses), [{"text": "早"}])
