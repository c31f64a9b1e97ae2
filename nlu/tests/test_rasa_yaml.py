"""Rules of the data as Rasa's own training data: stock Rasa reads back what was written."""

import examples
import pytest
import rasa_yaml
from conftest import ROWS, written
from hypothesis import given
from hypothesis import strategies as st
from rasa.shared.nlu.training_data.entities_parser import find_entities_in_training_example, replace_entities
from rasa.shared.nlu.training_data.formats.rasa_yaml import RasaYAMLReader

HARD = [
    "[强][强]",
    "[抱拳](不客气)",
    "[图片]{大}",
    "- 一条\n- 两条",
    "-",
    "注意：#3 电梯坏了",
    'he said: "no" # really',
    "yes",
    "null",
    "0123",
    "089",
    "1e5",
    "0o17",
    "12:30",
    "2026-03-02",
    "~",
    "=",
    "😂🙏🏻👍",
    "  两头有空 \n",
    "${HOME} \\n %",
    "[",
    "[][](location)",
    "```",
]


def example(text, *places, intent="chatter"):
    report = ("housing.elevator", "urgent") if intent == "report" else ("", "")
    return examples.Example(text, intent, *report, places, "zh", "some.tsv:2")


def read_back(folder, told):
    (file,) = rasa_yaml.build(told, folder)
    return RasaYAMLReader().read(str(file)).training_examples


def plainly(messages):
    return sorted((m.get("text"), m.get("intent"), str(m.get("metadata")), _spans(m)) for m in messages)


def _spans(message):
    return [(e["entity"], e["value"], e["start"], e["end"]) for e in message.get("entities", [])]


def test_stock_rasa_reads_the_same_texts_intents_places_and_metadata(tmp_path):
    told = examples.load(written(tmp_path, ROWS))
    assert plainly(read_back(tmp_path / "build", told)) == plainly(map(rasa_yaml.message, told))


def test_category_and_urgency_are_the_metadata_of_reports_and_of_nothing_else(tmp_path):
    told = [example("电梯坏了", intent="report"), example("早")]
    chatter, report = read_back(tmp_path, told)
    assert report.get("metadata") == {"example": {"category": "housing.elevator", "urgency": "urgent"}}
    assert chatter.get("metadata") is None


def test_texts_that_look_like_yaml_or_annotations_survive(tmp_path):
    told = [example(text) for text in HARD]
    assert plainly(read_back(tmp_path, told)) == plainly(map(rasa_yaml.message, told))


def test_a_place_beside_brackets_keeps_its_offsets(tmp_path):
    told = [example("[强][强]{见}3号楼(东)", (9, 12))]
    (read,) = read_back(tmp_path, told)
    assert _spans(read) == [("location", "3号楼", 9, 12)]


@given(st.text("[](){}-:# \n\r强a'\"", min_size=1, max_size=12))
def test_any_text_is_written_so_that_rasa_reads_it_or_named(text):
    marked = rasa_yaml.marked(example(text)).strip(" \n\r")
    assert replace_entities(marked) == text
    assert find_entities_in_training_example(marked) == []


def test_a_place_that_the_format_cannot_hold_is_named_by_its_line():
    with pytest.raises(examples.BadExampleError, match=r"some\.tsv:2"):
        rasa_yaml.marked(example("去[3]号楼", (1, 5)))


def test_a_file_is_written_for_each_language(tmp_path):
    (tmp_path / "data" / "en").mkdir(parents=True)
    (tmp_path / "data" / "en" / "some.tsv").write_text(
        "intent\tcategory\turgency\ttext\nchatter\t\t\thello\n"
    )
    told = examples.load(written(tmp_path / "data", ROWS))
    files = rasa_yaml.build(told, tmp_path / "build")
    assert [file.name for file in files] == ["en.yml", "zh.yml"]
