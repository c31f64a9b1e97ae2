"""The form of stored cases, by number, and the steps from one to the next.

A field that is new and has a default needs no step: the codec gives it. A step is for what was renamed, split or has
another meaning. A case is brought to our form when it is read and written in it when it is saved; one in a form that
we do not know is neither read nor touched.

    1  the first; nothing of it says so
    2  says so; cases have an assignment, clocks, and counted answers (all with defaults; what those cannot give to a
       case that goes on, the fact `Renewed` does, see bot/upgrades.py)
"""

from collections.abc import Callable, Sequence
from typing import Any

from actions.errors import Unreachable

Json = dict[str, Any]
Step = Callable[[Json], Json]


class TooNew(Unreachable):
    """A newer program wrote this. It is not poison: whoever knows it can deal with it."""

    def __init__(self, what: str, schema: int, ours: int) -> None:
        super().__init__(
            f"{what} was written by a newer Linli (schema {schema}; this one knows {ours}): update this one"
        )


def _by_defaults(raw: Json) -> Json:
    return raw


STEPS: tuple[Step, ...] = (_by_defaults,)
"""The step at place n leads from form n + 1 to the next."""
SCHEMA = len(STEPS) + 1
"""Ours."""


def stamped(raw: Json) -> Json:
    """A case as it is stored."""
    return {"schema": SCHEMA, **raw}


def upgraded(raw: Json, steps: Sequence[Step] = STEPS) -> Json:
    """A stored case in our form. Raises `TooNew` and, where it says no number, ValueError."""
    ours, raw = len(steps) + 1, dict(raw)
    schema = raw.pop("schema", 1)
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise ValueError(f"the schema of a case is a number, not {schema!r}")
    if schema > ours:
        raise TooNew(f"case {raw.get('id', '')}", schema, ours)
    for step in steps[schema - 1 :]:
        raw = step(raw)
    return raw
