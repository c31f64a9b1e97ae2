"""The desk's records in one SQLite file: tickets, the steps that they took, and the pushes that are still due.

Several processes may have it open at once. A step and its push are written in one transaction, so whoever
changes a ticket, the server's outbox loop sends it.
"""

import asyncio
import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import aiosqlite

from connectors.desk.moves import HANDED_BACK, NoSuchTicket, NotAllowed, check_move, client_move, is_dispute
from connectors.desk.records import NO_UNIT, Draft, Due, Query, Step, Ticket, duty_at_end, plain, with_duty
from connectors.duty import Duty
from connectors.open311 import clean, extended_status, status_from_wire

_SCHEMA = """
CREATE TABLE IF NOT EXISTS tickets (
    n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, service_code TEXT NOT NULL, description TEXT NOT NULL,
    address TEXT NOT NULL, lat REAL, long REAL, media_url TEXT NOT NULL, account_id TEXT NOT NULL,
    status TEXT NOT NULL, note TEXT NOT NULL, disputes INTEGER NOT NULL,
    created_at TEXT NOT NULL, updated_at TEXT NOT NULL, unit TEXT NOT NULL DEFAULT '');
CREATE INDEX IF NOT EXISTS tickets_created ON tickets (created_at);
CREATE TABLE IF NOT EXISTS updates (
    n INTEGER PRIMARY KEY AUTOINCREMENT, ticket TEXT NOT NULL REFERENCES tickets (id), status TEXT NOT NULL,
    text TEXT NOT NULL, media_url TEXT NOT NULL, at TEXT NOT NULL, author TEXT NOT NULL, client_id TEXT,
    reason TEXT NOT NULL DEFAULT '', UNIQUE (ticket, client_id));
CREATE INDEX IF NOT EXISTS updates_at ON updates (at);
CREATE INDEX IF NOT EXISTS updates_ticket ON updates (ticket);
CREATE TABLE IF NOT EXISTS outbox (n INTEGER PRIMARY KEY, ticket TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0,
    due REAL NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS logins (hash TEXT PRIMARY KEY, used_at TEXT, role TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS sessions (hash TEXT PRIMARY KEY, role TEXT NOT NULL, until TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
# What files of earlier versions lack: table, column, and what is true of the rows that are there.
_ADDED = (
    ("tickets", "unit", ""),
    ("logins", "role", ""),
    ("updates", "reason", "UPDATE updates SET reason = 'other' WHERE author = 'desk' AND status IN (?, ?)"),
)
ROLES = ("viewer", "operator")
"""Who logs in at the page: one who reads, and one who moves tickets."""
_REASONS = "(SELECT group_concat(reason) FROM (SELECT reason FROM updates WHERE ticket = t.id AND reason != '' ORDER BY n))"


class Store:
    """The file, open. One connection; whoever writes holds the lock for the whole transaction."""

    def __init__(self, db: aiosqlite.Connection) -> None:
        self._db = db
        self._writing = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(cls, home: Path) -> AsyncIterator[Self]:
        """Open HOME/desk/desk.sqlite, and make it where it is missing."""
        folder = home / "desk"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        async with aiosqlite.connect(folder / "desk.sqlite", isolation_level=None, timeout=10) as db:
            db.row_factory = aiosqlite.Row
            await db.execute("PRAGMA journal_mode=WAL")
            await db.execute("PRAGMA synchronous=FULL")
            await db.executescript(_SCHEMA)
            store = cls(db)
            await store._renew()
            yield store

    async def _renew(self) -> None:
        """Give a file of an earlier version the columns that it lacks."""
        handed_back = tuple(map(extended_status, sorted(HANDED_BACK)))
        async with self._transaction():
            for table, column, fill in _ADDED:
                there = [row["name"] for row in await self._all(f"PRAGMA table_info({table})", ())]
                if column in there:
                    continue
                await self._db.execute(f"ALTER TABLE {table} ADD COLUMN {column} TEXT NOT NULL DEFAULT ''")
                if fill:
                    await self._db.execute(fill, handed_back)

    # --- tickets ----------------------------------------------------------------------------------------

    async def add(self, draft: Draft) -> str:
        """Keep a new ticket and return its id."""
        now = _now()
        values = (
            draft.service_code, clean(draft.description), clean(draft.address), draft.lat, draft.long,
            json.dumps(draft.media_urls), clean(draft.account_id), "received", "", 0, now, now,
            duty_at_end(clean(draft.description)).unit,
        )  # fmt: skip
        async with self._transaction():
            n = await self._insert(
                "INSERT INTO tickets (service_code, description, address, lat, long, media_url, account_id, status,"
                " note, disputes, created_at, updated_at, unit) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                values,
            )
            ticket_id = f"{now[2:4]}{now[5:7]}{now[8:10]}-{n:04d}"
            await self._db.execute("UPDATE tickets SET id = ? WHERE n = ?", (ticket_id, n))
        return ticket_id

    async def ticket(self, ticket_id: str) -> Ticket:
        """Return a ticket with its steps; raise NoSuchTicket."""
        found = await self.tickets(Query(ids=(ticket_id,)), limit=1)
        if not found:
            raise NoSuchTicket(f"there is no ticket {ticket_id[:60]!r}")
        return (await self.with_steps(found))[0]

    async def tickets(self, query: Query, limit: int = 1000, offset: int = 0) -> list[Ticket]:
        """Return tickets without their steps, newest first."""
        where, values = _where(query)
        sql = (
            f"SELECT t.*, {_REASONS} AS reasons FROM tickets t WHERE {where} ORDER BY n DESC LIMIT ? OFFSET ?"  # noqa: S608
        )
        return [_ticket(row) for row in await self._all(sql, (*values, limit, offset))]

    async def with_steps(self, tickets: Sequence[Ticket]) -> list[Ticket]:
        """Return the tickets with their steps."""
        marks = ",".join("?" * len(tickets))
        sql = f"SELECT * FROM updates WHERE ticket IN ({marks}) ORDER BY n"  # noqa: S608 - question marks
        rows = await self._all(sql, tuple(one.id for one in tickets))
        steps: dict[str, list[Step]] = {}
        for step in map(_step, rows):
            steps.setdefault(step.ticket, []).append(step)
        return [replace(one, steps=tuple(steps.get(one.id, ()))) for one in tickets]

    async def counts(self, unit: str = "") -> dict[str, int]:
        """Return status → number of tickets, of one unit if it is named."""
        where, values = _where(Query(unit=unit))
        sql = f"SELECT status, count(*) AS many FROM tickets WHERE {where} GROUP BY status"  # noqa: S608 - ours
        return {row["status"]: row["many"] for row in await self._all(sql, values)}

    async def units(self) -> list[str]:
        """Return the units that tickets name."""
        sql = "SELECT DISTINCT unit FROM tickets WHERE unit != '' ORDER BY unit"
        return [row["unit"] for row in await self._all(sql, ())]

    async def version(self) -> int:
        """Return a number that grows with every change that the page shows."""
        sql = "SELECT (SELECT coalesce(max(n), 0) FROM tickets) + (SELECT coalesce(max(n), 0) FROM updates) AS v"
        return int((await self._all(sql, ()))[0]["v"])

    # --- steps ------------------------------------------------------------------------------------------

    async def steps(
        self, start: datetime | None, end: datetime | None, limit: int, offset: int
    ) -> list[Step]:
        """Return the steps of all tickets between two times, oldest first."""
        sql = "SELECT * FROM updates WHERE at >= ? AND at <= ? ORDER BY n LIMIT ? OFFSET ?"
        window = (_stamp(start) if start else "", _stamp(end) if end else "9")
        return [_step(row) for row in await self._all(sql, (*window, limit, offset))]

    async def set_status(self, ticket_id: str, status: str, note: str = "", reason: str = "") -> None:
        """Move a ticket as a dispatcher does. Raises NotAllowed, and then changes nothing."""
        async with self._transaction():
            before = await self._status(ticket_id)
            why, note = check_move(before, status, clean(note).strip(), reason.strip())
            step = await self._write_step(ticket_id, extended_status(status), note, "desk", reason=why)
            await self._db.execute("INSERT INTO outbox (n, ticket) VALUES (?, ?)", (step, ticket_id))
            await self._db.execute(
                "UPDATE tickets SET status = ?, note = ?, updated_at = ? WHERE id = ?",
                (status, note, _now(), ticket_id),
            )

    async def client_update(
        self,
        ticket_id: str,
        wire_status: str,
        text: str,
        *,
        media_url: str = "",
        client_id: str | None = None,
    ) -> str:
        """Write down what the client says of a ticket and return the update's id.

        The same ``client_id`` for the same ticket again is the same update.
        """
        async with self._transaction():
            before = await self._status(ticket_id)
            if client_id and (known := await self._known(ticket_id, client_id)):
                return known
            said = status_from_wire(wire_status)
            words = clean(wire_status), clean(text)
            n = await self._write_step(
                ticket_id, *words, "client", media=clean(media_url), client_id=client_id
            )
            await self._db.execute(
                "UPDATE tickets SET status = ?, disputes = disputes + ?, updated_at = ? WHERE id = ?",
                (client_move(before, said), is_dispute(before, said), _now(), ticket_id),
            )
            if (duty := duty_at_end(clean(text))) != Duty():
                await self._give_to(ticket_id, duty)
            return _step_id(n)

    async def _give_to(self, ticket_id: str, duty: Duty) -> None:
        """Somebody else answers for it from now on, or by another time; the step still says who did before."""
        rows = await self._all("SELECT description FROM tickets WHERE id = ?", (ticket_id,))
        description = with_duty(rows[0]["description"], duty)
        sql = "UPDATE tickets SET description = ?, unit = ? WHERE id = ?"
        await self._db.execute(sql, (description, duty.unit, ticket_id))

    async def _status(self, ticket_id: str) -> str:
        rows = await self._all("SELECT status FROM tickets WHERE id = ?", (ticket_id,))
        if not rows:
            raise NoSuchTicket(f"there is no ticket {ticket_id[:60]!r}")
        return str(rows[0]["status"])

    async def _known(self, ticket_id: str, client_id: str) -> str | None:
        rows = await self._all(
            "SELECT n FROM updates WHERE ticket = ? AND client_id = ?", (ticket_id, client_id)
        )
        return _step_id(rows[0]["n"]) if rows else None

    async def _write_step(
        self,
        ticket: str,
        wire: str,
        text: str,
        author: str,
        *,
        media: str = "",
        reason: str = "",
        client_id: str | None = None,
    ) -> int:
        return await self._insert(
            "INSERT INTO updates (ticket, status, text, media_url, at, author, client_id, reason)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (ticket, wire, text, media, _now(), author, client_id, reason),
        )

    # --- pushes -----------------------------------------------------------------------------------------

    async def due(self, now: float, limit: int = 20) -> list[Due]:
        """Return the pushes to send at a Unix time: of each ticket the oldest only, to keep their order."""
        sql = (
            "SELECT o.n AS n, o.tries AS tries, u.* FROM outbox o JOIN updates u ON u.n = o.n WHERE o.due <= ?"
            " AND o.n = (SELECT min(n) FROM outbox WHERE ticket = o.ticket) ORDER BY o.n LIMIT ?"
        )
        return [Due(row["n"], row["tries"], _step(row)) for row in await self._all(sql, (now, limit))]

    async def sent(self, n: int) -> None:
        """Take a delivered push out."""
        async with self._transaction():
            await self._db.execute("DELETE FROM outbox WHERE n = ?", (n,))

    async def put_off(self, n: int, due: float, error: str) -> None:
        """Try a push again at a Unix time."""
        async with self._transaction():
            await self._db.execute(
                "UPDATE outbox SET tries = tries + 1, due = ?, error = ? WHERE n = ?", (due, error, n)
            )

    # --- login ------------------------------------------------------------------------------------------

    async def offer_login(self, token: str, role: str = "operator") -> None:
        """Let a one-time login in. Only its hash is kept; one that was used stays used."""
        async with self._transaction():
            await self._db.execute(
                "INSERT OR IGNORE INTO logins (hash, role) VALUES (?, ?)", (_hash(token), role)
            )

    async def use_login(self, token: str) -> str | None:
        """Use up a one-time login and return the role that it is for; None where it is unknown or used."""
        async with self._transaction():
            cursor = await self._db.execute(
                "UPDATE logins SET used_at = ? WHERE hash = ? AND used_at IS NULL", (_now(), _hash(token))
            )
            rows = await self._all("SELECT role FROM logins WHERE hash = ?", (_hash(token),))
            # Those of files that knew no roles were for everything.
            return str(rows[0]["role"] or "operator") if cursor.rowcount == 1 else None

    async def begin_session(self, number: str, role: str, seconds: float) -> None:
        """Keep a session for so long, by its number's hash; those that are over go."""
        until = _stamp(datetime.now(UTC) + timedelta(seconds=seconds))
        async with self._transaction():
            await self._db.execute("DELETE FROM sessions WHERE until < ?", (_now(),))
            await self._db.execute("INSERT INTO sessions VALUES (?, ?, ?)", (_hash(number), role, until))

    async def role_of(self, number: str) -> str | None:
        """Return the role of a session that runs."""
        rows = await self._all(
            "SELECT role FROM sessions WHERE hash = ? AND until >= ?", (_hash(number), _now())
        )
        return str(rows[0]["role"]) if rows else None

    async def end_session(self, number: str) -> None:
        """End a session."""
        async with self._transaction():
            await self._db.execute("DELETE FROM sessions WHERE hash = ?", (_hash(number),))

    async def cookie_secret(self) -> str:
        """Return the secret that signs cookies, made on first use."""
        async with self._transaction():
            made = secrets.token_urlsafe(32)
            await self._db.execute("INSERT OR IGNORE INTO settings VALUES ('cookie', ?)", (made,))
            rows = await self._all("SELECT value FROM settings WHERE name = 'cookie'", ())
            return str(rows[0]["value"])

    # --- sqlite -----------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        async with self._writing:
            await self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                await self._db.execute("ROLLBACK")
                raise
            await self._db.execute("COMMIT")

    async def _all(self, sql: str, values: Sequence[Any]) -> list[aiosqlite.Row]:
        return list(await self._db.execute_fetchall(sql, values))

    async def _insert(self, sql: str, values: Sequence[Any]) -> int:
        cursor = await self._db.execute(sql, values)
        return int(cursor.lastrowid or 0)


