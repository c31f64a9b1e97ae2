"""The desk's border: roles, sessions that end, tries that are counted, forms of its own pages only, headers everywhere."""

import asyncio
import json
import re
import sqlite3

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from bot.cli import app
from connectors.desk.login import COOKIE
from connectors.desk.server import make_app
from connectors.desk.settings import Settings
from connectors.desk.store import new_login
from connectors.dispatch import Open311Dispatch
from tests.connectors.desk_world import API, HOUR_AGO, LIFT, desk_with

FORM = {"service_code": "housing.leak", "address": "5号楼"}


@pytest.fixture
async def desk(tmp_path):
    async with desk_with(tmp_path, key="k") as made:
        yield made


async def a_ticket(desk) -> str:
    status, body = await desk.post(f"{API}/requests.json", FORM)
    assert status == 201
    return json.loads(body)[0]["service_request_id"]


def cookie_of(desk) -> str:
    return next(one.value for one in desk.session.cookie_jar if one.key == COOKIE)


async def csrf_of(desk) -> str:
    return re.search(r'name="csrf" value="([^"]+)"', (await desk.get("/?state=all"))[1])[1]


# --- roles and sessions ---


async def test_a_viewer_reads_and_moves_nothing(desk):
    ticket = await a_ticket(desk)
    token = await asyncio.to_thread(new_login, desk.home, "viewer")
    assert (await desk.get(f"/login?token={token}"))[0] == 200
    page = (await desk.get("/"))[1]
    assert ticket in page
    assert f'action="/tickets/{ticket}' not in page
    form = {"csrf": await csrf_of(desk), "status": "accepted"}
    status, told = await desk.post(f"/tickets/{ticket}", form)
    assert (status, "您只能查看" in told) == (403, True)
    assert [one["status"] for one in await desk.tickets()] == ["received"]


async def test_logging_out_ends_the_session_wherever_its_cookie_is(desk):
    csrf, stolen = await desk.log_in(), cookie_of(desk)
    assert (await desk.post("/logout", {"csrf": "x"}))[0] == 403
    assert (await desk.get("/"))[0] == 200
    assert (await desk.post("/logout", {"csrf": csrf}, allow_redirects=False))[0] == 303
    assert (await desk.get("/", cookies={COOKIE: stolen}))[0] == 401


async def test_a_login_ends_the_session_that_was_there_before(desk):
    await desk.log_in()
    before = cookie_of(desk)
    token = await asyncio.to_thread(new_login, desk.home, "operator")
    await desk.get(f"/login?token={token}")
    assert cookie_of(desk) != before
    desk.session.cookie_jar.clear()
    assert (await desk.get("/", cookies={COOKIE: before}))[0] == 401


async def test_sessions_are_kept_as_hashes_with_an_end(desk):
    await desk.log_in()
    with sqlite3.connect(desk.home / "desk" / "desk.sqlite") as file:
        ((kept, role, until),) = file.execute("SELECT * FROM sessions")
    assert (len(kept), role, until > "2026") == (64, "operator", True)


async def test_a_session_that_is_over_is_none(desk):
    await desk.log_in()
    with sqlite3.connect(desk.home / "desk" / "desk.sqlite") as file:
        file.execute("UPDATE sessions SET until = '2020'")
    file.close()
    assert (await desk.get("/"))[0] == 401


async def test_a_file_that_knew_no_roles_lets_its_links_in(tmp_path):
    async with desk_with(tmp_path) as desk:
        pass
    with sqlite3.connect(tmp_path / "desk" / "desk.sqlite") as file:
        file.execute("ALTER TABLE logins DROP COLUMN role")
    file.close()
    async with desk_with(tmp_path) as desk:
        await desk.log_in()
        assert "/tickets/" in (await desk.get("/"))[1] or (await desk.get("/"))[0] == 200


def test_the_command_makes_a_link_for_a_role(tmp_path):
    (tmp_path / "desk").mkdir()
    env = {"LINLI_HOME": str(tmp_path), "LINLI_CONFIG": ""}
    made = CliRunner().invoke(app, ["desk", "login", "--role", "viewer"], env=env)
    assert re.fullmatch(r"http://127\.0\.0\.1:8311/login\?token=\S{30,}\n", made.stdout)
    assert CliRunner().invoke(app, ["desk", "login", "--role", "king"], env=env).exit_code == 2


async def test_behind_https_the_cookie_never_goes_over_anything_else(desk):
    async with desk.session.get(
        desk.url + "/login?token=T", headers={"X-Forwarded-Proto": "https"}
    ) as answer:
        assert answer.cookies[COOKIE]["secure"] is True
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


# --- tries ---


