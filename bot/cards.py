"""Cards: what the group sees of a case. Pure words; buttons and sending are elsewhere."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from actions.answers import together
from actions.case import SETTLED, Case, Stage
from actions.clocks import light_of
from actions.confidentiality import (
    Audience,
    Field,
    audience_of,
    is_confidential,
    place_for,
    secrecy_of,
    sees,
    words_for,
)
from actions.emergency import Peril, peril_of, spot
from actions.giving_back import given_back
from actions.mask import mask
from actions.message import Kind
from actions.nodes import Node
from actions.orders import Sentence
from actions.places import Relation, relation
from actions.reading import Urgency
from actions.standing import Standing
from actions.verdicts import Answer
from bot.categories import name_of
from bot.lamps import due_words, lamp, node_words
from bot.phrases import gettext
from bot.reasons import named
from bot.replies import known_unit, unit_of

_WAITS_FOR_WORKER = (Stage.WAITING_WORKER, Stage.HANDLING, Stage.WORK_DONE, Stage.WORKER_KEY)
TOLD = 1200
"""Characters of them on a worker's card, which has to have room for what was added."""
QUOTED = 80
"""Characters of the reporter's words on a card; whoever wants more looks at the message it replies to."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes about cases in one language; `numbers` are the emergency numbers of the country.

    It writes for an `audience`, by default for the chat in which the case was reported, and leaves out what that does not
    see (actions/confidentiality.py); of a case of which it sees nothing, there are no words.
    """

    lang: str
    fire: str = "119"
    medical: str = "120"
    police: str = "110"
    gas: str = ""
    audience: Audience | None = None

    def to(self, audience: Audience) -> "Writer":
        """The same, for somebody else to read."""
        return replace(self, audience=audience)

    def shows(self, case: Case) -> bool:
        """Whether there is anything to be said of it at all."""
        return self.sees(case, Field.NUMBER)

    def _audience(self, case: Case) -> Audience:
        return self.audience or audience_of(case)

    def sees(self, case: Case, field: Field) -> bool:
        """Whether its reader sees a field of a case."""
        return sees(self._audience(case), field, secrecy_of(case))

    def card(self, case: Case, standing: Standing | None = None) -> str:
        """The card in the group: what, where, who has it, and when that is due if its light is no longer green.

        It quotes the report, so the words stand there.
        """
        if not self.shows(case):
            return ""
        due = due_words(standing, self.lang) if standing else ""
        asked = self._asked(case)
        lines = [self.title(case), asked or self._status(case), "" if asked else self.tally(case), due]
        lines.append(self._extras(case))
        return "\n".join(line for line in lines if line)

    def lamp(self, case: Case) -> str:
        """The worst light of its clocks, for a list; "" where none runs."""
        return lamp(light_of(case)) if any(clock.runs for clock in case.clocks) else ""

    def _asked(self, case: Case) -> str:
        """The question that stands on the card, in the place of where the case stands."""
        if not case.asked_on_card:
            return ""
        if not case.live:
            return f"{self._status(case)}\n{self.ask_mark()}"
        text = self.ask_if_fixed(case) if case.stage is Stage.RESIDENTS_KEY else self.ask_worker(case)
        return self._mark(case) + text.removeprefix(f"{self.title(case)}\n")

    def story(self, case: Case, standing: Standing | None = None) -> str:
        """The card with the reporter's words, for whoever asks."""
        if not self.sees(case, Field.WORDS):
            return self.card(case, standing)
        edits = sum(message == case.origin for message, _ in case.wordings)
        edited = self._("Edited {n} times; the earlier words are kept.").format(n=edits) if edits else ""
        return f"{self.card(case, standing)}\n{self._words(case)}\n{edited}".strip()

    def title(self, case: Case) -> str:
        """`#12 lift out of order · 3号楼`."""
        if not self.shows(case):
            return ""
        place = place_for(case, self._audience(case)) if case.place else self._("place not known yet")
        mark = {Urgency.EMERGENCY: "🆘 ", Urgency.URGENT: "❗"}.get(case.urgency, "")
        what = f"{mark}#{case.number} {name_of(case.category, self.lang)}"
        return f"{what} · {place}" if place else what

    def line(self, case: Case) -> str:
        """One line for a list."""
        return f"{self.title(case)} — {self._status(case)}" if self.shows(case) else ""

    def doubt(self, case: Case) -> str:
        """Two lines for the worker's list of what nobody is sure of."""
        words = self._words(case) if self.sees(case, Field.WORDS) else self._("not said in the group")
        return f"{self.title(case)}\n    {words}"

    def _(self, sentence: str) -> str:
        return gettext(self.lang)(sentence)

    def _words(self, case: Case) -> str:
        words = " ".join(words_for(case, case.text, self._audience(case)).split()) or self._unheard(case)
        return f"{mask(case.reporter_name) or '—'}: {words[:QUOTED]}{'…' if len(words) > QUOTED else ''}"

    def _unheard(self, case: Case) -> str:
        """What has to be listened to; empty where nothing has."""
        voices = sum(attachment.kind is Kind.VOICE for attachment in case.attachments)
        return self._("🎤 {n} voice messages, please listen").format(n=voices) if voices else ""

    def _status(self, case: Case) -> str:
        return self._mark(case) + _status(case, self.lang).format(
            ticket=case.ticket or "—",
            worker=self._worker(case),
            note=self._note(case, case.note) or self._("no reason given"),
            other=case.merged_into.rpartition(":")[2],
            unit=unit_of(case, self.lang),
        )

    def _note(self, case: Case, note: str) -> str:
        if note and not self.sees(case, Field.NOTE):
            return self._("not said in the group")
        return mask(named(note, self.lang))

    def _worker(self, case: Case) -> str:
        known = self.sees(case, Field.HANDLER)
        return (case.handler_name if known else "") or self._("the grid worker")

    def _mark(self, case: Case) -> str:
        """What waits for the worker longer than it should carries a clock."""
        return "⏰ " if case.reminders and case.stage in _WAITS_FOR_WORKER else ""

    def _elsewhere(self, case: Case) -> str:
        """The other buildings that people named: whoever goes there has to know of all of them."""
        found: list[str] = []
        for place in case.places:
            others = (case.place, *found)
            if all(relation(place, known) is Relation.BUILDING for known in others):
                found.append(place)
        seen = (place_for(replace(case, place=place), self._audience(case)) for place in found)
        return self._(", ").join(filter(None, seen))

    def _extras(self, case: Case) -> str:
        parts = [self._("also {places}").format(places=places)] if (places := self._elsewhere(case)) else []
        if case.followers and self.sees(case, Field.PEOPLE):
            parts.append(self._("{n} more people").format(n=len(case.followers)))
        evident = self.sees(case, Field.EVIDENCE)
        if case.attachments and evident:
            parts.append(self._("{n} attachments").format(n=len(case.attachments)))
        if evident and (voices := self._unheard(case)):
            parts.append(voices)
        parts.extend(self._counts(case))
        if case.raised and case.assignment:
            parts.append(self._("raised to {unit}").format(unit=unit_of(case, self.lang)))
        if case.leader:
            parts.append(self._("reported in another group already; followed here too"))
        if case.scores and self.sees(case, Field.MARKS):
            mean = sum(score for _, score in case.scores) / len(case.scores)
            parts.append(f"★ {mean:.1f}")
        return " · ".join(parts)

    # --- a private case ---------------------------------------------------------------------------------

    def invitation(self, *, link: bool) -> str:
        """What the group hears of a private case."""
        if link:
            return self._(
                "Some things are not for the group. If you need help, tell me in private below; only the grid workers "
                "will see it."
            )
        return self._("Some things are not for the group. If you need help, call or visit your grid worker.")

    def own(self, case: Case, standing: Standing | None = None) -> str:
        """The card of a private case in its reporter's own chat."""
        seen = self._("Only you and the grid workers see this. Write or send here whatever belongs to it.")
        return f"🔒 {self.to(Audience.REPORTER).card(case, standing)}\n{self._words(case)}\n{seen}"

    # --- beside the group -------------------------------------------------------------------------------

    def desk(self, case: Case, group: str, added: Sequence[str], standing: Standing | None = None) -> str:
        """The card for grid workers in a chat of theirs, with all words, the `group`, and lines for what was `added`."""
        card = self.to(Audience.STAFF).card(case, standing)
        told = f"{mask(case.reporter_name) or '—'}: {mask(case.text)[:TOLD] or self._unheard(case)}"
        if not is_confidential(case):
            return "\n".join(line for line in (card, told, *added, group) if line)
        note = self._(
            "Confidential: nothing of it is in the group. Correct it by a reply, such as: category lift"
        )
        return "\n".join(line for line in (f"🔒 {card}", told, *added, group, note) if line)

    def taken_away(self) -> str:
        """What is left in the staff group of a case that is for the grid's own workers alone."""
        return self._("This is confidential now. Its card is with the grid's own workers, each in private.")

    # --- to one person, of a case that waits for them --------------------------------------------------------

    def alert(self, case: Case, standing: Standing, group: str) -> str:
        """The warning of a light: which case, where, which node since when, due when, how late."""
        mark = "🔒 " if is_confidential(case) else ""
        who = case.assignment.unit if case.assignment and standing.node in (Node.ACCEPT, Node.WORK) else ""
        who = who or (case.handler_name if case.stage is Stage.HANDLING else "")
        lines = [
            f"{lamp(standing.light)} {mark}{self.to(Audience.STAFF).title(case)}",
            group,
            node_words(standing, who, self.lang),
        ]
        return "\n".join(line for line in lines if line)

    def handed(self, case: Case, by: str, group: str) -> str:
        """That a case was given to somebody, with all its words."""
        mark = "🔒 " if is_confidential(case) else ""
        given = self._("{name} has handed this to you:").format(name=mask(by) or "—")
        words = words_for(case, case.text, Audience.STAFF)
        told = f"{mask(case.reporter_name) or '—'}: {words or self._unheard(case)}"
        return "\n".join(
            line for line in (given, f"{mark}{self.to(Audience.STAFF).title(case)}", told, group) if line
        )

    # --- questions and sentences ------------------------------------------------------------------------

    def ask_worker(self, case: Case) -> str:
        """The question for the first key."""
        done = self._(
            "{title}\nReported as done: {note}\nGrid worker, please look on the spot and confirm. A photo is welcome."
        )
        asked = done.format(title=self.title(case), note=self._note(case, case.note) or "—")
        return f"{asked}\n{self._photo_first()}" if case.lacks_photo else asked

    def _photo_first(self) -> str:
        return self._("Reply with a photo of the spot first, then confirm.")

    def ask_if_fixed(self, case: Case) -> str:
        """The question for the second key."""
        ask = self._("{title}\nThe grid worker says it is fixed. Residents, is it really?")
        return "\n".join(line for line in (ask.format(title=self.title(case)), self.tally(case)) if line)

    def tally(self, case: Case) -> str:
        """How many households have said what, and how many are waited for, where several decide."""
        if not together(case) or case.stage not in (Stage.RESIDENTS_KEY, *SETTLED):
            return ""
        given = Counter(answer for _, answer in case.answers)
        said = (
            (given[Answer.FIXED], self._("confirmed: {n} households")),
            (given[Answer.HALF], self._("half fixed: {n} households")),
            (given[Answer.NOT_FIXED], self._("not fixed: {n} households")),
        )
        counts = " · ".join(words.format(n=n) for n, words in said if n)
        missing = case.keys.quorum - len(case.answers)
        if missing <= 0 or case.stage is not Stage.RESIDENTS_KEY:
            return counts
        asked, open_ = self._("{n} households are asked"), self._("{counts}; {n} more are waited for")
        return (open_ if counts else asked).format(counts=counts, n=missing)

    def answered(self, case: Case, who: str, answer: str, *, by: Field = Field.NAME) -> str:
        """A question that has been answered, by one person or, where `who` is "", by several together.

        `by` says as what the name is known.
        """
        if who:
            given = f"{who}: {answer} ✔" if self.sees(case, by) else f"{answer} ✔"
            return f"{self.title(case)}\n{given}"
        decided = self._("The residents have answered: {answer} ✔").format(answer=answer)
        return "\n".join(line for line in (self.title(case), decided, self.tally(case)) if line)

    def ask_satisfaction(self, case: Case) -> str:
        """The one question after closing."""
        ask = self._(
            "{title}\nFixed and confirmed. Thank you all! How well was it handled? 1 is poor, 5 is very good."
        )
        return ask.format(title=self.title(case))

    def ask_mark(self) -> str:
        """The same, where the end is told already."""
        return self._("Thank you all! How well was it handled? 1 is poor, 5 is very good.")

    def missed(self, cases: Sequence[Case]) -> str:
        """Many cases in one message, after we were away or had spoken enough."""
        begins = self._("This was reported as well; it is recorded and being passed on:")
        return "\n".join((begins, *filter(None, map(self.line, cases))))

    def say(self, sentence: Sentence, case: Case, note: str) -> str:
        """A milestone."""
        if sentence is Sentence.REMIND_RESIDENTS and case.answers:
            return self.ask_if_fixed(case)
        said = _sentence(sentence, self.lang).format(
            title=self.title(case),
            note=self._note(case, note) or self._("no reason given"),
            n=case.disputes,
            again=case.reopened,
            unit=unit_of(case, self.lang),
            worker=self._worker(case),
        )
        counts = " · ".join(self._counts(case)) if sentence is Sentence.RULING else ""
        return f"{said}\n{counts}".strip()

    def _counts(self, case: Case) -> list[str]:
        """How often it went back and forth."""
        counted = (
            (len(case.bounces), self._("given back ×{n}")),
            (case.disputes, self._("not fixed ×{n}")),
            (case.halves, self._("half fixed ×{n}")),
            (case.reopened, self._("came back ×{n}")),
        )
        return [words.format(n=n) for n, words in counted if n]

    def alarm(self, case: Case, *, calls_workers: bool, standing: Standing | None = None) -> str:
        """The card of an emergency in the place of its warning: what to do first, then the case."""
        peril = spot(case.text) or peril_of(case.category)
        lines = [self.warning(peril, calls_workers=False), self.card(case, standing)]
        return "\n".join([*lines, self._call()] if calls_workers else lines)

    def _call(self) -> str:
        return self._("Grid workers, please look at once:")

    def warning(self, peril: Peril, *, calls_workers: bool) -> str:
        """The fixed emergency text; the names of the workers, if there are any to call, come behind it."""
        numbers = {
            "fire": self.fire,
            "medical": self.medical,
            "police": self.police,
            "gas": self.gas or self.fire,
        }
        text = _warning(peril, self.lang).format(**numbers)
        return f"{text}\n{self._call()}" if calls_workers else text


