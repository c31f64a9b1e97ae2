"""Signed pushes: what was signed is believed, once and while it is fresh; nothing else is."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.push import TOLERANCE, BadSignature, sign, signed_headers, verify

NOW = 1_790_000_000
BODY = '{"a":"修好了"}'.encode()
SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


def test_the_vector_of_the_specification_holds():
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    made = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", [SECRET, "plain words"])
def test_a_signed_push_is_believed(secret):
    assert verify(secret, signed_headers(secret, "u1", NOW, BODY), BODY, NOW + 3) == "u1"


def test_headers_are_found_in_any_case():
    headers = {name.title(): value for name, value in signed_headers(SECRET, "u1", NOW, BODY).items()}
    assert verify(SECRET, headers, BODY, NOW) == "u1"


def test_one_good_signature_among_others_is_enough():
    headers = signed_headers(SECRET, "u1", NOW, BODY)
    headers["webhook-signature"] = f"v1,AAAA v1a,é {headers['webhook-signature']}"
    assert verify(SECRET, headers, BODY, NOW) == "u1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("webhook-id", "u2"),
        ("webhook-id", ""),
        ("webhook-timestamp", str(NOW + 1)),
        ("webhook-timestamp", "-1"),
        ("webhook-timestamp", "soon"),
        ("webhook-timestamp", "²"),
        ("webhook-timestamp", "9" * 5000),
        ("webhook-signature", ""),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "ünïcode"),
    ],
)
def test_an_altered_header_is_refused(name, value):
    headers = signed_headers(SECRET, "u1", NOW, BODY) | {name: value}
    with pytest.raises(BadSignature):
        verify(SECRET, headers, BODY, NOW)


def test_an_altered_body_is_refused():
    with pytest.raises(BadSignature, match="not signed with our secret"):
        verify(SECRET, signed_headers(SECRET, "u1", NOW, BODY), BODY + b" ", NOW)


@pytest.mark.parametrize("late", [TOLERANCE + 1, -TOLERANCE - 1])
def test_a_replay_is_refused(late):
    with pytest.raises(BadSignature, match="too old"):
        verify(SECRET, signed_headers(SECRET, "u1", NOW, BODY), BODY, NOW + late)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_?"])
def test_a_missing_secret_believes_nobody(secret):
    with pytest.raises(BadSignature, match="secret"):
        verify(secret, signed_headers(SECRET, "u1", NOW, BODY), BODY, NOW)


@given(st.dictionaries(st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature"]), st.text()))
def test_no_headers_break_it(headers):
    with pytest.raises(BadSignature):
        verify(SECRET, headers, BODY, NOW)
