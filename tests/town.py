"""A town in memory: one group with the real flow, a scripted NLU, a chat and a dispatch that are lists.

town = Town({"3号楼电梯又坏了": report("housing.elevator", "3号楼")})
await town.say("张阿姨", "3号楼电梯又坏了")
assert town.case.stage is Stage.OPEN
"""

import math
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

from actions import facts as f
from actions.calendar import Calendar
from actions.case import Case
from actions.linking import Linker
from actions.message import Attachment, Joined, Kind, Message, Press, Role
from actions.policy import Policy
from actions.reading import Guess, Intent, Reading, Span, Urgency
from bot.buttons import Buttons
from bot.evidence import Evidence
from bot.flow import Flow
from bot.grids import Grids
from bot.hands import Hands
from bot.house import FIVE_DAYS, House
from bot.matter_list import Matters
from bot.metrics import Metrics
from bot.ports import State
from bot.replay import VirtualClock
from bot.settings import Grid, Settings
from bot.work import Carrier, News, Reader
from connectors.memory_chat import MemoryChat
from connectors.memory_dispatch import MemoryDispatch
from connectors.memory_nlu import MemoryNlu
from connectors.memory_state import MemoryState
from connectors.open311 import ServiceRequestUpdate

GROUP = "memory:demo"
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


MATTERS = (
    "housing.elevator",
    "utilities.water",
    "utilities.power",
    "housing.common_facilities",
    "traffic.streetlight",
    "sanitation.garbage",
)
_LEFT_OVER = {
    Intent.CHATTER: 0.3,
    Intent.DETAIL: 0.2,
    Intent.SECOND: 0.15,
    Intent.REPORT: 0.15,
    Intent.CONSULT: 0.1,
    Intent.URGE: 0.05,
    Intent.DISPUTED: 0.03,
    Intent.RESOLVED: 0.01,
    Intent.WITHDRAW: 0.01,
}


def report(
    category: str, place: str = "", text: str = "", *, urgency: Urgency = Urgency.NORMAL, sure: float = 0.9
) -> Reading:
    """What the NLU says of a report: rankings that leave a little to everything, places, a meaning."""
    others = [matter for matter in MATTERS if matter != category]
    ranking = (Guess(category, 0.9), *(Guess(matter, 0.1 / len(others)) for matter in others))
    return Reading(
        Intent.REPORT,
        sure,
        ranking,
        urgency,
        0.9,
        _spans(place),
        _intents(Intent.REPORT, sure),
        meaning(category, place or text),
    )


def means(intent: Intent, place: str = "", confidence: float = 0.9, about: str = "") -> Reading:
    """What the NLU says of any other message; `about` is the category that its words speak of, if they do."""
    left = 0.6 if about else 1.0
    spread = [Guess(matter, left / len(MATTERS)) for matter in MATTERS if matter != about]
    ranking = (
        (Guess(about, 1 - sum(guess.confidence for guess in spread)), *spread) if about else tuple(spread)
    )
    meant = meaning(about or str(intent), f"{intent} {place}")
    return Reading(
        intent, confidence, ranking, Urgency.NORMAL, 1.0, _spans(place), _intents(intent, confidence), meant
    )


def meaning(matter: str, words: str) -> str:
    """A made-up meaning: texts of one matter are near each other, those of two are not."""
    one, other = (Random(seed) for seed in (matter, words))
    mixed = [0.8 * one.gauss(0, 1) + 0.6 * other.gauss(0, 1) for _ in range(64)]
    length = math.sqrt(sum(each * each for each in mixed))
    return b64encode(bytes(round(127 * each / length) % 256 for each in mixed)).decode()


def _spans(place: str) -> tuple[Span, ...]:
    return (Span(0, len(place), place),) if place else ()


def _intents(first: Intent, confidence: float) -> tuple[Guess, ...]:
    """The first as sure as it is, the rest of the certainty on the others as it mostly falls."""
    others = {intent: share for intent, share in _LEFT_OVER.items() if intent is not first}
    left = (1 - confidence) / sum(others.values())
    return (Guess(first, confidence), *(Guess(intent, left * share) for intent, share in others.items()))


def _told_by_day(policy: Policy, *, digests: bool) -> Policy:
    """A town has no digests unless a story is about them: they would come into all others."""
    return policy if digests else replace(policy, digest_at=None, supervisor_digest_at=None)


class _Grids(Grids):
    """Grids of which all follow one policy."""

    def __init__(self, settings: Settings, policy: Policy) -> None:
        super().__init__(settings)
        self._policy = policy

    def policy_of(self, group: str) -> Policy:
        return self._policy


