"""A copy of a SQLite file as it was at one moment, while others write to it: by SQLite's own backup."""

import sqlite3
from contextlib import closing
from pathlib import Path

from actions.errors import Refused, Unreachable


def copy_database(source: Path, to: Path) -> None:
    """Copy a database; `to` is one file that needs no other beside it. Raises `Refused` for one that is damaged."""
    try:
        with closing(sqlite3.connect(source, timeout=30)) as db, closing(sqlite3.connect(to)) as copy:
            db.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            check(copy, source.name)
    except sqlite3.OperationalError as error:
        raise Unreachable(f"{source.name} cannot be read just now: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Refused(f"{source.name} is damaged: {error}") from error


def require_sound(path: Path) -> None:
    """Raises `Refused` where the file is no sound database."""
    try:
        with closing(sqlite3.connect(path)) as db:
            check(db, path.name)
    except sqlite3.DatabaseError as error:
        raise Refused(f"{path.name} is damaged: {error}") from error


def check(db: sqlite3.Connection, name: str) -> None:
    """Raises `Refused` where SQLite finds something wrong."""
    (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if found != "ok":
        raise Refused(f"{name} is damaged: {found}")
