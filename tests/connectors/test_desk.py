"""The dispatch desk: its Open311 with the real client, its moves, and its page."""

import asyncio
import re
import sqlite3
import time
from dataclasses import replace

import aiohttp
import pytest

from actions.errors import Refused
from connectors.desk.moves import HANDED_BACK, MOVES, NotAllowed, check_move
from connectors.desk.records import split_reference
from connectors.desk.store import Draft, NoSuchTicket, Query, Store, list_tickets, set_status
from connectors.dispatch import Filing, Open311Dispatch
from connectors.duty import Duty, duty_of, lines_of
from connectors.open311 import STATUSES, decode_requests, decode_updates
from tests.connectors.desk_world import API, HOUR_AGO, LIFT, desk_with

HOSTILE = '"><script>alert(1)</script>{{ 7*7 }}\x00\ud800'


@pytest.fixture
async def desk(tmp_path):
    async with desk_with(tmp_path) as desk:
        yield desk


@pytest.fixture(params=["json", "xml"])
async def client(desk, request):
    async with Open311Dispatch(desk.api, format=request.param) as client:
        yield client


@pytest.fixture
async def store(tmp_path):
    async with Store.open(tmp_path) as store:
        yield store


# --- the API with the real client ---------------------------------------------------------------------------


async def test_a_case_goes_all_the_way_and_comes_back_disputed(desk, client):
    ticket_id = await client.file(LIFT)
    assert await client.find("g1-7", HOUR_AGO) == ticket_id
    await desk.set(ticket_id, "accepted")
    await desk.set(ticket_id, "fixed", "换了主板")
    assert [(one.status, one.text) for one in await client.updates(HOUR_AGO)] == [
        ("accepted", ""),
        ("fixed", "换了主板"),
    ]
    await client.post_update(ticket_id, "received", "3户说还是坏的", "g1-7:4:0")
    ticket = await client.ticket(ticket_id)
    assert (ticket.status, (await desk.tickets())[0]["disputes"]) == ("received", 1)


async def test_what_was_filed_is_shown_as_it_was(client):
    ticket = await client.ticket(await client.file(LIFT))
    assert (ticket.address, ticket.lat, ticket.long) == (LIFT.address, LIFT.lat, LIFT.long)
    assert (ticket.service_name, ticket.media_urls) == ("电梯故障", LIFT.media_urls)
    assert ticket.description == "3号楼电梯又坏了\n[ref:g1-7]"


async def test_several_photos_are_kept(client):
    urls = ("https://example.org/a.jpg", "https://example.org/b.jpg")
    filing = Filing("g1-8", "housing.leak", "漏水", "5号楼", media_urls=urls)
    assert (await client.ticket(await client.file(filing))).media_urls == urls


async def test_the_same_update_again_is_the_same_update(desk, client):
    ticket_id = await client.file(LIFT)
    first = await client.post_update(ticket_id, "received", "还没人来", "k1")
    assert await client.post_update(ticket_id, "received", "还没人来", "k1") == first
    assert await client.find_update(ticket_id, "k1", HOUR_AGO) == first
    assert len((await desk.tickets())[0]["steps"]) == 1


async def test_all_services_of_the_table_are_offered(client):
    found = {one.code: one for one in await client.services()}
    assert len(found) == 79
    assert (found["housing.elevator"].name, found["housing.elevator"].group) == ("电梯故障", "住房物业")


async def test_an_unknown_service_is_refused(client):
    with pytest.raises(Refused, match="service_code"):
        await client.file(Filing("g1-7", "no.such", "x", "y"))


async def test_hostile_text_comes_back_as_text(client):
    ticket = await client.ticket(await client.file(Filing("g1-7", "other.other", HOSTILE, HOSTILE)))
    assert '"><script>alert(1)</script>{{ 7*7 }}' in ticket.description


