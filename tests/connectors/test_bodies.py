"""Forms that we send are read by others as they were meant."""

from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from connectors.bodies import form_body

WORDS = st.text(st.characters(exclude_categories=["Cs"]))


@given(st.lists(st.tuples(WORDS.filter(bool), WORDS)))
def test_a_form_is_read_back_as_it_was_written_whatever_stands_in_it(fields):
    assert parse_qsl(form_body(fields).decode("ascii"), keep_blank_values=True) == fields
