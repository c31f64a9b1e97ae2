"""The server: `python -m server --port 5005` answers Rasa's POST /model/parse for the bot.

It only takes messages and hands out answers; reading is done by processes of its own, one a core (pool.py). Messages
that wait are read together, up to 32 at once. When 256 wait already, the next one is told to come again in a second.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web
from asked import Asked
from desk import MOST_WAITING, Desk, FullError, Lane, UnreadError
from pool import About, NotReadyError, Pool, cores
from readers import log
from transcripts import ROLES

MOST_BYTES = 256 * 1024
MOST_CONTEXT = 50

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class BadRequestError(ValueError):
    """The body does not say what to read."""


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= MOST_CONTEXT and all(isinstance(v, str) for v in value)


def question(body: bytes) -> Asked:
    """Return the message to read out of a request's body; raises BadRequestError saying what is wrong."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as wrong:
        raise BadRequestError("the body is not JSON") from wrong
    if not isinstance(said, dict) or not isinstance(said.get("text"), str):
        raise BadRequestError("text must be a string")
    if not _is_texts(said.get("context") or []):
        raise BadRequestError(f"context must be a list of at most {MOST_CONTEXT} strings")
    if not isinstance(said.get("reply_to"), str | None):
        raise BadRequestError("reply_to must be a string")
    if said.get("role") not in {None, *ROLES} if isinstance(said.get("role"), str | None) else True:
        raise BadRequestError(f"role must be one of {', '.join(ROLES)}")
    return Asked(said["text"], tuple(said.get("context") or ()), said.get("reply_to"), said.get("role"))


DESK = web.AppKey("desk", Desk)
ABOUT = web.AppKey("about", dict)


@web.middleware
async def in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error in JSON: the caller's own as 4xx, ours as 500."""
    try:
        return await handler(request)
    except BadRequestError as wrong:
        return web.json_response({"error": str(wrong)}, status=400)
    except FullError:
        return web.json_response({"error": "busy"}, status=503, headers={"Retry-After": "1"})
    except UnreadError:
        return web.json_response({"error": "this message could not be read"}, status=500)
    except web.HTTPException as wrong:
        return web.json_response({"error": wrong.reason}, status=wrong.status)
    except Exception as wrong:  # noqa: BLE001 (the caller gets JSON whatever happens)
        log("failed", path=request.path, error=type(wrong).__name__)
        return web.json_response({"error": "this message could not be read"}, status=500)


async def parse(request: web.Request) -> web.Response:
    """POST /model/parse: what a message says."""
    said = await request.app[DESK].ask(question(await request.read()))
    headers = {"X-Linli-Model": request.app[ABOUT]["model"]}
    return web.Response(body=said, content_type="application/json", headers=headers)


async def healthz(request: web.Request) -> web.Response:
    """GET /healthz: the process lives."""
    del request
    return web.json_response({"ok": True})


async def status(request: web.Request) -> web.Response:
    """GET /status: which model answers."""
    about = request.app[ABOUT]
    fingerprint = about["model"].removesuffix(".tar.gz")
    return web.json_response(
        {"model": about["model"], "fingerprint": fingerprint, "loaded_at": about["loaded_at"]}
    )


async def linking(request: web.Request) -> web.Response:
    """GET /linking: the weights by which the bot tells what case a message is about."""
    weights = request.app[ABOUT]["linking"]
    if weights is None:
        return web.json_response({"error": "this model was trained without transcripts"}, status=404)
    return web.Response(text=weights, content_type="application/json")


def application(lanes: Sequence[Lane], about: About, most_waiting: int = MOST_WAITING) -> web.Application:
    """Return the server as an application; the desk works as long as it runs."""
    app = web.Application(client_max_size=MOST_BYTES, middlewares=[in_json])
    app[DESK], app[ABOUT] = Desk(lanes, most_waiting), about
    app.add_routes(
        [
            web.post("/model/parse", parse),
            web.get("/healthz", healthz),
            web.get("/status", status),
            web.get("/linking", linking),
        ]
    )
    app.cleanup_ctx.append(_working)
    return app


async def _working(app: web.Application) -> AsyncIterator[None]:
    worker = asyncio.create_task(app[DESK].work())
    yield
    worker.cancel()
    await asyncio.wait([worker])


async def _orphaned(parent: int) -> None:
    """Return when the parent process is gone: nobody would stop us then."""
    while os.getppid() == parent:  # noqa: ASYNC110 (nothing tells a process of its parent's end)
        await asyncio.sleep(0.5)


async def _until_told(parent: int | None) -> str:
    """Wait for SIGTERM, SIGINT or the parent's death; return which it was."""
    told = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, told.set)
    if parent is None:
        await told.wait()
        return "signal"
    both = {asyncio.create_task(told.wait()), asyncio.create_task(_orphaned(parent))}
    await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    for task in both:
        task.cancel()
    return "signal" if told.is_set() else "orphaned"


async def serve(pool: Pool, host: str, port: int, parent: int | None = None) -> None:
    """Serve until told to stop; raises OSError when the port is taken, NotReadyError when nobody can read."""
    told = asyncio.create_task(_until_told(parent))
    try:
        starting = asyncio.create_task(pool.start())
        await asyncio.wait({starting, told}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():  # else we were told while the model was trained
            await starting
            await _answer(pool, host, port, told)
        starting.cancel()
    finally:
        told.cancel()
        await pool.stop()


async def _answer(pool: Pool, host: str, port: int, told: asyncio.Task[str]) -> None:
    runner = web.AppRunner(application(pool.lanes, pool.about), access_log=None, shutdown_timeout=5)
    await runner.setup()
    watching = asyncio.create_task(pool.watch(log))
    try:
        await web.TCPSite(runner, host, port).start()
        name = f"[{host}]" if ":" in host else host
        print(f"ready http://{name}:{runner.addresses[0][1]}", flush=True)
        log("serving", model=pool.about["model"], port=runner.addresses[0][1], readers=len(pool.lanes))
        log("stopping", why=await told)
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        await runner.cleanup()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serves POST /model/parse, GET /healthz and GET /status.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5005, help="0 takes any free port")
    parser.add_argument(
        "--model", type=Path, help="a trained model; without it, this project's own, trained if needed"
    )
    parser.add_argument("--readers", type=int, default=cores(), help="processes that read; one a core")
    return parser.parse_args()


async def _main(arguments: argparse.Namespace) -> int:
    parent = os.environ.get("LINLI_PARENT", "")
    model = ["--model", str(arguments.model.absolute())] if arguments.model else []
    pool = Pool(model, max(1, arguments.readers))
    try:
        await serve(pool, arguments.host, arguments.port, int(parent) if parent.isdecimal() else None)
    except OSError as wrong:
        print(wrong, file=sys.stderr)
        return 1
    except NotReadyError:
        return 1
    return 0


def main() -> int:
    """Have the model loaded and serve; 1 when there is none or the port is taken."""
    return asyncio.run(_main(_arguments()))


if __name__ == "__main__":
    sys.exit(main())
