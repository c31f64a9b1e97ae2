"""Telegram Desktop's own export (`result.json`): a chat as the connector would have heard it.

Written after the program that writes it (`export_output_json.cpp`): one chat, or a whole account with its chats
in a list. What a bot never hears, such as service messages and polls, is left out and counted. An export has
the last wording of an edited message only, and does not say who administers the group.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from actions.message import Attachment, Kind, Message, Point, Role
from bot.history import HOME_ZONE, BadHistory, History, printable
from bot.json_stream import BadJson, JsonStream
from connectors.telegram_updates import EARLIEST

LISTED = 60
"""Chats named at most when one has to be chosen."""
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
_AGAIN = "export the chat again, or cut this out of the file"
_PEER = re.compile(r"(user|channel|chat)(\d{1,18})")
_PEER_PREFIX = {"user": "", "channel": "-100", "chat": "-"}
_MEDIA_TYPES = {
    "sticker": Kind.STICKER,
    "voice_message": Kind.VOICE,
    "audio_file": Kind.VOICE,
    "video_message": Kind.VIDEO,
    "video_file": Kind.VIDEO,
}
_UNHEARD = (
    "poll", "game_title", "invoice_information", "giveaway_information", "giveaway_results", "paid_stars_amount",
)  # fmt: skip


def read_export(path: Path, zone: ZoneInfo = HOME_ZONE, wanted: str | None = None) -> History:
    """The history of a file's chat, or of the one called `wanted` by name or id.

    `zone` is that of the local times in old exports, which have no others. Raises `BadHistory`, which names
    the message, or the chats where one has to be chosen.
    """
    with path.open("rb") as file:
        stream, chats = JsonStream(file), list[_Chat]()
        try:
            for chat in _chats(stream, zone, wanted):
                chats.append(chat)
        except BadJson as fault:
            raise BadHistory(f"{path.name} line {fault.line}: {fault}; export the chat again") from None
        except _BadMessage as fault:
            raise BadHistory(f"{path.name} {fault}; {_AGAIN}") from None
    chat = _chosen(path.name, chats, wanted)
    if not chat.messages:
        raise BadHistory(f"{path.name}: there is no message in it that a bot would hear")
    return chat.history()


class _BadMessage(Exception):
    """The text says which message and why, and quotes nothing of it."""


# --- the chats of the file ---


@dataclass(slots=True)
class _Chat:
    """A chat as far as it is read; `whole` where it is all that the file holds."""

    zone: ZoneInfo
    wanted: str | None
    whole: bool
    name: str = ""
    kind: str = ""
    id: int = 0
    count: int = 0
    messages: list[Message] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    topics: set[str] = field(default_factory=set)
    bots: set[str] = field(default_factory=set)
    via: dict[str, str] = field(default_factory=dict)
    unheard: int = 0

    @property
    def group(self) -> str:
        """The chat's id as the Bot API has it."""
        if self.kind.endswith(("supergroup", "channel")):
            return f"telegram:-100{self.id}"
        return f"telegram:{'-' if self.kind.endswith('group') else ''}{self.id}"

    def member(self, key: str, stream: JsonStream) -> None:
        """Take in one member of the chat's object."""
        if key == "messages" and stream.peek() == "[":
            self._read(stream)
            return
        value = stream.value()
        if key == "name" and isinstance(value, str):
            self.name = printable(value)
        elif key == "type" and isinstance(value, str):
            self.kind = printable(value)
        elif key == "id" and isinstance(value, int) and 0 <= value < 10**18:
            self.id = value

    def is_called(self, wanted: str) -> bool:
        """Whether this is the one, by its name or its id in any of its forms."""
        number = self.group.partition(":")[2]
        return wanted.strip() in (self.name.strip(), str(self.id), number, self.group)

    def _read(self, stream: JsonStream) -> None:
        known = bool(self.name or self.id)
        skip = not self.whole and (self.wanted is None or (known and not self.is_called(self.wanted)))
        for number in stream.items():
            line = stream.line
            try:
                row = stream.value()
                self.count = number
                if not skip:
                    self._take(row)
            except BadJson as fault:
                raise _BadMessage(f"message {number} (line {fault.line}): {fault}") from None
            except (ValueError, TypeError, KeyError, OverflowError) as error:
                reason = f"the field {error} is missing" if isinstance(error, KeyError) else str(error)
                raise _BadMessage(f"message {number} (line {line}): {reason}") from None

    def _take(self, row: Any) -> None:
        if not isinstance(row, dict):
            raise ValueError("this is no JSON object")
        if row.get("type", "message") != "message":
            if row.get("action") == "topic_created":
                self.topics.add(str(_id(row["id"])))
            self.unheard += 1
            return
        message = _message(row, self.zone)
        if message is None or message.id in self.seen:
            self.unheard += 1
            return
        self.seen.add(message.id)
        self.messages.append(message)
        via = row.get("via_bot")
        if isinstance(via, str) and via:
            self.via[message.id] = printable(via)
        elif row.get("inline_bot_buttons") and not row.get("forwarded_from"):
            self.bots.add(message.sender)  # only bots put buttons under what they say

    def history(self) -> History:
        """All of it, once it is read to the end."""
        messages = tuple(_told_apart(_in_albums(_answering(self.messages, self.topics)), self))
        left_out = Counter({"unheard": self.unheard, "bot": len(self.messages) - len(messages)})
        return History(self.group, self.name, messages, +left_out, self.via)


