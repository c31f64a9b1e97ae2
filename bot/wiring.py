"""Wiring: which version of every port is used, and what runs. The one place where parts are joined.

A new chat platform or backend is one file in connectors/ and one line here.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web
from redis.asyncio import Redis

from actions.errors import Refused, Unreachable
from bot import phrases, same_keys, server, upgrades
from bot.access import asked_here, may_operate
from bot.buttons import Buttons
from bot.clock import SystemClock
from bot.doctor import outside_redis
from bot.evidence import PATH as EVIDENCE
from bot.evidence import Evidence
from bot.finding import Verdict
from bot.flow import Flow
from bot.grids import Grids
from bot.hands import Hands
from bot.health import Health, Part
from bot.history import History
from bot.home import Home
from bot.house import House
from bot.log import prune
from bot.log_ring import Ring
from bot.login import Logins
from bot.matter_list import Matters
from bot.matter_trace import MatterTrace
from bot.metrics import Metrics
from bot.ports import Chat, Dispatch, Nlu
from bot.process import Process
from bot.push import PushDoor
from bot.reloading import Reloading
from bot.replay import Replay, VirtualClock
from bot.retention import FileRetention, Retention
from bot.settings import Settings
from bot.sources import Sources
from bot.supervisor import PUSH_PATH, Parts
from bot.telegrams import Telegrams, open_doors, open_telegrams
from bot.tenure import Tenure
from bot.work import Carrier, News, Reader
from connectors.dispatch import Open311Dispatch
from connectors.ending import end
from connectors.leases import Leases
from connectors.memory_chat import MemoryChat
from connectors.memory_dispatch import MemoryDispatch
from connectors.memory_state import MemoryState
from connectors.nlu import RasaNlu
from connectors.once import RedisOnce
from connectors.redis_client import client_of
from connectors.redis_state import RedisState
from connectors.sole import Sole
from connectors.tries import RedisTries
from connectors.web import WebChat
from connectors.web_log import Files, RedisWebLog

log = structlog.get_logger("wiring")
BINDINGS_EVERY_SECONDS = 3.0


@dataclass(slots=True)
class OpenBot:
    """The bot at work: its loops run and its pages answer."""

    console_token: str
    telegram: str
    app: web.Application
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)

    async def failed(self) -> None:
        """Return only when a loop has ended, which none ever should; raises what ended it."""
        done, _ = await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()


@dataclass(slots=True)
class _Opening:
    """What has been opened so far, and how it is closed again."""

    settings: Settings
    parts: Parts
    home: Home
    ring: Ring
    stack: AsyncExitStack
    sources: Sources | None
    process: Process
    redis: Redis
    tasks: list["asyncio.Task[None]"] = field(default_factory=list)
    name: str = ""

    def __post_init__(self) -> None:
        # Alone on our own Redis we get back at once what we had before a crash.
        alone = "run" if self.process is Process.RUN and not self.settings.redis_url else ""
        self.name = self.name or alone or f"{socket.gethostname()}:{os.getpid()}:{token_hex(3)}"

    @property
    def works(self) -> bool:
        """Whether the work is done in this process."""
        return self.process.works and not self.parts.worked_beside

    def run_alone(self, duty: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a loop whenever no other process does."""
        self.run(Sole(self.redis, duty, self.name).run(work))

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a loop until the bot is closed."""
        task = asyncio.create_task(work)
        self.tasks.append(task)


@asynccontextmanager
async def open_bot(
    settings: Settings,
    parts: Parts,
    ring: Ring | None = None,
    sources: Sources | None = None,
    *,
    process: Process = Process.RUN,
    name: str = "",
) -> AsyncIterator[OpenBot]:
    """The bot on real parts; what changes in `sources`, out of which the settings came, comes into force.

    `name` is this process's own among all on its Redis, and stays its own after a crash; by default a new one.
    Raises `Refused` and `Unreachable` where it cannot be opened.
    """
    async with AsyncExitStack() as stack:
        home, redis = Home(settings.home), client_of(parts.redis_url)
        stack.push_async_callback(redis.aclose)
        opening = _Opening(settings, parts, home, ring or Ring(), stack, sources, process, redis, name=name)
        bot = await _open(opening)
        stack.push_async_callback(end, opening.tasks)
        yield bot


async def _open(opening: _Opening) -> OpenBot:
    settings, parts, stack, redis = opening.settings, opening.parts, opening.stack, opening.redis
    leases = Leases(redis, opening.name) if opening.works else None
    state = RedisState(redis, leases=leases)
    await upgrades.require_known(state)
    await state.start()
    await _look_at_redis(settings)
    await same_keys.agree(opening.home, state, forced=opening.process is Process.RUN)
    grids = Grids(settings)
    await grids.load(state)
    nlu, dispatch = RasaNlu(parts.nlu_url), _dispatch(settings, parts, leases)
    stack.push_async_callback(nlu.close)
    stack.push_async_callback(dispatch.close)
    chats: dict[str, Chat] = {}
    kept = timedelta(days=settings.retention.attachment_days)
    evidence = Evidence(opening.home.secret("evidence"), settings.address, chats, kept)
    house = House(
        state=state,
        chats=chats,
        nlu=nlu,
        dispatch=dispatch,
        clock=SystemClock(),
        buttons=Buttons(opening.home.secret("buttons")),
        household_key=opening.home.secret("households"),
        metrics=Metrics(),
        grids=grids,
        evidence=evidence,
        calendar=settings.calendar.calendar(settings.country, settings.timezone),
        matters=_matters(opening.home),
    )
    flow = Flow(house)
    webchat = _web_chat(opening, flow)
    telegrams = await open_telegrams(opening, grids, state)
    chats |= {chat.platform: chat for chat in (webchat, telegrams.chat) if chat is not None}
    news = News(house, flow, settings.dispatch_poll_seconds)
    _start_loops(opening, house, flow, news, leases)
    secure = _is_https(settings)
    logins = Logins(RedisOnce(redis), RedisTries(redis), opening.home.secret("login").encode(), secure=secure)
    app = _app(opening, house, logins, _health_parts(opening, state, nlu, dispatch, telegrams))
    app.add_routes([web.get(f"{EVIDENCE}{{token}}", evidence.handle)])
    if parts.push_secret:
        app.router.add_post(PUSH_PATH, PushDoor(dispatch, news, RedisOnce(redis)).handle)
    if opening.process.hears:
        app.add_routes(webchat.routes())
        app.on_shutdown.append(lambda _: webchat.close())
        open_doors(opening, app, flow.heard, state, telegrams)
    await _serve(opening, app)
    token = await logins.issue() if opening.process.shows else ""
    return OpenBot(token, telegrams.names(), app, opening.tasks)


async def _look_at_redis(settings: Settings) -> None:
    """Say so where a Redis of the operator's own may forget what it is told."""
    found = await outside_redis(settings.redis_url) if settings.redis_url else None
    if found and found.verdict is not Verdict.OK:
        log.warning("redis_unsafe", reason=found.what, mend=found.how_to_mend)


