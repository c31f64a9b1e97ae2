"""Logging in: a link works once, within a day, and gives a cookie that nobody can make."""

import asyncio

import pytest
from aiohttp.test_utils import make_mocked_request

from actions.errors import Unreachable
from bot.login import COOKIE, LINK_SECONDS, SESSION_SECONDS, TRIES_A_MINUTE, TRIES_IN_ALL, Logins, Visitor
from bot.settings import load
from connectors.once import MemoryOnce, RedisOnce
from connectors.tries import MemoryTries, RedisTries
from tests.console_world import KEY, world
from tests.real_redis import real_cluster, real_redis

HTML = {"Accept": "text/html"}


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds():
    return Seconds()


async def test_on_a_cluster_links_work_once_and_all_processes_count_together(tmp_path):
    async with real_cluster(tmp_path) as cluster:
        clients = [cluster.client, cluster.client]
        here, there = (Logins(RedisOnce(client), RedisTries(client), KEY) for client in clients)
        for _ in range(5):
            token = await here.issue("viewer")
            assert [bool(await one.redeem(token)) for one in (there, here)] == [True, False]
        waits = [await one.wait("10.0.0.1") for one in (here, there) * (TRIES_A_MINUTE // 2) + (here,)]
        assert [wait > 0 for wait in waits] == [False] * TRIES_A_MINUTE + [True]
        for client in clients:
            await client.aclose()


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


async def test_what_is_looked_at_stays_until_it_is_taken(store):
    await store.put("a", "viewer", 60)
    assert [await store.look("a"), await store.look("a"), await store.take("a")] == ["viewer"] * 3
    assert await store.look("a") is None


async def test_a_store_that_is_gone_cannot_be_looked_into(tmp_path):
    async with real_redis(tmp_path) as server:
        client = server.client()
        await server.stop()
        with pytest.raises(Unreachable):
            await RedisOnce(client).look("a")
        with pytest.raises(Unreachable):
            await RedisTries(client).count("a", 1, 1)
        await client.aclose()


@pytest.fixture(params=["memory", "redis"])
async def tries(request, tmp_path):
    if request.param == "memory":
        yield MemoryTries()
        return
    async with real_redis(tmp_path) as server, server.client() as client:
        yield RedisTries(client)


async def test_tries_beyond_the_most_are_told_how_long_to_wait(tries):
    waits = [await tries.count("10.0.0.1", 3, 60) for _ in range(5)]
    assert waits[:3] == [0, 0, 0]
    assert all(50 < wait <= 60 for wait in waits[3:])
    assert await tries.count("10.0.0.2", 3, 60) == 0


async def test_a_new_window_begins_when_the_old_one_is_over(seconds):
    tries = MemoryTries(seconds)
    assert [await tries.count("a", 1, 60) for _ in range(2)] == [0, 60]
    seconds.now = 61
    assert await tries.count("a", 1, 60) == 0


async def test_a_count_in_redis_is_forgotten_with_its_window(tmp_path):
    async with real_redis(tmp_path) as server, server.client() as client:
        await RedisTries(client).count("a", 1, 60)
        assert 0 < await client.ttl("linli:tries:a") <= 60


async def test_tries_are_not_remembered_without_end(seconds):
    tries = MemoryTries(seconds)
    for n in range(10_500):
        await tries.count(str(n), 1, 60)
    assert len(tries._counts) == 10_000


# --- links ------------------------------------------------------------------------------------------


def logins_of(store, tries=None) -> Logins:
    return Logins(store, tries or MemoryTries(), KEY)


async def test_a_link_is_good_for_a_day(seconds):
    logins = logins_of(MemoryOnce(seconds))
    fresh, stale = await logins.issue(), await logins.issue("viewer")
    seconds.now = LINK_SECONDS - 1
    assert (await logins.redeem(fresh)).role == "operator"
    seconds.now = LINK_SECONDS + 1
    assert await logins.redeem(stale) is None


async def test_a_link_is_for_a_role_that_there_is():
    with pytest.raises(KeyError):
        await logins_of(MemoryOnce()).issue("emperor")


async def test_neither_the_token_nor_the_session_is_kept_as_it_is():
    store = MemoryOnce()
    logins = logins_of(store)
    token = await logins.issue()
    assert token not in repr(store._values)
    visitor = await logins.redeem(token)
    assert visitor.session not in repr(store._values)


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800", "a" * 100_000])
async def test_a_made_up_token_opens_nothing(token):
    assert await logins_of(MemoryOnce()).redeem(token) is None


async def test_an_address_has_ten_tries_a_minute(seconds):
    logins = logins_of(MemoryOnce(), MemoryTries(seconds))
    waits = [await logins.wait("10.0.0.1") for _ in range(12)]
    assert [wait > 0 for wait in waits] == [False] * TRIES_A_MINUTE + [True] * 2
    assert not await logins.wait("10.0.0.2")
    seconds.now = 61
    assert not await logins.wait("10.0.0.1")


async def test_all_addresses_together_have_a_limit_too(seconds):
    logins = logins_of(MemoryOnce(), MemoryTries(seconds))
    waits = [await logins.wait(f"10.0.{n // 250}.{n % 250}") for n in range(TRIES_IN_ALL + 1)]
    assert [n for n, wait in enumerate(waits) if wait] == [TRIES_IN_ALL]


async def test_a_network_of_ipv6_is_one_address():
    logins = logins_of(MemoryOnce())
    waits = [await logins.wait(f"2001:db8::{n:x}") for n in range(TRIES_A_MINUTE + 1)]
    assert waits[-1] > 0
    assert not await logins.wait("2001:db8:1::1")


def test_a_form_is_good_for_its_own_login_only():
    logins = logins_of(MemoryOnce())
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


async def test_a_cookie_of_another_key_or_of_no_session_does_not_count():
    async with world() as here:
        other = Logins(here.logins._store, MemoryTries(), b"x" * 32)
        session = (await here.logins.redeem(await here.logins.issue())).session
        for logins, number in ((other, session), (here.logins, "made up"), (here.logins, ["operator", "s"])):
            answer = await here.client.get("/console", cookies={COOKIE: logins._sealer.dumps(number)})
            assert answer.status == 401


async def test_a_session_ends_after_its_time(seconds):
    logins = logins_of(MemoryOnce(seconds))
    session = (await logins.redeem(await logins.issue())).session
    request = make_mocked_request("GET", "/", {"Cookie": f"{COOKIE}={logins._sealer.dumps(session)}"})
    assert (await logins.who(request)).role == "operator"
    seconds.now = SESSION_SECONDS + 1
    assert await logins.who(request) is None


@pytest.mark.parametrize("cookie", ["x", "a.b.c", "W10.x.y"])
async def test_a_made_up_cookie_is_no_error(cookie):
    async with world() as here:
        assert (await here.client.get("/console", cookies={COOKIE: cookie})).status == 401


async def test_the_eleventh_try_in_a_minute_is_put_off():
    async with world() as here:
        answers = [await here.client.get("/login?token=x", headers=HTML) for _ in range(11)]
        assert [answer.status for answer in answers] == [401] * 10 + [429]
        assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
        assert "尝试太频繁" in await answers[-1].text()


async def test_behind_a_proxy_each_visitor_has_their_own_tries():
    async with world(load({"LINLI_PUBLIC_URL": "https://linli.example.org"})) as here:
        statuses = [
            (
                await here.client.get("/login?token=x", headers={"X-Forwarded-For": f"10.9.9.9, 10.0.0.{n}"})
            ).status
            for n in range(12)
        ]
        assert statuses == [401] * 12


async def test_without_a_proxy_nobody_says_to_be_somebody_else():
    async with world() as here:
        statuses = [
            (await here.client.get("/login?token=x", headers={"X-Forwarded-For": f"10.0.0.{n}"})).status
            for n in range(11)
        ]
        assert statuses[-1] == 429


async def test_logging_out_takes_a_form_of_ones_own_and_ends_the_session_wherever_its_cookie_is():
    async with world() as here:
        await here.log_in()
        assert (await here.client.post("/logout", data={"form_token": "x"})).status == 403
        assert (await here.client.get("/console")).status == 200
        stolen = here.cookie
        assert (await here.client.post("/logout", data=here.form, allow_redirects=False)).status == 303
        assert (await here.client.get("/console")).status == 401
        assert (await here.client.get("/console", cookies={COOKIE: stolen})).status == 401


async def test_a_login_ends_the_session_that_was_there_before():
    async with world() as here:
        await here.log_in("viewer")
        before = here.cookie
        await here.log_in()
        assert here.cookie != before
        here.client.session.cookie_jar.clear()
        assert (await here.client.get("/console", cookies={COOKIE: before})).status == 401


async def test_behind_https_the_cookie_never_goes_over_anything_else():
    async with world(load({"LINLI_PUBLIC_URL": "https://linli.example.org"}), secure=True) as here:
        answer = await here.client.get("/login", params={"token": await here.logins.issue()})
        assert answer.cookies[COOKIE]["secure"] is True


async def test_pages_for_everybody_are_shown_while_the_store_is_away():
    async with world() as here:
        await here.log_in()
        here.logins._store = Away()
        assert (await here.client.get("/", headers=HTML)).status == 200
        assert (await here.client.get("/console")).status == 503


class Away:
    async def look(self, key):
        raise Unreachable("Redis does not answer")
