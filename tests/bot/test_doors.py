"""Every door of the bot by name: who is let in, and what is asked of whoever changes something.

The list is written by hand and compared with the routes that the server has: a new route fails here until somebody has
said who may have it.
"""

import re
from http.cookies import SimpleCookie

import pytest
from structlog.testing import capture_logs

from bot.login import COOKIE, LOGINS
from bot.process import Process
from bot.scopes import ROLES, Scope
from tests.whole import Whole, routes, whole_bot

HTML = {"Accept": "text/html"}
EVERYBODY = {
    "/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/login",
    "/pages/console.css",
    "/group/demo",  # its page tells a browser who it is, and so must come without anything
}
OWN_NAME = {"/evidence/x", "/media/console.css"}
"""Whoever has the name of the file, which nobody can work out."""
OWN_PAGE = {"/group/demo/ws", "/group/demo/media"}
"""Whoever has the group's page open: its cookie, from its own address."""
SCOPES = {
    "/console": Scope.CASES,
    "/console/board": Scope.CASES,
    "/console/case/web:demo:1": Scope.CASES,
    "/console/rates": Scope.CASES,
    "/api/cases": Scope.CASES,
    "/console/rates.csv": Scope.EXPORT,
    "/console/rates.xlsx": Scope.EXPORT,
    "/console/events": Scope.OPERATE,
    "/console/replay": Scope.OPERATE,
}
PROOFS = {
    "/logout": 401,
    "/console/replay": 401,
    "/dispatch/push": 401,
    "/telegram/webhook": 401,
    "/telegram/webhook/east": 401,
    "/group/demo/media": 403,
}
"""Routes that change something, and what they answer to whoever proves nothing."""


@pytest.fixture
async def here(tmp_path):
    async with whole_bot(tmp_path) as made:
        yield made


async def cookies_of(here: Whole, role: str) -> dict[str, str]:
    token = await here.bot.app[LOGINS].issue(role)
    _, headers, _ = await here.ask("GET", f"/login?token={token}")
    return {COOKIE: SimpleCookie(headers["Set-Cookie"])[COOKIE].value}


def paths(here: Whole, *, changing: bool) -> set[str]:
    return {path for _, path in routes(here, changing=changing)}


async def test_it_is_written_of_every_route_who_may_have_it(here):
    written = EVERYBODY | OWN_NAME | OWN_PAGE | set(SCOPES) | set(PROOFS)
    assert paths(here, changing=False) | paths(here, changing=True) == written
    assert paths(here, changing=True) == set(PROOFS)


@pytest.mark.parametrize("process", [Process.WORK, Process.INTAKE])
async def test_a_process_that_shows_nothing_has_no_page_for_operators(tmp_path, process):
    async with whole_bot(tmp_path, process=process) as here:
        open_here = paths(here, changing=False) | paths(here, changing=True)
        assert open_here & (set(SCOPES) | {"/", "/login", "/logout"}) == set()
        assert (
            {"/healthz", "/readyz", "/metrics"} <= open_here <= EVERYBODY | OWN_NAME | OWN_PAGE | set(PROOFS)
        )
        assert (await here.ask("GET", "/console"))[0] == 404


async def test_whoever_is_nobody_is_let_in_where_everybody_is_and_nowhere_else(here):
    answers = {path: (await here.ask("GET", path))[0] for path in paths(here, changing=False)}
    assert {path for path, status in answers.items() if status < 400} == EVERYBODY - {"/readyz"}
    assert answers["/readyz"] == 503  # what it stands on is not there, and everybody may know
    assert {path: answers[path] for path in answers if path in SCOPES} == {
        path: 401 for path in SCOPES if path in answers
    }
    assert {answers[path] for path in OWN_NAME} == {404}
    assert answers["/group/demo/ws"] == 403


