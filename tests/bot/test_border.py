"""The border of the whole bot: every route guarded, no form of another site, no push taken twice."""

import asyncio
import io
import json
import time

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from actions.errors import Unreachable
from bot.push import PushDoor
from connectors.bodies import body_of
from connectors.dispatch import Open311Dispatch
from connectors.once import MemoryOnce
from connectors.push import signed_headers
from tests.whole import PUSH_SECRET, Whole, routes, whole_bot

HTML = {"Accept": "text/html"}
OF_ANOTHER_SITE = {"Origin": "https://evil.example"}


@pytest.fixture
async def here(tmp_path):
    async with whole_bot(tmp_path) as made:
        yield made


def update(number: str = "1", status: str = "fixed", ticket: str = "T1") -> bytes:
    row = {"update_id": number, "service_request_id": ticket, "status": status, "description": ""}
    return json.dumps([row]).encode()


def signed(body: bytes, number: str = "m1", at: float | None = None) -> dict[str, str]:
    return signed_headers(PUSH_SECRET, number, int(at or time.time()), body)


# --- every route ----------------------------------------------------------------------------------------


async def test_every_answer_of_every_route_is_guarded(here):
    cookies = await here.log_in()
    every = [*routes(here, changing=False), *routes(here, changing=True), ("GET", "/nowhere"), ("PUT", "/")]
    assert len(every) >= 20
    for method, path in every:
        for more in ({}, {"cookies": cookies}):
            _, headers, _ = await here.ask(method, path, headers=HTML, **more)
            rules = headers["Content-Security-Policy"]
            assert "default-src 'self'" in rules or "default-src 'none'" in rules, path
            assert "unsafe" not in rules, path
            assert headers["X-Content-Type-Options"] == "nosniff", path
            assert (headers["X-Frame-Options"], headers["Server"]) == ("DENY", "linli"), path
            assert headers["Referrer-Policy"] == "same-origin", path


async def test_no_page_of_another_site_can_change_anything(here):
    cookies, changing = await here.log_in(), routes(here, changing=True)
    assert [path for _, path in changing] == [
        "/console/replay",
        "/dispatch/push",
        "/group/demo/media",
        "/logout",
        "/telegram/webhook",
        "/telegram/webhook/east",
    ]
    for method, path in changing:
        status, _, _ = await here.ask(method, path, cookies=cookies, headers=OF_ANOTHER_SITE)
        assert (path, status) == (path, 403)
    assert (await here.ask("GET", "/console", cookies=cookies))[0] == 200


async def test_without_a_proof_of_its_own_no_route_changes_anything(here):
    """A form's token, a page's origin, a signature, a shared secret."""
    cookies = await here.log_in()
    statuses = {
        path: (await here.ask(method, path, cookies=cookies, data=b"{}"))[0]
        for method, path in routes(here, changing=True)
    }
    assert statuses == {
        "/console/replay": 403,
        "/dispatch/push": 401,
        "/group/demo/media": 403,
        "/logout": 403,
        "/telegram/webhook": 401,
        "/telegram/webhook/east": 401,
    }


async def test_every_page_for_operators_asks_who_is_there(here):
    for method, path in routes(here, changing=False):
        if path.startswith(("/console", "/api")):
            assert (path, (await here.ask(method, path))[0]) == (path, 401)


async def test_no_route_answers_to_a_name_that_is_not_ours(here):
    for method, path in [*routes(here, changing=False), *routes(here, changing=True)]:
        status, _, _ = await here.ask(method, path, headers={"Host": "evil.example"})
        assert (path, status) == (path, 200 if path == "/healthz" else 503 if path == "/readyz" else 421)


async def test_a_body_beyond_the_limit_is_refused_whoever_sends_it(here):
    cookies, large = await here.log_in(), b"x" * (2 * 1024 * 1024)

    async def pieces():
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    for path in ("/dispatch/push", "/console/replay", "/logout"):
        for body in (io.BytesIO(large), pieces()):
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            status, _, _ = await here.ask("POST", path, cookies=cookies, data=body, headers=headers)
            assert (path, status) == (path, 413)


@pytest.mark.parametrize(
    "path",
    [
        "/console/case/%00",
        "/console/case/x",
        "/console/case/%F0%9F%92%A9:1",
        "/console/case/" + "a" * 4000,
        "/console/rates?from=9999-12-31&to=9999-12-31",
        "/console/rates?from=0001-01-01&to=9999-12-31",
        "/console/rates.csv?from=x",
        "/console/rates.csv?by=%00",
        "/console/rates?period=%ED%A0%80",
        "/api/cases?group=%00%7B%7D",
        "/api/cases?group=telegram:" + "9" * 4000,
        "/api/cases?group=%ED%A0%80",
        "/evidence/%00",
        "/evidence/" + "a" * 4000,
        "/media/..%2f..%2fkeys%2flogin",
        "/?lang=%00",
    ],
)
async def test_a_strange_address_is_answered_and_never_an_error_of_ours(here, path):
    cookies = await here.log_in()
    status, _, _ = await here.ask("GET", path, cookies=cookies, headers=HTML)
    assert status < 500


@pytest.mark.parametrize("seen", ["9" * 5000, "²", "-1", "x"])
async def test_a_strange_place_in_the_feed_is_none(here, seen):
    cookies = await here.log_in()
    status, _, _ = await here.ask("GET", "/console/events", cookies=cookies, headers={"Last-Event-ID": seen})
    assert status == 200


# --- pushes and webhooks --------------------------------------------------------------------------------


async def push(here: Whole, body: bytes, headers: dict[str, str]) -> int:
    return (await here.ask("POST", "/dispatch/push", data=body, headers=headers))[0]


async def test_a_push_that_comes_again_is_answered_and_does_nothing(here):
    body = update()
    with capture_logs() as logs:
        assert await push(here, body, signed(body)) == 204
        assert await push(here, body, signed(body)) == 204
        # Whoever recorded it changes nothing of it: not the words, not the time.
        assert await push(here, update(status="closed"), signed(body)) == 401
        late = signed(body, at=time.time() - 400)
        assert await push(here, body, late) == 401
    assert [one["event"] for one in logs if one["event"].startswith("push")] == [
        "push_again",
        "push_refused",
        "push_refused",
    ]


async def test_a_push_that_was_not_kept_is_taken_when_it_comes_again(tmp_path):
    taken = []

    class News:
        broken = True

        async def take(self, one):
            if self.broken:
                raise Unreachable("Redis does not answer")
            taken.append(one.id)

    news, seen = News(), MemoryOnce()
    app = web.Application()
    app.router.add_post(
        "/", PushDoor(Open311Dispatch("http://x", push_secret=PUSH_SECRET), news, seen).handle
    )
    async with TestClient(TestServer(app)) as client:
        body = update()
        assert (await client.post("/", data=body, headers=signed(body))).status == 503
        news.broken = False
        statuses = [(await client.post("/", data=body, headers=signed(body))).status for _ in range(3)]
    assert (statuses, taken) == ([204] * 3, ["1"])


async def test_a_slow_body_is_not_waited_for_without_end():
    async def handle(request):
        return web.Response(body=await body_of(request, 100, seconds=0.2))

    async def trickle():
        yield b"a"
        await asyncio.Event().wait()

    app = web.Application()
    app.router.add_post("/", handle)
    async with TestClient(TestServer(app)) as client:
        assert (await client.post("/", data=trickle())).status == 408
        assert await (await client.post("/", data=b"x" * 100)).read() == b"x" * 100
        assert (await client.post("/", data=b"x" * 101)).status == 413
