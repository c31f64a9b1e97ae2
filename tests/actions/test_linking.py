"""Linking: the options of a message are described by named features, weighed, and the best one is chosen."""

import math
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import facts as f
from actions.case import Stage
from actions.linking import (
    DOUBT_LASTS,
    KINDS,
    MOST_OPTIONS,
    Choice,
    Heard,
    Linker,
    Scorer,
    asks,
    kind_features,
    likeness,
    said_fixed,
    words_of,
)
from actions.message import Kind, Message, Role
from actions.policy import Policy
from actions.reading import SILENCE, Guess, Intent, Reading, Span
from actions.talk import Line
from tests.actions.linkers import plain_linker
from tests.actions.stories import (
    ASKED_RESIDENTS,
    AUNT,
    FILED,
    GROUP,
    LATER,
    NEIGHBOUR,
    START,
    WAYS,
    WORKER,
    Story,
    fact,
)

LIFT = "facilities.lift"
NOTHING = Linker(Scorer({}), Scorer({}))


def message(text="还是坏的", by=AUNT, after=timedelta(0), role=Role.RESIDENT, **more):
    return Message(GROUP, "m50", by, "王阿姨", role, LATER + after, more.pop("kind", Kind.TEXT), text, **more)


def reading(intent=Intent.REPORT, place="", category=LIFT, meaning=""):
    spans = (Span(0, len(place), place),) if place else ()
    intents = (Guess(intent, 0.9), Guess(Intent.CONSULT, 0.1))
    return Reading(intent, 0.9, (Guess(category, 0.9),), locations=spans, intents=intents, meaning=meaning)


def case(number=1, *steps, **changes):
    first = fact(f.Reported, case=f"{GROUP}:{number}", number=number, **changes)
    return Story(first, *(steps or (f.TicketFiled,))).now


def line(text="3号楼电梯坏了", by=NEIGHBOUR, of="", ago=timedelta(minutes=1), name="m40"):
    return Line(name, by, Role.RESIDENT, LATER - ago, Kind.TEXT, text, Intent.REPORT, of)


def join(heard, *cases):
    """The features of joining the first case."""
    return NOTHING.weigh(heard, cases)[2].features


# --- small words --------------------------------------------------------------------------------------------


def test_words_are_latin_words_and_chinese_letters_two_by_two():
    assert words_of("Lift 3号楼电梯") == {"lift", "号楼", "楼电", "电梯"}
    assert words_of("") == words_of("1 2 ！") == set()


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("马上修", False),
        ("什么时候修", True),
        ("修了吗", True),
        ("where is it", True),
        ("nowhere", False),
        ("？", True),
    ],
)
def test_a_question_is_known_by_its_words(text, question):
    assert asks(text) is question


def packed(*numbers):
    return b64encode(bytes(number % 256 for number in numbers)).decode()


def test_meanings_are_alike_as_their_numbers_are():
    one, opposite, across = packed(127, 0), packed(-127, 0), packed(0, 127)
    assert (likeness(one, one), likeness(one, opposite), likeness(one, across)) == (1.0, -1.0, 0.0)
    assert likeness(one, "") == likeness("", one) == 0.0


def test_the_last_word_on_its_mending_counts():
    assert not said_fixed(case())
    assert said_fixed(case(1, *FILED[1:], f.SaidFixed))
    assert said_fixed(Story(*ASKED_RESIDENTS).now)
    assert not said_fixed(Story(*ASKED_RESIDENTS, f.ResidentDisputed).now)
    assert all(said_fixed(Story(*WAYS[stage][0]).now) for stage in (Stage.CLOSED, Stage.LAPSED))


# --- the scorer ----------------------------------------------------------------------------------------------


def test_a_score_is_the_sum_of_weights_by_value():
    scorer = Scorer({"a": [2.0], "b": [-1.0]})
    assert scorer.score({"a": 1.0, "b": 0.5, "unknown": 9.0}) == 1.5
    assert scorer.score({}) == 0.0


def test_a_knot_counts_only_where_it_is_above_zero():
    both = Scorer({"a": [0.0, 1.0], "b": [0.0, 1.0]}, bias=[-1.5], out=[4.0])
    assert both.score({"a": 1.0}) == both.score({"b": 1.0}) == 0.0
    assert both.score({"a": 1.0, "b": 1.0}) == 2.0


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(-50, 50), max_size=3), min_size=1, max_size=6)
)
def test_chances_add_up_to_one_and_follow_the_scores(options):
    scorer = Scorer({"a": [40.0, 1.0], "b": [-3.0, 2.0], "c": [0.1, -1.0]}, bias=[0.5], out=[1.0])
    chances = scorer.chances(options)
    assert math.isclose(sum(chances), 1.0)
    assert chances.index(max(chances)) in [
        n for n, one in enumerate(options) if scorer.score(one) == max(map(scorer.score, options))
    ]


