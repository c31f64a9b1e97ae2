"""Our posts as Telegram wants them: text with the people called at its end, buttons, numbers.

What is below a text goes as plain JSON: the library takes several times as long to make an object of each part, and JSON of
each object, as to send the call.
"""

import re
from collections.abc import Sequence
from typing import Any

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


def below(rows: Sequence[Sequence[Button]]) -> dict[str, Any]:
    """What is shown below a text: its buttons, and never a page to which a word in it leads."""
    keys = [[_key(button) for button in row] for row in rows]
    return {"link_preview_options": {"is_disabled": True}} | (
        {"reply_markup": {"inline_keyboard": keys}} if any(keys) else {}
    )


def _key(button: Button) -> dict[str, str]:
    return {"text": safe(button.label)} | (
        {"url": button.url} if button.url else {"callback_data": button.data}
    )


def in_reply(message: str | None, *, moved: bool) -> dict[str, Any]:
    """The reply to a message; none to one that stayed behind."""
    if message is None or (moved and not message.startswith(SECOND)):
        return {}
    number = message_number(message, moved=moved)
    return {"reply_parameters": {"message_id": number, "allow_sending_without_reply": True}}


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
