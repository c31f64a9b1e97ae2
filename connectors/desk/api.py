"""The desk's Open311 GeoReport v2 under /open311/v2/, with mySociety's servicerequestupdates."""

import hmac
import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from aiohttp import web

from actions.returns import Reason, marked
from connectors.bodies import form_of
from connectors.desk import services
from connectors.desk.moves import NoSuchTicket, NotAllowed
from connectors.desk.settings import SETTINGS, STORE, TRIES
from connectors.desk.store import Draft, Query, Step, Ticket
from connectors.open311 import (
    MIME,
    OPEN,
    STATUSES,
    Endpoint,
    Format,
    Malformed,
    Receipt,
    ServiceRequest,
    ServiceRequestUpdate,
    encode_discovery,
    encode_error,
    encode_receipt,
    encode_requests,
    encode_service,
    encode_services,
    encode_update_posted,
    encode_updates,
    extended_status,
    parse_time,
)

ROOT = "/open311/v2"
_CHANGED = "2026-11-01T00:00:00Z"
_LONGEST = 10_000  # characters of a description; the standard says 4,000
_MOST = 1000  # rows of an answer, after the standard
_TRIES, _TRIES_IN_ALL = 10, 300  # a minute
_PASSED_ON = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded")
_EXT = r"{ext:(?:\.json|\.xml)?}"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes() -> list[web.RouteDef]:
    """Return the API's addresses."""
    return [
        web.get(f"/open311/discovery{_EXT}", discovery),
        web.get(f"{ROOT}/discovery{_EXT}", discovery),
        web.get(f"{ROOT}/services{_EXT}", list_services),
        web.get(f"{ROOT}/services/{{code:[^/]+?}}{_EXT}", one_service),
        web.get(f"{ROOT}/requests{_EXT}", list_requests),
        web.post(f"{ROOT}/requests{_EXT}", post_request),
        web.get(f"{ROOT}/requests/{{id:[^/]+?}}{_EXT}", one_request),
        web.get(f"{ROOT}/tokens/{{id:[^/]+?}}{_EXT}", one_token),
        web.get(f"{ROOT}/servicerequestupdates{_EXT}", list_updates),
        web.post(f"{ROOT}/servicerequestupdates{_EXT}", post_update),
    ]


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error under the API in the standard's words."""
    if not request.path.startswith("/open311/"):
        return await handler(request)
    try:
        return await handler(request)
    except NoSuchTicket as error:
        return _error(request, 404, str(error))
    except (NotAllowed, Malformed) as error:
        return _error(request, 400, str(error))
    except web.HTTPException as error:
        answer = _error(request, error.status, error.text or error.reason)
        answer.headers.update(
            {name: error.headers[name] for name in ("Retry-After", "Allow") if name in error.headers}
        )
        return answer


async def discovery(request: web.Request) -> web.Response:
    """Say where the API is."""
    url = str(request.url.origin().with_path(ROOT))
    here = Endpoint(url, "http://wiki.open311.org/GeoReport_v2", "production", tuple(MIME.values()))
    fmt = _format(request)
    return _answer(encode_discovery([here], _CHANGED, "", fmt), fmt)


async def list_services(request: web.Request) -> web.Response:
    """List what may be filed."""
    fmt = _format(request)
    return _answer(encode_services(services.services(), fmt), fmt)


async def one_service(request: web.Request) -> web.Response:
    """Define one service."""
    found, fmt = services.service(request.match_info["code"]), _format(request)
    if not found:
        raise web.HTTPNotFound(text="service_code was not found")
    return _answer(encode_service(found, fmt), fmt)


async def list_requests(request: web.Request) -> web.Response:
    """List service requests, newest first."""
    await check_key(request)
    limit, offset = _page(request.query)
    found = await request.app[STORE].tickets(_query(request.query), limit, offset)
    fmt = _format(request)
    return _answer(encode_requests(map(_wire_request, found), fmt), fmt)


