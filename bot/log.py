"""The log: one JSON object a line, to standard error and to HOME/log/linli.jsonl, masked.

Everything that is logged goes through `recording`: our own events from INFO up, and what libraries say
from WARNING up. Nobody's telephone number and no secret gets past `clean`.
"""

import json
import logging
import re
import sys
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any, TextIO

import structlog
from structlog.types import Processor

from actions.mask import HIDDEN, mask
from actions.visible import in_json
from bot.log_ring import Ring

Event = MutableMapping[str, Any]
FILE = "linli.jsonl"
_BYTES, _FILES = 5_000_000, 60
_FIRST = ("ts", "level", "event", "case", "group")
_OURS_ONLY = {"ts", "level", "case", "group"}  # ids and times of our own, which look like numbers to hide
_DEEP = 6
_RELAYED = "relayed"
# A bot's token (in the URLs of Telegram), a password in a URL, a value that is called a secret.
_SECRETS = re.compile(
    r"(?P<bot>\d{6,14}:[A-Za-z0-9_-]{30,})"
    r"|(?P<lead>://[^/\s:@]*:)[^/\s@]+(?=@)"
    r"|(?P<name>\b(?:token|key|secret|password|api_key)=)[^&\s\"']+",
    re.IGNORECASE,
)


def log_path(home: Path) -> Path:
    """Where the log of this home is."""
    return home / "log" / FILE


@contextmanager
def recording(
    home: Path,
    *,
    level: str = "INFO",
    secrets: Iterable[str] = (),
    ring: Ring | None = None,
    stream: TextIO | None = None,
    file: bool = True,
) -> Iterator[None]:
    """Log until the block is left. `secrets` are struck out wherever they turn up.

    The `file` is for one process of a home; several would turn it over under each other's hands.
    """
    handler = _Fan([logging.StreamHandler(stream or sys.stderr), *([_file(home)] if file else [])], ring)
    handler.setFormatter(_formatter([secret for secret in secrets if secret], ring))
    root, ours = logging.getLogger(), logging.getLogger("linli")
    levels = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    ours.setLevel(level)
    _configure()
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
        handler.close()
        structlog.reset_defaults()


def relay(event: Event) -> None:
    """Log what another process of ours has made fit to be written already, as it is."""
    logging.getLogger("linli").info(_line(None, "", event), extra={_RELAYED: event})


def only_errors() -> None:
    """For a command whose output is data: nothing but errors, and those on stderr."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            # A plain trace: the usual renderer shows the values of variables, which are residents' words and secrets.
            structlog.processors.format_exc_info,
            lambda _, __, event: clean(event),
            _line,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _configure() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *_COMMON,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        # One logger for all of ours: what a module calls itself stands in the event.
        logger_factory=lambda *_: logging.getLogger("linli"),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _formatter(secrets: list[str], ring: Ring | None) -> logging.Formatter:
    def strike(_: Any, __: str, event: Event) -> Event:
        return clean(event, secrets)

    def keep(_: Any, __: str, event: Event) -> Event:
        if ring is not None:
            ring.add(dict(event))
        return event

    foreign: list[Processor] = [structlog.stdlib.add_logger_name, *_COMMON]
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    return structlog.stdlib.ProcessorFormatter(
        processors=[remove, structlog.processors.format_exc_info, strike, keep, _line],
        foreign_pre_chain=foreign,
    )


_COMMON: list[Processor] = [
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
    structlog.processors.StackInfoRenderer(),
]


def clean(event: Event, secrets: Iterable[str] = ()) -> dict[str, Any]:
    """The event fit to be written: the usual keys first, no empty ones, everything masked and plain JSON."""
    ordered = {key: event[key] for key in _FIRST if key in event} | dict(event)
    struck = tuple(secrets)
    return {
        key: value if key in _OURS_ONLY and isinstance(value, str) else _cleaned(value, struck)
        for key, value in ordered.items()
        if value is not None
    }


def _cleaned(value: Any, secrets: tuple[str, ...], depth: int = 0) -> Any:
    if isinstance(value, bool | float) or value is None:
        return value
    if isinstance(value, int):
        text = str(value)
        return value if mask(text) == text else HIDDEN
    if isinstance(value, dict) and depth < _DEEP:
        return {_struck(str(k), secrets): _cleaned(v, secrets, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < _DEEP:
        return [_cleaned(item, secrets, depth + 1) for item in value]
    return _struck(value if isinstance(value, str) else _said(value), secrets)


def _said(value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 a record that cannot describe itself must not stop the log
        return f"<{type(value).__name__}: {type(error).__name__}>"


def _struck(text: str, secrets: tuple[str, ...]) -> str:
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    if _is_name(text):
        return text
    return mask(_SECRETS.sub(lambda m: (m["lead"] or m["name"] or "") + HIDDEN, text))


def _is_name(text: str) -> bool:
    """Whether it is a word of letters as programs write them, which most values are: there is nothing in it to hide."""
    return text.isascii() and text.replace("_", "").isalpha()


def _line(_: Any, __: str, event: Event) -> str:
    return in_json(json.dumps(event, ensure_ascii=False))


def _file(home: Path) -> logging.Handler:
    log_path(home).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A lone surrogate (half an emoji) in somebody's name is no reason to lose the line.
    return _DailyFile(
        log_path(home), maxBytes=_BYTES, backupCount=_FILES, encoding="utf-8", errors="backslashreplace"
    )


class _DailyFile(RotatingFileHandler):
    """A new file every day too, or a quiet installation would keep its oldest lines for years."""

    _day = ""

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 as the library calls it
        """Whether the file is full, or begun on another day."""
        today = _day_of(record.created)
        begun = self._day = self._day or _begun(Path(self.baseFilename)) or today
        return begun != today or bool(super().shouldRollover(record))

    def doRollover(self) -> None:  # noqa: N802 as the library calls it
        """Begin another."""
        super().doRollover()
        self._day = ""


def _begun(file: Path) -> str:
    """The day of the first line of a file; "" where it has none."""
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            return str(json.loads(lines.readline())["ts"])[:10]
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _day_of(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def prune(home: Path, before: datetime) -> int:
    """Delete the files of the log, but for the one that is written, in which nothing is newer; how many. Blocks."""
    old = [
        file for file in log_path(home).parent.glob(f"{FILE}.*") if file.stat().st_mtime < before.timestamp()
    ]
    for file in old:
        file.unlink(missing_ok=True)
    return len(old)


class _Fan(logging.Handler):
    """Makes the line once and gives it to every outlet."""

    def __init__(self, outlets: list[logging.Handler], ring: Ring | None) -> None:
        super().__init__()
        self._outlets, self._ring = outlets, ring

    def emit(self, record: logging.LogRecord) -> None:
        relayed = getattr(record, _RELAYED, None)
        if relayed and self._ring is not None:
            self._ring.add(relayed)
        try:
            text = record.msg if relayed else self.format(record)
            line = logging.makeLogRecord({"msg": text, "levelno": record.levelno})
        except Exception:  # noqa: BLE001 as the standard library: a broken event must not stop the program
            self.handleError(record)
            return
        for outlet in self._outlets:
            outlet.emit(line)

    def close(self) -> None:
        for outlet in self._outlets:
            outlet.close()
        super().close()
