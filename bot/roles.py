"""The roles by which the shipped responsibility list calls units, and their names in English."""

import csv
from functools import cache
from importlib.resources import files


@cache
def _english() -> dict[str, str]:
    text = (files("bot") / "roles.tsv").read_text("utf-8")
    return {row["zh"]: row["en"] for row in csv.DictReader(text.splitlines(), delimiter="\t")}


def name_of_unit(unit: str, lang: str) -> str:
    """The unit as people of this language call it; a unit of a city's own hierarchy keeps its own name."""
    return _english().get(unit, unit) if lang == "en" else unit
