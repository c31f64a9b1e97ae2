"""What a browser group keeps: its log of events, who works there, and its files.

Every key of a group carries the hash tag of its partition, as in redis_state.py:

    linli:{p017}:web:ID             stream of events (`message`, `edit`, `toast`), cut at about 2,000
    linli:{p017}:web:messages:ID    message id -> the message as it stands now, the newest 2,000
    linli:{p017}:web:count:ID       the last message id
    linli:{p017}:web:once:ID:KEY    the id of what was said under this key; forgotten after 30 days
    linli:{p017}:web:unshown:ID     ids that were given but whose message is not in the stream yet
    linli:{p017}:web:workers:ID     person -> name     linli:{p017}:web:known:ID   the bot heard of the group
"""

import asyncio
import hashlib
import hmac
import json
import os
import shutil
from collections import defaultdict
from collections.abc import Awaitable
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Protocol, cast

from redis.asyncio import Redis

from actions.errors import Refused
from actions.message import Kind
from connectors.partition import PARTITIONS, partition_of
from connectors.redis_client import reaching, transaction

Body = dict[str, Any]

KEPT = 2000
"""How many messages and events of a group are kept."""
ONCE_SECONDS = 30 * 24 * 3600
BATCH = 200
LARGEST_FILE = 10 * 1024 * 1024  # bytes
SPARE_DISK = 256 * 1024 * 1024  # bytes that uploads leave free


@dataclass(frozen=True, slots=True)
class Event:
    """One change of what is seen in a group. `cursor` is where to read on from."""

    cursor: str
    kind: str
    body: Body


class WebLog(Protocol):
    """The memory of browser groups, shared by all processes that serve them. Raises `Unreachable`.

    A message is first given its id (`reserve`) and later shown (`show`); both may be said again. Whoever reads the events
    gets each message as it stands by then: what was taken off the group is not to be had by loading the page anew.
    """

    async def reserve(self, group: str, once: str, body: Body) -> tuple[Body, bool]:
        """The body with its `id` (both of the first time, if `once` was here before), and whether it is
        still to be shown.
        """

    async def show(self, group: str, message: str) -> None:
        """Put a reserved message where all can read it; no more than once."""

    async def message(self, group: str, message: str) -> Body | None:
        """A message as it stands now, None if it is too old or never was."""

    async def last(self, group: str) -> int:
        """The highest message id that was given, 0 for a new group."""

    async def replace(self, group: str, body: Body) -> None:
        """The message with this body's id now reads so."""

    async def toast(self, group: str, body: Body) -> None:
        """An event that is no message: the server shows it to one person."""

    async def recent(self, group: str, limit: int) -> list[Event]:
        """The newest events, oldest first."""

    async def after(self, group: str, cursor: str, wait_ms: int) -> list[Event]:
        """What came after the cursor; [] when nothing came for `wait_ms`."""

    async def works(self, group: str, person: str, name: str | None) -> None:
        """The person is a grid worker under this name; None: is none (any more)."""

    async def workers(self, group: str) -> tuple[tuple[str, str], ...]:
        """The grid workers as pairs of id and name, sorted."""

    async def known(self, group: str) -> bool:
        """Whether `know` was called."""

    async def know(self, group: str) -> None:
        """The bot has been told that the group is there."""


_RESERVE = """
local id = redis.call('GET', KEYS[1])
if not id then
    local number = redis.call('INCR', KEYS[2])
    id = string.format('%.0f', number)
    redis.call('SET', KEYS[1], id, 'EX', ARGV[2])
    redis.call('HSET', KEYS[3], id, ARGV[1])
    redis.call('HDEL', KEYS[3], string.format('%.0f', number - ARGV[3]))
    redis.call('SADD', KEYS[4], id)
end
return {id, redis.call('HGET', KEYS[3], id) or ARGV[1], redis.call('SISMEMBER', KEYS[4], id)}
"""
_SHOW = """
local body = redis.call('HGET', KEYS[1], ARGV[1])
if body and redis.call('SREM', KEYS[2], ARGV[1]) == 1 then
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'kind', 'message', 'id', ARGV[1], 'body', body)
end
"""


