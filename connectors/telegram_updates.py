"""A raw Telegram update in our words: pure translation, no request is made here.

What Telegram sends is judged field by field: anything that does not have the documented shape raises
ValueError with the update's id and never its text, so that it can be kept for the operator.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import telegram
from telegram.constants import ChatMemberStatus, ChatType, MessageEntityType

from actions.message import (
    Attachment,
    Heard,
    Joined,
    Kind,
    Left,
    Message,
    Migrated,
    Point,
    Press,
    Reacted,
    Role,
)

ANONYMOUS_ADMINISTRATOR = 1087968824
EARLIEST = datetime(2013, 8, 1, tzinfo=UTC)  # there was no Telegram before
SECOND = "2-"
"""Before the ids of messages of a supergroup that was a group before: it counts its messages anew."""
_COMMAND = re.compile(r"(/[A-Za-z0-9_]+)(?:@([A-Za-z0-9_]+))?")


@dataclass(frozen=True, slots=True)
class Me:
    """The bot as Telegram knows it; `hears_all` is false while privacy mode is on."""

    id: int
    username: str
    hears_all: bool


def group_of(raw: object) -> str:
    """The group that an update belongs to, without parsing it; `telegram:unknown` where none is named."""
    parts = [part for part in raw.values() if isinstance(part, dict)] if isinstance(raw, dict) else []
    for part in parts:
        for holder in (part, part.get("message")):
            chat = holder.get("chat") if isinstance(holder, dict) else None
            number = chat.get("id") if isinstance(chat, dict) else None
            if isinstance(number, int) and not isinstance(number, bool):
                return f"telegram:{number}"
    return "telegram:unknown"


def number_in(raw: object) -> int | None:
    """The number of the chat that an update belongs to, without parsing it."""
    number = group_of(raw).removeprefix("telegram:")
    return None if number == "unknown" else int(number)


def title_in(raw: dict[str, Any]) -> str:
    """The title of the chat that an update belongs to, without parsing it; empty where there is none."""
    for part in raw.values():
        for holder in (part, part.get("message")) if isinstance(part, dict) else ():
            chat = holder.get("chat") if isinstance(holder, dict) else None
            if isinstance(chat, dict) and isinstance(chat.get("title"), str):
                return safe(chat["title"])
    return ""


def sender_in(raw: dict[str, Any]) -> str:
    """Who caused an update, without parsing it; empty where nobody is named."""
    people = [part.get("from") or part.get("user") for part in raw.values() if isinstance(part, dict)]
    number = next((person.get("id") for person in people if isinstance(person, dict)), None)
    return f"telegram:{number}" if isinstance(number, int) else ""


def move_in(raw: dict[str, Any]) -> tuple[int, int] | None:
    """The old and the new number of a chat, where the update tells that it has moved."""
    message, chat = raw.get("message"), number_in(raw)
    if not isinstance(message, dict) or chat is None:
        return None
    for name, is_new in (("migrate_to_chat_id", True), ("migrate_from_chat_id", False)):
        other = message.get(name)
        if isinstance(other, int) and not isinstance(other, bool) and other != chat:
            return (chat, other) if is_new else (other, chat)
    return None


def at_home(heard: Heard, home: int) -> Heard:
    """What was heard, under the number `home` by which we know the chat; its messages count anew."""
    group = f"telegram:{home}"
    if heard.group == group:
        return heard
    match heard:
        case Message():
            replied = SECOND + heard.reply_to if heard.reply_to else None
            return replace(heard, group=group, id=SECOND + heard.id, reply_to=replied)
        case Press():
            return replace(heard, group=group, message=SECOND + heard.message if heard.message else None)
        case Reacted():
            return replace(heard, group=group, message=SECOND + heard.message)
    return replace(heard, group=group)


def safe(text: str) -> str:
    """The text with halves of surrogate pairs joined or, where lone, replaced; UTF-16 offsets stay."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def translate(raw: dict[str, Any], me: Me, now: datetime) -> Heard | None:
    """What was heard, None for what is none of our business.

    Roles go as far as the update itself tells: WORKER for an anonymous administrator, OFFICIAL for a post
    forwarded from the linked channel, RESIDENT for everybody else. Raises ValueError and nothing else.
    """
    try:
        update = telegram.Update.de_json(_clean(raw), None)
        return _heard(update, me, now)
    except Exception as error:  # noqa: BLE001 - see below
        # The library trusts what it is sent, so a strange update may raise anything at all.
        name = raw.get("update_id") if isinstance(raw.get("update_id"), int) else "without an id"
        raise ValueError(f"update {name} cannot be read ({type(error).__name__})") from None


