"""Which kind of file a history stands in, told by its content, and the history in it."""

import json
import re
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.history import HOME_ZONE, BadHistory, History
from bot.telegram_export import read_export
from bot.transcript import read_transcript

_LOOKED_AT = 1 << 16
"""Bytes from the beginning of the file."""
_EXPORTED = ("messages", "chats", "left_chats")
_OPENS = re.compile(r"\{\s*\r?\n")
_HOLDS = re.compile(r'"(?:messages|chats|left_chats)"\s*:\s*[\[{]')


def read_history(path: Path, zone: ZoneInfo = HOME_ZONE, chat: str | None = None) -> History:
    """The history in a Telegram export or a transcript. Raises `BadHistory` and OSError."""
    with path.open("rb") as file:
        head = file.read(_LOOKED_AT).decode("utf-8-sig", "replace").lstrip()
    if head.startswith("<"):
        raise BadHistory(
            f"{path.name}: this is a page; export the chat again and choose the machine-readable JSON"
        )
    if _is_export(head):
        return read_export(path, zone, chat)
    if chat is not None:
        raise BadHistory(f"{path.name}: this is a transcript of one group; leave --chat out")
    return read_transcript(path, zone)


def _is_export(head: str) -> bool:
    """Telegram writes an indented object; a transcript begins with an object on one line."""
    first = head.partition("\n")[0]
    try:
        row = json.loads(first)
    except (ValueError, RecursionError):
        return bool(_OPENS.match(head) or _HOLDS.search(first))
    return isinstance(row, dict) and any(isinstance(row.get(key), list | dict) for key in _EXPORTED)
