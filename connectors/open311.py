"""Open311 GeoReport v2 and mySociety's updates extension on the wire: bytes to records and back.

Two dialects are read, whatever was asked for: the standard's bare JSON arrays, and the wrapped form of
FixMyStreet; XML says the same in elements. Writing keeps to the standard. No I/O here.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from connectors.open311_tree import (
    Format,
    Malformed,
    Row,
    clean,
    degrees,
    encode,
    find_rows,
    keep_good,
    read,
    read_all,
    read_tree,
    required,
    write_json,
    write_xml,
)

__all__ = ["Format", "Malformed", "clean"]
T = TypeVar("T")

MIME: dict[Format, str] = {"json": "application/json", "xml": "text/xml"}
OPEN = frozenset({"received", "accepted", "in_progress"})

# The one table of statuses: ours, what we write, and whatever else means the same. Backends write these in
# any case, with spaces, hyphens or underscores.
_STATUSES = (
    ("received", "OPEN", "open reopen reopened for_triage confirmed new submitted"),
    ("accepted", "INVESTIGATING", "investigating acknowledged internal_referral assigned"),
    ("in_progress", "IN_PROGRESS", "in_progress action_scheduled planned scheduled"),
    ("returned", "NOT_COUNCILS_RESPONSIBILITY", "not_councils_responsibility not_responsible"),
    ("fixed", "FIXED", "fixed fixed_council fixed_user resolved"),
    ("closed", "CLOSED", "closed duplicate"),
    ("rejected", "NO_FURTHER_ACTION", "no_further_action unable_to_fix refused"),
)
STATUSES = tuple(row[0] for row in _STATUSES)
_TO_WIRE = {ours: wire for ours, wire, _ in _STATUSES}
_FROM_WIRE = {word: ours for ours, _, words in _STATUSES for word in (ours, *words.split())}


@dataclass(frozen=True)
class Service:
    """A kind of problem that the backend takes in."""

    code: str
    name: str
    description: str = ""
    group: str = ""
    keywords: tuple[str, ...] = ()
    metadata: bool = False
    type: str = "realtime"


@dataclass(frozen=True)
class ServiceRequest:
    """The backend's record of a case. ``status`` is ours, or None where ``wire_status`` is a word we do not know."""

    id: str
    status: str | None
    wire_status: str = ""
    status_notes: str = ""
    service_code: str = ""
    service_name: str = ""
    description: str = ""
    agency: str = ""
    notice: str = ""
    requested_at: datetime | None = None
    updated_at: datetime | None = None
    expected_at: datetime | None = None
    address: str = ""
    lat: float | None = None
    long: float | None = None
    media_urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class ServiceRequestUpdate:
    """A step that a request took. An unknown word of status stays in ``wire_status`` and changes nothing."""

    id: str
    request_id: str
    status: str | None
    wire_status: str = ""
    at: datetime | None = None
    text: str = ""
    media_url: str = ""


@dataclass(frozen=True)
class Receipt:
    """The answer to a filing: the request's id, or a token to ask again with."""

    request_id: str | None
    token: str | None = None
    notice: str = ""


@dataclass(frozen=True)
class Endpoint:
    """One way into a backend, as its discovery document names it."""

    url: str
    specification: str = ""
    type: str = ""
    formats: tuple[str, ...] = ()


# --- statuses -------------------------------------------------------------------------------------------


def status_from_wire(word: str) -> str | None:
    """Return our status for the backend's word, or None where it is unknown."""
    return _FROM_WIRE.get(re.sub(r"[\s_-]+", "_", word.strip().lower()))


def extended_status(status: str) -> str:
    """Return mySociety's word for our status."""
    return _TO_WIRE[status]


def standard_status(status: str) -> str:
    """Return the standard's word, ``open`` or ``closed``, for our status."""
    return "open" if status in OPEN else "closed"


# --- reading --------------------------------------------------------------------------------------------


def decode_services(body: bytes) -> list[Service]:
    """Read a list of services, or one service definition."""
    return _decode(body, ("service_code",), _service)


