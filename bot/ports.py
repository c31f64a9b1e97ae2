"""What the running program needs of the outside world, each a Protocol owned here, by its user.

Every port has a version in memory that ships (`linli replay` and the tests use it) and one contract
suite in tests/ that runs on that version and on the real one. A port raises `Unreachable` (try again
later) and `Refused` (tell a person), nothing else, unless its docstring says so.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Any, Protocol

from actions.case import Case
from actions.chain import Head, Link
from actions.chronicle import Decree
from actions.event import Sketch
from actions.facts import Fact
from actions.ledger import Change, DeadLetter, Due, Entry
from actions.linking import Linker
from actions.message import Attachment, Heard
from actions.post import Button, Post
from actions.reading import Reading
from actions.talk import Talk
from connectors.dispatch import Filing, OpenTickets, nobody
from connectors.open311 import ServiceRequestUpdate

Rows = tuple[tuple[Button, ...], ...]
Accept = Callable[[str, str, str, dict[str, Any]], Awaitable[bool]]
"""`accept(door, group, update, raw)`: True once `raw` is durable, False if `update` was here before."""


class Clock(Protocol):
    """The time. Aware, UTC."""

    def now(self) -> datetime: ...


class Chat(Protocol):
    """A chat platform. `platform` is the prefix of its groups' and people's ids (`telegram`, `web`)."""

    platform: str

    async def understand(self, raw: dict[str, Any]) -> Heard | None:
        """A raw update in our words; None for what is none of our business.

        Raises ValueError for what cannot be understood (it goes to the dead letters), `Unreachable` when
        the platform had to be asked (who is a worker?) and did not answer.
        """

    async def post(self, post: Post) -> str:
        """Put a message into the group; the id it got."""

    async def edit(self, message: str, post: Post) -> None:
        """Replace the words and buttons of our own message; no change is no error."""

    async def answer(self, press: str, text: str) -> None:
        """Answer a press: `text` is shown to the person who pressed only. Too late is no error."""

    async def whisper(
        self, person: str, text: str, key: str, buttons: Rows = (), *, silent: bool = False
    ) -> str:
        """Say something to one person alone; the id it got. Raises `Refused` where there is no private line to
        that person (never spoke to the bot, blocked it, or the platform has none); the rest as in a Post. The
        person's id is the group in which it stands: `edit` finds it there, and so do presses and replies.
        """

    async def link(self, token: str, group: str = "") -> str:
        """An address at which a person says `/start TOKEN` to the bot alone, to the one that is in the `group` where the
        platform has several; "" where it has no private line. `token` is 1 to 64 of A-Z a-z 0-9 _ -.
        """

    async def workers(self, group: str) -> tuple[tuple[str, str], ...]:
        """The ids and names of the people who count as grid workers on the platform's own word."""

    async def fetch(self, attachment: Attachment) -> bytes:
        """The content of a file, at most 20 MB."""

    async def erase(self, group: str, person: str) -> int:
        """Delete what we ourselves keep for the platform of what a person said in a group; how many messages. Nothing where
        the platform keeps its messages itself.
        """

    async def prune(self, group: str, before: datetime) -> int:
        """Delete what we ourselves keep for the platform of a group from before then; how many messages."""


class Nlu(Protocol):
    """The NLU server."""

    async def parse(
        self, text: str, context: Sequence[str] = (), reply_to: str | None = None, role: str | None = None
    ) -> Reading:
        """What the text says."""

    async def linker(self) -> Linker:
        """What tells which case a message is about, as it was learnt with the NLU."""


class Dispatch(Protocol):
    """The dispatch backend; see connectors/dispatch.py for the records."""

    async def file(self, filing: Filing) -> str:
        """File a ticket; its id."""

    async def find(self, ref: str, since: datetime) -> str | None:
        """The ticket that carries our reference, if the backend has it: look before you send again."""

    async def updates(
        self, since: datetime, open_tickets: OpenTickets = nobody
    ) -> list[ServiceRequestUpdate]:
        """What happened to tickets since then, oldest first; the same update may come again. `open_tickets` are
        asked for only where the backend has to be asked about each.
        """

    async def find_update(self, ticket_id: str, update_ref: str, since: datetime) -> str | None:
        """The update that carries our reference, if the backend has it."""

    async def post_update(self, ticket_id: str, status: str, text: str, update_ref: str) -> str:
        """Tell the backend something about its ticket."""