async def test_the_eleventh_try_to_log_in_is_put_off(desk):
    statuses = [(await desk.get("/login?token=x"))[0] for _ in range(11)]
    assert statuses == [403] * 10 + [429]
    async with desk.session.get(desk.url + "/login?token=T") as answer:
        assert 0 < int(answer.headers["Retry-After"]) <= 60


async def test_wrong_keys_are_counted_and_right_ones_are_not(tmp_path):
    async with desk_with(tmp_path, host="0.0.0.0", key="right") as desk:

        async def read(key):
            return (await desk.get(f"{API}/requests.json", headers={"X-Api-Key": key}))[0]

        assert [await read(f"wrong{n}") for n in range(11)] == [403] * 10 + [429]
        assert await read("right") == 200


@pytest.mark.parametrize("key", ["网", "\udcff", "é" * 1000])
async def test_a_strange_key_is_a_wrong_one(tmp_path, key):
    async with desk_with(tmp_path, host="0.0.0.0", key="k") as desk:
        headers = {"X-Api-Key": key.encode("utf-8", "surrogateescape").decode("latin-1")}
        assert (await desk.get(f"{API}/requests.json", headers=headers))[0] == 403


async def test_looking_at_a_link_ahead_does_not_use_it_up(desk):
    async with desk.session.head(desk.url + "/login?token=T") as answer:
        assert answer.status == 405
    assert (await desk.get("/login?token=T"))[0] == 200


# --- our own client beyond this machine ---


async def test_our_client_shows_its_key_when_it_reads(tmp_path):
    beyond = desk_with(tmp_path, host="0.0.0.0", key="k")
    async with beyond as desk, Open311Dispatch(desk.api, "k") as client:
        ticket = await client.file(LIFT)
        assert await client.find(LIFT.ref, HOUR_AGO) == ticket
        assert (await client.ticket(ticket)).id == ticket
        assert await client.updates(HOUR_AGO, [ticket]) == []


# --- every route ---


@pytest.fixture
async def whole(tmp_path):
    made = make_app(Settings(home=tmp_path, login_token="T", key="k"))
    async with TestClient(TestServer(made)) as client:
        yield client


def routes(client, *, changing: bool):
    """Every route of the desk, with something in the place of what varies."""
    found = []
    for route in client.app.router.routes():
        path = route.resource.canonical if route.resource else ""
        path = re.sub(r"\{ext[^}]*\}", ".json", path)
        path = re.sub(r"\{[^}]+\}", "x", path)
        if (route.method not in {"GET", "HEAD", "OPTIONS", "*"}) is changing and route.method != "HEAD":
            found.append((route.method, path))
    return sorted(set(found))


async def test_no_page_of_another_site_can_change_anything(whole):
    changing = routes(whole, changing=True)
    assert [path for _, path in changing] == [
        "/api/tickets/x",
        "/logout",
        f"{API}/requests.json",
        f"{API}/servicerequestupdates.json",
        "/tickets/x",
    ]
    assert (await whole.get("/login?token=T")).status == 200
    for method, path in changing:
        answer = await whole.request(method, path, data=FORM, headers={"Origin": "https://evil.example"})
        assert (path, answer.status) == (path, 403)
    assert json.loads(await (await whole.get("/api/tickets")).text()) == {"tickets": []}


@pytest.mark.parametrize("path", ["/logout", "/tickets/x"])
async def test_a_form_without_its_token_changes_nothing(whole, path):
    await whole.get("/login?token=T")
    assert (await whole.post(path, data={"status": "fixed"})).status == 403


async def test_every_answer_of_every_route_is_guarded(whole):
    every = [*routes(whole, changing=False), *routes(whole, changing=True), ("GET", "/nowhere"), ("PUT", "/")]
    assert len(every) > 15
    for method, path in every:
        headers = (await whole.request(method, path, allow_redirects=False)).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'"), path
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert (headers["X-Content-Type-Options"], headers["X-Frame-Options"]) == ("nosniff", "DENY")
        assert headers["Server"] == "linli-desk"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:8311"])
async def test_a_desk_of_this_machine_is_known_by_no_other_name(whole, host):
    assert (await whole.get("/", headers={"Host": host})).status == 403


async def test_a_body_beyond_the_limit_is_refused(whole):
    for chunked in (False, True):
        body = {**FORM, "description": "x" * 600_000}
        answer = await whole.post(f"{API}/requests.json", data=body, chunked=True if chunked else None)
        assert answer.status == 413


@given(st.text(max_size=40), st.text(max_size=40))
def test_settings_never_show_their_secrets(key, secret):
    shown = repr(Settings(home="h", key=f"K-{key}-K", push_secret=f"S-{secret}-S", login_token="TOKEN-T"))
    assert not any(mark in shown for mark in ("K-", "S-", "TOKEN-T"))