async def test_a_client_is_led_by_discovery(desk):
    async with Open311Dispatch(f"{desk.url}/open311/discovery.xml") as client:
        assert await client.find("nothing", HOUR_AGO) is None


async def test_many_filings_are_found_over_pages(desk, store):
    for n in range(130):
        await store.add(Draft("other.other", f"第{n}件 [ref:c{n}]", "某处"))
    async with Open311Dispatch(desk.api) as client:
        assert await client.find("c0", HOUR_AGO) is not None
        assert await client.find("c129", HOUR_AGO) is not None
        assert await client.find("c130", HOUR_AGO) is None


# --- the API by hand ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "accept", "begins"),
    [
        ("/services.json", "", "["),
        ("/services.xml", "application/json", "<?xml"),
        ("/services", "application/json", "["),
        ("/services", "text/xml", "<?xml"),
        ("/services", "*/*", "["),
        ("/services/housing.elevator.json", "", "{"),
        ("/services/housing.elevator.xml", "", "<?xml"),
        ("/services/housing.elevator", "", "{"),
        ("/discovery.json", "", "{"),
        ("/requests.xml", "", "<?xml"),
        ("/servicerequestupdates", "text/xml", "<?xml"),
    ],
)
async def test_the_format_is_the_ending_or_what_is_accepted(desk, path, accept, begins):
    status, text = await desk.get(API + path, headers={"Accept": accept})
    assert (status, text[: len(begins)]) == (200, begins)


@pytest.mark.parametrize(
    ("form", "status", "text"),
    [
        ({}, 400, "service_code was not given"),
        ({"service_code": "x.y", "address": "a"}, 404, "was not found"),
        ({"service_code": "housing.leak"}, 400, "lat and long, or address_string"),
        ({"service_code": "housing.leak", "lat": "34"}, 400, "lat and long, or address_string"),
        ({"service_code": "housing.leak", "lat": "nan", "long": "1"}, 400, "lat must be a number"),
        ({"service_code": "housing.leak", "lat": "34", "long": "999"}, 400, "long must be a number"),
        ({"service_code": "housing.leak", "address": "a", "description": "长" * 10_001}, 400, "longer than"),
    ],
)
@pytest.mark.parametrize("ext", ["json", "xml"])
async def test_a_faulty_filing_is_answered_with_what_is_wrong(desk, form, status, text, ext):
    answered, said = await desk.post(f"{API}/requests.{ext}", form)
    assert (answered, text in said) == (status, True)
    assert await desk.tickets() == []


async def test_a_filing_may_be_multipart(desk):
    with aiohttp.MultipartWriter("form-data") as writer:
        for name, value in {
            "service_code": "housing.leak",
            "address_string": "5号楼",
            "description": "漏水",
        }.items():
            writer.append(value).set_content_disposition("form-data", name=name)
    status, _ = await desk.post(f"{API}/requests.json", writer)
    assert (status, (await desk.tickets())[0]["description"]) == (201, "漏水")


async def test_a_body_that_is_too_large_is_refused(desk):
    status, text = await desk.post(f"{API}/requests.json", {"description": "x" * 700_000})
    assert (status, text.startswith("[")) == (413, True)


@pytest.mark.parametrize(
    "path",
    [
        "/requests.json?start_date=yesterday",
        "/requests.json?status=maybe",
        "/requests.json?page=0",
        "/requests.json?page_size=" + "9" * 5000,
        "/servicerequestupdates.json?end_date=x",
    ],
)
async def test_a_faulty_question_is_answered_with_400(desk, path):
    status, text = await desk.get(API + path)
    assert (status, '"code": 400' in text) == (400, True)


@pytest.mark.parametrize(
    "path", ["/requests/none.json", "/services/none.xml", "/tokens/none.json", "/nothing.json"]
)
async def test_what_is_not_there_is_404_in_the_standards_words(desk, path):
    status, text = await desk.get(API + path)
    assert (status, "404" in text) == (404, True)


