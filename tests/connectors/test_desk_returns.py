"""First contact answers for it: the desk asks why a ticket is given back, counts it, and shows units and limits."""

import asyncio
import json
import os
import re
import sqlite3
import sys
from datetime import UTC, datetime, timedelta

import pytest

from actions.returns import Reason
from connectors.desk.lights import light
from connectors.desk.moves import NoReason, NotAllowed, check_move
from connectors.desk.store import Draft, Query, Store, list_tickets
from connectors.dispatch import Filing, Open311Dispatch
from tests.connectors.desk_world import HOUR_AGO, desk_with
from tests.connectors.fixmystreet import fixmystreet

NOW = datetime.now(UTC).replace(second=0, microsecond=0)
LEAK = Draft("housing.leak", "漏水", "5号楼")


@pytest.fixture
async def desk(tmp_path):
    async with desk_with(tmp_path) as desk:
        yield desk


@pytest.fixture
async def store(tmp_path):
    async with Store.open(tmp_path) as store:
        yield store


@pytest.fixture
async def client(desk):
    async with Open311Dispatch(desk.api) as client:
        yield client


def lamp(ref="g1-7", **more):
    return Filing(ref, "traffic.streetlight", "路灯不亮", "幸福路", **more)


# --- why ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", ["returned", "rejected"])
def test_without_reason_and_note_the_reasons_are_named(after):
    with pytest.raises(NoReason, match=", ".join(Reason)):
        check_move("accepted", after, "")


@pytest.mark.parametrize(
    ("note", "reason", "kept"),
    [
        ("归市政", "not_ours", ("not_ours", "归市政")),
        ("", "不在辖区", ("wrong_place", "")),
        ("归市政", "", ("other", "归市政")),
        ("重复：见昨天", "", ("duplicate", "见昨天")),
        ("重复：见昨天", "no_power", ("no_power", "重复：见昨天")),
    ],
)
def test_the_reason_is_what_was_chosen_before_what_was_written(note, reason, kept):
    assert check_move("received", "returned", note, reason) == kept


@pytest.mark.parametrize(
    ("after", "note", "reason", "said"),
    [
        ("returned", "x", "nonsense", "unknown reason 'nonsense': use one of not_ours"),
        ("returned", "", "other", "needs a note"),
        ("fixed", "x", "not_ours", "given back"),
    ],
)
def test_a_wrong_reason_is_explained(after, note, reason, said):
    with pytest.raises(NotAllowed, match=said):
        check_move("received", after, note, reason)


async def test_every_return_is_counted_with_its_reason(store, tmp_path):
    ticket_id = await store.add(LEAK)
    await store.set_status(ticket_id, "returned", "归市政", "not_ours")
    with pytest.raises(NotAllowed, match="already returned"):
        await store.set_status(ticket_id, "returned", "已电话说明")
    await store.client_update(ticket_id, "OPEN", "还在漏")
    await store.set_status(ticket_id, "rejected", "哪一栋？", "needs_information")
    (row,) = await asyncio.to_thread(list_tickets, tmp_path)
    assert (row["returns"], row["reasons"]) == (2, ["not_ours", "needs_information"])
    assert [step["reason"] for step in row["steps"]] == ["not_ours", "", "needs_information"]
    assert "[reason" not in json.dumps(row)


async def test_over_open311_the_reason_stands_before_the_words(client, desk):
    ticket_id = await client.file(lamp())
    await desk.set(ticket_id, "returned", "归市政", "not_ours")
    (told,) = await client.updates(HOUR_AGO)
    assert (told.status, told.text) == ("returned", "[reason:not_ours] 归市政")
    assert (await client.ticket(ticket_id)).status_notes == "[reason:not_ours] 归市政"


async def test_a_file_of_an_earlier_version_keeps_its_returns(tmp_path):
    async with Store.open(tmp_path) as store:
        ticket_id = await store.add(LEAK)
        await store.set_status(ticket_id, "returned", "不归我们管")
    with sqlite3.connect(tmp_path / "desk" / "desk.sqlite") as file:
        file.execute("ALTER TABLE updates DROP COLUMN reason")
        file.execute("ALTER TABLE tickets DROP COLUMN unit")
    file.close()
    for _ in "ab":
        async with Store.open(tmp_path) as store:
            ticket = await store.ticket(ticket_id)
            assert (ticket.reasons, ticket.note, ticket.duty.unit) == (("other",), "不归我们管", "")


