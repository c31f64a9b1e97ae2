"""The web server: health, figures, the interface, and what people see when something fails."""

import pytest
from structlog.testing import capture_logs

from actions.errors import Unreachable
from bot.health import Health, check
from bot.metrics import Metrics
from bot.settings import load
from tests.console_world import FakePart, fill, reported, tell, world

HTML = {"Accept": "text/html"}
KEY = {"LINLI_API_KEY": "key"}
GROUP = {"group": "telegram:-1001234567890"}


async def test_a_server_is_alive_whatever_its_parts_say():
    async with world(parts=[FakePart("nlu", ok=False)]) as here:
        assert (await here.client.get("/healthz")).status == 200


async def test_a_server_is_ready_when_every_part_is():
    async with world(parts=[FakePart("nlu", ok=False, detail="training"), FakePart("redis")]) as here:
        answer = await here.client.get("/readyz")
        assert answer.status == 503
        assert await answer.json() == {
            "ready": False,
            "not_ready": {"nlu": "training"},
            "impaired": {},
            "parts": ["nlu", "redis"],
        }
        here.parts[0].ok = True
        assert (await here.client.get("/readyz")).status == 200


async def test_a_backend_that_is_away_does_not_make_the_server_unready():
    away = FakePart("dispatch", ok=False, detail="away", vital=False)
    async with world(parts=[away, FakePart("redis")]) as here:
        answer = await here.client.get("/readyz")
        assert answer.status == 200
        assert (await answer.json())["impaired"] == {"dispatch": "away"}


async def test_a_part_that_fails_is_not_well_and_the_others_are():
    class Broken:
        name = "broken"

        async def health(self) -> Health:
            raise ConnectionResetError("gone")

    health = await check([Broken(), FakePart("redis")])
    assert health == {
        "broken": Health(ok=False, detail="ConnectionResetError: gone"),
        "redis": Health(ok=True),
    }


async def test_figures_are_given_in_prometheus_text():
    async with world() as here:
        await fill(here)
        here.metrics.heard("telegram")
        text = await (await here.client.get("/metrics")).text()
        assert 'linli_heard_total{door="telegram"} 1.0' in text
        assert 'linli_waiting{what="dead"} 1.0' in text


def test_a_try_of_an_order_is_counted_by_how_it_ended():
    metrics = Metrics()
    for error in (None, Unreachable("x"), ValueError("x")):
        try:
            with metrics.carrying("Say"):
                if error:
                    raise error
        except (Unreachable, ValueError):
            pass
    text = metrics.render().decode()
    for outcome in ("done", "retried", "failed"):
        assert f'linli_orders_total{{kind="Say",outcome="{outcome}"}} 1.0' in text
    assert 'linli_order_seconds_count{kind="Say"} 3.0' in text


def test_two_servers_in_one_process_count_apart():
    one, other = Metrics(), Metrics()
    one.read("report")
    assert b"report" not in other.render()


# --- the interface ------------------------------------------------------------------------------------


async def test_the_cases_of_a_group_are_given_as_promised():
    async with world() as here:
        await fill(here)
        answer = await here.client.get("/api/cases", params=GROUP)
        first = (await answer.json())["cases"][0]
    assert first == {
        "id": "telegram:-1001234567890:12",
        "stage": "open",
        "category": "housing.elevator",
        "place": "3号楼",
        "urgency": "normal",
        "ticket": "DT-20261122-0031",
        "disputes": 1,
        "matter": None,
        "unit": None,
        "level": None,
        "light": "yellow",
        "messages": [
            {"id": "120", "as": "report"},
            {"id": "121", "as": "second"},
            {"id": "140", "as": "disputed"},
        ],
    }


async def test_what_nobody_was_sure_of_is_no_case_and_stands_apart():
    async with world() as here:
        await fill(here)
        await tell(here.state, reported(90, here.clock.at, "housing.elevator", "好像有点晃", doubtful=True))
        answer = await (await here.client.get("/api/cases", params=GROUP)).json()
    assert [(case["id"], case["stage"]) for case in answer["unsure"]] == [
        ("telegram:-1001234567890:90", "unsure")
    ]
    assert "telegram:-1001234567890:90" not in [case["id"] for case in answer["cases"]]


