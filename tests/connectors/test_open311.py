"""Open311 on the wire: both dialects read alike, what we write is read back, and garbage is named."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.open311 import (
    STATUSES,
    Endpoint,
    Malformed,
    Receipt,
    Service,
    ServiceRequest,
    ServiceRequestUpdate,
    decode_endpoints,
    decode_receipt,
    decode_requests,
    decode_services,
    decode_update_id,
    decode_updates,
    encode_discovery,
    encode_error,
    encode_receipt,
    encode_requests,
    encode_services,
    encode_update_posted,
    encode_updates,
    error_text,
    extended_status,
    parse_time,
    standard_status,
    status_from_wire,
)

AT = datetime(2026, 3, 2, 7, 41, tzinfo=UTC)
REQUEST = ServiceRequest(
    id="638344",
    status="accepted",
    wire_status="INVESTIGATING",
    status_notes="已派人",
    service_code="housing.elevator",
    service_name="电梯故障",
    description="3号楼电梯 <b>&坏了\n[ref:c1]",
    requested_at=AT,
    updated_at=AT,
    address="幸福里3号楼",
    lat=34.79,
    long=114.3,
    media_urls=("https://example.org/a.jpg", "https://example.org/b.jpg"),
)
UPDATE = ServiceRequestUpdate("u1", "638344", "fixed", "FIXED", AT, "修好了", "https://example.org/c.jpg")
ONE = {"service_request_id": "7", "status": "open"}
DECODERS = [
    decode_services,
    decode_requests,
    decode_updates,
    decode_receipt,
    decode_update_id,
    decode_endpoints,
]


def as_json(tree):
    return json.dumps(tree).encode()


def in_xml(around):
    return around.format("<service_request_id> 7 </service_request_id><status>open</status>").encode()


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_what_we_write_is_read_back_the_same(fmt):
    service = Service("a.b", "电梯", "lift", "住房", ("lift", "stuck"))
    assert decode_requests(encode_requests([REQUEST], fmt)) == [REQUEST]
    assert decode_updates(encode_updates([UPDATE], fmt)) == [UPDATE]
    assert decode_services(encode_services([service], fmt)) == [service]
    assert decode_receipt(encode_receipt(Receipt("7", "t"), fmt)) == Receipt("7", "t")
    assert decode_update_id(encode_update_posted("u9", fmt)) == "u9"


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_empty_lists_are_no_error(fmt):
    assert decode_requests(encode_requests([], fmt)) == []
    assert decode_updates(encode_updates([], fmt)) == []


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_discovery_names_its_endpoints(fmt):
    here = Endpoint("https://example.org/v2", "GeoReport_v2", "production", ("text/xml", "application/json"))
    other = Endpoint("https://example.org/test", "GeoReport_v2", "test", ("text/xml",))
    assert decode_endpoints(encode_discovery([here, other], "2026-01-01T00:00:00Z", "", fmt)) == [here, other]
    assert decode_endpoints(encode_discovery([here], "2026-01-01T00:00:00Z", "", fmt)) == [here]


@pytest.mark.parametrize(
    "body",
    [
        as_json([ONE]),
        as_json(ONE),
        as_json({"requests": [ONE]}),
        as_json({"request": [ONE]}),
        as_json({"request": ONE}),
        as_json({"service_requests": [ONE]}),
        as_json({"requests": {"request": [ONE]}}),
        as_json({"service_requests": {"request": ONE}}),
        as_json([{"service_request_id": 7, "status": "open"}]),
        as_json([{"service_request_id": 7.0, "status": "open", "lat": None, "extra": {"a": [1]}}]),
        b"\xef\xbb\xbf" + as_json([ONE]),
        in_xml("<service_requests><request>{}</request></service_requests>"),
        in_xml("<requests><request>{}<lat/></request></requests>"),
        in_xml("<request>{}</request>"),
        in_xml('<?xml version="1.0"?><requests xmlns="urn:x"><request>{}</request></requests>'),
    ],
)
def test_every_wrapping_of_a_request_is_the_same_request(body):
    assert decode_requests(body) == [ServiceRequest("7", "received", "open")]


def test_a_bad_row_does_not_hold_up_the_good_ones():
    rows = [{"service_request_id": None, "status": "x"}, "noise", {**ONE, "update_id": "u1"}]
    assert [one.id for one in decode_updates(as_json(rows))] == ["u1"]


def test_nonsense_in_optional_fields_is_left_out():
    row = {**ONE, "lat": "north", "long": 999, "requested_datetime": "soon", "media_url": {"a": 1}}
    assert decode_requests(as_json([row])) == [ServiceRequest("7", "received", "open")]


def test_an_update_without_id_can_still_be_told_apart():
    rows = [{**ONE, "updated_datetime": "2026-03-02T07:41:00Z"}, {**ONE, "status": "closed"}]
    first, second = decode_updates(as_json(rows))
    assert first.id != second.id


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"<html><body>Bad gateway</body></html>", "no service_request_id"),
        (b"<a><b></a>", "not XML"),
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"42", "was expected"),
        (b'"hello"', "was expected"),
        (b'{"ok": true}', "no service_request_id"),
        (b"[" * 100_000, "not JSON"),
        (b"[" * 50 + b"]" * 50, "deeply"),
        (b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><a>&d;</a>', "not XML"),
    ],
)
def test_garbage_is_named(body, text):
    with pytest.raises(Malformed, match=text):
        decode_requests(body)


def test_a_receipt_is_a_number_or_a_token():
    assert decode_receipt(as_json([{"service_request_id": 9, "service_notice": "ok"}])) == Receipt(
        "9", None, "ok"
    )
    assert decode_receipt(as_json([{"token": "abc"}])) == Receipt(None, "abc")
    with pytest.raises(Malformed):
        decode_receipt(as_json([{"service_request_id": None, "token": None}]))
    with pytest.raises(Malformed, match="empty"):
        decode_receipt(b"[]")


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_the_text_of_an_error_is_found(fmt):
    assert error_text(encode_error(400, "service_code was not given", fmt)) == "service_code was not given"


def test_the_text_of_an_error_is_found_in_anything_and_short():
    assert error_text(b"<html><h1>Nope</h1></html>") == "Nope"
    assert len(error_text(b"x" * 10_000)) < 200
    assert error_text(b"") == ""


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_survives_the_extended_wire(status):
    assert status_from_wire(extended_status(status)) == status


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("OPEN", "received"),
        ("open", "received"),
        ("Investigating", "accepted"),
        ("in progress", "in_progress"),
        ("ACTION_SCHEDULED", "in_progress"),
        ("fixed - council", "fixed"),
        (" FIXED ", "fixed"),
        ("not-councils-responsibility", "returned"),
        ("NO_FURTHER_ACTION", "rejected"),
        ("DUPLICATE", "closed"),
        ("closed", "closed"),
        ("returned", "returned"),
        ("on the moon", None),
        ("", None),
    ],
)
def test_words_of_status_are_understood(word, status):
    assert status_from_wire(word) == status


def test_an_unknown_status_stays_readable():
    (found,) = decode_updates(as_json([{**ONE, "update_id": "1", "status": "AWAITING PARTS"}]))
    assert (found.status, found.wire_status) == (None, "AWAITING PARTS")


def test_the_standard_knows_two_words():
    assert {one: standard_status(one) for one in STATUSES} == {
        "received": "open",
        "accepted": "open",
        "in_progress": "open",
        "returned": "closed",
        "fixed": "closed",
        "closed": "closed",
        "rejected": "closed",
    }


@pytest.mark.parametrize(
    "text",
    ["2026-03-02T07:41:00Z", "2026-03-02T15:41:00+08:00", "2026-03-02 07:41:00", "2026-03-02T02:41:00-05:00"],
)
def test_times_come_in_any_zone(text):
    assert parse_time(text) == AT


@given(st.binary(max_size=400))
def test_no_bytes_break_a_decoder(body):
    for decode in DECODERS:
        _tried(decode, body)
    error_text(body)


_trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "requests",
                    "request",
                    "service_request_id",
                    "status",
                    "token",
                    "update_id",
                    "lat",
                    "url",
                    "formats",
                ]
            )
            | st.text(max_size=5),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(_trees)
def test_no_json_breaks_a_decoder(tree):
    for decode in DECODERS:
        _tried(decode, as_json(tree))


@given(st.text(), st.text(), st.sampled_from(["json", "xml"]))
def test_any_text_can_be_carried(description, address, fmt):
    sent = ServiceRequest("7", "received", "OPEN", description=description, address=address)
    (found,) = decode_requests(encode_requests([sent], fmt))
    kept = [sign for sign in description if sign.isalnum() and sign.isprintable()]
    assert [sign for sign in found.description if sign.isalnum() and sign.isprintable()] == kept


def _tried(decode, body):
    # Nothing but Malformed may come out.
    with suppress(Malformed):
        decode(body)