# --- JSON and the command -----------------------------------------------------------------------------------


async def test_programs_move_tickets_by_json(desk, store):
    ticket_id = await store.add(LEAK)
    async with desk.session.post(
        f"{desk.url}/api/tickets/{ticket_id}", json={"status": "returned", "reason": "no_power"}
    ) as answer:
        row = await answer.json()
    assert (answer.status, row["status"], row["reasons"], row["returns"]) == (
        200,
        "returned",
        ["no_power"],
        1,
    )
    status, text = await desk.get("/api/tickets")
    assert (status, [one["id"] for one in json.loads(text)["tickets"]]) == (200, [ticket_id])


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("", b'{"status": "returned"}', 400, "needs a reason"),
        ("", b'{"status": "returned", "reason": "x"}', 400, "unknown reason"),
        ("", b'{"status": "moon"}', 400, "unknown status"),
        ("", b'{"status": 7}', 400, "JSON object"),
        ("", b"[1]", 400, "JSON object"),
        ("", b"\xff{", 400, "JSON object"),
        ("none", b'{"status": "fixed"}', 404, "no ticket"),
    ],
)
async def test_a_wrong_request_is_explained_and_changes_nothing(desk, store, *, path, body, status, said):
    ticket_id = await store.add(LEAK)
    answered, text = await desk.post(f"/api/tickets/{path or ticket_id}", body)
    assert (answered, said in json.loads(text)["error"]) == (status, True)
    assert (await store.ticket(ticket_id)).status == "received"


async def test_without_a_reason_programs_get_the_list_of_them(desk, store):
    ticket_id = await store.add(LEAK)
    _, text = await desk.post(f"/api/tickets/{ticket_id}", b'{"status": "returned"}')
    assert json.loads(text)["reasons"] == list(Reason)


@pytest.mark.parametrize(("key", "status"), [("k", 200), ("wrong", 403), ("", 403)])
async def test_beyond_this_machine_json_needs_the_key(tmp_path, key, status):
    async with desk_with(tmp_path, host="0.0.0.0", key="k") as desk:
        assert (await desk.get("/api/tickets", headers={"X-Api-Key": key}))[0] == status


async def typed(home, *arguments):
    env = {**os.environ, "LINLI_HOME": str(home), "LINLI_LANG": "en"}
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot.cli", "desk", *arguments, stdout=pipe, stderr=pipe, env=env
    )
    out, wrong = await process.communicate()
    return process.returncode, out.decode(), wrong.decode()


async def test_the_command_asks_for_a_reason(store, tmp_path):
    ticket_id = await store.add(LEAK)
    code, _, wrong = await typed(tmp_path, "set", ticket_id, "returned")
    assert (code, all(reason in wrong for reason in Reason)) == (2, True)
    assert (await typed(tmp_path, "set", ticket_id, "returned", "--reason", "not_ours", "--note", "归市政"))[
        0
    ] == 0
    code, out, _ = await typed(tmp_path, "list", "--json")
    (row,) = json.loads(out)
    assert (code, row["returns"], row["reasons"], row["note"]) == (0, 1, ["not_ours"], "归市政")
    assert "[returned x1]" in (await typed(tmp_path, "list"))[1]


# --- who answers for it, and by when ------------------------------------------------------------------------


async def test_the_desk_knows_the_unit_and_the_limits(client, desk):
    due = NOW + timedelta(days=3)
    ticket_id = await client.file(
        lamp(matter="路灯不亮 (t.s.out)", unit="市政养护", assisting=("供电所",), resolve_by=due)
    )
    (row,) = await desk.tickets()
    assert (row["matter"], row["unit"], row["assisting"]) == ("路灯不亮 (t.s.out)", "市政养护", ["供电所"])
    assert datetime.fromisoformat(row["resolve_by"]) == due
    ticket = await client.ticket(ticket_id)
    assert (ticket.agency, ticket.expected_at) == ("市政养护", due)


async def test_a_city_that_keeps_only_descriptions_keeps_the_lines_and_our_reference_last():
    async with fixmystreet() as (city, url), Open311Dispatch(url) as client:
        ticket_id = await client.file(lamp(unit="市政养护", level="street"))
        assert (
            city.requests[-1]["description"]
            == "路灯不亮\n主责 lead: 市政养护; 层级 level: street\n[ref:g1-7]"
        )
        assert not any("attribute" in name for name in city.seen[-1][2])
        assert await client.find("g1-7", HOUR_AGO) == ticket_id


