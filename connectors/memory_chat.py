"""A chat platform in memory: what is said is a list. For `linli replay` and unit tests."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from actions.errors import Gone, Refused, Unreachable
from actions.message import Attachment, Heard
from actions.post import Button, Post


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the bot: the post as it stands now, and the message that was the last heard before it."""

    id: str
    post: Post
    after: str | None


class MemoryChat:
    """See `bot.ports.Chat`. Raw updates carry the finished record under `heard`.

    `private_line` is the address of the private line, before its token; `asides` are the messages there as they stand.
    To `strangers` there is no line, and of the groups that are `closed` it is no member.
    """

    def __init__(self, platform: str = "memory", private_line: str = "") -> None:
        self.platform, self.private_line = platform, private_line
        self.said: list[Said] = []
        self.edits: list[tuple[str, Post]] = []
        self.answers: list[tuple[str, str]] = []
        self.staff: tuple[tuple[str, str], ...] = ()
        self.last_heard: str | None = None
        self.heard: dict[str, Heard] = {}
        self.whispered: list[tuple[str, str, str]] = []
        self.asides: dict[str, Post] = {}
        self.strangers: set[str] = set()
        self.closed: set[str] = set()
        self.erased: list[tuple[str, str]] = []
        self.down = False

    async def understand(self, raw: dict[str, Any]) -> Heard | None:
        """The record that was put in under this id."""
        try:
            return self.heard[raw["id"]]
        except (KeyError, TypeError) as error:
            raise ValueError(f"nothing was put in as {raw!r}") from error

    async def post(self, post: Post) -> str:
        """Say it; the same key is said once."""
        self._reach(post.group)
        for said in self.said:
            if said.post.key == post.key:
                return said.id
        self.said.append(Said(f"bot{len(self.said) + 1}", post, self.last_heard))
        return self.said[-1].id

    async def edit(self, message: str, post: Post) -> None:
        """Replace what was said."""
        self._reach(post.group)
        if message in self.asides:
            self.asides[message] = post
            return
        at = next((n for n, said in enumerate(self.said) if said.id == message), None)
        if at is None:
            raise Refused(f"there is no message {message}")
        self.edits.append((message, post))
        self.said[at] = replace(self.said[at], post=replace(post, key=self.said[at].post.key))

    def _reach(self, group: str) -> None:
        if self.down:
            raise Unreachable("the platform is down")
        if group in self.closed:
            raise Gone(f"the bot is no member of {group}")

    async def answer(self, press: str, text: str) -> None:
        """Note the toast."""
        self.answers.append((press, text))

    async def whisper(
        self,
        person: str,
        text: str,
        key: str,
        buttons: tuple[tuple[Button, ...], ...] = (),
        *,
        silent: bool = False,
    ) -> str:
        """Note it; the same key is said once."""
        if self.down:
            raise Unreachable("the platform is down")
        if person in self.strangers:
            raise Gone(f"{person} has never spoken to the bot")
        keys = [one for _, _, one in self.whispered]
        if key not in keys:
            self.whispered.append((person, text, key))
            keys.append(key)
            self.asides[f"whisper{len(keys)}"] = Post(person, text, key, buttons, silent=silent)
        return f"whisper{keys.index(key) + 1}"

    async def link(self, token: str, group: str = "") -> str:
        """The private line's address, where there is one."""
        return f"{self.private_line}{token}" if self.private_line else ""

    async def workers(self, group: str) -> tuple[tuple[str, str], ...]:
        """The people put in as staff."""
        return self.staff

    async def fetch(self, attachment: Attachment) -> bytes:
        """There are no files."""
        raise Refused(f"there is no file {attachment.ref}")

    async def erase(self, group: str, person: str) -> int:
        """Note it."""
        self.erased.append((group, person))
        return 0

    async def prune(self, group: str, before: datetime) -> int:
        """Nothing is kept for long."""
        return 0
