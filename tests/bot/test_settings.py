"""Settings: read once, the environment before the file, and every fault told with its line."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.orders import Wait
from actions.policy import Policy
from bot.calendars import WorkingTime
from bot.environment import unknown_variables
from bot.grids import Grids
from bot.kept_days import Retention
from bot.keys import Key
from bot.people import Area, Unit
from bot.settings import (
    EMERGENCY,
    ENVIRONMENT,
    Grid,
    Rules,
    Settings,
    SettingsError,
    Telegram,
    load,
)
from bot.tokens import Bot
from bot.toml_lines import SyntaxFault, line_of, read_toml

ROOT = Path(__file__).parent.parent.parent

TOWN = """\
# the town
lang = "zh_CN"

[policy]
where_minutes = 5

[[grid]]
id = "chunfeng-1"
name = "春风里一网格"
groups = [
    "telegram:-1001",  # the old group
    "web:chunfeng",
]
workers = ["telegram:7", { id = "web:c", name = "小陈" }]

[[grid]]
id = "wangjiang"
name = "望江花园"
groups = ["telegram:-1002"]
lang = "en"
[grid.policy]
where_minutes = 0.5
file_at_once = false
"""


@pytest.fixture
def town(tmp_path):
    return load({}, written(tmp_path, TOWN))


def written(folder: Path, text: str) -> Path:
    path = folder / "linli.toml"
    path.write_text(text, "utf-8")
    return path


def fault(folder: Path, text: str, env: dict[str, str] | None = None) -> str:
    with pytest.raises(SettingsError) as error:
        load(env or {}, written(folder, text))
    return str(error.value)


def test_without_a_file_and_without_variables_the_defaults_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load({})
    assert (settings.host, settings.port, settings.lang, settings.desk_port) == (
        "127.0.0.1",
        8080,
        "zh_CN",
        8311,
    )
    assert settings.home == ROOT / "var"
    assert settings.grids == ()


def test_the_file_in_the_current_folder_is_read(tmp_path, monkeypatch):
    written(tmp_path, "port = 9000")
    monkeypatch.chdir(tmp_path)
    assert load({}).port == 9000


def test_the_environment_wins_over_the_file(tmp_path):
    path = written(tmp_path, 'port = 9000\n[telegram]\ntoken = "1:old"\napi = "http://here:1"')
    settings = load({"LINLI_CONFIG": str(path), "LINLI_PORT": "9001", "LINLI_TELEGRAM_TOKEN": "1:new"})
    assert settings.port == 9001
    assert settings.telegram.token.get_secret_value() == "1:new"
    assert settings.telegram.api == "http://here:1"


def test_an_empty_variable_is_no_variable():
    assert load({"LINLI_PORT": " ", "LINLI_REDIS_URL": ""}).port == 8080


def test_a_group_has_its_grids_policy_workers_and_language(town):
    assert town.grid_of("web:chunfeng").name == "春风里一网格"
    grids = Grids(town)
    assert grids.wait("web:chunfeng", Wait.WHERE) == timedelta(minutes=5)
    assert grids.wait("telegram:-1002", Wait.WHERE) == timedelta(seconds=30)
    assert grids.policy_of("telegram:-1002").file_at_once is False
    assert grids.worker_ids("telegram:-1001") == {"telegram:7", "web:c"}
    workers = tuple((worker.id, worker.name) for worker in town.grid_of("telegram:-1001").workers)
    assert workers == (("telegram:7", ""), ("web:c", "小陈"))
    assert (grids.writer_of("telegram:-1001").lang, grids.writer_of("telegram:-1002").lang) == ("zh_CN", "en")


def test_an_unknown_group_has_the_general_policy_and_the_platforms_workers(town):
    assert town.grid_of("telegram:-9") is None
    assert Grids(town).worker_ids("telegram:-9") is None
    assert Grids(town).worker_ids("telegram:-1002") is None
    assert Grids(town).wait("telegram:-9", Wait.WHERE) == timedelta(minutes=5)


def test_the_defaults_are_those_of_the_policy_that_decides():
    assert Rules().policy() == Policy()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("port = 99999", "linli.toml line 1: port: input should be less than or equal to 65535"),
        (
            "\n\nprot = 1",
            "linli.toml line 3: prot: unknown key (did you mean port?); allowed keys: home, host, port,",
        ),
        (
            "[policy]\nx = 1",
            "linli.toml line 2: policy.x: unknown key; allowed keys: file_at_once, report_confidence,",
        ),
        (TOWN + "workerz = 1", "linli.toml line 24: grid[1].policy.workerz: unknown key"),
        ('[[grid]]\nname = "x"', "linli.toml line 1: grid[0].id: this key is needed"),
        (
            "[policy]\nworker_minutes = -1",
            "linli.toml line 2: policy.worker_minutes: input should be greater than 0",
        ),
        ("[policy]\nworker_minutes = nan", "linli.toml line 2: policy.worker_minutes: input should be"),
        ('host = "x\nport = 1', "linli.toml line 1: "),
        ("a = 1\nb = [1,", "linli.toml line 2: "),
        ('nlu_url = "localhost:5005"', "linli.toml line 1: nlu_url: must begin with http:// or https://"),
        ('redis_url = "http://x"', "linli.toml line 1: redis_url: must begin with redis://"),
        ('country = "Atlantis"', "linli.toml line 1: country: state fire, medical and police in [emergency]"),
        ("telegram = 3", "linli.toml line 1: telegram: "),
        ('lang = "de"', "linli.toml line 1: lang: input should be 'zh_CN' or 'en'"),
        (
            TOWN + '[[grid]]\nid = "c"\nname = "c"\n\ngroups = ["web:chunfeng"]',
            "linli.toml line 28: grid[2].groups: group web:chunfeng is in grid chunfeng-1 already",
        ),
        (
            TOWN + '[[grid]]\nname = "c"\nid = "wangjiang"',
            "linli.toml line 26: grid[2].id: there is a grid wangjiang",
        ),
        (
            '[[grid]]\nid = "c"\nname = "c"\nworkers = ["web:a", "web:a"]',
            "linli.toml line 4: grid[0].workers: worker web:a is named twice",
        ),
        (
            '[[grid]]\nid = "c"\nname = "c"\ngroups = ["12345"]',
            "linli.toml line 4: grid[0].groups[0]: must be an id with its platform, such as telegram:-100",
        ),
        (
            '[[grid]]\nid = "c"\nname = "c"\n[grid.policy]\ndesk = "staff"',
            'linli.toml line 1: grid[0].staff: desk = "staff" needs the id of the staff group',
        ),
        (
            TOWN.replace("where_minutes = 5\n", 'where_minutes = 5\ndesk = "staff"\n'),
            'linli.toml line 8: grid[0].staff: desk = "staff" needs the id of the staff group',
        ),
        (
            TOWN + '[[grid]]\nid = "c"\nname = "c"\nstaff = "web:chunfeng"',
            "linli.toml line 27: grid[2].staff: web:chunfeng is a residents' group, of grid chunfeng-1",
        ),
        (
            '[[grid]]\nid = "c"\nname = "c"\nstaff = "telegram:42"',
            "linli.toml line 4: grid[0].staff: must be a group, whose number begins with -",
        ),
        ('[policy]\ndesk = "chat"', "linli.toml line 2: policy.desk: input should be 'group', 'staff' or"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path, text, told):
    assert fault(tmp_path, text).startswith(told)


def test_what_is_not_for_the_group_is_named_by_known_categories(tmp_path):
    told = fault(tmp_path, '[policy]\nprivate_categories = ["health", "helth"]')
    assert told.startswith("linli.toml line 2: ")
    assert "there is no category helth" in told
    town = load({}, written(tmp_path, '[policy]\nprivate_categories = ["housing"]'))
    assert town.policy.policy().is_private("housing.leak")
    assert not town.policy.policy().is_private("health.medical")


def test_all_faults_are_told_at_once(tmp_path):
    assert len(fault(tmp_path, 'port = "x"\nhost = 1\n[policy]\ny = 1').splitlines()) == 3


def test_a_fault_in_a_variable_names_the_variable(tmp_path):
    assert fault(tmp_path, "port = 1", {"LINLI_PORT": "many"}).startswith("LINLI_PORT: ")


def test_a_file_that_is_named_must_be_there(tmp_path):
    with pytest.raises(SettingsError, match=r"nowhere\.toml: there is no such file"):
        load({"LINLI_CONFIG": str(tmp_path / "nowhere.toml")})


def test_a_file_that_is_not_utf8_is_told_with_its_line(tmp_path):
    path = tmp_path / "linli.toml"
    path.write_bytes("port = 1\n# 春\n".encode("gbk"))
    with pytest.raises(SettingsError, match=r"linli\.toml line 2: this is not UTF-8 text"):
        load({}, path)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "linli.toml"
    path.write_bytes(b"\xef\xbb\xbfport = 1")
    assert load({}, path).port == 1


SECRETS = {
    "LINLI_TELEGRAM_TOKEN": "1:s3cret",
    "LINLI_DISPATCH_KEY": "s3cret",
    "LINLI_DISPATCH_PUSH_SECRET": "s3cret",
    "LINLI_API_KEY": "s3cret",
    "LINLI_REDIS_URL": "redis://:s3cret@host/0",
}


def test_no_secret_is_in_what_settings_print():
    settings = load(SECRETS)
    assert "s3cret" not in repr(settings) + str(settings)


def test_no_secret_is_in_a_fault(tmp_path):
    told = fault(tmp_path, 'telegram = { token = ["s3cret"] }\nredis_url = "http://:s3cret@x"')
    assert "s3cret" not in told


def test_emergency_numbers_are_the_countrys_and_can_be_replaced(tmp_path):
    assert load({}).emergency.fire == "119"
    settings = load({"LINLI_COUNTRY": "gb"}, written(tmp_path, "[emergency]\ngas = 105"))
    assert (settings.emergency.police, settings.emergency.gas) == ("999", "105")
    own = '[emergency]\nfire = "1"\nmedical = "2"\npolice = "3"'
    assert load({"LINLI_COUNTRY": "XX"}, written(tmp_path, own)).emergency.medical == "2"


@pytest.mark.parametrize("country", sorted(EMERGENCY))
def test_every_country_known_has_its_numbers(country):
    assert load({"LINLI_COUNTRY": country}).emergency.fire


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.0.0.1", False)],
)
def test_only_this_machine_is_loopback(host, loopback):
    assert load({"LINLI_HOST": host}).loopback is loopback


def test_the_address_is_the_public_one_where_there_is_one():
    assert load({"LINLI_HOST": "::1"}).address == "http://[::1]:8080"
    assert load({"LINLI_PUBLIC_URL": "https://linli.example.org/"}).address == "https://linli.example.org"


def test_a_misspelt_variable_is_found():
    assert unknown_variables({"LINLI_TELEGRAM_TOKN": "1", "LINLI_PORT": "1", "HOME": "/"}) == [
        "LINLI_TELEGRAM_TOKN"
    ]


EAST = '[telegram]\ntoken = "1:m"\n\n[[telegram.bots]]\nname = "east"\n'


def test_a_bot_for_each_district_has_its_token_in_a_variable_or_a_file(tmp_path):
    (tmp_path / "east.token").write_text("2:e\n")
    by_file = written(tmp_path, EAST + 'token_file = "east.token"\n')
    assert load({}, by_file).telegram.tokens == {"main": "1:m", "east": "2:e"}
    env = {"LINLI_TELEGRAM_TOKEN_EAST": "3:v"}
    assert load(env, by_file).telegram.tokens["east"] == "3:v"
    assert "3:v" not in repr(load(env, by_file))
    assert unknown_variables(env) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (EAST, "line 4: telegram.bots[0]: east needs token_file here, or LINLI_TELEGRAM_TOKEN_EAST"),
        (EAST + 'token = "1:m"\n', "line 4: telegram.bots[0]: east has the token of another bot"),
        (
            EAST.replace("east", "main") + 'token = "2:e"\n',
            "line 5: telegram.bots[0].name: the name main is taken",
        ),
        (EAST.replace("east", "East") + 'token = "2:e"\n', "line 5: telegram.bots[0].name: must be of small"),
        (EAST + 'token_file = "none"\n', "line 6: telegram.bots[0].token_file: "),
        (
            EAST + 'token = "2:e"\ntoken_file = "x"\n',
            "line 7: telegram.bots[0].token_file: state the token or",
        ),
        (EAST + 'tokne = "2:e"\n', "line 6: telegram.bots[0].tokne: unknown key (did you mean token?)"),
    ],
)
def test_a_fault_in_a_bot_is_told_with_its_line(tmp_path, text, told):
    with pytest.raises(SettingsError) as fault:
        load({}, written(tmp_path, text))
    assert told in str(fault.value)
    assert "2:e" not in str(fault.value)


def test_the_example_is_valid_and_complete(tmp_path):
    text = (ROOT / "linli.toml.example").read_text("utf-8")
    load({}, written(tmp_path, text))
    uncommented = re.sub(r"(?m)^# ?(?=[\w\[])(?=\[|[a-z_]+ = )", "", text)
    load({}, written(tmp_path, uncommented))


def test_every_key_and_every_variable_is_in_the_manual():
    manual = (ROOT / "docs" / "settings.md").read_text("utf-8")
    tables = (Settings, Grid, Area, Unit, Rules, Telegram, Bot, WorkingTime, Retention, Key)
    keys = [f.alias or n for m in tables for n, f in m.model_fields.items()]
    assert [key for key in (*keys, *ENVIRONMENT, "LINLI_CONFIG") if f"`{key}`" not in manual] == []


@given(st.text(alphabet=st.sampled_from("[]{}\"'#=\n.ab1 \\,"), max_size=80))
def test_any_text_is_read_or_told_with_a_line_that_it_has(text):
    lines = range(1, text.count("\n") + 2)
    assert fault_line(text) in {None, *lines}
    assert line_of(text, ("a", 0, "b")) in {None, *lines}


def fault_line(text: str) -> int | None:
    try:
        read_toml(text)
    except SyntaxFault as found:
        return found.line
    return None


def test_a_key_is_found_behind_long_strings_and_lists():
    text = (
        'a = """\nb = 1\n"""\nc = [\n  "[x]",  # ]\n]\n[t."u v"]\nb = 2\n[[l]]\n[l.m]\nd.e = 1\n[[l]]\nd = 1'
    )
    places = [("a",), ("c",), ("t", "u v", "b"), ("l", 0), ("l", 0, "m", "d", "e"), ("l", 1, "d"), ("b",)]
    assert [line_of(text, place) for place in places] == [1, 4, 8, 9, 11, 13, None]


def test_the_clocks_are_those_of_the_country_or_as_stated(tmp_path):
    def zone(text):
        path = tmp_path / "linli.toml"
        path.write_text(text, "utf-8")
        return load({}, path).timezone

    assert zone("") == zone('country = "CN"') == "Asia/Shanghai"
    assert zone('country = "nl"') == "Europe/Amsterdam"
    assert zone('country = "US"\ntimezone = "America/Chicago"') == "America/Chicago"
    for text, reason in (
        ('timezone = "Mars/Olympus"', "must be a time zone"),
        ('[policy]\nquiet_from = "ten"', "must be a time of day"),
    ):
        with pytest.raises(SettingsError, match=reason):
            zone(text)


def test_quiet_hours_can_be_switched_off():
    assert Rules(quiet_from="").policy().quiet_from is None
    assert Rules().policy() == Policy()


def test_the_workers_minutes_are_the_whole_time_with_a_reminder_at_half_of_it():
    assert Rules(worker_minutes=20).policy().waits[Wait.WORKER] == timedelta(minutes=10)
    assert Rules(handling_minutes=20).policy().waits[Wait.HANDLING] == timedelta(minutes=20)
