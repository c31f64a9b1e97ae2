"""Groups, people and messages of a make-believe Telegram: who says what, and what a bot gets to hear of it.

The rules of hearing are those of Telegram's Bot API: with privacy mode on and no administrator's rights a bot
hears commands meant for it, replies to it and service messages only; never another bot's messages; reactions
only as an administrator. See telegram_simulator.py for how to use it, docs/simulator.md for what is modelled.
"""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
Publish = Callable[[str, Json], None]
ANONYMOUS = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
CHANNEL_BOT = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
TELEGRAM = {"id": 777000, "is_bot": False, "first_name": "Telegram"}


def utf16(text: str) -> int:
    """The length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


@dataclass(frozen=True)
class Person:
    """Somebody with an account; `is_bot` for other people's bots."""

    id: int
    name: str
    username: str = ""
    is_bot: bool = False

    @property
    def ref(self) -> str:
        return f"telegram:{self.id}"

    def wire(self) -> Json:
        user: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.name}
        return {**user, "username": self.username} if self.username else user


@dataclass
class Said:
    """One message of a group, a person's or the bot's. `edits` are the earlier versions of its text."""

    id: int
    sender: Person
    text: str
    raw: Json
    by_bot: bool = False
    buttons: list[list[tuple[str, str]]] = field(default_factory=list)
    reply_to: int | None = None
    thread: int | None = None
    entities: list[Json] = field(default_factory=list)
    edits: list[str] = field(default_factory=list)

    @property
    def labels(self) -> list[str]:
        return [label for row in self.buttons for label, _ in row]

    @property
    def mentioned(self) -> list[int]:
        return [one["user"]["id"] for one in self.entities if one["type"] == "text_mention"]


@dataclass
class Pressed:
    """One press on a button; `answer` is what the bot showed to the person, None before it answered."""

    id: str
    person: Person
    data: str
    answer: str | None = None
    at: float = field(default_factory=time.monotonic)
    bot: int = 0  # whose button it was: nobody else may answer


@dataclass
class File:
    """What getFile and the download know of a file; `size` may be claimed larger than the content."""

    id: str
    content: bytes
    path: str
    size: int


@dataclass
class Seat:
    """One bot in a group, or out of it."""

    bot: Person
    publish: Publish
    privacy: bool
    status: str = "left"

    @property
    def hears(self) -> bool:
        return self.status in {"member", "administrator"}


