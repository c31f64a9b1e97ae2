"""What the Bot API demands of the parameters of a call, and how it refuses; for telegram_simulator.py."""

import contextlib
import json
from typing import Any

from tests.telegram_world import Group, Json, utf16

OBJECTS = {"reply_markup", "reply_parameters", "entities", "allowed_updates", "link_preview_options"}

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)


class ApiError(Exception):
    """What the server answers instead of a result."""

    def __init__(self, code: int, text: str, parameters: Json | None = None) -> None:
        super().__init__(text)
        self.code, self.text, self.parameters = code, text, parameters


def parsed_of(name: str, value: Any) -> Any:
    """Objects come as JSON text in a query or a form."""
    if name in OBJECTS and isinstance(value, str):
        with contextlib.suppress(ValueError):
            return json.loads(value)
    return value


def integer_of(given: Json, name: str, default: int) -> int:
    try:
        return int(given.get(name, default))
    except (TypeError, ValueError):
        raise ApiError(400, f"Bad Request: parameter {name} must be an integer") from None


def text_of(given: Json) -> str:
    text = given.get("text", "")
    if not isinstance(text, str) or not text.strip():
        raise ApiError(400, "Bad Request: message text is empty")
    if utf16(text) > 4096:
        raise ApiError(400, "Bad Request: message is too long")
    return text


def entities_of(given: Json) -> list[Json]:
    entities = given.get("entities", [])
    whole = utf16(text_of(given))
    for one in entities:
        if one["offset"] < 0 or one["length"] < 1 or one["offset"] + one["length"] > whole:
            raise ApiError(400, "Bad Request: ENTITY_BOUNDS_INVALID")
    return list(entities)


def buttons_of(given: Json) -> list[list[tuple[str, str]]]:
    markup = given.get("reply_markup", {"inline_keyboard": []})
    if not isinstance(markup, dict) or not isinstance(markup.get("inline_keyboard"), list):
        raise ApiError(400, "Bad Request: can't parse reply keyboard markup JSON object")
    rows = [[(key["text"], key.get("callback_data", "")) for key in row] for row in markup["inline_keyboard"]]
    if sum(map(len, rows)) > 100 or any(not 1 <= len(data.encode()) <= 64 for row in rows for _, data in row):
        raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return rows


def replied_of(group: Group, given: Json) -> int | None:
    how = given.get("reply_parameters")
    if not how:
        return None
    if group.message(int(how["message_id"])):
        return int(how["message_id"])
    if how.get("allow_sending_without_reply"):
        return None
    raise ApiError(400, "Bad Request: message to be replied not found")
