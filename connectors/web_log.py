"""What a browser group keeps: its log of events, who works there, and its files.

Every key of a group carries the hash tag of its partition, as in redis_state.py:

    linli:{p017}:web:ID             stream of events (`message`, `edit`, `toast`), cut at about 2,000; what a message says
                                    stands in the next one only, so that it is gone when it is deleted there
    linli:{p017}:web:messages:ID    message id -> the message as it stands now, the newest 2,000
    linli:{p017}:web:count:ID       the last message id
    linli:{p017}:web:once:ID:KEY    the id of what was said under this key; forgotten after 30 days
    linli:{p017}:web:unshown:ID     ids that were given but whose message is not in the stream yet
    linli:{p017}:web:workers:ID     person -> name     linli:{p017}:web:known:ID   the bot heard of the group
"""

import hashlib
import hmac
import json
import os
import shutil
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
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

    async def delete(self, group: str, gone: Callable[[Body], bool]) -> list[Body]:
        """Take messages off the group for good, and what others quote of them; those that went."""

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
    redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[2], '*', 'kind', 'message', 'id', ARGV[1], 'body', '')
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
            args: list[str | int] = [text_of(body), ONCE_SECONDS, KEPT]
            number, text, unshown = await self._reserve(keys=keys, args=args)
        return body_of(number, text), bool(unshown)

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
        return body_of(message, text) if text else None

    async def last(self, group: str) -> int:
        """The highest id."""
        async with reaching():
            return int(await self._redis.get(self._key(group, "count")) or 0)

    async def replace(self, group: str, body: Body) -> None:
        """Write the message anew and tell."""
        text, number = text_of(body), body["id"]
        fields = {"kind": "edit", "id": number, "body": ""}
        async with reaching(), transaction(self._redis, self._key(group)) as pipe:
            pipe.hset(self._key(group, "messages"), number, text)
            pipe.xadd(self._key(group), cast("Any", fields), maxlen=KEPT, approximate=True)
            await pipe.execute()

    async def toast(self, group: str, body: Body) -> None:
        """Tell one person."""
        fields = {"kind": "toast", "id": "", "body": text_of(body)}
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
        return as_they_stand(events, texts)

    async def delete(self, group: str, gone: Callable[[Body], bool]) -> list[Body]:
        """Delete messages, with the events that show them."""
        key = self._key(group, "messages")
        async with reaching():
            kept = await cast("Awaitable[dict[str, str]]", self._redis.hgetall(key))
            bodies = {number: body_of(number, text) for number, text in kept.items()}
            deleted, quoting = deleted_of(bodies, gone)
            items = cast("Any", await self._redis.xrange(self._key(group)))
            events = [cursor for cursor, fields in items if shows(_event(cursor, fields), deleted, gone)]
            async with transaction(self._redis, key) as pipe:
                if deleted:
                    pipe.hdel(key, *deleted)
                for body in quoting:
                    pipe.hset(key, body["id"], text_of(body))
                if events:
                    pipe.xdel(self._key(group), *events)
                await pipe.execute()
        return [bodies[number] for number in deleted]

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


def place_of(cursor: str) -> tuple[int, int]:
    """The moment and the number of a cursor."""
    milliseconds, _, number = cursor.partition("-")
    return int(milliseconds), int(number or 0)


def text_of(body: Body) -> str:
    """A body as it is kept, without its id."""
    return json.dumps({name: value for name, value in body.items() if name != "id"}, ensure_ascii=False)


def body_of(number: str, text: str) -> Body:
    """The body that was kept."""
    return {"id": number, **json.loads(text)}


def as_they_stand(events: Iterable[Event], texts: Iterable[str | None]) -> list[Event]:
    """The events with the messages' words of now; toasts as they were. What is no longer known is left out."""
    found = []
    for event, text in zip(events, texts, strict=True):
        number = event.body.get("id", "")
        if number and text:
            found.append(Event(event.cursor, event.kind, body_of(number, text)))
        elif not number or event.body.keys() - {"id"}:
            found.append(event)
    return found


def _event(cursor: str, fields: dict[str, str]) -> Event:
    body = body_of(fields["id"], fields["body"] or "{}") if fields["id"] else json.loads(fields["body"])
    return Event(cursor, fields["kind"], body)


def deleted_of(bodies: dict[str, Body], gone: Callable[[Body], bool]) -> tuple[list[str], list[Body]]:
    """The ids of what goes, and what quoted it as it reads without."""
    deleted = [number for number, body in bodies.items() if gone(body)]
    left = (body for number, body in bodies.items() if number not in set(deleted))
    quoting = [
        {name: value for name, value in body.items() if name != "quoted"}
        for body in left
        if body.get("reply_to") in set(deleted) and "quoted" in body
    ]
    return deleted, quoting


def shows(event: Event, deleted: list[str], gone: Callable[[Body], bool]) -> bool:
    """Whether an event shows what was deleted; a toast is for one person, at one time."""
    number, milliseconds = event.body.get("id", ""), place_of(event.cursor)[0]
    at = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
    return number in deleted if number else gone({**event.body, "at": at})


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

    def delete(self, refs: Iterable[str]) -> None:
        """Delete files. Blocks."""
        for ref in refs:
            if path := self.path(ref):
                path.unlink(missing_ok=True)

    def prune(self, before: datetime) -> int:
        """Delete the files that were kept before then; how many. Blocks."""
        old = [path for path in self._folder.glob("*") if path.stat().st_mtime < before.timestamp()]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

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
