"""A copy of Redis while it is used."""

import asyncio
import io
import json

import pytest

from actions.errors import Refused, Unreachable
from connectors.redis_copy import Record, copy_keys, put_back, read_records, require_empty, write_record
from tests.real_redis import real_redis


@pytest.fixture
async def redis(tmp_path):
    async with real_redis(tmp_path / "one") as server:
        yield server


@pytest.fixture
async def other(tmp_path):
    async with real_redis(tmp_path / "other") as server:
        yield server


async def copied(url):
    file = io.BytesIO()
    await copy_keys(url, file)
    file.seek(0)
    return file


async def test_every_kind_of_key_comes_back_as_it_was(redis, other):
    async with redis.client() as client, other.client() as there:
        await client.set("linli:value:a", "甲")
        await client.set("linli:{p001}:seen:g:d:1", "1", ex=1000)
        await client.hset("linli:{p001}:orders", mapping={"k": "v"})
        await client.zadd("linli:{p001}:due", {"k": 1.5})
        await client.rpush("linli:{p001}:trace:g:1", "one", "two")
        await client.sadd("linli:groups", "g")
        await client.xgroup_create("linli:{p001}:inbox", "linli", id="0", mkstream=True)
        await client.xadd("linli:{p001}:inbox", {"body": "one"})
        await client.xreadgroup("linli", "worker", {"linli:{p001}:inbox": ">"})
        await client.xadd("linli:{p001}:inbox", {"body": "two"})
        assert await put_back(other.url, read_records(await copied(redis.url))) == 7
        for key in await client.keys("*"):
            assert await there.type(key) == await client.type(key)
        assert await there.get("linli:value:a") == "甲"
        assert 900 < await there.ttl("linli:{p001}:seen:g:d:1") <= 1000
        assert await there.zscore("linli:{p001}:due", "k") == 1.5
        assert await there.lrange("linli:{p001}:trace:g:1", 0, -1) == ["one", "two"]
        (waiting,) = await there.xpending_range("linli:{p001}:inbox", "linli", "-", "+", 10)
        assert waiting["consumer"] == "worker"
        ((_, [(_, new)]),) = await there.xreadgroup("linli", "worker", {"linli:{p001}:inbox": ">"})
        assert new == {"body": "two"}


async def test_others_keys_and_login_links_stay_out(redis):
    async with redis.client() as client:
        await client.mset({"linli:value:a": "1", "linli:once:token": "operator", "shop:basket": "x"})
    assert [record.key for record in read_records(await copied(redis.url))] == [b"linli:value:a"]


async def test_the_copy_is_of_one_moment_while_it_is_written_to(redis, other):
    """Two counters are raised together, far apart in the order of the keys: in the copy they are the same."""
    async with redis.client() as client:
        for n in range(3000):
            await client.set(f"linli:filler:{n}", "x" * 200)
        writes = 0

        async def write():
            nonlocal writes
            while True:
                writes += 1
                async with client.pipeline(transaction=True) as pipe:
                    pipe.incr("linli:left")
                    pipe.rpush("linli:right", writes)
                    pipe.set(f"linli:filler:{writes % 3000}", writes)
                    pipe.delete(f"linli:filler:{(writes * 7) % 3000}")
                    await pipe.execute()

        writing = asyncio.create_task(write())
        try:
            await asyncio.sleep(0.05)
            file = await copied(redis.url)
            after = writes
        finally:
            writing.cancel()
    await put_back(other.url, read_records(file))
    async with other.client() as there:
        count = int(await there.get("linli:left"))
        assert 0 < count <= after
        assert await there.lrange("linli:right", 0, -1) == [str(n) for n in range(1, count + 1)]
        assert await there.get(f"linli:filler:{count % 3000}") in {str(count), None}
        assert await there.exists(f"linli:filler:{(count * 7) % 3000}") == 0


async def test_writes_go_on_after_the_copy(redis):
    await copied(redis.url)
    async with redis.client() as client, asyncio.timeout(1):
        await client.set("linli:value:a", "1")


async def test_a_redis_that_holds_something_of_ours_is_not_empty(redis):
    async with redis.client() as client:
        await client.set("shop:basket", "x")
        await require_empty(redis.url)
        await client.set("linli:value:a", "1")
    with pytest.raises(Refused, match="linli:value:a"):
        await require_empty(redis.url)


async def test_a_redis_that_is_away_is_unreachable(tmp_path):
    with pytest.raises(Unreachable):
        await copy_keys(f"unix://{tmp_path}/nobody", io.BytesIO())


async def test_a_value_that_redis_does_not_take_is_refused(redis):
    with pytest.raises(Refused):
        await put_back(redis.url, iter([Record(b"linli:value:a", b"damaged")]))


@pytest.mark.parametrize("cut", [0, 5, 20, -1])
def test_a_copy_that_ends_too_early_is_refused(cut):
    file = io.BytesIO()
    file.write(b"linli keys 1\n")
    write_record(file, Record(b"linli:value:a", json.dumps("x" * 50).encode()))
    with pytest.raises(ValueError):
        list(read_records(io.BytesIO(file.getvalue()[:cut])))


def test_a_copy_with_a_key_that_is_not_ours_is_refused():
    file = io.BytesIO()
    file.write(b"linli keys 1\n")
    write_record(file, Record(b"shop:basket", b"x"))
    with pytest.raises(ValueError):
        list(read_records(io.BytesIO(file.getvalue())))
