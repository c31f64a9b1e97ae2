"""What the desk is told at its start, and where the aiohttp application keeps it."""

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from connectors.desk.store import Store
from connectors.tries import MemoryTries


@dataclass(frozen=True)
class Settings:
    """The desk's options. ``parent`` is the process id without which the desk does not stay, 0 for none."""

    home: Path
    host: str = "127.0.0.1"
    port: int = 8311
    # No secret shows where the settings are printed or logged as a whole.
    key: str = field(default="", repr=False)
    push_url: str = ""
    push_secret: str = field(default="", repr=False)
    login_token: str = field(default="", repr=False)
    parent: int = 0

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the desk."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


SETTINGS = web.AppKey("settings", Settings)
STORE = web.AppKey("store", Store)
TRIES = web.AppKey("tries", MemoryTries)