@pytest.mark.parametrize("role", ROLES)
async def test_each_role_is_let_in_by_its_scopes_and_no_further(here, role):
    cookies = await cookies_of(here, role)
    for path in paths(here, changing=False) & set(SCOPES):
        status, _, _ = await here.ask("GET", path, cookies=cookies)
        assert (path, status != 403) == (path, SCOPES[path] in ROLES[role])
        assert status != 401


async def test_whoever_proves_nothing_changes_nothing(here):
    for data in (None, b"{}", b"form_token=x"):
        answers = {path: (await here.ask("POST", path, data=data))[0] for path in PROOFS}
        assert answers == PROOFS


async def test_a_form_token_of_another_login_is_none(here):
    """The form is that of an operator who is logged in as well, and whose page this browser has never seen."""
    mine, other = await cookies_of(here, "operator"), await cookies_of(here, "operator")
    _, _, page = await here.ask("GET", "/console", cookies=other, headers=HTML)
    token = re.search(r'name="form_token" value="([^"]+)"', page)[1]
    for path in ("/logout", "/console/replay"):
        assert (await here.ask("POST", path, cookies=mine, data={"form_token": token}))[0] == 403
    assert (await here.ask("GET", "/console", cookies=mine))[0] == 200
    assert (await here.ask("POST", "/logout", cookies=other, data={"form_token": token}))[0] == 303


async def test_no_get_ends_a_login_or_replays_anything(here):
    cookies = await cookies_of(here, "operator")
    for path in PROOFS:
        assert (path, (await here.ask("GET", path, cookies=cookies))[0]) == (path, 405)
    assert (await here.ask("GET", "/console", cookies=cookies))[0] == 200


# --- what every browser is given -----------------------------------------------------------------------


async def test_every_cookie_of_every_route_is_kept_from_scripts_and_other_sites(tmp_path):
    async with whole_bot(tmp_path, LINLI_PUBLIC_URL="https://localhost") as here:
        token = await here.bot.app[LOGINS].issue("viewer")
        found = {}
        for path in [*paths(here, changing=False), f"/login?token={token}", "/?lang=en", "/console?lang=en"]:
            _, headers, _ = await here.ask("GET", path, headers=HTML)
            for name, cookie in SimpleCookie(headers.get("Set-Cookie", "")).items():
                found[name] = cookie["httponly"], cookie["secure"], cookie["samesite"]
    # Lax only where a link from a chat must find the browser that it knows; no such cookie opens anything.
    lax = {"linli_browser": "Lax"}
    assert COOKIE in found
    assert found == {name: (True, True, lax.get(name, "Strict")) for name in found}


INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:", re.IGNORECASE
)


async def test_no_page_has_a_script_or_a_style_within(here):
    """They would not work: the rules of every page forbid them. So none is relied on, and the rules stay as they are."""
    cookies, seen = await cookies_of(here, "operator"), 0
    for path in [*paths(here, changing=False), "/nowhere", "/login?token=x"]:
        for more in ({}, {"cookies": cookies}):
            _, headers, text = await here.ask("GET", path, headers=HTML, **more)
            if headers.get("Content-Type", "").startswith("text/html"):
                seen += 1
                assert INLINE.findall(text) == [], path
    assert seen > 10


async def test_a_file_is_taken_away_and_never_run(here):
    cookies = await cookies_of(here, "operator")
    for kind, media in (("csv", "text/csv"), ("xlsx", "application/vnd.openxmlformats")):
        _, headers, _ = await here.ask("GET", f"/console/rates.{kind}", cookies=cookies)
        assert headers["Content-Type"].startswith(media)
        assert headers["Content-Disposition"].startswith("attachment; filename=")
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_who_is_refused_is_in_the_log_without_what_was_shown(here):
    with capture_logs() as logs:
        await here.ask("GET", "/login?token=a-token-that-is-none")
        await here.ask("GET", "/api/cases?group=a", headers={"X-API-Key": "a-key-that-is-none"})
    refused = [one["event"] for one in logs if one["event"].endswith("_refused")]
    assert refused == ["login_refused", "key_refused"]
    assert "that-is-none" not in repr(logs)
