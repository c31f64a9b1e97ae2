"""Intake: a message, its reading and what the group is talking about become facts, or silence.

Silence is the right answer to most messages. What the bot is not sure of, it leaves to the worker.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from actions import facts as f
from actions.case import AT_DISPATCH, BEFORE_DISPATCH, KEYS, LIVE, SETTLED, TAKEN_BACK_WITHIN, Case, Stage
from actions.half import says_half
from actions.linking import SURE, Choice, Heard, Linker
from actions.mask import nameless
from actions.message import Kind, Message, Role
from actions.places import Relation, numbered, plain, relation
from actions.policy import Desk, Policy
from actions.reading import Intent, Reading, Span, Urgency
from actions.talk import Talk

PLACE_ANSWER_LENGTH = 40
"""Characters; a longer answer to 「在哪里？」 is a story, and only its marked places count."""
PLACE_LENGTH = 120
ONE_A_BUILDING = ("housing.elevator",)
"""Categories of what belongs to one building; most troubles, such as a power cut, can be in many."""
CLEARLY = 0.9
"""From this chance on the kind of a report is taken as certain."""
UNLIKE = 0.05
"""Under this chance a message is not of the kind that a case is."""
_SHOWING = (Kind.PHOTO, Kind.VIDEO, Kind.VOICE, Kind.LOCATION)
_BEARING_OUT = (f.Repeated, f.Seconded, f.Detailed)
_MOVING = (
    f.Withdrawn,
    f.ResidentConfirmed,
    f.ResidentHalfConfirmed,
    f.ResidentDisputed,
    f.Inspected,
    f.CameBack,
    f.SaidFixed,
    f.Urged,
    f.WorkerConfirmed,
    f.SolvedOnSite,
)
"""What in a private chat is more than a detail."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What a message means: facts for a case that is there (`case`) or the first fact of a new one.

    `chance` is how sure the linking was, where it was asked; `doubtful`: it is kept without a word.
    """

    facts: tuple[f.Fact, ...] = ()
    case: Case | None = None
    chance: float | None = None
    doubtful: bool = False

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
    linker: Linker
    warned: bool = False

    def understand(self) -> Understood:
        """The one entrance: what the message means."""
        understood = self._understood()
        return self._discreet(understood) if understood.case and understood.case.private else understood

    def _understood(self) -> Understood:
        if self.message.edited:
            return self._edited()
        if self._answers_where():
            return self._placed(self.quoted)
        if asking := self._shows_where():
            return self._placed(asking)
        if certain := self._certain():
            return certain
        choice = self._of_the_album() or self._chosen()
        if not (choice.case or choice.opens) and self._unheard():
            choice = Choice(opens=True, doubtful=True, chance=0.0)
        understood = self._report(choice) if choice.opens else self._join(choice) if choice.case else SILENT
        return replace(understood, chance=choice.chance)

    # --- what needs no weighing ------------------------------------------------------------------------

    def _certain(self) -> Understood | None:
        """What would be as clear to a stranger: the same words of the same place, one's own and only report taken back."""
        if (case := self.quoted) and not case.doubtful and self._shows_something():
            return self._to(case, self._detail())
        if case := self._half_fixed():
            return self._to(case, self._half())
        if again := self._said_already():
            return self._to(again, self._again(), *self._place_for(again))
        if mine := self._takes_back():
            return self._to(mine, f.Withdrawn(**self._who()))
        return None

    def _shows_something(self) -> bool:
        """A picture, a sound or a point without words; as a reply it can be about nothing else."""
        return not self.message.text and self.message.kind in _SHOWING

    def _half_fixed(self) -> Case | None:
        """The case that is said to be fixed in part: the one asked about in a reply to us, else the only one."""
        message, case = self.message, self.quoted
        if message.role is not Role.RESIDENT:
            return None
        if message.reply_to:
            asked = case is not None and self._replies_to_us(case) and case.stage in (*KEYS, *SETTLED)
            return case if asked and says_half(message.text, reply=True) else None
        if not says_half(message.text):
            return None
        open_ = [case for case in self.cases if case.stage is Stage.RESIDENTS_KEY and not case.private]
        return open_[0] if len(open_) == 1 and open_[0].thread == message.thread else None

    def _said_already(self) -> Case | None:
        """The live case that was reported in just these words, which name a place: neighbours pass reports on."""
        if not (self._means(Intent.REPORT) and self.reading.locations and self.quoted is None):
            return None
        words = plain(self.message.text)
        return next((case for case in self.cases if case.live and plain(case.text) == words), None)

    def _takes_back(self) -> Case | None:
        """The only live report of the sender, if it is what they spoke of last, and lately."""
        if not (self._means(Intent.WITHDRAW) and self.reading.confidence >= self.policy.kind):
            return None
        message = self.message
        mine = [case for case in self._cases() if case.live and case.reporter == message.sender]
        if len(mine) != 1 or message.at - mine[0].spoken_at > TAKEN_BACK_WITHIN:
            return None
        if message.reply_to and (self.quoted is None or self.quoted.id != mine[0].id):
            return None
        said = [line.case for line in self.talk.recent if line.sender == message.sender and line.case]
        return mine[0] if not said or said[-1] == mine[0].id else None

    def _elsewhere(self, case: Case) -> bool:
        """Another building, and another thing there: its own lift, or what is of another kind; anywhere else, only what
        is clearly of another kind.
        """
        if not self._means(Intent.REPORT):
            return False
        category = self.reading.category
        kin = sum(guess.confidence for guess in self.reading.categories if guess.name == case.category)
        own = category.name in ONE_A_BUILDING and case.category == category.name
        other = category.confidence >= self.policy.category and kin < UNLIKE
        here = [span.value for span in self.reading.locations]
        relations = [relation(place, known) for place in here for known in case.places]
        apart = bool(relations) and all(found is Relation.BUILDING for found in relations)
        foreign = bool(relations) and Relation.SAME not in relations and category.confidence >= CLEARLY
        return (apart and (own or other)) or (foreign and kin < UNLIKE)

    def confided(self) -> Understood:
        """What is said in private of the case that is `quoted`: nothing there is about anything else."""
        case = self.quoted
        if case is None:
            return SILENT
        if self.message.edited:
            return self._reworded(case) if self._belongs_to(case) else SILENT
        if case.stage is Stage.ASKING_WHERE and self._says_where(case):
            return self._placed(case)
        if self.warned:
            return self._to(case, self._again(), self._detail(), *self._place_for(case))
        if (
            self.message.role is Role.RESIDENT
            and case.stage in (*KEYS, *SETTLED)
            and says_half(self.message.text)
        ):
            return self._to(case, self._half())
        kind, chance = self.linker.kind(self._heard(), case)
        fact = self._fact(case, kind, sure=chance >= self.policy.kind)
        fact = fact if isinstance(fact, _MOVING) else self._shown(case)
        return self._to(case, *self._evidence(fact), fact, *self._place_for(case))

    def _says_where(self, case: Case) -> bool:
        """A place, a point, or a few words in answer to the card that asks, or with a building's number in them."""
        to_us = any(post == self.message.reply_to for _, _, post in case.whispers)
        bare = self._bare_answer() if to_us or numbered(self.message.text) else ""
        return bool(self._places() or self.message.point or bare)

    def _discreet(self, understood: Understood) -> Understood:
        """What the group says of a private case: others may bear it out, but only its reporter moves it."""
        if understood.case is None or self.message.sender == understood.case.reporter:
            return understood
        facts = tuple(fact for fact in understood.facts if isinstance(fact, _BEARING_OUT))
        facts = tuple(replace(fact, told=False) if isinstance(fact, f.Detailed) else fact for fact in facts)
        return replace(understood, facts=facts) if facts else replace(SILENT, chance=understood.chance)

    # --- which case ------------------------------------------------------------------------------------

    def _chosen(self) -> Choice:
        return self.linker.choose(self._heard(), self._cases(), self.policy, warned=self.warned)

    def _heard(self) -> Heard:
        message = self.message
        lines = [line for line in self.talk.recent if line.id != message.id and line.thread == message.thread]
        return Heard(self.message, self.reading, lines, self.quoted.id if self.quoted else None)

    def _cases(self) -> Sequence[Case]:
        known = [case for case in self.cases if self.quoted is None or case.id != self.quoted.id]
        return [
            *(case for case in known if not self._elsewhere(case)),
            *([self.quoted] if self.quoted else []),
        ]

    def _of_the_album(self) -> Choice | None:
        """Items of one album are one message to those who send them."""
        if self.message.album is None:
            return None
        mine = {line.case for line in self.talk.recent if line.album == self.message.album and line.case}
        case = next((case for case in self.cases if case.id in mine), None)
        return Choice(case) if case else None

    def _unheard(self) -> bool:
        """A resident's voice message of which the platform gives no words: only a person can tell what it says."""
        message = self.message
        return message.kind is Kind.VOICE and not message.text and message.role is Role.RESIDENT

    # --- edits -----------------------------------------------------------------------------------------

    def _edited(self) -> Understood:
        """A new version of a message of a case; one that belonged to none is new if it now reads as a report."""
        case = self.quoted
        if case and self._belongs_to(case):
            return self._reworded(case)
        if self._answers_where():
            return self._placed(case)
        choice = self._chosen()
        if not self._means(Intent.REPORT) or choice.doubtful:
            return SILENT
        return self._report(choice) if choice.opens else self._join(choice)

    def _belongs_to(self, case: Case) -> bool:
        return any(known == self.message.id for known, _ in case.messages)

    def _reworded(self, case: Case) -> Understood:
        message, reading = self.message, self.reading
        if not message.text.strip() or message.text == self._newest_words(case):
            return SILENT  # platforms also send edits in which nothing has changed that can be seen
        fact = f.Reworded(**self._who(), text=message.text)
        if message.id == case.origin and self._means(Intent.REPORT):
            clear = reading.category.confidence >= self.policy.category
            category = reading.category.name if clear and reading.category.name != case.category else ""
            place = self._places() if case.place else ""  # the first place is a fact of its own
            private = bool(category) and self._is_private(category)
            fact = replace(fact, category=category, place=place, urgency=reading.urgency, private=private)
        sure = reading.confidence >= self.policy.kind and message.sender == case.reporter
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

    def _answers_where(self) -> bool:
        """A reply to the card that asks; under a resident's message people say all kinds of things."""
        case = self.quoted
        asked = case is not None and case.stage is Stage.ASKING_WHERE and self._replies_to_us(case)
        return asked and bool(self._places() or self._bare_answer() or self.message.point)

    def _replies_to_us(self, case: Case) -> bool:
        return any(post == self.message.reply_to for _, post in case.posts)

    def _shows_where(self) -> Case | None:
        """Whoever was asked where it is and shares a point on the map has answered, with or without a quotation."""
        if self.message.point is None or self.quoted is not None:
            return None
        asking = [case for case in self.cases if case.stage is Stage.ASKING_WHERE]
        mine = [case for case in asking if case.reporter == self.message.sender]
        return mine[0] if len(mine) == 1 else None

    def _placed(self, case: Case | None) -> Understood:
        place = self._places() or self._bare_answer() or self._point_in_words()
        fact = f.PlaceGiven(**self._who(), place=place, point=self.message.point)
        return Understood((fact, *self._pictures()), case)

    def _bare_answer(self) -> str:
        text = self.message.text.strip()
        chatty = self.reading.intent in (Intent.WITHDRAW, Intent.URGE, Intent.RESOLVED, Intent.DISPUTED)
        return "" if chatty or len(text) > PLACE_ANSWER_LENGTH else text

    def _point_in_words(self) -> str:
        point = self.message.point
        return f"{point.lat:.5f}, {point.long:.5f}" if point else ""

    # --- a new case ------------------------------------------------------------------------------------

    def _report(self, choice: Choice) -> Understood:
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
            urgency=self._urgency(),
            confidence=round(choice.chance, 3),
            sure=reading.category.confidence >= self.policy.category,
            files_at_once=self.policy.file_at_once,
            warned=self.warned or (reading.urgency is Urgency.EMERGENCY and not choice.doubtful),
            doubtful=choice.doubtful,
            private=self._is_private(reading.category.name),
            attachments=message.attachments,
            meaning=reading.meaning,
            categories=tuple(guess.name for guess in reading.categories[:3]),
            thread=message.thread,
            keys=self.policy.keys,
        )
        return Understood((fact,), doubtful=choice.doubtful)

    def _is_private(self, category: str) -> bool:
        """Not for the group, where there is one: in a chat with the bot alone nobody else listens."""
        return self.policy.is_private(category) and self.message.group != self.message.sender

    def _urgency(self) -> Urgency:
        return Urgency.EMERGENCY if self.warned else self.reading.urgency

    # --- one more message of a case --------------------------------------------------------------------

    def _join(self, choice: Choice) -> Understood:
        case = choice.case
        if case is None or (case.doubtful and choice.chance < self.policy.report):
            return SILENT
        kind, chance = self.linker.kind(self._heard(), case)
        cries = self.warned and self.reading.chance(Intent.REPORT) >= self.policy.unsure
        fact = self._again() if cries else self._fact(case, kind, sure=chance >= self.policy.kind)
        if isinstance(fact, f.Detailed):
            fact = replace(fact, told=choice.chance >= SURE)
        where = self._place_for(case) if choice.chance >= SURE else ()
        return self._to(case, *self._evidence(fact), fact, *where)

    def _fact(self, case: Case, kind: Intent, *, sure: bool) -> f.Fact:
        fact: f.Fact
        if not self.message.text:
            return self._detail()  # a picture shows something; only words can say that it is fixed
        if kind is Intent.RESOLVED and self._reports_after_the_work(case):
            kind = Intent.REPORT
        match kind:
            case Intent.REPORT if case.stage in SETTLED:
                fact = self._came_back()
            case Intent.REPORT:
                fact = self._again()
            case Intent.SECOND:
                fact = f.Seconded(**self._who(), place=self._places())
            case Intent.URGE:
                fact = f.Urged(**self._who())
            case Intent.DISPUTED:
                fact = self._disputed(case, sure=sure)
            case Intent.RESOLVED:
                fact = self._resolved(case, sure=sure)
            case Intent.WITHDRAW:
                fact = self._withdrawn(case, sure=sure)
            case _:
                fact = self._detail()
        return fact

    def _reports_after_the_work(self, case: Case) -> bool:
        """「又坏了」 must neither close what is said to be done nor pass unheard after its end."""
        clear = self._means(Intent.REPORT) and self.reading.confidence >= self.policy.report
        return clear and case.stage in (*KEYS, *SETTLED)

    def _withdrawn(self, case: Case, *, sure: bool) -> f.Fact:
        mine = sure and self.message.sender == case.reporter and case.stage in LIVE
        return f.Withdrawn(**self._who()) if mine else f.SaidFixed(**self._who())

    def _again(self) -> f.Fact:
        text, place = self.message.text, self._places()
        return f.Repeated(
            **self._who(), text=text, place=place, urgency=self._urgency(), meaning=self.reading.meaning
        )

    def _came_back(self) -> f.Fact:
        text, place = self.message.text, self._places()
        return f.CameBack(**self._who(), text=text, place=place, meaning=self.reading.meaning)

    def _detail(self) -> f.Detailed:
        message = self.message
        return f.Detailed(
            **self._who(),
            text=message.text,
            place=self._places(),
            attachments=message.attachments,
            point=message.point,
            meaning=self.reading.meaning,
        )

    def _shown(self, case: Case) -> f.Detailed | f.Inspected:
        """What a message adds; a picture of the worker's, who was asked to look, is what was seen on the spot."""
        asked = self.message.role is Role.WORKER and case.stage in (Stage.WORK_DONE, Stage.WORKER_KEY)
        pictures = self.message.kind in (Kind.PHOTO, Kind.VIDEO) and self.message.attachments
        return self._inspected() if asked and pictures else self._detail()

    def _evidence(self, fact: f.Fact) -> tuple[f.Fact, ...]:
        """The picture with which the worker says that it is fixed."""
        pictures = self.message.kind in (Kind.PHOTO, Kind.VIDEO) and self.message.attachments
        return (self._inspected(),) if pictures and isinstance(fact, f.WorkerConfirmed) else ()

    def _inspected(self) -> f.Inspected:
        return f.Inspected(**self._who(), attachments=self.message.attachments, text=self.message.text)

    def _half(self) -> f.ResidentHalfConfirmed:
        return f.ResidentHalfConfirmed(**self._who(), text=self.message.text)

    def _disputed(self, case: Case, *, sure: bool) -> f.Fact:
        done = case.stage in KEYS or not case.live
        if sure and done and self.message.role is Role.RESIDENT:
            return f.ResidentDisputed(**self._who(), text=self.message.text)
        return f.Urged(**self._who())

    def _resolved(self, case: Case, *, sure: bool) -> f.Fact:
        # A member of the staff group may live here too; the second key is not for whoever turned the first.
        own = self.policy.desk is Desk.STAFF and self.message.sender == case.worker_key
        if sure and self.message.role is Role.RESIDENT and case.stage is Stage.RESIDENTS_KEY and not own:
            return f.ResidentConfirmed(**self._who())
        if sure and self.message.role is Role.WORKER and not case.doubtful:
            if case.stage in (Stage.WORK_DONE, Stage.WORKER_KEY):
                return f.WorkerConfirmed(**self._who())
            if case.stage in (*BEFORE_DISPATCH, *AT_DISPATCH):
                return f.SolvedOnSite(**self._who())
        return f.SaidFixed(**self._who())

    def _place_for(self, case: Case) -> tuple[f.Fact, ...]:
        if case.place or not self._places() or case.stage not in LIVE:
            return ()
        return (f.PlaceGiven(**self._who(), place=self._places(), point=self.message.point),)

    def _pictures(self) -> tuple[f.Fact, ...]:
        return (self._detail(),) if self.message.attachments or self.message.point else ()

    # --- small words -----------------------------------------------------------------------------------

    def _means(self, intent: Intent) -> bool:
        return self.reading.intent is intent

    def _places(self) -> str:
        return place_of(self.message.text, self.reading.locations)

    def _to(self, case: Case, *facts: f.Fact) -> Understood:
        return Understood(facts, case)

    def _who(self) -> dict[str, Any]:
        message = self.message
        return {
            "at": message.at,
            "by": message.sender,
            "by_name": message.sender_name,
            "message": message.id,
        }


def place_of(text: str, spans: Iterable[Span]) -> str:
    """The places that a text names, without what the NLU took for one: a piece of a telephone number or of a plate."""
    named = (
        nameless(text, span.start, span.end) if text[span.start : span.end] == span.value else span.value
        for span in spans
    )
    return " ".join(dict.fromkeys(filter(None, named)))[:PLACE_LENGTH]


def with_number(talk: Talk, understood: Understood) -> Talk:
    """The memory after a new case has taken its number."""
    fact = understood.facts[0] if understood.facts else None
    return replace(talk, last_number=fact.number) if isinstance(fact, f.Reported) else talk
