"""Every door of the desk by name: who is let in, and what is asked of whoever changes something."""

import asyncio
import re

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from connectors.desk.login import COOKIE
from connectors.desk.server import make_app
from connectors.desk.settings import Settings
from connectors.desk.store import new_login
from tests.connectors.desk_world import API

EVERYBODY = {"/login", "/static/desk.css", "/tickets/x"}
"""Pages without a ticket on them; an address of a ticket leads to the list, which asks who is there."""
STANDARD = {
    "/open311/discovery.json",
    f"{API}/discovery.json",
    f"{API}/services.json",
    f"{API}/services/x.json",
}
"""What Open311 lets everybody read: which services there are."""
LOGGED_IN = {"/": 401, "/version": 401}
BY_KEY = {
    f"{API}/requests.json": 403,
    f"{API}/requests/x.json": 403,
    f"{API}/tokens/x.json": 403,
    f"{API}/servicerequestupdates.json": 403,
    "/api/tickets": 403,
    "/api/tickets/x": 403,
}
CHANGING = {
    "/api/tickets/x": 403,
    "/logout": 403,
    "/tickets/x": 401,
    f"{API}/requests.json": 403,
    f"{API}/servicerequestupdates.json": 403,
}
"""Routes that change something, and what they answer to whoever proves nothing."""


@pytest.fixture
async def desk(tmp_path):
    """A desk that others can reach, and a browser without memory."""
    made = make_app(Settings(home=tmp_path, host="0.0.0.0", login_token="T", key="right"))
    jar = aiohttp.DummyCookieJar()
    async with (
        TestServer(made) as server,
        aiohttp.ClientSession(server.make_url("/"), cookie_jar=jar) as session,
    ):
        session.app, session.home = made, tmp_path
        yield session


def paths(desk, *, changing: bool) -> set[str]:
    found = set()
    for route in desk.app.router.routes():
        path = route.resource.canonical
        path = f"{path}/desk.css" if path == "/static" else path
        path = re.sub(r"\{[^}]+\}", "x", re.sub(r"\{ext[^}]*\}", ".json", path))
        if route.method != "HEAD" and (route.method != "GET") is changing:
            found.add(path)
    return found


async def status_of(desk, method, path, **more) -> int:
    async with desk.request(method, path, allow_redirects=False, **more) as answer:
        return answer.status


async def cookies_of(desk, role: str) -> dict[str, str]:
    token = await asyncio.to_thread(new_login, desk.home, role)
    async with desk.get(f"/login?token={token}") as answer:
        return {COOKIE: answer.cookies[COOKIE].value}


async def form_of(desk, cookies) -> str:
    async with desk.get("/", cookies=cookies) as page:
        return re.search(r'name="csrf" value="([^"]+)"', await page.text())[1]


async def test_it_is_written_of_every_route_who_may_have_it(desk):
    assert paths(desk, changing=False) == EVERYBODY | STANDARD | set(LOGGED_IN) | set(BY_KEY)
    assert paths(desk, changing=True) == set(CHANGING)


async def test_whoever_is_nobody_reads_no_ticket(desk):
    for path in paths(desk, changing=False):
        status = await status_of(desk, "GET", path)
        wanted = {**LOGGED_IN, **BY_KEY}.get(path)
        assert (path, status) == (path, wanted) if wanted else status in {200, 303, 403, 404}
    for path in EVERYBODY | STANDARD:
        async with desk.get(path, allow_redirects=False) as answer:
            assert "service_request_id" not in await answer.text()


async def test_a_login_opens_no_interface_and_a_key_no_page(desk):
    cookies, key = await cookies_of(desk, "operator"), {"X-Api-Key": "right"}
    for path in BY_KEY:
        assert (path, await status_of(desk, "GET", path, cookies=cookies)) == (path, 403)
        assert await status_of(desk, "GET", path, headers=key) != 403
    for path, refused in LOGGED_IN.items():
        assert (path, await status_of(desk, "GET", path, headers=key)) == (path, refused)
        assert await status_of(desk, "GET", path, cookies=cookies) == 200


async def test_whoever_proves_nothing_changes_nothing(desk):
    for data in ({}, {"csrf": "x", "status": "fixed", "api_key": "wrong"}):
        answers = {path: await status_of(desk, "POST", path, data=data) for path in CHANGING}
        assert answers == CHANGING


async def test_a_form_token_of_another_login_is_none(desk):
    mine, other = await cookies_of(desk, "operator"), await cookies_of(desk, "operator")
    form = {"csrf": await form_of(desk, other), "status": "accepted"}
    for path in ("/logout", "/tickets/x"):
        assert (path, await status_of(desk, "POST", path, cookies=mine, data=form)) == (path, 403)
    assert await status_of(desk, "GET", "/", cookies=mine) == 200


async def test_every_cookie_is_kept_from_scripts_and_other_sites(desk):
    found = {}
    for path in (*paths(desk, changing=False), "/login?token=T", "/?lang=en"):
        headers = {"X-Forwarded-Proto": "https"}
        async with desk.get(path, headers=headers, allow_redirects=False) as answer:
            found |= {
                one.key: (one["httponly"], one["secure"], one["samesite"]) for one in answer.cookies.values()
            }
    assert COOKIE in found
    assert found == dict.fromkeys(found, (True, True, "Strict"))


async def test_no_page_has_a_script_or_a_style_within(desk):
    """They would not work: the rules of every page forbid them. So none is relied on, and the rules stay as they are."""
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)|<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE
    )
    cookies, seen = await cookies_of(desk, "operator"), 0
    for path in (*paths(desk, changing=False), "/?part=cards&state=all", "/login?token=x", "/nowhere"):
        async with desk.get(path, cookies=cookies) as answer:
            text = await answer.text()
            if answer.content_type == "text/html":
                seen += 1
                assert inline.findall(text) == [], path
    assert seen >= 4
