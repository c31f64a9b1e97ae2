"""The dispatch client against a city's backend: what goes wrong is named, and nothing is filed twice."""

import asyncio
import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from actions.errors import Refused, Unreachable
from connectors.dispatch import Filing, Open311Dispatch
from connectors.open311 import Endpoint, encode_discovery
from connectors.push import signed_headers
from tests.connectors.fixmystreet import fixmystreet, problem

HOUR_AGO = datetime.now(UTC) - timedelta(hours=1)
LIFT = Filing(
    "g1-7", "LIFT", "3号楼电梯又坏了", "幸福里3号楼", 34.79, 114.3, ("https://example.org/a.jpg",), "r17"
)


@pytest.fixture
async def city():
    async with fixmystreet() as (city, url):
        city.url = url
        yield city


@pytest.fixture(params=["json", "xml"])
async def client(city, request):
    async with Open311Dispatch(city.url, "k", "city.gov", format=request.param, timeout=1.5) as client:
        yield client


async def test_services_are_listed(client):
    assert [(one.code, one.name) for one in await client.services()] == [("LIFT", "Lift")]


async def test_a_filing_carries_everything_and_our_reference_last(city, client):
    assert await client.file(LIFT) == "100"
    method, path, form = city.seen[-1]
    assert (method, path) == ("POST", "requests")
    assert form == {
        "api_key": "k",
        "jurisdiction_id": "city.gov",
        "service_code": "LIFT",
        "description": "3号楼电梯又坏了\n[ref:g1-7]",
        "address_string": "幸福里3号楼",
        "account_id": "r17",
        "media_url": "https://example.org/a.jpg",
        "lat": "34.7900000",
        "long": "114.3000000",
    }


@pytest.mark.parametrize(
    ("codes", "sent"),
    [
        ({"housing.elevator": "LIFT"}, "LIFT"),
        ({"housing": "HOUSE", "housing.leak": "LEAK"}, "HOUSE"),
        ({}, "housing.elevator"),
    ],
)
async def test_a_category_goes_under_the_backends_own_code(city, codes, sent):
    async with Open311Dispatch(city.url, service_codes=codes) as dispatch:
        ours = replace(LIFT, service_code="housing.elevator")
        assert dispatch._in_their_codes(ours).service_code == sent


async def test_the_key_is_never_in_an_address(city, client):
    await client.file(LIFT)
    await client.find("g1-7", HOUR_AGO)
    assert all("api_key" not in query for method, _, query in city.seen if method == "GET")


async def test_who_was_stopped_until_others_take_over_looks_but_posts_nothing_any_more(city):
    alive = [True, False]  # at the moment of sending, not when the filing began
    async with Open311Dispatch(city.url, "k", in_time=lambda: alive.pop(0)) as client:
        assert await client.file(LIFT) == "100"
        posted = len([method for method, _, _ in city.seen if method == "POST"])
        with pytest.raises(Unreachable, match="another worker"):
            await client.file(LIFT)
        assert await client.find("g1-7", HOUR_AGO) == "100"
        assert len([method for method, _, _ in city.seen if method == "POST"]) == posted


async def test_a_filing_is_found_by_its_reference(client):
    assert await client.find("g1-7", HOUR_AGO) is None
    ticket_id = await client.file(LIFT)
    await client.file(Filing("g1-70", "LIFT", "别的事"))
    assert await client.find("g1-7", HOUR_AGO) == ticket_id


async def test_a_reference_that_a_resident_typed_is_not_ours(client):
    await client.file(Filing("g1-8", "LIFT", "看这个 [ref:g1-7]"))
    assert await client.find("g1-7", HOUR_AGO) is None


async def test_a_long_description_keeps_its_reference(city, client):
    await client.file(Filing("g1-9", "LIFT", "长" * 9000))
    text = city.requests[0]["description"]
    assert len(text) == 4000
    assert text.endswith("\n[ref:g1-9]")