class Group:
    """One group (or, with a positive id, the private chat with one person). With an id above -10¹² it is a basic
    group, which can become a supergroup; `forum` has topics.
    """

    def __init__(self, id_: int, title: str, bot: Person, publish: Publish, *, privacy: bool) -> None:
        self.id, self.title, self.bot = id_, title, bot
        self.seats: dict[int, Seat] = {bot.id: Seat(bot, publish, privacy)}
        self.messages: list[Said] = []
        self.presses: list[Pressed] = []
        self.files: dict[str, File] = {}
        self.administrators: dict[int, Person] = {}
        self.actions: list[str] = []
        self.migrated_to: int | None = None
        self.topics: dict[int, str] = {}  # open, closed, deleted
        self.forum = False
        self._reactions: dict[tuple[int, int], tuple[str, ...]] = {}
        self._last_id = 0

    # --- the bots ---

    @property
    def bot_status(self) -> str:
        """What the first bot is here."""
        return self.seats[self.bot.id].status

    @bot_status.setter
    def bot_status(self, status: str) -> None:
        self.seats[self.bot.id].status = status

    @property
    def privacy(self) -> bool:
        return self.seats[self.bot.id].privacy

    def status_of(self, bot: Person) -> str:
        return self.seats[bot.id].status if bot.id in self.seats else "left"

    # --- for tests to read ---

    @property
    def ref(self) -> str:
        """The group's id in our words."""
        return f"telegram:{self.id}"

    @property
    def said(self) -> list[Said]:
        """What the bot has said here, oldest first, each as it stands now."""
        return [one for one in self.messages if one.by_bot]

    def message(self, id_: int) -> Said | None:
        return next((one for one in self.messages if one.id == id_), None)

    # --- what people do ---

    def say(self, person: Person, text: str, **how: Any) -> Said:
        """A text. `reply_to` (a Said), `quote`, `thread`, `anonymous`, `channel` (id, title), `forwarded`,
        `date`, and any raw field in `extra`.
        """
        return self._send(person, text, {"text": text, "entities": entities_of(text)}, **how)

    def photo(self, person: Person, caption: str = "", content: bytes = b"\xff\xd8jpeg", **how: Any) -> Said:
        """A photo in two sizes, the larger of which is the content."""
        small, large = self._file(b"small", "jpg"), self._file(content, "jpg")
        sizes = [{**small, "width": 90, "height": 60}, {**large, "width": 1280, "height": 853}]
        return self._send(person, caption, {"photo": sizes, **_caption(caption)}, **how)

    def album(self, person: Person, caption: str = "", count: int = 2, **how: Any) -> list[Said]:
        """Several photos at once: one update each, the caption on the first."""
        album = {"media_group_id": str(10**16 + self._last_id), **how.pop("extra", {})}
        captions = [caption, *[""] * (count - 1)]
        return [self.photo(person, one, b"photo", extra=album, **how) for one in captions]

    async def send_album(
        self, person: Person, captions: Sequence[str], *, within_s: float = 0.3, **how: Any
    ) -> list[Said]:
        """The same as it arrives in fact: the items come one after another, nothing says which is the last."""
        album = {"media_group_id": str(10**16 + self._last_id)}
        said = []
        for caption in captions:
            said.append(self.photo(person, caption, b"photo", extra=album, **how))
            await asyncio.sleep(within_s / len(captions))
        return said

    def voice(self, person: Person, content: bytes = b"OggS", **how: Any) -> Said:
        file = {**self._file(content, "oga"), "duration": 3, "mime_type": "audio/ogg"}
        return self._send(person, "", {"voice": file}, **how)

    def video(self, person: Person, caption: str = "", content: bytes = b"mp4", **how: Any) -> Said:
        size = {"width": 640, "height": 480, "duration": 5, "mime_type": "video/mp4"}
        return self._send(
            person, caption, {"video": {**self._file(content, "mp4"), **size}, **_caption(caption)}, **how
        )

    def document(
        self, person: Person, mime: str, caption: str = "", content: bytes = b"%PDF", **how: Any
    ) -> Said:
        file = {**self._file(content, "bin"), "file_name": "f", "mime_type": mime}
        return self._send(person, caption, {"document": file, **_caption(caption)}, **how)

    def sticker(self, person: Person, emoji: str = "👍", **how: Any) -> Said:
        kind = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return self._send(
            person, "", {"sticker": {**self._file(b"webp", "webp"), **kind, "emoji": emoji}}, **how
        )

    def location(
        self, person: Person, lat: float, long: float, title: str = "", address: str = "", **how: Any
    ) -> Said:
        """A point on the map; with a title it is a venue."""
        point: Json = {"location": {"latitude": lat, "longitude": long}}
        if title:
            point["venue"] = {**point, "title": title, "address": address}
        return self._send(person, "", point, **how)

    def live_location(self, person: Person, lat: float, long: float, **how: Any) -> Said:
        """A point that will move."""
        point = {"latitude": lat, "longitude": long, "live_period": 900}
        return self._send(person, "", {"location": point}, **how)

    def move(self, message: Said, lat: float, long: float) -> None:
        """A live location moves, which is an edit."""
        message.raw["location"] |= {"latitude": lat, "longitude": long}
        message.raw["edit_date"] = int(time.time())
        self._hear("edited_message", message.raw)

    def touch(self, message: Said) -> None:
        """An edit in which nobody can see anything: a preview has come, a counter has changed."""
        self._hear("edited_message", message.raw)

    def delete(self, message: Said) -> None:
        """A message goes; no bot is told."""
        self.messages.remove(message)

    def react(self, person: Person, message: Said, *emoji: str) -> None:
        """Put these signs under a message in the place of the person's former ones; for administrators to hear."""
        before = self._reactions.get((person.id, message.id), ())
        self._reactions[person.id, message.id] = emoji
        told = {"chat": self.chat(), "message_id": message.id, "date": int(time.time())}
        told |= {"user": person.wire(), "old_reaction": _signs(before), "new_reaction": _signs(emoji)}
        self._tell_administrators("message_reaction", told)

    # --- topics ---

    def topic(self, person: Person, name: str) -> int:
        """Open a topic; its number."""
        self.forum = True
        said = self.service(person, forum_topic_created={"name": name, "icon_color": 7322096}, topic=True)
        self.topics[said.id] = "open"
        return said.id

    def end_topic(self, number: int, how: str = "closed") -> None:
        """`closed`: only administrators may write there; or `deleted`."""
        self.topics[number] = how

    def may_post_in(self, thread: int) -> str:
        """Why the bot may not post in a topic; empty where it may."""
        state = self.topics.get(thread, "deleted")
        if state == "deleted" or not self.forum:
            return "message thread not found"
        return "TOPIC_CLOSED" if state == "closed" and self.bot_status != "administrator" else ""

    def edit(self, message: Said, text: str) -> None:
        """The writer changes a text or a caption."""
        message.edits.append(message.text)
        message.text = text
        name = "text" if "text" in message.raw else "caption"
        names = {"text": "entities", "caption": "caption_entities"}
        message.raw |= {name: text, names[name]: entities_of(text), "edit_date": int(time.time())}
        self._hear("edited_message", message.raw)

    def press(self, person: Person, message: Said, label: str) -> Pressed:
        """Press the button that carries this label (the first of that name)."""
        found = [data for row in message.buttons for name, data in row if name == label]
        if not found:
            raise LookupError(f"no button {label!r}, there are {message.labels}")
        return self.press_data(person, message, found[0])

    def press_data(self, person: Person, message: Said, data: str) -> Pressed:
        """A press with this data, whether such a button exists or not (forged clients)."""
        seat = self.seats.get(message.sender.id) or self.seats[self.bot.id]
        number = 4 * 10**15 + self.id % 10**6 * 1000 + len(self.presses)
        press = Pressed(str(number), person, data, bot=seat.bot.id)
        self.presses.append(press)
        query = {
            "id": press.id,
            "from": person.wire(),
            "chat_instance": "1",
            "data": data,
            "message": message.raw,
        }
        seat.publish("callback_query", query)
        return press

    def service(self, person: Person, *, topic: bool = False, **what: Any) -> Said:
        """A service message, such as `new_chat_title="…"`; heard in every mode."""
        return self._send(person, "", what, service=True, topic=topic)

    # --- who is what ---

    def promote(self, *people: Person) -> None:
        for person in people:
            self.administrators[person.id] = person
            self._member_changed(person, "member", "administrator")

    def demote(self, person: Person) -> None:
        del self.administrators[person.id]
        self._member_changed(person, "administrator", "member")

    def set_bot(self, status: str, bot: Person | None = None) -> None:
        """`member` (let in), `administrator`, `kicked`, `left`; the first bot, or another that has a seat."""
        seat = self.seats[(bot or self.bot).id]
        before, seat.status = seat.status, status
        seat.publish("my_chat_member", self._change(seat.bot, before, status))

    def _member_changed(self, person: Person, before: str, after: str) -> None:
        self._tell_administrators("chat_member", self._change(person, before, after))

    def _tell_administrators(self, kind: str, told: Json) -> None:
        for seat in self.seats.values():
            if seat.status == "administrator":  # others do not get it
                seat.publish(kind, told)

    def _change(self, person: Person, before: str, after: str) -> Json:
        old, new = member_wire(person, before), member_wire(person, after)
        who = {"chat": self.chat(), "from": ANONYMOUS, "date": int(time.time())}
        return {**who, "old_chat_member": old, "new_chat_member": new}

    # --- how it goes over the wire ---

    def chat(self) -> Json:
        if self.id > 0:
            return {"id": self.id, "type": "private", "first_name": self.title}
        kind = "supergroup" if self.id <= -(10**12) else "group"
        return {
            "id": self.id,
            "type": kind,
            "title": self.title,
            **({"is_forum": True} if self.forum else {}),
        }

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def add(self, said: Said) -> Said:
        self.messages.append(said)
        return said

    def _send(self, person: Person, text: str, content: Json, *, service: bool = False, **how: Any) -> Said:
        number = self.next_id()
        said = Said(number, person, text, {}, thread=number if how.get("topic") else how.get("thread"))
        said.raw = {"message_id": said.id, "date": how.get("date") or int(time.time()), "chat": self.chat()}
        said.raw |= {**_sender(person, self.chat(), **how), **content, **self._reply(said, **how)}
        said.raw |= how.get("extra", {})
        self.add(said)
        self._hear("message", said.raw, service=service)
        return said

    def _reply(self, said: Said, **how: Any) -> Json:
        fields: Json = {}
        if said.thread is not None:
            fields |= {"message_thread_id": said.thread, "is_topic_message": True}
            if (opening := self.message(said.thread)) and how.get("reply_to") is None:
                fields["reply_to_message"] = opening.raw  # as every message of a topic has
        if (replied := how.get("reply_to")) is not None:
            said.reply_to = replied.id
            fields["reply_to_message"] = {
                key: one for key, one in replied.raw.items() if key != "reply_to_message"
            }
        if quote := how.get("quote"):
            fields["quote"] = {"text": quote, "position": 0, "is_manual": True}
        return fields

    def _file(self, content: bytes, ending: str) -> Json:
        id_ = f"FILE{abs(self.id)}x{len(self.files)}"
        self.files[id_] = File(id_, content, f"files/{id_}.{ending}", len(content))
        return {"file_id": id_, "file_unique_id": f"U{id_}", "file_size": len(content)}

    def _hear(self, kind: str, raw: Json, *, service: bool = False) -> None:
        another_bot = raw["from"]["is_bot"] and "sender_chat" not in raw
        for seat in self.seats.values():
            if not seat.hears or raw["from"] == seat.bot.wire():
                continue
            kept = self.id < 0 and seat.privacy and seat.status == "member" and not _concerns(seat.bot, raw)
            if service or not (another_bot or kept):
                seat.publish(kind, raw)


