"""Weights of the linking as they come from the NLU server, and those that ship with the bot.

The NLU learns them together with its model and hands them out at `GET /linking`. A server that has none, such as
a plain Rasa, is served by `linking.json` beside this file, which `make linking` takes from the newest model.
"""

import json
import math
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from actions.linking import Linker, Scorer


@cache
def shipped() -> Linker:
    """The linker by the weights that ship with the bot."""
    return linker_of(json.loads((files("connectors") / "linking.json").read_text("utf-8")))


def linker_of(raw: Any) -> Linker:
    """The linker by weights in JSON. Raises ValueError for what are no weights."""
    try:
        return Linker(_scorer(raw["options"]), _scorer(raw["kinds"]), frozenset(map(str, raw["common"])))
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"these are no weights of a linking: {error!r}") from error


def _scorer(raw: Mapping[str, Any]) -> Scorer:
    bias, out = _numbers(raw["bias"]), _numbers(raw["out"])
    weights = {str(name): _numbers(row) for name, row in raw["weights"].items()}
    if len(bias) != len(out) or any(len(row) != len(bias) + 1 for row in weights.values()):
        raise ValueError("these are no weights of a linking: the rows differ in length")
    return Scorer(weights, bias, out)


def _numbers(row: Sequence[Any]) -> tuple[float, ...]:
    numbers = tuple(float(number) for number in row)
    if not all(map(math.isfinite, numbers)):
        raise ValueError("these are no weights of a linking: there is a number without an end")
    return numbers