async def test_a_filing_is_found_on_a_later_page(city, client):
    city.page_size = 2
    ticket_id = await client.file(LIFT)
    for n in range(5):
        await client.file(Filing(f"other-{n}", "LIFT", "别的事"))
    assert await client.find("g1-7", HOUR_AGO) == ticket_id


async def test_looking_ends_where_the_backend_knows_no_pages(city, client):
    for n in range(5):
        await client.file(Filing(f"other-{n}", "LIFT", "别的事"))
    city.seen.clear()
    assert await client.find("g1-7", HOUR_AGO) is None
    assert len(city.seen) == 2


async def test_a_window_is_never_longer_than_the_standard_allows(city, client):
    await client.find("g1-7", datetime(2020, 1, 1, tzinfo=UTC))
    query = city.seen[-1][2]
    span = datetime.fromisoformat(query["end_date"]) - datetime.fromisoformat(query["start_date"])
    assert span < timedelta(days=90)


async def test_after_a_timeout_the_stored_filing_is_found_and_not_sent_again(city, client):
    city.trouble = [("requests", "store, then hang")]
    with pytest.raises(Unreachable):
        await client.file(LIFT)
    assert await client.find("g1-7", HOUR_AGO) == "100"
    assert len(city.requests) == 1


async def test_an_answer_cut_off_after_storing_is_found(city, client):
    city.trouble = [("requests", b'{"service_req')]
    with pytest.raises(Unreachable, match="makes no sense"):
        await client.file(LIFT)
    assert await client.find("g1-7", HOUR_AGO) == "100"


async def test_a_token_is_redeemed(city, client):
    city.gives_tokens = True
    assert await client.file(LIFT) == "100"


async def test_a_token_that_stays_pending_is_asked_for_before_anything_is_searched(city, client):
    city.gives_tokens = True
    city.trouble = [("tokens/t1", problem(404, "not yet")) for _ in range(4)]
    with pytest.raises(Unreachable, match="not given it a number") as caught:
        await client.file(LIFT)
    assert caught.value.retry_after == 30
    city.seen.clear()
    assert await client.find("g1-7", HOUR_AGO) == "100"
    assert [path for _, path, _ in city.seen] == ["tokens/t1"]


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
async def test_a_backend_in_trouble_is_tried_later(city, client, status):
    city.trouble = [("requests", problem(status, "busy"))]
    with pytest.raises(Unreachable, match=f"{status}: busy"):
        await client.file(LIFT)


async def test_the_time_that_the_backend_names_is_kept(city, client):
    city.trouble = [("requests", problem(429, "slow down", Retry_After="17"))]
    with pytest.raises(Unreachable) as caught:
        await client.file(LIFT)
    assert caught.value.retry_after == 17