# --- for scripts --------------------------------------------------------------------------------------------


def list_tickets(home: Path) -> list[dict[str, Any]]:
    """Return all tickets of the desk at a home, newest first, ready for JSON. Not for use in an event loop."""
    return asyncio.run(_list(home))


def set_status(home: Path, ticket_id: str, status: str, note: str = "", reason: str = "") -> None:
    """Move a ticket as a dispatcher does; raises NotAllowed with a clear text. Not for use in an event loop."""
    asyncio.run(_set(home, ticket_id, status, note, reason))


def new_login(home: Path, role: str) -> str:
    """Return the token of a new one-time login in a role. Not for use in an event loop."""
    token = secrets.token_urlsafe(24)
    asyncio.run(_offer(home, token, role))
    return token


async def _offer(home: Path, token: str, role: str) -> None:
    async with Store.open(home) as store:
        await store.offer_login(token, role)


async def _list(home: Path) -> list[dict[str, Any]]:
    async with Store.open(home) as store:
        found: list[Ticket] = []
        while batch := await store.tickets(Query(), limit=500, offset=len(found)):
            found += await store.with_steps(batch)
    return [plain(one) for one in found]


async def _set(home: Path, ticket_id: str, status: str, note: str, reason: str) -> None:
    async with Store.open(home) as store:
        await store.set_status(ticket_id, status, note, reason)


