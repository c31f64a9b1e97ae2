"""Rules of a city's own records beside our examples."""

import compare
import examples
import pytest
import train
from asked import Asked
from conftest import ROWS, written

RECORDS = """\
report\ttraffic.streetlight\tnormal\t水管站南侧灯杆不亮已逾一月
report\tutilities.water\tnormal\t报了三天的灯什么时候修
report\thousing.elevator\turgent\t{5号楼}曳引机异响
"""
HEADER = "intent\tcategory\turgency\ttext\n"


@pytest.fixture
def folders(tmp_path):
    return written(tmp_path / "data", ROWS), written(tmp_path / "records", RECORDS)


def test_records_are_read_beside_our_examples(folders):
    texts = {e.text for e in examples.load(folders)}
    assert "水管站南侧灯杆不亮已逾一月" in texts
    assert "早上好各位邻居" in texts
    assert len(examples.load(folders[0])) == len(texts) - 2


def test_where_a_record_says_what_an_example_of_ours_says_the_record_counts(folders):
    (only,) = [e for e in examples.load(folders) if e.text == "报了三天的灯什么时候修"]
    assert (only.intent, only.category) == ("report", "utilities.water")


def test_a_faulty_record_is_left_out_and_told_and_stops_nothing(folders):
    (folders[1] / "zh" / "old.tsv").write_text(f"{HEADER}report\tgone.away\tnormal\t井盖\n", encoding="utf-8")
    (wrong,) = examples.left_out(folders)
    assert "old.tsv:2: unknown category 'gone.away'" in str(wrong)
    assert "井盖" not in {e.text for e in examples.load(folders)}


def test_of_one_text_in_two_files_of_records_the_first_counts(folders):
    (folders[1] / "zh" / "z.tsv").write_text(
        f"{HEADER}report\tother.other\tnormal\t水管站南侧灯杆不亮，已逾一月\n", encoding="utf-8"
    )
    assert [e.category for e in examples.load(folders) if "灯杆" in e.text] == ["traffic.streetlight"]


def test_a_record_without_marked_places_says_nothing_of_places(folders):
    unmarked, _, marked = examples.load(folders)[-3:]
    assert (unmarked.marked, marked.marked) == (False, True)
    assert [e["value"] for e in examples.entities(marked)] == ["5号楼"]


def test_the_name_of_a_model_follows_the_records_and_transcripts_but_not_the_folders_name(tmp_path, folders):
    without = train.fingerprint(tmp_path)
    assert train.fingerprint(tmp_path, tmp_path / "none") == without
    taught = train.fingerprint(tmp_path, folders[1])
    assert taught != without
    assert train.fingerprint(tmp_path, folders[1].rename(tmp_path / "moved")) == taught
    (tmp_path / "data" / "transcripts").mkdir()
    (tmp_path / "data" / "transcripts" / "zh_a.jsonl").write_text("{}", encoding="utf-8")
    assert train.fingerprint(tmp_path) != without


def test_the_command_names_the_model_that_the_server_finds(tmp_path, folders, monkeypatch):
    monkeypatch.setenv("LINLI_NLU_RECORDS", str(folders[1]))
    assert train.fingerprint() == train.fingerprint(records=folders[1])
    monkeypatch.setenv("LINLI_NLU_RECORDS", "")
    assert train.named_records() is None
    assert train.fingerprint() != train.fingerprint(records=folders[1])


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """Return the tiny model, trained with the records."""
    folder = tmp_path_factory.mktemp("taught")
    train.train(
        folder / "taught.tar.gz",
        written(folder / "data", ROWS),
        records=written(folder / "records", RECORDS + "report\thousing.leak\tnormal\t穹顶渗漏滴答滴答\n"),
    )
    return folder / "taught.tar.gz"


def test_a_model_with_records_knows_what_only_they_say(taught, reader):
    from reader import Reader

    text = "穹顶渗漏滴答滴答"
    code = "housing.leak"
    before, after = (
        {one["name"]: one["confidence"] for one in known.read([Asked(text)])[0]["category_ranking"]}.get(
            code, 0
        )
        for known in (reader, Reader(taught))
    )
    assert after > before


def said(intent, category="other.other"):
    return {"intent": {"name": intent}, "category": {"name": category}}


def test_the_figures_count_rows_and_talk_apart():
    def one(text, intent, category=""):
        return examples.Example(text, intent, category, "", (), "zh", "")

    before = {"a": said("chatter"), "b": said("report"), "c": said("chatter"), "d": said("report")}
    after = {"a": said("report", "x.x"), "b": said("report"), "c": said("urge"), "d": said("report")}
    found = compare.figures(
        lambda texts: [before[text] for text in texts],
        lambda texts: [after[text] for text in texts],
        [one("a", "report", "x.x"), one("b", "consult")],
        [one("c", "chatter"), one("d", "report")],
    )
    assert found == {
        "rows": 2,
        "category": {"before": 0.0, "after": 1.0},
        "intent": {"before": 0.0, "after": 0.5},
        "messages": 2,
        "changed": 1,
        "chatter": 1,
        "called": {"before": 0, "after": 1},
    }


def test_without_rows_a_share_is_none():
    found = compare.figures(lambda _: [], lambda _: [], [], [])
    assert found["category"] == {"before": None, "after": None}


def test_rows_held_out_are_read_and_a_faulty_one_is_named(folders):
    assert len(compare.held_out(folders[1])) == 3
    (folders[1] / "zh" / "a.tsv").write_text(f"{HEADER}gossip\t\t\t听说了吗\n", encoding="utf-8")
    with pytest.raises(examples.BadExampleError, match="unknown intent"):
        compare.held_out(folders[1])


def test_all_messages_of_our_transcripts_are_talk():
    assert {e.intent for e in compare.talk()} >= {"chatter", "report"}