def decode_requests(body: bytes) -> list[ServiceRequest]:
    """Read a list of service requests, or one."""
    return _decode(body, ("service_request_id",), _request)


def decode_updates(body: bytes) -> list[ServiceRequestUpdate]:
    """Read a list of service request updates."""
    return _decode(body, ("update_id", "service_request_id"), _update)


def decode_receipt(body: bytes) -> Receipt:
    """Read the answer to a filing or to a token."""
    return _only(_decode(body, ("service_request_id", "token"), _receipt))


def decode_update_id(body: bytes) -> str:
    """Read the answer to a posted update."""
    return _only(_decode(body, ("update_id",), lambda row: required(row, "update_id")))


def decode_endpoints(body: bytes) -> list[Endpoint]:
    """Read the endpoints of a discovery document."""
    return _decode(body, ("url",), _endpoint)


def error_text(body: bytes) -> str:
    """Return what a body with errors says, in at most 200 characters. Never raises."""
    text = ""
    with suppress(Malformed):
        rows = find_rows(read_tree(body), ("description",))
        text = "; ".join(filter(None, (read(row, "description") for row in rows)))
    plain = re.sub(r"<[^>]*>", " ", body[:2000].decode("utf-8", "replace"))
    return " ".join((text or plain).split())[:199]


def _decode(body: bytes, marks: tuple[str, ...], make: Callable[[Row], T]) -> list[T]:
    return keep_good(make, find_rows(read_tree(body), marks))


def _only(found: list[T]) -> T:
    if not found:
        raise Malformed("the answer is empty")
    return found[0]


def _service(row: Row) -> Service:
    code = required(row, "service_code")
    return Service(
        code=code,
        name=read(row, "service_name") or code,
        description=read(row, "description"),
        group=read(row, "group"),
        keywords=tuple(filter(None, (word.strip() for word in read(row, "keywords").split(",")))),
        metadata=read(row, "metadata").lower() == "true",
        type=read(row, "type") or "realtime",
    )


def _request(row: Row) -> ServiceRequest:
    word = read(row, "extended_status") or read(row, "status")
    return ServiceRequest(
        id=required(row, "service_request_id"),
        status=status_from_wire(word),
        wire_status=word,
        status_notes=read(row, "status_notes"),
        service_code=read(row, "service_code"),
        service_name=read(row, "service_name"),
        description=read(row, "description"),
        agency=read(row, "agency_responsible"),
        notice=read(row, "service_notice"),
        requested_at=_when(row, "requested_datetime"),
        updated_at=_when(row, "updated_datetime"),
        expected_at=_when(row, "expected_datetime"),
        address=read(row, "address"),
        lat=degrees(row, "lat", 90),
        long=degrees(row, "long", 180),
        media_urls=read_all(row.get("media_urls")) or read_all(row.get("media_url")),
    )


def _update(row: Row) -> ServiceRequestUpdate:
    word, request_id = read(row, "status"), required(row, "service_request_id")
    # The id is required, but a step without one can still be told apart from the others.
    made_up = f"{request_id}:{read(row, 'updated_datetime')}:{word}"
    return ServiceRequestUpdate(
        id=read(row, "update_id") or made_up,
        request_id=request_id,
        status=status_from_wire(word),
        wire_status=word,
        at=_when(row, "updated_datetime"),
        text=read(row, "description"),
        media_url=read(row, "media_url"),
    )


def _receipt(row: Row) -> Receipt:
    request_id, token = read(row, "service_request_id"), read(row, "token")
    if not (request_id or token):
        raise Malformed("neither service_request_id nor token")
    return Receipt(request_id or None, token or None, read(row, "service_notice"))


def _endpoint(row: Row) -> Endpoint:
    formats = row.get("formats")
    if isinstance(formats, dict):
        formats = formats.get("format")
    return Endpoint(required(row, "url"), read(row, "specification"), read(row, "type"), read_all(formats))


def _when(row: Row, name: str) -> datetime | None:
    with suppress(Malformed):
        return parse_time(read(row, name))
    return None


