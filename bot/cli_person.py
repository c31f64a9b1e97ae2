"""`linli person`: what is kept of one person, and erasing it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any

import typer

from actions.chronicle import Decree
from bot.cli_trace import opened, say, told, writing
from bot.forgetting import Forgetting, Left, alias
from bot.home import Home
from bot.personal import Personal, empty
from bot.ports import Chat
from bot.settings import Settings, load
from connectors.embedded_redis import socket_path
from connectors.redis_state import RedisState, client_of
from connectors.web import WebChat
from connectors.web_log import RedisWebLog

person_app = typer.Typer(help="One person: what is kept of them, and erasing it.", no_args_is_help=True)
_Id = Annotated[str, typer.Argument(metavar="ID", help="With its platform: telegram:42.")]
_FORM = re.compile(r"[a-z]+:\S+")


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


class _Parts:
    """What both commands need of the installation."""

    def __init__(self, settings: Settings, state: RedisState, web: WebChat, log: RedisWebLog) -> None:
        self.state, self.key = state, Home(settings.home).secret("households")
        chats: dict[str, Chat] = {"web": web}
        self.personal = Personal(state, self.key, Forgetting(state, _Now(), chats, self.key))
        self._log = log

    async def messages(self, group: str, person: str) -> list[dict[str, Any]]:
        """What they said in a browser group."""
        if not group.startswith("web:"):
            return []
        own = person.removeprefix("web:")
        events = await self._log.recent(group, 10_000)
        return [event.body for event in events if event.kind == "message" and event.body.get("person") == own]


@asynccontextmanager
async def _parts(settings: Settings) -> AsyncIterator[_Parts]:
    home = Home(settings.home)
    redis = client_of(settings.redis_url or f"unix://{socket_path(home.redis)}")
    log = RedisWebLog(redis)
    web = WebChat(log, _nobody, settings.home, _Now(), may_work=lambda _: False, key=home.secret("web"))
    try:
        async with opened(settings) as state:
            yield _Parts(settings, state, web, log)
    finally:
        await redis.aclose()


async def _nobody(_: str, __: str, ___: str, ____: dict[str, Any]) -> bool:
    return False


def _checked(person: str) -> str:
    if not _FORM.fullmatch(person):
        say(f"{person}: an id with its platform is needed, such as telegram:42")
        raise typer.Exit(2)
    return person


@person_app.command("export")
def export(
    person: _Id,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write into this file; readable for you alone.")
    ] = None,
) -> None:
    """Write all that is kept of one person, as JSON. That it was done is traced, without the id."""
    with told(), writing(out) as file:
        kept = asyncio.run(_export(load(), _checked(person)))
        file.write(json.dumps(kept, ensure_ascii=True, indent=1) + "\n")
    if empty(kept):
        say("nothing is kept of this person")


async def _export(settings: Settings, person: str) -> dict[str, Any]:
    async with _parts(settings) as parts:
        kept = await parts.personal.kept(person, parts.messages)
        said = (f"export: {alias(person, parts.key)}", f"groups: {len(kept['groups'])}")
        await parts.state.chronicle(
            Decree(datetime.now(UTC), "privacy", token_hex(6), "linli person export", said)
        )
    return kept


@person_app.command("erase")
def erase(
    person: _Id,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase one person everywhere. Cases and figures stay; what is open is erased after its end, while Linli runs."""
    _checked(person)
    if not yes:
        typer.confirm(f"Erase all that is kept of {person}? This cannot be undone", abort=True)
    with told():
        left = asyncio.run(_erase(load(), person))
    _report(left)


async def _erase(settings: Settings, person: str) -> Left:
    async with _parts(settings) as parts:
        left = await parts.personal.erase(person)
        await parts.state.compact()
    return left


def _report(left: Left) -> None:
    print(  # noqa: T201 this is the output
        f"erased: {left.cases} cases, {left.lines} lines of talk, {left.messages} messages; "
        f"open, erased after their end: {left.open}"
    )
    if left.tickets:
        say(f"dispatch has their words in these tickets, to be erased there: {' '.join(left.tickets)}")
