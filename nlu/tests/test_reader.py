"""Rules of the pipeline, on the tiny model."""

from base64 import b64decode

import examples
import numpy as np
import pytest
from asked import Asked
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def test_a_message_is_read_in_all_respects(reader):
    (said,) = reader.read([Asked("6号楼的电梯卡在中间不动了")])
    assert said["intent"]["name"] == "report"
    assert said["category"]["name"] == "housing.elevator"
    assert said["urgency"]["name"] == "normal"
    assert [e["value"] for e in said["entities"]] == ["6号楼"]


def test_rankings_hold_every_name_once_best_first(reader):
    (said,) = reader.read([Asked("11栋没水")])
    for ranking, names in (("intent_ranking", examples.INTENTS), ("category_ranking", examples.categories())):
        assert sorted(row["name"] for row in said[ranking]) == sorted(names)
        confidences = [row["confidence"] for row in said[ranking]]
        assert confidences == sorted(confidences, reverse=True)
        assert sum(confidences) == pytest.approx(1, abs=1e-3)
    assert said["intent"] == said["intent_ranking"][0]
    assert said["category"] == said["category_ranking"][0]


def numbers(said):
    return np.frombuffer(b64decode(said["meaning"]), np.int8).astype(float) / 127


def test_a_meaning_is_64_small_numbers_and_near_what_means_the_same(reader):
    texts = ("11栋整栋楼都没水", "我们4栋也没水了", "哈哈哈笑死我了")
    water, again, laughter = (numbers(said) for said in reader.read([Asked(text) for text in texts]))
    assert len(water) == 64
    assert water @ water == pytest.approx(1, abs=0.05)
    assert water @ again > water @ laughter


def test_a_batch_is_read_as_its_messages_one_by_one(reader):
    texts = ["早上好各位邻居", "8栋着火了快来人", "👍", "no water in building 4", "就在东门保安亭后面"]
    together, alone = (
        reader.read([Asked(t) for t in texts]),
        [reader.read([Asked(text)])[0] for text in texts],
    )
    assert [r["text"] for r in together] == texts
    for one, other in zip(together, alone, strict=True):
        assert one["intent"]["name"] == other["intent"]["name"]
        assert one["intent"]["confidence"] == pytest.approx(other["intent"]["confidence"], abs=1e-3)
        assert one["entities"] == other["entities"]


@pytest.mark.parametrize(
    "text", ["", " \n\t", "👍🏽🎉", "\x00\x07\x1b", "\u200b\u200d", "مرحبا بالجميع", "？？！", "\ud83d"]
)
def test_what_cannot_be_read_is_chatter_without_places(reader, text):
    (said,) = reader.read([Asked(text)])
    assert said["intent"] == {"name": "chatter", "confidence": 1.0}
    assert said["entities"] == []
    assert said["meaning"] == ""
    assert said["urgency"]["name"] == "normal"
    assert len(said["category_ranking"]) == len(examples.categories())


def test_places_keep_the_spelling_and_offsets_of_the_sender(reader):
    text = "  １１棟\u200b整棟樓都沒水 "
    (said,) = reader.read([Asked(text)])
    for place in said["entities"]:
        assert place["value"] == text[place["start"] : place["end"]]
    assert said["category"]["name"] == "utilities.water"


def test_a_very_long_text_is_cut_not_refused(reader):
    (said,) = reader.read([Asked("电梯坏了" * 5000)])
    assert said["intent"]["name"] in examples.INTENTS


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=[]), max_size=60))
def test_any_text_gets_a_reading_whose_places_lie_in_it(reader, text):
    (said,) = reader.read([Asked(text)])
    assert said["text"] == text
    for place in said["entities"]:
        assert text[place["start"] : place["end"]] == place["value"]