def _chats(stream: JsonStream, zone: ZoneInfo, wanted: str | None) -> Iterator[_Chat]:
    """The chats in the file's order; of a single one the file itself is the chat."""
    if stream.peek() != "{":
        raise BadJson("this is no export", stream.line)
    whole, many = _Chat(zone, wanted, whole=True), False
    for key in stream.members():
        if key in ("chats", "left_chats") and stream.peek() == "{":
            many = True
            yield from _listed(stream, zone, wanted)
        else:
            whole.member(key, stream)
    if not many:
        yield whole


def _listed(stream: JsonStream, zone: ZoneInfo, wanted: str | None) -> Iterator[_Chat]:
    for key in stream.members():
        if key != "list" or stream.peek() != "[":
            stream.value()
            continue
        for _ in stream.items():
            chat = _Chat(zone, wanted, whole=False)
            if stream.peek() != "{":
                raise BadJson("a chat was expected", stream.line)
            for member in stream.members():
                chat.member(member, stream)
            yield chat


def _chosen(file: str, chats: list[_Chat], wanted: str | None) -> _Chat:
    if len(chats) == 1 and chats[0].whole and wanted is None:
        return chats[0]
    fitting = [chat for chat in chats if wanted is not None and chat.is_called(wanted)]
    if len(fitting) == 1:
        return fitting[0]
    if wanted is None:
        said = f"holds {len(chats)} chats; name one with --chat"
    else:
        said = f"{len(fitting)} chats are called so; take the id" if fitting else "no chat is called so"
    listed = [
        f"  {chat.id}  {chat.name or '—'} ({chat.kind or '—'}, {chat.count})" for chat in fitting or chats
    ]
    more = [f"  … {len(listed) - LISTED} more"] if len(listed) > LISTED else []
    raise BadHistory("\n".join([f"{file}: {said}", *listed[:LISTED], *more]))


# --- what is known only when all is read ---


def _answering(messages: list[Message], topics: set[str]) -> Iterator[Message]:
    """With the words replied to, as a live update has them, and the topic."""
    texts = {message.id: message.text for message in messages}
    threads: dict[str, str] = {}
    for message in messages:
        reply_to = message.reply_to
        thread = message.thread or (reply_to if reply_to in topics else threads.get(reply_to or ""))
        if thread:
            threads[message.id] = thread
        if reply_to in topics:  # every message of a topic "replies" to the one that opened it
            reply_to = None
        quoted = texts.get(reply_to) or None if reply_to else None
        yield replace(message, reply_to=reply_to, quoted=quoted, thread=thread)


def _in_albums(messages: Iterator[Message]) -> Iterator[Message]:
    """Pictures that one person sent in the same second were one album; an export does not say so."""

    def together(message: Message) -> tuple[str, ...]:
        picture = message.kind in (Kind.PHOTO, Kind.VIDEO)
        return (message.sender, message.at.isoformat()) if picture else (message.id,)

    for _, run in groupby(messages, together):
        album = list(run)
        for message in album:
            yield replace(message, album=message.album or album[0].id) if len(album) > 1 else message


def _told_apart(messages: Iterator[Message], chat: _Chat) -> Iterator[Message]:
    """Without what bots said; whoever speaks as the group itself is an administrator of it."""
    for message in messages:
        if message.sender not in chat.bots or message.sender == chat.group:
            role = Role.WORKER if message.sender == chat.group else message.role
            yield replace(message, group=chat.group, group_title=chat.name, role=role)


# --- one message ---


