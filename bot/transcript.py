"""Transcripts: a history with one JSON object a line, as our examples and measures are written."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from actions.message import Attachment, Kind, Message, Role
from bot.history import HOME_ZONE, BadHistory, History, printable

_MEDIA = {Kind.PHOTO, Kind.VIDEO, Kind.VOICE}


def read_transcript(path: Path, zone: ZoneInfo = HOME_ZONE) -> History:
    """The history in a file; `zone` is that of times without one. Raises `BadHistory` naming the line."""
    group = f"memory:{path.stem}"
    messages: dict[str, Message] = {}
    for number, line in enumerate(_lines(path), 1):
        if line.strip():
            try:
                message = _message(group, json.loads(line), zone)
                if message.id in messages:
                    raise ValueError(f"there is a message {message.id} above")
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise BadHistory(f"{path.name} line {number}: {_reason(error)}") from error
            messages[message.id] = message
    if not messages:
        raise BadHistory(f"{path.name}: there is no message in it")
    return History(group, path.stem, tuple(messages.values()))


def _lines(path: Path) -> list[str]:
    # Only a line feed ends a line of JSON: a text may hold the other separators of Unicode.
    try:
        return path.read_bytes().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadHistory(f"{path.name} line {line}: this is not UTF-8 text") from error


def _reason(error: Exception) -> str:
    return f"the field {error} is missing" if isinstance(error, KeyError) else str(error)


def _message(group: str, row: Any, zone: ZoneInfo) -> Message:
    if not isinstance(row, dict):
        raise ValueError("this is no JSON object")
    kind = Kind(row["kind"])
    at = datetime.fromisoformat(row["at"])
    reply_to = row.get("reply_to")
    sender = printable(row["sender"])
    return Message(
        group=group,
        id=str(row["id"]),
        sender=f"memory:{sender}",
        sender_name=sender,
        role=Role(row.get("role", "resident")),
        at=at if at.tzinfo else at.replace(tzinfo=zone),
        kind=kind,
        text=printable(row["text"]),
        attachments=(Attachment(kind, f"replay:{row['id']}"),) if kind in _MEDIA else (),
        reply_to=None if reply_to is None else str(reply_to),
        group_title=group.partition(":")[2],
    )
