"""What the Bot API demands of the parameters of a call, and how it refuses; for telegram_simulator.py."""

import contextlib
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.telegram_world import Group, Json, utf16

OBJECTS = {
    "reply_markup",
    "reply_parameters",
    "entities",
    "allowed_updates",
    "link_preview_options",
    "commands",
}

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
    keys = [key for row in markup["inline_keyboard"] for key in row]
    if any(not key.get("url", "https://").startswith(("https://", "http://", "tg://")) for key in keys):
        raise ApiError(400, "Bad Request: BUTTON_URL_INVALID")
    data = [key.get("callback_data", "") for key in keys if "url" not in key]
    if len(keys) > 100 or any(not 1 <= len(one.encode()) <= 64 for one in data):
        raise ApiError(400, "Bad Request: BUTTON_DATA_INVALID")
    return [
        [(key["text"], key.get("url") or key.get("callback_data", "")) for key in row]
        for row in markup["inline_keyboard"]
    ]


def replied_of(group: Group, given: Json) -> int | None:
    how = given.get("reply_parameters")
    if not how:
        return None
    if group.message(int(how["message_id"])):
        return int(how["message_id"])
    if how.get("allow_sending_without_reply"):
        return None
    raise ApiError(400, "Bad Request: message to be replied not found")


def shut_out(group: Group, status: str) -> str:
    kind = group.chat()["type"]
    if kind == "private":
        return "bot was blocked by the user"
    return (
        f"bot was kicked from the {kind} chat"
        if status == "kicked"
        else f"bot is not a member of the {kind} chat"
    )


# --- calls as they come and answers as they go ---


@dataclass
class Failure:
    """A failure ordered by a test; status 0 drops the connection."""

    status: int
    parameters: Json | None
    after_effect: bool


async def parameters_of(request: web.Request) -> Json:
    """Query, form and JSON alike."""
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        given |= await request.json()
    elif request.method == "POST":
        given |= dict(await request.post())
    return {key: parsed_of(key, value) for key, value in given.items()}


def refusal(code: int, text: str, parameters: Json | None) -> web.Response:
    body: Json = {"ok": False, "error_code": code, "description": text}
    return web.json_response({**body, "parameters": parameters} if parameters else body, status=code)


def failed(request: web.Request, failure: Failure) -> web.StreamResponse:
    if failure.status == 0 and request.transport:
        request.transport.abort()
    wait = (failure.parameters or {}).get("retry_after")
    texts = {429: f"Too Many Requests: retry after {wait}", 403: "Forbidden: bot was blocked by the user"}
    texts |= {
        400: "Bad Request: chat not found",
        401: "Unauthorized",
        409: "Conflict: terminated by other getUpdates request",
    }
    return refusal(
        failure.status or 500, texts.get(failure.status, "Internal Server Error"), failure.parameters
    )
