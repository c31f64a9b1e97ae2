"""Menus: what a worker may do with a case, under its card, a page at a time. Pure words; sending is elsewhere.

the card ─ MENU ┬ CATEGORY (the likeliest) ─ GROUPS ─ CODES ─ SET
                ├ WHERE    (says how to write it)
                ├ MATTERS  (the likeliest) ─ ALL ─ MATTER
                ├ INSPECT  (asks for a picture)
                ├ MERGE    (the other live cases, newest first) ─ INTO
                ├ SPLIT    (the messages that joined) ─ OFF
                ├ UP       (one level)
                ├ HAND     (the other workers) ─ TO
                ├ GIVE     (the reasons) ─ REASON
                └ "not a problem", and back
"""

from collections.abc import Sequence
from dataclasses import dataclass

from actions import facts as f
from actions.advance import allowed
from actions.case import Case
from actions.confidentiality import Field
from actions.corrections import Step, token
from actions.giving_back import GiveBack
from actions.mask import mask
from actions.post import Button
from actions.presses import Verb
from bot.buttons import Buttons, label
from bot.cards import Writer
from bot.categories import codes_of, group_of, groups, name_of, name_of_group
from bot.phrases import Gettext, gettext
from bot.reasons import name_of_giving_back

ROWS = 7
"""Rows of choices on a page; with the one that leads on and back it is what a phone shows."""
LONGEST = 30
"""Letters on a button."""
LIKELIEST = 3
WIDEST = 2
"""Buttons in a row, so that each can be read and hit."""

