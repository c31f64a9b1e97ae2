"""A copy of all that is ours in Redis, as it was at one moment, taken while it is used; and the way back.

Every key is copied while the server tells which have changed since (client-side caching, in broadcast mode); what has
is copied again, until little is left. Only for that little the servers hold back writes, all at once, for some
milliseconds: so the copy is of one moment even on a Redis Cluster, where a message that goes from one partition to
another must be either in both or in neither. It works alike on the embedded Redis, on one of one's own and on hired
ones, needs no file of the server's and no second server, and can be put back into any of them.

A copy is a stream of records: key, when it expires, and its value as DUMP gives it (with a checksum of Redis' own), or
nothing where the key is gone. Of several records of one key the last one counts.
"""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, Self, cast
from uuid import uuid4

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.client import PubSub
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import BusyLoadingError, ResponseError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from actions.errors import Refused, Unreachable

PREFIX = b"linli:"
LEFT_OUT = (b"linli:once:",)
"""Links that log somebody in: one that was used since the copy must not work again."""
BATCH = 500
LITTLE = 200
"""So many changed keys may be copied while writes wait."""
ROUNDS = 20
PAUSE_MS = 3000
"""For how long a server holds back writes if we die meanwhile; as long as we live the pause is renewed."""
LONGEST_PAUSE_SECONDS = 30.0
_CHANGES = b"__redis__:invalidate"
_MAGIC = b"linli keys 1\n"
_HEAD = struct.Struct(">IqQ")
_GONE = 2**64 - 1

Tell = Callable[[int, int], None]
"""`tell(done, total)`: how many keys."""


@dataclass(frozen=True, slots=True)
class Record:
    """A key at a moment; `value` is None where it is gone, `expires_ms` 0 where it never does (else Unix time)."""

    key: bytes
    value: bytes | None
    expires_ms: int = 0


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: the keys there were, the records written, for how long writes were held back, from which Redis."""

    keys: int
    records: int
    paused_ms: int
    redis_version: str


# --- the file --------------------------------------------------------------------------------------------


def write_record(file: BinaryIO, record: Record) -> None:
    """Append a record."""
    size = _GONE if record.value is None else len(record.value)
    file.write(_HEAD.pack(len(record.key), record.expires_ms, size) + record.key + (record.value or b""))


def read_records(file: BinaryIO) -> Iterator[Record]:
    """The records of a file. Raises ValueError for anything else."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("this is no copy of keys")
    while head := file.read(_HEAD.size):
        if len(head) < _HEAD.size:
            raise ValueError("the copy of the keys ends too early")
        length, expires, size = _HEAD.unpack(head)
        key = file.read(length)
        value = None if size == _GONE else file.read(size)
        if len(key) < length or (value is not None and len(value) < size):
            raise ValueError("the copy of the keys ends too early")
        if not key.startswith(PREFIX):
            raise ValueError("the copy holds a key that is not ours")
        yield Record(key, value, expires)


# --- copying ---------------------------------------------------------------------------------------------


async def copy_keys(url: str, file: BinaryIO, tell: Tell = lambda *_: None) -> Copied:
    """Write all our keys into the file. Raises `Unreachable`, also where the connection broke meanwhile, and `Refused`."""
    async with reaching(), AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(_Node(options)) for options in await _servers(url)]
        file.write(_MAGIC)
        writer = _Writer(file, sum([await node.size() for node in nodes]), tell)
        for node in nodes:
            await node.copy_everything(writer)
        for _ in range(ROUNDS):
            changed = [await node.changed() for node in nodes]
            if sum(map(len, changed)) <= LITTLE:
                break
            for node, keys in zip(nodes, changed, strict=True):
                await node.copy(sorted(keys), writer)
        else:
            changed = [set() for _ in nodes]
        paused = await _last_round(nodes, changed, writer)
        return Copied(writer.keys, writer.records, paused, nodes[0].version)


async def _last_round(nodes: Sequence["_Node"], known: Sequence[set[bytes]], writer: "_Writer") -> int:
    """Copy what is left while nobody writes; for how many milliseconds that was."""
    began = time.monotonic()
    try:
        for node in nodes:
            await node.hold()
        for node, keys in zip(nodes, known, strict=True):
            left = sorted(keys | await node.changed())
            for batch in _batches(left):
                await _renew(nodes, began)
                await node.copy(batch, writer)
        for node in nodes:
            await node.require_unbroken()
        if time.monotonic() - began > LONGEST_PAUSE_SECONDS:
            raise Unreachable("Redis was too slow for a copy of one moment: try again at a quieter time")
    finally:
        for node in nodes:
            with suppress(Exception):
                await node.release()
    return round(1000 * (time.monotonic() - began))


