"""The weights of the linking, to be read: `python -m linking_weights [MODEL]` prints them, the heaviest first.

A feature's plain weight moves the score of an option by so much for each unit of the feature; `net` says how much
the small net could move it besides, at most. Positive speaks for the option.
"""

import argparse
import json
import sys
from pathlib import Path

import reader
import train


def lines(weights: dict[str, list[float]], out: list[float]) -> list[str]:
    """Return a line a feature: its name, its plain weight, and the most that the net could add."""
    rows = []
    for name, (plain, *knots) in weights.items():
        most = sum(abs(knot * weight) for knot, weight in zip(knots, out, strict=True))
        rows.append((abs(plain) + most, f"{name:44} {plain:+7.2f}   net ±{most:.2f}"))
    return [line for _, line in sorted(rows, reverse=True)]


def main() -> int:
    """Print the weights; 1 where the model has none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path, nargs="?", help="a trained model; this project's own by default")
    parser.add_argument("--json", action="store_true", help="print them as the server hands them out")
    asked = parser.parse_args()
    linking = reader.linking_of(asked.model or train.MODELS / f"{train.fingerprint()}.tar.gz")
    if linking is None:
        print("this model was trained without transcripts", file=sys.stderr)
        return 1
    if asked.json:
        print(linking)
        return 0
    for part, scorer in json.loads(linking).items():
        if part != "common":
            print(f"\n{part}\n")
            print("\n".join(lines(scorer["weights"], scorer["out"])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
