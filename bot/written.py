"""Where a setting was written: a line of linli.toml, a row of another file, or a variable."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.toml_lines import Place, line_of


@dataclass(frozen=True, slots=True)
class Written:
    """The text of linli.toml; and, in words, where the values at some places come from instead."""

    name: str
    text: str
    elsewhere: dict[Place, str]

    def note(self, places: Mapping[Place, str]) -> None:
        """These come from elsewhere."""
        self.elsewhere.update(places)

    def where(self, place: Place) -> str:
        """The place in words."""
        for length in range(len(place), 0, -1):
            if origin := self.elsewhere.get(place[:length]):
                rest = [part for part in place[length:] if isinstance(part, str)]
                return f"{origin}: {rest[0]}" if rest and length == 2 else origin
        return self.at_line(place)

    def at_line(self, place: Place) -> str:
        """The place in linli.toml, with its line."""
        line = line_of(self.text, place)
        words = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
        where = f"{self.name} line {line}" if line else self.name
        return f"{where}: {words.lstrip('.') or 'the file'}"
