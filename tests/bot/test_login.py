"""Logging in: a link works once, within a day, and gives a cookie that nobody can make."""

import asyncio

import pytest

from actions.errors import Unreachable
from bot.login import COOKIE, LINK_SECONDS, Logins, Visitor
from connectors.once import MemoryOnce, RedisOnce
from tests.console_world import KEY, world
from tests.real_redis import real_redis

HTML = {"Accept": "text/html"}


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture(params=["memory", "redis"])
async def store(request, tmp_path):
    if request.param == "memory":
        yield MemoryOnce()
        return
    async with real_redis(tmp_path) as server, server.client() as client:
        yield RedisOnce(client)


# --- one suite for both stores ------------------------------------------------------------------------


async def test_a_value_is_taken_once(store):
    await store.put("a", "operator", 60)
    taken = await asyncio.gather(*(store.take("a") for _ in range(20)))
    assert sorted(taken, key=str) == [None] * 19 + ["operator"]


async def test_what_was_never_put_cannot_be_taken(store):
    assert await store.take("nothing") is None


async def test_a_store_that_is_gone_is_unreachable(tmp_path):
    async with real_redis(tmp_path) as server:
        client = server.client()
        await server.stop()
        with pytest.raises(Unreachable):
            await RedisOnce(client).take("a")
        await client.aclose()


# --- links ------------------------------------------------------------------------------------------


async def test_a_link_is_good_for_a_day(seconds):
    logins = Logins(MemoryOnce(seconds), KEY)
    fresh, stale = await logins.issue(), await logins.issue("worker")
    seconds.now = LINK_SECONDS - 1
    assert (await logins.redeem(fresh)).kind == "operator"
    seconds.now = LINK_SECONDS + 1
    assert await logins.redeem(stale) is None


async def test_the_token_itself_is_not_kept():
    store = MemoryOnce()
    token = await Logins(store, KEY).issue()
    assert token not in repr(store._values)


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800", "a" * 100_000])
async def test_a_made_up_token_opens_nothing(token):
    assert await Logins(MemoryOnce(), KEY).redeem(token) is None


def test_an_address_has_ten_tries_a_minute(seconds):
    logins = Logins(MemoryOnce(), KEY, clock=seconds)
    assert [logins.may_try("10.0.0.1") for _ in range(12)] == [True] * 10 + [False] * 2
    assert logins.may_try("10.0.0.2")
    seconds.now = 61
    assert logins.may_try("10.0.0.1")


def test_tries_are_not_remembered_without_end(seconds):
    logins = Logins(MemoryOnce(), KEY, clock=seconds)
    for n in range(10_500):
        logins.may_try(str(n))
    assert len(logins._tries) == 10_000


def test_a_form_is_good_for_its_own_login_only():
    logins = Logins(MemoryOnce(), KEY)
    token = logins.form_token(Visitor("operator", "one"))
    assert logins.form_is_genuine(Visitor("operator", "one"), token)
    assert not logins.form_is_genuine(Visitor("operator", "two"), token)
    assert not logins.form_is_genuine(Visitor("operator", "one"), "网")


# --- over the web -----------------------------------------------------------------------------------


async def test_a_link_logs_in_once_and_the_cookie_is_kept_from_scripts_and_other_sites():
    async with world() as here:
        token = await here.logins.issue()
        answer = await here.client.get("/login", params={"token": token})
        cookie = answer.cookies[COOKIE]
        assert answer.status == 200
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
        assert (await here.client.get("/console", headers=HTML)).status == 200
        assert (await here.client.get("/login", params={"token": token})).status == 401


async def test_looking_at_a_link_ahead_does_not_use_it_up():
    async with world() as here:
        token = await here.logins.issue()
        assert (await here.client.head("/login", params={"token": token})).status == 405
        assert (await here.client.get("/login", params={"token": token})).status == 200


@pytest.mark.parametrize("path", ["/console", "/console/board", "/console/case/web:a:1", "/console/events"])
async def test_who_is_not_logged_in_is_shown_how(path):
    async with world() as here:
        page = await here.client.get(path, headers=HTML)
        assert page.status == 401
        assert "linli login" in await page.text()
        program = await here.client.get(path)
        assert (program.status, program.content_type) == (401, "application/json")


async def test_a_cookie_of_another_key_or_another_kind_does_not_count():
    async with world() as here:
        other = Logins(MemoryOnce(), b"x" * 32)
        for logins, kind in ((other, "operator"), (here.logins, "resident")):
            value = logins._sealer.dumps([kind, "s"])
            answer = await here.client.get("/console", cookies={COOKIE: value})
            assert answer.status == 401


@pytest.mark.parametrize("cookie", ["x", "a.b.c", "W10.x.y"])
async def test_a_made_up_cookie_is_no_error(cookie):
    async with world() as here:
        assert (await here.client.get("/console", cookies={COOKIE: cookie})).status == 401


async def test_the_eleventh_try_in_a_minute_is_put_off():
    async with world() as here:
        tries = [(await here.client.get("/login?token=x")).status for _ in range(11)]
        assert tries == [401] * 10 + [429]


async def test_logging_out_takes_a_form_of_ones_own():
    async with world() as here:
        await here.log_in()
        assert (await here.client.post("/logout", data={"form_token": "x"})).status == 403
        assert (await here.client.get("/console")).status == 200
        cookie = here.client.session.cookie_jar.filter_cookies(here.client.make_url("/"))[COOKIE].value
        kind, session = here.logins._sealer.loads(cookie)
        form = {"form_token": here.logins.form_token(Visitor(kind, session))}
        assert (await here.client.post("/logout", data=form, allow_redirects=False)).status == 303
        assert (await here.client.get("/console")).status == 401
