"""Strange input over the wires: it is understood, or it is one of the errors that are foreseen, and soon."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from actions.case import Case
from actions.errors import Unreachable
from actions.facts import Fact
from actions.orders import Order
from bot.buttons import Buttons, Forged
from connectors.codec import load
from connectors.linking_weights import linker_of
from connectors.nlu import reading_of
from connectors.open311 import (
    Malformed,
    decode_endpoints,
    decode_receipt,
    decode_requests,
    decode_services,
    decode_update_id,
    decode_updates,
    encode_requests,
    encode_updates,
    error_text,
    parse_time,
)
from connectors.push import BadSignature, verify
from connectors.telegram_intake import _update
from connectors.telegram_updates import Me, group_of, move_in, number_in, sender_in, title_in, translate
from connectors.tickets import fact_shared, news_of
from connectors.web_frames import FRAMES
from tests.fuzz.strange import answers_or_says, anything, fuzz, in_time, inputs, with_strange_values

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ME = Me(1, "linli_bot", hears_all=True)
PERSON = {"id": 42, "is_bot": False, "first_name": "王", "username": "wang"}
CHAT = {"id": -1001, "type": "supergroup", "title": "3号楼", "is_forum": True}
SAID = {
    "message_id": 7,
    "date": 1770000000,
    "chat": CHAT,
    "from": PERSON,
    "text": "/case@linli_bot 3",
    "entities": [{"type": "bot_command", "offset": 0, "length": 15}],
    "reply_to_message": {"message_id": 6, "date": 1770000000, "chat": CHAT, "from": PERSON, "text": "电梯"},
    "photo": [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1, "file_size": 10}],
    "location": {"latitude": 31.2, "longitude": 121.4},
}
UPDATES = (
    {"update_id": 1, "message": SAID},
    {"update_id": 2, "edited_message": {**SAID, "edit_date": 1770000001}},
    {
        "update_id": 3,
        "callback_query": {"id": "9", "from": PERSON, "chat_instance": "x", "message": SAID, "data": "d"},
    },
    {"update_id": 4, "message": {**SAID, "migrate_to_chat_id": -1002}},
    {
        "update_id": 5,
        "my_chat_member": {
            "chat": CHAT,
            "from": PERSON,
            "date": 1770000000,
            "old_chat_member": {"user": PERSON, "status": "left"},
            "new_chat_member": {"user": PERSON, "status": "member"},
        },
    },
)
REQUEST = (
    b'[{"service_request_id": "7", "status": "open", "service_code": "a", "description": "x", "lat": 1.5, "long": 2,'
    b' "requested_datetime": "2026-03-01T00:00:00Z", "media_urls": ["http://a/b"]}]'
)
STEP = b'{"service_request_updates": [{"update_id": "u", "service_request_id": "7", "status": "FIXED", "description": "x"}]}'
AS_XML = (
    b"<service_requests><request><service_request_id>7</service_request_id><status>open</status><lat>1</lat>"
    b"<requested_datetime>2026-03-01</requested_datetime></request></service_requests>"
)
DECODERS = (
    decode_requests, decode_updates, decode_services, decode_receipt, decode_endpoints, decode_update_id,
)  # fmt: skip


# --- Telegram ---


@fuzz
@given(inputs(*(json.dumps(one).encode() for one in UPDATES)))
def test_a_webhook_body_is_an_update_or_none(body):
    with in_time():
        raw = _update(body)
    assert raw is None or isinstance(raw["update_id"], int)


@fuzz
@given(st.one_of(*map(with_strange_values, UPDATES), anything))
def test_an_update_is_put_somewhere_and_understood_or_poison(raw):
    with in_time():
        assert group_of(raw).startswith("telegram:")
        number_in(raw)
        if isinstance(raw, dict):
            title_in(raw).encode()
            sender_in(raw)
            move_in(raw)
            answers_or_says(lambda one: translate(one, ME, NOW), raw, ValueError)


@pytest.mark.parametrize("depth", [100, 900, 5000])
def test_a_deep_update_is_no_unforeseen_error(depth):
    body = b'{"update_id":1,"message":' + b'{"a":' * depth + b"1" + b"}" * (depth + 1)
    if raw := _update(body):
        json.dumps(raw)  # as it is written into the inbox
        answers_or_says(lambda one: translate(one, ME, NOW), raw, ValueError)


# --- dispatch ---


@fuzz
@given(st.sampled_from(DECODERS), inputs(REQUEST, STEP, AS_XML))
def test_whatever_dispatch_answers_is_read_or_malformed(decode, body):
    answers_or_says(decode, body, Malformed)
    with in_time():
        assert len(error_text(body)) < 200


@fuzz
@given(
    with_strange_values(json.loads(REQUEST)),
    with_strange_values(json.loads(STEP)),
    st.sampled_from(("json", "xml")),
)
def test_what_was_read_can_be_written_again(requests, steps, wire):
    for tree, decode, encode in (
        (requests, decode_requests, encode_requests),
        (steps, decode_updates, encode_updates),
    ):
        found = answers_or_says(decode, json.dumps(tree).encode(), Malformed)
        if found:
            assert decode(encode(found, wire))


@fuzz
@given(st.text(max_size=60))
def test_a_time_is_one_or_malformed(text):
    answers_or_says(parse_time, text, Malformed)


@fuzz
@given(
    st.dictionaries(
        st.sampled_from(("webhook-id", "webhook-timestamp", "webhook-signature")), st.text(max_size=80)
    ),
    st.binary(max_size=80),
)
def test_no_push_is_believed_by_chance(headers, body):
    with pytest.raises(BadSignature):
        verify("secret", headers, body, 0.0)


@fuzz
@given(
    with_strange_values(
        {"case": "web:a:1", "update": "u", "status": "fixed", "note": "[ref:x]", "ticket": "T"}
    ),
    with_strange_values(
        {"case": "web:a:1", "ticket": "T", "fact": '{"is": "Urged", "at": "2026-03-01T00:00:00Z"}'}
    ),
)
def test_news_in_an_inbox_are_news_or_poison(news, shared):
    if isinstance(news, dict):
        answers_or_says(lambda one: news_of(one, NOW), news, ValueError)
    if isinstance(shared, dict):
        answers_or_says(fact_shared, shared, ValueError, KeyError)


# --- what is stored, the NLU, buttons, the page ---


@fuzz
@given(
    st.sampled_from((Case, Fact, Order)),
    inputs(b'{"is": "Reported", "at": "2026-03-01T00:00:00+00:00", "by": "a"}'),
)
def test_what_is_stored_is_a_record_or_a_value_error(kind, text):
    answers_or_says(lambda one: load(one, kind), text, ValueError)


ANSWER = {
    "intent": {"name": "report", "confidence": 0.9},
    "intent_ranking": [{"name": "report", "confidence": 0.9}],
    "entities": [{"entity": "location", "value": "3号楼", "start": 0, "end": 3}],
    "category": {"name": "housing.elevator", "confidence": 0.7},
    "category_ranking": [{"name": "housing.elevator", "confidence": 0.7}],
    "urgency": {"name": "urgent", "confidence": 0.6},
    "meaning": "AQID",
}
WEIGHTS = {
    "options": {"weights": {"new log report": [2.0, 1.0]}, "bias": [0.5], "out": [-1.0]},
    "kinds": {"weights": {}, "bias": [], "out": []},
    "common": ["我们"],
}


@fuzz
@given(with_strange_values(ANSWER), with_strange_values(WEIGHTS))
def test_what_the_nlu_answers_is_a_reading_or_no_answer(answer, weights):
    if isinstance(answer, dict):
        answers_or_says(reading_of, answer, Unreachable)
    if isinstance(weights, dict):
        answers_or_says(linker_of, weights, ValueError)


@fuzz
@given(st.text(max_size=80) | st.binary(max_size=64).map(lambda one: one.decode("latin-1")))
def test_no_data_of_a_button_is_believed_by_chance(data):
    with in_time(), pytest.raises(Forged):
        Buttons("secret").read("web:a", data)


FRAME = b'{"type": "say", "client_id": "a", "text": "x", "reply_to": "1", "attachments": ["f"], "point": {"lat": 1, "long": 2}}'
HELLO = b'{"type": "hello", "name": "n", "role": "resident", "token": "", "since": "1-0"}'


@fuzz
@given(inputs(FRAME, HELLO))
def test_a_frame_of_a_page_is_one_or_malformed(body):
    answers_or_says(FRAMES.validate_json, body.decode("utf-8", "replace"), ValidationError)
