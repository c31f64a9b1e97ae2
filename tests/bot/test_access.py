"""Who may see and do what: roles of people, scopes of keys, names of the server."""

import csv
import io

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from bot.cli import app
from bot.keys import Key, Keys, digest, fresh
from bot.scopes import EVERYTHING, ROLES, Scope
from bot.settings import SettingsError, load
from tests.console_world import fill, reported, tell, world

HTML = {"Accept": "text/html"}
GROUP = {"group": "telegram:-1001234567890"}
LIFT = "/console/case/telegram:-1001234567890:12"
VIOLENCE = "telegram:-1001234567890:91"


async def secret_case(here) -> None:
    await fill(here)
    await tell(here.state, reported(91, here.clock.at, "disputes.family", "他又发酒疯", private=True))


# --- roles --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("path", "scope"),
    [
        ("/console", Scope.CASES),
        ("/console/board", Scope.CASES),
        (LIFT, Scope.CASES),
        ("/console/rates", Scope.CASES),
        ("/console/rates.csv", Scope.EXPORT),
        ("/console/rates.xlsx", Scope.EXPORT),
        ("/api/cases?group=web:demo", Scope.CASES),
        (f"/console/case/{VIOLENCE}", Scope.CONFIDENTIAL),
    ],
)
async def test_a_role_opens_what_its_scopes_say(role, path, scope):
    async with world() as here:
        await secret_case(here)
        await here.log_in(role)
        refused = 404 if scope is Scope.CONFIDENTIAL else 403
        assert (await here.client.get(path)).status == (200 if scope in ROLES[role] else refused)


@pytest.mark.parametrize("role", ["viewer", "auditor"])
async def test_who_only_looks_changes_nothing_and_reads_no_log(role):
    async with world() as here:
        await fill(here)
        await here.log_in(role)
        assert (await here.client.get("/console/events")).status == 403
        assert (await here.client.post("/console/replay", data={"letter": "d1"})).status == 403
        assert [letter.id for letter in await here.state.dead(5)] == ["d1"]


async def test_a_viewer_sees_the_board_without_what_is_confidential_and_without_what_is_not_theirs():
    async with world() as here:
        await secret_case(here)
        await here.log_in("viewer")
        page = await (await here.client.get("/console", headers=HTML)).text()
        case = await (await here.client.get(LIFT, headers=HTML)).text()
        answer = await (await here.client.get("/api/cases", params=GROUP)).json()
    assert "电梯又坏了" in page
    assert "他又发酒疯" not in page
    assert "update 77 has no chat" not in page
    assert 'id="feed"' not in page
    assert "刚才又停在5楼了" not in case
    assert VIOLENCE not in [one["id"] for one in answer["cases"]]


async def test_an_auditor_reads_traces_and_an_operator_everything():
    async with world() as here:
        await secret_case(here)
        await here.log_in("auditor")
        assert "刚才又停在5楼了" in await (await here.client.get(LIFT, headers=HTML)).text()
        assert "他又发酒疯" not in await (await here.client.get("/console", headers=HTML)).text()
        await here.log_in("operator")
        page = await (await here.client.get("/console", headers=HTML)).text()
    assert all(words in page for words in ("他又发酒疯", "update 77 has no chat", 'id="feed"'))


async def test_who_lacks_a_scope_is_told_so_and_the_log_says_who():
    async with world() as here:
        await here.log_in("viewer")
        with capture_logs() as logs:
            answer = await here.client.get("/console/rates.csv", headers=HTML)
        assert (answer.status, "没有这个权限" in await answer.text()) == (403, True)
    (entry,) = [one for one in logs if one["event"] == "access_refused"]
    assert (entry["who"], entry["scope"]) == ("viewer", "export")


def test_a_link_for_a_role_that_there_is_not_is_refused():
    result = CliRunner().invoke(app, ["login", "--role", "emperor"])
    assert (result.exit_code, "there is no role" in result.stderr) == (2, True)


# --- keys ---------------------------------------------------------------------------------------------


def keyed(tmp_path, *tables: str):
    path = tmp_path / "linli.toml"
    path.write_text("".join(f"[[key]]\n{table}\n" for table in tables), "utf-8")
    return load({}, path)


async def test_a_key_is_good_for_its_scopes_and_for_nothing_else(tmp_path):
    key, kept = fresh()
    settings = keyed(tmp_path, f'name = "statistics"\nscopes = ["cases", "export"]\nhash = "{kept}"')
    headers = {"Authorization": f"Bearer {key}"}
    async with world(settings) as here:
        await secret_case(here)
        answer = await here.client.get("/api/cases", params=GROUP, headers=headers)
        assert VIOLENCE not in await answer.text()
        rates = await here.client.get("/console/rates.csv", headers=headers)
        assert rates.status == 200
        assert list(csv.reader(io.StringIO(await rates.text())))
        assert (await here.client.get("/console/events", headers=headers)).status == 403
        assert (await here.client.get(f"/console/case/{VIOLENCE}", headers=headers)).status == 404