async def test_long_words_are_cut_before_the_lines():
    async with fixmystreet() as (city, url), Open311Dispatch(url) as client:
        await client.file(Filing("g1-8", "LIFT", "长" * 9000, "3号楼", unit="市政养护"))
    text = city.requests[-1]["description"]
    assert (len(text) <= 4000, text.endswith("\n主责 lead: 市政养护\n[ref:g1-8]")) == (True, True)


@pytest.mark.parametrize(
    ("respond", "resolve", "status", "shown"),
    [
        (None, None, "received", ""),
        (None, 96, "in_progress", ""),
        (None, -1, "in_progress", "red"),
        (None, -1, "returned", "red"),
        (None, -1, "fixed", ""),
        (-1, 96, "received", "unaccepted"),
        (-1, 96, "returned", "unaccepted"),
        (-1, 96, "accepted", ""),
    ],
)
async def test_the_clock_runs_until_the_work_is_done(client, store, *, respond, resolve, status, shown):
    hours = {"respond_by": respond, "resolve_by": resolve}
    limits = {name: NOW + timedelta(hours=n) for name, n in hours.items() if n is not None}
    ticket_id = await client.file(lamp(**limits))
    if status != "received":
        await store.set_status(ticket_id, status, "x")
    assert light(await store.ticket(ticket_id), datetime.now(UTC))[0] == shown


async def test_the_last_quarter_before_the_limit_is_yellow(client, store):
    ticket_id = await client.file(lamp(resolve_by=NOW + timedelta(hours=8)))
    ticket = await store.ticket(ticket_id)
    assert light(ticket, NOW + timedelta(hours=5)) == ("", None)
    assert light(ticket, NOW + timedelta(hours=7)) == ("yellow", NOW + timedelta(hours=8))


async def test_the_page_filters_by_unit(desk, client):
    lights = await client.file(lamp(unit="市政养护"))
    water = await client.file(lamp("g1-8", unit="水务<b>"))
    nobody = await client.file(lamp("g1-9"))
    await desk.log_in()

    async def shown(query):
        return re.findall(r'id="t-([\d-]+)"', (await desk.get(f"/?{query}"))[1])

    assert await shown("") == [nobody, water, lights]
    assert await shown("unit=市政养护") == [lights]
    assert await shown("unit=-") == [nobody]
    assert await shown("unit=没有") == []
    page = (await desk.get("/?unit=市政养护"))[1]
    assert '<option value="市政养护" selected>' in page
    assert '<span data-count="open">1</span>' in page
    assert "水务<b>" not in page


async def test_the_page_shows_how_often_and_why_and_what_is_late(desk, client, store):
    ticket_id = await client.file(lamp(unit="市政养护", resolve_by=NOW - timedelta(hours=1)))
    for reason in ("not_ours", "wrong_place", "not_ours"):
        await store.set_status(ticket_id, "returned", "", reason)
        await store.client_update(ticket_id, "OPEN", "请再看")
    await desk.log_in()
    page = (await desk.get("/"))[1]
    assert "已退回 ×3: 不属本单位职责 ×2、不在辖区" in page
    assert '<strong class="late red">已超期' in page
    assert '<em class="reason">不在辖区</em>' in page
    assert ("重新派出" in page, "居民反映未解决" in page) == (True, False)
    assert "主责 lead" not in page
    english = (await desk.get("/?lang=en"))[1]
    assert "not this unit&#39;s responsibility ×2" in english
    assert '<strong class="late red">Overdue' in english


async def test_other_buttons_take_no_notice_of_the_reason(desk, store):
    ticket_id = await store.add(LEAK)
    form = {"csrf": await desk.log_in(), "status": "accepted", "note": "", "reason": "not_ours"}
    assert (await desk.post(f"/tickets/{ticket_id}", form))[0] == 200
    (ticket,) = await store.tickets(Query())
    assert (ticket.status, ticket.reasons) == ("accepted", ())


async def test_what_was_typed_is_kept_when_another_reason_lacks_its_words(desk, store):
    ticket_id = await store.add(LEAK)
    form = {"csrf": await desk.log_in(), "status": "returned", "note": "", "reason": "other"}
    status, text = await desk.post(f"/tickets/{ticket_id}", form)
    assert (status, "请在办理说明里写明是什么原因" in text) == (400, True)
    assert '<option value="other" selected>' in text