async def _renew(nodes: Sequence["_Node"], began: float) -> None:
    if time.monotonic() - began > LONGEST_PAUSE_SECONDS:
        raise Unreachable("too much was written for a copy of one moment: try again at a quieter time")
    for node in nodes:
        await node.hold()


class _Writer:
    """Where records go, and how far it is."""

    def __init__(self, file: BinaryIO, total: int, tell: Tell) -> None:
        self._file, self._total, self._tell = file, total, tell
        self.keys = self.records = 0

    def put(self, record: Record, *, first: bool) -> None:
        write_record(self._file, record)
        self.records += 1
        self.keys += first
        if self.records % BATCH == 0:
            self._tell(self.keys, max(self._total, self.keys))


class _Node:
    """One server, with a second connection on which it says which keys have changed."""

    def __init__(self, options: dict[str, Any]) -> None:
        # By its name the subscriber's number is found, which it cannot ask for itself.
        self._name = f"linli-backup-{uuid4().hex}"
        self._pool, self._ear = _client(options), _client(options, client_name=self._name)
        self._redis: Any = self._pool.client()
        self._news: PubSub = self._ear.pubsub()
        self._place = b""
        self.version = ""

    async def __aenter__(self) -> Self:
        try:
            await self._begin()
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def _begin(self) -> None:
        await self._redis.initialize()
        about = await self._redis.info("server")
        self.version = str(about.get("redis_version", ""))
        await self._news.subscribe(_CHANGES)
        await self._news.get_message(timeout=10)
        clients = await self._redis.client_list()
        number = next((one["id"] for one in clients if one["name"] == self._name), None)
        if number is None:
            raise Unreachable("Redis closed the connection")
        words = ("ON", "REDIRECT", number, "BCAST", "PREFIX", PREFIX)
        await self._redis.execute_command("CLIENT", "TRACKING", *words)
        self._place = await self._place_in_cluster()

    async def __aexit__(self, *_: object) -> None:
        with suppress(Exception):
            await self._news.aclose()  # type: ignore[no-untyped-call]
        for client in (self._redis, self._pool, self._ear):
            with suppress(Exception):
                await client.aclose()

    async def size(self) -> int:
        """How many keys it holds, of others too."""
        return int(await self._redis.dbsize())

    async def copy_everything(self, writer: _Writer) -> None:
        """Copy every key that is there from now on to the end; some may come twice."""
        cursor = 0
        while True:
            cursor, keys = await self._redis.scan(cursor, match=PREFIX + b"*", count=BATCH)
            await self.copy(keys, writer, first=True)
            if not cursor:
                return

    async def copy(self, keys: Sequence[bytes], writer: _Writer, *, first: bool = False) -> None:
        """Copy these keys as they are now."""
        for batch in _batches([key for key in keys if not key.startswith(LEFT_OUT)]):
            pipe = self._redis.pipeline(transaction=False)
            for key in batch:
                pipe.dump(key)
                pipe.pttl(key)
            answers = await pipe.execute()
            now = time.time_ns() // 1_000_000
            for key, value, left in zip(batch, answers[::2], answers[1::2], strict=True):
                writer.put(Record(key, value, now + left if left > 0 else 0), first=first)

    async def changed(self) -> set[bytes]:
        """The keys that have changed since this was asked last, up to this moment."""
        await self._redis.ping()  # what was changed before our commands is told before their answers
        await self._news.ping()
        found: set[bytes] = set()
        while True:
            message = await self._news.get_message(timeout=10)
            if message is None:
                raise Unreachable("Redis does not say what has changed")
            if message["type"] == "pong":
                return found
            if message["type"] == "message":
                if message["data"] is None:
                    raise Unreachable("Redis was emptied during the copy")
                found |= set(message["data"])

    async def hold(self) -> None:
        """Hold back all writes, for a moment."""
        await self._redis.execute_command("CLIENT", "PAUSE", PAUSE_MS, "WRITE")

    async def release(self) -> None:
        """Let writes go on."""
        await self._redis.execute_command("CLIENT", "UNPAUSE")

    async def require_unbroken(self) -> None:
        """Raises `Unreachable` where some change may not have been told."""
        told = await self._redis.execute_command("CLIENT", "TRACKINGINFO")
        flags = {bytes(flag) for flag in told[1]}
        if b"bcast" not in flags or b"broken_redirect" in flags:
            raise Unreachable("the connection to Redis broke during the copy: try again")
        if await self._place_in_cluster() != self._place:
            raise Unreachable("the cluster was changed during the copy: try again")

    async def _place_in_cluster(self) -> bytes:
        """Whether it is a master and which slots it has, also on the move; nothing where there is no cluster."""
        try:
            told: bytes | str = await self._redis.execute_command("CLUSTER", "NODES")
        except ResponseError:
            return b""
        text = told.encode() if isinstance(told, str) else bytes(told)
        lines = [line.split(b" ") for line in text.splitlines()]
        return next((b" ".join([line[2], *line[8:]]) for line in lines if b"myself" in line[2]), b"")


