"""The names of the categories and of their groups, in Chinese and English."""

import csv
import re
from collections import Counter
from functools import cache
from importlib.resources import files

from bot.phrases import gettext

_EXAMPLES = re.compile(r"（[^）]*）")


@cache
def _names() -> dict[str, dict[str, str]]:
    text = (files("bot") / "categories.tsv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines(), delimiter="\t")
    return {row["code"]: {"zh_CN": row["zh"], "en": row["en"]} for row in rows}


def name_of(code: str, lang: str) -> str:
    """The name of a category; for a long Chinese one, its first part without examples. An unknown code names itself."""
    names = _names().get(code)
    if names is None:
        return code
    return _EXAMPLES.sub("", names.get(lang, names["en"])).split("、")[0]


def every_name() -> dict[str, tuple[str, ...]]:
    """What people may call each category, by code: its names, and the parts of the Chinese one."""
    return {code: (*names["zh_CN"].split("、"), *names.values()) for code, names in _names().items()}


def groups() -> tuple[str, ...]:
    """The first level of the categories, in the order of the list."""
    return tuple(dict.fromkeys(group_of(code) for code in _names()))


def codes_of(group: str) -> tuple[str, ...]:
    """The categories of a group."""
    return tuple(code for code in _names() if group_of(code) == group)


def group_of(code: str) -> str:
    """The group of a category."""
    return code.partition(".")[0]


def name_of_group(group: str, lang: str) -> str:
    """The name of a group; one that is not known names itself."""
    _ = gettext(lang)
    names = {
        "sanitation": _("Sanitation"),
        "environment": _("Environment"),
        "traffic": _("Traffic"),
        "utilities": _("Utilities"),
        "housing": _("Housing"),
        "safety": _("Safety"),
        "greening": _("Greening"),
        "disputes": _("Disputes"),
        "market": _("Market"),
        "labour": _("Labour"),
        "health": _("Health care"),
        "education": _("Education"),
        "welfare": _("Welfare"),
        "government": _("Government"),
        "rural": _("Rural"),
        "other": _("Other"),
    }
    return names.get(group, group)


def codes_by_name() -> dict[str, str]:
    """The code for whatever people may call a category: code, names, and parts of a Chinese name that mean it alone."""
    parts = [(part, code) for code, names in _names().items() for part in names["zh_CN"].split("、")]
    times = Counter(part for part, _ in parts)
    found = {part: code for part, code in parts if times[part] == 1}
    for code, names in _names().items():
        found |= {code: code, names["zh_CN"]: code, names["en"]: code}
    return found
