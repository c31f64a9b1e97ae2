"""Signed pushes after the Standard Webhooks scheme, for the side that sends and the side that receives."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping

TOLERANCE = 300  # seconds that a push may be old, or ahead of our clock


class BadSignature(ValueError):
    """The push was not signed with our secret, was altered on the way, or is a replay."""


def sign(secret: str, message_id: str, at: int, body: bytes) -> str:
    """Return the ``webhook-signature`` of a body sent at a Unix time in seconds."""
    signed = f"{message_id}.{at}.".encode() + body
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def signed_headers(secret: str, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """Return the three headers that go with a push."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": sign(secret, message_id, at, body),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """Return the id of a push that is genuine and fresh; raise BadSignature otherwise."""
    given = {name.lower(): value for name, value in headers.items()}
    message_id, at = given.get("webhook-id", ""), _timestamp(given.get("webhook-timestamp", ""))
    if not message_id:
        raise BadSignature("the push has no webhook-id")
    if abs(now - at) > TOLERANCE:
        raise BadSignature("the push is too old, or our clocks differ")
    expected = sign(secret, message_id, at, body).encode()
    offered = given.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(expected, one.encode(errors="replace")) for one in offered):
        raise BadSignature("the push is not signed with our secret")
    return message_id


def _timestamp(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 15):
        raise BadSignature("the push has no usable webhook-timestamp")
    return int(text)


def _key(secret: str) -> bytes:
    if not secret:
        # An empty key would sign, and so accept, whatever anybody sends.
        raise BadSignature("no push secret is set")
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise BadSignature("the push secret after whsec_ is not base64") from None
    if not key:
        raise BadSignature("no push secret is set")
    return key
