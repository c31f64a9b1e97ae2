"""API keys: who holds one, and what it is good for. Compared in constant time, and never kept or logged as they are."""

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from bot.people import Name, Table, twice_named
from bot.scopes import EVERYTHING, Scope

_PREFIX = "sha256:"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SHORTEST = 16
"""Characters of a secret: a shorter one can be guessed."""


class Key(Table):
    """A key of linli.toml: by its secret, or better by the hash of it that `linli key` prints."""

    name: Name
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    hash: str | None = Field(default=None, repr=False)
    secret: SecretStr | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.hash is None) is (self.secret is None):
            raise ValueError("state either hash or secret")
        if self.hash is not None and not _DIGEST.fullmatch(self.hash):
            raise ValueError("hash must be what `linli key` prints: sha256: and 64 digits")
        if self.secret is not None and len(self.secret.get_secret_value()) < _SHORTEST:
            raise ValueError(f"secret must have at least {_SHORTEST} characters; `linli key` makes one")
        return self

    @property
    def digest(self) -> str:
        """What is compared."""
        return self.hash or digest(self.secret.get_secret_value() if self.secret else "")


def _once(keys: tuple[Key, ...]) -> tuple[Key, ...]:
    if twice := twice_named(key.name for key in keys):
        raise ValueError(f"there are two keys {twice}")
    return keys


KeyRing = Annotated[tuple[Key, ...], AfterValidator(_once)]


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever sent a request, and what they may do. `name` is for the log."""

    name: str
    scopes: frozenset[Scope]


class Keys:
    """The keys of an installation: those of linli.toml, and LINLI_API_KEY, which is good for everything."""

    def __init__(self, named: Sequence[Key] = (), whole: SecretStr | None = None) -> None:
        self._known = [(key.digest, Holder(key.name, frozenset(key.scopes))) for key in named]
        if whole is not None:
            self._known.append((digest(whole.get_secret_value()), Holder("LINLI_API_KEY", EVERYTHING)))

    def __bool__(self) -> bool:
        return bool(self._known)

    def holder(self, given: str) -> Holder | None:
        """Whose key this is; all are compared, whichever it is."""
        shown = digest(given).encode()
        fits = [holder for known, holder in self._known if hmac.compare_digest(known.encode(), shown)]
        return fits[0] if given and fits else None


def digest(key: str) -> str:
    """What is kept of a key. Keys are long and random, so a plain hash is enough."""
    return _PREFIX + sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def fresh() -> tuple[str, str]:
    """A new key, and what linli.toml keeps of it."""
    key = f"linli_{secrets.token_urlsafe(32)}"
    return key, digest(key)
