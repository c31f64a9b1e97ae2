"""`linli report`, typed, on a real Redis: the table, JSON and files, and what is said where there is nothing to read."""

import asyncio
import csv
import json

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner

from bot.cli import app
from connectors.redis_state import RedisState
from tests.bot.rates_world import GRIDS, NOW, live_through
from tests.real_redis import real_redis

PERIOD = ("--from", "2026-11-16", "--to", "2026-11-22")


def toml() -> str:
    return "\n".join(
        f"[[grid]]\nid = {json.dumps(one.id)}\nname = {json.dumps(one.name)}\ngroups = {json.dumps(one.groups)}"
        for one in GRIDS
    )


@pytest.fixture
async def typed(tmp_path):
    """The command on a Redis in which two weeks of cases are stored."""
    (tmp_path / "linli.toml").write_text(toml(), "utf-8")
    async with real_redis(tmp_path / "redis") as redis:
        state = RedisState.at(redis.url)
        await live_through(state, NOW)
        await state.stop()

        async def run(*words: str, url: str = redis.url, lang: str = "zh_CN"):
            env = {
                "LINLI_CONFIG": str(tmp_path / "linli.toml"),
                "LINLI_HOME": str(tmp_path),
                "LINLI_REDIS_URL": url,
                "LINLI_LANG": lang,
                "COLUMNS": "250",
            }
            # The command has a loop of its own.
            return await asyncio.to_thread(CliRunner().invoke, app, ["report", *words], env=env)

        yield run


async def test_the_table_has_a_line_for_each_grid_and_one_for_all(typed):
    said = (await typed(*PERIOD)).output
    for words in (
        "按网格 · 2026-11-16 – 11-22",
        "春风里一网格",
        "示范小区",
        "合计",
        "75.0% (3/4)",
        "33.3% (1/3)",
    ):
        assert words in said


async def test_json_is_for_programs(typed):
    said = json.loads((await typed(*PERIOD, "--by", "unit", "--json")).output)
    assert (said["from"], said["to"], said["by"], said["unreadable"]) == (
        "2026-11-16",
        "2026-11-22",
        "unit",
        0,
    )
    assert said["all"]["resolution"] == {"part": 2, "of": 4, "rate": 0.5}
    assert said["all"]["given_back_for"] == {"not_ours": 1}
    rows = {row["key"]: row for row in said["rows"]}
    assert set(rows) == {"春风里物业", "街道市政所", ""}
    assert rows["街道市政所"]["satisfaction"] == {"part": 0, "of": 0, "rate": None}


async def test_files_are_written_and_can_be_opened(typed, tmp_path):
    one, other = tmp_path / "rates.csv", tmp_path / "rates.xlsx"
    done = await typed(*PERIOD, "--by", "level", "--csv", str(one), "--xlsx", str(other), lang="en")
    assert (done.exit_code, done.output) == (0, "")
    with one.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[0] for row in rows] == [
        "2026-11-16…2026-11-22",
        "in the grid",
        "community",
        "street",
        "All together",
    ]
    assert load_workbook(other).sheetnames == ["By level", "By grid", "By unit", "By category"]


async def test_without_days_it_is_this_month(typed):
    said = json.loads((await typed("--json")).output)
    assert said["from"].endswith("-01")


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("--by", "person"), "--by person: it is one of grid, unit, level, category"),
        (("--from", "yesterday"), "--from and --to are days such as 2026-03-01"),
        (("--from", "2026-03-02", "--to", "2026-03-01"), "2026-03-01 is before 2026-03-02"),
        (("--period", "year"), "--period year: it is one of day, week, month"),
        (("--csv", "/nowhere/at/all.csv", *PERIOD), "/nowhere/at/all.csv: No such file or directory"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line(typed, words, fault):
    done = await typed(*words)
    assert done.exit_code in {1, 2}
    assert fault in done.output
    assert "Traceback" not in done.output


async def test_where_nothing_runs_it_says_so(typed, tmp_path):
    done = await typed(*PERIOD, url=f"unix://{tmp_path}/none.sock")
    assert (done.exit_code, "see that the Redis of LINLI_REDIS_URL runs" in done.output) == (1, True)