Rows = tuple[tuple[Button, ...], ...]
Names = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Joined:
    """A message that joined a case after the first one."""

    id: str
    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Menu:
    """Draws the pages of one case's menu. `others` are the live cases it may be merged into, newest first; `matters`
    those that it may be, and `colleagues` the workers who may have it, each with their names; `goes_up`: one level. In another `chat` than the group its
    buttons are bound to that.
    """

    case: Case
    buttons: Buttons
    writer: Writer
    others: Sequence[Case] = ()
    joined: Sequence[Joined] = ()
    choices: Sequence[str] = ()
    matters: Names = ()
    colleagues: Names = ()
    goes_up: bool = False
    chat: str = ""

    def page(self, step: Step, argument: str = "") -> Rows:
        """The rows of a page; of a page that there is none of, those of the first."""
        return self._of_corrections(step, argument) or self._of_handling(step, argument) or self._first()

    def _of_corrections(self, step: Step, argument: str) -> Rows:
        match step:
            case Step.CATEGORY:
                return self._likeliest()
            case Step.GROUPS:
                return self._paged(step, [self._group(group) for group in groups()], "", argument, wide=2)
            case Step.CODES:
                return self._codes(argument)
            case Step.MERGE:
                return self._paged(step, [self._other(case) for case in self.others], "", argument)
            case Step.SPLIT:
                return self._paged(
                    step, [self._message(*each) for each in enumerate(self.joined, 1)], "", argument
                )
        return ()

    def _of_handling(self, step: Step, argument: str) -> Rows:
        match step:
            case Step.MATTERS if self.matters:
                return self._likeliest_matters()
            case Step.ALL if self.matters:
                return self._paged(step, [self._matter(*each) for each in self.matters], "", argument)
            case Step.HAND if self.colleagues:
                return self._paged(step, [self._colleague(*each) for each in self.colleagues], "", argument)
            case Step.GIVE if allowed(self.case, f.GivenBack):
                return self._reasons()
        return ()

    @property
    def _(self) -> Gettext:
        return gettext(self.writer.lang)

    def _first(self) -> Rows:
        _ = self._
        first = [self._to(_("Category"), Step.CATEGORY), self._to(_("Place"), Step.WHERE)]
        second = [self._to(_("Matter"), Step.MATTERS)] if self.matters else []
        if allowed(self.case, f.Inspected):
            second.append(self._to(_("Look on the spot"), Step.INSPECT))
        third = [self._to(_("Merge into…"), Step.MERGE)] if self.others else []
        if self.joined:
            third.append(self._to(_("Split"), Step.SPLIT))
        last = [self._back(Step.BACK)]
        if allowed(self.case, f.Dismissed):
            last.insert(0, self._to(label(Verb.DISMISS, self.case, _), Verb.DISMISS))
        return tuple(tuple(row) for row in (first, second, third, *self._elsewhere(), last) if row)

    def _elsewhere(self) -> tuple[list[Button], ...]:
        """Who else may have it: the level above, a colleague, whoever decides anew."""
        _ = self._
        up = [self._to(_("One level up"), Step.UP, str(self.case.raised))] if self.goes_up else []
        if self.colleagues:
            up.append(self._to(_("Hand over…"), Step.HAND))
        back = [self._to(_("Give back…"), Step.GIVE)] if allowed(self.case, f.GivenBack) else []
        return (up + back,) if len(up + back) <= WIDEST else (up, back)

    def _likeliest_matters(self) -> Rows:
        names = dict(self.matters)
        codes = [code for code in self.case.matters if code in names] or list(names)
        last = (self._to(self._("All matters…"), Step.ALL), self._back(Step.MENU))
        return (*((self._matter(code, names[code]),) for code in codes[:LIKELIEST]), last)

    def _matter(self, code: str, name: str) -> Button:
        now = self.case.assignment
        settled = now is not None and now.matter == code and not self.case.matters
        return self._to(f"✓ {name}" if settled else name, Step.MATTER, token(code))

    def _colleague(self, person: str, name: str) -> Button:
        return self._to(mask(name) or "—", Step.TO, token(person))

    def _reasons(self) -> Rows:
        lang = self.writer.lang
        rows = ((self._to(name_of_giving_back(each, lang), Step.REASON, token(each)),) for each in GiveBack)
        return (*rows, (self._back(Step.MENU),))

    def _likeliest(self) -> Rows:
        codes = [code for code in self.choices or self.case.categories if code != self.case.category]
        shown = codes[: ROWS if self.choices else LIKELIEST]
        last = (self._to(self._("Another category…"), Step.GROUPS), self._back(Step.MENU))
        return (*((self._code(code),) for code in shown), last)

    def _group(self, group: str) -> Button:
        codes = codes_of(group)
        if len(codes) == 1:
            return self._code(codes[0])
        return self._to(name_of_group(group, self.writer.lang), Step.CODES, token(group))

    def _codes(self, argument: str) -> Rows:
        chosen, _, page = argument.partition("-")
        group = next((each for each in groups() if token(each) == chosen), group_of(self.case.category))
        codes = [self._code(code) for code in codes_of(group)]
        return self._paged(Step.CODES, codes, f"{token(group)}-", page, wide=2, back=Step.GROUPS)

    def _code(self, code: str) -> Button:
        return self._to(name_of(code, self.writer.lang), Step.SET, token(code))

    def _other(self, case: Case) -> Button:
        return self._to(self.writer.title(case), Step.INTO, str(case.number))

    def _message(self, n: int, joined: Joined) -> Button:
        words = self._("Message {n}").format(n=n)
        if self.writer.sees(self.case, Field.WORDS):
            words = " ".join(mask(joined.text).split()) or "…"
        who = (mask(joined.who) or "—") if self.writer.sees(self.case, Field.NAME) else ""
        return self._to(f"{who}: {words}" if who else words, Step.OFF, token(joined.id))

    def _paged(
        self,
        step: Step,
        choices: Sequence[Button],
        before: str,
        page: str,
        *,
        wide: int = 1,
        back: Step = Step.MENU,
    ) -> Rows:
        size, at = ROWS * wide, int(page) if page.isdecimal() else 0
        at = at if at * size < len(choices) else 0
        shown = choices[at * size : (at + 1) * size]
        rows = [tuple(shown[n : n + wide]) for n in range(0, len(shown), wide)]
        last = [self._back(back)]
        if len(choices) > size:
            following = at + 1 if (at + 1) * size < len(choices) else 0
            last.append(self._to(self._("Next page"), step, f"{before}{following}"))
        return (*rows, tuple(last))

    def _back(self, step: Step) -> Button:
        return self._to(self._("Back"), step)

    def _to(self, words: str, verb: Verb | Step, argument: str = "") -> Button:
        short = words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"
        return self.buttons.button(self.case, short, verb, argument, chat=self.chat)
