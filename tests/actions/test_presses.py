"""Presses: who may press what, and the fact that follows."""

from dataclasses import replace

import pytest

from actions import facts as f
from actions.case import DROPPED, SETTLED, IllegalMove, Stage, advance
from actions.message import Press, Role
from actions.presses import RATES, Refusal, Verb, fact_of, on_card
from tests.actions.stories import AUNT, GROUP, LATER, NEIGHBOUR, WAYS, WORKER, Story, in_stage

OPEN = Story(f.Reported, f.TicketFiled).now
WORKERS = {
    Verb.TAKE: f.TakenOn,
    Verb.FILE: f.Dispatched,
    Verb.DISMISS: f.Dismissed,
    Verb.DONE: f.SolvedOnSite,
    Verb.CONFIRM: f.WorkerConfirmed,
    Verb.DENY: f.WorkerDenied,
}
RESIDENTS = {
    Verb.FIXED: f.ResidentConfirmed,
    Verb.NOT_FIXED: f.ResidentDisputed,
    **dict.fromkeys(RATES, f.SatisfactionGiven),
}


def press(by=NEIGHBOUR, role=Role.RESIDENT):
    return Press(GROUP, "p1", by, "李叔", role, LATER, "data")


def refusal(verb, pressed, case=OPEN):
    with pytest.raises(Refusal) as refused:
        fact_of(verb, pressed, case)
    return refused.value.why


@pytest.mark.parametrize(("verb", "kind"), WORKERS.items())
def test_a_workers_button_is_for_workers_only(verb, kind):
    assert fact_of(verb, press(WORKER, Role.WORKER), OPEN) == kind(at=LATER, by=WORKER, by_name="李叔")
    for role in set(Role) - {Role.WORKER}:
        assert refusal(verb, press(role=role)) == "workers_only"


@pytest.mark.parametrize(("verb", "kind"), RESIDENTS.items())
def test_the_residents_key_and_marks_are_not_the_workers(verb, kind):
    assert isinstance(fact_of(verb, press(), OPEN), kind)
    assert refusal(verb, press(WORKER, Role.WORKER)) == "residents_only"


@pytest.mark.parametrize(("verb", "score"), list(zip(RATES, range(1, 6), strict=True)))
def test_stars_are_marks_from_one_to_five_given_once(verb, score):
    assert fact_of(verb, press(), OPEN).score == score
    assert refusal(verb, press(), replace(OPEN, scores=((NEIGHBOUR, 3),))) == "already_rated"


def test_me_too_counts_nobody_twice():
    assert isinstance(fact_of(Verb.ME_TOO, press(), OPEN), f.Seconded)
    assert refusal(Verb.ME_TOO, press(AUNT)) == "already_with_us"
    assert refusal(Verb.ME_TOO, press(), replace(OPEN, followers=(NEIGHBOUR,))) == "already_with_us"


def test_a_worker_may_live_there_too():
    assert isinstance(fact_of(Verb.ME_TOO, press(WORKER, Role.WORKER), OPEN), f.Seconded)


def test_every_verb_means_something():
    assert {*WORKERS, *RESIDENTS, Verb.ME_TOO} == set(Verb)


@pytest.mark.parametrize("stage", WAYS)
def test_every_button_on_a_card_is_a_legal_move(stage):
    for story in in_stage(stage):
        for verb in (verb for row in on_card(story.now) for verb in row):
            role = Role.WORKER if verb in WORKERS else Role.RESIDENT
            who = WORKER if role is Role.WORKER else "memory:somebody"
            try:
                advance(story.now, fact_of(verb, press(who, role), story.now))
            except IllegalMove as error:
                pytest.fail(f"{verb} on the card of {stage}: {error}")


@pytest.mark.parametrize(
    ("stage", "rows"),
    [
        (Stage.OPEN, ((Verb.ME_TOO,), (Verb.TAKE, Verb.DISMISS))),
        (Stage.WAITING_WORKER, ((Verb.ME_TOO,), (Verb.TAKE, Verb.FILE, Verb.DISMISS))),
        (Stage.HANDLING, ((Verb.ME_TOO,), (Verb.DONE, Verb.FILE))),
        (Stage.WORKER_KEY, ()),
        (Stage.NOT_A_PROBLEM, ((Verb.FILE,),)),
        (Stage.WITHDRAWN, ()),
        (Stage.CLOSED, ((Verb.NOT_FIXED,),)),
    ],
)
def test_a_card_offers_what_helps_in_its_stage(stage, rows):
    assert on_card(Story(*WAYS[stage][0]).now) == rows


def test_what_is_over_can_be_disputed_and_what_was_dropped_cannot():
    assert all(on_card(Story(*WAYS[stage][0]).now) == ((Verb.NOT_FIXED,),) for stage in SETTLED)
    for stage in set(DROPPED) - {Stage.NOT_A_PROBLEM}:
        assert on_card(Story(*WAYS[stage][0]).now) == ()
