"""The outcome: what the rounds of a contest come to, for bench/report.json and the table. Medians, with the spread."""

from collections.abc import Sequence
from statistics import median
from typing import Any

Row = dict[str, Any]

TARGETS = {
    "parse_vs_stock_diet": 8.0,
    "parse_vs_stock_logistic": 4.0,
    "end_to_end_vs_stock": 5.0,
}
"""At least."""
MOST = {"end_to_end_at_50": 300.0, "webhook_at_500": 30.0}
"""Milliseconds."""
MOST_MEMORY_GB = 1.6


def ratios(rows: Sequence[Row]) -> dict[str, list[float]]:
    """How many times as many a second Linli does, round by round."""
    return {
        "parse_vs_stock_diet": _ratios(rows, "parse", "diet"),
        "parse_vs_stock_logistic": _ratios(rows, "parse", "logistic"),
        "end_to_end_vs_stock": _ratios(rows, "end_to_end", "diet"),
        "end_to_end_vs_stock_logistic": _ratios(rows, "end_to_end", "logistic"),
    }


def _ratios(rows: Sequence[Row], what: str, other: str) -> list[float]:
    pairs = [(row[what]["linli"]["per_second"], row[what][other]["per_second"]) for row in rows]
    return [round(ours / theirs, 2) if theirs else float("inf") for ours, theirs in pairs]


def median_of(rows: Sequence[Row], what: str, name: str, key: str) -> float:
    """The median of one figure of one contestant."""
    return float(median(row[what][name][key] for row in rows))


def p99(rows: Sequence[Row]) -> dict[str, list[float]]:
    """Milliseconds within which 99 of 100 were done, round by round."""
    return {
        "end_to_end_at_50": [row["at_50"]["ticket_p99_ms"] for row in rows],
        "card_at_50": [row["at_50"]["card_p99_ms"] for row in rows],
        "webhook_at_500": [row["webhook_at_500"]["p99_ms"] for row in rows],
        **{
            f"parse_light_{name}": [row["light"][name]["p99_ms"] for row in rows] for name in rows[0]["light"]
        },
    }


def sizing(rows: Sequence[Row], intake_per_core_second: float) -> dict[str, float]:
    """What one core does in a second."""
    spent = median(row["parse"]["linli"]["cpu_seconds_per_1000"] for row in rows)
    return {
        "parse_per_core_second": round(1000 / spent, 1),
        "webhook_per_core_second": round(intake_per_core_second, 1),
    }


def in_roles(apart: Sequence[Row], rows: Sequence[Row]) -> dict[str, tuple[float, float, float]]:
    """What Linli does in roles: median, least and most of each figure; ratios to the median of stock."""
    stock = median_of(rows, "end_to_end", "diet", "per_second")
    figures = {
        "end_to_end_per_second": [row["end_to_end"]["per_second"] for row in apart],
        "end_to_end_vs_stock": [round(row["end_to_end"]["per_second"] / stock, 2) for row in apart],
        "end_to_end_at_50_p99_ms": [row["at_50"]["ticket_p99_ms"] for row in apart],
        "webhook_at_500_p99_ms": [row["webhook_at_500"]["p99_ms"] for row in apart],
        "memory_gb": [round(row["memory_gb"], 2) for row in apart],
    }
    return {name: (median(values), min(values), max(values)) for name, values in figures.items()}


def report(rows: Sequence[Row], apart: Sequence[Row], intake: Row, machine: Row) -> Row:
    """All of bench/report.json but the curve; `apart` are the rounds in roles."""
    by_round, times = ratios(rows), p99(rows)
    memory = [row["memory_gb"] for row in rows]
    return {
        "ratios": {name: median(values) for name, values in by_round.items()},
        "p99_ms": {name: median(values) for name, values in times.items()},
        "memory_gb": round(max(one["linli"] for one in memory), 2),
        "spread": {name: [min(values), max(values)] for name, values in {**by_round, **times}.items()},
        "memory_of_stock_gb": {
            name: round(max(one[name] for one in memory), 2) for name in memory[0] if name != "linli"
        },
        "sizing": sizing(rows, intake["per_core_second"]),
        "intake": intake,
        "in_roles": in_roles(apart, rows),
        "runs": list(rows),
        "runs_in_roles": list(apart),
        "machine": machine,
    }


def missed(told: Row) -> list[str]:
    """Which targets were missed."""
    found = [f"{name}: {told['ratios'][name]:.1f} × instead of {least:g} ×" for name, least in TARGETS.items()
             if told["ratios"][name] < least]  # fmt: skip
    found += [f"{name}: {told['p99_ms'][name]:.0f} ms instead of {most:g} ms" for name, most in MOST.items()
              if told["p99_ms"][name] > most]  # fmt: skip
    if told["memory_gb"] > MOST_MEMORY_GB:
        found.append(f"memory: {told['memory_gb']} GB instead of {MOST_MEMORY_GB} GB")
    stock = min(told["p99_ms"]["parse_light_diet"], told["p99_ms"]["parse_light_logistic"])
    if told["p99_ms"]["parse_light_linli"] > stock:
        found.append(f"p99 at light load: {told['p99_ms']['parse_light_linli']:.1f} ms, stock {stock:.1f} ms")
    return found
