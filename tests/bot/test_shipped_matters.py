"""The list that ships: complete, in order, without a fault, and what it rests on written as a law is."""

import re
from collections import Counter
from pathlib import Path

from actions.limits import Measure
from bot.categories import every_name
from bot.matter_list import in_order, read_matters
from bot.matter_rows import written

FILE = Path(__file__).parents[2] / "bot" / "matters.csv"
CHECKED = read_matters(FILE)
MATTERS = CHECKED.matters
_MINUTES = {
    Measure.MINUTES: 1,
    Measure.HOURS: 60,
    Measure.DAYS: 24 * 60,
    Measure.WORKING_HOURS: 60,
    Measure.WORKING_DAYS: 24 * 60,
}


def minutes(limit):
    return limit.amount * _MINUTES[limit.measure]


def test_it_loads_without_a_fault_and_nothing_is_contested():
    assert (CHECKED.faults, CHECKED.held) == ((), ())


def test_it_has_at_least_three_hundred_matters_thirty_of_them_noise():
    assert len(MATTERS) >= 300
    assert sum(one.category.startswith("environment.noise_") for one in MATTERS) >= 30


def test_every_category_has_several_matters_and_one_for_other_things():
    counts = Counter(one.category for one in MATTERS)
    assert set(counts) == set(every_name())
    assert min(counts.values()) >= 4
    assert {one.category for one in MATTERS if one.is_other} == set(every_name())


def test_codes_and_names_are_unique():
    assert len({one.code for one in MATTERS}) == len(MATTERS)
    assert len({(one.category, one.name_zh) for one in MATTERS}) == len(MATTERS)
    assert len({one.name_zh for one in MATTERS}) == len(MATTERS)


def test_every_basis_is_a_law_or_a_standard_without_an_article():
    form = re.compile(r"《[^《》]+》(（GB(/T)? \d+(-\d+)?）)?")
    for one in MATTERS:
        for basis in one.basis:
            assert form.fullmatch(basis), (one.code, basis)
            assert not re.search(r"第[零一二三四五六七八九十百\d]+条", basis), (one.code, basis)


def test_every_matter_has_names_in_both_languages_and_words_that_people_use():
    for one in MATTERS:
        assert one.name_zh, one.code
        assert one.name_en, one.code
        assert len(one.synonyms) >= 3, one.code


def test_a_unit_accepts_before_it_is_done():
    for one in MATTERS:
        assert minutes(one.respond) < minutes(one.resolve), one.code


def test_it_stands_in_order_as_the_program_writes_it():
    assert written(in_order(MATTERS)) == FILE.read_text("utf-8")