def _status(case: Case, lang: str) -> str:
    _ = gettext(lang)
    if case.stage is Stage.FILING and case.delayed:
        return _("Dispatch cannot be reached; it will be sent as soon as it can")
    if case.stage is Stage.WAITING_WORKER and given_back(case.note):
        return _("A grid worker gave it back: {note}. Waiting for a grid worker.")
    if case.stage is Stage.WAITING_WORKER and case.note and case.ticket is None:
        return _("Dispatch did not take it: {note}. Grid worker, please decide.")
    return (known_unit(case, lang) and _status_of_unit(case.stage, lang)) or _stages(lang)[case.stage]


@cache
def _stages(lang: str) -> dict[Stage, str]:
    _ = gettext(lang)
    return {
        Stage.NEW: "",
        Stage.ASKING_WHERE: _("Where is it? Just reply with the building or the place."),
        Stage.UNSURE: _("Unsure whether this is a problem; kept for the grid worker"),
        Stage.WAITING_WORKER: _("Waiting for the grid worker to look at it"),
        Stage.HANDLING: _("{worker} is handling it in the grid"),
        Stage.FILING: _("Being sent to dispatch"),
        Stage.OPEN: _("Sent to dispatch, ticket {ticket}, waiting to be accepted"),
        Stage.ACCEPTED: _("Accepted by dispatch, ticket {ticket}"),
        Stage.IN_PROGRESS: _("Being worked on, ticket {ticket}"),
        Stage.RETURNED: _("Returned by dispatch: {note}"),
        Stage.WORK_DONE: _("Reported as done; the grid worker checks on the spot"),
        Stage.WORKER_KEY: _("Reported as done; the grid worker checks on the spot"),
        Stage.RESIDENTS_KEY: _("The grid worker says it is fixed; the residents have the last word"),
        Stage.CLOSED: _("Closed ✔ confirmed by the grid worker and the residents"),
        Stage.SOLVED_IN_GRID: _("Solved in the grid ✔ confirmed by the residents"),
        Stage.LAPSED: _("Nobody answered; recorded as unconfirmed"),
        Stage.WITHDRAWN: _("Withdrawn by the reporter"),
        Stage.MERGED: _("Merged into #{other}"),
        Stage.NOT_A_PROBLEM: _("The grid worker says it is not a problem to report"),
    }


