"""Draws the plots of `make score`: `python bench/plots.py FOLDER`, the figures as JSON on stdin.

Runs in the NLU's environment, which has Matplotlib; the bot's has not.
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

BLUE, ORANGE, GREY = "#2563eb", "#d97706", "#6b7280"
RESOLUTION = 130


def confusion(names: list[str], counts: list[list[int]]) -> Any:
    """Annotated intents down, read ones across; colour is the share of the row, the number below the count."""
    figure, axes = plt.subplots(figsize=(8.6, 7.2))
    shares = [[n / max(1, sum(row)) for n in row] for row in counts]
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for i, row in enumerate(shares):
        for j, share in enumerate(row):
            if counts[i][j]:
                colour = "white" if share > 0.55 else "black"
                axes.text(
                    j, i, f"{share:.2f}\n{counts[i][j]}", ha="center", va="center", fontsize=8, color=colour
                )
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right")
    axes.set_yticks(
        range(len(names)), [f"{name} ({sum(row)})" for name, row in zip(names, counts, strict=True)]
    )
    axes.set(xlabel="read as", ylabel="annotated (messages)")
    axes.set_title(f"Intents of {sum(map(sum, counts))} messages of all transcripts, one by one")
    figure.colorbar(image, ax=axes, label="share of the annotated intent", shrink=0.8)
    return figure


def reliability(panels: list[dict[str, Any]]) -> Any:
    """How often a confidence is right, in ten bins; the number at a point is how many messages it stands for."""
    figure, both = plt.subplots(1, len(panels), figsize=(5.6 * len(panels), 5.2), squeeze=False)
    for axes, panel in zip(both[0], panels, strict=True):
        axes.plot([0, 1], [0, 1], "--", color=GREY, linewidth=1, label="as sure as right")
        for (name, series), colour, below in zip(
            panel["series"].items(), (BLUE, ORANGE), (False, True), strict=False
        ):
            _bins(axes, name, series, colour, below=below)
        errors = (f"{name} {_error(series)}" for name, series in panel["series"].items())
        axes.set_title(f"{panel['title']}\nECE: {', '.join(errors)}", fontsize=10)
        axes.set(xlabel="confidence", ylabel="share that is so", xlim=(0, 1.02), ylim=(-0.04, 1.06))
        axes.legend(loc="upper left", fontsize=8)
        axes.grid(alpha=0.25)
    return figure


def _bins(axes: Any, name: str, series: dict[str, Any], colour: str, *, below: bool) -> None:
    across, up = ([each[key] for each in series["bins"]] for key in ("confidence", "right"))
    axes.plot(across, up, "o-", color=colour, markersize=5, label=f"{name} ({series['n']})")
    for each in series["bins"]:
        place, offset = (each["confidence"], each["right"]), (5, -10) if below else (-5, 6)
        turned = "left" if below else "right"
        axes.annotate(
            str(each["n"]), place, offset, textcoords="offset points", ha=turned, fontsize=7, color=colour
        )


def _error(series: dict[str, Any]) -> str:
    return "–" if series["ece"] is None else f"{series['ece']:.3f}"


def learning_curve(curve: dict[str, Any]) -> Any:
    """Macro-F1 against examples a label; the bars are the spread over the draws."""
    figure, axes = plt.subplots(figsize=(7.4, 4.8))
    tested = curve["tested"]
    for kind, colour, on in (
        ("intent", BLUE, f"{tested['intent']} messages of transcripts"),
        ("category", ORANGE, f"{tested['category']} reports left out"),
    ):
        points = curve[kind]
        means, spreads = ([point[key] for point in points] for key in ("mean", "spread"))
        axes.errorbar(
            range(len(points)), means, spreads, fmt="o-", capsize=4, color=colour, label=f"{kind}, on {on}"
        )
        for at, mean in enumerate(means):
            axes.annotate(
                f"{mean:.2f}", (at, mean), (0, 8), textcoords="offset points", ha="center", fontsize=8
            )
    sizes = [point["size"] for point in curve["intent"]]
    axes.set_xticks(range(len(sizes)), [str(size or "all") for size in sizes])
    axes.set(xlabel="examples a label, at most; all = the whole sample", ylabel="macro-F1", ylim=(0, 1))
    axes.set_title(
        f"One logistic regression alone, not the whole pipeline; mean and spread of {curve['draws']} draws",
        fontsize=10,
    )
    axes.legend(loc="upper left", fontsize=8)
    axes.grid(alpha=0.25)
    return figure


def main() -> None:
    """Draw all three."""
    folder, told = Path(sys.argv[1]), json.load(sys.stdin)
    for name, figure in (
        ("confusion", confusion(told["confusion"]["intents"], told["confusion"]["counts"])),
        ("reliability", reliability(told["reliability"])),
        ("learning_curve", learning_curve(told["curve"])),
    ):
        figure.tight_layout()
        figure.savefig(folder / f"{name}.png", dpi=RESOLUTION)


if __name__ == "__main__":
    main()
