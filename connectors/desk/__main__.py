"""The desk as a process: ``python -m connectors.desk``. Every option can also be set in the environment."""

import argparse
import asyncio
import logging
import os
import secrets
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import structlog
from aiohttp import web

from connectors.desk.server import make_app
from connectors.desk.settings import Settings


def main() -> None:
    """Run the desk until it is told to stop or its parent is gone."""
    log_plainly()
    asyncio.run(serve(read_settings(sys.argv[1:], os.environ)))


def log_plainly() -> None:
    """Log a JSON object a line to stderr; stdout is for the lines that the parent waits for."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.format_exc_info,  # without the values of variables, which are secrets and residents' words
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


def read_settings(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """Return the settings of a command line and an environment; exits with a clear text on a wrong one."""
    parser, get = argparse.ArgumentParser("python -m connectors.desk"), environment.get
    parser.add_argument("--home", type=Path, default=get("LINLI_HOME", "var"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=get("LINLI_DESK_PORT", "8311"))
    parser.add_argument("--key", default=get("LINLI_DISPATCH_KEY", ""))
    parser.add_argument("--push-url", default=get("LINLI_DESK_PUSH_URL", ""))
    parser.add_argument("--push-secret", default=get("LINLI_DESK_PUSH_SECRET", ""))
    parser.add_argument("--login-token", default=get("LINLI_DESK_LOGIN", ""))
    parser.add_argument("--parent", type=int, default=get("LINLI_PARENT", "0"), help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.push_url and not given.push_secret:
        parser.error("--push-url needs --push-secret")
    return Settings(**vars(given))


async def serve(settings: Settings) -> None:
    """Serve until a signal comes or the parent is gone."""
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    made = settings.login_token or secrets.token_urlsafe(24)
    runner = web.AppRunner(make_app(replace(settings, login_token=made)), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, settings.host, settings.port, shutdown_timeout=3)
        await site.start()
        _announce(runner, settings, made)
        await _stay(stop, settings.parent)
    finally:
        await runner.cleanup()


def _announce(runner: web.AppRunner, settings: Settings, token: str) -> None:
    port = runner.addresses[0][1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    if not settings.login_token:
        sys.stdout.write(f"login http://{host}:{port}/login?token={token}\n")
    sys.stdout.write(f"ready http://{host}:{port}\n")
    sys.stdout.flush()


async def _stay(stop: asyncio.Event, parent: int) -> None:
    was_child = os.getppid() == parent
    while not stop.is_set():
        if parent and not _is_there(parent, was_child=was_child):
            return
        try:
            await asyncio.wait_for(stop.wait(), 1.0)
        except TimeoutError:
            continue


def _is_there(parent: int, *, was_child: bool) -> bool:
    if was_child:
        # A parent that died and was not waited for still has its number; its children have not.
        return os.getppid() == parent
    try:
        os.kill(parent, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main()
