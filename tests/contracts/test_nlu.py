"""The rules of `bot.ports.Nlu`, held against the NLU in memory and against the client of a server over HTTP."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from actions.errors import Refused, Unreachable
from actions.linking import Linker, likeness
from actions.reading import SILENCE, Guess, Intent, Reading, Span, Urgency
from connectors.linking_weights import shipped
from connectors.memory_nlu import MemoryNlu
from connectors.nlu import FAILURES, MODEL_HEADER, PLAIN, TEXT_LENGTH, RasaNlu, reading_of

LIFT = "3号楼电梯又坏了"
ANSWER = {
    "intent": {"name": "report", "confidence": 0.91},
    "intent_ranking": [{"name": "report", "confidence": 0.91}],
    "entities": [
        {"entity": "location", "value": "3号楼", "start": 0, "end": 3, "confidence_entity": 0.8},
        {"entity": "time", "value": "又", "start": 5, "end": 6},
    ],
    "category": {"name": "housing.elevator", "confidence": 0.7},
    "category_ranking": [
        {"name": "housing.elevator", "confidence": 0.7},
        {"name": "utilities.power", "confidence": 0.2},
    ],
    "urgency": {"name": "urgent", "confidence": 0.6},
    "meaning": "AQID",
}
READING = Reading(
    Intent.REPORT,
    0.91,
    (Guess("housing.elevator", 0.7), Guess("utilities.power", 0.2)),
    Urgency.URGENT,
    0.6,
    (Span(0, 3, "3号楼", 0.8),),
    (Guess("report", 0.91),),
    "AQID",
)
WEIGHTS = {
    "options": {"weights": {"new log report": [2.0, 1.0]}, "bias": [0.5], "out": [-1.0]},
    "kinds": {"weights": {}, "bias": [], "out": []},
    "common": ["我们"],
}
ENDLESS = b'{"entity": "location", "value": "", "start": Infinity, "end": 1}'
CHATTER = {"intent": {"name": "chatter", "confidence": 1.0}}


class Stub:
    """An NLU server that answers what the test says, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[dict] = []
        self.status, self.headers, self.body = 200, {}, None
        self.hangs = False
        self.fails_at = self.hangs_at = None
        self.model, self.linking, self.fetched = "m1", json.dumps(WEIGHTS), 0
        self.let_go = asyncio.Event()

    async def parse(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        text = self.asked[-1]["text"]
        if self.hangs or text == self.hangs_at:
            await self.let_go.wait()
        if text == self.fails_at:
            return web.Response(status=500)
        answer = ANSWER if text == LIFT else CHATTER
        body = json.dumps(answer).encode() if self.body is None else self.body
        headers = {MODEL_HEADER: self.model, **self.headers}
        return web.Response(status=self.status, headers=headers, body=body)

    async def weights(self, _: web.Request) -> web.Response:
        self.fetched += 1
        if self.linking is None:
            raise web.HTTPNotFound
        return web.Response(headers={MODEL_HEADER: self.model}, text=self.linking)


@pytest.fixture
async def stub() -> AsyncIterator[tuple[Stub, TestServer]]:
    stub, app = Stub(), web.Application()
    app.router.add_post("/model/parse", stub.parse)
    app.router.add_get("/linking", stub.weights)
    async with TestServer(app) as server:
        yield stub, server
        stub.let_go.set()


@pytest.fixture
async def client(stub) -> AsyncIterator[RasaNlu]:
    client = RasaNlu(str(stub[1].make_url("/")), timeout_seconds=5)
    yield client
    await client.close()


# --- on both ------------------------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "http"])
def nlu(request, client):
    return client if request.param == "http" else MemoryNlu({LIFT: READING})


async def test_a_text_is_read(nlu):
    assert await nlu.parse(LIFT) == READING


async def test_numbers_that_say_who_somebody_is_do_not_get_to_the_server(client, stub):
    number = "电话13812345678"
    reading = await client.parse(
        f"{number}，{LIFT}", [f"6号楼水管爆了 {number}", "早上好"], f"{LIFT} {number}"
    )
    assert stub[0].asked == [{"text": LIFT, "context": ["6号楼水管爆了", "早上好"], "reply_to": LIFT}]
    (place,) = reading.locations
    assert f"{number}，{LIFT}"[place.start : place.end] == place.value == "3号楼"


async def test_what_it_does_not_know_is_chatter(nlu):
    assert await nlu.parse("早上好") == SILENCE


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud83c", "x" * 10_000, "🆘" * 100, '"\\'])
async def test_no_text_is_refused(nlu, text):
    assert await nlu.parse(text, ["早", text], text, "resident") == SILENCE


async def test_one_that_is_down_is_unreachable(client, stub):
    memory = MemoryNlu()
    memory.down = True
    await stub[1].close()
    for nlu in (memory, client):
        with pytest.raises(Unreachable):
            await nlu.parse(LIFT)
        with pytest.raises(Unreachable):
            await nlu.linker()


async def test_it_hands_out_a_linking_and_always_the_same(nlu):
    await nlu.parse(LIFT)
    linker = await nlu.linker()
    assert isinstance(linker, Linker)
    assert await nlu.linker() is linker


# --- over HTTP ----------------------------------------------------------------------------------------------


async def test_the_server_is_told_what_the_text_stands_in(client, stub):
    await client.parse("也是", ["早", "电梯坏了"], "电梯坏了", "resident")
    await client.parse("也是")
    assert stub[0].asked == [
        {"text": "也是", "context": ["早", "电梯坏了"], "reply_to": "电梯坏了", "role": "resident"},
        {"text": "也是", "context": []},
    ]


async def test_no_more_than_a_message_is_sent(client, stub):
    await client.parse("长" * 10_000)
    assert len(stub[0].asked[0]["text"]) == TEXT_LENGTH


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("soon", None), ("", None), (None, None)])
async def test_a_server_at_its_limit_says_when_to_come_back(client, stub, header, seconds):
    stub[0].status = 503
    stub[0].headers = {} if header is None else {"Retry-After": header}
    with pytest.raises(Unreachable) as busy:
        await client.parse(LIFT)
    assert busy.value.retry_after == seconds


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_text_that_the_server_will_never_take_is_refused(client, stub, status):
    stub[0].status = status
    with pytest.raises(Refused):
        await client.parse("早上好")


