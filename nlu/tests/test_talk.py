"""Rules of the talk around a message: who sends it, what came before, what it quotes."""

import json

import numpy as np
import pytest
import train
from asked import Asked
from components.lived import KINDS
from components.talk import BEFORE, Heard, Talk, row, told
from conftest import ROWS, written
from importer import TsvImporter
from reader import Reader

CHANCES = np.full(9, 1 / 9, np.float32)


def heard(seed):
    vector = np.random.default_rng(seed).normal(size=512)
    return Heard((vector / np.linalg.norm(vector)).astype(np.float32), CHANCES)


def test_every_row_is_as_wide_whatever_surrounds_the_message():
    many = [heard(n) for n in range(20)]
    talks = [
        Talk(),
        Talk("worker"),
        Talk("resident", many[:1]),
        Talk("resident", many),
        Talk(None, [], many[0]),
    ]
    assert len({len(row(many[0], talk)) for talk in talks}) == 1


def test_what_is_far_back_changes_nothing():
    before = [heard(n) for n in range(BEFORE)]
    near, far = Talk("resident", before), Talk("resident", [heard(99), *before])
    assert np.array_equal(row(heard(0), near), row(heard(0), far))


def test_role_quotation_and_what_came_before_are_all_seen():
    said, plain = heard(0), Talk("resident", [heard(1)])
    others = [
        Talk("property", [heard(1)]),
        Talk("resident", [heard(2)]),
        Talk("resident", [heard(1)], heard(3)),
    ]
    assert not any(np.array_equal(row(said, plain), row(said, other)) for other in others)


SAID = [
    ("王姨", "resident", None, "我们楼停水了", "report", "utilities.water", "urgent"),
    ("小李", "resident", None, "我家也是", "second", None, None),
    ("物业", "property", 1, "在修了", "chatter", None, None),
    ("王姨", "resident", None, "大概几点来水", "urge", None, None),
    ("王姨", "resident", None, "三单元整个都没有", "detail", None, None),
    ("物业", "property", 1, "修好了", "resolved", None, None),
    ("小李", "resident", 6, "没有啊 还是没水", "disputed", None, None),
    ("老周", "resident", None, "水费去哪交", "consult", None, None),
    ("王姨", "resident", None, "不好意思是我没开阀门", "withdraw", None, None),
    ("老周", "resident", None, "哈哈哈", "chatter", None, None),
]


def group(path):
    """Write the same short group as a transcript."""
    lines = []
    for number, (sender, role, quotes, text, intent, category, urgency) in enumerate(SAID, 1):
        at = f"2026-03-05T07:{number:02}:00"
        refers = 1 if intent not in ("report", "chatter", "consult") else None
        message = {"id": number, "at": at, "sender": sender, "role": role, "reply_to": quotes, "kind": "text"}
        message |= {"text": text, "intent": intent, "category": category, "location": [], "urgency": urgency}
        message |= {"refers_to": refers}
        lines.append(json.dumps(message, ensure_ascii=False))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    """Return a data folder with four groups, which is as few as the talk is learnt from."""
    folder = tmp_path_factory.mktemp("groups")
    for letter in "abcd":
        group(folder / "data" / "transcripts" / f"zh_{letter}.jsonl")
    return written(folder / "data", ROWS)


def test_a_transcript_tells_what_surrounded_each_message_and_no_other_group(groups):
    messages = TsvImporter(data=groups).get_nlu_data().training_examples
    messages = [m for m in messages if (m.get("metadata") or {}).get("example", {}).get("group")]
    remembered = [heard(n) for n in range(len(messages))]
    talks = told(messages, remembered)
    count = len(SAID)
    assert [len(talk.before) for talk in talks[: count + 2]] == [*range(BEFORE + 1), BEFORE, 0, 1]
    assert talks[6].quoted is remembered[5]
    assert talks[count + 2].quoted is remembered[count]
    assert talks[2].role == "property"


@pytest.fixture(scope="module")
def in_groups(groups, tmp_path_factory):
    """Return a reader whose model learnt from whole groups."""
    path = tmp_path_factory.mktemp("model") / "groups.tar.gz"
    train.train(path, groups)
    return Reader(path)


def test_the_talk_changes_the_reading_and_the_text_alone_does_not_know_it(in_groups):
    alone, seconded, after_noodles = in_groups.read(
        [
            Asked("我家也是"),
            Asked("我家也是", ("我们楼停水了",), None, "resident"),
            Asked("我家也是", ("哈哈哈",), "哈哈哈", "property"),
        ]
    )
    assert alone["intent_ranking"] != seconded["intent_ranking"] != after_noodles["intent_ranking"]
    assert all(one["text"] == "我家也是" for one in (alone, seconded, after_noodles))


def test_the_same_question_gets_the_same_answer_whether_its_talk_was_heard_before_or_not(in_groups):
    asked = Asked("还是没水", ("楼上谁家装修", "👍", "", "物业说修好了"), "修好了", "resident")
    assert in_groups.read([asked]) == in_groups.read([asked])


def test_a_talk_of_nothing_readable_is_no_error(in_groups):
    (said,) = in_groups.read([Asked("我家也是", ("👍", "", "\x00"), "？？", "official")])
    assert said["intent"]["name"]


def test_a_model_that_learnt_from_groups_hands_out_the_weights_of_its_linking(in_groups):
    linking = json.loads(in_groups.linking)
    assert set(linking) == {"options", "kinds", "common"}
    assert all(isinstance(word, str) for word in linking["common"])
    for scorer, first in ((linking["options"], {"new", "join"}), (linking["kinds"], set(map(str, KINDS)))):
        assert {name.split()[0] for name in scorer["weights"]} <= first
        assert len(scorer["bias"]) == len(scorer["out"])
        assert {len(row) for row in scorer["weights"].values()} == {1 + len(scorer["bias"])}
        assert np.isfinite([number for row in scorer["weights"].values() for number in row]).all()