# --- options --------------------------------------------------------------------------------------------------


def test_silence_and_a_case_of_its_own_are_always_options():
    silence, new, *joins = NOTHING.weigh(Heard(message(), reading()), [])
    assert (silence.features, silence.case, new.case, joins) == ({}, None, None, [])
    assert new.features["new none open lately"] == 1.0


def test_the_cases_spoken_of_last_are_options_and_not_more_than_a_dozen():
    cases = [replace(case(n), last_message_at=START + timedelta(seconds=n)) for n in range(1, 31)]
    options = NOTHING.weigh(Heard(message(), reading()), cases)[2:]
    assert [option.case.number for option in options] == list(range(30, 30 - MOST_OPTIONS, -1))


def test_what_the_last_lines_speak_of_comes_first():
    old, new = case(1), replace(case(2), last_message_at=LATER)
    heard = Heard(message(), reading(), [line(of=new.id, name="m39"), line(of=old.id)])
    assert [option.case for option in NOTHING.weigh(heard, [new, old])[2:]] == [old, new]


def test_the_case_that_is_quoted_is_always_an_option():
    cases = [replace(case(n), last_message_at=START + timedelta(seconds=n)) for n in range(1, 31)]
    heard = Heard(message(reply_to="m1"), reading(), quoted=cases[0].id)
    assert cases[0] in [option.case for option in NOTHING.weigh(heard, cases)]


def test_what_nobody_was_sure_of_is_forgotten_after_half_a_day():
    doubtful = case(1, fact(f.Posted), doubtful=True)
    for after, known in (
        (DOUBT_LASTS - timedelta(minutes=2), True),
        (DOUBT_LASTS + timedelta(minutes=2), False),
    ):
        options = NOTHING.weigh(Heard(message(after=after), reading()), [doubtful])
        assert (doubtful in [option.case for option in options]) is known
    sure = case(1)
    assert sure in [o.case for o in NOTHING.weigh(Heard(message(after=DOUBT_LASTS * 3), reading()), [sure])]


# --- features -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "who"), [(AUNT, "reporter"), (NEIGHBOUR, "follower"), (WORKER, "another")])
def test_who_speaks_is_told(by, who):
    followed = case(1, f.TicketFiled, f.Seconded)
    assert join(Heard(message(by=by), reading()), followed)[f"join by {who}"] == 1.0


@pytest.mark.parametrize(
    ("place", "how"), [("", "none"), ("三栋", "same"), ("5号楼", "building"), ("地下车库", "unlike")]
)
def test_how_the_places_stand_is_told(place, how):
    assert join(Heard(message(), reading(place=place)), case())[f"join place {how}"] == 1.0


def test_a_place_of_a_case_that_has_none_is_given():
    assert (
        join(Heard(message(), reading(place="3号楼")), case(1, fact(f.Posted), place=""))["join place given"]
        == 1.0
    )


@pytest.mark.parametrize(
    ("minutes", "lines", "near"),
    [(1, True, "now"), (30, True, "soon"), (1, False, "soon"), (90, True, "late")],
)
def test_near_is_lately_and_within_the_last_lines(minutes, lines, near):
    spoken = replace(case(), last_message_at=LATER - timedelta(minutes=minutes))
    before = [line(of=spoken.id)] if lines else []
    assert (
        join(Heard(message(by=NEIGHBOUR), reading(), before), spoken).get(
            f"join {near} follower" if lines else f"join {near} another"
        )
        == 1.0
    )


@pytest.mark.parametrize(
    ("reply_to", "quoted", "said"),
    [(None, None, "none"), ("m1", f"{GROUP}:1", "this"), ("m9", None, "other")],
)
def test_what_is_quoted_is_told(reply_to, quoted, said):
    assert (
        join(Heard(message(reply_to=reply_to), reading(), quoted=quoted), case())[f"join quote {said}"] == 1.0
    )


def test_the_same_category_and_the_same_words_are_told():
    features = join(Heard(message("3号楼电梯不动了"), reading()), case())
    assert features["join category same"] == 1.0
    assert features["join words first 3"] == 1.0
    other = join(Heard(message("井盖没了"), reading(category="traffic.manhole")), case())
    assert other["join category same"] == 0.0
    assert other["join words 0"] == 1.0


def test_words_that_everybody_uses_count_for_nothing():
    common = Linker(Scorer({}), Scorer({}), words_of("3号楼电梯不动了"))
    options = common.weigh(Heard(message("3号楼电梯不动了"), reading()), [case()])
    assert options[2].features["join words 0"] == 1.0


def test_the_nearest_of_its_meanings_counts():
    known = case(1, f.TicketFiled, fact(f.Repeated, meaning=packed(127, 0)), meaning=packed(0, 127))
    features = join(Heard(message(), reading(meaning=packed(127, 0))), known)
    assert (features["join meaning"], features["join meaning first"]) == (1.0, 0.0)


