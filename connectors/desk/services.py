"""The kinds of problem that the desk takes in: the rows of services.tsv."""

import csv
from functools import cache
from pathlib import Path

from connectors.open311 import Service

_FILE = Path(__file__).with_name("services.tsv")


@cache
def rows() -> dict[str, dict[str, str]]:
    """Return code → row with ``code``, ``zh``, ``en`` and ``group``."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["code"]: row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def services() -> list[Service]:
    """Return them as Open311 services, named in Chinese and described in English."""
    return [_service(row) for row in rows().values()]


def service(code: str) -> Service | None:
    """Return one service, or None for a code that we do not have."""
    row = rows().get(code)
    return _service(row) if row else None


def name(code: str, lang: str = "zh") -> str:
    """Return a service's name in ``zh`` or ``en``; an unknown code is its own name."""
    return rows().get(code, {}).get(lang, "") or code


def _service(row: dict[str, str]) -> Service:
    return Service(
        row["code"], row["zh"], row["en"], row["group"], keywords=tuple(row["en"].replace(",", "").split())
    )
