"""Manners: what is said now, what waits, and what the card says alone."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import orders as o
from actions.case import Stage
from actions.manners import NEVER, NOW, Manners, Verdict, Weight, is_quiet, traffic, weight_of
from actions.message import Kind, Message, Role
from actions.orders import Sentence
from actions.policy import Policy
from actions.reading import Intent, Urgency
from actions.talk import Occasion, Talk
from tests.actions.stories import FACTS, NO_PLACE, UNSURE, Story, emergency

DAY = datetime(2026, 3, 2, 8, tzinfo=UTC)  # four in the afternoon
NIGHT = DAY + timedelta(hours=8)
QUIET_TALK = Talk(group="g")
SPOKEN = QUIET_TALK.spoke(DAY)
POLICY = Policy()
SECOND = timedelta(seconds=1)


def weigh(weight, talk=QUIET_TALK, now=DAY, policy=POLICY, **more):
    urgent = more.pop("urgent", False)
    return Manners(talk, policy, now, urgent=urgent).weigh(weight, **more)


# --- turns ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weight", [Weight.CARD, Weight.CALL])
def test_what_would_be_second_in_a_row_waits_for_a_person(weight):
    assert weigh(weight, SPOKEN).occasion
    assert weigh(weight, SPOKEN.met(DAY)) == NOW
    assert weigh(weight, SPOKEN.met(DAY, wrote=False)) == NOW, "a press will do"


def test_a_remark_that_would_be_second_is_left_to_the_card():
    assert weigh(Weight.REMARK, SPOKEN) == NEVER


def test_a_message_from_before_our_last_word_is_nobody_in_between():
    assert weigh(Weight.CALL, SPOKEN.met(DAY - SECOND)).occasion is Occasion.TALK


def test_reports_of_one_burst_each_get_their_card():
    assert weigh(Weight.ANSWER, SPOKEN, since=DAY - 5 * SECOND) == NOW
    assert weigh(Weight.ANSWER, SPOKEN, since=DAY - timedelta(minutes=2)).occasion is Occasion.TALK


@pytest.mark.parametrize("weight", Weight)
def test_where_nobody_has_spoken_nor_we_all_but_reminders_may_be_said(weight):
    reminders = {Weight.NUDGE: Occasion.CASE, Weight.REMINDER: Occasion.TALK}
    wanted = Verdict(occasion=reminders[weight]) if weight in reminders else NOW
    assert weigh(weight) == wanted
    assert weigh(weight, answers=True) == NOW


# --- the pause, the night -----------------------------------------------------------------------------------


def test_a_card_that_asks_waits_for_the_pause():
    assert weigh(Weight.CARD, since=DAY - 10 * SECOND) == Verdict(later=DAY + 35 * SECOND)
    assert weigh(Weight.CARD, since=DAY - 45 * SECOND) == NOW


@pytest.mark.parametrize("weight", [Weight.NUDGE, Weight.REMINDER])
def test_at_night_reminders_wait_for_the_morning(weight):
    assert weigh(weight, now=NIGHT) == Verdict(later=NIGHT + timedelta(hours=7))
    assert weigh(weight, now=NIGHT, urgent=True).later is None


def test_at_night_reports_are_answered_questions_asked_and_remarks_left_out():
    assert weigh(Weight.CALL, now=NIGHT) == NOW
    assert weigh(Weight.ANSWER, now=NIGHT, since=NIGHT) == NOW
    assert weigh(Weight.REMARK, now=NIGHT) == NEVER


@pytest.mark.parametrize(
    ("begins", "ends", "quiet"),
    [
        (time(22), time(7), {0, 1, 4, 5, 6, 22, 23}),
        (time(1), time(5), {1, 4}),
        (None, time(7), set()),
        (time(22), None, set()),
        (time(7), time(7), set()),
    ],
)
def test_quiet_hours_may_go_over_midnight_or_not_be_at_all(begins, ends, quiet):
    policy = replace(POLICY, quiet_from=begins, quiet_until=ends, zone=UTC)
    hours = {hour for hour in (0, 1, 4, 5, 6, 7, 12, 21, 22, 23) if is_quiet(policy, DAY.replace(hour=hour))}
    assert hours == quiet


@given(st.integers(0, 366 * 24 * 60))
def test_the_morning_is_the_end_of_the_night_and_never_past(minutes):
    now = DAY + timedelta(minutes=minutes)
    manners = Manners(QUIET_TALK, POLICY, now)
    assert timedelta() < manners.morning - now <= timedelta(days=1)
    assert not is_quiet(POLICY, manners.morning)


# --- weights ------------------------------------------------------------------------------------------------


def test_a_whole_report_is_answered_at_once_and_one_that_is_not_after_the_pause():
    asked = o.ShowCard(asked_at=DAY)
    assert weight_of(asked, Story(FACTS[type(NO_PLACE)]).now) is Weight.ANSWER
    assert weight_of(asked, Story(NO_PLACE).now) is Weight.CARD
    assert weight_of(asked, Story(UNSURE).now) is Weight.CARD
    assert weight_of(o.ShowCard(), Story(FACTS[type(NO_PLACE)]).now) is Weight.CARD
    assert weight_of(asked, Story(emergency()).now) is Weight.ALWAYS


@pytest.mark.parametrize("sentence", Sentence)
def test_every_sentence_has_its_weight(sentence):
    case = replace(Story(NO_PLACE).now, stage=Stage.HANDLING, urgency=Urgency.NORMAL)
    assert weight_of(o.Say(sentence=sentence), case) is not Weight.ALWAYS


# --- the share ----------------------------------------------------------------------------------------------


def chat(talk: Talk, at: datetime, times: int = 1) -> Talk:
    for _ in range(times):
        talk = talk.met(at)
    return talk


def test_the_share_is_counted_over_a_hundred_messages_or_a_day():
    talk = QUIET_TALK
    for _ in range(12):
        talk = chat(talk.spoke(DAY), DAY)
    assert weigh(Weight.CALL, talk).occasion
    assert weigh(Weight.CALL, chat(talk, DAY, 105)) == NOW, "a busy day has room for more"
    tomorrow = DAY + timedelta(hours=26)
    assert weigh(Weight.CALL, chat(talk, tomorrow), tomorrow) == NOW, "three a day in any case"
    assert weigh(Weight.CALL, talk, policy=replace(POLICY, share=1.0)) == NOW
    assert weigh(Weight.CALL, QUIET_TALK, policy=replace(POLICY, share=0.0, share_floor=0)).occasion


def test_old_hours_are_forgotten_once_they_count_no_more():
    talk = QUIET_TALK
    for hour in range(24 * 30):
        talk = chat(talk, DAY + timedelta(hours=hour), 3)
    assert 25 <= len(talk.hours) <= 40
    assert traffic(talk.hours, DAY + timedelta(hours=24 * 30))[0] >= 100


def test_messages_of_another_bot_and_edits_are_no_talk():
    def message(**more):
        return Message("g", "m", "x", "x", Role.RESIDENT, DAY, Kind.TEXT, "早", **more)

    assert SPOKEN.heard(message(), Intent.CHATTER).since == 1
    assert SPOKEN.heard(message(edited=True), Intent.CHATTER).since == 0
    assert SPOKEN.heard(replace(message(), role=Role.BOT), Intent.CHATTER).since == 0


STEPS = st.lists(
    st.one_of(
        st.just("heard"),
        st.sampled_from([Weight.CARD, Weight.CALL, Weight.REMARK, Weight.NUDGE, Weight.REMINDER]),
        st.sampled_from([1, 60, 3600, 40_000]),
    ),
    max_size=120,
)


@given(STEPS, st.sampled_from([0.05, 0.12, 0.5]), st.booleans())
def test_whatever_is_wanted_a_person_speaks_in_between_and_the_share_is_kept(steps, share, answers):
    policy = replace(POLICY, share=share)
    talk, now, log = QUIET_TALK, DAY, []
    for step in steps:
        if isinstance(step, int):
            now += timedelta(seconds=step)
        elif step == "heard":
            talk, log = talk.met(now), [*log, (now, "heard")]
        elif Manners(talk, policy, now).weigh(step, answers=answers).now:
            talk, log = talk.spoke(now), [*log, (now, "said")]
            assert within(log, now, share)
    assert "said said" not in " ".join(what for _, what in log)


def within(log, now, share) -> bool:
    """By hand: what was said in the last hundred messages, or the floor of the last day."""
    said = [at for at, what in log if what == "said"]
    heard = sum(what == "heard" for _, what in log)
    today = [at for at in said if at > now - timedelta(hours=25)]
    return len(said) <= share * max(100, heard) or len(today) <= POLICY.share_floor
