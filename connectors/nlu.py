"""The NLU server over HTTP: Rasa's `POST /model/parse` with category and urgency beside the intent."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import aiohttp
import structlog

from actions.errors import Refused, Unreachable
from actions.linking import Linker
from actions.reading import Guess, Intent, Reading, Span, Urgency
from actions.unsigned import unsigned
from connectors.linking_weights import linker_of, shipped

log = structlog.get_logger("nlu")
TIMEOUT_SECONDS = 20
TEXT_LENGTH = 4096
LINKING = "/linking"
MODEL_HEADER = "X-Linli-Model"
"""On every answer: which model gave it."""
_ROUNDING = 1e-3
PLAIN = {"text": "好"}
"""A text that every server reads, if it reads any."""
FAILURES = 2
"""So often a text may fail, each time but the first after a plain one was read, before it is taken for poison."""
SUSPECTS = 1000
SUSPECT_SECONDS = 5.0
"""Enough for a text that is tried again, where a plain one was read the moment before."""
REFUSED = (400, 413, 422)
"""Answers about the text itself: the same text again gets the same answer."""


class RasaNlu:
    """See `bot.ports.Nlu`. One session for all requests; `close` gives it back."""

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._model = ""
        self._linker: tuple[str, Linker] | None = None
        self._suspects: dict[str, int] = {}

    async def parse(
        self, text: str, context: Sequence[str] = (), reply_to: str | None = None, role: str | None = None
    ) -> Reading:
        """What the text says; numbers that say who somebody is never get to the server. Raises `Unreachable`, and `Refused`
        for a text that the server will never take, or at which it fails again and again while it reads others.
        """
        said = unsigned(text)
        text, quoted = said.text, unsigned(reply_to or "").text
        before = [unsigned(line).text for line in context]
        body: dict[str, Any] = {"text": text[:TEXT_LENGTH], "context": before}
        body |= {key: value for key, value in (("reply_to", quoted), ("role", role)) if value}
        within = None
        if suspect := self._suspects.get(text):
            await self._ask("POST", "/model/parse", PLAIN)  # where this fails too, it is not the text
            within = SUSPECT_SECONDS
        try:
            reading = reading_of(await self._ask("POST", "/model/parse", body, within))
        except Unreachable as reason:
            self._suspect(text, reason, suspect or 0)
            raise
        self._suspects.pop(text, None)
        return replace(reading, locations=tuple(map(said.back, reading.locations)))

    def _suspect(self, text: str, reason: Unreachable, failed: int) -> None:
        """Raises `Refused` for a text at which a server fails, or never ends, that reads others."""
        if reason.retry_after is not None:
            return  # it is full, and says so
        if failed >= FAILURES:
            del self._suspects[text]
            raise Refused(f"the NLU server reads others, and not this text: {reason}") from reason
        self._suspects[text] = failed + 1
        while len(self._suspects) > SUSPECTS:
            del self._suspects[next(iter(self._suspects))]

    async def linker(self) -> Linker:
        """The linking that was learnt with the model that answers. Raises `Unreachable`."""
        if self._linker is None or self._linker[0] != self._model:
            self._linker = (self._model, await self._fetch_linker())
        return self._linker[1]

    async def _fetch_linker(self) -> Linker:
        try:
            return linker_of(await self._ask("GET", LINKING, None))
        except Refused:
            log.warning("linking_not_served", url=self._url, instead="the weights that ship with the bot")
            return shipped()
        except ValueError as error:
            raise Unreachable(f"the NLU server's linking cannot be read: {error}") from error

    async def status(self) -> dict[str, Any]:
        """What the server says of itself. Raises `Unreachable`."""
        return await self._ask("GET", "/status", None)

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None, within: float | None = None
    ) -> dict[str, Any]:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        address = self._url + path
        timeout = aiohttp.ClientTimeout(total=within) if within else self._timeout
        try:
            # What residents say goes to the server that the settings name, and to none that it names.
            async with self._session.request(
                method, address, json=body, allow_redirects=False, timeout=timeout
            ) as answer:
                if answer.status == 404 and path == LINKING:
                    raise Refused("the NLU server has no linking")
                if answer.status in REFUSED:
                    raise Refused(f"the NLU server will not take this text: it answered {answer.status}")
                if answer.status != 200:
                    raise Unreachable(
                        f"the NLU server answered {answer.status}", _wait(answer.headers.get("Retry-After"))
                    )
                self._model = answer.headers.get(MODEL_HEADER, self._model)
                found = await answer.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError, RecursionError) as error:
            raise Unreachable(f"the NLU server does not answer: {error or type(error).__name__}") from error
        if not isinstance(found, dict):
            raise Unreachable("the NLU server answered something else than a reading")
        return found


def _wait(header: str | None) -> float | None:
    return float(header) if header and header.isdecimal() else None


def reading_of(answer: dict[str, Any]) -> Reading:
    """The server's answer in our words. Raises `Unreachable` for what is no reading."""
    try:
        intent = answer["intent"]
        urgency = answer.get("urgency") or {"name": "normal", "confidence": 1.0}
        return Reading(
            intent=Intent(intent["name"]),
            confidence=_chance(intent["confidence"]),
            categories=_ranking(answer),
            urgency=Urgency(urgency["name"]),
            urgency_confidence=_chance(urgency["confidence"]),
            locations=tuple(
                _span(entity) for entity in answer.get("entities", []) if entity["entity"] == "location"
            ),
            intents=_guesses(answer.get("intent_ranking") or []),
            meaning=_meaning(answer.get("meaning") or ""),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise Unreachable(f"the NLU server's answer is no reading: {error!r}") from error


def _ranking(answer: dict[str, Any]) -> tuple[Guess, ...]:
    ranking = answer.get("category_ranking") or [answer["category"]] if answer.get("category") else []
    return _guesses(ranking[:10])


def _guesses(ranking: list[dict[str, Any]]) -> tuple[Guess, ...]:
    return tuple(Guess(str(guess["name"]), _chance(guess["confidence"])) for guess in ranking)


def _chance(told: Any) -> float:
    chance = float(told)
    if not 0 <= chance <= 1 + _ROUNDING:
        raise ValueError(f"{chance} is no probability")
    return min(chance, 1.0)


def _meaning(told: str) -> str:
    b64decode(told, validate=True)  # what cannot be compared must not be kept with a case
    return told


def _span(entity: dict[str, Any]) -> Span:
    confidence = float(entity.get("confidence_entity") or 1.0)
    return Span(int(entity["start"]), int(entity["end"]), str(entity["value"]), confidence)
