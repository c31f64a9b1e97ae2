"""Moves: chats that a platform gave another number, such as a Telegram group that became a supergroup.

The number that a group had first stays its name with us for ever, so nothing of it has to be moved: cases,
tickets, links, orders and what waits in the inbox remain true. Only the connector knows the number of today.

Both directions are small values of their own, `home` (today's number → ours) and `now` (ours → today's). Each
may be written twice, and one without the other is mended by the next who learns of the move; whatever process
learns it, all know it at once, since a number not known here to have moved is looked up every time.
"""

from collections.abc import Awaitable, Callable

Remember = Callable[[str, str], Awaitable[None]]
Recall = Callable[[str], Awaitable[str | None]]


class Moves:
    """The moves of one platform's chats, kept by `remember` and `recall`, which may raise `Unreachable`."""

    def __init__(self, remember: Remember, recall: Recall, platform: str = "telegram") -> None:
        self._remember, self._recall, self._platform = remember, recall, platform
        self._home: dict[int, int] = {}
        self._now: dict[int, int] = {}
        self._stays: set[int] = set()

    @classmethod
    def in_memory(cls) -> "Moves":
        """Moves that are forgotten with the process."""
        values: dict[str, str] = {}

        async def remember(key: str, value: str) -> None:
            values[key] = value

        async def recall(key: str) -> str | None:
            return values.get(key)

        return cls(remember, recall)

    async def learn(self, old: int, new: int) -> None:
        """The chat `old` is now `new`. Learning it again changes nothing. Raises `Unreachable`."""
        home = await self.home(old)
        if new in (home, old):
            return
        await self._remember(self._key("home", new), str(home))
        await self._remember(self._key("now", home), str(new))
        self._home[new], self._now[home] = home, new
        self._stays.discard(home)

    async def home(self, chat: int) -> int:
        """The number by which we know a chat. Raises `Unreachable`."""
        return await self._look(self._home, "home", chat)

    async def now(self, home: int, *, surely: bool = True) -> int:
        """The number that a chat of ours has today. Raises `Unreachable`.

        For whoever is told so when the chat has moved, it need not be `surely`: then a chat that has not moved when
        this process first asked is not looked up again.
        """
        if not surely and home in self._stays:
            return home
        now = await self._look(self._now, "now", home)
        if now == home:
            self._stays.add(home)
        return now

    async def _look(self, known: dict[int, int], what: str, chat: int) -> int:
        if chat > 0:  # a person's number never changes
            return chat
        if chat not in known:
            kept = await self._recall(self._key(what, chat))
            if kept is None:
                return chat
            known[chat] = int(kept)
        return known[chat]

    def _key(self, what: str, chat: int) -> str:
        return f"{self._platform}:moved:{what}:{chat}"


async def home_of(group: str, recall: Recall) -> str:
    """The name under which a group is kept, whichever of its numbers is given. Raises `Unreachable`."""
    platform, _, number = group.partition(":")
    kept = await recall(f"{platform}:moved:home:{number}")
    return f"{platform}:{kept}" if kept else group