async def one_request(request: web.Request) -> web.Response:
    """Show one service request."""
    await check_key(request)
    found, fmt = await request.app[STORE].ticket(request.match_info["id"]), _format(request)
    return _answer(encode_requests([_wire_request(found)], fmt), fmt)


async def one_token(request: web.Request) -> web.Response:
    """Answer a token. The desk gives ids at once, so an id is its own token."""
    await check_key(request)
    found, fmt = await request.app[STORE].ticket(request.match_info["id"]), _format(request)
    return _answer(encode_receipt(Receipt(found.id, found.id), fmt), fmt)


async def post_request(request: web.Request) -> web.Response:
    """Take in a service request."""
    form = await _form(request)
    ticket_id = await request.app[STORE].add(_draft(form, await _many(request, "media_url")))
    fmt = _format(request)
    return _answer(encode_receipt(Receipt(ticket_id), fmt), fmt, 201)


async def list_updates(request: web.Request) -> web.Response:
    """List updates, oldest first."""
    await check_key(request)
    start, end = _time(request.query, "start_date"), _time(request.query, "end_date")
    found = await request.app[STORE].steps(start, end, *_page(request.query))
    fmt = _format(request)
    return _answer(encode_updates(map(wire_update, found), fmt), fmt)


async def post_update(request: web.Request) -> web.Response:
    """Take in what a client says of a service request."""
    form = await _form(request)
    update_id = await request.app[STORE].client_update(
        _needed(form, "service_request_id"),
        _needed(form, "status"),
        _bounded(form.get("description", "")),
        media_url=form.get("media_url", "")[:2000],
        client_id=form.get("update_id", "")[:200] or None,
    )
    fmt = _format(request)
    return _answer(encode_update_posted(update_id, fmt), fmt, 201)


def wire_update(step: Step) -> ServiceRequestUpdate:
    """Return a step in the standard's words."""
    return ServiceRequestUpdate(
        step.id,
        step.ticket,
        step.status or None,
        step.wire_status,
        step.at,
        _said(step.reason, step.text),
        step.media_url,
    )


def _said(reason: str, text: str) -> str:
    # The standard has no field for a reason; every client passes the text on.
    return marked(Reason(reason), text) if reason else text


def _wire_request(ticket: Ticket) -> ServiceRequest:
    return ServiceRequest(
        id=ticket.id,
        status=ticket.status,
        wire_status=extended_status(ticket.status),
        status_notes=_said(ticket.reason, ticket.note),
        service_code=ticket.service_code,
        service_name=services.name(ticket.service_code),
        description=ticket.description,
        agency=ticket.duty.unit,
        requested_at=ticket.created_at,
        expected_at=ticket.duty.resolve_by,
        updated_at=ticket.updated_at,
        address=ticket.address,
        lat=ticket.lat,
        long=ticket.long,
        media_urls=ticket.media_urls,
    )


# --- what comes in ------------------------------------------------------------------------------------------


async def _form(request: web.Request) -> Mapping[str, str]:
    posted = await form_of(request)
    form = {name: value.strip() for name, value in posted.items() if isinstance(value, str)}
    await check_key(request, form)
    return form


async def _many(request: web.Request, name: str) -> tuple[str, ...]:
    values = (await form_of(request)).getall(name, [])
    return tuple(value.strip()[:2000] for value in values if isinstance(value, str) and value.strip())[:10]


async def check_key(request: web.Request, form: Mapping[str, str] | None = None) -> None:
    """Raise 403 unless the key is right, or the request comes from this machine to a desk of this machine; 429 after
    too many wrong ones. The key is a header, or a field `api_key` as the standard has it.
    """
    settings = request.app[SETTINGS]
    if settings.is_local and not any(name in request.headers for name in _PASSED_ON):
        return
    given = (
        request.headers.get("X-Api-Key") or (form or {}).get("api_key") or request.query.get("api_key", "")
    )
    ours = settings.key.encode()
    if ours and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), ours):
        return
    if wait := await tries_wait(request, "key"):
        raise web.HTTPTooManyRequests(
            headers={"Retry-After": str(math.ceil(wait))}, text="too many wrong keys; come back later"
        )
    raise web.HTTPForbidden(text="the api_key is missing or wrong")