def _matters(home: Home) -> Matters:
    """The responsibility list. Raises Refused where the version in force cannot be read."""
    matters = Matters(home.path)
    matters.keep_shipped()
    matters.in_force()
    return matters


def _dispatch(settings: Settings, parts: Parts, leases: Leases | None) -> Open311Dispatch:
    return Open311Dispatch(
        parts.dispatch_url,
        parts.dispatch_key,
        settings.dispatch_jurisdiction,
        push_secret=parts.push_secret,
        service_codes=settings.dispatch_services,
        in_time=leases.in_time if leases else lambda: True,
    )


def _web_chat(opening: _Opening, flow: Flow) -> WebChat:
    settings, redis = opening.settings, client_of(opening.parts.redis_url, waits=True)
    opening.stack.push_async_callback(redis.aclose)
    return WebChat(
        RedisWebLog(redis),
        flow.heard,
        settings.home,
        SystemClock(),
        may_work=lambda request: (settings.loopback and asked_here(request)) or may_operate(request),
        key=opening.home.secret("web"),
        secure=_is_https(settings),
    )


def _start_loops(opening: _Opening, house: House, flow: Flow, news: News, leases: Leases | None) -> None:
    if opening.sources:  # every process has settings of its own to keep up to date
        opening.run(Reloading(house.grids, house.state, house.clock, opening.sources).run())
    opening.run(_follow_bindings(house))
    days, zone = opening.settings.retention, ZoneInfo(opening.settings.timezone)
    opening.run(FileRetention(house, days, lambda kind, before: _prune(opening.home, kind, before)).run())
    if leases is None:
        return
    reader, carrier = Reader(house, flow), Carrier(house, flow, Hands(house))
    tenure = Tenure(leases, reader, carrier)
    opening.stack.push_async_callback(tenure.stop)
    for loop in (tenure.run(), reader.run(), carrier.run()):
        opening.run(loop)
    opening.run_alone("news", news.run)
    opening.run_alone("matters", MatterTrace(house.matters, house.state, house.clock).run)
    opening.run_alone("retention", Retention(house, days, zone).run)
    opening.run_alone("upgrade", lambda: upgrades.keep_renewed(house, flow))


