"""Confidentiality: who sees what of a case, in one table.

A matter is open, internal or confidential (`Secrecy`, stated by the responsibility list). For every audience and every
field the table says up to which of these it is shown. Telephone, identity and bank-card numbers stand outside of it: they
are masked for everybody, whatever the matter (actions/mask.py). So are number plates, but for whom must find the car.
"""

from enum import StrEnum

from actions.assignment import Secrecy
from actions.building import building_of
from actions.case import Case
from actions.mask import mask


class Audience(StrEnum):
    """Who looks at a case."""

    GROUP = "group"
    """The residents' group, and who asks /api/cases without having shown who they are."""
    REPORTER = "reporter"
    """Who reported it, in a chat with the bot where nobody else is."""
    STAFF = "staff"
    """Grid workers in their own chats or the staff group, supervisors, and operators at the console."""
    UNIT = "unit"
    """Dispatch and the unit that must act, by the ticket."""
    EXPORT = "export"
    """Files and reports that leave the program."""


class Field(StrEnum):
    """What can be known of a case."""

    NUMBER = "number"
    """Its number, that of its ticket, and so that there is such a case at all."""
    CATEGORY = "category"
    STAGE = "stage"
    """How it stands: its stage, urgency, lights, disputes and reopenings."""
    PLACE = "place"
    """Where it is, to the building."""
    FLAT = "flat"
    """Where exactly: entrance, floor and flat, and whatever else the place says."""
    POINT = "point"
    """Where it is on the map."""
    WORDS = "words"
    NAME = "name"
    """The reporter's name, and those of residents who answered."""
    EVIDENCE = "evidence"
    """Photos and voice messages, and how many."""
    NOTE = "note"
    """What dispatch and the unit wrote."""
    UNIT = "unit"
    """Which unit answers for it, on which level."""
    HANDLER = "handler"
    """The grid worker who has it."""
    MARKS = "marks"
    PEOPLE = "people"
    """How many people it concerns."""


_OPEN, _INTERNAL, _CONFIDENTIAL = Secrecy.OPEN, Secrecy.INTERNAL, Secrecy.CONFIDENTIAL
_AUDIENCES = (Audience.GROUP, Audience.REPORTER, Audience.STAFF, Audience.UNIT, Audience.EXPORT)
# fmt: off
_ROWS: dict[Field, tuple[Secrecy | None, ...]] = {
    #                GROUP      REPORTER       STAFF          UNIT           EXPORT
    Field.NUMBER:   (_INTERNAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL),
    Field.CATEGORY: (_INTERNAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, _INTERNAL),
    Field.STAGE:    (_INTERNAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL),
    Field.PLACE:    (_INTERNAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, _INTERNAL),
    Field.FLAT:     (_OPEN,     _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, None),
    Field.POINT:    (None,      None,          _CONFIDENTIAL, _CONFIDENTIAL, None),
    Field.WORDS:    (_OPEN,     _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, None),
    Field.NAME:     (_OPEN,     _CONFIDENTIAL, _CONFIDENTIAL, None,          None),
    Field.EVIDENCE: (_OPEN,     _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, None),
    Field.NOTE:     (_OPEN,     _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, None),
    Field.UNIT:     (_INTERNAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL),
    Field.HANDLER:  (_INTERNAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, None),
    Field.MARKS:    (_INTERNAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL),
    Field.PEOPLE:   (_INTERNAL, _CONFIDENTIAL, _CONFIDENTIAL, _CONFIDENTIAL, _INTERNAL),
}
# fmt: on
TABLE = {audience: {field: row[at] for field, row in _ROWS.items()} for at, audience in enumerate(_AUDIENCES)}
"""Up to which secrecy of the matter an audience sees a field; None is never."""


def sees(audience: Audience, field: Field, secrecy: Secrecy) -> bool:
    """Whether an audience sees a field of a case that is so confidential."""
    most = TABLE[audience][field]
    return most is not None and secrecy <= most


def secrecy_of(case: Case) -> Secrecy:
    """How confidential a case is: its matter's secrecy, and all of it once it went into private chats."""
    if case.private:
        return Secrecy.CONFIDENTIAL
    return case.assignment.secrecy if case.assignment else Secrecy.OPEN


def audience_of(case: Case) -> Audience:
    """Who reads the chat in which the case was reported: a group, or its reporter alone."""
    return Audience.REPORTER if case.group == case.reporter else Audience.GROUP


def hidden(case: Case) -> bool:
    """Whether nothing of it is shown in the chat in which it was reported."""
    return not sees(audience_of(case), Field.NUMBER, secrecy_of(case))


def is_confidential(case: Case) -> bool:
    """Whether whoever learns of it has to be told that it is confidential."""
    return secrecy_of(case) is Secrecy.CONFIDENTIAL


CARS = ("traffic.parking", "safety.fire_hazard")
"""Of these the plate is what the worker and the unit act upon: who stands in the way has to be called."""
_FIND_THE_CAR = (Audience.STAFF, Audience.UNIT)


def words_for(case: Case, text: str, audience: Audience) -> str:
    """What somebody wrote of a case, masked for an audience that sees words."""
    needed = audience in _FIND_THE_CAR and case.category in CARS
    return mask(text, plates=not needed)


def place_for(case: Case, audience: Audience) -> str:
    """As much of the place as an audience sees, masked."""
    secrecy, place = secrecy_of(case), mask(case.place)
    if sees(audience, Field.FLAT, secrecy):
        return place
    return building_of(place) if sees(audience, Field.PLACE, secrecy) else ""


def shown(case: Case, audience: Audience) -> dict[Field, str]:
    """What an audience sees of a case, in plain values; what it does not see, and what is not known, is left out."""
    secrecy, said = secrecy_of(case), case.assignment
    known = {
        Field.NUMBER: str(case.number),
        Field.CATEGORY: case.category,
        Field.STAGE: str(case.stage),
        Field.PLACE: building_of(mask(case.place)),
        Field.FLAT: mask(case.place),
        Field.POINT: f"{case.point.lat}, {case.point.long}" if case.point else "",
        Field.WORDS: mask(case.text),
        Field.NAME: mask(case.reporter_name),
        Field.EVIDENCE: str(len(case.attachments) or ""),
        Field.NOTE: mask(case.note),
        Field.UNIT: said.unit if said else "",
        Field.HANDLER: case.handler_name,
        Field.MARKS: " ".join(str(score) for _, score in case.scores),
        Field.PEOPLE: str(len(case.followers) + 1),
    }
    return {field: value for field, value in known.items() if value and sees(audience, field, secrecy)}
