"""docs/threats.md: every protection names tests, and those that it names are there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "threats.md").read_text("utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def rows() -> list[list[str]]:
    """The cells of every threat."""
    tables = PAGE.partition("\n## Doors\n")[2].partition("\n## Not stopped")[0]
    lines = [line.strip("|").split("|") for line in tables.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line] for line in lines]
    return [row for row in cells if row[0] != "threat" and set(row[0]) != {"-"}]


def functions_of(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_threat_has_what_stops_it_and_a_test_that_says_so():
    found = rows()
    assert len(found) > 30
    for row in found:
        assert len(row) == 4, row
        assert row[1], row
        assert NAMED.search(row[2]), row


def test_every_test_that_is_named_is_there():
    named = NAMED.findall(PAGE)
    assert len(named) > 50
    assert [f"{path}::{name}" for path, name in named if name not in functions_of(ROOT / path)] == []
    assert PAGE.count("`tests/") == len(named)
