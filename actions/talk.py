"""Talk: what a group is talking about, as far as the bot needs it to understand the next message."""

from dataclasses import dataclass, replace
from datetime import datetime

from actions.message import Kind, Message, Role
from actions.reading import Intent

REMEMBERED = 30
"""How many of the last messages are kept; their words are needed to tell what a short answer is about."""
WORDS_KEPT = 200
"""Characters kept of each of them."""


@dataclass(frozen=True, slots=True)
class Line:
    """One of the last messages of the group, and the case that it went to, if any."""

    id: str
    sender: str
    role: Role
    at: datetime
    kind: Kind
    text: str
    intent: Intent
    case: str = ""
    album: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """A group's memory. `version` counts its saves: a stale save is refused. `left` is since when the bot is no
    longer in the group.
    """

    group: str
    title: str = ""
    lang: str = ""
    grid: str = ""
    version: int = 0
    last_number: int = 0
    hears_all: bool = True
    greeted: bool = False
    recent: tuple[Line, ...] = ()
    warned: tuple[str, ...] = ()
    left: datetime | None = None

    def heard(self, message: Message, intent: Intent, case: str = "") -> "Talk":
        """The memory with one more message; the oldest is forgotten."""
        line = Line(
            message.id,
            message.sender,
            message.role,
            message.at,
            message.kind,
            message.text[:WORDS_KEPT],
            intent,
            case,
            message.album,
        )
        kept = tuple(old for old in self.recent if old.id != message.id)
        title = message.group_title or self.title
        return replace(self, recent=(*kept, line)[-REMEMBERED:], title=title, left=None)

    def knows(self, message: Message) -> bool:
        """Whether an edit of a text changes nothing: these very words were heard already."""
        if message.kind is not Kind.TEXT or len(message.text) >= WORDS_KEPT:
            return False
        old = next((line for line in self.recent if line.id == message.id), None)
        return old is not None and old.kind is Kind.TEXT and old.text == message.text
