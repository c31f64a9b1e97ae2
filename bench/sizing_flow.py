"""The real flow on a real Redis, with a chat, a dispatch and readings of its own: what the bot itself costs."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from actions.message import Kind, Message, Role
from actions.reading import Guess, Intent, Reading, Span, Urgency
from bot.buttons import Buttons
from bot.evidence import Evidence
from bot.flow import Flow
from bot.grids import Grids
from bot.hands import Hands
from bot.house import House
from bot.metrics import Metrics
from bot.replay import VirtualClock
from bot.settings import Settings
from bot.work import Carrier, Reader
from connectors.memory_chat import MemoryChat
from connectors.memory_dispatch import MemoryDispatch
from connectors.memory_nlu import MemoryNlu
from connectors.redis_state import RedisState

GROUPS = 100
AT_ONCE = 200
BEGINS = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
_CHATTER = Reading(
    Intent.CHATTER, 0.97, (Guess("utilities.water", 0.5), Guess("housing.elevator", 0.5)), Urgency.NORMAL, 1.0, (),
    tuple(Guess(intent, 0.97 if intent is Intent.CHATTER else 0.03 / (len(Intent) - 1)) for intent in Intent), "",
)  # fmt: skip


def _report(place: str) -> Reading:
    intents = tuple(
        Guess(each, 0.95 if each is Intent.REPORT else 0.05 / (len(Intent) - 1)) for each in Intent
    )
    ranking = (Guess("housing.elevator", 0.95), Guess("utilities.water", 0.05))
    spans = (Span(0, len(place), place),)
    return Reading(Intent.REPORT, 0.95, ranking, Urgency.NORMAL, 0.9, spans, intents, "")


@dataclass
class Hall:
    """A hundred groups and one worker."""

    house: House
    chat: MemoryChat
    nlu: MemoryNlu
    flow: Flow
    reader: Reader
    carrier: Carrier
    clock: VirtualClock

    async def hear(self, count: int, *, reports: bool, first: int = 0) -> None:
        """So many messages, and all that follows from them; the groups are numbered from the `first`."""
        for n in range(count):
            place = f"{n}号楼"
            text = f"{place}电梯又坏了" if reports else f"早上好{n}"
            self.nlu.readings[text] = _report(place) if reports else _CHATTER
            message = Message(
                group=f"memory:{first + n % GROUPS}", id=str(n + 1), sender=f"memory:u{n}", sender_name="王阿姨",
                role=Role.RESIDENT, at=self.clock.now(), kind=Kind.TEXT, text=text, reply_to=None, edited=False,
            )  # fmt: skip
            self.chat.heard[f"u{first + n}"] = message
            await self.flow.heard("memory", message.group, f"u{first + n}", {"id": f"u{first + n}"})
            if (n + 1) % AT_ONCE == 0:
                await self._settle()
                self.clock.set(self.clock.now() + timedelta(minutes=1))
        await self._settle()

    async def _settle(self) -> None:
        await self.reader.once()
        while await self.carrier.once():
            await self.carrier.drain()
            await self.reader.once()


def town(state: RedisState) -> Hall:
    """The house around a state."""
    chat, nlu, clock = MemoryChat(), MemoryNlu(), VirtualClock(BEGINS)
    settings = Settings.model_validate(
        {"policy": {"digest_at": "", "supervisor_digest_at": "", "share": 1.0}}
    )
    house = House(
        state=state,
        chats={"memory": chat},
        nlu=nlu,
        dispatch=MemoryDispatch(),
        clock=clock,
        buttons=Buttons("bench"),
        metrics=Metrics(),
        grids=Grids(settings),
        evidence=Evidence("bench", settings.address, {"memory": chat}),
        calendar=settings.calendar.calendar(settings.country, settings.timezone),
    )
    flow = Flow(house)
    return Hall(house, chat, nlu, flow, Reader(house, flow), Carrier(house, flow, Hands(house)), clock)
