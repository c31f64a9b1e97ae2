"""Draws bench/sizes.svg: `python bench/plot_sizes.py FILE`, the rows of bench/sizes.py as JSON on stdin.

Runs in the NLU's environment, which has Matplotlib; the bot's has not.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt


def curves(rows: list[dict[str, Any]]) -> Any:
    """Milliseconds of each operation against the number of open cases, both in powers of ten."""
    figure, axes = plt.subplots(figsize=(9.2, 5.2))
    across = [row["cases"] for row in rows]
    colours = plt.get_cmap("tab20").colors
    for name, colour in zip(rows[0]["operations"], colours, strict=False):
        axes.plot(across, [row["operations"][name]["p50_ms"] for row in rows], "o-", color=colour, label=name)
    axes.set(xscale="log", yscale="log", xlabel="open cases, ten in a group", ylabel="milliseconds, median")
    axes.set_title("What an operation takes, by how many cases are open", fontsize=11)
    axes.set_xticks(across, [f"{size:,}" for size in across])
    axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8, frameon=False)
    axes.grid(alpha=0.25, which="both")
    return figure


def main() -> None:
    """Draw it."""
    mpl.rcParams["svg.hashsalt"] = "linli"  # the same file for the same figures
    figure = curves(json.load(sys.stdin))
    figure.tight_layout()
    figure.savefig(Path(sys.argv[1]), metadata={"Date": None})


if __name__ == "__main__":
    main()
