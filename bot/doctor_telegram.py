"""What `linli doctor` says of Telegram: each bot's token and ears, and groups in which two of our bots are."""

import asyncio

from actions.errors import Refused, Unreachable
from bot.finding import Finding, Verdict, fail, ok, warn
from bot.home import Home
from bot.settings import Settings
from bot.tokens import MAIN, token_variable
from connectors.embedded_redis import socket_path
from connectors.redis_client import client_of
from connectors.redis_state import RedisState
from connectors.telegram import TelegramChat
from connectors.telegram_roll import Roll
from connectors.telegram_updates import Me

_WORST_LAST = (Verdict.OK, Verdict.WARN, Verdict.FAIL)
_SHOWN = 5


async def telegram(settings: Settings) -> Finding:
    """Whether Telegram knows our tokens, and whether privacy mode keeps the groups' messages from us."""
    tokens = settings.telegram.tokens
    if not tokens:
        return ok("off; LINLI_TELEGRAM_TOKEN turns it on")
    found = await asyncio.gather(*(_bot(name, token, settings) for name, token in tokens.items()))
    if len(found) == 1:
        return found[0]
    whats = (f"{name}: {one.what}" for name, one in zip(tokens, found, strict=True))
    mends = dict.fromkeys(one.how_to_mend for one in found if one.how_to_mend)
    worst = max((one.verdict for one in found), key=_WORST_LAST.index)
    return Finding(worst, "; ".join(whats), "; ".join(mends))


async def _bot(name: str, token: str, settings: Settings) -> Finding:
    try:
        me = await _ask(token, settings.telegram.api)
    except Refused as why:
        variable = "LINLI_TELEGRAM_TOKEN" if name == MAIN else token_variable(name)
        return fail(str(why), f"copy the token again from BotFather into {variable}, or its file")
    except Unreachable as why:
        return fail(str(why), "see that this machine reaches the Bot API, or set LINLI_TELEGRAM_API")
    if not me.hears_all:
        return warn(
            f"@{me.username} has privacy mode on: it hears a group only where it is an administrator",
            "BotFather, /setprivacy, Disable; then remove the bot from each group and add it again",
        )
    return ok(f"@{me.username} hears its groups")


async def _ask(token: str, api: str) -> Me:
    chat = TelegramChat(token, api_root=api)
    try:
        await chat.start()
        return await chat.me(fresh=True)
    finally:
        await chat.stop()


async def telegram_groups(settings: Settings) -> Finding:
    """Whether two of our bots are in one group, where one of them keeps still."""
    home = Home(settings.home)
    if len(settings.telegram.tokens) < 2:
        return ok("one bot at most: no group can have two")
    if not settings.redis_url and not home.holder():
        return ok("nothing runs that could be asked")
    redis = client_of(settings.redis_url or f"unix://{socket_path(home.redis)}")
    try:
        state = RedisState(redis)
        shared = await Roll(state.recall, state.swap).shared()
    except Unreachable:
        return ok("not known while Redis does not answer")
    finally:
        await redis.aclose()
    if not shared:
        return ok("no group has two of our bots")
    told = [f"{group}: {bots[0]} speaks, {', '.join(bots[1:])} keeps still" for group, bots in shared.items()]
    more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
    return warn("; ".join(told[:_SHOWN]) + more, "take out of each group the bot that is not its district's")
