"""Addresses of the settings: of what kind they are, before anybody asks them."""

from typing import Annotated

from pydantic import AfterValidator

from connectors.redis_client import SCHEMES


def _web(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url.rstrip("/")


def _redis(url: str) -> str:
    if not url.startswith(SCHEMES):
        raise ValueError(f"must begin with {', '.join(SCHEMES[:-1])} or {SCHEMES[-1]}")
    return url


Url = Annotated[str, AfterValidator(_web)]
"""A server of the web; without a slash at its end."""
RedisUrl = Annotated[str, AfterValidator(_redis)]
"""A Redis, or a cluster."""
