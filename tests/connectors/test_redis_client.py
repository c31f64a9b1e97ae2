"""Rules of the client of one server: what is asked together goes together, and each gets its own answer."""

import asyncio

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from connectors.redis_client import client_of
from tests.real_redis import real_redis


@pytest.fixture
async def server(tmp_path):
    async with real_redis(tmp_path) as running:
        yield running


@pytest.fixture
async def client(server):
    one = client_of(server.url)
    yield one
    await one.aclose()


async def packets(client) -> int:
    """How often the server has read something."""
    return int((await client.info("stats"))["total_reads_processed"])


async def test_what_is_asked_in_one_turn_goes_in_one_packet(client):
    before = await packets(client)
    await asyncio.gather(*(client.set(f"k{n}", n) for n in range(50)))
    assert await asyncio.gather(*(client.get(f"k{n}") for n in range(50))) == [str(n) for n in range(50)]
    assert await packets(client) - before <= 4


async def test_each_gets_its_own_answer_or_its_own_error(client):
    await client.set("text", "邻里")
    unwritable, unknown = client.get("\ud800"), client.evalsha("0" * 40, 0)
    answers = await asyncio.gather(
        client.get("text"), client.hget("text", "x"), unwritable, unknown, client.mget("text", "none"), return_exceptions=True
    )  # fmt: skip
    assert (answers[0], answers[4]) == ("邻里", ["邻里", None])
    assert [
        isinstance(answers[n], kind) for n, kind in ((1, ResponseError), (2, ValueError), (3, ResponseError))
    ] == [True] * 3


async def test_who_gives_up_takes_nobody_along(client):
    patient, hasty = (asyncio.ensure_future(client.set(name, 1)) for name in ("patient", "hasty"))
    await asyncio.sleep(0)
    hasty.cancel()
    assert await patient
    with pytest.raises(asyncio.CancelledError):
        await hasty


async def test_a_server_that_is_gone_is_gone_for_all_who_ask(server, client):
    await client.set("k", 1)
    await server.kill()
    answers = await asyncio.gather(*(client.get("k") for _ in range(5)), return_exceptions=True)
    assert all(isinstance(answer, RedisConnectionError) for answer in answers)
    await server.start()
    assert await client.get("k") == "1"
