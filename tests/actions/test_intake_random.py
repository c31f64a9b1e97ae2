"""Intake: whatever is said, by whomever, to whatever cases: it is understood, and the table has the last word."""

from datetime import timedelta
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from actions import facts as f
from actions.advance import advance
from actions.case import IllegalMove
from actions.intake import Listening
from actions.message import Kind, Message, Point, Role
from actions.policy import Policy
from actions.reading import Guess, Intent, Reading, Span, Urgency
from actions.talk import Talk
from connectors.linking_weights import shipped
from tests.actions.linkers import plain_linker
from tests.actions.stories import AUNT, GROUP, LATER, NEIGHBOUR, PHOTO, WAYS, WORKER, fact, in_stage

LIFT = "facilities.lift"
WHERE = Point(31.2, 121.5)
CASES = [story.now for story in chain.from_iterable(in_stage(stage) for stage in WAYS)]
TEXTS = st.text(max_size=60)
MESSAGES = st.builds(
    Message,
    group=st.just(GROUP),
    id=st.sampled_from(["m1", "m50"]),
    sender=st.sampled_from([AUNT, NEIGHBOUR, WORKER]),
    sender_name=TEXTS,
    role=st.sampled_from(Role),
    at=st.integers(0, 10**6).map(lambda seconds: LATER + timedelta(seconds=seconds)),
    kind=st.sampled_from(Kind),
    text=TEXTS,
    attachments=st.sampled_from([(), (PHOTO,)]),
    point=st.sampled_from([None, WHERE]),
    edited=st.booleans(),
)
PROBABILITIES = st.floats(0, 1)
READINGS = st.builds(
    Reading,
    intent=st.sampled_from(Intent),
    confidence=PROBABILITIES,
    categories=st.lists(st.builds(Guess, st.sampled_from([LIFT, "x.y"]), PROBABILITIES), max_size=2).map(
        tuple
    ),
    urgency=st.sampled_from(Urgency),
    locations=st.lists(st.builds(Span, st.just(0), st.just(1), TEXTS), max_size=3).map(tuple),
    intents=st.lists(st.builds(Guess, st.sampled_from(Intent), PROBABILITIES), max_size=9).map(tuple),
    meaning=st.sampled_from(["", "AQID", "f4CBgg=="]),
)
LINKERS = st.sampled_from([shipped(), plain_linker()])


@settings(max_examples=300)
@given(
    message=MESSAGES,
    reading=READINGS,
    cases=st.lists(st.sampled_from(CASES), max_size=3),
    quoted=st.none() | st.sampled_from(CASES),
    warned=st.booleans(),
    linker=LINKERS,
)
def test_whatever_is_said_is_understood_and_the_table_has_the_last_word(
    *, message, reading, cases, quoted, warned, linker
):
    talk = Talk(group=GROUP, last_number=7)
    result = Listening(message, reading, talk, cases, quoted, Policy(), linker, warned).understand()
    case = result.case
    assert result.silent or (case is None) is isinstance(result.facts[0], f.Reported)
    for each in result.facts:
        try:
            case, _ = advance(case, each)
        except IllegalMove:
            return


@given(MESSAGES, READINGS, LINKERS)
def test_a_case_is_opened_by_its_first_fact_and_that_is_legal(message, reading, linker):
    talk = Talk(group=GROUP, last_number=7)
    result = Listening(message, reading, talk, (), None, Policy(), linker).understand()
    for case, each in zip([None] * len(result.facts), result.facts, strict=True):
        assert advance(case, each)[0].live
    assert fact(f.Reported).case != f"{GROUP}:8"
