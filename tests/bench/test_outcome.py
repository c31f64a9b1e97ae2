"""Rules of the outcome: what rounds come to, and which targets are missed."""

from bench import outcome

NAMES = ("diet", "logistic", "linli")


def row(diet=50.0, logistic=100.0, linli=500.0, ticket=200.0):
    speeds = dict(zip(NAMES, (diet, logistic, linli), strict=True))
    return {
        "parse": {name: {"per_second": each, "cpu_seconds_per_1000": 2.0} for name, each in speeds.items()},
        "light": {name: {"p99_ms": 20.0} for name in NAMES},
        "end_to_end": {name: {"per_second": each / 10} for name, each in speeds.items()},
        "at_50": {"ticket_p99_ms": ticket, "card_p99_ms": 100.0},
        "webhook_at_500": {"p99_ms": 20.0},
        "memory_gb": {"diet": 1.3, "logistic": 0.6, "linli": 0.7},
    }


def told(*rows):
    return outcome.report(
        rows, [apart(), apart(70.0), apart(90.0)], {"per_core_second": 1000.04}, {"cores": 2}
    )


def apart(each=80.0):
    return {
        "end_to_end": {"per_second": each},
        "at_50": {"ticket_p99_ms": 150.0},
        "webhook_at_500": {"p99_ms": 12.0},
        "memory_gb": 0.9,
    }


def test_in_roles_it_is_measured_against_the_median_of_stock():
    found = told(row(diet=40.0), row(), row(diet=60.0))["in_roles"]
    assert found["end_to_end_per_second"] == (80, 70, 90)
    assert found["end_to_end_vs_stock"] == (16, 14, 18)
    assert found["webhook_at_500_p99_ms"] == (12, 12, 12)


def test_the_report_keeps_what_others_read_from_it():
    report = told(row())
    assert report["ratios"]["parse_vs_stock_diet"] == 10
    assert report["ratios"]["parse_vs_stock_logistic"] == 5
    assert report["ratios"]["end_to_end_vs_stock"] == 10
    assert report["p99_ms"]["end_to_end_at_50"] == 200
    assert report["p99_ms"]["webhook_at_500"] == 20
    assert report["memory_gb"] == 0.7
    assert report["sizing"] == {"parse_per_core_second": 500.0, "webhook_per_core_second": 1000.0}
    assert (len(report["runs"]), report["machine"]) == (1, {"cores": 2})


def test_a_ratio_is_the_median_of_rounds_and_tells_its_spread():
    report = told(row(), row(linli=400.0), row(linli=600.0))
    assert report["ratios"]["parse_vs_stock_diet"] == 10
    assert report["spread"]["parse_vs_stock_diet"] == [8, 12]


def test_a_missed_target_is_named_with_what_it_was():
    assert outcome.missed(told(row())) == []
    missed = outcome.missed(told(row(linli=300.0, ticket=900.0)))
    assert missed == [
        "parse_vs_stock_diet: 6.0 × instead of 8 ×",
        "parse_vs_stock_logistic: 3.0 × instead of 4 ×",
        "end_to_end_at_50: 900 ms instead of 300 ms",
    ]
