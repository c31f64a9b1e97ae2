"""Choosing: puts together what the menu under a worker's card offers, in whichever chat the card is."""

from collections.abc import Sequence

from actions.case import Case
from actions.confidentiality import Audience, hidden
from bot.correcting import Correcting
from bot.handling import Handling
from bot.house import House
from bot.menus import Menu


class Choosing:
    """Makes menus; it reads the state and changes nothing."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._correcting, self._handling = Correcting(house), Handling(house)

    async def menu(self, case: Case, choices: Sequence[str], chat: str) -> Menu:
        """The menu of a case for a chat; `choices` are the categories to offer. Raises `Unreachable`."""
        writer = self._house.grids.writer_of(case.group)
        return Menu(
            case,
            self._house.buttons,
            writer if chat == case.group else writer.to(Audience.STAFF),
            () if hidden(case) else await self._correcting.others(case),
            await self._correcting.joined(case),
            choices,
            self._handling.matters(case),
            await self._handling.colleagues(case),
            self._handling.goes_up(case),
            chat,
        )
