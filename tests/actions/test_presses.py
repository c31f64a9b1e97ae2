"""Presses: who may press what, and the fact that follows."""

from dataclasses import replace
from datetime import timedelta

import pytest

from actions import facts as f
from actions.advance import advance
from actions.case import DROPPED, SETTLED, IllegalMove, Stage
from actions.message import Press, Reacted, Role
from actions.presses import (
    RATES,
    Refusal,
    Verb,
    at_desk,
    fact_of,
    fact_of_reaction,
    for_residents,
    in_private,
    on_card,
)
from tests.actions.stories import (
    ASKED_WORKER,
    AUNT,
    GROUP,
    JOINED,
    LATER,
    NEIGHBOUR,
    START,
    WAYS,
    WORKER,
    Story,
    in_stage,
)

OPEN = Story(f.Reported, f.TicketFiled).now
JOINED_CASE = Story(*JOINED).now
WORKERS = {
    Verb.TAKE: f.TakenOn,
    Verb.FILE: f.Dispatched,
    Verb.DISMISS: f.Dismissed,
    Verb.DONE: f.SolvedOnSite,
    Verb.APART: f.SetApart,
    Verb.CONFIRM: f.WorkerConfirmed,
    Verb.DENY: f.WorkerDenied,
}
RESIDENTS = {
    Verb.FIXED: f.ResidentConfirmed,
    Verb.NOT_FIXED: f.ResidentDisputed,
    Verb.HALF: f.ResidentHalfConfirmed,
    **dict.fromkeys(RATES, f.SatisfactionGiven),
}


EVERYBODY = (Verb.ME_TOO, Verb.WITHDRAW)
ANYBODYS = {Verb.ME_TOO, Verb.WITHDRAW, Verb.RESTORE}


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
def test_stars_are_marks_from_one_to_five_that_stand_after_a_day(verb, score):
    assert fact_of(verb, press(), OPEN).score == score
    other = 3 if score != 3 else 4
    fresh = replace(OPEN, scores=((NEIGHBOUR, other),), marked=((NEIGHBOUR, LATER),))
    assert fact_of(verb, press(), fresh).score == score
    assert refusal(verb, press(), replace(fresh, scores=((NEIGHBOUR, score),))) == "already_rated"
    stands = replace(fresh, marked=((NEIGHBOUR, LATER - timedelta(days=1, seconds=1)),))
    assert refusal(verb, press(), stands) == "already_rated"


def test_me_too_counts_nobody_twice():
    assert isinstance(fact_of(Verb.ME_TOO, press(), OPEN), f.Seconded)
    assert refusal(Verb.ME_TOO, press(AUNT)) == "already_with_us"
    assert refusal(Verb.ME_TOO, press(), replace(OPEN, followers=(NEIGHBOUR,))) == "already_with_us"


def test_a_worker_may_live_there_too():
    assert isinstance(fact_of(Verb.ME_TOO, press(WORKER, Role.WORKER), OPEN), f.Seconded)


def test_only_a_case_that_follows_another_groups_ticket_can_be_set_apart():
    assert (Verb.APART,) in on_card(JOINED_CASE)
    assert (Verb.APART,) not in on_card(OPEN)
    assert (Verb.APART,) not in on_card(Story(*JOINED, f.WorkDone, ASKED_WORKER, f.WorkerConfirmed).now)


def test_every_verb_means_something():
    assert {*WORKERS, *RESIDENTS, *ANYBODYS} == set(Verb) - {Verb.MORE}, "a menu is no fact"


def test_only_the_reporter_and_workers_take_a_report_back():
    for who in (press(AUNT), press(WORKER, Role.WORKER)):
        assert isinstance(fact_of(Verb.WITHDRAW, who, OPEN), f.Withdrawn)
    assert refusal(Verb.WITHDRAW, press()) == "reporters_only"


def test_who_took_it_back_may_want_it_after_all():
    gone = Story(f.Reported, f.Withdrawn).now
    for who in (press(AUNT), press(WORKER, Role.WORKER)):
        assert isinstance(fact_of(Verb.RESTORE, who, gone), f.Restored)
    assert refusal(Verb.RESTORE, press(), gone) == "not_taken_back_by_you"