class State(Protocol):
    """Durable state. The group is the unit of order; `save` is one transaction."""

    async def accept(self, door: str, group: str, update: str, raw: str, at: datetime) -> bool:
        """Put something into the group's inbox, durably; False if the same `update` was there before."""

    async def take(self, limit: int, wait_ms: int) -> list[Entry]:
        """The next entries, in order within a partition; what was taken and not saved comes first again
        after a restart, and for the worker to whom the partition passes. Returns [] when nothing came for `wait_ms`.
        """

    async def talk(self, group: str) -> Talk:
        """The group's memory, an empty one for a group never seen."""

    async def groups(self) -> list[str]:
        """Every group that has a memory."""

    async def talks_with(self, groups: Collection[str], words: Collection[str]) -> list[Talk]:
        """The memories of those groups in which one of these words is the whole of a title, a sender or something else
        that was heard; looked for where they are kept.
        """

    async def cases(self, group: str, *, live: bool = False, every: bool = False) -> list[Case]:
        """The cases of the group, oldest first; only the live ones on demand (bounded by their number). Where there
        are very many, the newest of them, unless `every` one is asked for.
        """

    async def case(self, case: str) -> Case | None:
        """One case."""

    async def scene(self, case: str) -> tuple[Talk, Case | None]:
        """The memory of a case's group, and the case, as they stand together."""

    async def at_hand(self, group: str, newest: int) -> tuple[list[Case], list[Case]]:
        """The live cases of the group, and as many of the newest, whether they live or not; both oldest first."""

    async def case_of(self, group: str, message: str) -> str | None:
        """The id of the case that a message (a resident's or our own) belongs to."""

    async def cases_of_ticket(self, ticket: str) -> list[str]:
        """The ids of the cases that follow this ticket, the one that filed it first; some may do so no more."""

    async def enlist(self, community: str, order: str, sketch: Sketch) -> list[tuple[str, Sketch]]:
        """Put a filing (the key of its order) into the line of its community, unless it stands there, and give
        the whole line in the order of arrival: of two that come at the same moment, one sees the other.
        """

    async def strike(self, community: str, orders: Sequence[str]) -> None:
        """Take filings out of the line of their community."""

    async def open_tickets(self) -> list[str]:
        """The tickets of live cases, for a backend that has to be asked about each."""

    async def trace(self, case: str) -> list[Fact]:
        """The facts of a case, oldest first."""

    async def head(self, group: str) -> Head:
        """How long the group's chain is, and the hash of its last link; see actions/chain.py."""

    async def heads(self, groups: Sequence[str]) -> list[Head]:
        """The heads of these groups' chains, in this order."""

    def links(self, group: str) -> AsyncIterator[Link | None]:
        """The group's chain as it stands, oldest first; None for what cannot be read. Nothing for a group without one."""

    async def save(self, change: Change) -> bool:
        """All of the change or nothing; False for what had been dealt with already. Raises `Stale` if the talk was saved by somebody else since, and, as `begin`,
        `postpone` and `bury` do, `Fenced` if the group is in the hands of another worker by now.
        """

    async def due(self, now: datetime, limit: int, held: Collection[str] = ()) -> list[Due]:
        """Orders whose time has come, the earliest first, but for those whose keys are `held` in hand already."""

    async def order(self, key: str, group: str) -> Due | None:
        """One order that waits, or None if it was done."""

    async def waiting(self, case: str) -> list[Due]:
        """The orders of a case that wait, the earliest first: for a page, not for what is done with every message."""

    async def begin(self, due: Due, now: datetime) -> tuple[Due, Talk, Case | None]:
        """Write down that the order is about to be tried, before it is; with the memory of its group, and its case, as they
        stand then. No case where the order is about none, or about another group's.
        """

    async def postpone(self, due: Due, until: datetime) -> None:
        """Try the order again at `until`."""

    async def bury(self, letter: DeadLetter, *, entry: Entry | None = None, done: Due | None = None) -> None:
        """Put an entry or an order among the dead letters; it leaves its place in the same stroke."""

    async def dead(self, limit: int) -> list[DeadLetter]:
        """The dead letters, newest first."""

    async def forget_dead(self, letters: Sequence[str]) -> int:
        """Delete dead letters, by their ids; how many there were."""

    async def replay(self, letter: str) -> bool:
        """Put a dead letter back where it came from; False if there is none of this id."""

    async def remember(self, key: str, value: str) -> None:
        """Keep a small value (a cursor, an offset) under a name."""

    async def swap(self, key: str, old: str | None, new: str) -> None:
        """Keep a small value in the place of the one that was read. Raises `Stale` where another stands there by now:
        somebody else is at it.
        """

    async def note(self, key: str, word: str, most: int) -> None:
        """Put a word behind those of a small value, unless it is among them; only the last `most` are kept."""

    async def recall(self, key: str) -> str | None:
        """The value kept under the name."""

    async def unlearn(self, key: str) -> bool:
        """Keep no value under the name any more; whether there was one."""

    async def bind(self, group: str, grid: str) -> None:
        """The group belongs to this grid from now on, for every process to know."""

    async def bound(self, known: int) -> tuple[int, dict[str, str]]:
        """How often something was bound, and the grids of the groups that were since it was `known` so often, at least."""

    async def chronicle(self, record: Decree) -> bool:
        """Write down what was put in force, for ever; False if the last of its kind has the same version already:
        however many processes put it in force, it is written once.
        """

    async def chronicles(self, limit: int) -> list[Decree]:
        """The last that were written, newest first."""

    async def forget_chronicle(self, before: datetime) -> int:
        """Delete what was written there before then; how many."""

    async def compact(self) -> None:
        """Let go of what was deleted on the disk too, in its own time."""

    async def depth(self) -> dict[str, int]:
        """How many entries, orders and dead letters wait: `inbox`, `orders`, `dead`, `partitions`."""