async def test_requests_can_be_narrowed(desk, store):
    leak = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    lift = await store.add(Draft("housing.elevator", "电梯", "3号楼"))
    await store.set_status(lift, "fixed")

    async def ids(query):
        return [
            one.id for one in decode_requests((await desk.get(f"{API}/requests.json?{query}"))[1].encode())
        ]

    assert await ids("") == [lift, leak]
    assert await ids("status=open") == [leak]
    assert await ids("status=closed") == [lift]
    assert await ids("status=open,closed") == [lift, leak]
    assert await ids("service_code=housing.leak") == [leak]
    assert await ids(f"service_request_id={leak},{lift}&status=closed") == [lift, leak]
    assert await ids("start_date=2020-01-01T00:00:00Z&end_date=2020-02-01T00:00:00Z") == []
    assert await ids("start_date=2020-01-01T00:00:00+08:00") == [lift, leak]


async def test_an_id_is_its_own_token(desk, store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    assert ticket_id in (await desk.get(f"{API}/tokens/{ticket_id}.json"))[1]


async def test_an_update_for_no_ticket_is_404(desk):
    form = {"service_request_id": "none", "status": "OPEN"}
    assert (await desk.post(f"{API}/servicerequestupdates.json", form))[0] == 404


async def test_an_unknown_word_of_status_is_kept_as_a_note(desk, store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    form = {"service_request_id": ticket_id, "status": "ON THE MOON", "description": "?"}
    assert (await desk.post(f"{API}/servicerequestupdates.json", form))[0] == 201
    (found,) = decode_updates((await desk.get(f"{API}/servicerequestupdates.xml"))[1].encode())
    assert (found.status, found.wire_status) == (None, "ON THE MOON")
    assert (await store.ticket(ticket_id)).status == "received"


@pytest.mark.parametrize(
    ("key", "given", "status"), [("k", "k", 201), ("k", "", 403), ("k", "wrong", 403), ("", "", 403)]
)
async def test_beyond_this_machine_filing_and_reading_need_the_key(tmp_path, key, given, status):
    form = {"service_code": "housing.leak", "address": "5号楼", "api_key": given}
    async with desk_with(tmp_path, host="0.0.0.0", key=key) as desk:
        assert (await desk.post(f"{API}/requests.json", form))[0] == status
        for what in ("requests", "requests/1", "tokens/1", "servicerequestupdates"):
            read, _ = await desk.get(f"{API}/{what}.json", headers={"X-Api-Key": given})
            assert read == (403 if status == 403 else 404 if what[-1] == "1" else 200)
        assert (await desk.get(f"{API}/services.json"))[0] == 200


async def test_other_sites_cannot_use_a_browser_here(desk):
    form = {"service_code": "housing.leak", "address": "5号楼"}
    headers = {"Origin": "https://evil.example"}
    assert (await desk.post(f"{API}/requests.json", form, headers=headers))[0] == 403
    assert (await desk.get("/", headers={"Host": "evil.example"}))[0] == 403
    assert (await desk.post(f"{API}/requests.json", form, headers={"Origin": desk.url}))[0] == 201


# --- moves --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_every_move_is_in_the_table_or_refused(before, after):
    if after in MOVES[before] or (after == before and after not in HANDED_BACK):
        check_move(before, after, "note")
    else:
        with pytest.raises(NotAllowed, match=f"is {before} cannot become {after}|is already {before}"):
            check_move(before, after, "note")


@pytest.mark.parametrize("after", ["returned", "rejected"])
def test_a_return_needs_a_reason(after):
    with pytest.raises(NotAllowed, match="reason"):
        check_move("received", after, "")


def test_an_unknown_status_names_the_allowed_ones(tmp_path):
    with pytest.raises(
        NotAllowed, match="received, accepted, in_progress, returned, fixed, closed, rejected"
    ):
        check_move("received", "done", "")


def test_a_script_is_told_of_a_ticket_that_is_not_there(tmp_path):
    with pytest.raises(NoSuchTicket, match="no ticket 'x'"):
        set_status(tmp_path, "x", "fixed", "")
    assert list_tickets(tmp_path) == []


async def test_a_refused_move_changes_nothing(store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    await store.set_status(ticket_id, "fixed")
    with pytest.raises(NotAllowed):
        await store.set_status(ticket_id, "accepted")
    ticket = await store.ticket(ticket_id)
    assert (ticket.status, len(ticket.steps), len(await store.due(time.time()))) == ("fixed", 1, 1)


async def test_only_finished_work_can_be_disputed(store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))

    async def after(status):
        await store.client_update(ticket_id, status, "")
        ticket = await store.ticket(ticket_id)
        return ticket.status, ticket.disputes

    assert await after("OPEN") == ("received", 0)
    await store.set_status(ticket_id, "accepted")
    assert await after("OPEN") == ("accepted", 0)
    await store.set_status(ticket_id, "returned", "不归我们")
    assert await after("OPEN") == ("received", 0)
    await store.set_status(ticket_id, "fixed")
    assert await after("OPEN") == ("received", 1)
    await store.set_status(ticket_id, "fixed")
    assert await after("CLOSED") == ("closed", 1)
    assert await after("OPEN") == ("received", 2)


async def test_two_processes_may_write_at_once(tmp_path, store):
    ids = [await store.add(Draft("housing.leak", "漏水", "5号楼")) for _ in range(10)]
    others = [asyncio.to_thread(set_status, tmp_path, one, "accepted", "") for one in ids]
    await asyncio.gather(*others, *(store.client_update(one, "OPEN", "x") for one in ids))
    assert {one.status for one in await store.tickets(Query())} == {"accepted"}
    assert len(await store.steps(None, None, 1000, 0)) == 20


# --- the page -----------------------------------------------------------------------------------------------


async def test_the_page_needs_a_login_that_works_once(desk):
    assert (await desk.get("/"))[0] == 401
    assert (await desk.get("/version"))[0] == 401
    assert (await desk.get("/login?token=wrong"))[0] == 403
    assert (await desk.get("/login?token=T"))[0] == 200
    assert (await desk.get("/"))[0] == 200
    desk.session.cookie_jar.clear()
    assert (await desk.get("/login?token=T"))[0] == 403
    assert (await desk.get("/", cookies={"desk_session": "forged"}))[0] == 401


async def test_the_login_is_kept_as_a_hash_and_the_cookie_is_strict(desk):
    async with desk.session.get(desk.url + "/login?token=T") as answer:
        cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    with sqlite3.connect(desk.home / "desk" / "desk.sqlite") as file:
        assert "T" not in [row[0] for row in file.execute("SELECT hash FROM logins")]
    file.close()


async def test_hostile_text_is_shown_as_text(desk, store):
    urls = ("javascript:alert(1)", "https://example.org/a.jpg")
    await store.add(Draft("other.other", HOSTILE, HOSTILE, media_urls=urls))
    await desk.log_in()
    text = (await desk.get("/"))[1]
    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "{{ 7*7 }}" in text
    assert 'href="javascript:' not in text
    assert '<a href="https://example.org/a.jpg" target="_blank" rel="noopener noreferrer">' in text


async def test_no_script_runs_but_our_file(desk):
    async with desk.session.get(desk.url + "/") as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


async def test_a_button_moves_a_ticket_and_leads_back_to_it(desk, store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    csrf = await desk.log_in()
    form = {"csrf": csrf, "status": "fixed", "note": "补好了"}
    async with desk.session.post(f"{desk.url}/tickets/{ticket_id}?state=all", data=form) as answer:
        assert answer.url.query == {"state": "all", "open": ticket_id}
        assert "补好了" in await answer.text()
    assert (await store.ticket(ticket_id)).status == "fixed"


async def test_an_illegal_move_is_explained_and_the_note_kept(desk, store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    await store.set_status(ticket_id, "closed")
    form = {"csrf": await desk.log_in(), "status": "fixed", "note": "写了很久的说明"}
    status, text = await desk.post(f"/tickets/{ticket_id}?state=all", form)
    assert (status, "工单状态刚刚变了" in text, "写了很久的说明" in text) == (409, True, True)


async def test_a_return_without_reason_is_explained(desk, store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    form = {"csrf": await desk.log_in(), "status": "returned", "note": " "}
    status, text = await desk.post(f"/tickets/{ticket_id}", form)
    assert (status, "退回须选择原因（不属本单位职责、" in text) == (400, True)


async def test_a_form_without_our_token_does_nothing(desk, store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    await desk.log_in()
    assert (await desk.post(f"/tickets/{ticket_id}", {"csrf": "x", "status": "fixed"}))[0] == 403
    desk.session.cookie_jar.clear()
    assert (await desk.post(f"/tickets/{ticket_id}", {"status": "fixed"}))[0] == 401
    assert (await store.ticket(ticket_id)).status == "received"


async def test_a_dispute_is_shown_in_red_with_its_count(desk, store):
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    for _ in range(2):
        await store.set_status(ticket_id, "fixed")
        await store.client_update(ticket_id, "OPEN", "还在漏")
    await desk.log_in()
    assert '<strong class="dispute">居民反映未解决 ×2</strong>' in (await desk.get("/"))[1]
    assert (
        '<strong class="dispute">Residents say it is not solved ×2</strong>'
        in (await desk.get("/?lang=en"))[1]
    )


async def test_filters_and_search_narrow_the_list(desk, store):
    lift = await store.add(Draft("housing.elevator", "电梯坏了", "3号楼"))
    leak = await store.add(Draft("housing.leak", "漏水 100%", "5号楼"))
    await store.set_status(lift, "fixed")
    await desk.log_in()

    async def shown(query):
        return re.findall(r'id="t-([\d-]+)"', (await desk.get(f"/?{query}"))[1])

    assert await shown("") == [leak]
    assert await shown("state=closed") == [lift]
    assert await shown("state=all") == [leak, lift]
    assert await shown("state=all&q=3号楼 电梯") == [lift]
    assert await shown("state=all&q=100%25") == [leak]
    assert await shown("state=all&q=zzz") == []
    assert await shown("state=nonsense&page=-1") == [leak]


async def test_the_script_sees_every_change(desk, store):
    await desk.get("/login?token=T")
    seen = [await desk.get("/version")]
    ticket_id = await store.add(Draft("housing.leak", "漏水", "5号楼"))
    seen.append(await desk.get("/version"))
    await desk.set(ticket_id, "accepted")
    seen.append(await desk.get("/version"))
    assert len({text for _, text in seen}) == 3
    cards = (await desk.get("/?part=cards"))[1]
    assert cards.lstrip().startswith('<div id="list"')


async def test_news_of_who_answers_from_now_on_changes_the_ticket(client):
    lamp = replace(LIFT, unit="物业企业", matter="电梯 (lift)", list_version="2026.1")
    ticket_id = await client.file(lamp)
    duty = Duty(matter="路灯 (lamp)", list_version="2026.2", unit="市政养护", level="street")
    await client.post_update(
        ticket_id, "received", f"网格员把类别改为：路灯不亮\n{lines_of(duty)}", "g1-7:5:0"
    )
    ticket = await client.ticket(ticket_id)
    assert duty_of(split_reference(ticket.description)[0]) == (duty, lamp.description)
    assert await client.find("g1-7", HOUR_AGO) == ticket_id
    await client.post_update(ticket_id, "received", "居民补充：三天了", "g1-7:6:0")
    assert (await client.ticket(ticket_id)).description == ticket.description
