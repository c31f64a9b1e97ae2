"""The report of a replay, for a person: what was found, what the bot would have said, what it was unsure of.

Everything that people wrote is masked, and stripped of what could command a terminal.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from actions.case import Case
from actions.mask import mask
from actions.message import Kind, Message
from actions.reading import Intent, Urgency
from actions.visible import STEERING
from bot.cards import Writer
from bot.history import History, printable
from bot.phrases import gettext
from bot.replay import Replayed, Utterance

QUOTED = 160
"""Characters of a message; who wants more looks into the group."""
_WHEN_WIDTH = 11


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """The report in the operator's language; the bot speaks in `writer`'s."""

    history: History
    replayed: Replayed
    writer: Writer
    lang: str
    zone: ZoneInfo

    def show(self, console: Console) -> None:
        """Print all of it."""
        messages = {message.id: message for message in self.replayed.messages}
        for line in self._head():
            console.print(Text(line))
        cases, unsure = self.replayed.cases, self.replayed.unsure
        self._heading(console, self._("Cases"), len(cases))
        for case in cases:
            self._case(console, case, messages)
        self._heading(console, self._("Unsure"), len(unsure) + len(self._doubtful()))
        for case in unsure:
            self._case(console, case, messages)
        self._doubts(console)
        if loose := [said for said in self.replayed.said if not said.case]:
            self._heading(console, self._("Said besides"), len(loose))
            console.print()
            self._lines(console, [self._utterance(said, messages) for said in loose])
        self._heading(console, self._("In figures"))
        console.print()
        for line in self._figures():
            console.print(Text(line))

    def _(self, sentence: str) -> str:
        return gettext(self.lang)(sentence)

    # --- the head -----------------------------------------------------------------------------------

    def _head(self) -> Iterator[str]:
        heard = self.replayed.messages
        yield self._("What Linli would have made of {title}").format(title=_clean(self.history.title) or "—")
        if self.replayed.cut:
            yield self._("Broken off: {n} of {all} messages are through.").format(
                n=len(heard), all=len(self.history.messages)
            )
        if heard:
            yield f"{self._day(min(m.at for m in heard))} – {self._day(max(m.at for m in heard))}"
        people = len({message.sender for message in heard})
        yield self._("{n} messages by {people} people").format(n=len(heard), people=people)
        yield self._left_alone()
        yield self._workers()
        if left_out := self._left_out():
            yield left_out

    def _workers(self) -> str:
        names = [_clean(name) or who for who, name in self.history.workers]
        if names:
            return self._("Grid workers: {names}").format(names=", ".join(names))
        return self._("Nobody counts as a grid worker; name them with --worker.")

    def _left_out(self) -> str:
        names = {
            "unheard": self._("{n} that no bot hears (service messages, polls)"),
            "bot": self._("{n} of bots"),
            "ignored": self._("{n} to be ignored"),
            "outside": self._("{n} of other days"),
        }
        parts = [names[why].format(n=n) for why, n in self.history.left_out.items() if n and why in names]
        return self._("Left out: {parts}").format(parts=" · ".join(parts)) if parts else ""

    def _left_alone(self) -> str:
        linked = {message for case in self.replayed.every_case for message, _ in case.messages}
        alone = [m for m in self.replayed.messages if m.id not in linked]
        read = Counter(self.replayed.intents.get(m.id) for m in alone)
        said = self._(
            "{n} went into cases; {alone} were left alone: {chatter} chatter, {consult} questions, {other} other"
        )
        return said.format(
            n=len(self.replayed.messages) - len(alone),
            alone=len(alone),
            chatter=read[Intent.CHATTER],
            consult=read[Intent.CONSULT],
            other=len(alone) - read[Intent.CHATTER] - read[Intent.CONSULT],
        )

    # --- cases ---------------------------------------------------------------------------------------

    def _case(self, console: Console, case: Case, messages: dict[str, Message]) -> None:
        urgency = {
            Urgency.EMERGENCY: self._("emergency"),
            Urgency.URGENT: self._("urgent"),
            Urgency.NORMAL: self._("not urgent"),
        }[case.urgency]
        head = f"{urgency} · {self._day(case.opened_at)} · {_clean(case.reporter_name) or '—'}"
        pairs = [(messages[one], what) for one, what in case.messages if one in messages]
        joined = [(one.at, self._joined(one, what)) for one, what in pairs]
        said = [(one.at, self._utterance(one, messages)) for one in self.replayed.said if one.case == case.id]
        lines = [line for _, line in sorted([*joined, *said], key=lambda pair: pair[0])]
        console.print()
        console.print(Text(_plain(self.writer.line(case))))
        console.print(Padding(Text(head), (0, 0, 0, 2)))
        self._lines(console, lines)

    def _doubts(self, console: Console) -> None:
        doubt = self._(
            "not sure what it is: the grid worker would have been asked before it goes to dispatch"
        )
        if doubtful := self._doubtful():
            console.print()
            self._lines(console, [(f"#{case.number}", doubt) for case in doubtful])

    def _doubtful(self) -> list[Case]:
        return [case for case in self.replayed.cases if not case.sure]

    def _joined(self, message: Message, what: str) -> tuple[str, str]:
        does = {
            "report": self._("reports"),
            "second": self._("has it too"),
            "detail": self._("adds"),
            "urge": self._("asks for it"),
            "resolved": self._("says it is fixed"),
            "disputed": self._("says it is not fixed"),
            "withdraw": self._("takes it back"),
        }.get(what, what)
        who = f"{_clean(message.sender_name) or '—'} {does}"
        return self._time(message.at), self._line(who, self._words(message))

    def _words(self, message: Message) -> str:
        kinds = {
            Kind.PHOTO: self._("photo"),
            Kind.VOICE: self._("voice message"),
            Kind.VIDEO: self._("video"),
            Kind.LOCATION: self._("location"),
        }
        sort = f"[{kinds[message.kind]}]" if message.kind in kinds else ""
        text = _clean(message.text)
        return " ".join(filter(None, (sort, text[:QUOTED] + "…" * (len(text) > QUOTED))))

    def _utterance(self, said: Utterance, messages: dict[str, Message]) -> tuple[str, str]:
        answered = messages.get(said.reply_to or "")
        to = f" → {_clean(answered.sender_name) or '—'}" if answered else ""
        text = "\n".join(_plain(line) for line in said.first.splitlines())
        return self._time(said.at), self._line(f"{self._('Linli')}{to}", text)

    def _line(self, who: str, words: str) -> str:
        return self._("{who}: {words}").format(who=who, words=words).rstrip()

    # --- figures -------------------------------------------------------------------------------------

    def _figures(self) -> Iterator[str]:
        heard, said = len(self.replayed.messages), self.replayed.said
        quiet = heard - len({one.after for one in said})
        yield self._(
            "Linli would have spoken {n} times, {rate} per 100 messages; after {quiet}% of them it was silent"
        ).format(
            n=len(said),
            rate=f"{100 * len(said) / max(heard, 1):.1f}",
            quiet=f"{100 * quiet / max(heard, 1):.1f}",
        )
        if self.replayed.failed:
            yield self._("{n} could not be handled").format(n=self.replayed.failed)

    # --- form ----------------------------------------------------------------------------------------

    def _heading(self, console: Console, words: str, count: int | None = None) -> None:
        console.print()
        console.print(Text(words if count is None else f"{words} ({count})", style="bold"))

    def _lines(self, console: Console, lines: Sequence[tuple[str, str]]) -> None:
        table = Table.grid(padding=(0, 1))
        table.add_column(no_wrap=True, min_width=_WHEN_WIDTH)
        table.add_column(overflow="fold")
        for when, words in lines:
            table.add_row(Text(when), Text(words))
        console.print(Padding(table, (0, 0, 0, 2)))

    def _day(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%Y-%m-%d %H:%M")

    def _time(self, at: datetime) -> str:
        return at.astimezone(self.zone).strftime("%m-%d %H:%M")


def _clean(text: str) -> str:
    """What somebody wrote, as it may be shown: masked, on one line."""
    return _plain(mask(text))


def _plain(text: str) -> str:
    """On one line, without what would command the terminal or turn the line round."""
    line = " ".join(printable(text).split())
    return STEERING.sub("", line)
