"""What is shown where signs can command: nothing of it steers, and nothing is lost."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.visible import STEERING, in_json, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("3号楼电梯坏了 👨‍👩‍👧", "3号楼电梯坏了 👨‍👩‍👧"),
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\x9b2Jb", "a\\x9b2Jb"),
        ("a\nERROR b", "a\\nERROR b"),
        ("a\u2028b", "a\\u2028b"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud83d", "\\ud83d"),
    ],
)
def test_what_steers_is_written_out_and_words_stay(text, shown):
    assert visible(text) == shown


def test_what_is_to_be_kept_is_kept():
    assert visible("a\nb\x1b", keep="\n") == "a\nb\\x1b"


@given(st.text())
def test_nothing_that_is_shown_steers_or_cannot_be_written(text):
    assert not STEERING.search(visible(text))
    visible(text).encode()


@given(
    st.recursive(
        st.text() | st.integers() | st.none(), lambda one: st.lists(one) | st.dictionaries(st.text(), one)
    )
)
def test_a_document_means_what_it_meant(value):
    for indent in (None, 1):
        written = in_json(json.dumps(value, ensure_ascii=False, indent=indent))
        assert json.loads(written) == value
        assert not STEERING.search(written.replace("\n", ""))
