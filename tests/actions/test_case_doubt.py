"""What nobody is sure of: kept without a word, borne out or forgotten; and what a case keeps for the linking."""

from datetime import timedelta

import pytest

from actions import facts as f
from actions import orders as o
from actions.case import MOST_PLACES, SETTLED, Stage
from tests.actions.stories import DOUBTFUL, FILED, LATER, Story, fact, in_stage

S = Stage

# --- what nobody is sure of ------------------------------------------------------------------------------------


def test_what_nobody_is_sure_of_is_kept_without_a_word() -> None:
    story = Story(DOUBTFUL)
    assert (story.now.stage, story.now.doubtful, story.now.live) == (S.UNSURE, True, True)
    assert [type(order) for order in story.last] == [o.WakeAt]


@pytest.mark.parametrize(
    "borne_out", [f.Repeated, f.Seconded, f.Detailed, f.PlaceGiven, f.Urged, f.Recategorised, f.Relocated]
)
def test_whoever_speaks_of_it_bears_it_out(borne_out: type[f.Fact]) -> None:
    story = Story(DOUBTFUL, borne_out)
    assert (story.now.stage, story.now.doubtful) == (S.FILING, False)
    assert story.ordered(o.FileTicket)


@pytest.mark.parametrize(
    ("step", "stage"),
    [(f.Dispatched, S.FILING), (f.TakenOn, S.HANDLING), (f.SolvedOnSite, S.RESIDENTS_KEY)],
)
def test_a_worker_who_acts_on_it_makes_it_a_case(step: type[f.Fact], stage: Stage) -> None:
    story = Story(DOUBTFUL, step)
    assert (story.now.stage, story.now.doubtful) == (stage, False)


@pytest.mark.parametrize("dropped", [f.TimeRanOut, f.Dismissed, f.Withdrawn, f.Merged])
def test_what_is_dropped_in_doubt_stays_doubtful(dropped: type[f.Fact]) -> None:
    story = Story(DOUBTFUL, dropped)
    assert story.now.doubtful
    assert not story.now.live


def test_what_was_forgotten_a_worker_can_still_send_to_dispatch() -> None:
    story = Story(DOUBTFUL, f.TimeRanOut, f.Dispatched)
    assert (story.now.stage, story.now.doubtful) == (S.FILING, False)


def test_whoever_bears_it_out_and_says_where_is_not_asked_where() -> None:
    placeless = fact(f.Reported, doubtful=True, place="")
    assert Story(placeless, f.Urged).ordered(o.ShowCard)
    said = Story(placeless, f.Seconded)
    assert (said.now.stage, said.now.place) == (S.FILING, "二单元")


# --- what the linking needs to know of a case ---------------------------------------------------------------------


def test_every_place_that_is_named_is_kept_once_up_to_a_limit() -> None:
    story = Story(f.Reported, *(fact(f.Seconded, message=f"n{n}", place=f"{n // 2}号楼") for n in range(40)))
    assert story.now.place == "3号楼"
    assert len(story.now.places) == MOST_PLACES == len(set(story.now.places))


def test_of_meanings_the_first_stays_and_the_latest_two() -> None:
    again = (fact(f.Repeated, message=f"n{n}", meaning=f"again {n}") for n in range(5))
    assert Story(fact(f.Reported, meaning="first"), *again).now.meanings == ("first", "again 3", "again 4")


def test_only_messages_tell_when_it_was_last_spoken_of() -> None:
    later = LATER + timedelta(hours=1)
    story = Story(f.Reported, fact(f.Seconded, at=LATER), fact(f.TicketFiled, at=later))
    assert (story.now.spoken_at, story.now.changed_at) == (LATER, later)


def test_what_is_not_surely_about_it_is_kept_from_dispatch() -> None:
    assert Story(*FILED, f.Detailed).ordered(o.TellDispatch)
    kept = Story(*FILED, fact(f.Detailed, told=False))
    assert not kept.ordered(o.TellDispatch)
    assert ("m4", "detail") in kept.now.messages


@pytest.mark.parametrize("stage", SETTLED)
@pytest.mark.parametrize("spoken", [f.Repeated, f.Seconded, f.Detailed, f.Urged, f.SaidFixed])
def test_people_may_still_speak_of_what_is_over(stage: Stage, spoken: type[f.Fact]) -> None:
    for story in in_stage(stage):
        story.tell(spoken)
        assert story.now.stage is stage
        assert story.last == ()
