"""Rules of the examples."""

import examples
import importer
import pytest
from conftest import ROWS, written


def faults(tmp_path, rows, **kwargs):
    return [str(wrong) for wrong in examples.survey(written(tmp_path, rows, **kwargs))[1]]


def test_the_shipped_examples_have_no_faults():
    good, bad = examples.survey()
    assert [str(wrong) for wrong in bad] == []
    assert good


def test_every_intent_and_every_category_has_examples():
    good, _ = examples.survey()
    assert {e.intent for e in good} == set(examples.INTENTS)
    assert set(examples.categories()) - {e.category for e in good} == set()


def test_braces_become_offsets_of_the_text_without_them():
    text, places = examples.unmarked("{3号楼}和{5号楼2单元}都停电")
    assert text == "3号楼和5号楼2单元都停电"
    assert [text[a:b] for a, b in places] == ["3号楼", "5号楼2单元"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("gossip\t\t\t听说了吗", "unknown intent"),
        ("report\thousing.lift\tnormal\t电梯坏了", "unknown category"),
        ("report\thousing.elevator\tsoon\t电梯坏了", "unknown urgency"),
        ("chatter\thousing.elevator\t\t早", "category or urgency on a chatter"),
        ("chatter\t\t\t{东门见", "unbalanced"),
        ("chatter\t\t\t{东{门}}见", "unbalanced"),
        ("chatter\t\t\t{}见", "unbalanced"),
        ("chatter\t\t\t ", "no text"),
        ("chatter\t早", "2 columns"),
    ],
)
def test_a_bad_line_is_named_by_file_and_line(tmp_path, row, said):
    (wrong,) = faults(tmp_path, f"chatter\t\t\t大家早\n{row}\n")
    assert "some.tsv:3: " in wrong
    assert said in wrong


def test_the_same_text_twice_is_a_fault_that_names_both_lines(tmp_path):
    (wrong,) = faults(tmp_path, "chatter\t\t\t大家早上好\nchatter\t\t\t大家，早上好！\n")
    assert "some.tsv:3: says the same as" in wrong
    assert "some.tsv:2" in wrong


def test_plus_one_and_one_are_two_examples(tmp_path):
    assert faults(tmp_path, "second\t\t\t+1\nchatter\t\t\t1\n") == []


def test_a_wrong_header_is_a_fault(tmp_path):
    assert "header" in faults(tmp_path, ROWS, header="text\tintent")[0]


def test_faulty_examples_are_not_loaded(tmp_path):
    with pytest.raises(examples.BadExampleError, match=r"some\.tsv:2"):
        examples.load(written(tmp_path, "gossip\t\t\t听说了吗\n"))


def test_no_examples_at_all_is_an_error(tmp_path):
    with pytest.raises(examples.BadExampleError, match="no examples"):
        examples.load(tmp_path)


def test_rasa_gets_category_urgency_and_places(tmp_path):
    data = importer.TsvImporter(data=written(tmp_path, ROWS)).get_nlu_data()
    first = data.training_examples[0]
    assert first.get("intent") == "report"
    assert {"category": "housing.elevator", "urgency": "normal"}.items() <= importer.taught(first).items()
    assert [e["value"] for e in first.get("entities")] == ["6号楼"]


def test_the_names_of_categories_teach_the_category_and_nothing_else(tmp_path):
    data = importer.TsvImporter(data=written(tmp_path, ROWS)).get_nlu_data()
    named = [importer.taught(m) for m in data.training_examples if m.get("intent") is None]
    assert {t["category"] for t in named} == set(examples.categories())
    assert {key for t in named for key in t} == {"category"}


def test_counting_names_what_is_missing(tmp_path):
    good, _ = examples.survey(written(tmp_path, ROWS))
    assert "without examples: sanitation.garbage" in examples.summary(good)
