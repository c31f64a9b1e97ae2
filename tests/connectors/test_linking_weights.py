"""Weights of the linking: those that ship are whole, and what are no weights is said to be none."""

import json
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.linking import KINDS, Linker
from connectors.linking_weights import linker_of, shipped

GOOD = {
    "options": {"weights": {"new asks": [1, -0.5]}, "bias": [0.25], "out": [2]},
    "kinds": {"weights": {"report at all": [0.5]}, "bias": [], "out": []},
    "common": ["我们", "小区"],
}


def test_what_ships_weighs_silence_new_cases_joins_and_every_kind():
    linker = shipped()
    assert {name.split()[0] for name in linker.options.weights} == {"new", "join"}
    assert {name.split()[0] for name in linker.kinds.weights} == set(map(str, KINDS))
    assert linker.common
    assert shipped() is linker, "it is read once"


def test_weights_are_taken_as_they_are():
    linker = linker_of(GOOD)
    assert linker.options.score({"new asks": 1.0}) == 1.0
    assert linker.options.score({"new asks": -1.0}) == -1.0 + 2 * 0.75
    assert linker.common == {"我们", "小区"}


@pytest.mark.parametrize(
    ("where", "what"),
    [
        (("options",), None),
        (("options", "bias"), [0.25, 1]),
        (("options", "out"), []),
        (("options", "weights"), []),
        (("options", "weights", "new asks"), [1]),
        (("options", "weights", "new asks"), [1, "much"]),
        (("options", "weights", "new asks"), [1, None]),
        (("options", "weights", "new asks"), [1, float("nan")]),
        (("options", "weights", "new asks"), [1, float("inf")]),
        (("options", "weights", "new asks"), [1, 10**400]),
        (("kinds", "bias"), 3),
        (("common",), None),
    ],
)
def test_what_are_no_weights_is_said_to_be_none(where, what):
    raw = deepcopy(GOOD)
    place = raw
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = what
    with pytest.raises(ValueError, match=r"no weights|float"):
        linker_of(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
SCORER = st.fixed_dictionaries(
    {}, optional={"weights": JSON | st.dictionaries(st.text(max_size=3), JSON), "bias": JSON, "out": JSON}
)


@given(
    st.fixed_dictionaries({}, optional={"options": SCORER | JSON, "kinds": SCORER | JSON, "common": JSON})
    | JSON
)
def test_whatever_the_json_it_is_a_linker_or_a_value_error(raw):
    try:
        linker = linker_of(raw)
    except ValueError:
        return
    assert isinstance(linker, Linker)
    assert linker.options.chances([{}, {"new asks": 1.0}])


def test_what_is_written_is_read_again():
    assert linker_of(json.loads(json.dumps(GOOD))) == linker_of(GOOD)