class RedisWebLog:
    """See `WebLog`. The client must decode responses, as `RedisState.at` makes it."""

    def __init__(self, redis: "Redis", partitions: int = PARTITIONS) -> None:
        self._redis = redis
        self._partitions = partitions
        self._reserve = redis.register_script(_RESERVE)
        self._show = redis.register_script(_SHOW)

    async def reserve(self, group: str, once: str, body: Body) -> tuple[Body, bool]:
        """Give an id, once."""
        keys = [self._key(group, name) for name in ("once", "count", "messages", "unshown")]
        keys[0] += f":{once}"
        async with reaching():
            args: list[str | int] = [_text(body), ONCE_SECONDS, KEPT]
            number, text, unshown = await self._reserve(keys=keys, args=args)
        return _body(number, text), bool(unshown)

    async def show(self, group: str, message: str) -> None:
        """Show, once."""
        keys = [self._key(group, "messages"), self._key(group, "unshown"), self._key(group)]
        async with reaching():
            await self._show(keys=keys, args=[message, KEPT])

    async def message(self, group: str, message: str) -> Body | None:
        """A message as it stands."""
        async with reaching():
            answer = self._redis.hget(self._key(group, "messages"), message)
            text = await cast("Awaitable[str | None]", answer)
        return _body(message, text) if text else None

    async def last(self, group: str) -> int:
        """The highest id."""
        async with reaching():
            return int(await self._redis.get(self._key(group, "count")) or 0)

    async def replace(self, group: str, body: Body) -> None:
        """Write the message anew and tell."""
        text, number = _text(body), body["id"]
        fields = {"kind": "edit", "id": number, "body": text}
        async with reaching(), transaction(self._redis, self._key(group)) as pipe:
            pipe.hset(self._key(group, "messages"), number, text)
            pipe.xadd(self._key(group), cast("Any", fields), maxlen=KEPT, approximate=True)
            await pipe.execute()

    async def toast(self, group: str, body: Body) -> None:
        """Tell one person."""
        fields = {"kind": "toast", "id": "", "body": _text(body)}
        async with reaching():
            await self._redis.xadd(self._key(group), cast("Any", fields), maxlen=KEPT, approximate=True)

    async def recent(self, group: str, limit: int) -> list[Event]:
        """The newest events."""
        async with reaching():
            items = cast("Any", await self._redis.xrevrange(self._key(group), count=limit))
        return await self._standing(group, [_event(*item) for item in reversed(items)])

    async def after(self, group: str, cursor: str, wait_ms: int) -> list[Event]:
        """What came since."""
        async with reaching():
            streams = cast("Any", {self._key(group): cursor})
            answer = cast("Any", await self._redis.xread(streams, count=BATCH, block=wait_ms))
        return await self._standing(group, [_event(*item) for _, items in answer or [] for item in items])

    async def _standing(self, group: str, events: list[Event]) -> list[Event]:
        ids = [event.body.get("id", "") for event in events]
        if not any(ids):
            return events
        async with reaching():
            answer = self._redis.hmget(self._key(group, "messages"), ids)
            texts = await cast("Awaitable[list[str | None]]", answer)
        return [_as_it_stands(event, text) for event, text in zip(events, texts, strict=True)]

    async def works(self, group: str, person: str, name: str | None) -> None:
        """Keep or drop a worker."""
        key = self._key(group, "workers")
        async with reaching():
            if name is None:
                await self._redis.hdel(key, person)
            else:
                await self._redis.hset(key, person, name)

    async def workers(self, group: str) -> tuple[tuple[str, str], ...]:
        """The workers."""
        async with reaching():
            answer = self._redis.hgetall(self._key(group, "workers"))
            found = await cast("Awaitable[dict[str, str]]", answer)
        return tuple(sorted(found.items()))

    async def known(self, group: str) -> bool:
        """Whether the bot was told."""
        async with reaching():
            return bool(await self._redis.exists(self._key(group, "known")))

    async def know(self, group: str) -> None:
        """The bot was told."""
        async with reaching():
            await self._redis.set(self._key(group, "known"), "1")

    def _key(self, group: str, name: str = "") -> str:
        partition = partition_of(group, self._partitions)
        own = group.removeprefix("web:")
        return f"linli:{{p{partition:03d}}}:web:" + (f"{name}:{own}" if name else own)


class MemoryWebLog:
    """See `WebLog`; nothing outlives the process."""

    def __init__(self) -> None:
        self._once: dict[tuple[str, str], str] = {}
        self._messages: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._unshown: set[tuple[str, str]] = set()
        self._events: defaultdict[str, list[Event]] = defaultdict(list)
        self._workers: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._known: set[str] = set()
        self._number = 0
        self._news = asyncio.Condition()

    async def reserve(self, group: str, once: str, body: Body) -> tuple[Body, bool]:
        """Give an id, once."""
        if (group, once) not in self._once:
            self._counts[group] += 1
            number = self._once[group, once] = str(self._counts[group])
            self._messages[group][number] = _text(body)
            self._messages[group].pop(str(self._counts[group] - KEPT), None)
            self._unshown.add((group, number))
        number = self._once[group, once]
        kept = self._messages[group].get(number, _text(body))
        return _body(number, kept), (group, number) in self._unshown

    async def show(self, group: str, message: str) -> None:
        """Show, once."""
        body = await self.message(group, message)
        if body and (group, message) in self._unshown:
            self._unshown.remove((group, message))
            await self._add(group, "message", body)

    async def message(self, group: str, message: str) -> Body | None:
        """A message as it stands."""
        text = self._messages[group].get(message)
        return _body(message, text) if text else None

    async def last(self, group: str) -> int:
        """The highest id."""
        return self._counts[group]

    async def replace(self, group: str, body: Body) -> None:
        """Write the message anew and tell."""
        self._messages[group][body["id"]] = _text(body)
        await self._add(group, "edit", body)

    async def toast(self, group: str, body: Body) -> None:
        """Tell one person."""
        await self._add(group, "toast", body)

    async def recent(self, group: str, limit: int) -> list[Event]:
        """The newest events."""
        return self._standing(group, self._events[group][-limit:])

    async def after(self, group: str, cursor: str, wait_ms: int) -> list[Event]:
        """What came since."""
        try:
            async with asyncio.timeout(wait_ms / 1000), self._news:
                await self._news.wait_for(lambda: bool(self._since(group, cursor)))
        except TimeoutError:
            return []
        return self._standing(group, self._since(group, cursor)[:BATCH])

    def _standing(self, group: str, events: list[Event]) -> list[Event]:
        return [_as_it_stands(event, self._messages[group].get(event.body.get("id", ""))) for event in events]

    async def works(self, group: str, person: str, name: str | None) -> None:
        """Keep or drop a worker."""
        self._workers[group].pop(person, None)
        if name is not None:
            self._workers[group][person] = name

    async def workers(self, group: str) -> tuple[tuple[str, str], ...]:
        """The workers."""
        return tuple(sorted(self._workers[group].items()))

    async def known(self, group: str) -> bool:
        """Whether the bot was told."""
        return group in self._known

    async def know(self, group: str) -> None:
        """The bot was told."""
        self._known.add(group)

    def _since(self, group: str, cursor: str) -> list[Event]:
        return [event for event in self._events[group] if _place(event.cursor) > _place(cursor)]

    async def _add(self, group: str, kind: str, body: Body) -> None:
        self._number += 1
        events = self._events[group]
        events.append(Event(f"{self._number}-0", kind, body))
        del events[:-KEPT]
        async with self._news:
            self._news.notify_all()