def parse_time(text: str) -> datetime:
    """Read a W3C date and time; one without a zone is taken as UTC. Raises Malformed."""
    try:
        when = datetime.fromisoformat(text)
        return when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Malformed(f"not a W3C date and time: {text[:40]!r}") from None


# --- writing --------------------------------------------------------------------------------------------


def write_time(when: datetime) -> str:
    """Write a time as the standard wants it: UTC, whole seconds."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode_services(services: Iterable[Service], fmt: Format) -> bytes:
    """Write a list of services."""
    return encode("services", "service", map(_service_row, services), fmt)


def encode_service(service: Service, fmt: Format) -> bytes:
    """Write the definition of one service; ours ask for no further attributes."""
    row = {"service_code": service.code, "attributes": []}
    return write_json(row) if fmt == "json" else write_xml("service_definition", row)


def encode_requests(requests: Iterable[ServiceRequest], fmt: Format) -> bytes:
    """Write a list of service requests."""
    return encode("service_requests", "request", map(_request_row, requests), fmt)


def encode_updates(updates: Iterable[ServiceRequestUpdate], fmt: Format) -> bytes:
    """Write a list of updates."""
    return encode("service_request_updates", "request_update", map(update_row, updates), fmt)


def encode_receipt(receipt: Receipt, fmt: Format) -> bytes:
    """Write the answer to a filing or to a token."""
    row = {"service_request_id": receipt.request_id, "token": receipt.token, "service_notice": receipt.notice}
    kept = {name: value for name, value in row.items() if value is not None}
    return encode("service_requests", "request", [kept], fmt)


def encode_update_posted(update_id: str, fmt: Format) -> bytes:
    """Write the answer to a posted update."""
    return encode("service_request_updates", "request_update", [{"update_id": update_id}], fmt)


def encode_error(code: int, text: str, fmt: Format) -> bytes:
    """Write an error."""
    return encode("errors", "error", [{"code": code, "description": text}], fmt)


def encode_discovery(endpoints: Sequence[Endpoint], changed: str, contact: str, fmt: Format) -> bytes:
    """Write a discovery document."""
    rows = [
        {"specification": one.specification, "url": one.url, "changeset": changed, "type": one.type,
         "formats": list(one.formats)}
        for one in endpoints
    ]  # fmt: skip
    head = {"changeset": changed, "contact": contact}
    if fmt == "json":
        return write_json({**head, "endpoints": rows})
    nested = [{**row, "formats": {"format": row["formats"]}} for row in rows]
    return write_xml("discovery", {**head, "endpoints": {"endpoint": nested}})


def update_row(update: ServiceRequestUpdate) -> Row:
    """Return an update as the wire's fields."""
    return {
        "update_id": update.id,
        "service_request_id": update.request_id,
        "status": update.wire_status,
        "updated_datetime": write_time(update.at) if update.at else "",
        "description": update.text,
        "media_url": update.media_url,
    }


def _service_row(service: Service) -> Row:
    return {
        "service_code": service.code,
        "service_name": service.name,
        "description": service.description,
        "metadata": service.metadata,
        "type": service.type,
        "keywords": ",".join(service.keywords),
        "group": service.group,
    }


def _request_row(request: ServiceRequest) -> Row:
    times = {
        "requested_datetime": request.requested_at,
        "updated_datetime": request.updated_at,
        "expected_datetime": request.expected_at,
    }
    return {
        "service_request_id": request.id,
        "status": standard_status(request.status or "received"),
        "extended_status": request.wire_status,
        "status_notes": request.status_notes,
        "service_name": request.service_name,
        "service_code": request.service_code,
        "description": request.description,
        "agency_responsible": request.agency,
        "service_notice": request.notice,
        **{name: when and write_time(when) for name, when in times.items()},
        "address": request.address,
        "lat": request.lat,
        "long": request.long,
        "media_url": request.media_urls[0] if request.media_urls else None,
        "media_urls": list(request.media_urls),
    }
