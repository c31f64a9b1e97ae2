"""Commands: a slash and a known word; everything else is talk."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.commands import NAMES, Command, parse


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/cases", Command("cases", ())),
        (" /help \n", Command("help", ())),
        ("/CASE 3", Command("case", ("3",))),
        ("/case@linli_bot 3", Command("case", ("3",))),
        ("/merge #5  ＃3", Command("merge", ("#5", "＃3"))),
        ("/bind\ng1", Command("bind", ("g1",))),
        ("/start payload", Command("start", ("payload",))),
    ],
)
def test_what_begins_with_our_slash_is_a_command(text, command):
    assert parse(text) == command


@pytest.mark.parametrize(
    "text",
    ["", "cases", "/", "/unknown", "/cases!", "看 /cases", "//cases", "/case3", "3号楼/help", "/ help"],
)
def test_everything_else_is_talk(text):
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("/merge 5 3", (5, 3)),
        ("/merge #5 ＃3", (5, 3)),
        ("/merge 5 into 3", (5, 3)),
        ("/case ３", (3,)),
        ("/case -3", ()),
        ("/case 3.5", ()),
        ("/case ²", ()),
        ("/case 9999999999", ()),
    ],
)
def test_case_numbers_are_plain_short_numbers(text, numbers):
    assert parse(text).numbers == numbers


@given(st.sampled_from(NAMES), st.text(max_size=300))
def test_a_command_with_any_words_is_read(name, words):
    command = parse(f"/{name} {words}")
    assert command.name == name
    assert len(command.words) <= 8
    assert all(0 <= number < 10**9 for number in command.numbers)


@given(st.text())
def test_any_text_can_be_asked_for_a_command(text):
    assert parse(text) is None or text.strip().startswith("/")


@pytest.mark.parametrize("name", ["cases", "mine", "today"])
def test_lists_are_asked_for_by_name(name):
    found = parse(f"/{name}@linli_bot")
    assert found is not None
    assert found.name == name
