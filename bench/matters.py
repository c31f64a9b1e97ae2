"""Retrieval of matters, measured: descriptions that were written apart from the list, each with the matter it is about.

Thresholds and weights were chosen by the odd rows; the even ones say what that is worth on text not seen before.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from actions.matters import MatterList
from actions.retrieval import Scored, rank, sure
from bot.categories import group_of, groups
from bot.matter_list import shipped

DESCRIPTIONS = Path(__file__).parent.parent / "tests" / "retrieval" / "descriptions.tsv"
DAY = date(2026, 7, 1)
_WORST = 25


@dataclass(frozen=True)
class Described:
    """A description, the matter that it is about, and how the matters of its category were ranked."""

    row: int
    category: str
    matter: str
    text: str
    ranked: tuple[Scored, ...]

    def among(self, first: int) -> bool:
        """Whether the right matter is among the first so many."""
        return self.matter in {one.matter.code for one in self.ranked[:first]}


@dataclass(frozen=True)
class Accuracy:
    """Shares of descriptions: right at first, right among three, taken without asking, and right of those."""

    rows: int
    top1: float
    top3: float
    sure: float
    right_when_sure: float


def described(of: MatterList, path: Path = DESCRIPTIONS) -> list[Described]:
    """Every description, ranked by a list; a category's rows go by the matters of that category alone."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [
        Described(
            n,
            row["category"],
            row["matter"],
            row["text"],
            rank(of.of_category(row["category"], DAY), row["text"]),
        )
        for n, row in enumerate(rows, 1)
    ]


def accuracy(of: Sequence[Described]) -> Accuracy:
    """How often the list was right; of no descriptions, 0."""
    certain = [one for one in of if sure(one.ranked)]
    return Accuracy(
        rows=len(of),
        top1=_share(of, lambda one: one.among(1)),
        top3=_share(of, lambda one: one.among(3)),
        sure=len(certain) / max(1, len(of)),
        right_when_sure=_share(certain, lambda one: one.among(1)),
    )


def _share(of: Sequence[Described], holds: Callable[[Described], bool]) -> float:
    return sum(map(holds, of)) / max(1, len(of))


def _parts(every: Sequence[Described]) -> dict[str, list[Described]]:
    parts = {
        "all": list(every),
        "odd rows (tuned by)": [one for one in every if one.row % 2],
        "even rows (unseen)": [one for one in every if not one.row % 2],
        "noise": [one for one in every if one.category.startswith("environment.noise_")],
    }
    return parts | {group: [one for one in every if group_of(one.category) == group] for group in groups()}


def main() -> None:
    """Print the figures, and the descriptions whose matter came latest."""
    console = Console(markup=False, highlight=False, soft_wrap=True)
    every = described(shipped())
    table = Table("", "rows", "top 1", "top 3", "sure", "right when sure", box=None)
    for name, part in _parts(every).items():
        found = accuracy(part)
        shares = (found.top1, found.top3, found.sure, found.right_when_sure)
        table.add_row(name, str(found.rows), *(f"{share:.1%}" for share in shares))
    console.print(table)
    missed = [one for one in every if one.row % 2 and not one.among(3)]
    console.print(f"\nnot among the first three, of the odd rows: {len(missed)}")
    for one in missed[:_WORST]:
        console.print(
            f"{one.row}  {one.text[:60]}\n    is {one.matter}, was taken for {one.ranked[0].matter.code}"
        )


if __name__ == "__main__":
    main()