def _place(cursor: str) -> tuple[int, int]:
    milliseconds, _, number = cursor.partition("-")
    return int(milliseconds), int(number or 0)


def _text(body: Body) -> str:
    return json.dumps({name: value for name, value in body.items() if name != "id"}, ensure_ascii=False)


def _body(number: str, text: str) -> Body:
    return {"id": number, **json.loads(text)}


def _as_it_stands(event: Event, text: str | None) -> Event:
    """The event with the message's words of now; a toast, and what is too old to be kept, as it was."""
    number = event.body.get("id", "")
    return Event(event.cursor, event.kind, _body(number, text)) if number and text else event


def _event(cursor: str, fields: dict[str, str]) -> Event:
    body = _body(fields["id"], fields["body"]) if fields["id"] else json.loads(fields["body"])
    return Event(cursor, fields["kind"], body)


# --- files ------------------------------------------------------------------------------------------

MIMES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "heic": "image/heic",
    "webm": "audio/webm",
    "ogg": "audio/ogg",
    "m4a": "audio/mp4",
}
_STARTS = (
    (0, b"\xff\xd8\xff", "jpg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (8, b"WEBP", "webp"),
    (0, b"\x1a\x45\xdf\xa3", "webm"),
    (0, b"OggS", "ogg"),
)
_HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_SOUND = (b"M4A ", b"M4B ", b"mp41", b"mp42", b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"dash")


@dataclass(frozen=True, slots=True)
class File:
    """One kept file; `ref` is its name."""

    ref: str
    kind: Kind
    mime: str
    size_bytes: int


class Files:
    """Photos and voice notes in one folder, named after their content with a key: nobody guesses a name."""

    def __init__(self, folder: Path, key: str) -> None:
        self._folder = folder
        self._key = key.encode()

    def keep(self, content: bytes) -> File:
        """Keep a file; the same content has the same name. Blocks.

        Raises ValueError for what is neither photo nor sound, `Refused` when the disk is nearly full.
        """
        ending = _ending(content)
        name = f"{hmac.new(self._key, content, hashlib.sha256).hexdigest()}.{ending}"
        self._folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self._folder).free < SPARE_DISK + len(content):
            raise Refused("no room for another file")
        if not (self._folder / name).exists():
            self._write(self._folder / name, content)
        return _file(name, len(content))

    def path(self, ref: str) -> Path | None:
        """Where a file is, None if there is none of this name. Blocks."""
        stem, _, ending = ref.partition(".")
        fair = len(stem) == 64 and set(stem) <= set("0123456789abcdef") and ending in MIMES
        path = self._folder / ref if fair else None
        return path if path and path.is_file() else None

    def find(self, ref: str) -> File | None:
        """What is known of a file. Blocks."""
        path = self.path(ref)
        return _file(ref, path.stat().st_size) if path else None

    def _write(self, path: Path, content: bytes) -> None:
        # Under another name first: a file that is there is whole.
        with NamedTemporaryFile(dir=self._folder, delete=False) as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(path)


def _file(ref: str, size: int) -> File:
    mime = MIMES[ref.partition(".")[2]]
    return File(ref, Kind.PHOTO if mime.startswith("image/") else Kind.VOICE, mime, size)


def _ending(content: bytes) -> str:
    for place, start, ending in _STARTS:
        if content[place:].startswith(start) and (ending != "webp" or content.startswith(b"RIFF")):
            return ending
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC:
        return "heic"
    if content[4:8] == b"ftyp" and content[8:12] in _SOUND:
        return "m4a"
    raise ValueError("this is neither a photo nor a sound")
