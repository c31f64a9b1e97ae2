"""Buttons: their words, and data that only we can have written."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions import facts as f
from actions.corrections import Step, token
from actions.presses import RATES, Verb
from bot.buttons import Buttons, Forged, Meaning, label
from bot.categories import every_name, group_of
from bot.phrases import gettext
from tests.actions.stories import Story

BUTTONS, CASE = Buttons("secret"), Story(f.Reported).now
CHINESE = gettext("zh_CN")


def data(verb=Verb.FIXED, buttons=BUTTONS, **changes):
    (button,) = buttons.row(replace(CASE, **changes), (verb,), CHINESE)
    return button.data


@pytest.mark.parametrize("verb", Verb)
def test_a_press_brings_back_what_the_button_meant(verb):
    assert BUTTONS.read(CASE.group, data(verb, number=12, disputes=3)) == Meaning(12, verb, 3)


@pytest.mark.parametrize("verb", Verb)
def test_the_data_fits_into_what_telegram_allows(verb):
    assert len(data(verb, number=999_999_999, disputes=9999).encode()) <= 64


def test_data_is_bound_to_its_group_and_to_the_installation():
    for reader, group in ((BUTTONS, "memory:other"), (Buttons("other"), CASE.group)):
        with pytest.raises(Forged):
            reader.read(group, data())


def test_no_part_of_the_data_can_be_changed():
    genuine = data(number=12)
    for at in range(len(genuine)):
        for other in "0.~A":
            changed = genuine[:at] + other + genuine[at + 1 :]
            if changed != genuine:
                try:  # the last letter of a signature has bits that count for nothing
                    assert BUTTONS.read(CASE.group, changed) == BUTTONS.read(CASE.group, genuine)
                    assert at == len(genuine) - 1
                except Forged:
                    pass


@given(st.text(max_size=80) | st.text("0123456789.~yesnot", max_size=64))
def test_forged_data_is_never_accepted(forged):
    with pytest.raises(Forged):
        BUTTONS.read(CASE.group, forged)


@given(st.text(max_size=30))
def test_a_genuine_signature_does_not_serve_other_words(words):
    signature = data().rpartition("~")[2]
    if words != data().rpartition("~")[0]:
        with pytest.raises(Forged):
            BUTTONS.read(CASE.group, f"{words}~{signature}")


@pytest.mark.parametrize(
    "words",
    [
        "",
        "1",
        "1.yes",
        "x.yes.0",
        "1.what.0",
        "1.yes.x",
        "1.yes.0.0",
        "1.c.0.0.0",
        "1.c.0.",
        "1.c.0.A",
        "1.c.0.1234567890123",
    ],
)
def test_signed_nonsense_is_forged_too(words):
    signed = BUTTONS._signer(CASE.group).sign(words).decode()
    with pytest.raises(Forged):
        BUTTONS.read(CASE.group, signed)


def test_rows_stay_rows():
    rows = BUTTONS.rows(CASE, ((Verb.ME_TOO,), (Verb.TAKE, Verb.DISMISS)), CHINESE)
    assert [[button.label for button in row] for row in rows] == [["我也是"], ["我来处理", "不是报事"]]


def test_me_too_counts_the_people():
    assert label(Verb.ME_TOO, replace(CASE, followers=("a", "b")), CHINESE) == "我也是 2"


def test_marks_grow_with_their_buttons():
    labels = [label(verb, CASE, CHINESE) for verb in RATES]
    assert labels == sorted(labels)
    assert len(set(labels)) == 5


@given(
    st.sampled_from(Step),
    st.integers(1, 999_999_999),
    st.integers(0, 9999),
    st.from_regex(r"[0-9a-z-]{1,12}", fullmatch=True),
)
def test_a_button_of_the_menu_brings_its_argument_back_within_64_bytes(step, number, turn, argument):
    button = BUTTONS.button(replace(CASE, number=number, disputes=turn), "…", step, argument)
    assert len(button.data.encode()) <= 64
    assert BUTTONS.read(CASE.group, button.data) == Meaning(number, step, turn, argument)


@given(st.sampled_from(sorted(every_name())), st.integers(0, 999), st.integers(1, 999_999_999))
def test_every_category_page_and_case_fits_behind_a_button(code, page, other):
    case = replace(CASE, number=999_999_999, disputes=9999)
    for step, argument in (
        (Step.SET, token(code)),
        (Step.CODES, f"{token(group_of(code))}-{page}"),
        (Step.INTO, str(other)),
    ):
        data = BUTTONS.button(case, "…", step, argument).data
        assert len(data.encode()) <= 64
        assert BUTTONS.read(case.group, data).argument == argument


def test_a_button_of_a_list_is_no_cases_and_bound_to_its_chat():
    data = BUTTONS.of_list("memory:demo", "…", Step.PAGE, f"m99-{token('telegram:42')}").data
    assert len(data.encode()) <= 64
    assert BUTTONS.read("memory:demo", data) == Meaning(0, Step.PAGE, 0, f"m99-{token('telegram:42')}")
    with pytest.raises(Forged):
        BUTTONS.read("memory:other", data)
    with pytest.raises(ValueError):
        BUTTONS.of_list("memory:demo", "…", Step.PAGE, "no such_argument")


@given(st.text(min_size=1, max_size=20))
def test_an_argument_is_ours_or_an_error(argument):
    if not re.fullmatch(r"[0-9a-z-]{1,12}", argument):
        with pytest.raises(ValueError):
            BUTTONS.button(CASE, "…", Step.SET, argument)


@pytest.mark.parametrize("lang", ["zh_CN", "en"])
def test_every_button_has_words_of_its_own(lang):
    labels = [label(verb, CASE, gettext(lang)) for verb in Verb]
    assert len(set(labels)) == len(labels)
    assert all(labels)


def test_buttons_in_a_persons_own_chat_are_bound_to_that_chat():
    ((button,),) = BUTTONS.rows(CASE, ((Verb.FIXED,),), CHINESE, chat="memory:aunt")
    assert BUTTONS.read("memory:aunt", button.data).number == CASE.number
    with pytest.raises(Forged):
        BUTTONS.read(CASE.group, button.data)


def test_the_token_of_a_private_line_says_nothing_and_fits_into_a_link():
    token_ = BUTTONS.token("telegram:-1001234567890:999999999")
    assert re.fullmatch(r"[A-Za-z0-9_-]{27}", token_)
    assert token_ not in (BUTTONS.token(CASE.id), Buttons("other").token("telegram:-1001234567890:999999999"))
