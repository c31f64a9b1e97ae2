"""What is heard in a group: a Message, a Press on a button, a change of the group itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """Who speaks. Only a worker may press a worker's button."""

    RESIDENT = "resident"
    WORKER = "worker"
    PROPERTY = "property"
    OFFICIAL = "official"
    BOT = "bot"


class Kind(StrEnum):
    """What a message is made of; `OTHER` is everything that nobody can report a problem with."""

    TEXT = "text"
    PHOTO = "photo"
    VOICE = "voice"
    VIDEO = "video"
    LOCATION = "location"
    STICKER = "sticker"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that stays with the platform: `ref` is the platform's own handle, opaque to us."""

    kind: Kind
    ref: str
    mime: str = ""
    size_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Point:
    """A place on earth in WGS 84 degrees."""

    lat: float
    long: float


@dataclass(frozen=True, slots=True)
class Message:
    """One chat message as heard.

    `group` and `sender` carry their platform (`telegram:-1001234`); `id`, `reply_to`, `thread` and
    `album` are the platform's own, as text. `at` is aware. An edit has the id of what it replaces.
    """

    group: str
    id: str
    sender: str
    sender_name: str
    role: Role
    at: datetime
    kind: Kind
    text: str
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None
    quoted: str | None = None
    thread: str | None = None
    album: str | None = None
    point: Point | None = None
    edited: bool = False
    addressed: bool = False
    group_title: str = ""


@dataclass(frozen=True, slots=True)
class Press:
    """One press on a button. `id` answers it; `data` is what we put behind the button, if not forged."""

    group: str
    id: str
    sender: str
    sender_name: str
    role: Role
    at: datetime
    data: str
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """The bot came into a group. `hears_all` is false where privacy mode hides ordinary messages."""

    group: str
    title: str
    at: datetime
    hears_all: bool


@dataclass(frozen=True, slots=True)
class Left:
    """The bot was removed from a group, or blocked by a person."""

    group: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Reacted:
    """A person's reaction to a message; `added` are the emoji that were not there before. `id` names the event."""

    group: str
    id: str
    sender: str
    sender_name: str
    at: datetime
    message: str
    added: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Migrated:
    """The platform gave the group another number, `to`; ours stays `group`, and everything under it."""

    group: str
    to: str
    at: datetime


Heard = Message | Press | Joined | Left | Reacted | Migrated
