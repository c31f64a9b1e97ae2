"""What retrieval is worth on descriptions that were written apart from the list; floors a little under what was measured."""

from collections import Counter

from bench.matters import DAY, accuracy, described
from bot.categories import every_name
from bot.matter_list import shipped

EVERY = described(shipped())


def test_the_descriptions_cover_every_category_with_matters_that_there_are():
    assert len(EVERY) >= 300
    counts = Counter(one.category for one in EVERY)
    assert set(counts) == set(every_name())
    for one in EVERY:
        matter = shipped().get(one.matter)
        assert matter is not None, one
        assert matter.category == one.category
        assert matter.in_effect(DAY)


def test_no_description_is_a_saying_of_the_list():
    sayings = {saying for matter in shipped().matters for saying in matter.synonyms}
    assert not [one.text for one in EVERY if one.text in sayings]


def test_the_right_matter_is_mostly_first_and_nearly_always_among_three():
    found = accuracy(EVERY)
    assert found.top1 >= 0.60
    assert found.top3 >= 0.85


def test_what_it_is_sure_of_is_mostly_right_also_on_rows_it_was_not_tuned_by():
    found = accuracy([one for one in EVERY if not one.row % 2])
    assert found.sure >= 0.4
    assert found.right_when_sure >= 0.75


def test_noise_is_told_apart():
    found = accuracy([one for one in EVERY if one.category.startswith("environment.noise_")])
    assert found.top1 >= 0.60
    assert found.top3 >= 0.80