# --- rows ---------------------------------------------------------------------------------------------------


def _where(query: Query) -> tuple[str, tuple[Any, ...]]:
    parts, values = ["1"], []
    lists = {"id": query.ids, "service_code": query.service_codes, "status": query.statuses}
    for column, wanted in lists.items():
        if wanted:
            parts.append(f"{column} IN ({','.join('?' * len(wanted))})")
            values += list(wanted)
    if query.start:
        parts.append("created_at >= ?")
        values.append(_stamp(query.start))
    if query.end:
        parts.append("created_at <= ?")
        values.append(_stamp(query.end))
    if query.unit:
        parts.append("unit = ?")
        values.append("" if query.unit == NO_UNIT else query.unit)
    for word in query.search.split()[:8]:
        parts.append("instr(lower(id || ' ' || description || ' ' || address || ' ' || note), lower(?))")
        values.append(word)
    return " AND ".join(parts), tuple(values)


def _ticket(row: aiosqlite.Row) -> Ticket:
    fields = dict(row)
    del fields["n"], fields["unit"]
    fields["duty"] = duty_at_end(fields["description"])
    fields["reasons"] = tuple(filter(None, (fields["reasons"] or "").split(",")))
    fields["media_urls"] = tuple(json.loads(fields.pop("media_url")))
    times = {field: datetime.fromisoformat(fields[field]) for field in ("created_at", "updated_at")}
    return Ticket(**{**fields, **times})


def _step(row: aiosqlite.Row) -> Step:
    status = status_from_wire(row["status"]) or ""
    at = datetime.fromisoformat(row["at"])
    return Step(
        _step_id(row["n"]),
        row["ticket"],
        status,
        row["status"],
        row["text"],
        row["media_url"],
        at,
        row["author"],
        row["reason"],
    )


def _step_id(n: int) -> str:
    return f"u{n:06d}"


def _stamp(when: datetime) -> str:
    # One width and one zone, so that the text sorts as the time does.
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _now() -> str:
    return _stamp(datetime.now(UTC))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


__all__ = [
    "NO_UNIT",
    "Draft",
    "Due",
    "NotAllowed",
    "Query",
    "Step",
    "Store",
    "Ticket",
    "list_tickets",
    "new_login",
    "set_status",
]