@pytest.mark.parametrize("status", [404, 429, 500])
async def test_any_failure_is_worth_another_try(client, stub, status):
    stub[0].status = status
    with pytest.raises(Unreachable):
        await client.parse(LIFT)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"report"',
        b"{}",
        b'{"intent": null}',
        b'{"intent": {"name": "order_pizza", "confidence": 1}}',
        b'{"intent": {"name": "report"}}',
        b'{"intent": {"name": "report", "confidence": "high"}}',
        b'{"intent": {"name": "report", "confidence": 1}, "entities": [{"entity": "location"}]}',
        b'{"intent": {"name": "report", "confidence": 1}, "urgency": {"name": "soon", "confidence": 1}}',
        b'{"intent": {"name": "report", "confidence": 1}, "entities": [%s]}' % ENDLESS,
        b"[" * 100_000,
    ],
)
async def test_an_answer_that_is_no_reading_is_no_reading(client, stub, body):
    stub[0].body = body
    with pytest.raises(Unreachable):
        await client.parse(LIFT)


async def test_a_server_that_hangs_is_given_up_and_asked_again_later(stub):
    client = RasaNlu(str(stub[1].make_url("/")), timeout_seconds=0.1)
    stub[0].hangs = True
    with pytest.raises(Unreachable):
        await client.parse(LIFT)
    await client.close()


async def test_a_text_at_which_a_server_fails_that_reads_others_is_refused_after_some_tries(client, stub):
    stub[0].fails_at = LIFT
    for _ in range(FAILURES):
        with pytest.raises(Unreachable):
            await client.parse(LIFT)
    with pytest.raises(Refused):
        await client.parse(LIFT)
    assert [asked["text"] for asked in stub[0].asked].count(PLAIN["text"]) == FAILURES


async def test_a_text_at_which_a_server_hangs_that_reads_others_is_refused_after_some_tries(stub):
    client = RasaNlu(str(stub[1].make_url("/")), timeout_seconds=0.3)
    stub[0].hangs_at = LIFT
    for _ in range(FAILURES):
        with pytest.raises(Unreachable):
            await client.parse(LIFT)
    with pytest.raises(Refused):
        await client.parse(LIFT)
    await client.close()


