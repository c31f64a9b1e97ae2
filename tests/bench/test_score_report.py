"""score.md: what is met, what is not, and what was not measured."""

import pytest

from bench import report
from bench.figures import of_transcripts
from bench.report import Row


@pytest.mark.parametrize(
    ("value", "at_most", "met"),
    [(0.8, False, True), (0.79, False, False), (0.8, True, True), (0.81, True, False), (None, False, None)],
)
def test_a_target_is_met_at_its_very_value(value, at_most, met):
    assert Row("f", value, 0.8, "", at_most=at_most).met is met


def test_a_figure_without_a_target_is_neither_met_nor_missed():
    assert Row("f", 0.5, None, "what it means").line() == "| f | 0.500 |  | – | what it means |"


def test_a_row_says_figure_target_and_whether_it_is_met():
    assert Row("f", 0.75, 0.8, "m").line() == "| f | 0.750 | ≥ 0.800 | **not met** | m |"
    assert (
        Row("s", 302.4, 1300, "m", at_most=True, unit="MB").line() == "| s | 302 MB | ≤ 1300 MB | met | m |"
    )
    assert Row("n", None, 0.8, "m").line() == "| n | not measured | ≥ 0.800 | – | m |"


def test_a_small_share_shows_by_how_little_it_misses():
    assert Row("f", 0.0104, 0.01, "m", at_most=True).line() == "| f | 0.0104 | ≤ 0.0100 | **not met** | m |"


def a_score(**more):
    none = of_transcripts([])
    sets = {"shared": None, "own": none, "all": none}
    point = {"size": None, "examples": 9, "mean": 0.5, "spread": 0.0}
    return {
        "nlu": None,
        "nlu_own": None,
        "replay": None,
        "transcripts": {"one by one": sets, "with context": sets},
        "curve": {
            "intent": [point], "category": [point], "tested": {"intent": 1, "category": 1},
            "draws": 3, "examples": 9, "reports_a_category": 60,
        },
        "measured": {
            "model": "m.tar.gz", "model_mb": 18.0, "server_mb": None, "machine": "2 cores", "date": "2026-01-02",
            "seconds": 1.0, "sample": 10,
        },
        **more,
    }  # fmt: skip


def test_without_the_measuring_text_the_report_says_that_it_was_not_measured():
    page = report.markdown(a_score())

    assert "1 of 32 targets are met, 0 are not, 31 were not measured." in page
    assert "| called, sms_zh | not measured | ≤ 0.0100 | – |" in page


def test_the_report_shows_every_plot_and_names_model_machine_and_date():
    page = report.markdown(a_score())

    for said in (
        "confusion.png",
        "reliability.png",
        "learning_curve.png",
        "m.tar.gz",
        "2 cores",
        "2026-01-02",
    ):
        assert said in page


def test_what_the_scorer_found_stands_beside_its_target():
    found = {
        "attention": {"sms_zh": {"called": 0.005, "recall_at_1pct": 0.5}},
        "category": {"macro_f1": 0.81},
    }
    page = report.markdown(a_score(nlu=found))

    assert "| called, sms_zh | 0.0050 | ≤ 0.0100 | met |" in page
    assert "| recall at 1 % false alarms, sms_zh | 0.500 | ≥ 0.950 | **not met** |" in page
    assert "| category macro-F1, complaints_zh | 0.810 | ≥ 0.800 | met |" in page
