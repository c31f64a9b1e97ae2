"""The NLU server for a command that needs one: the one that runs, or one of its own for as long as it takes."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from actions.errors import Unreachable
from bot.home import Home
from bot.nlu_project import find_nlu, nlu_command, nlu_environment
from bot.settings import Settings
from connectors.child import Child
from connectors.nlu import RasaNlu
from connectors.tcp_port import free_port


@asynccontextmanager
async def nlu_at_hand(settings: Settings) -> AsyncIterator[str]:
    """The URL of an NLU server that answers. Raises `Unreachable` and `Refused`."""
    url = settings.nlu_url or f"http://127.0.0.1:{settings.nlu_port}"
    if await _answers(url):
        yield url
        return
    if settings.nlu_url:
        raise Unreachable(f"the NLU server at {url} does not answer")
    folder, port = find_nlu(), free_port("127.0.0.1")
    argv = nlu_command(folder, "127.0.0.1", port)
    env = nlu_environment(Home(settings.home))
    async with Child("nlu", argv, env=env, cwd=folder, on_line=_tell) as child:
        await child.ready()
        yield f"http://127.0.0.1:{port}"


async def _answers(url: str) -> bool:
    nlu = RasaNlu(url)
    try:
        await nlu.status()
    except Unreachable:
        return False
    finally:
        await nlu.close()
    return True


def _tell(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 progress, beside the output