def _heard(update: telegram.Update, me: Me, now: datetime) -> Heard | None:
    _whole(update.update_id)
    if update.callback_query:
        return _press(update.callback_query, now)
    if update.my_chat_member:
        return _joined(update.my_chat_member, me, now)
    if update.message_reaction:
        return _reacted(update.update_id, update.message_reaction, now)
    if update.edited_message:
        return _edited(update.edited_message, me, now)
    if update.message and (migrated := _migrated(update.message, now)):
        return migrated
    return _message(update.message, me, now, edited=False) if update.message else None


def _edited(told: telegram.Message, me: Me, now: datetime) -> Message | None:
    """An edit by its writer. Without a date it is none, but a change that nobody sees; a live location that
    moves is edited all the time, and its first point is where the matter is.
    """
    if told.edit_date is None or told.location:
        return None
    return _message(told, me, now, edited=True)


def _migrated(told: telegram.Message, now: datetime) -> Migrated | None:
    chat = told.chat.id
    pairs = ((chat, told.migrate_to_chat_id), (told.migrate_from_chat_id, chat))
    for old, new in pairs:
        if old is not None and new is not None:
            return Migrated(f"telegram:{_whole(old)}", f"telegram:{_whole(new)}", _sane(told.date, now))
    return None


def _reacted(update: int, told: telegram.MessageReactionUpdated, now: datetime) -> Reacted | None:
    """A reaction of a person who is known: not of the group or a channel, and not of a bot."""
    person = told.user
    if person is None or person.is_bot:
        return None
    before, after = _emoji(told.old_reaction), _emoji(told.new_reaction)
    return Reacted(
        group=f"telegram:{_whole(told.chat.id)}",
        id=str(update),
        sender=f"telegram:{_whole(person.id)}",
        sender_name=_words(person.full_name),
        at=_sane(told.date, now),
        message=str(_whole(told.message_id)),
        added=tuple(sign for sign in after if sign not in before),
    )


def _emoji(reactions: Sequence[telegram.ReactionType]) -> tuple[str, ...]:
    return tuple(_words(one.emoji) for one in reactions if isinstance(one, telegram.ReactionTypeEmoji))


def _message(told: telegram.Message, me: Me, now: datetime, *, edited: bool) -> Message | None:
    content = _content(told)
    if content is None or not _from_a_person(told) or _is_command_for_another(told, me):
        return None
    sender, name, role = _sender(told)
    replied = _replied(told)
    return Message(
        group=f"telegram:{_whole(told.chat.id)}",
        id=str(_whole(told.message_id)),
        sender=f"telegram:{_whole(sender)}",
        sender_name=name,
        role=role,
        at=_sane(told.edit_date if edited and told.edit_date else told.date, now),
        kind=content.kind,
        text=_without_our_name(told, content.text),
        attachments=content.attachments,
        reply_to=str(_whole(replied.message_id)) if replied else None,
        quoted=_quoted(told, replied),
        thread=str(_whole(told.message_thread_id)) if told.is_topic_message is True else None,
        album=_words(told.media_group_id) or None,
        point=content.point,
        edited=edited,
        addressed=_is_addressed(told, me, replied),
        group_title=_words(told.chat.title),
    )


