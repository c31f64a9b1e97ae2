"""Our posts as Telegram wants them: text with the people called at its end, buttons, numbers."""

import re
from collections.abc import Sequence

import telegram

from actions.errors import Refused
from actions.post import Button, Post
from connectors.telegram_updates import SECOND, safe

LONGEST_TEXT = 4096  # UTF-16 units, as Telegram counts


def number_of(group: str) -> int:
    """The number of a group or a person. Raises Refused for those of other platforms."""
    platform, _, number = group.partition(":")
    if platform != "telegram" or not re.fullmatch(r"-?\d{1,18}", number, re.ASCII):
        raise Refused(f"{group} is no group of Telegram's")
    return int(number)


def is_private(group: str) -> bool:
    """Groups have negative numbers; a private chat has the number of its person."""
    return number_of(group) > 0


def message_number(message: str, *, moved: bool = False) -> int:
    """The number of a message in the chat as it is today. Raises Refused for one that stayed in the chat that
    a group was before it `moved`: nothing can be done to it any more.
    """
    if moved and not message.startswith(SECOND):
        raise Refused(f"message {message} stayed behind in the group as it was")
    plain = message.removeprefix(SECOND) if moved else message
    if not re.fullmatch(r"\d{1,18}", plain, re.ASCII):
        raise Refused(f"{message} is no message of Telegram's")
    return int(plain)


def reply_to(message: str | None, *, moved: bool) -> telegram.ReplyParameters | None:
    """The reply to a message; none to one that stayed behind."""
    if message is None or (moved and not message.startswith(SECOND)):
        return None
    return telegram.ReplyParameters(message_number(message, moved=moved), allow_sending_without_reply=True)


def keyboard(rows: Sequence[Sequence[Button]]) -> telegram.InlineKeyboardMarkup | None:
    """The buttons under a message."""
    keys = [[_key(button) for button in row] for row in rows]
    return telegram.InlineKeyboardMarkup(keys) if any(keys) else None


def _key(button: Button) -> telegram.InlineKeyboardButton:
    if button.url:
        return telegram.InlineKeyboardButton(safe(button.label), url=button.url)
    return telegram.InlineKeyboardButton(safe(button.label), callback_data=button.data)


def cut(text: str, units: int) -> str:
    """The text within a number of UTF-16 units; a character outside the first plane is never halved."""
    if _units(text) <= units:
        return text
    kept = text.encode("utf-16-le")[: 2 * (units - 1)].decode("utf-16-le", "ignore")
    return kept + "…"


def with_mentions(post: Post) -> tuple[str, list[telegram.MessageEntity]]:
    """The text with the people called at its end. Words are cut before people are left out."""
    people = [(person, name) for person, given in post.mentions if (name := safe(given).strip())]
    tail = "".join(f" {name}" for _, name in people)
    text = cut(safe(post.text), max(1, LONGEST_TEXT - _units(tail)))
    entities: list[telegram.MessageEntity] = []
    for person, name in people:
        offset = _units(text) + 1
        if offset + _units(name) > LONGEST_TEXT:
            break
        text = f"{text} {name}"
        entities += _mention(person, name, offset)
    return text, entities


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _mention(person: str, name: str, offset: int) -> list[telegram.MessageEntity]:
    number = re.fullmatch(r"telegram:(\d{1,18})", person, re.ASCII)
    if number is None:  # a channel, or somebody of another platform: the name alone must do
        return []
    user = telegram.User(int(number.group(1)), name, is_bot=False)
    return [telegram.MessageEntity("text_mention", offset, _units(name), user=user)]
