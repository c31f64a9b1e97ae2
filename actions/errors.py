"""What can go wrong with an outside thing, said in the only two words that the rest of the house knows."""


class Unreachable(Exception):
    """Nobody knows whether it was done: look, then try again later.

    ``retry_after`` is in seconds, where the other side named a time.
    """

    def __init__(self, text: str, retry_after: float | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class NotYet(Unreachable):
    """It was not done, that is certain: the other side, or we ourselves, allow no more just now."""


class Refused(Exception):
    """The other side said no, and will say no again: tell a person. The text is fit to be shown."""


class Gone(Refused):
    """We have no place there any more, or never had: removed from the group, blocked by the person."""
