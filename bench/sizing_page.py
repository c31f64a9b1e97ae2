"""docs/sizing.md: its tables, written out of bench/sizing.json.

What the NLU and intake do is measured by `make bench`; `make sizing` takes it over from bench/report.json, where it
stands under `sizing`: `parse_per_core_second` and `webhook_per_core_second`.

Between two marks of the page stands what is written here; the words around it are written by hand.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FIGURES = ROOT / "bench" / "sizing.json"
REPORT = ROOT / "bench" / "report.json"
PAGE = ROOT / "docs" / "sizing.md"
BEGIN, END = "<!-- made by `make sizing` -->", "<!-- end of what is made -->"
USED = 0.6
"""Of a core or a token's limit at the busiest: the rest is for what nobody has thought of."""
POSTS_A_SECOND = 30
"""Of one Telegram token."""


@dataclass(frozen=True)
class Place:
    """Somewhere to be sized for; a message in the busiest hour comes every `every` seconds in each group."""

    name: str
    groups: int
    every: float
    messages_a_day: int = 200
    reports_a_day: float = 0.3
    days_kept: int = 730

    @property
    def messages_a_second(self) -> float:
        """At the busiest."""
        return self.groups / self.every

    @property
    def cases(self) -> float:
        """Kept at the end of the time for which they are."""
        return self.groups * self.reports_a_day * self.days_kept


PLACES = (
    Place("street, 100 groups", 100, 150),
    Place("district, 1,000 groups", 1_000, 150),
    Place("city, 10,000 groups", 10_000, 150),
    Place("city, all talk at once", 10_000, 5),
    Place("province, 100,000 groups", 100_000, 150),
)


def write() -> None:
    """Write the tables into the page."""
    PAGE.write_text(rendered(PAGE.read_text("utf-8"), figures()), "utf-8")


def figures() -> dict[str, Any]:
    """The measured figures."""
    found: dict[str, Any] = json.loads(FIGURES.read_text("utf-8"))
    return found


def benched() -> dict[str, float]:
    """What `make bench` has measured for one core; nothing where it has not run here, or did not measure it."""
    try:
        found: dict[str, float] = json.loads(REPORT.read_text("utf-8")).get("sizing", {})
    except FileNotFoundError:
        return {}
    return found


def rendered(page: str, measured: dict[str, Any]) -> str:
    """The page with its tables made anew."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    parts = (_measured(measured), _throughput(measured), _places(measured))
    return f"{head}{BEGIN}\n\n" + "\n".join(parts) + f"\n{END}{tail}"


def bytes_of(measured: dict[str, Any]) -> dict[str, float]:
    """Bytes for one of each: a case that is kept (index, trace and links with it), a group beside its cases, a message."""
    last = measured["memory"][-1]
    kinds, cases, groups = last["kinds"], last["cases"], last["groups"]
    of_groups = kinds["talk"] * groups
    grown = sum(row["bytes_a_case"] * (row["cases"] - before) for row, before in _grown(measured["memory"]))
    return {
        "case": (grown - of_groups) / cases,
        "group": kinds["talk"],
        "message": measured["seen_bytes"],
    }


def _grown(rows: Sequence[dict[str, Any]]) -> Iterable[tuple[dict[str, Any], int]]:
    return zip(rows, [0, *(row["cases"] for row in rows)], strict=False)


def _measured(measured: dict[str, Any]) -> str:
    sizes = [row["cases"] for row in measured["memory"]]
    rows = [
        (
            "Redis, a case in all its keys, with its share of the group's",
            *(f"{row['bytes_a_case']:,} B" for row in measured["memory"]),
        ),
        *(
            (f"&nbsp;&nbsp;{words}", *(f"{row['kinds'].get(kind, 0):,.0f} B" for row in measured["memory"]))
            for kind, words in (
                ("case", "the case itself"),
                ("trace", "its trace"),
                ("cases", "index of cases, a group of ten"),
                ("links", "messages of cases, a group of ten"),
                ("talk", "the memory of a group"),
            )
        ),
    ]
    head = ("bytes", *(f"at {size:,} cases" for size in sizes))
    left = f"A message that was read leaves {measured['seen_bytes']:,} B behind for two days, so that it is never read twice."
    return f"Measured on {measured['machine']}.\n\n{_table(head, rows)}\n{left}\n"


def _throughput(measured: dict[str, Any]) -> str:
    sized = measured.get("bench", {})
    rows = [
        (
            words,
            f"{one['bot_cpu_ms']:.2f} ms",
            f"{one['redis_cpu_ms']:.2f} ms",
            f"{one['messages_a_core_second']:,.0f}",
        )
        for words, one in (
            ("chatter: inbox, case by case compared, saved", measured["chatter"]),
            ("report: the same, case, ticket, card", measured["report"]),
        )
    ]
    names = (
        ("parse_per_core_second", "NLU: messages parsed"),
        ("webhook_per_core_second", "intake: webhooks made durable"),
    )
    rows += [
        (words, "", "", f"{sized[name]:,.0f}" if name in sized else "`make bench` measures it")
        for name, words in names
    ]
    return _table(("one message", "bot", "Redis", "a second on one core"), rows)


def _places(measured: dict[str, Any]) -> str:
    head = (
        "",
        "messages a second",
        "cases kept",
        "Redis",
        "workers",
        "Redis servers by CPU",
        "NLU cores",
        "Telegram tokens",
    )
    return _table(head, [_place(place, measured) for place in PLACES])


def _place(place: Place, measured: dict[str, Any]) -> tuple[str, ...]:
    each, sized = bytes_of(measured), measured.get("bench", {})
    kept = place.cases * each["case"] + place.groups * each["group"]
    kept += 2 * place.groups * place.messages_a_day * each["message"]
    a_second = place.messages_a_second
    of_reports = place.reports_a_day / place.messages_a_day
    bot = _mean(measured, "bot_cpu_ms", of_reports) / 1000
    redis = _mean(measured, "redis_cpu_ms", of_reports) / 1000
    parse = sized.get("parse_per_core_second")
    return (
        place.name,
        f"{a_second:,.0f}" if a_second >= 1 else f"{a_second:.1f}",
        f"{place.cases:,.0f}",
        f"{kept / 1e9:,.1f} GB",
        str(_cores(a_second * bot)),
        str(_cores(a_second * redis)),
        str(_cores(a_second / parse)) if parse else "—",
        str(max(1, ceil(a_second * of_reports * 6 / (POSTS_A_SECOND * USED)))),
    )


def _mean(measured: dict[str, Any], what: str, of_reports: float) -> float:
    return float(measured["chatter"][what] * (1 - of_reports) + measured["report"][what] * of_reports)


def _cores(busy: float) -> int:
    return max(1, ceil(busy / USED))


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    write()
