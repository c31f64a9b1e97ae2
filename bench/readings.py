"""Asks the NLU server what it reads in transcripts: every message alone, or with what stands around it."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from actions.errors import Unreachable
from bench.figures import Pair

IN_FLIGHT = 16
MOST_BEFORE = 8
"""Messages of context, at most."""
TRIES = 8
PATIENCE = aiohttp.ClientTimeout(total=60)


def transcript(path: Path) -> list[dict[str, Any]]:
    """The messages of a file, in their order. Raises ValueError for a line that is no JSON."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def alone(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What to ask of every message with words: its text and nothing else."""
    return [{"text": message["text"]} for message in _with_words(messages)]


def in_context(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What to ask of every message with words: its text, those before it, the quoted one, the sender's role."""
    texts = {message["id"]: message["text"] for message in messages}
    worded = _with_words(messages)
    return [
        {
            "text": message["text"],
            "context": [before["text"] for before in worded[max(0, at - MOST_BEFORE) : at]],
            "reply_to": texts.get(message["reply_to"]) or None,
            "role": message["role"],
        }
        for at, message in enumerate(worded)
    ]


def _with_words(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [message for message in messages if message["text"].strip()]


async def read(url: str, messages: Sequence[dict[str, Any]], *, context: bool) -> list[Pair]:
    """The messages with words of one transcript beside the server's answers. Raises `Unreachable`."""
    answers = await ask(url, in_context(messages) if context else alone(messages))
    return [Pair(*both) for both in zip(_with_words(messages), answers, strict=True)]


async def ask(url: str, bodies: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers to these requests, in their order, sixteen in flight. Raises `Unreachable`."""
    turns = asyncio.Semaphore(IN_FLIGHT)
    async with aiohttp.ClientSession(timeout=PATIENCE) as session:

        async def one(body: dict[str, Any]) -> dict[str, Any]:
            async with turns:
                return await _answer(session, f"{url.rstrip('/')}/model/parse", body)

        return await asyncio.gather(*map(one, bodies))


async def _answer(session: aiohttp.ClientSession, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """One answer; a server that is full is asked again when it says."""
    for _ in range(TRIES):
        try:
            async with session.post(url, json=body) as answer:
                if answer.status == 200:
                    found: dict[str, Any] = await answer.json()
                    return found
                if answer.status != 503:
                    raise Unreachable(f"the NLU server answered {answer.status}")
                wait = float(answer.headers.get("Retry-After") or 0.2)
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unreachable(f"the NLU server does not answer: {error or type(error).__name__}") from error
        await asyncio.sleep(wait)
    raise Unreachable("the NLU server stays full")