@pytest.mark.parametrize(("env", "headers", "seen"), [({}, {}, False), (KEY, {"X-API-Key": "key"}, True)])
async def test_private_cases_are_for_those_who_show_who_they_are(env, headers, seen):
    async with world(load(env)) as here:
        await tell(here.state, reported(91, here.clock.at, "disputes.family", "他又发酒疯", private=True))
        answer = await (await here.client.get("/api/cases", params=GROUP, headers=headers)).json()
        assert ("telegram:-1001234567890:91" in [case["id"] for case in answer["cases"]]) is seen
        await here.log_in()
        answer = await (await here.client.get("/api/cases", params=GROUP)).json()
        assert "telegram:-1001234567890:91" in [case["id"] for case in answer["cases"]]


async def test_a_group_without_cases_is_empty_and_no_group_is_a_fault():
    async with world() as here:
        assert await (await here.client.get("/api/cases?group=web:none")).json() == {
            "cases": [],
            "unsure": [],
        }
        assert (await here.client.get("/api/cases")).status == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": "Basic key"}, 401),
        ({"X-API-Key": "网"}, 401),
        ({"Authorization": "Bearer key"}, 200),
        ({"Authorization": "bearer  key"}, 200),
        ({"X-API-Key": "key"}, 200),
    ],
)
async def test_with_a_key_only_its_holders_see_cases(headers, status):
    async with world(load({"LINLI_API_KEY": "key"})) as here:
        assert (await here.client.get("/api/cases", params=GROUP, headers=headers)).status == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "linli.example.org"}, 421),
        ({"Host": "127.0.0.1.example.org"}, 421),
        ({"Host": "[::1"}, 421),
        ({"Host": "10.1.2.3"}, 401),
        ({"X-Forwarded-For": "10.1.2.3"}, 401),
        ({"Forwarded": "for=10.1.2.3"}, 401),
        ({"Host": "localhost"}, 200),
    ],
)
async def test_without_a_key_only_this_machine_sees_cases(headers, status):
    async with world() as here:
        assert (await here.client.get("/api/cases", params=GROUP, headers=headers)).status == status


async def test_on_an_open_address_nobody_sees_cases_without_a_key():
    async with world(load({"LINLI_HOST": "0.0.0.0"})) as here:
        assert (await here.client.get("/api/cases", params=GROUP)).status == 401
        await here.log_in()
        assert (await here.client.get("/api/cases", params=GROUP)).status == 200


# --- pages and faults ---------------------------------------------------------------------------------


async def test_every_answer_is_guarded():
    async with world() as here:
        for path in ("/", "/healthz", "/login", "/nowhere", "/pages/console.css"):
            headers = (await here.client.get(path)).headers
            assert headers["Content-Security-Policy"].startswith("default-src 'self'; ")
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["X-Content-Type-Options"] == "nosniff"


async def test_the_first_page_leads_everywhere_in_both_languages():
    async with world() as here:
        chinese = await (await here.client.get("/")).text()
        english = await (await here.client.get("/?lang=en")).text()
    assert 'href="/group/demo"' in chinese
    assert "控制台" in chinese
    assert 'lang="zh-CN"' in chinese
    assert "Console" in english
    assert 'href="/console?lang=en"' in english


async def test_a_page_that_is_not_there_is_told_kindly_and_leads_nowhere_else():
    async with world() as here:
        answer = await here.client.get("/.//evil.example/%3Cscript%3E", headers=HTML)
        text = await answer.text()
    assert answer.status == 404
    assert "没有这个页面" in text
    assert "evil" not in text


async def test_an_unknown_fault_has_a_number_that_is_in_the_log_and_says_nothing_else():
    async with world() as here:
        await here.log_in()
        here.state.fault = RuntimeError("secret inside")
        with capture_logs() as logs:
            page = await (await here.client.get("/console", headers=HTML)).text()
            program = await (await here.client.get("/console")).json()
    numbers = [entry["error_id"] for entry in logs if entry["event"] == "page_failed"]
    assert numbers[0] in page
    assert program == {"error": "something went wrong", "id": numbers[1]}
    assert "secret inside" not in page


async def test_a_store_out_of_reach_is_told_and_comes_back():
    async with world() as here:
        await here.log_in()
        here.state.fault = Unreachable("redis is away")
        answer = await here.client.get("/console", headers=HTML)
        assert answer.status == 503
        assert "数据没有丢失" in await answer.text()
        here.state.fault = None
        assert (await here.client.get("/console")).status == 200
