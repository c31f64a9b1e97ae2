"""The parts with which `linli person` looks at the installation that runs here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from actions.chronicle import Decree
from bot.at_hand import redis_at_hand
from bot.clock import SystemClock
from bot.forgetting import Forgetting, Left, alias
from bot.home import Home
from bot.personal import Personal
from bot.ports import Chat
from bot.settings import Settings
from connectors.redis_state import RedisState
from connectors.web import WebChat
from connectors.web_log import RedisWebLog


class _Parts:
    """What both commands need of the installation."""

    def __init__(self, settings: Settings, state: RedisState, web: WebChat, log: RedisWebLog) -> None:
        self.state, self.key = state, Home(settings.home).secret("households")
        chats: dict[str, Chat] = {"web": web}
        self.personal = Personal(state, self.key, Forgetting(state, SystemClock(), chats, self.key))
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
    async with redis_at_hand(settings) as redis:
        log, key = RedisWebLog(redis), Home(settings.home).secret("web")
        web = WebChat(log, _nobody, settings.home, SystemClock(), may_work=lambda _: False, key=key)
        yield _Parts(settings, RedisState(redis), web, log)


async def _nobody(_: str, __: str, ___: str, ____: dict[str, Any]) -> bool:
    return False


async def export_person(settings: Settings, person: str) -> dict[str, Any]:
    """All that is kept of them. Raises `Refused` and `Unreachable`."""
    async with _parts(settings) as parts:
        kept = await parts.personal.kept(person, parts.messages)
        said = (f"export: {alias(person, parts.key)}", f"groups: {len(kept['groups'])}")
        await parts.state.chronicle(
            Decree(datetime.now(UTC), "privacy", token_hex(6), "linli person export", said)
        )
    return kept


async def erase_person(settings: Settings, person: str) -> Left:
    """Erase them. Raises `Unreachable`."""
    async with _parts(settings) as parts:
        left = await parts.personal.erase(person)
        await parts.state.compact()
    return left