def _press(query: telegram.CallbackQuery, now: datetime) -> Press | None:
    if query.message is None or query.data is None:
        return None
    return Press(
        group=f"telegram:{_whole(query.message.chat.id)}",
        id=_words(query.id),
        sender=f"telegram:{_whole(query.from_user.id)}",
        sender_name=_words(query.from_user.full_name),
        role=Role.RESIDENT,
        at=now,  # a press carries no time of its own
        data=_words(query.data),
        message=str(_whole(query.message.message_id)),
    )


def _joined(change: telegram.ChatMemberUpdated, me: Me, now: datetime) -> Joined | Left | None:
    """A Joined when we came in, and again when being an administrator, so what we hear, changed; a Left when we
    were put out, or when a person stopped the bot.
    """
    before, after = change.old_chat_member, change.new_chat_member
    if is_present(before) and not is_present(after) and change.chat.type != ChatType.CHANNEL:
        return Left(f"telegram:{_whole(change.chat.id)}", _sane(change.date, now))
    unchanged = is_present(before) and is_administrator(before) == is_administrator(after)
    if change.chat.type not in {ChatType.GROUP, ChatType.SUPERGROUP} or not is_present(after) or unchanged:
        return None
    return Joined(
        group=f"telegram:{_whole(change.chat.id)}",
        title=_words(change.chat.title),
        at=_sane(change.date, now),
        hears_all=me.hears_all or is_administrator(after),
    )


def is_administrator(member: telegram.ChatMember) -> bool:
    """Whether this member administers or owns the group."""
    return member.status in {ChatMemberStatus.ADMINISTRATOR, ChatMemberStatus.OWNER}


def is_present(member: telegram.ChatMember) -> bool:
    """Whether this member is in the group; a restricted one may be or not."""
    if isinstance(member, telegram.ChatMemberRestricted):
        return member.is_member
    return is_administrator(member) or member.status == ChatMemberStatus.MEMBER


# --- what a message is made of ---


@dataclass(frozen=True, slots=True)
class _Content:
    kind: Kind
    text: str = ""
    attachments: tuple[Attachment, ...] = ()
    point: Point | None = None


def _content(told: telegram.Message) -> _Content | None:
    """The first that fits: a venue is also a location, an animation also a document."""
    return next((content for read in _READERS if (content := read(told))), None)


def _text(told: telegram.Message) -> _Content | None:
    return _Content(Kind.TEXT, _words(told.text)) if told.text else None


def _photo(told: telegram.Message) -> _Content | None:
    if not told.photo:
        return None
    largest = max(told.photo, key=lambda size: _whole(size.width) * _whole(size.height))
    return _file(told, Kind.PHOTO, largest)


def _film(told: telegram.Message) -> _Content | None:
    film = told.video or told.video_note
    return _file(told, Kind.VIDEO, film) if film else None


def _sound(told: telegram.Message) -> _Content | None:
    sound = told.voice or told.audio
    return _file(told, Kind.VOICE, sound) if sound else None


def _document(told: telegram.Message) -> _Content | None:
    document = told.animation or told.document
    if not document:
        return None
    is_image = _words(document.mime_type).startswith("image/")
    return _file(told, Kind.PHOTO if is_image else Kind.OTHER, document)


def _place(told: telegram.Message) -> _Content | None:
    location = told.venue.location if told.venue else told.location
    if not location:
        return None
    names = [_words(told.venue.title), _words(told.venue.address)] if told.venue else []
    point = Point(_degrees(location.latitude, 90), _degrees(location.longitude, 180))
    return _Content(Kind.LOCATION, " ".join(filter(None, names)), point=point)


def _sticker(told: telegram.Message) -> _Content | None:
    return _file(told, Kind.STICKER, told.sticker) if told.sticker else None


def _contact(told: telegram.Message) -> _Content | None:
    # A contact is somebody's phone number: that it came is all that is kept of it.
    return _Content(Kind.OTHER) if told.contact else None


_READERS: tuple[Callable[[telegram.Message], _Content | None], ...] = (
    _text, _photo, _film, _document, _sound, _place, _sticker, _contact,
)  # fmt: skip


