"""The table of the Telegram connector, and its tokens: in linli.toml, in files of their own or in variables."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator

from bot.addresses import Url
from bot.fault import fault
from bot.people import Table
from bot.toml_lines import Place
from bot.written import Written

MAIN = "main"
"""The name of the bot that an installation with only one has."""
_VARIABLE = "LINLI_TELEGRAM_TOKEN"


def _name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
        raise ValueError("must be of small letters, digits and -, such as east")
    return name


def webhook_secret(key: str, name: str) -> str:
    """By which the pushes to one of several bots are told from others', out of the key that all have in common."""
    return key if name in ("", MAIN) else hmac.digest(key.encode(), name.encode(), hashlib.sha256).hex()


def token_variable(name: str) -> str:
    """The variable that has the token of the bot of this name."""
    return f"{_VARIABLE}_{name.upper().replace('-', '_')}"


def is_token_variable(variable: str) -> bool:
    """Whether the variable may be the token of one of several bots."""
    return variable.startswith(f"{_VARIABLE}_")


class Bot(Table):
    """One more bot of Telegram, by the name that log and doctor call it."""

    name: Annotated[str, AfterValidator(_name)]
    token: SecretStr | None = None
    token_file: Path | None = None


class Telegram(Table):
    """The Telegram connector; it is on where there is a token. `bots` are those beside the one of `token`."""

    token: SecretStr | None = None
    token_file: Path | None = None
    api: Url = "https://api.telegram.org"
    webhook: Url | None = None
    per_second: Annotated[int, Field(ge=1, le=1000)] = 30
    bots: tuple[Bot, ...] = ()

    @field_validator("bots")
    @classmethod
    def _each_its_own(cls, bots: tuple[Bot, ...], info: ValidationInfo) -> tuple[Bot, ...]:
        names, tokens = {MAIN}, {info.data.get("token")}
        for at, bot in enumerate(bots):
            place = ("telegram", "bots", at)
            if bot.name in names:
                raise fault(f"the name {bot.name} is taken", *place, "name")
            if bot.token is None:
                raise fault(f"{bot.name} needs token_file here, or {token_variable(bot.name)}", *place)
            if bot.token in tokens:
                raise fault(f"{bot.name} has the token of another bot", *place)
            names.add(bot.name)
            tokens.add(bot.token)
        return bots

    @property
    def tokens(self) -> dict[str, str]:
        """The token of every bot, by its name."""
        own = {MAIN: self.token} if self.token else {}
        all_of_them = own | {bot.name: bot.token for bot in self.bots if bot.token}
        return {name: token.get_secret_value() for name, token in all_of_them.items()}


def read_tokens(raw: dict[str, Any], file: Path, written: Written, env: Mapping[str, str]) -> list[str]:
    """Put the tokens into `raw`; what is wrong with their files, each with its place. A variable wins over a file."""
    told = []
    for place, table in _tables(raw):
        variable = token_variable(str(table.get("name", ""))) if "bots" in place else _VARIABLE
        if given := env.get(variable, "").strip():
            table["token"] = given
            written.note({(*place, "token"): variable})
        elif isinstance(named := table.get("token_file"), str):
            told += _from_file(table, (*place, "token_file"), file.parent / named, written)
    return told


def _tables(raw: dict[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    telegram = raw.get("telegram")
    if isinstance(telegram, dict):
        yield ("telegram",), telegram
        bots = telegram.get("bots")
        for at, bot in enumerate(bots if isinstance(bots, list) else ()):
            if isinstance(bot, dict):
                yield ("telegram", "bots", at), bot


def _from_file(table: dict[str, Any], place: Place, path: Path, written: Written) -> list[str]:
    if "token" in table:
        return [f"{written.where(place)}: state the token or its file, not both"]
    try:
        token = path.expanduser().read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "this is no token"
        table["token"] = f"unread:{place}"  # what it lacks is told once
        return [f"{written.where(place)}: {path}: {reason}"]
    table["token"] = token
    return []
