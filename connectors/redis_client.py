"""Redis, one server or a cluster: how to reach it, and what to call it when it does not answer.

    redis://host:6379   rediss://…   unix:///path      one server
    redis+cluster://a:6379,b:6379   rediss+cluster://…  a Redis Cluster; one of its servers is enough to find the others

A cluster takes the same commands, as long as all keys of one carry one hash tag. Two things are different, and stand here:
a transaction goes to the server that has its keys (`transaction`), and nobody can wait for many streams at once (`fresh`).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, TypeVar, cast

from redis.asyncio import BlockingConnectionPool, Redis, RedisCluster
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.connection import HiredisRespSerializer
from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterError,
    DataError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
    ResponseError,
    TryAgainError,
    WatchError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from yarl import URL

from actions.errors import Unreachable

SCHEMES = ("redis://", "rediss://", "unix://", "redis+cluster://", "rediss+cluster://")
LOOKS_EVERY_SECONDS = 0.1
_CONNECTIONS = 10_000
"""To one server, for those who wait; every open page of a browser group waits on one of its own."""
AT_WORK = 64
"""To one server, for everybody else: who finds all of them taken waits for one, and is not refused in a burst."""
_HOW: dict[str, Any] = {"decode_responses": True, "health_check_interval": 30}
_LOST = (
    RedisConnectionError,
    RedisTimeoutError,
    BusyLoadingError,
    ClusterError,
    RedisClusterException,
    AskError,
    TryAgainError,
    WatchError,  # also what a connection becomes that is lost between reading and writing
    OSError,
)
_CUT_OFF = ("writelines", "drain")
"""What the cluster's client looks for in a connection that another task has just closed, as it learns of a change."""
_NOT_NOW = ("OOM", "MISCONF", "READONLY", "NOREPLICAS", "CLUSTERDOWN", "MASTERDOWN", "UNBLOCKED")
"""Answers of a Redis whose memory or disk is full, or that is changing masters; also from within scripts, and to who was
waiting there when it became a replica."""

_HANDED_ON = 1000
T = TypeVar("T")
_SHORT = ("EVALSHA", "GET", "HGET", "MGET", "SET")
"""What the work on messages and orders asks for all the time."""
Items = list[tuple[str, dict[str, str]]]
Write = tuple[str | float, ...]
"""A command, its one key, and its arguments."""


class _Asked(NamedTuple):
    args: tuple[Any, ...]
    options: dict[str, Any]
    answer: asyncio.Future[Any]


def client_of(url: str, *, waits: bool = False) -> Redis:
    """A client as all of ours need it: it decodes answers, and says nothing twice by itself. Connects on first use.

    `waits` is for whoever waits on streams, many at a time, for as long as it takes.
    """
    once = Retry(NoBackoff(), 0)
    if "+cluster://" in url:
        return cast("Redis", Cluster(url.replace("+cluster://", "://", 1), once))
    if waits:
        return Redis.from_url(url, max_connections=_CONNECTIONS, **_HOW, retry=once)
    pool = BlockingConnectionPool.from_url(url, max_connections=AT_WORK, **_HOW, retry=once)
    pool.connection_class = type("Packing", (_Packing, pool.connection_class), {})
    return Together.from_pool(pool)


class _Packing:
    """A connection for which hiredis writes the commands too: the library's own way takes three times as long."""

    _serializer = HiredisRespSerializer()

    def pack_command(self, *args: Any) -> Any:
        return self._serializer.pack(*args)

    def pack_commands(self, commands: Iterable[Iterable[Any]]) -> list[bytes]:
        return [b"".join(part for command in commands for part in self._serializer.pack(*command))]


