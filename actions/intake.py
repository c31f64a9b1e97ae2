"""Intake: a message, its reading and what the group is talking about become facts, or silence.

Silence is the right answer to most messages. What the bot is not sure of, it leaves to the worker.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from actions import facts as f
from actions.case import KEYS, LIVE, Case, Stage
from actions.linking import about, asks_where, same_event
from actions.message import Kind, Message, Role
from actions.policy import Policy
from actions.reading import Intent, Reading, Urgency
from actions.talk import Talk

PLACE_ANSWER_LENGTH = 40
"""Characters; a longer answer to 「在哪里？」 is a story, and only its marked places count."""
CLEAR_CATEGORY = 0.8
"""Probability; under it words that press for something are not taken for a report of it."""
_STAFF = (Role.WORKER, Role.PROPERTY, Role.OFFICIAL, Role.BOT)
_MEDIA = (Kind.PHOTO, Kind.VIDEO, Kind.VOICE, Kind.LOCATION)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message means: facts for a case that is there (`case`) or the first fact of a new one."""

    facts: tuple[f.Fact, ...] = ()
    case: Case | None = None

    @property
    def silent(self) -> bool:
        """Nothing for us."""
        return not self.facts


SILENT = Understood()


@dataclass(frozen=True, slots=True)
class Listening:
    """All that is known when a message is to be understood. `quoted` is the case that it replies to."""

    message: Message
    reading: Reading
    talk: Talk
    cases: Sequence[Case]
    quoted: Case | None
    policy: Policy
    warned: bool = False

    def understand(self) -> Understood:
        """The one entrance: what the message means."""
        if self.message.edited:
            return self._edited()
        if answer := self._answer_where():
            return answer
        if self.quoted:
            return self._reply(self.quoted)
        return self._unprompted()

    # --- edits -----------------------------------------------------------------------------------------

    def _edited(self) -> Understood:
        """A new version of a message of a case; one that belonged to none is new if it now reads as a report."""
        case = self.quoted
        if case and any(known == self.message.id for known, _ in case.messages):
            return self._reworded(case)
        if answer := self._answer_where():
            return answer
        if not self._reports():
            return SILENT
        return self._reply(case) if case else self._unprompted()

    def _reworded(self, case: Case) -> Understood:
        message, reading = self.message, self.reading
        if not message.text.strip() or message.text == self._newest_words(case):
            return SILENT  # platforms also send edits in which nothing has changed that can be seen
        fact = f.Reworded(**self._who(), text=message.text)
        if message.id == case.origin and self._means(Intent.REPORT):
            clear = reading.category.confidence >= self.policy.category
            category = reading.category.name if clear and reading.category.name != case.category else ""
            place = self._places() if case.place else ""  # the first place is a fact of its own
            fact = replace(fact, category=category, place=place, urgency=reading.urgency)
        sure = reading.confidence >= self.policy.follow and message.sender == case.reporter
        if message.id == case.origin and self._means(Intent.WITHDRAW) and sure:
            return self._to(case, fact, f.Withdrawn(**self._who()))
        return self._to(case, fact, *self._place_for(case))

    def _newest_words(self, case: Case) -> str | None:
        newer = (text for known, text in reversed(case.wordings) if known == self.message.id)
        if self.message.id == case.origin:
            return next(newer, case.text)
        heard = (line.text for line in self.talk.recent if line.id == self.message.id)
        return next(newer, next(heard, None))

    # --- answers to 「在哪里？」 -----------------------------------------------------------------------

    def _answer_where(self) -> Understood | None:
        case = self._asked()
        if case is None:
            return None
        place = self._places() or (self._bare_answer() if self.quoted else "")
        if place or self.message.point:
            fact = f.PlaceGiven(
                **self._who(), place=place or self._point_in_words(), point=self.message.point
            )
            return self._to(case, fact, *self._pictures())
        return None

    def _asked(self) -> Case | None:
        if self.quoted and self.quoted.stage is Stage.ASKING_WHERE:
            return self.quoted
        if self.quoted or (self._reports() and self._new_subject()):
            return None
        return asks_where(self.message, self.cases)

    def _new_subject(self) -> bool:
        asked = asks_where(self.message, self.cases)
        return asked is not None and asked.category != self.reading.category.name

    def _bare_answer(self) -> str:
        text = self.message.text.strip()
        chatty = self.reading.intent in (Intent.WITHDRAW, Intent.URGE, Intent.RESOLVED, Intent.DISPUTED)
        return "" if chatty or len(text) > PLACE_ANSWER_LENGTH else text

    def _point_in_words(self) -> str:
        point = self.message.point
        return f"{point.lat:.5f}, {point.long:.5f}" if point else ""

    # --- replies to a message of a case ----------------------------------------------------------------

    def _reply(self, case: Case) -> Understood:
        if self._means(Intent.REPORT) and self._another_problem(case):
            return self._report()
        if fact := self._follow_up(case):
            return self._to(case, fact, *self._place_for(case))
        if self.message.kind in _MEDIA:
            return self._to(case, *self._pictures())
        return SILENT

    def _another_problem(self, case: Case) -> bool:
        return not case.live or (self._reports() and self.reading.category.name != case.category)

    def _place_for(self, case: Case) -> tuple[f.Fact, ...]:
        if case.place or not self._places() or case.stage not in LIVE:
            return ()
        return (f.PlaceGiven(**self._who(), place=self._places(), point=self.message.point),)

    # --- messages without a quotation ------------------------------------------------------------------

    def _unprompted(self) -> Understood:
        if self._reports():
            repeated = same_event(self.message, self.reading, self.cases)
            return self._repeat(repeated) if repeated else self._report()
        if self.message.kind in _MEDIA and not self.message.text:
            case = about(self.message, self.reading, self.cases)
            return self._to(case, *self._pictures()) if case else SILENT
        if self.reading.intent in (Intent.CHATTER, Intent.CONSULT, Intent.REPORT):
            return SILENT
        case = about(self.message, self.reading, self.cases)
        if case is None and self._presses_for_something_new():
            return self._report()
        fact = self._follow_up(case) if case else None
        return self._to(case, fact, *self._place_for(case)) if case and fact else SILENT

    def _reports(self) -> bool:
        staff = self.message.role in _STAFF
        if self.warned and not staff:
            return True  # a cry for help is a report, whatever the NLU thinks of its few words
        enough = self.policy.staff if staff else self.policy.report
        return self.reading.intent is Intent.REPORT and self.reading.confidence >= enough

    def _presses_for_something_new(self) -> bool:
        """「12号楼停水了，什么时候来水」: whoever presses for what nobody has reported, reports it."""
        reading = self.reading
        clear = reading.confidence >= self.policy.report and reading.category.confidence >= CLEAR_CATEGORY
        return self._means(Intent.URGE) and clear and bool(self._places()) and self.message.role not in _STAFF

    def _report(self) -> Understood:
        reading, message = self.reading, self.message
        fact = f.Reported(
            **self._who(),
            case=f"{message.group}:{self.talk.last_number + 1}",
            number=self.talk.last_number + 1,
            group=message.group,
            category=reading.category.name,
            text=message.text,
            place=self._places(),
            point=message.point,
            urgency=Urgency.EMERGENCY if self.warned else reading.urgency,
            confidence=round(reading.confidence, 3),
            sure=reading.category.confidence >= self.policy.category,
            files_at_once=self.policy.file_at_once,
            warned=self.warned or reading.urgency is Urgency.EMERGENCY,
            attachments=message.attachments,
            categories=tuple(guess.name for guess in reading.categories[:3]),
        )
        return Understood((fact,))

    def _repeat(self, case: Case) -> Understood:
        fact = f.Repeated(
            **self._who(), text=self.message.text, place=self._places(), urgency=self.reading.urgency
        )
        return self._to(case, fact, *self._place_for(case))

    # --- what a follow-up says -------------------------------------------------------------------------

    def _follow_up(self, case: Case) -> f.Fact | None:
        who = self._who()
        intent = self.reading.intent if self.reading.confidence >= self.policy.follow else Intent.CHATTER
        if intent in (Intent.REPORT, Intent.SECOND):
            return f.Seconded(**who, place=self._places())
        if intent is Intent.DETAIL:
            return f.Detailed(**who, text=self.message.text, attachments=self.message.attachments)
        if intent is Intent.URGE:
            return f.Urged(**who)
        if intent is Intent.WITHDRAW and self.message.sender == case.reporter:
            return f.Withdrawn(**who)
        return self._verdict(case, intent)

    def _verdict(self, case: Case, intent: Intent) -> f.Fact | None:
        who, resident = self._who(), self.message.role not in _STAFF
        if intent is Intent.RESOLVED:
            asked = case.stage is Stage.RESIDENTS_KEY and resident
            return f.ResidentConfirmed(**who) if asked else f.SaidFixed(**who)
        if intent is Intent.DISPUTED and resident:
            done = case.stage in KEYS or not case.live
            return f.ResidentDisputed(**who, text=self.message.text) if done else f.Urged(**who)
        return None

    def _pictures(self) -> tuple[f.Fact, ...]:
        message = self.message
        if not message.attachments and not message.point:
            return ()
        who = self._who()
        return (f.Detailed(**who, text=message.text, attachments=message.attachments, point=message.point),)

    # --- small words -----------------------------------------------------------------------------------

    def _means(self, intent: Intent) -> bool:
        return self.reading.intent is intent

    def _places(self) -> str:
        return " ".join(dict.fromkeys(span.value for span in self.reading.locations))[:120]

    def _who(self) -> dict[str, Any]:
        message = self.message
        return {"at": message.at, "by": message.sender, "by_name": message.sender_name, "message": message.id}

    def _to(self, case: Case, *facts: f.Fact) -> Understood:
        return Understood(facts, case)


def with_number(talk: Talk, understood: Understood) -> Talk:
    """The memory after a new case has taken its number."""
    fact = understood.facts[0] if understood.facts else None
    return replace(talk, last_number=fact.number) if isinstance(fact, f.Reported) else talk
