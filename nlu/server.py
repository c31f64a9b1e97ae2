"""The server: `python -m server --port 5005` answers Rasa's POST /model/parse for the bot.

Messages that wait are read together, up to 32 at once, by one thread; the event loop stays free. When 256
wait already, the next one is told to come again in a second.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

# The batches are small: more threads of linear algebra only fight over the cores.
for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import examples  # noqa: E402
from aiohttp import web  # noqa: E402
from asked import Asked  # noqa: E402
from transcripts import ROLES  # noqa: E402

MOST_WAITING = 256
MOST_AT_ONCE = 32
MOST_BYTES = 256 * 1024
MOST_CONTEXT = 50

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Reads(Protocol):
    """Whatever turns messages into readings (reader.Reader)."""

    model: Path
    loaded_at: str
    linking: str | None

    def read(self, asked: list[Asked]) -> list[dict[str, Any]]:
        """Return a reading for each message, in the same order."""


class BadRequestError(ValueError):
    """The body does not say what to read."""


class FullError(Exception):
    """Too many messages wait already."""


def log(event: str, **fields: Any) -> None:
    """Write one line of JSON to stderr; never the text of a message."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    print(
        json.dumps({"at": stamp, "event": event, **fields}, ensure_ascii=False), file=sys.stderr, flush=True
    )


class Desk:
    """Where messages wait to be read."""

    def __init__(self, reader: Reads, most_waiting: int = MOST_WAITING) -> None:
        self.reader, self._most = reader, most_waiting
        self._waiting: asyncio.Queue[tuple[Asked, asyncio.Future[dict[str, Any]]]] = asyncio.Queue()
        self._unanswered = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reader")

    async def ask(self, asked: Asked) -> dict[str, Any]:
        """Return the reading of one message; raises FullError, or what went wrong while reading it."""
        if self._unanswered >= self._most:
            raise FullError
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._unanswered += 1
        try:
            self._waiting.put_nowait((asked, answer))
            return await answer
        finally:
            self._unanswered -= 1

    async def work(self) -> None:
        """Read what waits, for ever."""
        while True:
            batch = [await self._waiting.get()]
            while len(batch) < MOST_AT_ONCE and not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
            batch = [
                (asked, answer) for asked, answer in batch if not answer.done()
            ]  # the asker may have gone
            if batch:
                await self._read(batch)

    async def _read(self, batch: list[tuple[Asked, asyncio.Future[dict[str, Any]]]]) -> None:
        """Answer a batch; when it fails, each message alone, so that one cannot spoil the others."""
        messages = [asked for asked, _ in batch]
        try:
            readings = await asyncio.get_running_loop().run_in_executor(
                self._thread, self.reader.read, messages
            )
        except Exception as wrong:  # noqa: BLE001 (whatever it is, it is the asker's answer)
            log("unread", messages=len(batch), error=type(wrong).__name__)
            if len(batch) == 1:
                if not batch[0][1].done():
                    batch[0][1].set_exception(wrong)
                return
            for one in batch:
                await self._read([one])
            return
        for (_, answer), reading in zip(batch, readings, strict=True):
            if not answer.done():
                answer.set_result(reading)

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)


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


@web.middleware
async def in_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every error in JSON: the caller's own as 4xx, ours as 500."""
    try:
        return await handler(request)
    except BadRequestError as wrong:
        return web.json_response({"error": str(wrong)}, status=400)
    except FullError:
        return web.json_response({"error": "busy"}, status=503, headers={"Retry-After": "1"})
    except web.HTTPException as wrong:
        return web.json_response({"error": wrong.reason}, status=wrong.status)
    except Exception as wrong:  # noqa: BLE001 (the caller gets JSON whatever happens)
        log("failed", path=request.path, error=type(wrong).__name__)
        return web.json_response({"error": "this message could not be read"}, status=500)


async def parse(request: web.Request) -> web.Response:
    """POST /model/parse: what a message says."""
    desk = request.app[DESK]
    said = await desk.ask(question(await request.read()))
    return web.json_response(said, headers={"X-Linli-Model": desk.reader.model.name})


async def healthz(request: web.Request) -> web.Response:
    """GET /healthz: the process lives."""
    del request
    return web.json_response({"ok": True})


async def status(request: web.Request) -> web.Response:
    """GET /status: which model answers."""
    reader = request.app[DESK].reader
    name = reader.model.name
    return web.json_response(
        {"model": name, "fingerprint": name.removesuffix(".tar.gz"), "loaded_at": reader.loaded_at}
    )


async def linking(request: web.Request) -> web.Response:
    """GET /linking: the weights by which the bot tells what case a message is about."""
    weights = request.app[DESK].reader.linking
    if weights is None:
        return web.json_response({"error": "this model was trained without transcripts"}, status=404)
    return web.Response(text=weights, content_type="application/json")


def application(reader: Reads, most_waiting: int = MOST_WAITING) -> web.Application:
    """Return the server as an application; the desk works as long as it runs."""
    app = web.Application(client_max_size=MOST_BYTES, middlewares=[in_json])
    app[DESK] = Desk(reader, most_waiting)
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


async def _working(app: web.Application) -> Any:
    worker = asyncio.create_task(app[DESK].work())
    yield
    worker.cancel()
    await asyncio.wait([worker])
    app[DESK].close()


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


async def serve(reader: Reads, host: str, port: int, parent: int | None = None) -> None:
    """Serve until told to stop; raises OSError when the port is taken."""
    runner = web.AppRunner(application(reader), access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        name = f"[{host}]" if ":" in host else host
        print(f"ready http://{name}:{runner.addresses[0][1]}", flush=True)
        log("serving", model=reader.model.name, port=runner.addresses[0][1])
        log("stopping", why=await _until_told(parent))
    finally:
        await runner.cleanup()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Serves POST /model/parse, GET /healthz and GET /status.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5005, help="0 takes any free port")
    parser.add_argument(
        "--model", type=Path, help="a trained model; without it, this project's own, trained if needed"
    )
    return parser.parse_args()


def main() -> int:
    """Load the model and serve; 1 when there is none or the port is taken."""
    arguments = _arguments()
    parent = os.environ.get("LINLI_PARENT", "")
    import reader
    import train

    try:
        model = arguments.model or train.ensure()
        loaded = reader.Reader(model)
        asyncio.run(
            serve(loaded, arguments.host, arguments.port, int(parent) if parent.isdecimal() else None)
        )
    except (OSError, examples.BadExampleError) as wrong:
        print(wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
