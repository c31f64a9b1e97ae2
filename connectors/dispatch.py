"""The dispatch port over Open311: files cases as tickets, finds them again, and hears what became of them.

Open311 knows no idempotency key. So every filing ends with our reference, ``[ref:CASE]``, and whoever does not
know whether a filing arrived calls ``find`` before ``file`` again; likewise for updates, ``[upd:KEY]``.
"""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar
from urllib.parse import quote

import aiohttp

from actions.errors import Refused, Unreachable
from connectors import push
from connectors.duty import Duty, freed, lines_of
from connectors.open311 import (
    Endpoint,
    Format,
    Malformed,
    Receipt,
    Service,
    ServiceRequest,
    ServiceRequestUpdate,
    clean,
    decode_endpoints,
    decode_receipt,
    decode_requests,
    decode_services,
    decode_update_id,
    decode_updates,
    extended_status,
    write_time,
)
from connectors.open311_http import Absent, Fields, OpenHTTP, is_same_server

T = TypeVar("T")

OVERLAP = timedelta(minutes=10)  # clocks differ, and backends write down late
_LONGEST = timedelta(days=89)  # the standard allows windows of 90 days
_DESCRIPTION = 4000  # characters, after the standard
_PAGE, _PAGES = 100, 50
_TOKEN_WAITS = (0.0, 0.2, 0.5, 1.0)  # seconds before each asking; after that the caller comes back
OpenTickets = Callable[[], Awaitable[Sequence[str]]]
"""Asks for the tickets whose end nobody knows yet."""
_ASK_AGAIN = 3600.0  # seconds until we see whether the backend has learnt the updates extension
_MARK = re.compile(r"\[(ref|upd):([^\[\]]{1,200})\]")


@dataclass(frozen=True)
class Filing:
    """What dispatch is told of a case. Never a name or a phone number; ``reporter`` is a pseudonym.

    ``confidential`` is for backends that can keep a ticket apart; Open311 has no field for it, so the description says so too.
    From ``matter`` (its code and name) on, what the responsibility list says: lines of the description, see connectors/duty.py.
    """

    ref: str
    service_code: str
    description: str
    address: str = ""
    lat: float | None = None
    long: float | None = None
    media_urls: tuple[str, ...] = ()
    reporter: str = ""
    confidential: bool = False
    matter: str = ""
    unit: str = ""
    assisting: tuple[str, ...] = ()
    level: str = ""
    list_version: str = ""
    respond_by: datetime | None = None
    resolve_by: datetime | None = None

    @property
    def duty(self) -> Duty:
        """Who answers for it, and by when."""
        who = self.matter, self.list_version, self.unit, self.assisting, self.level
        return Duty(*who, self.respond_by, self.resolve_by)


async def nobody() -> Sequence[str]:
    """No tickets."""
    return ()