def _status_of_unit(stage: Stage, lang: str) -> str:
    """Where it stands with a unit that is known by name; empty where that is not said."""
    _ = gettext(lang)
    return {
        Stage.OPEN: _("Sent to {unit}, ticket {ticket}, waiting to be accepted"),
        Stage.ACCEPTED: _("Accepted by {unit}, ticket {ticket}"),
        Stage.IN_PROGRESS: _("{unit} is working on it, ticket {ticket}"),
        Stage.RETURNED: _("Given back by {unit}: {note}"),
    }.get(stage, "")


def _sentence(sentence: Sentence, lang: str) -> str:
    _ = gettext(lang)
    return {
        Sentence.REFUSED: _("{title}\nDispatch did not take it: {note}\nGrid worker, please decide."),
        Sentence.RETURNED: _(
            "{title}\nDispatch returned it: {note}\nGrid worker, please handle it or send it again."
        ),
        Sentence.DISPUTED: _(
            "{title}\nResidents say it is not fixed (time {n}). It goes back to the same unit."
        ),
        Sentence.DENIED: _("{title}\n{worker} has looked: it is not fixed. It goes back to the same unit."),
        Sentence.REMIND_WORKER: _("{title}\nGrid worker, this is still waiting for you."),
        Sentence.REMIND_WORKER_KEY: _("{title}\nGrid worker, please look whether it is really done."),
        Sentence.REMIND_RESIDENTS: _("{title}\nNobody has answered yet: is it fixed?"),
        Sentence.SENT_BACK: _(
            "{title}\nIn another group it is said not to be fixed. It goes back to the same unit."
        ),
        Sentence.CAME_BACK: _("{title}\nIt has come back (time {again}), so it is open again."),
        Sentence.RULING: _("{title}\nIt has gone back and forth, so the next level decides now: {unit}."),
        Sentence.HALF_FIXED: _(
            "{title}\nResidents say it is fixed only in part. The same unit goes on with it."
        ),
        Sentence.PHOTO_NEEDED: _("{title}\nReply with a photo of the spot first, then confirm."),
    }[sentence]


def _warning(peril: Peril, lang: str) -> str:
    _ = gettext(lang)
    return {
        Peril.FIRE: _("⚠️ Fire? Get out first, no lift, close doors behind you, and call {fire} now."),
        Peril.GAS: _("⚠️ Gas? Touch no switch and no phone indoors, open windows, get out, then call {gas}."),
        Peril.WIRE: _(
            "⚠️ Live wire? Stay ten metres away, touch nobody who touches it, call {fire}; for the injured {medical}."
        ),
        Peril.COLLAPSE: _(
            "⚠️ Collapse? Get well away, do not go back in, call {fire}; for the injured {medical}."
        ),
        Peril.TRAPPED: _("⚠️ Somebody trapped? Do not force the doors, press the alarm button, call {fire}."),
        Peril.MEDICAL: _("⚠️ A life in danger? Call {medical} now and stay with the person."),
        Peril.VIOLENCE: _("⚠️ In danger? Get to safety and call {police} now."),
    }[peril]
