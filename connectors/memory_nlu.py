"""The NLU in memory: answers what it was told to answer. For unit tests."""

from collections.abc import Mapping, Sequence

from actions.errors import Unreachable
from actions.linking import Linker
from actions.reading import SILENCE, Reading
from connectors.linking_weights import shipped


class MemoryNlu:
    """See `bot.ports.Nlu`. A text that it was not told of is chatter; `down` makes it unreachable."""

    def __init__(self, readings: Mapping[str, Reading] | None = None, linking: Linker | None = None) -> None:
        self.readings, self._linking = dict(readings or {}), linking
        self.read: list[str] = []
        self.down = False

    async def parse(
        self, text: str, context: Sequence[str] = (), reply_to: str | None = None, role: str | None = None
    ) -> Reading:
        """The reading for this text."""
        if self.down:
            raise Unreachable("the NLU is down")
        self.read.append(text)
        return self.readings.get(text, SILENCE)

    async def linker(self) -> Linker:
        """What it was given, or the linking by the weights that ship with the bot."""
        if self.down:
            raise Unreachable("the NLU is down")
        return self._linking or shipped()