class Together(Redis):
    """A client that sends what is asked within one turn of the event loop, whoever asks, in one packet. The busier we are,
    the more goes together; each gets its own answer, or its own error.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._asked: list[_Asked] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        """The answer to one command. What may block, and hold up others, goes alone."""
        if args[0] not in _SHORT:
            return await self._alone(*args, **options)
        if not self._asked:
            sending = asyncio.create_task(self._send())
            self._sending.add(sending)
            sending.add_done_callback(self._sending.discard)
        asked = _Asked(args, options, asyncio.get_running_loop().create_future())
        self._asked.append(asked)
        return await asked.answer

    async def _send(self) -> None:
        asked, self._asked = [one for one in self._asked if not one.answer.done()], []
        try:
            for one, answer in zip(asked, await self._answers(asked), strict=True):
                if not one.answer.done():  # else nobody waits for it any more
                    _tell(one.answer, answer)
        finally:  # the program ends
            for one in asked:
                one.answer.cancel()

    async def _answers(self, asked: list[_Asked]) -> list[Any]:
        try:
            if len(asked) > 1:
                return await self._together(asked)
        except (UnicodeEncodeError, DataError):
            pass  # one of them cannot be written, and so none was sent
        except Exception as error:  # noqa: BLE001 it is raised where the answers are awaited
            return [error] * len(asked)
        return [await self._one(one) for one in asked]

    async def _together(self, asked: list[_Asked]) -> list[Any]:
        pipe: Any = self.pipeline(transaction=False)
        for one in asked:
            pipe.execute_command(*one.args, **one.options)
        return list(await pipe.execute(raise_on_error=False))

    async def _one(self, asked: _Asked) -> Any:
        try:
            return await self._alone(*asked.args, **asked.options)
        except Exception as error:  # noqa: BLE001 as above
            return error

    async def _alone(self, *args: Any, **options: Any) -> Any:
        return await cast("Any", super()).execute_command(*args, **options)


def _tell(waiting: asyncio.Future[Any], answer: Any) -> None:
    if isinstance(answer, Exception):
        waiting.set_exception(answer)
    else:
        waiting.set_result(answer)


class Cluster(RedisCluster):
    """A cluster's client, which knows the client of every single server too."""

    def __init__(self, url: str, retry: Retry) -> None:
        scheme, _, rest = url.partition("://")
        hosts, slash, path = rest.partition("/")
        who, at, hosts = hosts.rpartition("@")
        first, *others = hosts.split(",")
        self._url, self._once = URL(f"{scheme}://{who}{at}{first}{slash}{path}"), retry
        self._servers: dict[str, Redis] = {}
        self._asking = asyncio.Lock()
        nodes = [
            ClusterNode(one.host or "", one.port or 6379) for one in (URL(f"redis://{o}") for o in others)
        ]
        super().__init__(
            host=self._url.host or "",
            port=self._url.port or 6379,
            startup_nodes=nodes,
            username=self._url.user,
            password=self._url.password,
            ssl=scheme == "rediss",
            decode_responses=True,
            max_connections=_CONNECTIONS,
            retry=retry,
        )

    async def server_of(self, key: str) -> Redis:
        """The client of the one server that has this key, as far as we know by now."""
        await self.initialize()
        node = self.get_node_from_key(key)
        if node is None:
            raise RedisConnectionError(f"no server of the cluster has {key}")
        if node.name not in self._servers:
            url = str(self._url.with_host(node.host).with_port(int(node.port)))
            self._servers[node.name] = Redis.from_url(url, **_HOW, retry=self._once)
        return self._servers[node.name]

    async def initialize(
        self,
        additional_startup_nodes_info: list[tuple[str, int]] | None = None,
        last_failed_node_name: str | None = None,
    ) -> "Cluster":
        """Ask who has what, if that is to be asked. The library's own would, where it gets no answer, close connections
        that others are in the middle of using.
        """
        async with self._asking:
            if self._initialize:
                await self.nodes_manager.initialize(additional_startup_nodes_info, last_failed_node_name)
                await self.commands_parser.initialize(self.nodes_manager.default_node)
                self._initialize = False
        return self

    async def learn(self) -> None:
        """Ask anew, before the next command, who has what."""
        self._initialize = True

    async def aclose(self) -> None:
        """Close all connections that nothing is using, and ask anew if there is a next command.

        The library calls this too, while others are in the middle of a command: those it leaves alone.
        """
        self._initialize = True
        manager = self.nodes_manager
        for node in (*manager.nodes_cache.values(), *manager.startup_nodes.values()):
            node.update_active_connections_for_reconnect()
            await node.disconnect_free_connections()
        for server in list(self._servers.values()):
            await server.connection_pool.disconnect(inuse_connections=False)