async def test_a_key_sends_no_forms(tmp_path):
    async with world(load({"LINLI_API_KEY": "the whole key"})) as here:
        await fill(here)
        headers = {"X-API-Key": "the whole key"}
        assert (
            await here.client.post("/console/replay", data={"letter": "d1"}, headers=headers)
        ).status == 401
        assert len(await here.state.dead(5)) == 1


async def test_where_there_is_any_key_this_machine_needs_one_too(tmp_path):
    settings = keyed(tmp_path, f'name = "a"\nscopes = ["cases"]\nhash = "{digest("x" * 20)}"')
    async with world(settings) as here:
        assert (await here.client.get("/api/cases", params=GROUP)).status == 401


async def test_wrong_keys_are_counted_and_right_ones_are_not():
    async with world(load({"LINLI_API_KEY": "right"})) as here:
        statuses = [
            (await here.client.get("/api/cases", params=GROUP, headers={"X-API-Key": f"wrong{n}"})).status
            for n in range(11)
        ]
        late = await here.client.get("/api/cases", params=GROUP, headers={"X-API-Key": "wrong"})
        right = await here.client.get("/api/cases", params=GROUP, headers={"X-API-Key": "right"})
    assert statuses == [401] * 10 + [429]
    assert 0 < int(late.headers["Retry-After"]) <= 60
    assert right.status == 200


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ('name = "a"\nscopes = ["cases"]', "state either hash or secret"),
        (f'name = "a"\nscopes = ["cases"]\nsecret = "{"x" * 20}"\nhash = "{digest("x")}"', "state either"),
        ('name = "a"\nscopes = ["cases"]\nhash = "md5:1"', "what `linli key` prints"),
        ('name = "a"\nscopes = ["cases"]\nsecret = "short"', "at least 16 characters"),
        ('name = "a"\nscopes = []\nsecret = "0123456789abcdef"', "at least 1"),
        ('name = "a"\nscopes = ["everything"]\nsecret = "0123456789abcdef"', "cases"),
    ],
)
def test_a_key_that_cannot_be_used_stops_the_start_and_is_never_quoted(tmp_path, table, reason):
    with pytest.raises(SettingsError, match=reason) as told:
        keyed(tmp_path, table)
    assert "0123456789abcdef" not in str(told.value)


def test_two_keys_of_one_name_are_refused(tmp_path):
    table = 'name = "a"\nscopes = ["cases"]\nsecret = "0123456789abcdef"'
    with pytest.raises(SettingsError, match="two keys a"):
        keyed(tmp_path, table, table)


def test_no_key_is_nobodys():
    assert Keys().holder("") is None
    assert Keys([Key(name="a", scopes=(Scope.CASES,), hash=digest(""))]).holder("") is None


def test_the_command_makes_a_key_and_the_line_that_keeps_it():
    key, line = CliRunner().invoke(app, ["key"]).stdout.splitlines()
    assert line == f'hash = "{digest(key)}"'


def test_every_scope_belongs_to_the_operator():
    assert ROLES["operator"] == EVERYTHING == frozenset(Scope)


# --- names of the server, and forms of other sites --------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "host", "status"),
    [
        ({}, "localhost:8080", 200),
        ({}, "127.0.0.1", 200),
        ({}, "[::1]:8080", 200),
        ({}, "192.168.1.7:8080", 200),
        ({}, "LOCALHOST", 200),
        ({}, "evil.example", 421),
        ({}, "localhost.evil.example", 421),
        ({}, "[::1", 421),
        ({}, "a b", 421),
        ({"LINLI_PUBLIC_URL": "https://Linli.example.org"}, "linli.example.org", 200),
        ({"LINLI_PUBLIC_URL": "https://linli.example.org"}, "evil.example", 421),
        ({"LINLI_PUBLIC_URL": "https://linli.example.org", "LINLI_HOST": "0.0.0.0"}, "evil.example", 421),
        ({"LINLI_HOST": "0.0.0.0"}, "any.name", 200),
    ],
)
async def test_the_server_answers_to_its_own_names(env, host, status):
    async with world(load(env)) as here:
        assert (await here.client.get("/login", headers={"Host": host})).status == status
        assert (await here.client.get("/healthz", headers={"Host": host})).status == 200


async def test_a_name_of_the_settings_is_a_name_of_ours(tmp_path):
    path = tmp_path / "linli.toml"
    path.write_text('hosts = ["linli.intern"]', "utf-8")
    async with world(load({}, path)) as here:
        assert (await here.client.get("/login", headers={"Host": "linli.intern:8080"})).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[bad"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_of_another_site_is_refused_even_with_its_token(headers):
    async with world() as here:
        await here.log_in()
        form = here.form
        assert (await here.client.post("/logout", data=form, headers=headers)).status == 403
        answer = await here.client.post("/logout", data=form, allow_redirects=False)
        assert answer.status == 303
