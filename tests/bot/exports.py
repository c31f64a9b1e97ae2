"""Made-up exports, written as Telegram Desktop writes them."""

import json
from pathlib import Path
from typing import Any

CHAT = 1234567890
AT = 1772409600  # 2026-03-02 08:00 in Shanghai


def said(number: int, text: Any = "早上好", **more: Any) -> dict[str, Any]:
    """A message; `more` adds fields, or takes one away with `...`."""
    row = {
        "id": number,
        "type": "message",
        "date": f"2026-03-02T08:{number % 60:02d}:00",
        "date_unixtime": str(AT + 60 * number),
        "from": "王阿姨",
        "from_id": "user17",
        "text": text,
        "text_entities": [{"type": "plain", "text": text}] if isinstance(text, str) and text else [],
    }
    return {key: value for key, value in {**row, **more}.items() if value is not ...}


def service(number: int, action: str, **more: Any) -> dict[str, Any]:
    """A service message."""
    return said(number, "", type="service", actor="王阿姨", actor_id="user17", action=action, **more)


def chat(
    *rows: Any, name: Any = "阳光小区3号楼", kind: str = "private_supergroup", number: int = CHAT
) -> Any:
    """A chat with its messages."""
    return {"name": name, "type": kind, "id": number, "messages": list(rows)}


def account(*chats: Any, left: tuple[Any, ...] = ()) -> Any:
    """A whole account's export."""
    return {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 1, "first_name": "李", "phone_number": "+86 138 0013 8000"},
        "contacts": {"about": "", "list": [{"first_name": "王", "phone_number": "0086 13800138001"}]},
        "chats": {"about": "This page lists all chats from this export.", "list": list(chats)},
        "left_chats": {"about": "", "list": list(left)},
    }


def write(folder: Path, told: Any, name: str = "result.json") -> Path:
    """The file; a text is written as it is."""
    path = folder / name
    text = told if isinstance(told, str) else json.dumps(told, ensure_ascii=False, indent=1)
    path.write_text(text, "utf-8")
    return path
