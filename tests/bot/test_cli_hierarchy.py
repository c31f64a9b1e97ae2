"""`linli hierarchy`, typed: the tree of what is in force, and what a file would change."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app

ROOT = Path(__file__).parent.parent.parent
EXAMPLE = ROOT / "docs" / "hierarchy.csv"


@pytest.fixture
def typed(tmp_path):
    """The command with a linli.toml of its own."""

    def run(*words: str, toml: str = "", lang: str = "zh_CN"):
        (tmp_path / "linli.toml").write_text(toml, "utf-8")
        env = {"LINLI_CONFIG": str(tmp_path / "linli.toml"), "LINLI_LANG": lang, "LINLI_HOME": str(tmp_path)}
        return CliRunner().invoke(app, ["hierarchy", *words], env=env)

    return run


def test_the_tree_shows_areas_units_grids_and_their_people(typed):
    said = typed(toml=f'hierarchy = "{EXAMPLE}"').output
    for words in (
        "临江市 市 lin",
        "负责人：吴主任 (telegram:9002), 郑科长 (telegram:9003)",
        "承担：城市管理, 市容环境",
        "网格员：小陈 (telegram:43), 小李 (telegram:42)",
        "群：telegram:-1001234567890",
    ):
        assert words in said
    assert said.index("临江市") < said.index("望江街道") < said.index("春风里一网格")


def test_grids_without_an_area_are_shown_too_and_names_are_no_markup(typed):
    said = typed(toml='[[grid]]\nid = "g1"\nname = "[red]Grid[/]"', lang="en").output
    assert "grids without an area" in said
    assert "[red]Grid[/] grid g1" in said
    assert "workers: the administrators of the group" in said
    assert "There are no grids" in typed(lang="en").output


def test_a_file_is_checked_before_it_is_used(typed, tmp_path):
    said = typed("check", str(EXAMPLE), lang="en").output
    assert said.startswith("Nothing is wrong: 4 areas, 2 units, 2 grids, 2 workers.")
    assert "grid chunfeng-2: worker telegram:42 added" in said
    assert (
        "It changes nothing."
        in typed("check", str(EXAMPLE), toml=f'hierarchy = "{EXAMPLE}"', lang="en").output
    )

    wrong = tmp_path / "wrong.csv"
    wrong.write_text("kind,id,name,parent\nworker,telegram:1,,g9\n", "utf-8")
    found = typed("check", str(wrong))
    assert found.exit_code == 2
    assert "wrong.csv line 2: parent: there is no grid or unit g9" in found.output


def test_a_whole_linli_toml_is_checked_too(typed, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text('[[grid]]\nid = "g1"\nname = "一"', "utf-8")
    assert "grid g1: added" in typed("check", str(other)).output
    assert "there is no such file" in typed("check", str(tmp_path / "gone.toml")).output
