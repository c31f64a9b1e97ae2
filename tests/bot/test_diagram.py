"""The page about the life of a case says what the table says."""

import re
from pathlib import Path

from actions.case import Stage
from actions.moves import TABLE
from bot.diagram import draw, page, write

PAGE = Path(__file__).parents[2] / "docs" / "case.md"
EVERY = {
    "any_live": "unsure asking_where waiting_worker handling filing open accepted in_progress returned work_done "
    "worker_key residents_key",
    "any_undone": "unsure asking_where waiting_worker handling filing open accepted in_progress returned",
    "any_at_dispatch": "open accepted in_progress returned",
    "[*]": "new",
}


def test_the_page_in_docs_is_what_the_table_draws_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `linli diagram`"


def test_every_arrow_of_the_picture_is_a_move_and_every_move_an_arrow() -> None:
    drawn = {
        (stage, fact, to)
        for source, to, facts in re.findall(r"^ {4}(\S+) --> (\S+) : (.+)$", draw(), re.MULTILINE)
        for fact in facts.split(", ")
        for stage in EVERY.get(source, source).split()
        if stage != to
    }
    moves = {(str(row.stage), row.fact.__name__, str(row.to)) for row in TABLE if row.to is not row.stage}
    assert drawn == moves


def test_every_stage_is_in_the_picture_and_has_a_colour() -> None:
    coloured = ",".join(re.findall(r"^ {4}class (\S+) \w+$", draw(), re.MULTILINE)).split(",")
    assert set(coloured) == set(Stage) - {Stage.NEW}
    assert len(coloured) == len(Stage) - 1


def test_every_condition_is_explained(tmp_path: Path) -> None:
    write(tmp_path / "case.md")
    assert (
        "|  |  |\n" not in (tmp_path / "case.md").read_text(encoding="utf-8").partition("Where it depends")[2]
    )
    assert all(row.when.__doc__ for row in TABLE if row.when)
