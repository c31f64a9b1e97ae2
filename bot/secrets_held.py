"""The secrets that an installation holds: what is struck out of the log wherever it turns up."""

from contextlib import suppress
from urllib.parse import unquote, urlsplit

from actions.errors import Refused
from bot.home import Home
from bot.settings import Settings
from bot.tokens import webhook_secret

NAMES = ("buttons", "desk_key", "evidence", "households", "login", "push_secret", "telegram_webhook", "web")
"""Those that the program makes for itself, in HOME/keys."""
_SHORTEST = 6
"""A shorter one would strike out ordinary words; nobody should use such a secret."""


def secrets_held(settings: Settings) -> list[str]:
    """All of them, the longest first. Those of the home are made where they are missing."""
    stated = (
        settings.dispatch_key,
        settings.dispatch_push_secret,
        settings.api_key,
        *(key.secret for key in settings.keys),
    )
    found = {secret.get_secret_value() for secret in stated if secret} | {*settings.telegram.tokens.values()}
    for url in (settings.redis_url, settings.nlu_url, settings.dispatch_url):
        found |= _passwords(url or "")
    with suppress(Refused):  # a home that cannot be used is told of elsewhere
        home = Home(settings.home)
        found |= {home.secret(name) for name in NAMES}
        key = home.secret("telegram_webhook")
        found |= {webhook_secret(key, name) for name in settings.telegram.tokens}
    return sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True)


def _passwords(url: str) -> set[str]:
    with suppress(ValueError):
        password = urlsplit(url).password or ""
        return {password, unquote(password)}
    return set()