def _concerns(bot: Person, raw: Json) -> bool:
    """Whether a message is one that a bot in privacy mode hears."""
    if raw.get("reply_to_message", {}).get("from", {}).get("id") == bot.id:
        return True
    command = re.match(r"/\w+(@\w+)?", raw.get("text") or raw.get("caption") or "", re.ASCII)
    return command is not None and command.group(1) in {None, f"@{bot.username}"}


def member_wire(person: Person, status: str) -> Json:
    """A ChatMember; an administrator's rights are all there, as the real ones are."""
    member: Json = {"status": status, "user": person.wire()}
    if status == "administrator":
        rights = (
            "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats "
            "can_restrict_members can_promote_members can_change_info can_invite_users can_post_stories "
            "can_edit_stories can_delete_stories"
        )
        member |= dict.fromkeys(rights.split(), False)
    return {**member, "until_date": 0} if status == "kicked" else member


def entities_of(text: str) -> list[Json]:
    """Commands and mentions as Telegram marks them."""
    found = []
    for match in re.finditer(r"(?<![\w/@])(/[A-Za-z0-9_]+(?:@\w{3,})?|@\w{3,})", text, re.ASCII):
        kind = "bot_command" if match.group().startswith("/") else "mention"
        found.append({"type": kind, "offset": utf16(text[: match.start()]), "length": utf16(match.group())})
    return found


def _signs(emoji: Sequence[str]) -> list[Json]:
    return [{"type": "emoji", "emoji": one} for one in emoji]


def _caption(text: str) -> Json:
    return {"caption": text, "caption_entities": entities_of(text)} if text else {}


def _sender(
    person: Person,
    chat: Json,
    *,
    anonymous: bool = False,
    channel: Sequence[Any] = (),
    forwarded: bool = False,
    **_: Any,
) -> Json:
    if anonymous:
        return {"from": ANONYMOUS, "sender_chat": chat, "author_signature": person.name}
    if not channel:
        return {"from": person.wire()}
    poster = {"id": channel[0], "type": "channel", "title": channel[1]}
    if forwarded:
        return {"from": TELEGRAM, "sender_chat": poster, "is_automatic_forward": True}
    return {"from": CHANNEL_BOT, "sender_chat": poster}
