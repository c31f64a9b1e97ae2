"""`linli matters`, typed: the list in force, a city's own list, what is contested."""

import json
import os
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from bot.categories import every_name
from bot.cli import app
from bot.matter_list import SHIPPED
from bot.matter_rows import written
from tests.actions.test_matters import matter

NIGHT = matter("environment.noise_construction.night", synonyms=("半夜打桩",))
DAY = matter("environment.noise_construction.day", name_zh="白天施工噪声", synonyms=("白天太吵",))


@pytest.fixture
def linli(tmp_path, monkeypatch):
    """The command on a home of its own, away from the settings of this machine."""
    monkeypatch.chdir(tmp_path)

    def typed(*words, answer=None, code=0):
        env = {name: None for name in os.environ if name.startswith("LINLI_")}
        env |= {"LINLI_HOME": str(tmp_path / "home"), "COLUMNS": "300", "LINLI_LANG": "zh_CN"}
        done = CliRunner().invoke(app, ["matters", *map(str, words)], env=env, input=answer)
        assert done.exit_code == code, done.output
        return done.output

    return typed


@pytest.fixture
def file(tmp_path):
    def write(*matters):
        path = tmp_path / "city.csv"
        path.write_text(written(matters), "utf-8")
        return path

    return write


def test_the_list_in_force_is_an_array_an_object_a_row(linli):
    rows = json.loads(linli("--json"))
    assert len(rows) >= 300
    assert {row["category"] for row in rows} == set(every_name())
    for row in rows:
        assert all(row[key] for key in ("code", "name", "category", "unit", "level", "respond", "resolve"))
        assert row["version"] == SHIPPED


def test_one_category_is_shown_by_code_or_by_name(linli):
    by_code = json.loads(linli("--json", "--category", "environment.noise_construction"))
    assert by_code == json.loads(linli("--json", "--category", "施工噪声"))
    assert {row["category"] for row in by_code} == {"environment.noise_construction"}
    assert "there is no category" in linli("--category", "吃饭", code=1)


def test_an_import_shows_what_it_changes_asks_and_puts_it_in_force(linli, file):
    linli("import", file(NIGHT, DAY), "--version", "2026.8", "--yes")
    said = linli("import", file(replace(NIGHT, lead="公安")), "--version", "2026.9", answer="y\n")
    assert "~ environment.noise_construction.night  lead: 综合执法 → 公安" in said
    assert "- environment.noise_construction.day" in said
    assert "0 added, 1 removed, 1 changed" in said
    assert [row["unit"] for row in json.loads(linli("--json"))] == ["公安"]
    assert "* 2026.9  1 matters" in linli("versions")


def test_who_says_no_changes_nothing(linli, file):
    assert "nothing was changed" in linli("import", file(NIGHT), "--version", "2026.9", answer="n\n", code=1)
    assert f"* {SHIPPED}" in linli("versions")


def test_a_list_with_faults_is_not_adopted(linli, file):
    path = file(NIGHT, DAY)
    path.write_text(path.read_text("utf-8").replace("30m", "soon"), "utf-8")
    for words in (("check", path), ("import", path, "--version", "2026.9", "--yes")):
        said = linli(*words, code=2)
        assert "city.csv, row 2, respond: 'soon': write 30m" in said
        assert "2 faults: nothing was changed" in said
    assert f"* {SHIPPED}" in linli("versions")


def test_a_check_changes_nothing(linli, file):
    assert "2 matters, 0 contested" in linli("check", file(NIGHT, DAY))
    assert f"* {SHIPPED}" in linli("versions")


def test_a_file_that_is_not_there_is_named(linli, tmp_path):
    assert "none.csv" in linli("check", tmp_path / "none.csv", code=2)


def test_what_is_contested_is_shown_and_settled(linli, file):
    said = linli("import", file(NIGHT, DAY, replace(DAY, lead="公安")), "--version", "2026.9", "--yes")
    assert "? environment.noise_construction.day  白天施工噪声  contested: 综合执法 / 公安" in said
    assert "综合执法 / 公安" in linli("contested")
    assert [row["code"] for row in json.loads(linli("--json"))] == [NIGHT.code]
    assert "not by 城管" in linli("settle", DAY.code, "--unit", "城管", code=1)
    assert "version 2026.9.1 is in force: 公安 leads" in linli("settle", DAY.code, "--unit", "公安")
    assert {row["code"]: row["unit"] for row in json.loads(linli("--json"))}[DAY.code] == "公安"
    assert linli("contested") == ""


def test_the_version_before_comes_back(linli, file):
    linli("import", file(NIGHT), "--version", "2026.9", "--yes")
    linli("use", SHIPPED)
    assert f"* {SHIPPED}" in linli("versions")


def test_a_text_is_tried_on_the_list(linli, file):
    linli("import", file(NIGHT, DAY), "--version", "2026.9", "--yes")
    said = linli("find", "半夜打桩", "--category", "施工噪声")
    assert said.splitlines()[0].split()[1] == NIGHT.code
    assert said.splitlines()[-1] == "sure"
    assert NIGHT.code in linli("find", "半夜打桩").splitlines()[0]


def test_a_unit_that_the_hierarchy_does_not_know_is_a_fault(linli, file, tmp_path):
    (tmp_path / "linli.toml").write_text(
        '[[area]]\nid = "c"\nname = "某市"\nlevel = "city"\n'
        '[[unit]]\nid = "u"\nname = "市执法支队"\narea = "c"\nacts_for = ["综合执法"]\n',
        "utf-8",
    )
    assert "1 matters" in linli("check", file(NIGHT))
    assert "row 2, lead: there is no unit '公安'" in linli("check", file(replace(NIGHT, lead="公安")), code=2)
