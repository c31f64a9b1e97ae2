"""What readings are worth beside the annotations: counts, shares, bins of confidence."""

import pytest

from bench import figures
from bench.figures import INTENTS, Guess, Pair


def a_pair(true="chatter", read="chatter", *, text="3号楼停水", sure=0.8, places=(), spans=(), **more):
    message = {"text": text, "intent": true, "category": more.get("category"), "location": list(places)}
    answer = {
        "intent": {"name": read, "confidence": sure},
        "intent_ranking": more.get("ranking", [{"name": read, "confidence": sure}]),
        "entities": [{"entity": "location", "start": start, "end": end} for start, end in spans],
        "category": {"name": more.get("guess", "other.other"), "confidence": more.get("category_sure", 0.5)},
        "urgency": {"name": more.get("danger", "normal")},
    }
    return Pair(message | {"urgency": more.get("urgency")}, answer)


def test_the_confusion_counts_annotated_intents_down_and_read_ones_across():
    pairs = [a_pair("report", "report"), a_pair("report", "chatter"), a_pair("urge", "report")] * 2

    counts = figures.confusion(pairs)

    report, urge, chatter = (INTENTS.index(name) for name in ("report", "urge", "chatter"))
    assert (counts[report][report], counts[report][chatter], counts[urge][report]) == (2, 2, 2)
    assert sum(map(sum, counts)) == len(pairs)


def test_confidences_fall_into_ten_bins_and_certainty_into_the_last():
    found = figures.reliability([Guess(0.0, right=False), Guess(0.19, right=False), Guess(1.0, right=True)])

    assert [each["bin"] for each in found["bins"]] == [0, 1, 9]
    assert [each["n"] for each in found["bins"]] == [1, 1, 1]


def test_a_bin_says_its_mean_confidence_and_how_often_that_was_right():
    [held] = figures.reliability([Guess(0.82, right=True), Guess(0.88, right=False)])["bins"]

    assert held == {"bin": 8, "n": 2, "confidence": pytest.approx(0.85), "right": 0.5}


def test_the_calibration_error_weighs_each_bin_by_its_messages():
    three_sure, one_unsure = [Guess(0.95, right=True)] * 3, [Guess(0.45, right=True)]

    assert figures.reliability(three_sure + one_unsure)["ece"] == pytest.approx((3 * 0.05 + 0.55) / 4)


def test_who_is_as_sure_as_right_has_no_calibration_error():
    guesses = [Guess(0.75, right=True)] * 3 + [Guess(0.75, right=False)]

    assert figures.reliability(guesses)["ece"] == pytest.approx(0.0)


def test_without_guesses_there_is_no_calibration_error_to_speak_of():
    assert figures.reliability([]) == {"n": 0, "bins": [], "ece": None}


def test_the_confidence_of_a_report_is_looked_up_wherever_it_ranks():
    ranking = [{"name": "chatter", "confidence": 0.7}, {"name": "report", "confidence": 0.3}]

    assert figures.report_guesses([a_pair("report", "chatter", ranking=ranking)]) == [Guess(0.3, right=True)]


def test_categories_are_guessed_for_true_reports_only():
    pairs = [
        a_pair("report", "chatter", category="utilities.water", guess="utilities.water", category_sure=0.9),
        a_pair("chatter", "report", guess="utilities.water"),
    ]

    assert figures.best_categories(pairs) == [Guess(0.9, right=True)]


def test_macro_f1_is_the_mean_over_the_annotated_labels():
    pairs = [("report", "report"), ("chatter", "chatter"), ("urge", "chatter"), ("chatter", "chatter")]

    assert figures.macro_f1(pairs) == pytest.approx((1.0 + 0.8 + 0.0) / 3)


def test_what_cannot_be_divided_was_not_measured():
    assert figures.prf(0, 0, 0) == {"precision": None, "recall": None, "f1": None}
    assert figures.prf(0, 0, 2) == {"precision": None, "recall": 0.0, "f1": 0.0}
    assert figures.macro_f1([]) is None


def test_a_place_is_found_by_a_letter_and_counts_in_reports_and_what_follows_them():
    pairs = [
        a_pair("report", places=["3号楼"], spans=[(1, 5)]),
        a_pair("detail", places=["3号楼"], spans=[(3, 5)]),
        a_pair("chatter", places=["3号楼"]),
    ]

    assert figures.places(pairs) == {"precision": 0.5, "recall": 0.5, "f1": 0.5}


def test_a_set_of_transcripts_gets_every_figure():
    pairs = [
        a_pair("report", "report", category="utilities.water", guess="utilities.gas", urgency="emergency"),
        a_pair("report", "chatter", category="utilities.gas", guess="utilities.gas", danger="emergency"),
    ]

    found = figures.of_transcripts(pairs)

    assert (found["n"], found["reports"], found["intent_accuracy"]) == (2, 2, 0.5)
    assert (found["category_level1"], found["category_level2"]) == (1.0, 0.5)
    assert found["report"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3)}
    assert found["emergency"] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "n": 1}