class Town:
    """The group, its people, and dispatch."""

    def __init__(
        self,
        readings: dict[str, Reading] | None = None,
        *,
        policy: Policy | None = None,
        lang: str = "zh_CN",
        grids: tuple[Grid, ...] = (Grid(id="g1", name="第一网格"),),
        state: State | None = None,
        linker: Linker | None = None,
        people: dict[str, object] | None = None,
        matters: Matters | None = None,
        calendar: Calendar | None = None,
        digests: bool = False,
    ) -> None:
        self.clock = VirtualClock(MORNING)
        self.state, self.chat = state or MemoryState(), MemoryChat()
        self.nlu, self.dispatch = MemoryNlu(readings, linker), MemoryDispatch()
        self.chat.staff = (("memory:孟姐", "孟姐"),)
        settings = Settings(lang=lang, grid=grids, **(people or {}))
        chats = {"memory": self.chat}
        self.house = House(
            state=self.state,
            chats=chats,
            nlu=self.nlu,
            dispatch=self.dispatch,
            clock=self.clock,
            buttons=Buttons("secret"),
            metrics=Metrics(),
            grids=_Grids(settings, _told_by_day(policy or Policy(), digests=digests)),
            evidence=Evidence("secret", "http://here", chats),
            matters=matters or Matters(),
            calendar=calendar or FIVE_DAYS,
        )
        self.flow = Flow(self.house)
        self.reader = Reader(self.house, self.flow)
        self.carrier = Carrier(self.house, self.flow, Hands(self.house))
        self.news = News(self.house, self.flow, 15)
        self._count = 0

    async def say(
        self,
        who: str,
        text: str,
        *,
        reply_to: str | None = None,
        kind: Kind = Kind.TEXT,
        role: Role | None = None,
        edits: str | None = None,
        **more: object,
    ) -> str:
        """Somebody says something; the bot reads it and does what follows. The message's id."""
        self._count += 1
        message = Message(
            group=GROUP,
            id=edits or str(self._count),
            sender=f"memory:{who}",
            sender_name=who,
            role=role or (Role.WORKER if who == "孟姐" else Role.RESIDENT),
            at=self.clock.now(),
            kind=kind,
            text=text,
            reply_to=reply_to,
            edited=edits is not None,
        )
        if kind is not Kind.TEXT:
            message = replace(message, attachments=(Attachment(kind, f"file{self._count}"),))
        await self.hear(replace(message, **more))
        return message.id

    async def hear(self, what: Message | Press | Joined) -> None:
        """Put anything that is heard through the flow."""
        self._count += 1
        update = f"u{self._count}"
        self.chat.heard[update] = what
        if isinstance(what, Message):
            self.chat.last_heard = what.id
        await self.flow.heard("memory", what.group, update, {"id": update})
        await self.settle()

    async def press(self, who: str, label: str, *, on: int | None = None, data: str | None = None) -> str:
        """Somebody presses a button, on the newest message of the bot that has it; the toast that follows."""
        said = self.chat.said[self._newest(label) if on is None else on]
        buttons = {button.label: button.data for row in said.post.buttons for button in row}
        self._count += 1
        press = Press(
            said.post.group,
            f"press{self._count}",
            f"memory:{who}",
            who,
            Role.WORKER if who == "孟姐" else Role.RESIDENT,
            self.clock.now(),
            data or buttons[label],
            said.id,
        )
        await self.hear(press)
        return dict(self.chat.answers)[press.id]

    def _newest(self, label: str) -> int:
        at = range(len(self.chat.said))
        return max((n for n in at if any(label in row for row in self.labels(n))), default=-1)

    async def dispatch_says(self, status: str, note: str = "", ticket: str = "1") -> None:
        """Dispatch moves a ticket, and the bot asks for news."""
        number = len(self.dispatch.news) + 1
        self.dispatch.news.append(
            ServiceRequestUpdate(f"n{number}", ticket, status, status, self.clock.now(), note)
        )
        await self.news.once()
        await self.settle()

    async def wait(self, time: timedelta) -> None:
        """Time passes; whatever falls due on the way is done at its time."""
        until = self.clock.now() + time
        while (due := await self.state.next_due()) and due <= until:
            self.clock.set(due)
            if not await self.carrier.once():
                break
            await self.carrier.drain()
        self.clock.set(until)
        await self.settle()

    async def settle(self) -> None:
        """Everything that can be done now is done."""
        await self.reader.once()
        while await self.carrier.once():
            await self.carrier.drain()
            await self.reader.once()

    async def cases(self) -> list[Case]:
        """All cases."""
        return await self.state.cases(GROUP)

    async def case(self) -> Case:
        """The only case."""
        (case,) = await self.cases()
        return case

    async def facts(self, case: Case) -> list[type[f.Fact]]:
        """The kinds of facts in the trace of a case, without what the bot itself posted."""
        return [type(fact) for fact in await self.state.trace(case.id) if not isinstance(fact, f.Posted)]

    @property
    def texts(self) -> list[str]:
        """What the bot has said, as it stands now."""
        return [said.post.text for said in self.chat.said]

    def labels(self, on: int = -1) -> list[list[str]]:
        """The buttons under a message of the bot."""
        return [[button.label for button in row] for row in self.chat.said[on].post.buttons]
