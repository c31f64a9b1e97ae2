"""A History: what was said in a group before the bot came, as read from a file, and the part of it that is wanted."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from actions.message import Message, Role

HOME_ZONE = ZoneInfo("Asia/Shanghai")
"""Where a file writes local time without a zone and nobody says which it is."""


class BadHistory(Exception):
    """The file, or what is wanted of it, cannot be used. The text is for the operator and quotes nobody."""


@dataclass(frozen=True, slots=True)
class History:
    """The messages of one group in their order.

    `left_out` counts what is not among them, by reason: `unheard` is what no connector hands on (service
    messages, polls), `bot` what bots said. `via` names the inline bot by whose help a message was made.
    """

    group: str
    title: str
    messages: tuple[Message, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    via: Mapping[str, str] = field(default_factory=dict)

    @property
    def workers(self) -> tuple[tuple[str, str], ...]:
        """Ids and names of those who speak as grid workers."""
        ours = {one.sender: one.sender_name for one in self.messages if one.role is Role.WORKER}
        return tuple(ours.items())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part is wanted, and who is who. People are called by the name that they write under, or by id.

    `staff` are ids of workers who need not occur; `until` is exclusive.
    """

    workers: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    staff: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None

    def of(self, history: History) -> History:
        """That part. Raises `BadHistory` where nobody is called so, or nothing is left."""
        workers = self._called(history, self.workers, "--worker") | self.staff
        ignored = self._called(history, self.ignored, "--ignore")
        unwanted = {_plain(name) for name in self.ignored}
        kept, left_out = [], Counter(history.left_out)
        for message in history.messages:
            if message.sender in ignored or _plain(history.via.get(message.id, "")) in unwanted:
                left_out["ignored"] += 1
            elif not self._in_time(message.at):
                left_out["outside"] += 1
            else:
                kept.append(replace(message, role=Role.WORKER) if message.sender in workers else message)
        if not kept:
            raise BadHistory("no message is left: look at --ignore, --since and --until")
        return replace(history, messages=tuple(kept), left_out=left_out)

    def _in_time(self, at: datetime) -> bool:
        return not ((self.since and at < self.since) or (self.until and at >= self.until))

    def _called(self, history: History, names: tuple[str, ...], option: str) -> set[str]:
        """The ids of those who are called by these names."""
        people = {(message.sender, message.sender_name) for message in history.messages}
        vias = {_plain(bot) for bot in history.via.values()} if option == "--ignore" else set()
        found: set[str] = set()
        for name in names:
            fits = _answering_to(name)
            ids = {sender for sender, called in people if fits(sender, called)}
            if not ids and _plain(name) not in vias:
                raise BadHistory(f"{option} {name}: nobody of that name or id writes here")
            found |= ids
        return found


def _answering_to(name: str) -> Callable[[str, str], bool]:
    wanted = _plain(name)
    ids = {wanted, wanted.removeprefix("user"), wanted.replace("channel", "-100", 1)}

    def fits(sender: str, called: str) -> bool:
        return _plain(called) == wanted or sender.casefold() in ids or sender.partition(":")[2] in ids

    return fits


def _plain(name: str) -> str:
    return " ".join(name.split()).removeprefix("@").casefold()


def day(text: str, zone: ZoneInfo, *, end: bool = False) -> datetime:
    """`2026-03-01` or `2026-03-01T08:00` there; a bare day as an end means its last moment. Raises ValueError."""
    at = datetime.fromisoformat(text.strip())
    whole_day = len(text.strip()) <= len("2026-03-01")
    at += timedelta(days=1) if end and whole_day else timedelta()
    return at if at.tzinfo else at.replace(tzinfo=zone)


def printable(value: object) -> str:
    """A text as it can be printed: half a surrogate pair cannot."""
    text = "" if value is None else str(value)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
