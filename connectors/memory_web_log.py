"""What a browser group keeps, in memory: for tests and trials. Nothing outlives the process."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from connectors.web_log import (
    BATCH,
    KEPT,
    Body,
    Event,
    as_they_stand,
    body_of,
    deleted_of,
    place_of,
    shows,
    text_of,
)


class MemoryWebLog:
    """See `WebLog`; nothing outlives the process."""

    def __init__(self) -> None:
        self._once: dict[tuple[str, str], str] = {}
        self._messages: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._unshown: set[tuple[str, str]] = set()
        self._events: defaultdict[str, list[Event]] = defaultdict(list)
        self._workers: defaultdict[str, dict[str, str]] = defaultdict(dict)
        self._known: set[str] = set()
        self._number = 0
        self._news = asyncio.Condition()

    async def reserve(self, group: str, once: str, body: Body) -> tuple[Body, bool]:
        """Give an id, once."""
        if (group, once) not in self._once:
            self._counts[group] += 1
            number = self._once[group, once] = str(self._counts[group])
            self._messages[group][number] = text_of(body)
            self._messages[group].pop(str(self._counts[group] - KEPT), None)
            self._unshown.add((group, number))
        number = self._once[group, once]
        kept = self._messages[group].get(number, text_of(body))
        return body_of(number, kept), (group, number) in self._unshown

    async def show(self, group: str, message: str) -> None:
        """Show, once."""
        body = await self.message(group, message)
        if body and (group, message) in self._unshown:
            self._unshown.remove((group, message))
            await self._add(group, "message", body)

    async def message(self, group: str, message: str) -> Body | None:
        """A message as it stands."""
        text = self._messages[group].get(message)
        return body_of(message, text) if text else None

    async def last(self, group: str) -> int:
        """The highest id."""
        return self._counts[group]

    async def replace(self, group: str, body: Body) -> None:
        """Write the message anew and tell."""
        self._messages[group][body["id"]] = text_of(body)
        await self._add(group, "edit", body)

    async def toast(self, group: str, body: Body) -> None:
        """Tell one person."""
        await self._add(group, "toast", body)

    async def recent(self, group: str, limit: int) -> list[Event]:
        """The newest events."""
        return self._standing(group, self._events[group][-limit:])

    async def after(self, group: str, cursor: str, wait_ms: int) -> list[Event]:
        """What came since."""
        try:
            async with asyncio.timeout(wait_ms / 1000), self._news:
                await self._news.wait_for(lambda: bool(self._since(group, cursor)))
        except TimeoutError:
            return []
        return self._standing(group, self._since(group, cursor)[:BATCH])

    def _standing(self, group: str, events: list[Event]) -> list[Event]:
        messages = self._messages[group]
        return as_they_stand(events, [messages.get(event.body.get("id", "")) for event in events])

    async def delete(self, group: str, gone: Callable[[Body], bool]) -> list[Body]:
        """Delete messages, with the events that show them."""
        messages = self._messages[group]
        bodies = {number: body_of(number, text) for number, text in messages.items()}
        deleted, quoting = deleted_of(bodies, gone)
        for number in deleted:
            del messages[number]
        messages |= {body["id"]: text_of(body) for body in quoting}
        events = self._events[group]
        events[:] = [event for event in events if not shows(event, deleted, gone)]
        return [bodies[number] for number in deleted]

    async def works(self, group: str, person: str, name: str | None) -> None:
        """Keep or drop a worker."""
        self._workers[group].pop(person, None)
        if name is not None:
            self._workers[group][person] = name

    async def workers(self, group: str) -> tuple[tuple[str, str], ...]:
        """The workers."""
        return tuple(sorted(self._workers[group].items()))

    async def known(self, group: str) -> bool:
        """Whether the bot was told."""
        return group in self._known

    async def know(self, group: str) -> None:
        """The bot was told."""
        self._known.add(group)

    def _since(self, group: str, cursor: str) -> list[Event]:
        return [event for event in self._events[group] if place_of(event.cursor) > place_of(cursor)]

    async def _add(self, group: str, kind: str, body: Body) -> None:
        self._number += 1
        events = self._events[group]
        events.append(Event(f"{self._number}-0", kind, body))
        del events[:-KEPT]
        async with self._news:
            self._news.notify_all()