def _file(told: telegram.Message, kind: Kind, file: Any) -> _Content:
    mime = _words(getattr(file, "mime_type", None)) or ("image/jpeg" if kind is Kind.PHOTO else "")
    size = max(0, _whole(file.file_size)) if file.file_size is not None else 0
    return _Content(kind, _words(told.caption), (Attachment(kind, _words(file.file_id), mime, size),))


# --- who says it, and to whom ---


def _from_a_person(told: telegram.Message) -> bool:
    # With a sender_chat, `from` is one of Telegram's stand-ins, which are bots only in name.
    return bool(told.sender_chat or (told.from_user and not told.from_user.is_bot))


def _sender(told: telegram.Message) -> tuple[int, str, Role]:
    chat, person = told.sender_chat, told.from_user
    if chat and chat.id == told.chat.id:
        name = _words(told.author_signature) or _words(chat.title)
        return ANONYMOUS_ADMINISTRATOR, name, Role.WORKER
    if chat:
        role = Role.OFFICIAL if told.is_automatic_forward is True else Role.RESIDENT
        return chat.id, _words(chat.title), role
    if not person:
        raise ValueError("nobody sent it")
    return person.id, _words(person.full_name), Role.RESIDENT


def _replied(told: telegram.Message) -> telegram.Message | None:
    replied = told.reply_to_message
    # Every message of a topic "replies" to the one that opened the topic.
    return None if replied is None or replied.forum_topic_created else replied


def _quoted(told: telegram.Message, replied: telegram.Message | None) -> str | None:
    if told.quote:
        return _words(told.quote.text)
    return (_words(replied.text) or _words(replied.caption) or None) if replied else None


def _entities(told: telegram.Message) -> list[tuple[telegram.MessageEntity, str]]:
    units = (told.text or told.caption or "").encode("utf-16-le")
    entities = told.entities or told.caption_entities or ()
    return [
        (one, units[2 * one.offset :][: 2 * one.length].decode("utf-16-le", "replace")) for one in entities
    ]


def _command(told: telegram.Message) -> re.Match[str] | None:
    """The command at the head of the text; Telegram's entity tells it from a path or a date."""
    for entity, words in _entities(told):
        if entity.type == MessageEntityType.BOT_COMMAND and entity.offset == 0:
            return _COMMAND.fullmatch(words)
    return None


def _is_command_for_another(told: telegram.Message, me: Me) -> bool:
    command = _command(told)
    name = command.group(2) if command else None
    return name is not None and name.lower() != me.username.lower()


def _without_our_name(told: telegram.Message, text: str) -> str:
    command = _command(told)
    return command.group(1) + text[command.end() :] if command and command.group(2) else text


def _is_addressed(told: telegram.Message, me: Me, replied: telegram.Message | None) -> bool:
    if told.chat.type == ChatType.PRIVATE or _command(told):
        return True
    if replied and replied.from_user and replied.from_user.id == me.id:
        return True
    return any(_names_us(entity, words, me) for entity, words in _entities(told))


def _names_us(entity: telegram.MessageEntity, words: str, me: Me) -> bool:
    if entity.type == MessageEntityType.MENTION:
        return words.lower() == f"@{me.username}".lower()
    return (
        entity.type == MessageEntityType.TEXT_MENTION and entity.user is not None and entity.user.id == me.id
    )


# --- single fields, which the library does not check ---


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return safe(value)
    if isinstance(value, dict):
        return {key: _clean(one) for key, one in value.items()}
    return [_clean(one) for one in value] if isinstance(value, list) else value


def _words(value: object) -> str:
    if value is not None and not isinstance(value, str):
        raise TypeError("text was expected")
    return value or ""


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number was expected")
    if abs(value) >= 10**18:
        raise ValueError("no id, size or date is that large")
    return value


def _degrees(value: object, most: int) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.fabs(value) <= most:
        raise ValueError("degrees were expected")
    return float(value)


def _sane(at: datetime, now: datetime) -> datetime:
    return min(max(at.astimezone(UTC), EARLIEST), now)