async def tries_wait(request: web.Request, what: str) -> float:
    """Count a try; return the seconds to wait where there were too many, of one address or of all."""
    tries, address = request.app[TRIES], request.remote or ""
    if request.app[SETTINGS].is_local:  # then it is a proxy's, or our own
        address = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip() or address
    mine = await tries.count(f"{what}:{address[:64]}", _TRIES, 60)
    return mine or await tries.count(f"{what}:all", _TRIES_IN_ALL, 60)


def _draft(form: Mapping[str, str], media_urls: tuple[str, ...]) -> Draft:
    code = _needed(form, "service_code")
    if not services.service(code):
        raise web.HTTPNotFound(text=f"service_code {code[:60]!r} was not found")
    lat, long = _angle(form, "lat", 90), _angle(form, "long", 180)
    address = form.get("address_string") or form.get("address") or form.get("address_id") or ""
    if not address and (lat is None or long is None):
        raise NotAllowed("lat and long, or address_string, must be given")
    text = _bounded(form.get("description", ""))
    return Draft(code, text, address[:500], lat, long, media_urls, form.get("account_id", "")[:200])


def _bounded(text: str) -> str:
    if len(text) > _LONGEST:
        raise NotAllowed(f"the description is longer than {_LONGEST} characters")
    return text


def _needed(form: Mapping[str, str], name: str) -> str:
    if not form.get(name):
        raise NotAllowed(f"{name} was not given")
    return form[name]


def _angle(form: Mapping[str, str], name: str, limit: int) -> float | None:
    text = form.get(name, "")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not abs(value) <= limit:
        raise NotAllowed(f"{name} must be a number from -{limit} to {limit}")
    return value


def _query(query: Mapping[str, str]) -> Query:
    ids = _list(query, "service_request_id")
    if ids:
        # After the standard, ids override everything else.
        return Query(ids=ids)
    return Query(
        service_codes=_list(query, "service_code"),
        statuses=_statuses(_list(query, "status")),
        start=_time(query, "start_date"),
        end=_time(query, "end_date"),
        search=query.get("q", ""),
    )


def _statuses(words: tuple[str, ...]) -> tuple[str, ...]:
    sides = {word.lower() for word in words}
    if not sides <= {"open", "closed"}:
        raise NotAllowed("status must be open, closed, or both with a comma")
    if len(sides) != 1:
        return ()
    return tuple(status for status in STATUSES if (status in OPEN) == ("open" in sides))


def _list(query: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in query.get(name, "").split(",") if part.strip())[:500]


def _time(query: Mapping[str, str], name: str) -> datetime | None:
    # A plus sign of a zone that was not escaped arrives as a space.
    text = query.get(name, "").strip().replace(" ", "+")
    return parse_time(text) if text else None


def _page(query: Mapping[str, str]) -> tuple[int, int]:
    size = min(_count(query, "page_size", _MOST), _MOST)
    return size, (_count(query, "page", 1) - 1) * size


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text)):
        raise NotAllowed(f"{name} must be a number from 1")
    return int(text)


# --- what goes out ------------------------------------------------------------------------------------------


def _format(request: web.Request) -> Format:
    if ext := request.match_info.get("ext", ""):
        return "xml" if ext == ".xml" else "json"
    accept = request.headers.get("Accept", "").lower()
    return "xml" if request.path.endswith(".xml") or ("xml" in accept and "json" not in accept) else "json"


def _answer(body: bytes, fmt: Format, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type=MIME[fmt], charset="utf-8")


def _error(request: web.Request, status: int, text: str) -> web.Response:
    fmt = _format(request)
    return _answer(encode_error(status, text, fmt), fmt, status)


def is_foreign(request: web.Request) -> bool:
    """Tell whether a page of another site makes a browser send this."""
    origin = request.headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc != request.host
