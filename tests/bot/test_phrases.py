"""Phrases: every sentence of the code and the pages is in the catalogue, translated, and none is left over."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from bot.phrases import LANGUAGES, gettext

ROOT = Path(__file__).parent.parent.parent
CATALOGUE = ROOT / "bot" / "locale" / "zh_CN" / "linli.po"
PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[sd]|%[sd]")


@cache
def spoken() -> dict[str, str]:
    """Every sentence with a place where it stands."""
    found = {}
    with (ROOT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    for folder in ("bot", "connectors"):
        rows = extract_from_dir(ROOT / folder, _within(methods, folder), options, comment_tags=())
        for name, line, message, *_ in rows:
            for sentence in (message,) if isinstance(message, str) else message:
                found.setdefault(sentence, f"{folder}/{name}:{line}")
    return found


def _within(methods, folder):
    return [
        (pattern.removeprefix(f"{folder}/"), how) for pattern, how in methods if pattern.startswith(folder)
    ]


def translated() -> dict[str, str]:
    with CATALOGUE.open("rb") as file:
        return {entry.id: entry.string for entry in read_po(file, "zh_CN") if entry.id}


def test_there_is_something_to_say():
    assert len(spoken()) > 100
    assert any("pages" in place for place in spoken().values())


def test_every_sentence_is_translated():
    missing = {sentence: place for sentence, place in spoken().items() if not translated().get(sentence)}
    assert missing == {}


def test_no_translation_is_left_over():
    assert translated().keys() - spoken().keys() == set()


def test_a_translation_has_the_same_gaps():
    for sentence, chinese in translated().items():
        assert sorted(PLACEHOLDER.findall(sentence)) == sorted(PLACEHOLDER.findall(chinese)), sentence


def test_a_sentence_is_said_in_the_language_of_the_group():
    assert gettext("zh_CN")("Me too") == "我也是"
    assert gettext("en")("Me too") == "Me too"


@pytest.mark.parametrize("lang", ["", "fr", "../zh_CN", "zh_CN\0"])
def test_an_unknown_language_is_english(lang):
    assert gettext(lang)("Me too") == "Me too"
    assert lang not in LANGUAGES