@pytest.mark.parametrize("failure", [{"status": 500}, {"status": 503, "headers": {"Retry-After": "1"}}])
async def test_no_text_is_blamed_for_a_server_that_reads_none_or_is_full(client, stub, failure):
    vars(stub[0]).update(failure)
    for _ in range(3 * FAILURES):
        with pytest.raises(Unreachable):
            await client.parse(LIFT)
    vars(stub[0]).update(status=200, headers={})
    assert await client.parse(LIFT) == READING


async def test_after_a_failure_it_works_again(client, stub):
    stub[0].status = 503
    with pytest.raises(Unreachable):
        await client.parse(LIFT)
    stub[0].status = 200
    assert await client.parse(LIFT) == READING


# --- the linking that was learnt with the model -----------------------------------------------------------------


async def test_the_weights_are_as_the_server_says(client):
    linker = await client.linker()
    assert linker.options.score({"new log report": 1.0}) == 2.0 - 1.5
    assert linker.common == {"我们"}


async def test_another_model_brings_another_linking(client, stub):
    await client.parse(LIFT)
    first = await client.linker()
    await client.parse(LIFT)
    assert (await client.linker() is first, stub[0].fetched) == (True, 1)
    stub[0].model = "m2"
    assert await client.linker() is first, "nothing was read with the new model yet"
    await client.parse(LIFT)
    assert await client.linker() is not first
    assert stub[0].fetched == 2


async def test_a_server_without_a_linking_is_served_by_the_weights_that_ship(client, stub):
    stub[0].linking = None
    await client.parse(LIFT)
    assert await client.linker() is shipped()
    assert await client.linker() is shipped()
    assert stub[0].fetched == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "<html>",
        "{}",
        '{"options": 1, "kinds": 2, "common": 3}',
        json.dumps({**WEIGHTS, "kinds": []}),
    ],
)
async def test_weights_that_are_none_are_worth_another_try(client, stub, text):
    stub[0].linking = text
    with pytest.raises(Unreachable):
        await client.linker()
    stub[0].linking = json.dumps(WEIGHTS)
    assert isinstance(await client.linker(), Linker)


# --- answers ------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
LABEL = st.fixed_dictionaries(
    {}, optional={"name": JSON | st.sampled_from(["report", "normal"]), "confidence": JSON}
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "intent": LABEL | JSON,
            "entities": JSON
            | st.lists(
                st.fixed_dictionaries(
                    {"entity": st.just("location")}, optional={"value": JSON, "start": JSON, "end": JSON}
                )
            ),
            "category": LABEL | JSON,
            "category_ranking": st.lists(LABEL) | JSON,
            "urgency": LABEL | JSON,
            "intent_ranking": st.lists(LABEL) | JSON,
            "meaning": JSON | st.binary(max_size=6).map(lambda raw: b64encode(raw).decode()),
        },
    )
)
def test_whatever_the_server_answers_is_a_reading_or_unreachable(answer):
    try:
        reading = reading_of(answer)
    except Unreachable:
        return
    assert all(0 <= reading.chance(intent) <= 1 for intent in Intent)
    assert -2 <= likeness(reading.meaning, ANSWER["meaning"]) <= 2


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan"), float("inf")])
def test_what_is_no_probability_is_no_reading(confidence):
    for label in ("intent", "urgency"):
        with pytest.raises(Unreachable):
            reading_of({**ANSWER, label: {**ANSWER[label], "confidence": confidence}})
    with pytest.raises(Unreachable):
        reading_of({**ANSWER, "intent_ranking": [{"name": "report", "confidence": confidence}]})


@pytest.mark.parametrize("meaning", ["!", "电梯", "abc", ["AQID"], 7])
def test_a_meaning_that_cannot_be_compared_is_no_reading(meaning):
    with pytest.raises(Unreachable):
        reading_of({**ANSWER, "meaning": meaning})


def test_an_answer_of_a_plain_rasa_server_is_read_too():
    answer = {
        "text": "x",
        "intent": {"name": "second", "confidence": 0.5},
        "entities": [],
        "intent_ranking": [],
    }
    assert reading_of(answer) == Reading(Intent.SECOND, 0.5)


def test_a_category_without_a_ranking_is_the_only_one():
    assert reading_of({**ANSWER, "category_ranking": None}).categories == (Guess("housing.elevator", 0.7),)
