"""The Telegram simulator with a book: which process said what, and whether it could learn that it was said."""

import time
from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Self

from aiohttp import web

from tests.telegram_simulator import TelegramSimulator
from tests.telegram_wire import Failure
from tests.telegram_world import Json, Said

_VIA: ContextVar[str] = ContextVar("via", default="")
_LOST: ContextVar[bool] = ContextVar("lost", default=False)


@dataclass
class Sent:
    """One sentence as it came to Telegram. `by` is the process, `lost` that its answer was dropped on order."""

    group: str
    id: int
    text: str
    by: str
    at: float
    lost: bool


class Telegram(TelegramSimulator):
    """Every process has an address of its own, `url/via/NAME`; `names` turns that into the process of the moment."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Sent] = []
        self.used: Counter[str] = Counter()
        self.names: dict[str, object] = {}

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        return self

    def _routes(self, app: web.Application) -> None:
        super()._routes(app)
        app.router.add_route("*", "/via/{via}/bot{token}/{method}", self._answer)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        unit = self.names.get(request.match_info.get("via", ""))
        _VIA.set(getattr(unit, "who", ""))
        return await super()._answer(request)

    async def _carry_out(self, request: web.Request, method: str, parameters: Json) -> web.StreamResponse:
        waiting = self._failures.get(method)
        failure = waiting[0] if waiting else None
        _LOST.set(bool(failure and failure.after_effect))
        if failure:
            self.used[_name(failure)] += 1
        return await super()._carry_out(request, method, parameters)

    async def _do_sendmessage(self, given: Json) -> Json:
        raw = await super()._do_sendmessage(given)
        group = self.groups[int(given["chat_id"])]
        said: Said = group.said[-1]
        self.sent.append(Sent(group.ref, said.id, said.text, _VIA.get(), time.monotonic(), _LOST.get()))
        return raw


def _name(failure: Failure) -> str:
    if failure.after_effect:
        return "answer dropped after it was done"
    return str(failure.status) if failure.status else "connection dropped"
