"""Buttons: their labels, and the signed data behind them that comes back in a press.

The data names a case, a verb and the round of the question (how often it was sent back or came back), so that
an old question's button is known for what it is. A button of the menu of corrections also has an argument: a
page, a case's number, or the token of a category or a message. The signature binds it all to the group.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from itsdangerous import BadSignature, Signer

from actions.case import Case
from actions.corrections import Step
from actions.post import Button
from actions.presses import RATES, Verb
from bot.phrases import Gettext

_ARGUMENT = re.compile(r"[0-9a-z-]{1,12}")
"""With nine digits for the case and four for the round, this makes 64 bytes in all."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a genuine button stands for."""

    number: int
    verb: Verb | Step
    round: int
    argument: str = ""


class Forged(Exception):
    """The data of the press is not ours."""


class Buttons:
    """Makes buttons and reads presses; `secret` is the installation's own."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def row(self, case: Case, verbs: tuple[Verb, ...], _: Gettext, chat: str = "") -> tuple[Button, ...]:
        """One row of buttons for a case."""
        return tuple(Button(label(verb, case, _), self._sign(case, verb, chat=chat)) for verb in verbs)

    def rows(
        self, case: Case, rows: tuple[tuple[Verb, ...], ...], _: Gettext, chat: str = ""
    ) -> tuple[tuple[Button, ...], ...]:
        """Rows of buttons for a case; in a `chat` beside the group they are bound to that, not to the group."""
        return tuple(self.row(case, verbs, _, chat) for verbs in rows)

    def token(self, case: str) -> str:
        """What opens the private line to a case: 27 letters, digits, `-` and `_` that nobody can guess or read."""
        return Signer(self._secret, salt="linli.private").get_signature(case.encode()).decode()

    def button(
        self, case: Case, words: str, verb: Verb | Step, argument: str = "", *, chat: str = ""
    ) -> Button:
        """A button with words of its own, bound to the `chat` or the group. Raises ValueError for an argument that no button may have."""
        if argument and not _ARGUMENT.fullmatch(argument):
            raise ValueError(f"no button can carry {argument!r}")
        return Button(words, self._sign(case, verb, argument, chat))

    def of_list(self, chat: str, words: str, step: Step, argument: str) -> Button:
        """A button under a list of cases, in this chat; no one case is its own. Raises ValueError as `button` does."""
        if not _ARGUMENT.fullmatch(argument):
            raise ValueError(f"no button can carry {argument!r}")
        return Button(words, self._signer(chat).sign(f"0.{step}.0.{argument}").decode())

    def read(self, group: str, data: str) -> Meaning:
        """What a press means. Raises `Forged`."""
        try:
            number, verb, turn, *argument = self._signer(group).unsign(data).decode().split(".")
            if argument:
                return Meaning(int(number), Step(verb), int(turn), _argument(*argument))
            return Meaning(int(number), _verb(verb), int(turn))
        except (BadSignature, ValueError, TypeError) as error:
            raise Forged(group) from error

    def _sign(self, case: Case, verb: Verb | Step, argument: str = "", chat: str = "") -> str:
        words = f"{case.number}.{verb}.{case.round}" + (f".{argument}" if argument else "")
        return self._signer(chat or case.group).sign(words).decode()

    def _signer(self, group: str) -> Signer:
        # SHA-1 in HMAC is sound, and its 27 characters fit into Telegram's 64 bytes.
        return Signer(self._secret, salt=f"linli.button.{group}", sep="~")


def _verb(word: str) -> Verb | Step:
    return next((step for step in Step if step == word), None) or Verb(word)


def _argument(word: str) -> str:
    if not _ARGUMENT.fullmatch(word):
        raise ValueError("an argument that no button of ours has")
    return word


def label(verb: Verb, case: Case, _: Gettext) -> str:
    """The words on a button."""
    if verb in RATES:
        return str(RATES.index(verb) + 1)
    count = len(case.followers)
    return f"{_words(_)[verb]} {count}" if verb is Verb.ME_TOO and count else _words(_)[verb]


@lru_cache(maxsize=8)
def _words(_: Gettext) -> dict[Verb, str]:
    return {
        Verb.ME_TOO: _("Me too"),
        Verb.TAKE: _("I'll handle it"),
        Verb.FILE: _("Send to dispatch"),
        Verb.DISMISS: _("Not a problem"),
        Verb.DONE: _("Done"),
        Verb.APART: _("Another problem"),
        Verb.CONFIRM: _("Confirm: done"),
        Verb.DENY: _("Not done yet"),
        Verb.FIXED: _("Fixed"),
        Verb.NOT_FIXED: _("Not fixed"),
        Verb.HALF: _("Half fixed"),
        Verb.WITHDRAW: _("Take it back"),
        Verb.RESTORE: _("Needed after all"),
        Verb.MORE: _("More…"),
    }
