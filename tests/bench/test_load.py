"""Rules of the load: what counts as answered, and from when it is counted."""

import asyncio

import pytest
from aiohttp import web

from bench.load import Took, at_once, at_rate, quantile_ms


@pytest.fixture
async def server():
    """A server that tells how many it has in hand, and is slow."""
    at_work, most = [], []

    async def handle(request):
        at_work.append(request)
        most.append(len(at_work))
        body = await request.read()
        await asyncio.sleep(0.02)
        at_work.remove(request)
        return web.Response(body=body, status=500 if body == b"wrong" else 200)

    app = web.Application()
    app.router.add_post("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/", most
    await runner.cleanup()


async def test_so_many_are_in_flight_and_no_more(server):
    url, most = server
    took = await at_once(url, [b"right"] * 12, in_flight=4)
    assert (len(took.seconds), took.failed, max(most)) == (12, 0, 4)


async def test_what_is_refused_or_not_what_was_wanted_counts_as_failed(server):
    url, _ = server
    took = await at_once(url, [b"right", b"wrong", b"other"], in_flight=2, wanted=b"right")
    assert took.failed == 2


async def test_a_late_answer_does_not_delay_the_next_request(server):
    url, most = server
    took = await at_rate(url, [b"right"] * 10, per_second=200)
    assert len(took.seconds) == 10
    assert max(most) > 1


def test_quantiles_are_of_what_there_is():
    seconds = [n / 1000 for n in range(1, 101)]
    assert (quantile_ms(seconds, 0.5), quantile_ms(seconds, 0.99)) == (51.0, 100.0)
    assert Took().per_second == 0