async def test_a_date_as_retry_after_is_understood(city, client):
    city.trouble = [("requests", problem(503, "later", Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"))]
    with pytest.raises(Unreachable) as caught:
        await client.file(LIFT)
    assert caught.value.retry_after == 0


async def test_an_unreadable_retry_after_is_no_time(city, client):
    city.trouble = [("requests", problem(503, "later", Retry_After="soon"))]
    with pytest.raises(Unreachable) as caught:
        await client.file(LIFT)
    assert caught.value.retry_after is None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
async def test_a_clear_no_is_refused_with_the_backends_words(city, client, status):
    city.trouble = [("requests", problem(status, "电梯不归我们管" + "x" * 900))]
    with pytest.raises(Refused, match="电梯不归我们管") as caught:
        await client.file(LIFT)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("body", [b"", b"<html>maintenance</html>", b"OK", b"[]", b"\xff\xfe"])
async def test_garbage_with_200_is_not_taken_for_an_answer(city, client, body):
    city.trouble = [("requests", body)]
    with pytest.raises(Unreachable, match="makes no sense"):
        await client.file(LIFT)


async def test_a_hanging_backend_is_given_up(city, client):
    city.trouble = [("services", "hang")]
    begun = time.monotonic()
    with pytest.raises(Unreachable, match="TimeoutError"):
        await client.services()
    assert time.monotonic() - begun < 5


async def test_nobody_there_is_unreachable():
    async with Open311Dispatch("http://127.0.0.1:9") as client:
        with pytest.raises(Unreachable, match="no answer"):
            await client.services()


@pytest.mark.parametrize(
    "url", ["", "dispatch.example", "ftp://example.org", "http://", "http://[", "http://a:b"]
)
async def test_an_address_that_is_none_is_refused(url):
    async with Open311Dispatch(url) as client:
        with pytest.raises(Refused):
            await client.services()


async def test_an_endless_answer_is_cut_off(city, client):
    city.trouble = [("services", b"[" + b" " * (6 * 1024 * 1024))]
    with pytest.raises(Unreachable, match="larger than 5 MB"):
        await client.services()


async def test_nothing_is_sent_to_another_host(city, client):
    elsewhere = web.Response(status=307, headers={"Location": "http://127.0.0.2:1/steal"})
    city.trouble = [("requests", elsewhere)]
    with pytest.raises(Refused, match="another host"):
        await client.file(LIFT)


async def test_a_redirect_on_the_same_host_is_followed(city, client):
    city.trouble = [
        ("services", web.Response(status=302, headers={"Location": f"/api/services.{client._format}"}))
    ]
    assert [one.code for one in await client.services()] == ["LIFT"]


async def test_a_circle_of_redirects_ends(city, client):
    away = [
        web.Response(status=302, headers={"Location": f"/api/services.{client._format}"}) for _ in range(9)
    ]
    city.trouble = [("services", one) for one in away]
    with pytest.raises(Refused, match="without end"):
        await client.services()


async def test_a_ticket_shows_where_it_stands(city, client):
    ticket_id = await client.file(LIFT)
    city.requests[0]["status"] = "closed"
    assert (await client.ticket(ticket_id)).status == "closed"


async def test_a_ticket_that_is_not_there_is_refused(client):
    for ticket_id in ("77", "../services", "a/b?c#d", ".", ""):
        with pytest.raises(Refused):
            await client.ticket(ticket_id)


async def test_updates_come_oldest_first_and_without_our_own(city, client):
    ticket_id = await client.file(LIFT)
    await client.post_update(ticket_id, "received", "还是坏的", "g1-7:3:0")
    city.updates.append(step("2", ticket_id, "FIXED", "2026-03-02T08:00:00Z", "修好了"))
    city.updates.append(step("3", ticket_id, "INVESTIGATING", "2026-03-02T07:00:00Z", "[upd:x] 引用"))
    found = await client.updates(HOUR_AGO)
    assert [(one.id, one.status) for one in found] == [("3", "accepted"), ("2", "fixed")]


async def test_our_update_is_found_before_it_is_sent_again(city, client):
    ticket_id = await client.file(LIFT)
    city.trouble = [("servicerequestupdates", "store, then hang")]
    with pytest.raises(Unreachable):
        await client.post_update(ticket_id, "received", "还是坏的", "g1-7:3:0")
    assert await client.find_update(ticket_id, "g1-7:3:0", HOUR_AGO) == "1"
    assert await client.find_update(ticket_id, "g1-7:3:1", HOUR_AGO) is None
    assert city.updates[0]["status"] == "OPEN"


def tickets(*ids):
    async def opened():
        return ids

    return opened


async def test_a_backend_without_the_extension_is_asked_ticket_by_ticket(city, client):
    city.has_updates = False
    ticket_id = await client.file(LIFT)
    city.requests[0] |= {
        "status": "closed",
        "status_notes": "换了主板",
        "updated_datetime": "2026-03-02T08:00:00Z",
    }
    (found,) = await client.updates(HOUR_AGO, tickets(ticket_id, "lost"))
    assert (found.request_id, found.status, found.text) == (ticket_id, "closed", "换了主板")
    (again,) = await client.updates(HOUR_AGO, tickets(ticket_id))
    assert again.id == found.id
    assert [path for _, path, _ in city.seen].count("servicerequestupdates") == 1


async def test_an_update_that_the_backend_does_not_take_is_refused(city, client):
    city.has_updates = False
    with pytest.raises(Refused, match="404"):
        await client.post_update("100", "received", "还是坏的", "g1-7:3:0")


async def test_a_polling_that_fails_is_tried_later(city, client):
    city.trouble = [("servicerequestupdates", problem(500, "oops"))]
    with pytest.raises(Unreachable):
        await client.updates(HOUR_AGO)


@pytest.mark.parametrize("ext", ["json", "xml"])
async def test_a_discovery_document_leads_to_the_production_endpoint(city, ext):
    endpoints = [
        Endpoint("http://127.0.0.1:9/test", "http://wiki.open311.org/GeoReport_v2", "test"),
        Endpoint(city.url + "/", "http://wiki.open311.org/GeoReport_v2", "production", ("text/xml",)),
        Endpoint("http://127.0.0.1:9/other", "http://example.org/inquiry_v1", "production"),
    ]
    body = encode_discovery(endpoints, "2026-01-01T00:00:00Z", "", ext)
    city.trouble = [("discovery", web.Response(body=body))]
    async with Open311Dispatch(f"{city.url}/discovery.{ext}") as client:
        assert [one.code for one in await client.services()] == ["LIFT"]
        assert [one.code for one in await client.services()] == ["LIFT"]
    assert [path for _, path, _ in city.seen] == ["discovery", "services", "services"]


async def test_a_failed_discovery_is_tried_again(city):
    city.trouble = [("discovery", problem(500, "oops"))]
    async with Open311Dispatch(f"{city.url}/discovery.json") as client:
        with pytest.raises(Unreachable):
            await client.services()
        assert client._root is None


async def test_a_push_is_believed_only_when_signed():
    client = Open311Dispatch("http://example.org", push_secret="s")
    body = b'{"type": "x", "service_request_updates": [{"update_id": "u1", "service_request_id": "7", "status": "FIXED"}]}'
    headers = signed_headers("s", "u1", int(time.time()), body)
    assert [(one.id, one.status) for one in client.verify_push(headers, body)] == [("u1", "fixed")]
    with pytest.raises(Refused, match="secret"):
        client.verify_push(headers, body + b" ")
    garbage = b"hello"
    with pytest.raises(Refused, match="JSON"):
        client.verify_push(signed_headers("s", "u2", int(time.time()), garbage), garbage)


async def test_without_a_push_secret_no_push_is_believed():
    client = Open311Dispatch("http://example.org")
    with pytest.raises(Refused, match="no push secret"):
        client.verify_push(signed_headers("s", "u1", int(time.time()), b"[]"), b"[]")


async def test_a_session_that_was_given_stays_open(city):
    async with aiohttp.ClientSession() as session:
        async with Open311Dispatch(city.url, session=session) as client:
            await client.services()
        assert not session.closed


async def test_many_calls_at_once_do_not_disturb_each_other(client, city):
    ids = await asyncio.gather(*(client.file(Filing(f"c{n}", "LIFT", "x")) for n in range(20)))
    assert len(set(ids)) == 20
    found = await asyncio.gather(*(client.find(f"c{n}", HOUR_AGO) for n in range(20)))
    assert list(found) == list(ids)


async def test_a_second_answer_to_one_filing_is_not_taken_for_the_answer_to_the_next():
    """It comes late, on a connection that is kept, and lies there until somebody asks again."""
    numbers = iter(range(1, 9))

    async def file(request):
        body = json.dumps([{"service_request_id": str(next(numbers))}])
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        again = (head + body).encode()
        asyncio.get_running_loop().call_later(0.05, request.transport.write, again)
        return web.Response(text=body, content_type="application/json")

    app = web.Application()
    app.router.add_post("/requests.json", file)
    async with TestServer(app) as server, Open311Dispatch(str(server.make_url("/"))) as client:
        given = []
        for n in range(3):
            given.append(await client.file(replace(LIFT, ref=f"g1-{n}")))
            await asyncio.sleep(0.1)
    assert given == ["1", "2", "3"]


def step(update_id, ticket_id, status, at, text):
    return {
        "update_id": update_id,
        "service_request_id": ticket_id,
        "status": status,
        "updated_datetime": at,
        "description": text,
    }
