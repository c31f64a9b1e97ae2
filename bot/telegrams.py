"""Telegrams: the bots of the settings, opened, and the doors through which their updates come in.

One bot is a chat platform by itself. Several are joined (connectors/telegram_bots.py); each polls under a lease of its
own, or has a webhook with a path and a secret of its own. One whose token is refused does not keep the others down.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import structlog
from aiohttp import web
from redis.asyncio import Redis

from actions.errors import Refused, Unreachable
from actions.ledger import Stale
from bot.grids import Grids
from bot.home import Home
from bot.moving import kin
from bot.ports import Accept, Chat, State
from bot.replies import commands
from bot.settings import Settings
from bot.tokens import MAIN, webhook_secret
from connectors.moves import Moves
from connectors.pace import Limits, RedisPace
from connectors.telegram import TelegramChat
from connectors.telegram_bots import TelegramBots, accepting
from connectors.telegram_calls import account_of
from connectors.telegram_intake import TelegramPolling, TelegramWebhook
from connectors.telegram_roll import Roll

log = structlog.get_logger("telegrams")
WEBHOOK_PATH = "/telegram/webhook"
_ASK_AGAIN_SECONDS = 60.0


class Opening(Protocol):
    """What is being opened, as far as the doors need it."""

    settings: Settings
    home: Home
    stack: AsyncExitStack
    redis: Redis

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a loop until the bot is closed."""

    def run_alone(self, duty: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run a loop whenever no other process does."""


@dataclass(frozen=True, slots=True)
class Telegrams:
    """The bots, and the `chat` that they are together; none where there is no token."""

    bots: tuple[TelegramChat, ...]
    chat: Chat | None

    def names(self) -> str:
        """The usernames of those that Telegram knows."""
        return ", @".join(name for bot in self.bots if (name := bot.health()["username"]))


async def open_telegrams(opening: Opening, grids: Grids, state: State) -> Telegrams:
    """Raises Refused where the only token is refused, or every one."""
    tokens = opening.settings.telegram.tokens
    moves = Moves(state.remember, state.recall)
    bots = tuple(_bot(opening, grids, state, moves, name) for name in tokens)
    refused = [reason for bot in bots if (reason := await _start(opening, bot))]
    if bots and len(refused) == len(bots):
        raise refused[0]
    if not bots or tuple(tokens) == (MAIN,):
        return Telegrams(bots, bots[0] if bots else None)

    async def known(group: str) -> bool:
        return bool((await state.talk(group)).version)

    return Telegrams(bots, TelegramBots(bots, Roll(state.recall, state.swap), known))


def _bot(opening: Opening, grids: Grids, state: State, moves: Moves, name: str) -> TelegramChat:
    settings = opening.settings.telegram
    token = settings.tokens[name]
    return TelegramChat(
        token,
        name="" if tuple(settings.tokens) == (MAIN,) else name,
        named_workers=grids.worker_ids,
        api_root=settings.api,
        moves=moves,
        kin=kin(state),
        pace=RedisPace(opening.redis, account_of(token), Limits(settings.per_second)),
    )


async def _start(opening: Opening, bot: TelegramChat) -> Refused | None:
    opening.stack.push_async_callback(bot.stop)
    try:
        await bot.start()
    except Refused as reason:
        bot.log.warning("telegram_token_refused", reason=str(reason))
        return reason
    return None


def open_doors(
    opening: Opening, app: web.Application, heard: Accept, state: State, telegrams: Telegrams
) -> None:
    """Let the updates of every bot in; raw, they go to `heard`."""
    for bot in telegrams.bots:
        accept = accepting(bot.name, heard)
        offered = partial(_offer, bot, opening.settings.lang)
        opening.run(_at_last(bot, offered, "commands_not_offered"))
        base = opening.settings.telegram.webhook
        if base is None:
            opening.run_alone(f"telegram:{bot.account}", partial(_poll, bot, accept, state))
            continue
        path = path_of(bot.name)
        secret = webhook_secret(opening.home.secret("telegram_webhook"), bot.name)
        hook = TelegramWebhook(bot, accept, base, path, secret)
        app.router.add_post(path, hook.handle)
        opening.run(_at_last(bot, hook.register, "webhook_not_registered"))


def path_of(name: str) -> str:
    """Where the webhook of a bot is."""
    return WEBHOOK_PATH if name in ("", MAIN) else f"{WEBHOOK_PATH}/{name}"


async def _poll(bot: TelegramChat, accept: Accept, state: State) -> None:
    """Poll from where the last one ended, as long as nobody else does."""
    known: dict[str, str | None] = {}

    async def recall(key: str) -> str | None:
        known[key] = await state.recall(key)
        return known[key]

    async def remember(key: str, value: str) -> None:
        try:
            await state.swap(key, known.get(key), value)
        except Stale:
            await recall(key)
            raise Unreachable("somebody else polls") from None
        known[key] = value

    await TelegramPolling(bot, accept, remember, recall).run()


async def _offer(bot: TelegramChat, lang: str) -> None:
    try:
        await bot.offer(commands(lang))
    except Refused as reason:  # the commands work all the same
        bot.log.warning("commands_refused", reason=str(reason))


async def _at_last(bot: TelegramChat, told: Callable[[], Awaitable[None]], failure: str) -> None:
    """Tell Telegram something, such as where we are, as often as it takes; then there is nothing left to do."""
    while True:
        try:
            await told()
        except (Unreachable, Refused) as reason:
            if isinstance(reason, Refused) and not bot.name:
                raise  # there is no other bot to be kept up
            bot.log.warning(failure, reason=str(reason))
            wait = reason.retry_after or 10 if isinstance(reason, Unreachable) else _ASK_AGAIN_SECONDS
            await asyncio.sleep(wait)
        else:
            break
    await asyncio.Event().wait()