class Open311Dispatch:
    """A client of one Open311 backend. ``url`` is the root of the API, or its discovery document.

    ``service_codes`` gives the backend's service code for a category of ours, or for all of ``housing`` at once; a
    category without one is sent under its own code. Nothing is posted unless ``in_time`` says so. Every method raises Unreachable or Refused, and nothing else.
    """

    def __init__(
        self,
        url: str,
        key: str = "",
        jurisdiction: str | None = None,
        *,
        session: aiohttp.ClientSession | None = None,
        format: Format = "json",  # noqa: A002 - the standard's own word
        push_secret: str = "",
        service_codes: Mapping[str, str] | None = None,
        timeout: float = 20.0,
        in_time: Callable[[], bool] = lambda: True,
    ) -> None:
        self._url, self._key, self._jurisdiction = url.rstrip("/"), key, jurisdiction
        self._http = OpenHTTP(session, timeout, key, in_time)
        self._format: Format = format
        self._secret = push_secret
        self._codes = dict(service_codes or {})
        self._root: str | None = None
        self._tokens: dict[str, str] = {}
        self._no_extension_until = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Give back the connection."""
        await self._http.close()

    async def services(self) -> list[Service]:
        """Return the kinds of problem that the backend takes in."""
        return await self._get("services", (), decode_services)

    async def file(self, filing: Filing) -> str:
        """File a case and return the ticket's id. After Unreachable, ``find`` before filing again."""
        body = await self._post("requests", _filing_form(self._in_their_codes(filing)))
        receipt = _decoded(decode_receipt, body)
        if receipt.request_id:
            return receipt.request_id
        self._remember(filing.ref, receipt.token or "")
        return await self._redeem(filing.ref)

    def _in_their_codes(self, filing: Filing) -> Filing:
        ours = filing.service_code
        theirs = self._codes.get(ours) or self._codes.get(ours.partition(".")[0]) or ours
        return replace(filing, service_code=theirs)

    async def find(self, ref: str, since: datetime) -> str | None:
        """Return the ticket that was filed for a case at or after a time, or None where there is none."""
        if ref in self._tokens:
            return await self._redeem(ref)
        mark = ("ref", _safe(ref))
        async for found in self._pages("requests", since, decode_requests, key=_id):
            if _last_mark(found.description) == mark:
                return found.id
        return None

    async def ticket(self, ticket_id: str) -> ServiceRequest:
        """Return a ticket as it stands."""
        found = await self._get(f"requests/{_path(ticket_id)}", (), decode_requests)
        if not found:
            raise Refused(f"the backend knows no ticket {ticket_id}"[:199])
        return found[0]

    async def updates(
        self, since: datetime, open_tickets: OpenTickets = nobody
    ) -> list[ServiceRequestUpdate]:
        """Return the steps since a time, oldest first, with some from before: drop known ids.

        Our own updates are left out. A backend without the extension is asked for the ``open_tickets`` one by
        one; a step found that way has an id made of ticket, status and time.
        """
        if time.monotonic() < self._no_extension_until:
            return await self._polled(await open_tickets())
        try:
            found = [one async for one in self._update_pages(since)]
        except Absent:
            self._no_extension_until = time.monotonic() + _ASK_AGAIN
            return await self._polled(await open_tickets())
        others = [one for one in found if not _is_ours(one)]
        return sorted(others, key=lambda one: one.at or since)

    async def find_update(self, ticket_id: str, update_ref: str, since: datetime) -> str | None:
        """Return the id of an update that we posted at or after a time, or None where there is none."""
        mark = ("upd", _safe(update_ref))
        async for found in self._update_pages(since):
            if found.request_id == ticket_id and _last_mark(found.text) == mark:
                return found.id
        return None

    async def post_update(self, ticket_id: str, status: str, text: str, update_ref: str) -> str:
        """Tell dispatch of a step on our side and return its id there.

        After Unreachable, ``find_update`` before posting again. ``received`` reopens a ticket.
        """
        form = [
            ("service_request_id", ticket_id),
            ("update_id", update_ref),
            ("updated_datetime", write_time(_now())),
            ("status", extended_status(status)),
            ("description", _marked(text, "upd", update_ref)),
        ]
        return _decoded(decode_update_id, await self._post("servicerequestupdates", form))

    def verify_push(self, headers: Mapping[str, str], body: bytes) -> list[ServiceRequestUpdate]:
        """Return the steps that the backend pushed; raise Refused where the push is not genuine."""
        try:
            push.verify(self._secret, headers, body, time.time())
            return [one for one in decode_updates(body) if not _is_ours(one)]
        except (push.BadSignature, Malformed) as error:
            raise Refused(str(error)[:199]) from None

    # --- tokens -----------------------------------------------------------------------------------------

    def _remember(self, ref: str, token: str) -> None:
        if len(self._tokens) >= 1000:
            self._tokens.pop(next(iter(self._tokens)))
        self._tokens[ref] = token

    async def _redeem(self, ref: str) -> str:
        token = self._tokens[ref]
        for wait in _TOKEN_WAITS:
            await asyncio.sleep(wait)
            receipt = await self._token(token)
            if receipt.request_id:
                self._tokens.pop(ref, None)
                return receipt.request_id
        raise Unreachable("the backend has taken the report and not given it a number yet", 30.0)

    async def _token(self, token: str) -> Receipt:
        try:
            return await self._get(f"tokens/{_path(token)}", (), decode_receipt)
        except Absent:
            # Some backends answer 404 until the number is there.
            return Receipt(None, token)

    # --- updates ----------------------------------------------------------------------------------------

    def _update_pages(self, since: datetime) -> AsyncIterator[ServiceRequestUpdate]:
        return self._pages("servicerequestupdates", since, decode_updates, key=_id, full=_PAGE)

    async def _polled(self, open_tickets: Sequence[str]) -> list[ServiceRequestUpdate]:
        found = []
        for ticket_id in open_tickets:
            try:
                found.append(_as_update(await self.ticket(ticket_id)))
            except Refused:
                # One ticket that the backend has lost must not hide what became of the others.
                continue
        return found

    # --- the wire ---------------------------------------------------------------------------------------

    async def _pages(
        self,
        what: str,
        since: datetime,
        decode: Callable[[bytes], list[T]],
        key: Callable[[T], str],
        full: int = 1,
    ) -> AsyncIterator[T]:
        """Go through pages until one has nothing new, or fewer rows than a full one where that is known."""
        seen: set[str] = set()
        for page in range(1, _PAGES + 1):
            query = [*_window(since), ("page", str(page)), ("page_size", str(_PAGE))]
            rows = await self._get(what, query, decode)
            fresh = [row for row in rows if key(row) not in seen]
            for row in fresh:
                yield row
            # A backend that knows no pages gives the same rows again.
            if not fresh or len(rows) < full:
                return
            seen.update(map(key, fresh))

    async def _get(self, what: str, query: Fields, decode: Callable[[bytes], T]) -> T:
        url = await self._address(what)
        return _decoded(decode, await self._http.get(url, [*query, *self._where()]))

    async def _post(self, what: str, form: Fields) -> bytes:
        key = [("api_key", self._key)] if self._key else []
        return await self._http.post(await self._address(what), [*key, *self._where(), *form])

    def _where(self) -> Fields:
        return [("jurisdiction_id", self._jurisdiction)] if self._jurisdiction else []

    async def _address(self, what: str) -> str:
        if self._root is None:
            self._root = await self._discover()
        return f"{self._root}/{what}.{self._format}"

    async def _discover(self) -> str:
        if not re.search(r"/discovery(\.json|\.xml)?$", self._url):
            return self._url
        found = _decoded(decode_endpoints, await self._http.get(self._url))
        best = max(found, key=_preference, default=None)
        if best is None:
            raise Refused("the discovery document names no endpoint")
        if not is_same_server(self._url, best.url):
            raise Refused(
                f"the discovery document leads to another server, {best.url}: name that in the settings"[:199]
            )
        self._format = _offered(best, self._format)
        return best.url.rstrip("/")


