"""The names of the categories, in Chinese and English."""

import csv
from collections import Counter
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


def codes_by_name() -> dict[str, str]:
    """The code for whatever people may call a category: code, names, and parts of a Chinese name that mean it alone."""
    parts = [(part, code) for code, names in _names().items() for part in names["zh_CN"].split("、")]
    times = Counter(part for part, _ in parts)
    found = {part: code for part, code in parts if times[part] == 1}
    for code, names in _names().items():
        found |= {code: code, names["zh_CN"]: code, names["en"]: code}
    return found
