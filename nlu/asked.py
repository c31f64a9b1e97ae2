"""One message to read, and what the caller knows of the talk around it."""

from dataclasses import dataclass

LONGEST = 4096  # letters; Telegram's own limit of a message. What is beyond is not read.


@dataclass(frozen=True)
class Asked:
    """A text, the texts said before it (the latest last), the text that it quotes, and its sender's role."""

    text: str
    context: tuple[str, ...] = ()
    reply_to: str | None = None
    role: str | None = None

    @property
    def alone(self) -> bool:
        """Whether the caller told nothing but the text."""
        return not (self.context or self.reply_to or self.role)
