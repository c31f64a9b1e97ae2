"""The names of the categories, in Chinese and English."""

import csv
from functools import cache
from importlib.resources import files


@cache
def _names() -> dict[str, dict[str, str]]:
    text = (files("bot") / "categories.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {row["code"]: {"zh_CN": row["zh"], "en": row["en"]} for row in rows}


def name_of(code: str, lang: str) -> str:
    """The name of a category; for a long Chinese one, its first part. An unknown code names itself."""
    names = _names().get(code)
    if names is None:
        return code
    return names.get(lang, names["en"]).split("、")[0]