def test_a_picture_without_words_is_told():
    picture = message("", kind=Kind.PHOTO)
    assert join(Heard(picture, SILENCE), case())["join picture reporter"] == 1.0
    assert "join picture reporter" not in join(Heard(message("看", kind=Kind.PHOTO), SILENCE), case())


def test_whoever_is_asked_is_told():
    asked = [line("哪一部？", by=NEIGHBOUR, of=f"{GROUP}:1")]
    assert (
        join(Heard(message("左边"), reading(), asked), case())["join after a question to the reporter"] == 1.0
    )


def test_features_say_staff_for_all_whose_work_it_is():
    for role in (Role.WORKER, Role.PROPERTY, Role.OFFICIAL, Role.BOT):
        assert NOTHING.weigh(Heard(message(role=role), reading()), [])[1].features["new staff"] == 1.0


# --- the choice -----------------------------------------------------------------------------------------------

POLICY = Policy(report=0.5, unsure=0.2, follow=0.3)


def chosen(silence, new, *joins, warned=False):
    """What is chosen where the options have these chances."""

    class Sure(Scorer):
        def chances(self, options):
            return [silence, new, *joins]

    cases = [case(n) for n in range(1, len(joins) + 1)]
    linker = Linker(Sure({}), Scorer({}))
    return linker.choose(Heard(message(), reading()), cases, POLICY, warned=warned)


@pytest.mark.parametrize(
    ("chances", "expected"),
    [
        ((0.3, 0.7), Choice(opens=True, chance=0.7)),
        ((0.5, 0.5), Choice(opens=True, chance=0.5)),
        ((0.6, 0.4), Choice(opens=True, doubtful=True, chance=0.4)),
        ((0.8, 0.2), Choice(opens=True, doubtful=True, chance=0.2)),
        ((0.9, 0.1), Choice(chance=0.9)),
    ],
)
def test_from_report_on_it_opens_and_from_unsure_on_it_is_kept(chances, expected):
    assert chosen(*chances) == expected


def test_of_the_cases_the_likeliest_is_joined_where_together_they_are_likely_enough():
    found = chosen(0.5, 0.05, 0.2, 0.25)
    assert (found.case.number, found.chance, found.opens) == (2, 0.25, False)
    assert chosen(0.75, 0.0, 0.1, 0.15).case is None
    assert chosen(0.2, 0.45, 0.35) == Choice(opens=True, doubtful=True, chance=0.45)


def test_a_cry_for_help_is_never_passed_over():
    assert chosen(0.99, 0.01, warned=True) == Choice(opens=True, chance=0.01)
    assert chosen(0.98, 0.005, 0.015, warned=True).case.number == 1


def test_by_a_few_weights_the_obvious_comes_out():
    linker, open_ = plain_linker(), case()
    now = [line(of=open_.id)]

    def what(text, said, *, cases=(open_,), **more):
        return linker.choose(Heard(message(text, **more), said, now), cases, Policy(), warned=False)

    assert what("3号楼电梯坏了", reading(), cases=()).opens
    assert what("三栋电梯坏了", reading(place="三栋"), by=NEIGHBOUR).case == open_
    assert what("5号楼电梯坏了", reading(place="5号楼"), by=NEIGHBOUR).opens
    assert what("我家也是", reading(Intent.SECOND), by=NEIGHBOUR).case == open_
    quiet = what("早上好", reading(Intent.CHATTER), by=NEIGHBOUR)
    assert (quiet.case, quiet.opens) == (None, False)


# --- what it is to the case --------------------------------------------------------------------------------------


@pytest.mark.parametrize("intent", KINDS)
def test_what_it_says_it_is_it_is_by_a_few_weights(intent):
    kind, chance = plain_linker().kind(Heard(message(), reading(intent)), case())
    assert kind is intent
    assert chance > 0.5


def test_the_features_of_a_kind_are_its_own():
    for kind in KINDS:
        found = kind_features(Heard(message(), reading()), case(), kind)
        assert all(name.startswith(f"{kind} ") for name in found)


# --- whatever is said ------------------------------------------------------------------------------------------------


@given(st.text(max_size=40), st.sampled_from(Intent), st.floats(0, 1), st.text(max_size=12), st.timedeltas())
def test_any_message_has_finite_features_and_chances(text, intent, sure, place, after):
    try:
        said = message(text, after=after)
    except OverflowError:
        return
    spans = (Span(0, 1, place),)
    heard = Heard(said, Reading(intent, sure, (), locations=spans), [line(text)])
    options = NOTHING.weigh(heard, [case(), case(2, fact(f.Posted), doubtful=True, place="")])
    assert all(math.isfinite(value) for option in options for value in option.features.values())
    assert math.isclose(sum(plain_linker().options.chances([option.features for option in options])), 1.0)
