"""A town on Telegram: the real flow and the real connector against the simulator, everything else in memory.

    async with telegram_town(READ) as town:
        town.group.say(town.wang, "3号楼电梯又坏了")
        await town.settle()
        assert (await town.case()).stage is Stage.OPEN

Updates are taken from the simulator when the town settles, so that a test decides in which order they come in.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from actions.case import Case
from actions.reading import Reading
from bot.moving import kin
from connectors.moves import Moves
from connectors.pace import Limits, MemoryPace, Pace
from connectors.telegram import HANDLED, TelegramChat
from tests.telegram_simulator import TelegramSimulator
from tests.telegram_world import Group, Said
from tests.town import Town


class TelegramTown(Town):
    """`group` is a basic group; `wang` and `li` live there, `meng` is its worker."""

    def __init__(
        self, sim: TelegramSimulator, readings: dict[str, Reading], pace: Pace | None, **how: Any
    ) -> None:
        super().__init__(readings, **how)
        self.sim = sim
        sim._allowed = set(HANDLED)
        self.telegram = self.connector(pace)
        self.wang, self.li, self.meng = (sim.person(name) for name in ("王阿姨", "李叔", "孟姐"))
        self.group = sim.group("春风里", administrators=[self.meng], basic=True)

    def connector(self, pace: Pace | None = None) -> TelegramChat:
        """A connector as another process, or the same after a restart, would have it."""
        chat = TelegramChat(
            self.sim.token,
            named_workers=self.house.grids.worker_ids,
            api_root=self.sim.url,
            clock=self.clock.now,
            moves=Moves(self.state.remember, self.state.recall),
            kin=kin(self.state),
            pace=pace or MemoryPace(Limits(10_000, 10_000, 10_000)),
        )
        self.house.chats["telegram"] = chat
        return chat

    async def arrive(self, raw: dict[str, Any]) -> None:
        """One update comes in at the door, as it does from polling or the webhook."""
        frozen = json.loads(json.dumps(raw))
        door = await self.house.chats["telegram"].door(frozen)
        await self.flow.heard("telegram", door, str(frozen["update_id"]), frozen)

    async def settle(self) -> None:
        """Everything that has happened comes in, and all that follows is done."""
        while self.sim.updates:
            await self.arrive(self.sim.updates.popleft())
        for _ in range(3):  # an entry may be handed on, and once more
            await super().settle()

    async def cases(self, group: Group | None = None) -> list[Case]:
        """The cases of a group."""
        return await self.state.cases((group or self.group).ref)

    async def presses(self, person: Any, group: Group, message: Said, label: str) -> str | None:
        """A press, and the toast."""
        press = group.press(person, message, label)
        await self.settle()
        return press.answer


@asynccontextmanager
async def telegram_town(
    readings: dict[str, Reading],
    *,
    pace: Pace | None = None,
    sim: TelegramSimulator | None = None,
    **how: Any,
) -> AsyncIterator[TelegramTown]:
    """The town, with its connections closed in the end."""
    async with sim or TelegramSimulator() as simulator:
        town = TelegramTown(simulator, readings, pace, **how)
        try:
            await town.settle()
            yield town
        finally:
            for chat in {town.telegram, town.house.chats["telegram"]}:
                await chat.stop()