def _decoded(decode: Callable[[bytes], T], body: bytes) -> T:
    try:
        return decode(body)
    except Malformed as error:
        raise Unreachable(f"the backend's answer makes no sense: {error}"[:199]) from None


def _preference(endpoint: Endpoint) -> tuple[bool, bool]:
    return "georeport_v2" in endpoint.specification.lower(), endpoint.type.lower() == "production"


def _offered(endpoint: Endpoint, wanted: Format) -> Format:
    said = " ".join(endpoint.formats).lower()
    other: Format = "xml" if wanted == "json" else "json"
    return other if wanted not in said and other in said else wanted


def _filing_form(filing: Filing) -> Fields:
    form = [
        ("service_code", filing.service_code),
        ("description", _marked(freed(filing.description), "ref", filing.ref, lines_of(filing.duty))),
        ("address_string", clean(filing.address)),
        ("account_id", filing.reporter),
        *(("media_url", url) for url in filing.media_urls),
    ]
    if filing.lat is not None and filing.long is not None:
        form += [("lat", f"{filing.lat:.7f}"), ("long", f"{filing.long:.7f}")]
    return [(name, value) for name, value in form if value]


def _marked(text: str, kind: str, ref: str, lines: str = "") -> str:
    """Put our lines and our reference last. What a resident wrote in its likeness is taken out of its brackets first."""
    mark = f"{clean(lines)}\n[{kind}:{_safe(ref)}]".strip()
    plain = _MARK.sub(r"(\1:\2)", clean(text)).strip()
    return f"{plain[: _DESCRIPTION - len(mark) - 1]}\n{mark}".strip()


def _safe(ref: str) -> str:
    return re.sub(r"[\[\]\s]+", "_", clean(ref))[:200]


def _last_mark(text: str) -> tuple[str, str] | None:
    found = _MARK.findall(text)
    return found[-1] if found else None


def _is_ours(update: ServiceRequestUpdate) -> bool:
    # Only at the very end: a dispatcher may quote us in an answer that counts.
    return bool(re.search(r"\[upd:[^\[\]]{1,200}\]\s*$", update.text))


def _window(since: datetime) -> Fields:
    now = _now()
    start = max(since.astimezone(UTC) - OVERLAP, now - _LONGEST)
    return [("start_date", write_time(start)), ("end_date", write_time(now + OVERLAP))]


def _as_update(ticket: ServiceRequest) -> ServiceRequestUpdate:
    changed = write_time(ticket.updated_at) if ticket.updated_at else ""
    return ServiceRequestUpdate(
        id=f"{ticket.id}@{ticket.wire_status}@{changed}",
        request_id=ticket.id,
        status=ticket.status,
        wire_status=ticket.wire_status,
        at=ticket.updated_at,
        text=ticket.status_notes,
    )


def _id(row: ServiceRequest | ServiceRequestUpdate) -> str:
    return row.id


def _path(part: str) -> str:
    # An id is the backend's word: it must not lead to another address.
    if part in {"", ".", ".."}:
        raise Refused(f"{part!r} cannot be a ticket's id")
    return quote(part, safe="")


def _now() -> datetime:
    return datetime.now(UTC)