@pytest.mark.parametrize(
    ("verb", "led_to"),
    [(Verb.WITHDRAW, f.Withdrawn), (Verb.DISMISS, f.Dismissed), (Verb.TAKE, f.TakenOn)],
)
def test_a_second_press_is_told_that_it_is_so_already(verb, led_to):
    assert refusal(verb, press(WORKER, Role.WORKER), Story(f.Reported, led_to).now) == "already_so"


def test_the_menu_is_for_workers():
    assert refusal(Verb.MORE, press()) == "workers_only"


@pytest.mark.parametrize("stage", WAYS)
def test_every_button_on_a_card_is_a_legal_move(stage):
    for story in in_stage(stage):
        for verb in (verb for row in on_card(story.now) for verb in row if verb is not Verb.MORE):
            role = Role.WORKER if verb in WORKERS else Role.RESIDENT
            own = AUNT if verb in (Verb.WITHDRAW, Verb.RESTORE) else "memory:somebody"
            who = WORKER if role is Role.WORKER else own
            try:
                advance(story.now, fact_of(verb, press(who, role), story.now))
            except IllegalMove as error:
                pytest.fail(f"{verb} on the card of {stage}: {error}")


@pytest.mark.parametrize(
    ("stage", "rows"),
    [
        (Stage.OPEN, (EVERYBODY, (Verb.TAKE, Verb.DISMISS, Verb.MORE))),
        (Stage.WAITING_WORKER, (EVERYBODY, (Verb.TAKE, Verb.FILE), (Verb.DISMISS, Verb.MORE))),
        (Stage.HANDLING, (EVERYBODY, (Verb.DONE, Verb.FILE, Verb.MORE))),
        (Stage.WORKER_KEY, ()),
        (Stage.NOT_A_PROBLEM, ((Verb.FILE,),)),
        (Stage.WITHDRAWN, ((Verb.RESTORE,),)),
        (Stage.MERGED, ()),
        (Stage.CLOSED, ((Verb.NOT_FIXED, Verb.HALF),)),
    ],
)
def test_a_card_offers_what_helps_in_its_stage(stage, rows):
    assert on_card(Story(*WAYS[stage][0]).now) == rows


def test_what_is_over_can_be_disputed_and_what_was_dropped_cannot():
    assert all(on_card(Story(*WAYS[stage][0]).now) == ((Verb.NOT_FIXED, Verb.HALF),) for stage in SETTLED)
    assert not any(Verb.NOT_FIXED in row for stage in DROPPED for row in on_card(in_first_way(stage)))


def in_first_way(stage):
    return Story(*WAYS[stage][0]).now


def test_a_thumb_up_on_the_card_is_me_too_and_nothing_else_is():
    case = replace(OPEN, posts=(("card", "c1"), ("worker_key", "c2")), followers=(NEIGHBOUR,))
    thumb = Reacted(case.group, "1", "memory:somebody", "某人", START, "c1", ("❤", "👍"))
    assert fact_of_reaction(thumb, case) == f.Seconded(at=START, by="memory:somebody", by_name="某人")
    for changes in (
        {"added": ("❤",)},
        {"added": ()},
        {"message": "c2"},
        {"sender": AUNT},
        {"sender": NEIGHBOUR},
    ):
        assert fact_of_reaction(replace(thumb, **changes), case) is None


@pytest.mark.parametrize("stage", WAYS)
def test_beside_the_group_workers_have_all_of_their_buttons_and_none_of_the_residents(stage):
    for story in in_stage(stage):
        here, beside = (
            {verb for row in rows(story.now) for verb in row} for rows in (for_residents, at_desk)
        )
        everything = {verb for row in on_card(story.now) for verb in row}
        assert everything <= here | beside
        assert here & beside <= {Verb.RESTORE}
        assert not here & {*WORKERS, Verb.MORE}
        assert not beside & {*RESIDENTS, *EVERYBODY}
        assert not {verb for row in in_private(story.now) for verb in row} & {*WORKERS, Verb.ME_TOO}
