"""Inspection: whose picture is evidence, of which case, and what the words under it still say."""

from dataclasses import replace

import pytest

from actions import facts as f
from actions.inspection import evidenced, shows
from actions.intake import SILENT, Understood
from actions.message import Attachment, Kind, Message, Role
from actions.talk import Talk, Visit
from tests.actions.stories import DOUBTFUL, FILED, GROUP, LATER, PHOTO, START, WORKER, Story, fact

CASE = replace(Story(*FILED).now, posts=(("card", "p1"),))
OTHER = replace(CASE, id=f"{GROUP}:2", number=2)
PICTURE = Message(GROUP, "m50", WORKER, "孟姐", Role.WORKER, LATER, Kind.PHOTO, "", (PHOTO,), reply_to="p1")
BARE = replace(PICTURE, reply_to=None)
CONFIRMED = f.WorkerConfirmed(at=LATER, by=WORKER, message="m50")


def kinds(understood):
    return [type(each) for each in understood.facts]


def test_a_workers_picture_in_reply_to_the_bot_is_evidence_with_its_words():
    found = evidenced(replace(PICTURE, text="看过了"), SILENT, CASE, None)
    (looked,) = found.facts
    assert (found.case, looked.attachments, looked.text, looked.by) == (CASE, (PHOTO,), "看过了", WORKER)


def test_what_the_words_under_it_confirm_is_not_lost():
    said = Understood((CONFIRMED,), CASE)
    assert kinds(evidenced(PICTURE, said, CASE, None)) == [f.Inspected, f.WorkerConfirmed]
    assert kinds(evidenced(PICTURE, Understood((CONFIRMED,), OTHER), CASE, None)) == [f.Inspected]
    assert kinds(evidenced(PICTURE, Understood((fact(f.Detailed),), CASE), CASE, None)) == [f.Inspected]


@pytest.mark.parametrize(
    "message",
    [
        replace(PICTURE, role=Role.RESIDENT),
        replace(PICTURE, edited=True),
        replace(PICTURE, kind=Kind.TEXT, attachments=()),
        replace(PICTURE, attachments=(Attachment(Kind.VOICE, "v1"),)),
        replace(PICTURE, reply_to="m1"),
    ],
    ids=["a resident", "an edit", "words", "a voice", "a reply to the report"],
)
def test_nothing_else_is(message):
    assert evidenced(message, SILENT, CASE, CASE) is SILENT


def test_it_is_for_what_is_live_and_known_and_not_private():
    over = Story(*FILED, f.Withdrawn).now
    for case in (over, Story(DOUBTFUL).now, replace(CASE, private=True), None):
        assert evidenced(PICTURE, SILENT, case, None) is SILENT


def test_a_picture_without_a_reply_is_for_the_case_that_its_sender_visits():
    assert evidenced(BARE, SILENT, None, CASE).case == CASE
    assert evidenced(BARE, SILENT, None, None) is SILENT
    about_another = Understood((fact(f.Detailed),), OTHER)
    assert evidenced(BARE, about_another, None, CASE).case == CASE, "a bare picture says nothing else"
    assert evidenced(replace(BARE, text="2号那件"), about_another, None, CASE) is about_another
    new = Understood((fact(f.Reported),))
    assert evidenced(replace(BARE, text="东门井盖没了"), new, None, CASE) is new
    assert evidenced(replace(BARE, text="嗯"), replace(new, doubtful=True), None, CASE).case == CASE


def test_a_reply_to_what_somebody_said_is_for_no_visit():
    assert evidenced(replace(PICTURE, reply_to="m77"), SILENT, None, CASE) is SILENT


def test_visits_are_remembered_till_they_are_over():
    talk = Talk(group=GROUP).visited(Visit("c1", WORKER, LATER), START)
    assert talk.visits_of(WORKER, START) == {"c1"}
    assert talk.visits_of("memory:another", START) == frozenset()
    talk = talk.visited(Visit("c1", WORKER, LATER), START).visited(Visit("c2", WORKER, LATER), START)
    assert talk.visits_of(WORKER, START) == {"c1", "c2"}
    assert len(talk.visits) == 2
    after = LATER + (LATER - START)
    assert talk.visits_of(WORKER, after) == frozenset()
    assert talk.visited(Visit("c3", WORKER, after), after).visits == (Visit("c3", WORKER, after),)


def test_only_pictures_show():
    assert shows(replace(PICTURE, attachments=(Attachment(Kind.VIDEO, "v"),)))
    assert not shows(replace(PICTURE, role=Role.OFFICIAL))