# --- putting back ----------------------------------------------------------------------------------------


async def require_empty(url: str) -> None:
    """Raises `Refused` where a Redis holds something of ours, `Unreachable` where it does not answer."""
    async with reaching():
        for options in await _servers(url):
            async with _client(options) as redis:
                async for key in redis.scan_iter(match=PREFIX + b"*", count=1000):
                    raise Refused(
                        f"this Redis holds Linli's data already ({key.decode(errors='replace')}): "
                        "empty it, or let LINLI_REDIS_URL name an empty one"
                    )


async def put_back(url: str, records: Iterator[Record], tell: Callable[[int], None] = lambda _: None) -> int:
    """Write records into an empty Redis; how many. Raises `Refused` for what it does not take, and `Unreachable`."""
    done = 0
    async with reaching(), await writing(url) as redis:
        batch: list[Record] = []
        for record in records:
            batch.append(record)
            if len(batch) == BATCH:
                done += await _put(redis, batch)
                tell(done)
                batch = []
        done += await _put(redis, batch)
        tell(done)
    return done


async def _put(redis: Any, batch: Sequence[Record]) -> int:
    pipe = redis.pipeline(transaction=False)
    for record in batch:
        if record.value is None:
            pipe.delete(record.key)
        else:
            pipe.restore(record.key, record.expires_ms, record.value, replace=True, absttl=True)
    if batch:
        await pipe.execute()
    return len(batch)


async def writing(url: str) -> Any:
    """A client for bytes, of one server or of a cluster."""
    if await _is_cluster(url):
        return RedisCluster.from_url(_first(url))
    return _client(parse_url(url))


# --- servers ---------------------------------------------------------------------------------------------


def _client(options: Any, **more: Any) -> "Redis":
    """A client for bytes that says nothing twice: after a broken connection the copy is worth nothing."""
    plain = {name: value for name, value in options.items() if name not in ("connection_class", "path")}
    if options.get("connection_class") is SSLConnection:
        plain["ssl"] = True
    if "path" in options:
        plain["unix_socket_path"] = options["path"]
    plain |= more | {
        "decode_responses": False,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": 30,
    }
    return Redis(**plain)


def _first(url: str) -> str:
    """The address of one server, where a URL names several of a cluster."""
    scheme, _, rest = url.replace("+cluster://", "://", 1).partition("://")
    hosts, slash, path = rest.partition("/")
    if scheme == "unix":
        return url
    return f"{scheme}://{hosts.partition(',')[0]}{slash}{path}"


async def _is_cluster(url: str) -> bool:
    async with _client(parse_url(_first(url))) as redis:
        about = await redis.info("cluster")
    return bool(about.get("cluster_enabled"))


async def _servers(url: str) -> list[dict[str, Any]]:
    """How to reach the server at a URL, or every master of its cluster."""
    options = cast("dict[str, Any]", parse_url(_first(url)))
    if not await _is_cluster(url):
        return [options]
    async with RedisCluster.from_url(_first(url)) as cluster:
        masters = [(node.host, node.port) for node in cluster.get_primaries()]
    return [{**options, "host": host, "port": port} for host, port in masters]


def _batches(keys: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]


@asynccontextmanager
async def reaching() -> AsyncIterator[None]:
    """Where Redis is away, that is `Unreachable`; where it says no, `Refused`."""
    try:
        yield
    except (
        RedisConnectionError,
        RedisTimeoutError,
        BusyLoadingError,
        OSError,
        asyncio.IncompleteReadError,
    ) as error:
        raise Unreachable(f"Redis does not answer: {error}") from error
    except ResponseError as error:
        raise Refused(f"Redis says no: {error}") from error
