"""Presence: coming, leaving, coming back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions import orders as o
from actions.advance import advance
from actions.case import Case, Stage
from actions.message import Joined, Kind, Message, Role
from actions.presence import FORGOTTEN, came, left, missed
from actions.reading import Intent
from actions.talk import Talk
from tests.actions.stories import FACTS, GROUP, START

JOINED = Joined(GROUP, "春风里", START, hears_all=True)
HOUR = timedelta(hours=1)


def reported_case() -> Case:
    return advance(None, FACTS[f.Reported])[0]


def greeting(talk: Talk, joined: Joined = JOINED) -> list[str]:
    _, orders = came(talk, joined, "k", ())
    return [order.what for order in orders if isinstance(order, o.Reply)]


def test_a_group_is_greeted_once_and_again_when_our_ears_have_changed():
    talk, orders = came(Talk(group=GROUP), JOINED, "k", ())
    assert (orders[0].key, orders[0].what) == ("k", "welcome")
    assert (talk.greeted, talk.hears_all, talk.title) == (True, True, "春风里")
    assert greeting(talk) == []
    assert greeting(talk, replace(JOINED, hears_all=False)) == ["cannot_hear"]


@pytest.mark.parametrize(("away", "greetings"), [(HOUR, []), (FORGOTTEN + HOUR, ["welcome"])])
def test_after_a_long_absence_it_is_greeted_again(away, greetings):
    talk = left(Talk(group=GROUP, greeted=True), START - away)
    assert greeting(talk) == greetings
    assert came(talk, JOINED, "k", ())[0].left is None


def test_the_first_word_of_being_put_out_counts():
    talk = left(left(Talk(group=GROUP), START), START + HOUR)
    assert talk.left == START


@pytest.mark.parametrize(
    ("stage", "kinds"),
    [
        (Stage.OPEN, [o.ShowCard]),
        (Stage.ASKING_WHERE, [o.ShowCard]),
        (Stage.WORK_DONE, [o.ShowCard, o.AskWorker]),
        (Stage.RESIDENTS_KEY, [o.ShowCard, o.AskIfFixed]),
    ],
)
def test_what_moved_meanwhile_is_shown_and_asked(stage, kinds):
    case = replace(reported_case(), stage=stage, changed_at=START + HOUR)
    away = left(Talk(group=GROUP), START)
    orders = missed(away, [case])
    assert [type(order) for order in orders] == kinds
    assert len({order.key for order in orders}) == len(orders)
    assert all(order.case == case.id for order in orders)


def test_what_did_not_move_is_not_shown_again_and_nothing_to_a_group_that_we_never_left():
    case = replace(reported_case(), changed_at=START)
    assert missed(left(Talk(group=GROUP), START + HOUR), [case]) == ()
    assert missed(Talk(group=GROUP), [case]) == ()


def test_whoever_is_heard_has_us_in_the_group():
    message = Message(GROUP, "1", "p", "p", Role.RESIDENT, START, Kind.TEXT, "早")
    assert left(Talk(group=GROUP), START).heard(message, Intent.CHATTER).left is None


def test_an_edit_is_known_by_its_words():
    long = "x" * 300
    for text, edited, known in (
        ("电梯坏了", "电梯坏了", True),
        ("电梯坏了", "电梯好了", False),
        (long, long, False),
    ):
        message = Message(GROUP, "1", "p", "p", Role.RESIDENT, START, Kind.TEXT, text)
        talk = Talk(group=GROUP).heard(message, Intent.REPORT)
        assert talk.knows(replace(message, text=edited, edited=True)) is known
    photo = replace(message, kind=Kind.PHOTO, text="门")
    assert not Talk(group=GROUP).heard(photo, Intent.REPORT).knows(photo), "the picture may be another"