def _message(row: Mapping[str, Any], zone: ZoneInfo) -> Message | None:
    """The message, but for its group; None for what no bot hears."""
    text, kind = _text(row), _kind(row)
    if kind is None or (kind is Kind.TEXT and not text) or _is_command_for_another(row):
        return None
    number = str(_id(row["id"]))
    known_as = _name(row.get("from"))
    return Message(
        group="",
        id=number,
        sender=_sender(row, known_as),
        sender_name=known_as,
        role=Role.OFFICIAL if _is_from_linked_channel(row) else Role.RESIDENT,
        at=_at(row, zone),
        kind=kind,
        text=_place_name(row) or text,
        attachments=_attachments(row, kind, number),
        reply_to=_reply_to(row),
        thread=_optional_id(row, "topic_id"),
        album=_optional_id(row, "media_group_id"),
        point=_point(row),
    )


def _kind(row: Mapping[str, Any]) -> Kind | None:
    if any(row.get(unheard) is not None for unheard in _UNHEARD):
        return None
    if row.get("photo"):
        return Kind.PHOTO
    media = row.get("media_type")
    if isinstance(media, str) and media in _MEDIA_TYPES:
        return _MEDIA_TYPES[media]
    if media or row.get("file"):
        return Kind.PHOTO if _name(row.get("mime_type")).startswith("image/") else Kind.OTHER
    if row.get("location_information") is not None:
        return Kind.LOCATION
    return Kind.OTHER if row.get("contact_information") is not None else Kind.TEXT


def _text(row: Mapping[str, Any]) -> str:
    """The words, which are a string, or a list of strings and of objects that mark a part."""
    text = row.get("text")
    parts = text if isinstance(text, list) else [text]
    if not any(parts) and isinstance(row.get("text_entities"), list):
        parts = row["text_entities"]
    words = [part.get("text") if isinstance(part, dict) else part for part in parts]
    if not all(word is None or isinstance(word, str) for word in words):
        raise ValueError("the field 'text' is neither words nor a list of words")
    return printable("".join(word or "" for word in words))


def _place_name(row: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (_name(row.get("place_name")), _name(row.get("address")))))


def _point(row: Mapping[str, Any]) -> Point | None:
    told = row.get("location_information")
    if not isinstance(told, dict):
        return None
    return Point(_degrees(told.get("latitude"), 90), _degrees(told.get("longitude"), 180))


def _degrees(value: object, most: int) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.fabs(value) <= most:
        raise ValueError("the field 'location_information' has no degrees")
    return float(value)


def _attachments(row: Mapping[str, Any], kind: Kind, number: str) -> tuple[Attachment, ...]:
    if not (row.get("photo") or row.get("file") or row.get("media_type")):
        return ()
    mime = _name(row.get("mime_type")) or ("image/jpeg" if kind is Kind.PHOTO else "")
    return (Attachment(kind, f"replay:{number}", mime),)


def _sender(row: Mapping[str, Any], known_as: str) -> str:
    told = row.get("from_id")
    if isinstance(told, int) and not isinstance(told, bool) and 0 < told < 10**18:  # before 2021
        return f"telegram:{told}"
    peer = _PEER.fullmatch(told) if isinstance(told, str) else None
    return f"telegram:{_PEER_PREFIX[peer[1]]}{peer[2]}" if peer else f"telegram:{known_as or 'unknown'}"


def _is_from_linked_channel(row: Mapping[str, Any]) -> bool:
    ours = row.get("from")
    by_channel = str(row.get("from_id")).startswith("channel")
    return by_channel and bool(ours) and ours == row.get("forwarded_from")


def _is_command_for_another(row: Mapping[str, Any]) -> bool:
    parts = row.get("text_entities") or row.get("text")
    first = parts[0] if isinstance(parts, list) and parts else None
    return isinstance(first, dict) and first.get("type") == "bot_command" and "@" in _name(first.get("text"))


def _reply_to(row: Mapping[str, Any]) -> str | None:
    elsewhere = row.get("reply_to_peer_id") is not None
    return None if elsewhere else _optional_id(row, "reply_to_message_id")


def _at(row: Mapping[str, Any], zone: ZoneInfo) -> datetime:
    seconds = row.get("date_unixtime")
    try:
        if seconds is not None:
            at = datetime.fromtimestamp(int(seconds), zone)
        else:
            at = datetime.fromisoformat(row["date"])
            at = at if at.tzinfo else at.replace(tzinfo=zone)
        sane = EARLIEST <= at <= _LATEST
    except (ValueError, TypeError, OverflowError, OSError):
        sane = False
    if not sane:
        raise ValueError("the field 'date' is no date since there is Telegram")
    return at


def _id(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 10**18:
        raise ValueError("the field 'id' is no number")
    return value


def _optional_id(row: Mapping[str, Any], key: str) -> str | None:
    value = row.get(key)
    good = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18 and value
    return str(value) if good else None


def _name(value: object) -> str:
    return printable(value) if isinstance(value, str) else ""
