"""Buttons: their labels, and the signed data behind them that comes back in a press.

The data names a case, a verb and the round of the question (how often the fix was disputed before), so that
an old question's button is known for what it is. The signature binds it to the group.
"""

from dataclasses import dataclass

from itsdangerous import BadSignature, Signer

from actions.case import Case
from actions.post import Button
from actions.presses import RATES, Verb
from bot.phrases import Gettext


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a genuine button stands for."""

    number: int
    verb: Verb
    round: int


class Forged(Exception):
    """The data of the press is not ours."""


class Buttons:
    """Makes buttons and reads presses; `secret` is the installation's own."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def row(self, case: Case, verbs: tuple[Verb, ...], _: Gettext) -> tuple[Button, ...]:
        """One row of buttons for a case."""
        return tuple(Button(label(verb, case, _), self._sign(case, verb)) for verb in verbs)

    def rows(
        self, case: Case, rows: tuple[tuple[Verb, ...], ...], _: Gettext
    ) -> tuple[tuple[Button, ...], ...]:
        """Rows of buttons for a case."""
        return tuple(self.row(case, verbs, _) for verbs in rows)

    def read(self, group: str, data: str) -> Meaning:
        """What a press means. Raises `Forged`."""
        try:
            number, verb, turn = self._signer(group).unsign(data).decode().split(".")
            return Meaning(int(number), Verb(verb), int(turn))
        except (BadSignature, ValueError) as error:
            raise Forged(group) from error

    def _sign(self, case: Case, verb: Verb) -> str:
        return self._signer(case.group).sign(f"{case.number}.{verb}.{case.disputes}").decode()

    def _signer(self, group: str) -> Signer:
        # SHA-1 in HMAC is sound, and its 27 characters fit into Telegram's 64 bytes.
        return Signer(self._secret, salt=f"linli.button.{group}", sep="~")


def label(verb: Verb, case: Case, _: Gettext) -> str:
    """The words on a button."""
    if verb in RATES:
        return str(RATES.index(verb) + 1)
    words = {
        Verb.ME_TOO: _("Me too"),
        Verb.TAKE: _("I'll handle it"),
        Verb.FILE: _("Send to dispatch"),
        Verb.DISMISS: _("Not a problem"),
        Verb.DONE: _("Done"),
        Verb.CONFIRM: _("Confirm: done"),
        Verb.DENY: _("Not done yet"),
        Verb.FIXED: _("Fixed"),
        Verb.NOT_FIXED: _("Not fixed"),
    }
    count = len(case.followers)
    return f"{words[verb]} {count}" if verb is Verb.ME_TOO and count else words[verb]