def _prune(home: Home, kind: str, before: datetime) -> int:
    if kind == "log":
        return prune(home.path, before)
    return Files(home.path / "media", home.secret("web")).prune(before)


async def _follow_bindings(house: House) -> None:
    while True:
        with suppress(Unreachable):
            await house.grids.follow_bindings(house.state)
        await asyncio.sleep(BINDINGS_EVERY_SECONDS)


def _app(opening: _Opening, house: House, logins: Logins, parts: list[Part]) -> web.Application:
    return server.make_app(
        settings=opening.settings,
        grids=house.grids,
        state=RedisState(opening.redis),  # a page looks at all partitions, whoever has them
        clock=house.clock,
        metrics=house.metrics,
        logins=logins,
        ring=opening.ring,
        parts=parts,
        translations=phrases.translations,
        matters=house.matters,
        links=(("/group/demo", "A group in the browser"),) if opening.process.hears else (),
        shows=opening.process.shows,
    )


async def _serve(opening: _Opening, app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    opening.stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, opening.settings.host, opening.settings.port).start()
    except OSError as error:
        raise Refused(
            f"port {opening.settings.port} cannot be used: {error.strerror}; set LINLI_PORT"
        ) from error


def _is_https(settings: Settings) -> bool:
    return settings.address.startswith("https://")


# --- health -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asked:
    """A part that is well when a question to it does not raise."""

    name: str
    question: Any
    vital: bool = True

    async def health(self) -> Health:
        """Ask."""
        try:
            await self.question()
        except (Unreachable, Refused) as reason:
            return Health(ok=False, detail=str(reason), vital=self.vital)
        return Health(ok=True, vital=self.vital)


def _health_parts(
    opening: _Opening,
    state: RedisState,
    nlu: RasaNlu,
    dispatch: Open311Dispatch,
    telegrams: Telegrams,
) -> list[Part]:
    asked: list[Part] = [
        _Asked("redis", state.ping),
        _Asked("nlu", nlu.status, vital=opening.process.works),
        _Asked("dispatch", dispatch.services, vital=False),
    ]
    asked += [_Asked(f"telegram {bot.name}".strip(), bot.me, vital=False) for bot in telegrams.bots]
    return [*asked, *(_Process(part) for part in opening.parts.embedded)]


@dataclass(frozen=True, slots=True)
class _Process:
    """The process behind a part that is ours, beside the question whether the part answers."""

    part: Part

    @property
    def name(self) -> str:
        """The part's own name, marked."""
        return f"{self.part.name}.process"

    async def health(self) -> Health:
        """Whether it runs, and how often it was restarted."""
        return await self.part.health()


# --- replay -----------------------------------------------------------------------------------------------


def without_digests(settings: Settings) -> Settings:
    """The same, with no digests: what would be said once a day tells nothing of what a message leads to."""
    never = {"digest_at": "", "supervisor_digest_at": ""}
    grids = (
        grid.model_copy(update={"policy": grid.policy.model_copy(update=never)}) for grid in settings.grids
    )
    policy = settings.policy.model_copy(update=never)
    return settings.model_copy(update={"policy": policy, "grids": tuple(grids)})


def replaying(settings: Settings, nlu: Nlu, history: History) -> Replay:
    """A house in memory around the real NLU, for `linli replay`."""
    state, chat = MemoryState(), MemoryChat(history.group.partition(":")[0])
    clock, chat.staff = VirtualClock(history.messages[0].at), history.workers
    dispatch: Dispatch = MemoryDispatch()
    chats: dict[str, Chat] = {chat.platform: chat}
    house = House(
        state=state,
        chats=chats,
        nlu=nlu,
        dispatch=dispatch,
        clock=clock,
        buttons=Buttons("replay"),
        metrics=Metrics(),
        grids=Grids(without_digests(settings)),
        evidence=Evidence("replay", settings.address, chats),
        calendar=settings.calendar.calendar(settings.country, settings.timezone),
        matters=Matters(Home(settings.home).path),
    )
    return Replay(house, state, chat, clock)
