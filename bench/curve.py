"""The learning curve: what more examples of each label bring. Prints JSON.

Runs in the NLU's environment with the NLU's folder on PYTHONPATH: `python bench/curve.py TRANSCRIPT.jsonl …`.
One logistic regression over grams and vectors stands for the whole pipeline, which would take minutes a point.
"""

# ruff: noqa: S311 - draws of examples keep no secret

import json
import random
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import examples
import numpy as np
from components.letters import plain
from components.vectors import encoded
from examples import Example
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

SIZES = (5, 10, 20, 50)
"""Examples a label; after them comes all of the sample."""
DRAWS = 3
REPORTS, LEFT_OUT = 60, 5
"""Of each category: reports of the sample, and reports to test on."""
CHATTER, OTHERS = 800, 150
"""Of each other intent: messages of the sample."""
LONGEST, BATCH = 400, 32
DIMENSIONS, VECTOR_WEIGHT, ROUNDS = 256, 2.0, 30
"""Grams are folded into so many numbers: a regression of eighty labels takes seconds then, not minutes."""


def sample(everything: Sequence[Example], drawn: random.Random) -> tuple[list[Example], list[Example]]:
    """Messages to learn from, and reports to test on; never the same one in both."""
    kinds: dict[tuple[str, str], list[Example]] = {}
    for example in everything:
        kinds.setdefault((example.intent, example.category), []).append(example)
    learnt, left_out = [], []
    for (intent, _), held in sorted(kinds.items()):
        drawn.shuffle(held)
        if intent == "report":
            left_out += held[:LEFT_OUT]
            learnt += held[LEFT_OUT : LEFT_OUT + REPORTS]
        else:
            learnt += held[: CHATTER if intent == "chatter" else OTHERS]
    return learnt, left_out


class Features:
    """Grams and vectors of all texts, made once: the grams are learnt from the first `known` of them."""

    def __init__(self, texts: Sequence[str], known: int) -> None:
        grams = TfidfVectorizer(
            preprocessor=plain, analyzer="char", ngram_range=(1, 3), min_df=2, sublinear_tf=True
        )
        counted = sparse.vstack([grams.fit_transform(texts[:known]), grams.transform(texts[known:])])
        folded = TruncatedSVD(DIMENSIONS, n_iter=2, random_state=1).fit(counted[:known])
        self.rows = np.hstack(
            [folded.transform(counted), VECTOR_WEIGHT * encoded(texts, LONGEST, BATCH)]
        ).astype(np.float32)


def subset(labels: Sequence[str], size: int | None, drawn: random.Random) -> list[int]:
    """Positions of at most `size` examples of each label, or of all."""
    order = list(range(len(labels)))
    drawn.shuffle(order)
    taken: dict[str, int] = {}
    kept = []
    for at in order:
        taken[labels[at]] = taken.get(labels[at], 0) + 1
        if size is None or taken[labels[at]] <= size:
            kept.append(at)
    return kept


def reached(rows: Any, labels: Sequence[str], tested: Any, truth: Sequence[str]) -> float:
    """The macro-F1, over the labels that the test holds, of a regression on these rows."""
    model = LogisticRegression(C=10.0, max_iter=ROUNDS, class_weight="balanced").fit(rows, labels)
    return float(
        f1_score(truth, model.predict(tested), average="macro", labels=sorted(set(truth)), zero_division=0)
    )


def points(rows: Any, labels: Sequence[str], tested: Any, truth: Sequence[str]) -> list[dict[str, Any]]:
    """Mean and spread for every size; all of the sample is there only once, so it has no spread."""
    found = []
    for size in (*SIZES, None):
        draws = [subset(labels, size, random.Random(n)) for n in range(DRAWS if size else 1)]
        f1 = [reached(rows[kept], [labels[at] for at in kept], tested, truth) for kept in draws]
        found.append(
            {"size": size, "examples": len(draws[0]), "mean": float(np.mean(f1)), "spread": float(np.std(f1))}
        )
    return found


def curve(paths: Sequence[Path]) -> dict[str, Any]:
    """Both curves: intents on the transcripts, categories on reports that were left out."""
    everything = examples.survey()[0]
    learnt, left_out = sample(everything, random.Random(1))
    lines = [
        json.loads(line) for path in paths for line in path.read_text("utf-8").splitlines() if line.strip()
    ]
    messages = [line for line in lines if line["text"].strip()]
    texts = [e.text for e in learnt] + [e.text for e in left_out] + [m["text"] for m in messages]
    rows = Features(texts, len(learnt)).rows
    known, first = rows[: len(learnt)], len(learnt) + len(left_out)
    reports = [at for at, e in enumerate(learnt) if e.intent == "report"]
    codes, truth = [learnt[at].category for at in reports], [e.category for e in left_out]
    return {
        "intent": points(known, [e.intent for e in learnt], rows[first:], [m["intent"] for m in messages]),
        "category": points(known[reports], codes, rows[len(learnt) : first], truth),
        "tested": {"intent": len(messages), "category": len(left_out)},
        "draws": DRAWS,
        "reports_a_category": REPORTS,
        "examples": len(everything),
    }


if __name__ == "__main__":
    warnings.simplefilter("ignore", ConvergenceWarning)  # thirty rounds are as near as a plot shows
    print(json.dumps(curve([Path(name) for name in sys.argv[1:]])))