@asynccontextmanager
async def transaction(redis: Redis, key: str) -> AsyncIterator[Pipeline]:
    """MULTI/EXEC, and WATCH before it, on the server that has this key; every other key must carry its tag."""
    async with _learning(redis):
        cluster = cast("Any", redis)
        server = await cluster.server_of(key) if isinstance(cluster, Cluster) else redis
        async with server.pipeline(transaction=True) as pipe:
            yield pipe


def put(pipe: Pipeline, writes: Iterable[Write]) -> None:
    """Put writes into a pipeline."""
    for write in writes:
        cast("Any", pipe).execute_command(*write)


async def ahead(redis: Redis, writes: Sequence[Write]) -> Sequence[Write]:
    """What belongs to no partition, and is left to be written by the script of one: on a cluster that reaches only the keys
    of a single server, so there all of it is written now.
    """
    if not writes or not isinstance(cast("Any", redis), Cluster):
        return writes
    pipe = redis.pipeline(transaction=False)
    put(pipe, writes)
    await pipe.execute()
    return ()


def in_parts(things: Sequence[T]) -> Iterator[Sequence[T]]:
    """So many at once as a script can hand to one command."""
    for start in range(0, len(things), _HANDED_ON):
        yield things[start : start + _HANDED_ON]


async def fresh(redis: Redis, after: Mapping[str, str], limit: int, wait_ms: int) -> dict[str, Items]:
    """What stands in each stream behind the entry named, at most `limit` of each; waits for the first of all.

    Reading changes nothing: who asks again gets the same again.
    """
    if not after:
        await asyncio.sleep(wait_ms / 1000)
        return {}
    if not isinstance(cast("Any", redis), Cluster):
        # To Redis, 0 is for ever.
        answer = await redis.xread(cast("Any", dict(after)), limit, wait_ms or None)
        return dict(cast("Any", answer) or [])
    cluster, until = cast("Cluster", redis), time.monotonic() + wait_ms / 1000
    while True:
        async with _learning(cluster):
            found = await _look(cluster, after, limit)
        if found or time.monotonic() >= until:
            return found
        await asyncio.sleep(LOOKS_EVERY_SECONDS)


async def _look(cluster: Cluster, after: Mapping[str, str], limit: int) -> dict[str, Items]:
    """One pipeline a server: those of the cluster's client take five times as long."""
    pipes: dict[Redis, tuple[Pipeline, list[str]]] = {}
    for stream, entry in after.items():
        server = await cluster.server_of(stream)
        if server not in pipes:
            pipes[server] = server.pipeline(transaction=False), []
        pipe, asked = pipes[server]
        pipe.xrange(stream, f"({entry}", "+", limit)
        asked.append(stream)
    answers = await asyncio.gather(*(pipe.execute() for pipe, _ in pipes.values()))
    all_asked = (asked for _, asked in pipes.values())
    return {
        stream: items
        for asked, answer in zip(all_asked, answers, strict=True)
        for stream, items in zip(asked, answer, strict=True)
        if items
    }


async def compact(redis: Redis) -> None:
    """Write the append-only file of every server that takes writes anew."""
    if isinstance(cast("Any", redis), Cluster):
        await cast("Any", redis).bgrewriteaof(target_nodes=Cluster.PRIMARIES)
    else:
        await redis.bgrewriteaof()


@asynccontextmanager
async def _learning(redis: Any) -> AsyncIterator[None]:
    """What a cluster's server does not have any more may be elsewhere by now."""
    try:
        yield
    except _LOST:
        if isinstance(redis, Cluster):
            await redis.learn()
        raise


@asynccontextmanager
async def reaching() -> AsyncIterator[None]:
    """What a Redis raises that is away, full or changing masters becomes `Unreachable`."""
    try:
        yield
    except _LOST as error:
        raise Unreachable(f"Redis does not answer: {error}") from error
    except AttributeError as error:
        if error.obj is not None or error.name not in _CUT_OFF:
            raise
        raise Unreachable("Redis does not answer: another closed the connection") from error
    except ResponseError as error:
        full = isinstance(error, OutOfMemoryError | ReadOnlyError)
        if full or any(word in str(error) for word in _NOT_NOW):
            # In a pipeline the error begins with the command, and that with what people said.
            why = str(error).rpartition("of pipeline caused error: ")[2]
            raise Unreachable(f"Redis cannot do it now: {why}") from error
        raise
